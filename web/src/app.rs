//! Puts the server together: what handlers share, and the layers around them.

use crate::config::Config;
use crate::error::ApiError;
use crate::headers::{self, SecurityHeaders};
use crate::learning::Learning;
use crate::looks::Looks;
use crate::monitor::{self, Readiness};
use crate::presence::Presence;
use crate::signed_out::SignedOut;
use crate::switchboard::Switchboard;
use crate::throttle::Throttle;
use crate::{console, observe, origin, routes};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use dispatch::contract::{Archive, Command, Snapshot};
use dispatch::desk::Desk;
use metrics_exporter_prometheus::PrometheusHandle;
use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

/// The largest body of the API: a form with long notes, or an SDP offer.
const LARGEST_BODY: usize = 64 * 1024;
/// The largest message a chat service sends: what WhatsApp brings together after an outage. Each service's own door may allow less.
const LARGEST_HOOK: usize = 3 * 1024 * 1024;
/// Until the headers of an answer are ready; streams may then go on.
const PATIENCE: Duration = Duration::from_secs(15);
/// The same where footage is put together first.
const PATIENCE_FOR_EXPORT: Duration = Duration::from_secs(120);

/// Passwords checked at once.
const VERIFYING: usize = 4;

/// What the server is made of.
pub struct Server {
    pub config: Config,
    pub desk: Desk,
    /// Where commands of operators go.
    pub switchboard: mpsc::Sender<Command>,
    /// The state at the switchboard now. It must show a change no later than the change's event is published.
    pub snapshot: Arc<dyn Fn() -> Snapshot + Send + Sync>,
    pub archive: Arc<dyn Archive>,
    /// The chat services' webhooks, with their whole paths (`/hooks/telegram`).
    pub hooks: Router,
    pub ready: Arc<dyn Readiness>,
    pub metrics: PrometheusHandle,
    /// The Telegram bot's user name without `@`, as soon as Telegram has told it; links for teams' chats need it.
    pub telegram_bot: watch::Receiver<Option<String>>,
}

/// What every handler shares; a cheap clone.
#[derive(Clone)]
pub(crate) struct AppState(Arc<App>);

pub(crate) struct App {
    pub config: Config,
    pub desk: Desk,
    pub switchboard: Switchboard,
    pub presence: Presence,
    pub snapshot: Arc<dyn Fn() -> Snapshot + Send + Sync>,
    pub archive: Arc<dyn Archive>,
    pub ready: Arc<dyn Readiness>,
    pub metrics: PrometheusHandle,
    pub telegram_bot: watch::Receiver<Option<String>>,
    pub throttle: Mutex<Throttle>,
    /// Passwords being checked at once; each takes a core and some 20 MB for a while.
    pub verifying: Semaphore,
    pub looks: Mutex<Looks>,
    pub learning: Learning,
    pub signed_out: SignedOut,
    /// Cancelled when the server shuts down.
    pub stop: CancellationToken,
}

impl Deref for AppState {
    type Target = App;
    fn deref(&self) -> &App {
        &self.0
    }
}

/// The whole router, and what to cancel so that long-lived sockets close.
pub(crate) fn router(server: Server) -> (Router, CancellationToken) {
    let Server { config, desk, switchboard, snapshot, archive, hooks, ready, metrics, telegram_bot } = server;
    let switchboard = Switchboard::new(switchboard);
    let stop = CancellationToken::new();
    let security = SecurityHeaders::new(&config);
    let app = AppState(Arc::new(App {
        presence: Presence::new(switchboard.clone()),
        throttle: Mutex::new(Throttle::new()),
        verifying: Semaphore::new(VERIFYING),
        looks: Mutex::default(),
        learning: Learning::default(),
        signed_out: SignedOut::default(),
        stop: stop.clone(),
        config,
        desk,
        switchboard,
        snapshot,
        archive,
        ready,
        metrics,
        telegram_bot,
    }));

    let hurried = |patience| middleware::from_fn(move |request, next| within(patience, request, next));
    let api = routes::quick()
        .split_for_parts()
        .0
        .layer(hurried(PATIENCE))
        .merge(routes::exports().split_for_parts().0.layer(hurried(PATIENCE_FOR_EXPORT)))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(middleware::from_fn(headers::forbid_storing))
        .layer(middleware::from_fn_with_state(app.clone(), origin::check));
    let monitoring = Router::new()
        .route("/healthz", get(monitor::alive))
        .route("/readyz", get(monitor::ready))
        .route("/metrics", get(monitor::metrics))
        .layer(hurried(PATIENCE));
    let hooks = hooks.layer(tower_http::limit::RequestBodyLimitLayer::new(LARGEST_HOOK)).layer(hurried(PATIENCE));

    let router = Router::new()
        .merge(api)
        .merge(monitoring)
        .with_state(app)
        .merge(hooks)
        .fallback(console::serve)
        .method_not_allowed_fallback(wrong_method)
        .layer(CompressionLayer::new().compress_when(worth_compressing()))
        .layer(middleware::from_fn(move |request, next| headers::add(security.clone(), request, next)))
        .layer(middleware::from_fn(observe::observe));
    (router, stop)
}

/// Sound and video do not shrink, and a player seeks in them.
fn worth_compressing() -> impl Predicate {
    DefaultPredicate::new().and(NotForContentType::const_new("audio/")).and(NotForContentType::const_new("video/"))
}

async fn within(patience: Duration, request: Request, next: Next) -> Response {
    tokio::time::timeout(patience, next.run(request)).await.unwrap_or_else(|_| {
        metrics::counter!("siaga_http_timed_out_total").increment(1);
        ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "too_slow", "this took too long and was given up; try again")
            .retry_after(1)
            .into_response()
    })
}

async fn wrong_method() -> Response {
    let error = ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", "this address does not take this method");
    ([(header::CACHE_CONTROL, "no-store")], error).into_response()
}
