//! The thread that hears for all legs.

use super::Shared;
use super::arrival::{self, Arrival};
use super::stamp::Stamp;
use mio::net::UdpSocket;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use nix::errno::Errno;
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Between two looks. A thread that slept until something comes would be woken for every datagram, and the waking is work of who sends it: the
/// server. When a datagram came the system notes, so nothing is late by this.
const REST: Duration = Duration::from_millis(1);
/// How soon the thread notices that it is to stop.
const LOOK_UP: Duration = Duration::from_millis(100);

pub(super) struct Receiver {
    shared: Arc<Shared>,
    sockets: Arc<Vec<UdpSocket>>,
    poll: Poll,
}

impl Receiver {
    pub fn new(shared: Arc<Shared>, sockets: Arc<Vec<UdpSocket>>) -> std::io::Result<Self> {
        let poll = Poll::new()?;
        for (n, socket) in sockets.iter().enumerate() {
            poll.registry().register(&mut SourceFd(&socket.as_raw_fd()), Token(n), Interest::READABLE)?;
        }
        Ok(Self { shared, sockets, poll })
    }

    pub fn run(mut self) {
        let mut events = Events::with_capacity(64);
        while !self.shared.stopping.load(Ordering::Relaxed) {
            match self.poll.poll(&mut events, Some(LOOK_UP)) {
                Ok(()) => {}
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return tracing::error!(%error, "the generator cannot hear any more"),
            }
            self.hear(&events);
            std::thread::sleep(REST);
        }
    }

    /// Takes all that is there.
    fn hear(&self, events: &Events) {
        let mut delays = self.shared.delays();
        for event in events {
            let Some(socket) = self.sockets.get(event.token().0) else { continue };
            let mut buffer = [0; 512];
            loop {
                match arrival::receive(socket, &mut buffer) {
                    Ok(Arrival { length, at }) => match Stamp::of_datagram(buffer.get(..length).unwrap_or_default()) {
                        Some(stamp) => self.shared.count(stamp, at.map(|at| self.shared.since_start(at)), &mut delays),
                        None => {
                            self.shared.others.fetch_add(1, Ordering::Relaxed);
                        }
                    },
                    Err(Errno::EAGAIN) => break,
                    // An ICMP error of something sent to a port that is closed by now.
                    Err(_) => {}
                }
            }
        }
    }
}
