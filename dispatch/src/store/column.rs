//! How our types stand in columns: ids and words as TEXT, times as epoch milliseconds, the rest as JSON text.

use crate::contract::*;
use crate::id::*;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Database, Decode, Encode, Type};

/// A time.
#[derive(Debug, Clone, Copy)]
pub(super) struct At(pub Timestamp);

/// Anything that serialises.
#[derive(Debug, Clone)]
pub(super) struct Json<T>(pub T);

/// Both coordinates or none.
pub(super) fn position(latitude: Option<f64>, longitude: Option<f64>) -> Option<Position> {
    Some(Position { latitude: latitude?, longitude: longitude? })
}

/// The coordinates to bind.
pub(super) fn coordinates(position: Option<Position>) -> (Option<f64>, Option<f64>) {
    position.map(|at| (at.latitude, at.longitude)).unzip()
}

/// `$ours` stands in a column as `$stored`, by a function for each way.
macro_rules! stored_as {
    ([$($generics:tt)*] $ours:ty, $stored:ty, $write:expr, $read:expr) => {
        impl<DB: Database, $($generics)*> Type<DB> for $ours
        where
            $stored: Type<DB>,
        {
            fn type_info() -> DB::TypeInfo {
                <$stored as Type<DB>>::type_info()
            }

            fn compatible(column: &DB::TypeInfo) -> bool {
                <$stored as Type<DB>>::compatible(column)
            }
        }

        impl<'q, DB: Database, $($generics)*> Encode<'q, DB> for $ours
        where
            $stored: Encode<'q, DB>,
        {
            fn encode_by_ref(&self, buffer: &mut <DB as Database>::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
                let write: fn(&$ours) -> Result<$stored, BoxDynError> = $write;
                write(self)?.encode(buffer)
            }
        }

        impl<'r, DB: Database, $($generics)*> Decode<'r, DB> for $ours
        where
            $stored: Decode<'r, DB>,
        {
            fn decode(value: <DB as Database>::ValueRef<'r>) -> Result<Self, BoxDynError> {
                let read: fn($stored) -> Result<$ours, BoxDynError> = $read;
                read(<$stored as Decode<DB>>::decode(value)?)
            }
        }
    };
}

stored_as!([] At, i64, |at| Ok(at.0.as_millisecond()), |ms| Ok(At(Timestamp::from_millisecond(ms)?)));
stored_as!([T: Serialize + DeserializeOwned] Json<T>, String,
    |json| Ok(serde_json::to_string(&json.0)?), |text| Ok(Json(serde_json::from_str(&text)?)));

macro_rules! ids {
    ($($id:ident),+) => {$(
        stored_as!([] $id, String, |id| Ok(id.to_string()), |text| Ok(text.parse::<$id>()?));
    )+};
}

ids!(
    CallId,
    UserId,
    SessionId,
    ReportId,
    IncidentId,
    DispatchId,
    AgencyId,
    TeamId,
    IncidentTypeId,
    CameraId,
    FootageId,
    AlarmId,
    ReputationId
);

/// Each variant has one word, the same as in the API's JSON.
macro_rules! words {
    ($($name:ident { $($variant:ident = $word:literal),+ $(,)? })+) => {$(
        stored_as!([] $name, String,
            |value| Ok(match value { $($name::$variant => $word),+ }.to_owned()),
            |text| match text.as_str() {
                $($word => Ok($name::$variant),)+
                _ => Err(concat!("not a word of ", stringify!($name)).into()),
            });
    )+};
}
pub(super) use {stored_as, words};

words! {
    Role { Operator = "operator", Supervisor = "supervisor", Manager = "manager", Head = "head" }
    EndedBy {
        Caller = "caller",
        CallerBeforeAnswer = "caller_before_answer",
        CallerLeft = "caller_left",
        Operator = "operator",
        Network = "network",
        Restart = "restart",
        Party = "party",
        NotReached = "not_reached",
    }
    Unreached {
        NoAnswer = "no_answer",
        Busy = "busy",
        UnknownNumber = "unknown_number",
        Declined = "declined",
        NoWay = "no_way",
        NotLifted = "not_lifted",
    }
    CallDirection { Inbound = "inbound", Outbound = "outbound" }
    CallPriority { Low = "low", Normal = "normal", High = "high" }
    CallbackEnd { Reached = "reached", Unreachable = "unreachable", NotNeeded = "not_needed" }
    Disposition { Normal = "normal", Ghost = "ghost", Prank = "prank", Information = "information" }
    IncidentState { Open = "open", Closed = "closed" }
    Channel { Telegram = "telegram", Whatsapp = "whatsapp" }
    Progress {
        Pending = "pending",
        Sent = "sent",
        Delivered = "delivered",
        Read = "read",
        Acknowledged = "acknowledged",
        EnRoute = "en_route",
        Arrived = "arrived",
        Done = "done",
    }
}
