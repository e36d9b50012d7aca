//! Who may do what. Every handler of the API takes one of these extractors as its first argument; `Guarded` takes no handler
//! that does not, so a route without a check of the role cannot be written by oversight.

use crate::app::AppState;
use crate::cookie;
use crate::error::ApiError;
use axum::extract::FromRequestParts;
use axum::handler::Handler;
use axum::http::request::Parts;
use dispatch::contract::Role;
use dispatch::desk::Principal;
use serde_json::Value;
use utoipa_axum::router::UtoipaMethodRouter;

/// The extension of an OpenAPI operation that names the least role that may call it.
pub(crate) const ROLE_EXTENSION: &str = "x-siaga-role";

/// An extractor that lets only signed-in people of at least one role pass: 401 without a session, 403 below the role.
pub(crate) trait RoleGuard {
    const AT_LEAST: Role;
}

macro_rules! guards {
    ($($(#[$doc:meta])* $guard:ident => $role:expr),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub(crate) struct $guard(pub Principal);

        impl RoleGuard for $guard {
            const AT_LEAST: Role = $role;
        }

        impl FromRequestParts<AppState> for $guard {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
                let principal = authenticate(parts, app).await?;
                if principal.role < $role {
                    metrics::counter!("siaga_http_forbidden_total").increment(1);
                    return Err(ApiError::forbidden());
                }
                Ok(Self(principal))
            }
        }
    )+};
}

guards! {
    /// Anybody who is signed in.
    Operator => Role::Operator,
    /// Pembantu pengawas and above.
    Supervisor => Role::Supervisor,
    /// Pengawas and above.
    Manager => Role::Manager,
    /// Kepala pengawas.
    Head => Role::Head,
}

async fn authenticate(parts: &Parts, app: &AppState) -> Result<Principal, ApiError> {
    let token = cookie::token(&parts.headers).ok_or_else(ApiError::unauthenticated)?;
    Ok(app.desk.session(&token).await?)
}

/// The arguments of a handler whose first is a `RoleGuard`, as axum writes them down in `Handler<T, S>`.
pub(crate) trait GuardFirst {
    const AT_LEAST: Role;
}

macro_rules! guard_first {
    ($(($($argument:ident),*)),+ $(,)?) => {$(
        impl<M, G: RoleGuard, $($argument),*> GuardFirst for (M, G, $($argument,)*) {
            const AT_LEAST: Role = G::AT_LEAST;
        }
    )+};
}

guard_first!((), (A1), (A1, A2), (A1, A2, A3), (A1, A2, A3, A4));

/// One operation of the API whose handler checks a role.
pub(crate) struct Guarded(pub(crate) UtoipaMethodRouter<AppState>);

impl Guarded {
    /// `routes` is the same handler's, by `utoipa_axum::routes!`; the `guarded!` macro keeps the two together.
    pub(crate) fn new<H, T>(_handler: H, mut routes: UtoipaMethodRouter<AppState>) -> Self
    where
        H: Handler<T, AppState>,
        T: GuardFirst,
    {
        let role = serde_json::to_value(T::AT_LEAST).unwrap_or(Value::Null);
        for item in routes.1.paths.values_mut() {
            let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete];
            for operation in operations.into_iter().flatten() {
                operation.extensions.get_or_insert_default().insert(ROLE_EXTENSION.to_owned(), role.clone());
            }
        }
        Self(routes)
    }
}

/// One operation of the API, from its handler: `guarded!(answer_call)`.
macro_rules! guarded {
    ($handler:ident) => {
        $crate::access::Guarded::new($handler, utoipa_axum::routes!($handler))
    };
}
pub(crate) use guarded;
