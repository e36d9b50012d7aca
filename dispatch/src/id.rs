//! The identities of everything Siaga keeps. Each is a UUID v7 of a type of its own, so that one cannot be passed for another.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! identities {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

identities! {
    /// One caller's SIP dialog and its media, from INVITE to end.
    CallId,
    /// A person who signs in; an operator is a user with a shift running.
    UserId,
    /// One sign-in of a user.
    SessionId,
    /// The record of verification of one call.
    ReportId,
    /// What happened, at one place.
    IncidentId,
    /// One incident sent to one team.
    DispatchId,
    AgencyId,
    TeamId,
    IncidentTypeId,
    CameraId,
    /// A camera's video of a time range, kept for an incident.
    FootageId,
    /// The audio of one call.
    RecordingId,
    /// A condition that calls for a person.
    AlarmId,
    /// Somebody whom an operator has called into a call: an agency, a mobile phone.
    PartyId,
    /// What is known of a number that was marked as a nuisance; stands in addresses where the number must not.
    ReputationId,
}
