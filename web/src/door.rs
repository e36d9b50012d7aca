//! The door of the listener: so many connections at once and no more, each without Nagle's delay, so that a small event is
//! sent at once.

use axum_server::accept::Accept;
use std::future::{Ready, ready};
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::Service;

/// Connections at once. A connection that has become a live socket is counted there instead.
const CONNECTIONS: usize = 2048;

/// Lets connections in while there is room; past that they are closed at once and counted.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    room: Arc<Semaphore>,
}

impl Door {
    pub(crate) fn new() -> Self {
        Self { room: Arc::new(Semaphore::new(CONNECTIONS)) }
    }
}

impl<S> Accept<TcpStream, S> for Door {
    type Stream = TcpStream;
    type Service = Inside<S>;
    type Future = Ready<io::Result<(TcpStream, Inside<S>)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let Ok(permit) = self.room.clone().try_acquire_owned() else {
            metrics::counter!("siaga_http_connections_refused_total").increment(1);
            return ready(Err(io::Error::other("too many connections")));
        };
        let inside = Inside { service, _permit: Arc::new(permit) };
        ready(stream.set_nodelay(true).map(|()| (stream, inside)))
    }
}

/// The service of one connection, which holds its place as long as it lives.
#[derive(Debug, Clone)]
pub(crate) struct Inside<S> {
    service: S,
    _permit: Arc<OwnedSemaphorePermit>,
}

impl<R, S: Service<R>> Service<R> for Inside<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.service.call(request)
    }
}
