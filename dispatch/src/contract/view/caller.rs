//! Callers: who is to be called back, and whose calls wait behind others.

use super::CallPriority;
use crate::id::{CallId, ReputationId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A caller who gave up before anybody answered, and was not reached since.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CallbackView {
    /// The newest call that was abandoned or cut off.
    pub call: CallId,
    pub number: String,
    pub name: Option<String>,
    pub abandoned_at: Timestamp,
    /// How long the caller waited for an answer, or for nobody.
    pub waited_s: i64,
    /// How often somebody called back.
    pub tries: i64,
    pub last_try_at: Option<Timestamp>,
    /// Who sees to it.
    pub claimed_by: Option<UserId>,
    pub claimed_by_name: Option<String>,
    /// The caller had been answered, and the network or a restart ended the call.
    #[serde(default)]
    pub cut_off: bool,
}

impl std::fmt::Debug for CallbackView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallbackView").field("call", &self.call).field("tries", &self.tries).finish_non_exhaustive()
    }
}

/// How a callback ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallbackEnd {
    /// Somebody spoke with the caller.
    Reached,
    Unreachable,
    NotNeeded,
}

/// A number that was marked as a nuisance so often that its calls wait behind others, for a while.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReputationView {
    pub id: ReputationId,
    pub number: String,
    pub priority: CallPriority,
    /// How often it was marked since it was last known to be a caller in need.
    pub marks: i64,
    pub last_marked_at: Timestamp,
    /// When it is forgotten by itself.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for ReputationView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReputationView").field("id", &self.id).field("marks", &self.marks).finish_non_exhaustive()
    }
}
