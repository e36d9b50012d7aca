//! Alarms: each sounds at every console until somebody acknowledges it or its cause is gone.

use super::{Desk, DeskError, LiveHub, Principal};
use crate::clock;
use crate::contract::{AlarmKind, AlarmView, Audience, Event};
use crate::id::AlarmId;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Alarms that sound at the same time; more than people could ever answer.
const SOUNDING: usize = 1000;
/// What was not refused for so long is refused no more.
const REFUSAL_QUIET: SignedDuration = SignedDuration::from_secs(60);

/// The alarms that sound now; a cheap clone. In memory, so that raising one never waits; the journal keeps them for a restart.
#[derive(Clone)]
pub(super) struct AlarmBoard {
    alarms: Arc<Mutex<Vec<Sounding>>>,
    live: LiveHub,
}

struct Sounding {
    view: AlarmView,
    /// When its cause was last told.
    told_at: Timestamp,
}

impl AlarmBoard {
    pub fn new(live: LiveHub) -> Self {
        Self { alarms: Arc::default(), live }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Sounding>> {
        // The list is whole between any two statements that change it.
        self.alarms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn all(&self) -> Vec<AlarmView> {
        self.those(|_| true)
    }

    pub fn those(&self, which: impl Fn(&AlarmView) -> bool) -> Vec<AlarmView> {
        self.lock().iter().map(|alarm| &alarm.view).filter(|alarm| which(alarm)).cloned().collect()
    }

    /// The new alarm, or the id of an equal one that sounds already.
    pub fn raise(&self, kind: AlarmKind, now: Timestamp) -> Result<AlarmView, AlarmId> {
        let mut alarms = self.lock();
        if let Some(sounding) = alarms.iter_mut().find(|alarm| alarm.view.kind == kind) {
            sounding.told_at = sounding.told_at.max(now);
            return Err(sounding.view.id);
        }
        let alarm = AlarmView { id: AlarmId(clock::new_id()), raised_at: now, kind };
        self.add(alarms, alarm.clone());
        Ok(alarm)
    }

    /// Sounds an alarm that is in the database already. One that sounds goes on.
    pub fn sound(&self, alarm: AlarmView) {
        let alarms = self.lock();
        if !alarms.iter().any(|sounding| sounding.view.id == alarm.id) {
            self.add(alarms, alarm);
        }
    }

    fn add(&self, mut alarms: MutexGuard<'_, Vec<Sounding>>, alarm: AlarmView) {
        let given_up = (alarms.len() >= SOUNDING).then(|| {
            let of_crowd = alarms.iter().position(|alarm| is_of_a_crowd(&alarm.view.kind));
            alarms.remove(of_crowd.unwrap_or(0)).view
        });
        alarms.push(Sounding { told_at: alarm.raised_at, view: alarm.clone() });
        drop(alarms);
        if let Some(given_up) = given_up {
            metrics::counter!("siaga_alarms_dropped_total").increment(1);
            self.live.tell(Audience::Everyone, Event::AlarmCleared { alarm: given_up.id });
        }
        self.live.tell(Audience::Everyone, Event::Alarm { alarm });
    }

    /// Silences every alarm that `which` picks, and gives them.
    pub fn clear(&self, which: impl Fn(&AlarmView) -> bool) -> Vec<AlarmView> {
        self.end(|alarm| which(&alarm.view))
    }

    /// As [`AlarmBoard::clear`], for those of which nothing was told since a moment.
    fn clear_quiet(&self, since: Timestamp, which: impl Fn(&AlarmView) -> bool) -> Vec<AlarmView> {
        self.end(|alarm| alarm.told_at <= since && which(&alarm.view))
    }

    fn end(&self, which: impl Fn(&Sounding) -> bool) -> Vec<AlarmView> {
        let cleared: Vec<AlarmView> = self.lock().extract_if(.., |alarm| which(alarm)).map(|alarm| alarm.view).collect();
        for alarm in &cleared {
            self.live.tell(Audience::Everyone, Event::AlarmCleared { alarm: alarm.id });
        }
        cleared
    }

    /// Takes up what sounded before a restart. An alert that waited on the disk meanwhile may have been written, and sound, already; and
    /// where the database was down at the start, consoles may have come before.
    pub fn restore(&self, mut alarms: Vec<AlarmView>) {
        let mut sounding = self.lock();
        alarms.retain(|alarm| !sounding.iter().any(|other| other.view.id == alarm.id));
        sounding.splice(0..0, alarms.iter().map(|view| Sounding { told_at: view.raised_at, view: view.clone() }));
        drop(sounding);
        for alarm in alarms {
            self.live.tell(Audience::Everyone, Event::Alarm { alarm });
        }
    }
}

/// Whether there is one for each caller of a crowd, in which no single one says more than all the others do.
fn is_of_a_crowd(kind: &AlarmKind) -> bool {
    matches!(kind, AlarmKind::NobodyReady { .. } | AlarmKind::Unanswered { .. })
}

/// Whether the alarm's cause outlives the server.
pub(super) fn outlives_restart(kind: &AlarmKind) -> bool {
    match kind {
        AlarmKind::Unacknowledged { .. }
        | AlarmKind::Undeliverable { .. }
        | AlarmKind::MachineAlert { .. }
        | AlarmKind::RecordingGap { .. }
        | AlarmKind::EntriesLost => true,
        AlarmKind::NobodyReady { .. }
        | AlarmKind::Unanswered { .. }
        | AlarmKind::OperatorLost { .. }
        | AlarmKind::OneWayAudio { .. }
        | AlarmKind::PartySilent { .. }
        | AlarmKind::RecordingFailing { .. }
        | AlarmKind::FootageFailing { .. }
        | AlarmKind::StoreFailing
        | AlarmKind::TrunkDown { .. }
        | AlarmKind::LimitReached { .. }
        | AlarmKind::CallsRefused { .. }
        | AlarmKind::LocationNotAllowed { .. }
        | AlarmKind::VoiceBeyondReach { .. } => false,
    }
}

impl Desk {
    /// Sounds until it is acknowledged or cleared. An equal alarm that sounds already keeps its id. Never waits.
    pub fn raise_alarm(&self, kind: AlarmKind, now: Timestamp) -> AlarmId {
        match self.board.raise(kind, now) {
            Ok(alarm) => {
                let id = alarm.id;
                self.journal.alarm_raised(alarm);
                id
            }
            Err(sounding) => sounding,
        }
    }

    /// Clears every alarm that `which` picks. Never waits.
    pub fn clear_alarms(&self, which: impl Fn(&AlarmKind) -> bool) {
        for alarm in self.board.clear(|alarm| which(&alarm.kind)) {
            self.journal.alarm_ended(alarm, None, clock::now());
        }
    }

    /// Ends the alarms about limits and about what carriers offer or point to whose cause was not told in the last minute. Never waits.
    pub fn quiet_refusals(&self, now: Timestamp) {
        let refusals = |alarm: &AlarmView| {
            use AlarmKind::{CallsRefused, LimitReached, LocationNotAllowed};
            matches!(alarm.kind, LimitReached { .. } | CallsRefused { .. } | LocationNotAllowed { .. })
        };
        for alarm in self.board.clear_quiet(now - REFUSAL_QUIET, refusals) {
            self.journal.alarm_ended(alarm, None, now);
        }
    }

    /// The alarms that sound, oldest first.
    pub fn alarms(&self) -> Vec<AlarmView> {
        self.board.all()
    }

    /// Silences an alarm; who did it stands on the timeline. Its cause may raise it again.
    pub async fn acknowledge_alarm(&self, who: &Principal, id: AlarmId) -> Result<(), DeskError> {
        let alarm = self.board.clear(|alarm| alarm.id == id).pop().ok_or(DeskError::NotFound)?;
        self.journal.alarm_ended(alarm, Some(who), clock::now());
        Ok(())
    }
}
