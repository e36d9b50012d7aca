//! A desk in memory that plays the real one's part for the bridges, and shows what they told it.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use async_trait::async_trait;
use dispatch::bridge::{self, BridgeDesk, outbox};
use dispatch::contract::{Channel, Position, Progress};
use dispatch::desk::{DeliveryState, DeskError, DispatchCard, OutboxMessage, Press, PressOutcome, Redo};
use dispatch::id::{DispatchId, TeamId};
use dispatch::store::StoreError;
use jiff::Timestamp;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub const CHAT: i64 = -100_200;
pub const NUMBER: &str = "6281200000112";
const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    Sent(String),
    Retry { error: String, wait: jiff::SignedDuration },
    Dead(String),
}

#[derive(Debug)]
struct Row {
    message: OutboxMessage,
    due: Timestamp,
    open: bool,
    claimed: bool,
    external_id: Option<String>,
}

#[derive(Debug, Default)]
pub struct State {
    rows: Vec<Row>,
    /// What the worker said of each message, in order.
    pub marks: Vec<(Uuid, Mark)>,
    /// Where each dispatch stands, by its short id.
    pub progress: HashMap<String, (Progress, String)>,
    seen: Vec<String>,
    /// Presses that changed something.
    pub presses: Vec<Press>,
    pub reports: Vec<(Channel, String, DeliveryState)>,
    pub links: Vec<(i64, String)>,
    pub moves: Vec<(i64, i64)>,
    /// How many of the next writes fail.
    pub failing: u32,
    /// How many of the next marks fail, beside those.
    pub failing_marks: u32,
}

#[derive(Default)]
pub struct FakeDesk {
    state: Mutex<State>,
    wake: Arc<Notify>,
    changed: Notify,
}

impl FakeDesk {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Looks at or changes the state.
    pub fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        let result = look(&mut self.state.lock().unwrap());
        self.changed.notify_waiters();
        result
    }

    /// Puts a dispatch into the outbox.
    pub fn put(&self, message: OutboxMessage) {
        let due = Timestamp::UNIX_EPOCH;
        self.with(|state| state.rows.push(Row { message, due, open: true, claimed: false, external_id: None }));
        self.wake.notify_one();
    }

    /// Waits until the state shows something, bounded in time.
    pub async fn until<T>(&self, what: &str, mut look: impl FnMut(&State) -> Option<T>) -> T {
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                if let Some(found) = look(&self.state.lock().unwrap()) {
                    return found;
                }
                changed.await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("never came: {what}"))
    }

    pub async fn mark(&self, n: usize) -> Mark {
        self.until("a mark", |state| state.marks.get(n).map(|(_, mark)| mark.clone())).await
    }

    fn write<T>(&self, write: impl FnOnce(&mut State) -> T) -> Result<T, DeskError> {
        self.with(|state| {
            if state.failing > 0 {
                state.failing -= 1;
                return Err(DeskError::Store(StoreError::Failed(sqlx::Error::PoolClosed)));
            }
            Ok(write(state))
        })
    }

    fn close(&self, id: Uuid, mark: Mark, next: Option<Timestamp>) -> Result<(), DeskError> {
        let fails = self.with(|state| {
            let fails = state.failing_marks > 0;
            state.failing_marks = state.failing_marks.saturating_sub(1);
            fails
        });
        if fails {
            return Err(DeskError::Store(StoreError::Failed(sqlx::Error::PoolClosed)));
        }
        self.write(|state| {
            let sent_as = if let Mark::Sent(name) = &mark { Some(name.clone()) } else { None };
            state.marks.push((id, mark));
            for row in state.rows.iter_mut().filter(|row| row.message.id == id) {
                row.open = next.is_some();
                row.claimed = false;
                row.external_id = sent_as.clone().or(row.external_id.take());
                row.due = next.unwrap_or(row.due);
            }
        })
    }
}

#[async_trait]
impl BridgeDesk for FakeDesk {
    async fn claim_outbox(&self, now: Timestamp, lease: Duration, n: usize) -> Result<Vec<OutboxMessage>, DeskError> {
        Ok(self.with(|state| {
            let due = state.rows.iter_mut().filter(|row| row.open && row.due <= now).take(n);
            due.map(|row| {
                row.due = now.checked_add(lease).unwrap();
                row.claimed = true;
                row.message.attempts += 1;
                row.message.clone()
            })
            .collect()
        }))
    }

    async fn release_outbox(&self) -> Result<usize, DeskError> {
        Ok(self.with(|state| {
            let mut released = 0;
            for row in state.rows.iter_mut().filter(|row| row.open && row.claimed) {
                (row.claimed, row.due) = (false, Timestamp::UNIX_EPOCH);
                released += 1;
            }
            released
        }))
    }

    async fn outbox_sent(&self, id: Uuid, external_id: &str, _: Timestamp) -> Result<(), DeskError> {
        self.close(id, Mark::Sent(external_id.to_owned()), None)
    }

    async fn outbox_retry(&self, id: Uuid, error: &str, next_at: Timestamp) -> Result<(), DeskError> {
        let wait = next_at.duration_since(dispatch::clock::now());
        self.close(id, Mark::Retry { error: error.to_owned(), wait }, Some(next_at))
    }

    async fn outbox_dead(&self, id: Uuid, error: &str, _: Timestamp) -> Result<(), DeskError> {
        self.close(id, Mark::Dead(error.to_owned()), None)
    }

    async fn team_pressed(&self, press: Press) -> Result<PressOutcome, DeskError> {
        self.write(|state| {
            let row = state.rows.iter().find(|row| row.message.card.short_id == press.short_id).ok_or(DeskError::NotFound)?;
            let card = row.message.card.clone();
            let of_team = match press.channel {
                Channel::Telegram => press.sender.chat == card.telegram_chat,
                Channel::Whatsapp => press.sender.number == card.whatsapp_number,
            };
            if !of_team {
                return Err(DeskError::Forbidden);
            }
            let (progress, by) = state.progress.entry(press.short_id.clone()).or_insert((Progress::Sent, String::new()));
            let changed = !state.seen.contains(&press.external_event) && press.progress > *progress;
            if changed {
                (*progress, *by) = (press.progress, press.sender.name.clone());
                state.seen.push(press.external_event.clone());
                state.presses.push(press);
            }
            Ok(PressOutcome { card, progress: *progress, by: by.clone(), changed })
        })?
    }

    async fn delivery_report(&self, channel: Channel, external_id: &str, state: DeliveryState) -> Result<(), DeskError> {
        self.write(|all| all.reports.push((channel, external_id.to_owned(), state)))
    }

    async fn redo_as_template(&self, external_id: &str, _: &str, now: Timestamp) -> Result<Redo, DeskError> {
        let redo = self.write(|state| {
            let row = state.rows.iter_mut().find(|row| row.external_id.as_deref() == Some(external_id));
            match row {
                None => Redo::Unknown,
                Some(row) if row.open => Redo::Underway,
                Some(row) if row.message.template_only => Redo::Refused,
                Some(row) => {
                    (row.open, row.due) = (true, now);
                    (row.message.template_only, row.message.attempts) = (true, 0);
                    Redo::Due { number: row.message.card.whatsapp_number.clone() }
                }
            }
        })?;
        self.wake.notify_one();
        Ok(redo)
    }

    async fn link_chat(&self, token: &str, chat: i64, title: &str) -> Result<String, DeskError> {
        self.write(|state| {
            if token != "good-token" {
                return Err(DeskError::NotFound);
            }
            state.links.push((chat, title.to_owned()));
            Ok("Regu 1".to_owned())
        })?
    }

    async fn chat_moved(&self, old: i64, new: i64) -> Result<usize, DeskError> {
        self.write(|state| {
            state.moves.push((old, new));
            let mut teams = 0;
            for row in state.rows.iter_mut().filter(|row| row.message.card.telegram_chat == Some(old)) {
                row.message.card.telegram_chat = Some(new);
                teams += 1;
            }
            teams
        })
    }

    fn outbox_wake(&self) -> Arc<Notify> {
        self.wake.clone()
    }
}

/// A dispatch on its way to `Regu 1`.
pub fn message(channel: Channel, short_id: &str) -> OutboxMessage {
    let dispatch = DispatchId(dispatch::clock::new_id());
    let card = DispatchCard {
        dispatch,
        short_id: short_id.to_owned(),
        incident_number: "20261123-0007".into(),
        type_name: Some("Kebakaran".into()),
        place: "Jl. <Sudirman> & Co. 5".into(),
        position: Some(Position { latitude: 1.1301, longitude: 104.0529 }),
        event: "Rumah terbakar".into(),
        details: "Ada anak di lantai 2\nAsap tebal".into(),
        caller_number: Some("081234567890".into()),
        team: TeamId(dispatch::clock::new_id()),
        team_name: "Regu 1".into(),
        agency_name: "Damkar".into(),
        telegram_chat: Some(CHAT),
        whatsapp_number: Some(NUMBER.into()),
    };
    OutboxMessage { id: dispatch::clock::new_id(), dispatch, channel, attempts: 0, template_only: false, card }
}

/// Settings without long waits.
pub fn quick() -> outbox::Settings {
    let backoff = bridge::Backoff { base: Duration::from_millis(1), cap: Duration::from_millis(5) };
    outbox::Settings { backoff, look: Duration::from_millis(20), ..outbox::Settings::default() }
}

/// Bridges under test, with their webhooks on a real socket.
pub struct Running {
    pub hooks: String,
    pub http: reqwest::Client,
    pub telegram_name: tokio::sync::watch::Receiver<Option<String>>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    pub async fn start(
        desk: &Arc<impl BridgeDesk>,
        telegram: Option<bridge::TelegramConfig>,
        whatsapp: Option<bridge::WhatsappConfig>,
        outbox: outbox::Settings,
    ) -> Self {
        let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(7));
        let stop = CancellationToken::new();
        let config = bridge::Config { zone, telegram, whatsapp, outbox };
        let started = bridge::start(config, desk.clone(), stop.clone()).unwrap();
        let listener = tokio::net::TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let hooks = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, started.hooks).await });
        Self { hooks, http: reqwest::Client::new(), telegram_name: started.telegram_name, stop, task: started.task }
    }

    /// Stops at once, wherever it stands.
    pub fn kill(self) {
        self.task.abort();
    }

    /// Stops, and lets out what waits.
    pub async fn stop(self) {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.task).await.expect("the bridges did not stop").unwrap();
    }
}

/// Waits until `look` finds something in a peer that cannot ring, bounded in time.
pub async fn soon<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let waiting = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("never came: {what}"))
}
