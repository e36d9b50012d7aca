//! The live socket of a console: the snapshot first, then every change that its person may know.

use super::keeper::{End, Keeper, Upkeep};
use super::socket::{self, Closing, Gone};
use super::told::Told;
use crate::app::AppState;
use crate::clock;
use axum::extract::ws::WebSocket;
use dispatch::contract::{Audience, Event, Live, OperatorState, Snapshot};
use dispatch::desk::Principal;
use dispatch::id::UserId;
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// Serves the socket until the browser, the session or the server ends, and tells the switchboard of coming and going.
pub(crate) async fn run(app: AppState, who: Principal, token: String, socket: WebSocket) {
    let user = who.user;
    // Listening begins before the switchboard hears of the page and before the snapshot is taken, so that no offer falls between.
    let events = app.desk.live().subscribe();
    if app.presence.came(user).await.is_err() {
        return socket::close(socket, Closing::Failed).await;
    }
    // In a task of its own, so that the leaving is told even if serving panics.
    if let Err(error) = tokio::spawn(serve(app.clone(), who, token, events, socket)).await {
        tracing::error!(%error, "a live socket broke");
    }
    app.presence.left(user).await;
}

async fn serve(app: AppState, who: Principal, token: String, events: Receiver<Live>, mut socket: WebSocket) {
    let keeper = Keeper::new(app.clone(), who, token);
    if let Err(End::Close(why)) = pump(&app, keeper, events, &mut socket).await {
        socket::close(socket, why).await;
    }
}

async fn pump(app: &AppState, mut keeper: Keeper, mut events: Receiver<Live>, socket: &mut WebSocket) -> Result<(), End> {
    let mut told = send_snapshot(app, keeper.who.user, socket).await?;
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Ok(live) if may_know(&keeper.who, live.audience) => send_event(socket, &live.event).await?,
                Ok(_) => {}
                Err(RecvError::Lagged(missed)) => {
                    metrics::counter!("siaga_live_events_missed_total").increment(missed);
                    told = send_snapshot(app, keeper.who.user, socket).await?;
                }
                Err(RecvError::Closed) => return Err(End::Close(Closing::Stopping)),
            },
            upkeep = keeper.wait(socket) => {
                let beats = matches!(upkeep, Upkeep::Tick);
                keeper.attend(upkeep, socket).await?;
                if beats {
                    told = tell_time(app, keeper.who.user, told, socket).await?;
                }
            }
        }
    }
}

/// When the console was told everything.
async fn send_snapshot(app: &AppState, user: UserId, socket: &mut WebSocket) -> Result<Told, Gone> {
    let told = both_clocks();
    let snapshot = (app.snapshot)();
    let offered = ringing_at(&snapshot, user);
    send_event(socket, &Event::Snapshot(snapshot)).await?;
    if let Some(offered) = offered {
        send_event(socket, &offered).await?;
    }
    Ok(told)
}

/// Goes with every heartbeat, for no browser shows its page the pings. When the server's clock was set, the console is told everything anew:
/// what it was told of since when has another time now.
async fn tell_time(app: &AppState, user: UserId, told: Told, socket: &mut WebSocket) -> Result<Told, Gone> {
    let now = both_clocks();
    if told.was_set_until(&now) {
        return send_snapshot(app, user, socket).await;
    }
    send_event(socket, &Event::Time { now: now.at }).await?;
    Ok(told)
}

fn both_clocks() -> Told {
    Told::new(clock::time_of_day(), clock::now())
}

async fn send_event(socket: &mut WebSocket, event: &Event) -> Result<(), Gone> {
    match serde_json::to_string(event) {
        Ok(text) => socket::send_text(socket, text).await,
        Err(error) => {
            metrics::counter!("siaga_live_events_unwritable_total").increment(1);
            tracing::error!(%error, "an event cannot be written as JSON");
            Ok(())
        }
    }
}

fn may_know(who: &Principal, audience: Audience) -> bool {
    match audience {
        Audience::Everyone => true,
        Audience::One(user) => user == who.user,
        Audience::AtLeast(role) => who.role >= role,
    }
}

/// The offer that a console has missed while it was away. A call that rings is nobody's yet; the operator is who has it.
fn ringing_at(snapshot: &Snapshot, user: UserId) -> Option<Event> {
    let rung = snapshot.operators.iter().find(|operator| operator.id == user && operator.state == OperatorState::Ringing)?;
    let call = snapshot.calls.iter().find(|call| Some(call.id) == rung.call)?;
    Some(Event::Offered { call: call.clone() })
}
