//! The switchboard: the one task that owns the queue. It hears SIP, the voice engine and the consoles, asks the queue what follows,
//! and gives the orders out. It waits for nothing but its own inbox: lines work in tasks of their own, the database behind a journal.

mod board;
mod calls;
mod commands;
pub mod convert;
mod line;
mod outputs;
mod seat;
mod voice;

pub use board::Board;
use dispatch::contract::{CallState, CallView, Command};
use dispatch::desk::{Desk, Journal};
use dispatch::domain::queue::Queue;
use dispatch::id::{CallId, UserId};
use jiff::Timestamp;
use line::{Order, Plant};
use seat::Seat;
use std::collections::HashMap;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Reports of lines that may wait for the switchboard.
const REPORTS: usize = 1024;

pub struct Switchboard {
    queue: Queue,
    calls: HashMap<CallId, Call>,
    /// Callers' legs and fallback legs, each to its call.
    legs: HashMap<sip::LegId, (CallId, LegKind)>,
    seats: HashMap<UserId, Seat>,
    plant: Plant,
    desk: Desk,
    journal: Journal,
    board: Board,
    fallback: Option<Fallback>,
}

/// A call that has not ended.
struct Call {
    view: CallView,
    orders: mpsc::Sender<Order>,
    /// What the consoles were last told of its state and operator.
    shown: Option<(CallState, Option<UserId>)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LegKind {
    Caller,
    Fallback,
}

/// Whom to ring when nobody is ready.
#[derive(Debug, Clone)]
pub struct Fallback {
    pub trunk: sip::TrunkName,
    pub number: String,
}

/// What the switchboard hears.
pub struct Inbox {
    pub commands: mpsc::Receiver<Command>,
    pub sip: mpsc::Receiver<sip::Event>,
    pub voice: mpsc::Receiver<media::Event>,
}

/// What the switchboard is made of.
pub struct Parts {
    pub queue: Queue,
    pub sip: sip::UserAgent,
    pub media: media::Engine,
    pub sounds: crate::sounds::Announcements,
    pub networks: HashMap<sip::TrunkName, Vec<ipnet::IpNet>>,
    pub desk: Desk,
    pub board: Board,
    pub fallback: Option<Fallback>,
}

impl Switchboard {
    /// Runs until `stop` is cancelled or SIP ends.
    pub async fn run(parts: Parts, mut inbox: Inbox, stop: CancellationToken) {
        let (reports, mut lines) = mpsc::channel(REPORTS);
        let plant = Plant {
            sip: parts.sip,
            media: parts.media,
            sounds: parts.sounds,
            reports,
            networks: std::sync::Arc::new(parts.networks),
        };
        let mut switchboard = Self {
            queue: parts.queue,
            calls: HashMap::new(),
            legs: HashMap::new(),
            seats: HashMap::new(),
            plant,
            journal: parts.desk.journal().clone(),
            desk: parts.desk,
            board: parts.board,
            fallback: parts.fallback,
        };
        loop {
            let timer = switchboard.timer();
            tokio::select! {
                // Callers come before consoles: a flood of commands must not keep a call from ringing.
                biased;
                () = stop.cancelled() => return,
                event = inbox.sip.recv() => match event {
                    Some(event) => switchboard.hear_sip(event),
                    None => return,
                },
                Some(report) = lines.recv() => switchboard.hear_line(report),
                Some(event) = inbox.voice.recv() => switchboard.hear_voice(event),
                Some(command) = inbox.commands.recv() => switchboard.obey(command),
                () = timer => switchboard.queue.handle_timeout(now()),
            }
            switchboard.settle();
        }
    }

    /// Sleeps until the queue wants to be woken.
    fn timer(&self) -> impl Future<Output = ()> + use<> {
        let wait =
            self.queue.poll_timeout().map(|at| std::time::Duration::try_from(at.duration_since(now())).unwrap_or_default());
        async move {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        }
    }

    fn order(&mut self, call: CallId, order: Order) {
        let Some(found) = self.calls.get(&call) else { return };
        if found.orders.try_send(order).is_err() {
            // A line that takes no orders is stuck; the caller is better off dialling again.
            metrics::counter!("siaga_line_orders_dropped_total").increment(1);
            tracing::error!(%call, "a line takes no orders");
        }
    }
}

fn now() -> Timestamp {
    crate::clock::steady()
}
