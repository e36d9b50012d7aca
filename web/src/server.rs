//! The listener: binds, speaks TLS, and shuts down in good order.

use crate::app::{self, Server};
use crate::door::Door;
use crate::tls::{Certificates, TlsError};
use axum_server::tls_rustls::RustlsAcceptor;
use axum_server::{Address, Handle};
use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;
use tokio::task::JoinHandle;

/// From accepting a connection to its first whole request.
const FIRST_REQUEST: Duration = Duration::from_secs(10);
/// Until the headers of the next request are whole; a connection that idles longer is closed.
const REQUEST_HEADERS: Duration = Duration::from_secs(75);
const TLS_HANDSHAKE: Duration = Duration::from_secs(10);
/// What answers in progress get at shutdown before their connections are cut.
const LAST_ANSWERS: Duration = Duration::from_secs(5);
/// Streams that one HTTP/2 connection may have open.
const STREAMS: u32 = 128;

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken, not this machine's, or its port needs more rights.
    #[error("web.listen {address} cannot be bound ({cause}); choose a free address and port")]
    Bind { address: SocketAddr, cause: std::io::Error },
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The listener failed later.
    #[error("the web server stopped ({0})")]
    Stopped(#[source] std::io::Error),
    /// A task of the server panicked; this is a mistake in the program.
    #[error("the web server broke; please report this with the log")]
    Broken(#[from] tokio::task::JoinError),
}

/// A server that is accepting connections.
#[derive(Debug)]
pub struct Running {
    /// The address that was bound, with the real port if port 0 was asked for.
    pub address: SocketAddr,
    /// What TLS shows.
    pub certificates: Certificates,
    task: JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// Waits until the server has shut down.
    ///
    /// # Errors
    /// `ServeError::Stopped` or `ServeError::Broken`.
    pub async fn finished(self) -> Result<(), ServeError> {
        self.task.await?.map_err(ServeError::Stopped)
    }
}

/// Binds the listener and serves until `shutdown` resolves. On shutdown no new connection is taken, live sockets are closed,
/// and answers in progress get five seconds.
///
/// # Errors
/// `ServeError::Bind` and `ServeError::Tls`; later ones come from `Running::finished`.
pub async fn serve(server: Server, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<Running, ServeError> {
    let asked = server.config.listen;
    let bind_error = |cause| ServeError::Bind { address: asked, cause };
    let names = certificate_names(&server.config);
    let tls = server.config.tls.clone();
    let certificates = tokio::task::spawn_blocking(move || Certificates::load(tls, names)).await??;
    let listener = TcpListener::bind(asked).map_err(bind_error)?;
    let address = listener.local_addr().map_err(bind_error)?;
    let plain = axum_server::from_tcp(listener).map_err(bind_error)?;

    let (router, stop) = app::router(server);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    let handle = Handle::new();
    tokio::spawn({
        let handle = handle.clone();
        async move {
            shutdown.await;
            stop.cancel();
            handle.graceful_shutdown(Some(LAST_ANSWERS));
        }
    });
    let plain = bounded(plain.handle(handle));
    let task = match certificates.shown() {
        None => tokio::spawn(plain.acceptor(Door::new()).serve(service)),
        Some(config) => {
            let acceptor = RustlsAcceptor::new(config).handshake_timeout(TLS_HANDSHAKE);
            tokio::spawn(plain.acceptor(acceptor.acceptor(Door::new())).serve(service))
        }
    };
    Ok(Running { address, certificates, task })
}

fn bounded<A: Address>(mut server: axum_server::Server<A>) -> axum_server::Server<A> {
    let builder = server.http_builder();
    builder.http1().header_read_timeout(Some(REQUEST_HEADERS)).max_buf_size(64 * 1024);
    builder.http2().max_concurrent_streams(Some(STREAMS)).max_header_list_size(16 * 1024);
    server.first_request_timeout(FIRST_REQUEST).accept_error_handler(|_, cause| {
        metrics::counter!("siaga_http_accept_errors_total").increment(1);
        tracing::debug!(%cause, "a connection was not accepted");
    })
}

/// The names people may type for this server, as far as the settings tell.
fn certificate_names(config: &crate::Config) -> Vec<String> {
    let mut names = Vec::new();
    if !config.listen.ip().is_unspecified() {
        names.push(config.listen.ip().to_string());
    }
    let authority = config.public_origin().and_then(|origin| origin.split_once("://")).map(|(_, authority)| authority);
    if let Some(authority) = authority {
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => authority,
        };
        names.push(host.trim_matches(['[', ']']).to_owned());
    }
    names
}
