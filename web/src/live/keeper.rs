//! What every live socket needs beside its content: pings, the end of its session, and the end of the server.

use super::heartbeat::{Beat, Heartbeat, PING_EVERY};
use super::socket::{self, Closing, Gone};
use crate::app::AppState;
use crate::signed_out::Ended;
use axum::extract::ws::WebSocket;
use dispatch::contract::Command;
use dispatch::desk::{DeskError, Principal};
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::time::{Interval, MissedTickBehavior};

/// The session is looked at with every third ping.
const LOOK_EVERY: u32 = 3;

/// Why a socket ends: the browser went, or we close.
#[derive(Debug)]
pub(super) enum End {
    Gone,
    Close(Closing),
}

impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

/// Something to attend to.
#[derive(Debug)]
pub(super) enum Upkeep {
    Stop,
    Heard(Result<(), Gone>),
    Ended(Result<Ended, RecvError>),
    Tick,
}

/// Keeps one socket of one session.
pub(super) struct Keeper {
    app: AppState,
    /// As the session said when it was last looked at.
    pub who: Principal,
    token: String,
    endings: Receiver<Ended>,
    heartbeat: Heartbeat,
    ticks: Interval,
    ticked: u32,
}

impl Keeper {
    pub(super) fn new(app: AppState, who: Principal, token: String) -> Self {
        let endings = app.signed_out.subscribe();
        let mut ticks = tokio::time::interval(PING_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.reset();
        Self { app, who, token, endings, heartbeat: Heartbeat::new(crate::clock::now()), ticks, ticked: 0 }
    }

    /// Waits for the next thing to attend to. Dropping the future loses nothing.
    pub(super) async fn wait(&mut self, socket: &mut WebSocket) -> Upkeep {
        tokio::select! {
            () = self.app.stop.cancelled() => Upkeep::Stop,
            ended = self.endings.recv() => Upkeep::Ended(ended),
            heard = socket::hear(socket) => Upkeep::Heard(heard),
            _ = self.ticks.tick() => Upkeep::Tick,
        }
    }

    /// Attends to it.
    pub(super) async fn attend(&mut self, upkeep: Upkeep, socket: &mut WebSocket) -> Result<(), End> {
        match upkeep {
            Upkeep::Stop => return Err(End::Close(Closing::Stopping)),
            Upkeep::Heard(heard) => {
                heard?;
                self.heartbeat.heard(crate::clock::now());
            }
            Upkeep::Ended(Ok(Ended::Session(session))) if session == self.who.session => {
                return Err(End::Close(Closing::SignedOut));
            }
            Upkeep::Ended(Ok(Ended::Session(_))) => {}
            Upkeep::Ended(Ok(Ended::Person(user))) if user != self.who.user => {}
            Upkeep::Ended(_) => self.look_at_session().await?,
            Upkeep::Tick => {
                match self.heartbeat.tick(crate::clock::now()) {
                    Beat::Ping => socket::ping(socket).await?,
                    Beat::GiveUp => return Err(End::Close(Closing::Silent)),
                }
                self.ticked = self.ticked.wrapping_add(1);
                if self.ticked.is_multiple_of(LOOK_EVERY) {
                    self.look_at_session().await?;
                }
            }
        }
        Ok(())
    }

    /// Ends the socket with its session and takes over a changed role. A store that does not answer ends nothing: an
    /// operator in a call must not lose the console for it.
    async fn look_at_session(&mut self) -> Result<(), End> {
        match self.app.desk.confirm_session(&self.token).await {
            Ok(who) => self.who = who,
            Err(DeskError::Store(_)) => {}
            Err(_) => {
                self.app.switchboard.tell(Command::StopMonitoring { supervisor: self.who.user }).await;
                return Err(End::Close(Closing::SignedOut));
            }
        }
        Ok(())
    }
}
