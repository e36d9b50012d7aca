//! Shapes that the desk and its callers exchange, beside the contract's.

use super::Principal;
use crate::contract::*;
pub use crate::domain::card::DispatchCard;
use crate::id::*;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A new session. The token is shown once and kept only as a hash.
#[derive(Clone)]
pub struct SignedIn {
    pub token: String,
    pub principal: Principal,
    pub user: UserView,
    pub expires_at: Timestamp,
}

/// Which calls to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct CallQuery {
    pub number: Option<String>,
    /// Only calls that arrived before this.
    pub before: Option<Timestamp>,
    /// At most 200; 50 if zero.
    pub limit: i64,
}

/// Which incidents to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct IncidentQuery {
    pub state: Option<IncidentState>,
    /// At most 200; 50 if zero.
    pub limit: i64,
}

/// An alert as a machine sends it (CAP 1.2, RFC 8876). What is too long is cut.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewAlert {
    /// Unique for the sender.
    pub identifier: String,
    pub sender: String,
    pub sent: Timestamp,
    /// What happened, in few words.
    pub event: String,
    pub headline: String,
    pub description: String,
    /// `Extreme`, `Severe`, `Moderate`, `Minor` or `Unknown`.
    pub severity: String,
    /// The area in words.
    pub area: String,
    pub position: Option<Position>,
    /// The trunk that it came from.
    pub trunk: String,
    pub about: AlertAbout,
}

/// What an alert is to those before it (`msgType` and `references` of CAP 1.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AlertAbout {
    New,
    /// Goes to the incident of an earlier alert while that is open, and else counts as a new one.
    Update {
        of: Vec<AlertKey>,
    },
    /// Is told at the incident of an earlier alert, which people then close or not.
    Cancel {
        of: Vec<AlertKey>,
    },
}

/// What tells one alert from others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertKey {
    pub sender: String,
    pub identifier: String,
}

/// A message that one sender has claimed until its lease ends.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxMessage {
    pub id: Uuid,
    pub dispatch: DispatchId,
    pub channel: Channel,
    /// Attempts begun, this one included.
    pub attempts: i64,
    /// It may go out as a template only: in free form the service took it and refused it afterwards.
    pub template_only: bool,
    pub card: DispatchCard,
}

/// A button pressed in a chat.
#[derive(Debug, Clone, PartialEq)]
pub struct Press {
    pub channel: Channel,
    pub short_id: String,
    pub sender: PressSender,
    /// [`Progress::Acknowledged`] or a later step.
    pub progress: Progress,
    /// The chat service's id of the press; the same press told twice counts once.
    pub external_event: String,
}

#[derive(Clone, PartialEq)]
pub struct PressSender {
    /// The Telegram chat.
    pub chat: Option<i64>,
    /// The WhatsApp number in E.164 without `+`.
    pub number: Option<String>,
    /// The name that the person's chat account shows.
    pub name: String,
}

impl std::fmt::Debug for PressSender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PressSender").finish_non_exhaustive()
    }
}

/// What the message shows after a press.
#[derive(Debug, Clone, PartialEq)]
pub struct PressOutcome {
    pub card: DispatchCard,
    /// The step the dispatch stands at, which may be later than the one pressed.
    pub progress: Progress,
    /// Who reached that step.
    pub by: String,
    /// Whether this press changed anything.
    pub changed: bool,
}

/// What a chat service reports of a message it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryState {
    Sent,
    Delivered,
    Read,
    /// It will not arrive; the reason as the service gives it.
    Failed {
        error: String,
    },
}
