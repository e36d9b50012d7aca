//! The thread with the generator's two SIP sockets: callers on one, far ends that take the server's calls on the other. It runs the
//! state machines of `sip` and lets the voices speak; which calls are made and when is decided by whoever holds the [`Exchange`].

use super::sip::answered::Answered;
use super::sip::caller::{Caller, Places};
use super::sip::message::{Reading, Start, read};
use super::sip::plan::Plan;
use super::sip::{Fact, Output};
use super::voice::Voices;
use crate::clock;
use anyhow::Context;
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

const CALLERS: Token = Token(0);
const FAR_ENDS: Token = Token(1);
/// Orders are looked for this often.
const TURN: Duration = Duration::from_millis(1);
const ORDERS: usize = 8_192;
/// Facts that may wait for whoever measures, who reads all the time; past it the exchange waits.
const FACTS: usize = 65_536;
const RECEIVE_BUFFER: usize = 8 << 20;
/// The largest message that is read; the server's are far smaller.
const LARGEST: usize = 8_192;

pub enum Order {
    Begin { number: u32, plan: Plan },
    HangUpAll,
}

/// A fact, whose it is, and when it became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    pub who: Who,
    pub voice: Option<u16>,
    pub at: Instant,
    pub fact: Fact,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// A caller, by the number it was begun with.
    Caller(u32),
    /// The far end of a call that the server made.
    FarEnd(u32),
}

/// When the far end of a taken call hangs up; `None`: never.
pub type FarEndPlan = Box<dyn FnMut() -> Option<Duration> + Send>;

pub struct Settings {
    pub server: SocketAddr,
    pub voices: Option<Arc<Voices>>,
    pub far_end: FarEndPlan,
}

/// The handle; the thread ends when it is dropped.
pub struct Exchange {
    orders: SyncSender<Order>,
    facts: Receiver<Told>,
}

impl Exchange {
    /// Binds both sockets, so that the server can be told of them before it is started.
    pub fn bind() -> anyhow::Result<Sockets> {
        let open = || {
            let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("no port for the generator")?;
            socket.set_nonblocking(true)?;
            // The system may grant less.
            let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER);
            anyhow::Ok(UdpSocket::from_std(socket))
        };
        let sink = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("no port for the generator")?;
        Ok(Sockets { callers: open()?, far_ends: open()?, sink })
    }

    /// What was told since the last time.
    pub fn told(&self) -> impl Iterator<Item = Told> {
        self.facts.try_iter()
    }

    pub fn order(&self, order: Order) {
        // The thread ends only with this handle, or by a panic that has been told.
        let _ = self.orders.send(order);
    }
}

pub struct Sockets {
    callers: UdpSocket,
    far_ends: UdpSocket,
    /// Where callers without a voice take the server's; never read, so that the system drops it.
    sink: std::net::UdpSocket,
}

impl Sockets {
    pub fn far_end(&self) -> std::io::Result<SocketAddr> {
        self.far_ends.local_addr()
    }

    pub fn start(mut self, settings: Settings) -> anyhow::Result<Exchange> {
        let poll = Poll::new()?;
        poll.registry().register(&mut self.callers, CALLERS, Interest::READABLE)?;
        poll.registry().register(&mut self.far_ends, FAR_ENDS, Interest::READABLE)?;
        let (orders, taken) = sync_channel(ORDERS);
        let (tell, facts) = sync_channel(FACTS);
        let (caller, voice) = (self.callers.local_addr()?, self.sink.local_addr()?);
        let clerk = Clerk {
            poll,
            places: Places { server: settings.server, caller, voice },
            sockets: self,
            run: crate::clock::new_id().as_u64_pair().1,
            voices: settings.voices,
            plan_far_end: settings.far_end,
            orders: taken,
            facts: tell,
            callers: HashMap::new(),
            far_ends: HashMap::new(),
            by_call_id: HashMap::new(),
            taken: 0,
            free: Vec::new(),
            used: 0,
            timers: BinaryHeap::new(),
        };
        std::thread::Builder::new().name("bench-sip".into()).spawn(move || clerk.run())?;
        Ok(Exchange { orders, facts })
    }
}

struct Clerk {
    poll: Poll,
    sockets: Sockets,
    places: Places,
    run: u64,
    voices: Option<Arc<Voices>>,
    plan_far_end: FarEndPlan,
    orders: Receiver<Order>,
    facts: SyncSender<Told>,
    callers: HashMap<u32, Line<Caller>>,
    far_ends: HashMap<u32, Line<Answered>>,
    by_call_id: HashMap<String, u32>,
    /// Calls of the server's taken so far.
    taken: u32,
    /// Voices that are free again, and how many were ever used.
    free: Vec<u16>,
    used: u16,
    timers: BinaryHeap<Reverse<(Instant, Who)>>,
}

struct Line<T> {
    call: T,
    voice: Option<u16>,
    /// The timer that stands for it.
    queued: Option<Instant>,
}

impl Clerk {
    fn run(mut self) {
        let mut events = Events::with_capacity(8);
        loop {
            if let Err(error) = self.poll.poll(&mut events, Some(TURN))
                && error.kind() != std::io::ErrorKind::Interrupted
            {
                return tracing::error!(%error, "the generator cannot wait for messages");
            }
            for token in events.iter().map(|event| event.token()).collect::<Vec<_>>() {
                self.receive(token);
            }
            loop {
                match self.orders.try_recv() {
                    Ok(order) => self.obey(order),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            self.fire();
        }
    }

    fn obey(&mut self, order: Order) {
        let now = clock::instant();
        match order {
            Order::Begin { number, plan } => {
                let voice = self.take_voice();
                let address = voice.and_then(|leg| self.voices.as_ref()?.address(leg));
                let places = Places { voice: address.unwrap_or(self.places.voice), ..self.places };
                let call = Caller::new(now, number, self.run, places, plan);
                self.callers.insert(number, Line { call, voice, queued: None });
                self.settle(now, Who::Caller(number));
            }
            Order::HangUpAll => {
                for number in self.callers.keys().copied().collect::<Vec<_>>() {
                    if let Some(line) = self.callers.get_mut(&number) {
                        line.call.hang_up(now);
                    }
                    self.settle(now, Who::Caller(number));
                }
            }
        }
    }

    fn receive(&mut self, token: Token) {
        let mut buffer = [0; LARGEST];
        loop {
            let socket = if token == CALLERS { &self.sockets.callers } else { &self.sockets.far_ends };
            match socket.recv_from(&mut buffer) {
                Ok((length, _)) => {
                    if let Some(message) = read(buffer.get(..length).unwrap_or_default()) {
                        self.hear(token, &message);
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return,
                // An ICMP error of something sent before.
                Err(_) => {}
            }
        }
    }

    fn hear(&mut self, token: Token, message: &Reading<'_>) {
        let now = clock::instant();
        if token == CALLERS {
            let Some(number) = Caller::number_in(message.call_id) else { return };
            let Some(line) = self.callers.get_mut(&number) else { return };
            line.call.handle(now, message);
            return self.settle(now, Who::Caller(number));
        }
        if let Some(number) = self.by_call_id.get(message.call_id).copied() {
            if let Some(line) = self.far_ends.get_mut(&number) {
                line.call.handle(now, message);
                self.settle(now, Who::FarEnd(number));
            }
        } else if message.start == Start::Request("INVITE") {
            self.take(now, message);
        }
    }

    fn take(&mut self, now: Instant, invite: &Reading<'_>) {
        let number = self.taken;
        let voice = self.take_voice();
        let (Ok(contact), Some(voices)) = (self.sockets.far_ends.local_addr(), &self.voices) else { return };
        let Some(address) = voice.and_then(|leg| voices.address(leg)) else { return };
        let hangs_up_after = (self.plan_far_end)();
        let Some(call) = Answered::take(now, invite, number, contact, address, hangs_up_after) else { return };
        self.taken += 1;
        self.by_call_id.insert(invite.call_id.to_string(), number);
        self.far_ends.insert(number, Line { call, voice, queued: None });
        self.settle(now, Who::FarEnd(number));
    }

    fn take_voice(&mut self) -> Option<u16> {
        self.voices.as_ref()?;
        self.free.pop().or_else(|| {
            let leg = self.used;
            self.used = leg.checked_add(1)?;
            Some(leg)
        })
    }

    fn fire(&mut self) {
        let now = clock::instant();
        while let Some(Reverse((at, who))) = self.timers.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            self.timers.pop();
            let wanted = match who {
                Who::Caller(number) => self.callers.get_mut(&number).map(|line| wake(line, at, |call| call.handle_timeout(now))),
                Who::FarEnd(number) => self.far_ends.get_mut(&number).map(|line| wake(line, at, |call| call.handle_timeout(now))),
            };
            if wanted == Some(true) {
                self.settle(now, who);
            }
        }
    }

    /// Does what a call wants, and forgets it when it wants nothing more.
    fn settle(&mut self, now: Instant, who: Who) {
        let (outputs, timeout, forgotten, voice, queued) = match who {
            Who::Caller(number) => {
                let Some(Line { call, voice, queued }) = self.callers.get_mut(&number) else { return };
                let outputs: Vec<Output> = std::iter::from_fn(|| call.poll_output()).collect();
                (outputs, call.poll_timeout(), call.is_forgotten(now), *voice, queued)
            }
            Who::FarEnd(number) => {
                let Some(Line { call, voice, queued }) = self.far_ends.get_mut(&number) else { return };
                let outputs: Vec<Output> = std::iter::from_fn(|| call.poll_output()).collect();
                (outputs, call.poll_timeout(), call.is_forgotten(now), *voice, queued)
            }
        };
        if let Some(at) = timeout
            && queued.is_none_or(|queued| at < queued)
        {
            *queued = Some(at);
            self.timers.push(Reverse((at, who)));
        }
        for output in outputs {
            self.carry_out(now, who, voice, output);
        }
        if forgotten {
            self.forget(who, voice);
        }
    }

    fn carry_out(&mut self, now: Instant, who: Who, voice: Option<u16>, output: Output) {
        match output {
            Output::Send(text) => {
                let socket = if matches!(who, Who::Caller(_)) { &self.sockets.callers } else { &self.sockets.far_ends };
                // What does not go is sent again in its time.
                let _ = socket.send_to(text.as_bytes(), self.places.server);
            }
            Output::Fact(fact) => {
                if let (Some(voices), Some(leg)) = (&self.voices, voice) {
                    match fact {
                        Fact::Answered { audio } => voices.speak(leg, audio),
                        Fact::Ended(_) => voices.be_silent(leg),
                        _ => {}
                    }
                }
                // Nobody measures any more when this fails.
                let _ = self.facts.send(Told { who, voice, at: now, fact });
            }
        }
    }

    fn forget(&mut self, who: Who, voice: Option<u16>) {
        self.free.extend(voice);
        match who {
            Who::Caller(number) => {
                self.callers.remove(&number);
            }
            Who::FarEnd(number) => {
                if let Some(line) = self.far_ends.remove(&number) {
                    self.by_call_id.remove(line.call.call_id());
                }
            }
        }
    }
}

/// Lets a call have its timer, if it is the one that stands for it.
fn wake<T>(line: &mut Line<T>, at: Instant, handle: impl FnOnce(&mut T)) -> bool {
    let due = line.queued == Some(at);
    if due {
        line.queued = None;
        handle(&mut line.call);
    }
    due
}
