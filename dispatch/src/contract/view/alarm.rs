//! What calls for somebody's attention.

use super::{AddressFamily, CallSide, OfferTrouble, TrunkTrouble};
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
    /// A machine's alert has made an incident, or has become more severe, and nobody has seen to it; `event` is what it says, in few words.
    /// Ends by itself when teams are sent, when the incident is closed, or when the machine takes the alert back.
    MachineAlert { incident: IncidentId, incident_number: String, event: String },
    /// Audio of a call could not be written.
    RecordingFailing { call: CallId },
    /// The recording of a call is silent where somebody was heard, for a fault of ours; the timeline says for how long.
    RecordingGap { call: CallId },
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
    /// A bound of the server is reached. Calls are refused (`calls`, `transactions`, `rtp_ports`, `media`, `events`, `connections`, `rate`,
    /// `stack`, `orders`), callers wait on without the fallback number (`fallback`), tests and desk phones' codes hear no answer (`test_calls`,
    /// `feature_codes`), or what happened to calls was not heard of (`early_events`, `media_events`). Ends by itself when it was not reached
    /// for a minute.
    LimitReached { limit: String },
    /// A carrier's calls are refused for what they offer. Ends by itself when none was for a minute.
    CallsRefused { trunk: String, why: OfferTrouble },
    /// Callers' places, or facts about callers, are on a server that the trunk's `location_servers` does not name, and are not fetched. Ends
    /// by itself when none was for a minute.
    LocationNotAllowed { trunk: String },
    /// A caller, or whom an operator called, is not heard: its voice is at a family of addresses that this server has none of. Only a change of
    /// the settings mends that, so it sounds until somebody has seen it.
    VoiceBeyondReach { trunk: String, family: AddressFamily },
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
