//! What a city sets about its desk.

use crate::domain::reputation;
use jiff::SignedDuration;
use jiff::tz::{Offset, TimeZone};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// Every number that people argue about, with the default that `research/field.md` gives.
#[derive(Debug, Clone)]
pub struct DeskSettings {
    /// How callers' numbers are written when they are kept.
    pub numbers: WrittenNumbers,
    /// The city's zone: incident numbers and statistics begin at its midnight.
    pub zone: TimeZone,
    /// The name of this node; calls that were up when it stopped are closed when it starts again.
    pub node: String,
    /// Cameras within this many metres of an incident keep their footage.
    pub camera_radius_m: f64,
    pub camera_limit: usize,
    /// Footage begins this long before the call arrived...
    pub footage_before: SignedDuration,
    /// ... and ends this long after.
    pub footage_after: SignedDuration,
    /// A team that has not acknowledged after this gets the message by its other channel, and an alarm sounds.
    pub acknowledge_within: SignedDuration,
    /// After this further time the alarm sounds again, even if somebody silenced it.
    pub acknowledge_again: SignedDuration,
    /// The share of calls answered within this time is counted.
    pub answer_target: SignedDuration,
    /// The goals for answering in time: within this, in this share of the calls in percent.
    pub service_levels: Vec<(SignedDuration, i64)>,
    /// Who gave up before an answer and calls again within this time is known again.
    pub gave_up_lately: SignedDuration,
    /// When a number's place is lowered.
    pub reputation: reputation::Rules,
    /// A session ends this long after its last use.
    pub session_idle: SignedDuration,
    /// However much it is used, it ends this long after it began: longer than any shift, shorter than a day.
    pub session_longest: SignedDuration,
    /// How long a chat link or setup token can be used.
    pub token_lifetime: SignedDuration,
    /// Entries of the switchboard that wait for a database that does not answer.
    pub journal_capacity: usize,
    /// The file on which they wait when that takes long; without one they wait in memory.
    pub spill: Option<PathBuf>,
}

impl Default for DeskSettings {
    fn default() -> Self {
        let zone = TimeZone::get("Asia/Jakarta").unwrap_or_else(|_| TimeZone::fixed(Offset::constant(7)));
        Self {
            numbers: WrittenNumbers::default(),
            zone,
            node: "siaga".into(),
            camera_radius_m: 500.0,
            camera_limit: 4,
            footage_before: SignedDuration::from_mins(2),
            footage_after: SignedDuration::from_mins(10),
            acknowledge_within: SignedDuration::from_secs(60),
            acknowledge_again: SignedDuration::from_secs(120),
            answer_target: SignedDuration::from_secs(15),
            service_levels: vec![(SignedDuration::from_secs(15), 90), (SignedDuration::from_secs(20), 95)],
            gave_up_lately: SignedDuration::from_mins(30),
            reputation: reputation::Rules::default(),
            session_idle: SignedDuration::from_hours(12),
            session_longest: SignedDuration::from_hours(16),
            token_lifetime: SignedDuration::from_hours(24),
            journal_capacity: 10_000,
            spill: None,
        }
    }
}

/// Writes a number in the form in which callers' numbers are kept; as it is, unless a country is known.
#[derive(Clone)]
pub struct WrittenNumbers(Arc<dyn Fn(&str) -> String + Send + Sync>);

impl WrittenNumbers {
    pub fn by(write: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }

    pub(super) fn write(&self, number: &str) -> String {
        (self.0)(number)
    }
}

impl Default for WrittenNumbers {
    fn default() -> Self {
        Self::by(str::to_owned)
    }
}

impl fmt::Debug for WrittenNumbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WrittenNumbers")
    }
}
