//! The switchboard: the one task that owns the queue. It hears SIP, the voice engine and the consoles, asks the queue what follows,
//! and gives the orders out. It waits for nothing but its own inbox: lines work in tasks of their own, the database behind a journal.

mod alerts;
mod aml;
mod board;
mod calls;
mod calls_out;
mod commands;
mod conversation;
pub mod convert;
mod dismissed;
mod early;
mod features;
mod hearing;
mod line;
mod locate;
mod monitors;
mod outputs;
mod parties;
mod phone_calls;
mod phone_desk;
mod phone_dials;
mod phone_keys;
mod phones;
mod reached;
mod seat;
mod silence;
mod test_call;
mod texts;
mod trunks;
mod voice;

use aml::EarlyPlaces;
pub use board::Board;
use conversation::Conversation;
use dispatch::contract::{CallState, CallView, CallerLocation, Command, EndedBy, UserView};
use dispatch::desk::{Desk, Entry, Failure, Journal};
use dispatch::domain::queue::Queue;
use dispatch::id::{CallId, PartyId, UserId};
use early::EarlyEvents;
use hearing::Hearing;
use jiff::Timestamp;
use line::{Order, Plant, Report};
use locate::Following;
use phone_keys::Keys;
use phones::Phones;
use seat::Seat;
use silence::FarEnd;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use test_call::TestCalls;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Reports of lines that may wait for the switchboard.
const REPORTS: usize = 1024;
/// Changes of desk phones that wait for the voice engine.
const HANDSETS: usize = 256;

pub struct Switchboard {
    queue: Queue,
    calls: HashMap<CallId, Call>,
    /// Every SIP leg of a call, to the call and its part in it.
    legs: HashMap<sip::LegId, (CallId, LegKind)>,
    /// What was heard of outbound legs before their line told which call they belong to.
    early: EarlyEvents,
    seats: HashMap<UserId, Seat>,
    phones: Phones,
    /// Whose phones these are, as far as the database has told: a shift begins without it if it must.
    owners: HashMap<String, UserView>,
    /// Feature codes that are being answered.
    feature_calls: TestCalls,
    /// People who have a page of the console open, with or without a shift.
    pages: HashSet<UserId>,
    /// People who may not work here any more, in their last call.
    dismissed: HashSet<UserId>,
    /// Supervisors who take part in a call that is not theirs.
    monitors: HashMap<UserId, CallId>,
    plant: Plant,
    announcements: crate::sounds::Announcements,
    test_calls: TestCalls,
    servers: locate::Servers,
    early_places: EarlyPlaces,
    country: Option<sip::Country>,
    /// By which families of addresses voice may come.
    families: sip::Families,
    desk: Desk,
    journal: Journal,
    board: Board,
    /// The trunks that calls go out by, in the order in which they are tried.
    routes: Vec<sip::TrunkName>,
    fallback: Option<Fallback>,
}

/// A call that has not ended.
struct Call {
    view: CallView,
    orders: line::Post,
    /// What the consoles were last told of its state and operator.
    shown: Option<(CallState, Option<UserId>)>,
    /// Whether it has rung: at an operator, or at whom it is for.
    rang: bool,
    /// Why whom it is for was not reached.
    failure: Option<Failure>,
    /// The fallback number, while it rings or talks.
    fallback: Option<PartyId>,
    /// The trunk of everybody who was called beside: parties, and the fallback number.
    lines: BTreeMap<PartyId, String>,
    /// Who was silent before the answer, when nobody need speak: legs of the voice engine, which have had no alarm yet.
    silent: HashSet<Uuid>,
    /// Legs that were expected to be heard and are not, and since when.
    unheard: HashMap<Uuid, Instant>,
    /// Where the caller's voice is, or the called one's; `None`: it has not said so.
    far_end: Option<FarEnd>,
    /// What the caller pressed.
    keys: Keys,
    /// How well the operators of the call were heard.
    hearing: Hearing,
    /// Where the caller's side last said in the call itself that the caller is.
    carried: Option<CallerLocation>,
    /// The subscription to the caller's place, if there is one; it ends with the call.
    following: Option<Following>,
    /// What was typed; `None` of a call that never had text.
    talk: Option<Conversation>,
}

impl Call {
    fn new(view: CallView, orders: line::Post) -> Self {
        let carried = view.location.clone();
        let hearing = Hearing::default();
        Self {
            view,
            orders,
            shown: None,
            rang: false,
            failure: None,
            fallback: None,
            lines: BTreeMap::new(),
            silent: HashSet::new(),
            unheard: HashMap::new(),
            far_end: None,
            keys: Keys::default(),
            hearing,
            carried,
            following: None,
            talk: None,
        }
    }
}

/// The part of a leg in its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LegKind {
    /// The caller; of an outbound call, whom it is for.
    Caller,
    Party(PartyId),
    /// A test call or a feature code, which nobody sees.
    Test,
}

/// Whom to ring when nobody is ready.
#[derive(Debug, Clone)]
pub struct Fallback {
    /// In the order in which they are tried.
    pub routes: Vec<sip::TrunkName>,
    /// In the order in which they are tried.
    pub numbers: Vec<String>,
    /// How many calls may ring or talk there at once.
    pub calls: usize,
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
    pub families: sip::Families,
    pub desk: Desk,
    pub board: Board,
    pub routes: Vec<sip::TrunkName>,
    pub servers: locate::Servers,
    /// Our number, for those whom we call.
    pub number: Option<String>,
    /// Whose numbers are known.
    pub country: Option<sip::Country>,
    pub fallback: Option<Fallback>,
    /// After so long a waiting caller's line is answered.
    pub answer_waiting: Option<Duration>,
    /// Desk phones with the user names of their persons, and where their voice may come from.
    pub phones: Vec<(String, Option<String>)>,
    pub phone_networks: Vec<ipnet::IpNet>,
}

impl Switchboard {
    /// Runs until `stop` is cancelled, or until SIP or the voice engine ends, without which there is nothing to switch.
    pub async fn run(parts: Parts, mut inbox: Inbox, stop: CancellationToken) {
        let (reports, mut lines) = mpsc::channel(REPORTS);
        let (handsets, mut moves) = mpsc::channel(HANDSETS);
        let engine = parts.media.clone();
        tokio::spawn(async move {
            while let Some((leg, remote)) = moves.recv().await {
                engine.set_remote(leg, remote).await;
            }
        });
        let plant = Plant {
            sip: parts.sip,
            media: parts.media,
            sounds: parts.sounds.for_caller(&[]),
            reports,
            number: parts.number,
            networks: Arc::new(parts.networks),
            answer_waiting: parts.answer_waiting,
            phones: parts.phone_networks.into(),
            handsets,
        };
        let mut switchboard = Self {
            queue: parts.queue,
            calls: HashMap::new(),
            legs: HashMap::new(),
            early: EarlyEvents::default(),
            seats: HashMap::new(),
            phones: Phones::new(parts.phones, now()),
            owners: HashMap::new(),
            feature_calls: TestCalls::new(test_call::CODES_AT_ONCE),
            pages: HashSet::new(),
            dismissed: HashSet::new(),
            monitors: HashMap::new(),
            plant,
            announcements: parts.sounds,
            test_calls: TestCalls::new(test_call::TESTS_AT_ONCE),
            servers: parts.servers,
            early_places: EarlyPlaces::default(),
            country: parts.country,
            families: parts.families,
            journal: parts.desk.journal().clone(),
            desk: parts.desk,
            board: parts.board,
            routes: parts.routes,
            fallback: parts.fallback,
        };
        // The phones are seen before the first of them says a word.
        switchboard.show();
        loop {
            switchboard.attend_to_each(&mut inbox, &mut lines);
            let timer = switchboard.timer();
            tokio::select! {
                // Callers come before consoles: a flood of commands must not keep a call from ringing.
                biased;
                () = stop.cancelled() => {
                    switchboard.take_last_alerts(&mut inbox);
                    return switchboard.close();
                }
                event = inbox.sip.recv() => match event {
                    Some(event) => switchboard.hear_sip(event),
                    None => return,
                },
                Some(report) = lines.recv() => switchboard.hear_line(report),
                event = inbox.voice.recv() => match event {
                    Some(event) => switchboard.hear_voice(event),
                    None => return,
                },
                Some(command) = inbox.commands.recv() => switchboard.obey(command),
                () = timer => switchboard.time_is_up(),
            }
            switchboard.settle();
        }
    }

    /// Does what is due, and takes one of whatever else waits. While SIP never pauses nothing after it has a turn: no ring would end, no
    /// line would join anybody, and no operator could answer.
    fn attend_to_each(&mut self, inbox: &mut Inbox, lines: &mut mpsc::Receiver<Report>) {
        if self.deadline().is_some_and(|at| at <= tick()) {
            self.time_is_up();
            self.settle();
        }
        if let Ok(report) = lines.try_recv() {
            self.hear_line(report);
            self.settle();
        }
        if let Ok(event) = inbox.voice.try_recv() {
            self.hear_voice(event);
            self.settle();
        }
        if let Ok(command) = inbox.commands.try_recv() {
            self.obey(command);
            self.settle();
        }
    }

    fn time_is_up(&mut self) {
        self.queue.handle_timeout(tick());
        self.end_paused_lines();
    }

    /// When the queue wants to be woken, or somebody who types has paused.
    fn deadline(&self) -> Option<Timestamp> {
        self.queue.poll_timeout().into_iter().chain(self.text_deadline()).min()
    }

    /// Sleeps until the deadline.
    fn timer(&self) -> impl Future<Output = ()> + use<> {
        let wait = self.deadline().map(|at| std::time::Duration::try_from(at.duration_since(tick())).unwrap_or_default());
        async move {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        }
    }

    /// The server stops: what is up is written down as ended by that. SIP says BYE after this.
    fn close(mut self) {
        for call in self.calls.keys().copied().collect::<Vec<_>>() {
            self.end_text(call);
        }
        for (call, found) in std::mem::take(&mut self.calls) {
            let operator = found.view.operator.map(|operator| self.who(operator));
            let by = self.queue.caller_gone_by(call).unwrap_or(EndedBy::Restart);
            self.journal.record(Entry::Ended { call, by, operator, failure: None, at: now() });
        }
    }

    /// What a line works with whose caller speaks these languages.
    fn plant(&self, languages: &[String]) -> Plant {
        Plant { sounds: self.announcements.for_caller(languages), ..self.plant.clone() }
    }

    fn order(&mut self, call: CallId, order: Order) {
        let Some(found) = self.calls.get(&call) else { return };
        match found.orders.try_send(Box::new(order)) {
            Ok(()) => {}
            // The line has ended, and its report of that is on its way.
            Err(TrySendError::Closed(_)) => tracing::debug!(%call, "an order to a line that has ended"),
            Err(TrySendError::Full(_)) => {
                metrics::counter!("siaga_line_orders_dropped_total").increment(1);
                tracing::error!(%call, "a line is stuck and takes no orders");
                self.limited("orders");
            }
        }
    }
}

/// The time that the queue's timers run by: no step of the system's clock ends a ring early.
fn tick() -> Timestamp {
    crate::clock::steady()
}

/// The time of day of what happened, as recordings and footage have it.
fn now() -> Timestamp {
    crate::clock::now()
}
