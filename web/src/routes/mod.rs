//! The API's operations, one file per resource: parameters, the call of the desk or the switchboard, and the answer.
//!
//! An operation gets in by `Operations::with`, which demands a handler that checks a role; the few that need none say so.

mod agencies;
mod alarms;
mod callbacks;
mod calls;
mod calls_between;
mod cameras;
mod footage;
mod incident_types;
mod incidents;
mod live;
mod phones;
mod recordings;
mod reports;
mod reputations;
mod service;
mod session;
mod setup;
mod shift;
mod teams;
mod text;
mod trunks;
mod users;

use crate::access::Guarded;
use crate::app::AppState;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

/// Where the API lives.
const BASE: &str = "/api/v1";

/// Operations of one resource.
pub(crate) struct Operations(OpenApiRouter<AppState>);

impl Operations {
    fn new() -> Self {
        Self(OpenApiRouter::new())
    }

    /// Adds an operation whose handler checks a role.
    fn with(self, operation: Guarded) -> Self {
        Self(self.0.routes(operation.0))
    }

    /// Adds an operation that anybody may call. Only signing in, setting up and the API's description are such.
    fn open_to_anybody(self, operation: UtoipaMethodRouter<AppState>) -> Self {
        Self(self.0.routes(operation))
    }
}

/// Every operation that answers at once.
pub(crate) fn quick() -> OpenApiRouter<AppState> {
    gathered([
        session::operations(),
        setup::operations(),
        users::operations(),
        shift::operations(),
        live::operations(),
        calls::operations(),
        calls_between::operations(),
        text::operations(),
        callbacks::operations(),
        reputations::operations(),
        trunks::operations(),
        phones::operations(),
        recordings::operations(),
        reports::operations(),
        incidents::operations(),
        incident_types::operations(),
        agencies::operations(),
        teams::operations(),
        cameras::operations(),
        footage::operations(),
        alarms::operations(),
        service::operations(),
    ])
}

/// Operations that put a file together before they answer.
pub(crate) fn exports() -> OpenApiRouter<AppState> {
    gathered([footage::exports()])
}

fn gathered<const N: usize>(resources: [Operations; N]) -> OpenApiRouter<AppState> {
    let all = resources.into_iter().fold(OpenApiRouter::new(), |all, resource| all.merge(resource.0));
    OpenApiRouter::new().nest(BASE, all)
}
