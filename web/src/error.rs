//! What the API answers when it does not do what was asked: `{"error": {"code", "message"}}`.
//!
//! The code is stable and in snake case; the console translates it. The message is English and says what to do.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dispatch::contract::{ArchiveError, Refusal, ReportView};
use dispatch::desk::DeskError;
use serde::Serialize;
use utoipa::ToSchema;

/// The body of every refusal.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    error: ProblemDetail,
    /// With `stale_revision` only: the report as it is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<ReportView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ProblemDetail {
    /// Stable, in snake case.
    code: &'static str,
    /// In English; says what to do.
    message: String,
    /// The field of the request that is wrong, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
}

/// A refusal on its way to the client.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    retry_after: Option<u64>,
    problem: Box<Problem>,
}

/// The code of an answer that did not come.
pub(crate) const SWITCHBOARD_SILENT: &str = "switchboard_silent";

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        let error = ProblemDetail { code, message: message.into(), field: None };
        Self { status, retry_after: None, problem: Box::new(Problem { error, report: None }) }
    }

    /// The switchboard has not answered: what was asked may happen all the same.
    pub(crate) fn is_silence(&self) -> bool {
        self.problem.error.code == SWITCHBOARD_SILENT
    }

    /// Nobody is signed in, or the session has ended.
    pub(crate) fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not_signed_in", "sign in first")
    }

    /// The person may not do this.
    pub(crate) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "your role does not allow this; ask your supervisor")
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "there is nothing here; check the address")
    }

    pub(crate) fn busy(message: &'static str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "too_many", message).retry_after(5)
    }

    pub(crate) fn invalid(field: &str, why: impl Into<String>) -> Self {
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", why);
        error.problem.error.field = Some(field.to_owned());
        error
    }

    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(self.problem)).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let (status, code) = match &refusal {
            Refusal::NoSuchCall => (StatusCode::CONFLICT, "no_such_call"),
            Refusal::TakenByAnother => (StatusCode::CONFLICT, "taken_by_another"),
            Refusal::NoShift => (StatusCode::CONFLICT, "no_shift"),
            Refusal::Busy => (StatusCode::CONFLICT, "busy"),
            Refusal::NoMedia => (StatusCode::CONFLICT, "no_media"),
            Refusal::NoSuchPhone => (StatusCode::UNPROCESSABLE_ENTITY, "no_such_phone"),
            Refusal::PhoneTaken => (StatusCode::CONFLICT, "phone_taken"),
            Refusal::PhoneAway => (StatusCode::CONFLICT, "phone_away"),
            Refusal::PhoneHolds => (StatusCode::CONFLICT, "phone_holds"),
            Refusal::BadOffer(_) => (StatusCode::UNPROCESSABLE_ENTITY, "bad_offer"),
            Refusal::BadDigits => (StatusCode::UNPROCESSABLE_ENTITY, "bad_digits"),
            Refusal::NoText => (StatusCode::CONFLICT, "no_text"),
            Refusal::TextFull => (StatusCode::TOO_MANY_REQUESTS, "text_full"),
            Refusal::BadText => (StatusCode::UNPROCESSABLE_ENTITY, "bad_text"),
            Refusal::NoSuchParty => (StatusCode::CONFLICT, "no_such_party"),
            Refusal::BadNumber => (StatusCode::UNPROCESSABLE_ENTITY, "bad_number"),
            Refusal::NoTrunk => (StatusCode::CONFLICT, "no_trunk"),
            Refusal::NotAnswered => (StatusCode::CONFLICT, "not_answered"),
            Refusal::CallerGone => (StatusCode::CONFLICT, "caller_gone"),
            Refusal::TooManyParties => (StatusCode::CONFLICT, "too_many_parties"),
            Refusal::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        };
        Self::new(status, code, refusal.to_string())
    }
}

impl From<ArchiveError> for ApiError {
    fn from(error: ArchiveError) -> Self {
        let (status, code) = match &error {
            ArchiveError::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            ArchiveError::NotSealed => (StatusCode::CONFLICT, "not_sealed"),
            ArchiveError::CameraDown(_) => (StatusCode::SERVICE_UNAVAILABLE, "camera_down"),
            ArchiveError::Busy => (StatusCode::SERVICE_UNAVAILABLE, "too_many"),
            ArchiveError::Disk(cause) => {
                tracing::error!(%cause, "a recording cannot be read");
                (StatusCode::INTERNAL_SERVER_ERROR, "disk")
            }
        };
        Self::new(status, code, error.to_string())
    }
}

impl From<DeskError> for ApiError {
    fn from(error: DeskError) -> Self {
        let message = error.to_string();
        match error {
            DeskError::NotFound => Self::new(StatusCode::NOT_FOUND, "not_found", message),
            DeskError::Forbidden => Self::new(StatusCode::FORBIDDEN, "forbidden", message),
            DeskError::SignedOut => Self::unauthenticated(),
            DeskError::WrongPassword => Self::new(StatusCode::UNAUTHORIZED, "wrong_password", message),
            DeskError::Conflict { code, .. } => Self::new(StatusCode::CONFLICT, code, message),
            DeskError::Stale(report) => {
                let mut stale = Self::new(StatusCode::CONFLICT, "stale_revision", message);
                stale.problem.report = Some(*report);
                stale
            }
            DeskError::Invalid { field, .. } => Self::invalid(field, message),
            DeskError::Secret => Self::new(StatusCode::SERVICE_UNAVAILABLE, "no_secrets", message),
            DeskError::Store(cause) => {
                tracing::error!(%cause, "the store failed");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "store", message).retry_after(1)
            }
        }
    }
}
