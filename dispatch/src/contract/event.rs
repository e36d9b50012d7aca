//! What happened, as told to every console that may know.

use super::view::*;
use crate::id::*;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who is told of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    Everyone,
    One(UserId),
    AtLeast(Role),
}

/// An event on its way to the consoles.
#[derive(Debug, Clone, PartialEq)]
pub struct Live {
    pub audience: Audience,
    pub event: Event,
}

/// One change. The console applies it to what it shows; a console that missed some reads its snapshot again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The whole state at the switchboard; the first message of every live socket, and after a gap.
    Snapshot(Snapshot),
    /// A call rings at this operator. The report already has its id.
    Offered {
        call: CallView,
    },
    /// The call no longer rings at this operator.
    OfferWithdrawn {
        call: CallId,
        why: Withdrawal,
    },
    /// The call arrived or changed.
    Call {
        call: CallView,
    },
    /// An operator's state changed.
    Operator {
        operator: OperatorView,
    },
    /// An operator ended the shift.
    OperatorLeft {
        operator: UserId,
    },
    /// Somebody saved the report.
    Report {
        report: ReportView,
    },
    Incident {
        incident: IncidentView,
    },
    Dispatch {
        dispatch: DispatchView,
    },
    Timeline {
        entry: TimelineEntry,
    },
    Footage {
        footage: FootageView,
    },
    Camera {
        camera: CameraId,
        state: CameraState,
    },
    Alarm {
        alarm: AlarmView,
    },
    AlarmCleared {
        alarm: AlarmId,
    },
    /// Somebody whom the operator called into the call did not answer; told to that operator.
    PartyUnreached {
        call: CallId,
        /// Who it was, by name or number.
        party: String,
        why: Unreached,
    },
    /// The caller pressed a key.
    Digit {
        call: CallId,
        digit: char,
    },
    /// A line of text was begun, continued or ended; told only to who has the call, and to who supervises it.
    Text {
        call: CallId,
        line: TextLine,
    },
    /// What was typed so far, for somebody who may read on from here; or more than is taken was typed.
    TextSoFar {
        call: CallId,
        text: TextView,
    },
    /// A carrier's line changed.
    Trunk {
        trunk: TrunkView,
    },
    /// A desk phone changed.
    Phone {
        phone: PhoneView,
    },
    /// The list of callbacks changed: read it again.
    Callbacks,
    /// The day's counts changed: read them again.
    Statistics,
    /// How well one side of a call is heard; at most once in five seconds for each call.
    Quality {
        call: CallId,
        side: CallSide,
        loss_percent: f32,
        jitter_ms: f32,
        /// Estimated mean opinion score, 1 to 4.5 (ITU-T G.107).
        mos: f32,
    },
    /// What time it is at the server; with each heartbeat.
    Time {
        now: Timestamp,
    },
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Snapshot {
    /// What time it is at the server: a console counts from times of the server, and its own clock may be wrong.
    pub now: Timestamp,
    /// Calls that have not ended, oldest first.
    pub calls: Vec<CallView>,
    pub operators: Vec<OperatorView>,
    pub alarms: Vec<AlarmView>,
    pub trunks: Vec<TrunkView>,
    #[serde(default)]
    pub phones: Vec<PhoneView>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Withdrawal {
    CallerHungUp,
    /// It rang too long here and moved on.
    NoAnswer,
    Declined,
    AnsweredElsewhere,
    OperatorGone,
    /// Another call, which would have rung at nobody, rings here now: this one rings at others still, or goes behind the other.
    NeededElsewhere,
}
