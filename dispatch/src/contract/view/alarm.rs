//! What calls for somebody's attention.

use super::{CallSide, OfferTrouble, TrunkTrouble};
use crate::id::{AlarmId, CallId, CameraId, DispatchId, IncidentId, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AlarmView {
    pub id: AlarmId,
    pub raised_at: Timestamp,
    pub kind: AlarmKind,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum AlarmKind {
    /// A call waits and nobody is ready.
    NobodyReady { call: CallId },
    /// An operator did not answer in time.
    Unanswered { call: CallId, operator: UserId, operator_name: String },
    /// An operator's browser or headset went away during a call.
    OperatorLost { call: CallId, operator: UserId, operator_name: String },
    /// No audio from one side for three seconds.
    OneWayAudio { call: CallId, silent: CallSide },
    /// No audio for three seconds from somebody who was called into the call; `party` is a name, or the number.
    PartySilent { call: CallId, party: String },
    /// A team did not acknowledge in time.
    Unacknowledged { dispatch: DispatchId, incident: IncidentId, incident_number: String, team_name: String },
    /// A message cannot be delivered.
    Undeliverable { dispatch: DispatchId, incident: IncidentId, incident_number: String, team_name: String },
    /// Audio of a call could not be written.
    RecordingFailing { call: CallId },
    /// A camera's footage could not be kept for an incident for a minute; it is being retried.
    FootageFailing { camera: CameraId, camera_name: String, incident: IncidentId },
    /// The database does not take what must be kept; it waits on the disk or in memory and is retried.
    StoreFailing,
    /// Something that happened could neither be written nor kept, and is lost: the server's log says what to look at.
    EntriesLost,
    /// A carrier's line does not answer, or refuses our registration.
    TrunkDown {
        trunk: String,
        why: TrunkTrouble,
        /// The SIP status that says so, if the line answers.
        #[serde(default)]
        code: Option<u16>,
    },
    /// A bound of the server is reached and calls are refused: `calls`, `transactions`, `rtp_ports`, `media`, `events`, `connections`,
    /// `rate`, `stack` or `orders`. Ends by itself when it was not reached for a minute.
    LimitReached { limit: String },
    /// A carrier's calls are refused for what they offer. Ends by itself when none was for a minute.
    CallsRefused { trunk: String, why: OfferTrouble },
    /// A caller is not heard whose carrier sends voice by a family of addresses, IPv4 or IPv6, that this server has none of. Ends by itself
    /// when there was no such call for a minute.
    VoiceBeyondReach { trunk: String },
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_alarm_that_an_older_server_wrote_in_words_can_still_be_read() {
        let old = json!({ "kind": "trunk_down", "trunk": "telkom", "why": "OPTIONS not answered in time" });
        let read: AlarmKind = serde_json::from_value(old).unwrap();
        assert_eq!(read, AlarmKind::TrunkDown { trunk: "telkom".into(), why: TrunkTrouble::Silent, code: None });
        let new = AlarmKind::TrunkDown { trunk: "telkom".into(), why: TrunkTrouble::NotRegistered, code: Some(403) };
        let told = json!({ "kind": "trunk_down", "trunk": "telkom", "why": "not_registered", "code": 403 });
        assert_eq!(serde_json::to_value(&new).unwrap(), told);
        assert_eq!(serde_json::from_value::<AlarmKind>(told).unwrap(), new);
    }
}
