//! A media thread: its legs, its sockets, one poll loop. Nothing in it waits for anything but the poll.
//!
//! All members of a room live in the same shard, so no packet ever crosses threads. All operators live in the first one, which
//! receives their port; a trunk leg begins in any, and moves with its whole room when it comes together with somebody elsewhere.

mod aside;
mod command;
mod joins;
mod keys;
mod last_word;
mod moves;
mod operators;
mod outlet;
mod sounds;
mod texts;
mod timers;
mod trunks;
mod wire;

pub(crate) use command::Command;
pub(crate) use moves::Moved;

use crate::clock;
use crate::config::Addresses;
use crate::error::StartError;
use crate::event::Event;
use crate::operator::Demux;
use crate::packet::StreamId;
use crate::places::OPERATORS;
use crate::ports::PortPool;
use crate::room::{Mixed, Room};
use crate::tap::TapOutlet;
use crate::trunk::Port;
use mio::{Poll, Registry, Token, Waker};
use operators::Operator;
use outlet::EventOutlet;
use rustc_hash::FxHashMap;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};
use timers::{Timer, Timers};
use trunks::Trunk;
use uuid::Uuid;
use wire::{Bound, Nth, Wire};

const WAKE: Token = Token(0);
const WEBRTC: Token = Token(1);
const FIRST_TRUNK: usize = WEBRTC.0 + Wire::TOKENS;
/// Housekeeping is done this often while there are legs.
const HOUSEKEEPING: Duration = Duration::from_millis(100);
/// What one socket, or the command queue, may take of one turn before the others have theirs.
const DATAGRAMS_PER_TURN: usize = 64;
const COMMANDS_PER_TURN: usize = 32;
/// Nothing we take is longer than a datagram of an Ethernet; what is longer is cut by the system and refused as oversized.
const MAX_RECEIVED: usize = 2_048;
const WEBRTC_BUFFER: usize = 2 * 1024 * 1024;

/// Numbers sources of packets over all shards: legs and plays of sounds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sources(Arc<AtomicU32>);

impl Sources {
    pub fn next(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }

    fn next_stream(&self) -> StreamId {
        StreamId::new(self.next(), 0)
    }
}

pub(crate) struct Shard {
    poll: Poll,
    registry: Registry,
    commands: Receiver<Command>,
    addresses: Addresses,
    webrtc: Wire,
    // Nobody outside chooses a key of these, and every packet looks into most of them: a quick hash will do.
    trunks: FxHashMap<Uuid, Trunk>,
    watched: FxHashMap<Token, Watched>,
    operators: FxHashMap<Uuid, Operator>,
    /// By the leg that is recorded.
    rooms: FxHashMap<Uuid, Room>,
    /// What is being mixed, kept for its memory.
    mixed: Vec<Mixed>,
    demux: Demux,
    ports: PortPool,
    timers: Timers,
    events: EventOutlet,
    taps: TapOutlet,
    sources: Sources,
    next_token: usize,
    /// Sockets that had more than one turn's worth: the poll tells of new data only.
    backlog: Vec<Token>,
    stopping: bool,
}

/// Whose a socket of a trunk leg is.
#[derive(Debug, Clone, Copy)]
enum Watched {
    Voice { leg: Uuid, port: Port, nth: Nth },
    Text { leg: Uuid, nth: Nth },
}

/// The operators' one port. Every shard may send from it; one receives.
pub(crate) struct WebRtc {
    wire: Wire,
    receives: bool,
}

impl WebRtc {
    /// Binds the port for `shards` shards, the first of which receives; and where it is bound.
    pub fn bind(addresses: Addresses, port: u16, shards: usize) -> Result<(Vec<WebRtc>, Vec<SocketAddr>), StartError> {
        let bound = Bound::at(addresses, port).map_err(|(address, source)| StartError::Bind { address, source })?;
        for socket in bound.sockets() {
            let _ = socket2::SockRef::from(socket).set_recv_buffer_size(WEBRTC_BUFFER);
        }
        let of = |shard| Ok(WebRtc { wire: Wire::of(bound.try_clone()?), receives: shard == OPERATORS });
        Ok(((0..shards).map(of).collect::<std::io::Result<_>>()?, bound.addresses()))
    }
}

/// What all shards share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub addresses: Addresses,
    pub ports: PortPool,
    pub events: tokio::sync::mpsc::Sender<Event>,
    pub taps: TapOutlet,
    pub sources: Sources,
}

impl Shard {
    /// A shard, to be `run` on a thread, and its waker.
    pub fn new(shared: Shared, webrtc: WebRtc, commands: Receiver<Command>) -> Result<(Shard, Waker), StartError> {
        let Shared { addresses, ports, events, taps, sources } = shared;
        let WebRtc { wire: mut webrtc, receives } = webrtc;
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let waker = Waker::new(&registry, WAKE)?;
        if receives {
            webrtc.register(&registry, WEBRTC)?;
        }
        let shard = Shard {
            poll,
            registry,
            commands,
            addresses,
            webrtc,
            trunks: FxHashMap::default(),
            watched: FxHashMap::default(),
            operators: FxHashMap::default(),
            rooms: FxHashMap::default(),
            mixed: Vec::new(),
            demux: Demux::default(),
            ports,
            timers: Timers::default(),
            events: EventOutlet::new(events),
            taps,
            sources,
            next_token: FIRST_TRUNK,
            backlog: Vec::new(),
            stopping: false,
        };
        Ok((shard, waker))
    }

    /// Works until told to shut down, or until nobody can tell any more.
    pub fn run(mut self) {
        let mut ready = mio::Events::with_capacity(256);
        let mut turn = Vec::new();
        let mut buffer = [0; MAX_RECEIVED];
        while !self.stopping {
            let wait = if self.backlog.is_empty() { self.timers.wait(clock::now()) } else { Some(Duration::ZERO) };
            match self.poll.poll(&mut ready, wait) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => {
                    tracing::error!(%error, "the media thread cannot wait for packets and ends");
                    break;
                }
            }
            turn.append(&mut self.backlog);
            turn.extend(ready.iter().map(|event| event.token()));
            for token in turn.drain(..) {
                match token {
                    WAKE => self.take_commands(),
                    webrtc if webrtc.0 < FIRST_TRUNK => self.webrtc_readable(webrtc, &mut buffer),
                    trunk => match self.watched.get(&trunk).copied() {
                        Some(Watched::Voice { leg, port, nth }) => self.trunk_readable(trunk, leg, (port, nth), &mut buffer),
                        Some(Watched::Text { leg, nth }) => self.text_readable(trunk, leg, nth, &mut buffer),
                        // It was closed, or went to another thread, in this turn.
                        None => {}
                    },
                }
            }
            self.fire_timers();
        }
        self.close_all(clock::now());
    }

    fn take_commands(&mut self) {
        for _ in 0..COMMANDS_PER_TURN {
            if self.stopping {
                return;
            }
            match self.commands.try_recv() {
                Ok(command) => self.apply(command),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    self.stopping = true;
                    return;
                }
            }
        }
        self.backlog.push(WAKE);
    }

    fn fire_timers(&mut self) {
        let now = clock::now();
        while let Some(timer) = self.timers.fire(now) {
            match timer {
                Timer::Housekeeping => self.keep_house(now),
                Timer::TrunkSound(leg) => self.sound_on_trunk(now, leg),
                Timer::Digits(leg) => self.dial_on_trunk(now, leg),
                Timer::Text(leg) => self.text_due(now, leg),
                Timer::Room(call) => self.mix(now, call),
                Timer::OperatorSound(operator) => self.sound_on_operator(now, operator),
                Timer::PeerConnection(operator) => self.peer_connection_due(now, operator),
            }
        }
    }

    /// Looks after what need not be exact.
    fn keep_house(&mut self, now: Instant) {
        self.events.retry();
        self.taps.retry();
        self.look_after_trunks(now);
        self.look_after_rooms(now);
        self.look_after_operators(now);
        if !self.trunks.is_empty() || !self.operators.is_empty() {
            self.timers.set(Timer::Housekeeping, now + HOUSEKEEPING);
        }
    }

    /// Starts housekeeping when the first leg comes.
    fn wake_house(&mut self, now: Instant) {
        if !self.timers.is_set(Timer::Housekeeping) {
            self.timers.set(Timer::Housekeeping, now + HOUSEKEEPING);
        }
    }

    fn close_all(&mut self, now: Instant) {
        for leg in self.trunks.keys().copied().collect::<Vec<_>>() {
            self.close_trunk(now, leg);
        }
        for operator in self.operators.keys().copied().collect::<Vec<_>>() {
            self.forget_operator(now, operator);
        }
    }
}
