//! The voices of generated calls: RTP out every 20 ms for each leg, and a count of what the server passed on. One thread sends, one
//! receives; a few sockets serve all legs, because the server gives every leg a port of its own and the stamps tell whose a packet is.

mod arrival;
mod receiver;
mod sender;
pub mod stamp;

use super::histogram::Histogram;
use crate::clock;
use anyhow::Context;
use jiff::Timestamp;
use mio::net::UdpSocket;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Sockets of each side; each holds what arrives while the receiver is busy with the others.
const SOCKETS: usize = 16;
/// What the system is asked to hold for a socket; it may grant less.
const RECEIVE_BUFFER: usize = 1 << 20;
/// Orders that may wait for the sender, which takes them every millisecond.
const ORDERS: usize = 8_192;

/// Voices of up to so many legs. The threads end when this is dropped.
pub struct Voices {
    shared: Arc<Shared>,
    orders: SyncSender<Order>,
    addresses: Vec<SocketAddr>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    start: Instant,
    /// The same moment by the system's clock, which arrivals are noted by.
    start_of_day: Timestamp,
    legs: Vec<Leg>,
    window: Window,
    delays: Mutex<Histogram>,
    /// Packets of the server's own sounds.
    others: AtomicU64,
    unsent: AtomicU64,
    stopping: AtomicBool,
}

/// The counts of one leg's voice; those of the window are of packets that were sent in it.
#[derive(Default)]
struct Leg {
    sent: AtomicU32,
    sent_in_window: AtomicU32,
    received_in_window: AtomicU32,
}

impl Leg {
    fn is_unheard(&self) -> bool {
        self.sent_in_window.load(Ordering::Relaxed) > 0 && self.received_in_window.load(Ordering::Relaxed) == 0
    }
}

/// Which packets are counted, by the time they are sent.
struct Window {
    from: AtomicU32,
    to: AtomicU32,
}

impl Window {
    fn holds(&self, micros: u32) -> bool {
        (self.from.load(Ordering::Relaxed)..self.to.load(Ordering::Relaxed)).contains(&micros)
    }
}

enum Order {
    Speak { leg: u16, to: SocketAddr },
    BeSilent { leg: u16 },
}

/// What was counted in the window.
#[derive(Debug, Clone, Default)]
pub struct Passed {
    pub sent: u64,
    pub received: u64,
    pub delays: Histogram,
    /// Packets that the generator itself could not send.
    pub unsent: u64,
    /// Legs whose voice nobody heard at all.
    pub unheard: Vec<usize>,
}

impl Passed {
    pub fn lost(&self) -> u64 {
        self.sent.saturating_sub(self.received)
    }
}

impl Voices {
    pub fn start(legs: u16) -> anyhow::Result<Self> {
        let sockets = (0..SOCKETS).map(|_| open()).collect::<anyhow::Result<Vec<_>>>()?;
        let addresses = sockets.iter().map(UdpSocket::local_addr).collect::<Result<Vec<_>, _>>()?;
        let shared = Arc::new(Shared {
            start: clock::instant(),
            start_of_day: clock::now(),
            legs: (0..legs).map(|_| Leg::default()).collect(),
            window: Window { from: AtomicU32::new(0), to: AtomicU32::new(0) },
            delays: Mutex::default(),
            others: AtomicU64::new(0),
            unsent: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
        });
        let (orders, taken) = sync_channel(ORDERS);
        let sockets = Arc::new(sockets);
        let receiver = receiver::Receiver::new(shared.clone(), sockets.clone())?;
        let sender = sender::Sender::new(shared.clone(), sockets, taken);
        let threads = vec![
            std::thread::Builder::new().name("bench-sends".into()).spawn(move || sender.run())?,
            std::thread::Builder::new().name("bench-hears".into()).spawn(move || receiver.run())?,
        ];
        Ok(Self { shared, orders, addresses, threads })
    }

    /// Where a leg takes voice.
    pub fn address(&self, leg: u16) -> Option<SocketAddr> {
        self.addresses.get(usize::from(leg) % SOCKETS).copied()
    }

    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The leg speaks to this address, from its next turn on.
    pub fn speak(&self, leg: u16, to: SocketAddr) {
        // Only a generator that is stopping has no sender.
        let _ = self.orders.send(Order::Speak { leg, to });
    }

    pub fn be_silent(&self, leg: u16) {
        let _ = self.orders.send(Order::BeSilent { leg });
    }

    /// From now on packets are counted.
    pub fn open_window(&self) {
        self.shared.window.to.store(u32::MAX, Ordering::Relaxed);
        self.shared.window.from.store(micros(self.shared.start), Ordering::Relaxed);
    }

    /// Packets sent from now on are not counted; those on their way are.
    pub fn close_window(&self) {
        self.shared.window.to.store(micros(self.shared.start), Ordering::Relaxed);
    }

    pub fn passed(&self) -> Passed {
        let sum = |count: fn(&Leg) -> &AtomicU32| {
            self.shared.legs.iter().map(|leg| u64::from(count(leg).load(Ordering::Relaxed))).sum()
        };
        Passed {
            sent: sum(|leg| &leg.sent_in_window),
            received: sum(|leg| &leg.received_in_window),
            delays: self.shared.delays().clone(),
            unsent: self.shared.unsent.load(Ordering::Relaxed),
            unheard: self.shared.legs.iter().enumerate().filter(|(_, leg)| leg.is_unheard()).map(|(leg, _)| leg).collect(),
        }
    }

    /// The way of another kind of far end, such as an operator's, to count what it heard.
    pub fn ear(&self) -> Ear {
        Ear { shared: self.shared.clone() }
    }
}

impl Drop for Voices {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // A thread that has panicked has said so.
            let _ = thread.join();
        }
    }
}

/// Counts what was heard, and numbers and counts what is said, by a far end with a transport of its own.
#[derive(Clone)]
pub struct Ear {
    shared: Arc<Shared>,
}

impl Ear {
    pub fn heard(&self, stamp: stamp::Stamp) {
        let mut delays = self.shared.delays();
        self.shared.count(stamp, None, &mut delays);
    }

    /// The next packet of a leg, counted as sent.
    pub fn next(&self, leg: u16) -> Option<stamp::Stamp> {
        self.shared.next(leg)
    }
}

impl Shared {
    fn delays(&self) -> MutexGuard<'_, Histogram> {
        self.delays.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, leg: u16) -> Option<stamp::Stamp> {
        let counts = self.legs.get(usize::from(leg))?;
        let micros = micros(self.start);
        if self.window.holds(micros) {
            counts.sent_in_window.fetch_add(1, Ordering::Relaxed);
        }
        Some(stamp::Stamp { leg, number: counts.sent.fetch_add(1, Ordering::Relaxed), micros })
    }

    /// Microseconds from the start to this time of the system's clock.
    fn since_start(&self, at: Duration) -> u32 {
        let start = u128::try_from(self.start_of_day.as_microsecond()).unwrap_or_default();
        at.as_micros().saturating_sub(start) as u32
    }

    /// `arrived`: in microseconds since the start; without it, now.
    fn count(&self, stamp: stamp::Stamp, arrived: Option<u32>, delays: &mut Histogram) {
        if self.window.holds(stamp.micros)
            && let Some(leg) = self.legs.get(usize::from(stamp.leg))
        {
            leg.received_in_window.fetch_add(1, Ordering::Relaxed);
            let delay = arrived.unwrap_or_else(|| micros(self.start)).saturating_sub(stamp.micros);
            delays.add(Duration::from_micros(delay.into()));
        }
    }
}

/// Microseconds since `start`; a run of the generator is shorter than the 71 minutes that fit.
fn micros(start: Instant) -> u32 {
    clock::instant().saturating_duration_since(start).as_micros() as u32
}

fn open() -> anyhow::Result<UdpSocket> {
    let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("no port for a generated voice")?;
    socket.set_nonblocking(true)?;
    let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER);
    arrival::note(&socket).context("the system does not say when datagrams come")?;
    Ok(UdpSocket::from_std(socket))
}
