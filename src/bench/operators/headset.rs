//! The operators' headsets: peer connections made of str0m, all on one thread, that speak PCMA with stamps and count what they hear.

use super::super::voice::Ear;
use super::super::voice::stamp::Stamp;
use crate::clock;
use anyhow::Context;
use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::media::{Direction, MediaKind, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc};
use tokio::sync::oneshot;

const PCMA: u8 = 8;
const FRAME: Duration = Duration::from_millis(20);
const FRAME_SAMPLES: u32 = 160;
const TURN: Duration = Duration::from_millis(1);
const RECEIVE_BUFFER: usize = 1 << 20;
/// How long a peer connection may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// All headsets; their thread ends when this is dropped.
pub struct Headsets {
    orders: SyncSender<Order>,
    stopping: Arc<AtomicBool>,
}

struct Order {
    headset: u16,
    answer: String,
    connected: oneshot::Sender<()>,
}

/// The way to one headset.
pub struct Plug {
    headset: u16,
    orders: SyncSender<Order>,
}

struct Headset {
    rtc: Rtc,
    socket: UdpSocket,
    local: SocketAddr,
    pending: Option<SdpPendingOffer>,
    mid: Mid,
    leg: u16,
    /// Told once the connection is up.
    connected: Option<oneshot::Sender<()>>,
    speaks: bool,
    said: u64,
    due: Instant,
    timeout: Instant,
}

struct Worker {
    headsets: Vec<Headset>,
    poll: Poll,
    orders: Receiver<Order>,
    stopping: Arc<AtomicBool>,
    ear: Ear,
}

impl Headsets {
    /// Opens so many, and gives their offers.
    pub fn open(count: u16, first_leg: u16, ear: Ear) -> anyhow::Result<(Self, Vec<String>)> {
        let poll = Poll::new()?;
        let mut headsets = Vec::new();
        let mut offers = Vec::new();
        for n in 0..count {
            let (mut headset, offer) = Headset::open(first_leg.saturating_add(n))?;
            poll.registry().register(&mut headset.socket, Token(usize::from(n)), Interest::READABLE)?;
            headsets.push(headset);
            offers.push(offer);
        }
        let (orders, taken) = sync_channel(usize::from(count).max(1));
        let stopping = Arc::new(AtomicBool::new(false));
        let worker = Worker { headsets, poll, orders: taken, stopping: stopping.clone(), ear };
        std::thread::Builder::new().name("bench-headsets".into()).spawn(move || worker.run())?;
        Ok((Self { orders, stopping }, offers))
    }

    pub fn plug(&self, headset: u16) -> Plug {
        Plug { headset, orders: self.orders.clone() }
    }
}

impl Drop for Headsets {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
    }
}

impl Plug {
    /// Gives the server's answer to the headset, and waits until it is connected.
    pub async fn connect(self, answer: String) -> anyhow::Result<()> {
        let (connected, up) = oneshot::channel();
        // There is room for one order of each headset.
        let _ = self.orders.try_send(Order { headset: self.headset, answer, connected });
        tokio::time::timeout(PATIENCE, up).await.context("a headset does not connect in time")?.context("a headset was refused")
    }
}

impl Headset {
    fn open(leg: u16) -> anyhow::Result<(Self, String)> {
        let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).context("no port for a headset")?;
        socket.set_nonblocking(true)?;
        let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER);
        let local = socket.local_addr()?;
        let now = clock::instant();
        let mut rtc = Rtc::builder().set_rtp_mode(true).clear_codecs().enable_pcma(true, false).build(now);
        rtc.add_local_candidate(Candidate::host(local, "udp")?);
        let mut changes = rtc.sdp_api();
        let mid = changes.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = changes.apply().context("a headset makes no offer")?;
        let headset = Self {
            rtc,
            socket: UdpSocket::from_std(socket),
            local,
            pending: Some(pending),
            mid,
            leg,
            connected: None,
            speaks: false,
            said: 0,
            due: now,
            timeout: now,
        };
        Ok((headset, offer.to_sdp_string()))
    }

    fn answer(&mut self, now: Instant, answer: &str, connected: oneshot::Sender<()>, ear: &Ear) -> anyhow::Result<()> {
        let answer = SdpAnswer::from_sdp_string(answer)?;
        let pending = self.pending.take().context("an answer came twice")?;
        self.rtc.sdp_api().accept_answer(pending, answer)?;
        self.connected = Some(connected);
        // The headsets speak one after the other and not all at once.
        self.due = now + Duration::from_millis(u64::from(self.leg) % 20);
        self.drain(ear);
        Ok(())
    }

    fn receive(&mut self, ear: &Ear) {
        let mut buffer = [0; 2_048];
        loop {
            match self.socket.recv_from(&mut buffer) {
                Ok((length, source)) => {
                    let datagram = buffer.get(..length).unwrap_or_default();
                    let Ok(receive) = Receive::new(Protocol::Udp, source, self.local, datagram) else { continue };
                    // What str0m cannot use is not the server's voice.
                    let _ = self.rtc.handle_input(Input::Receive(clock::instant(), receive));
                    self.drain(ear);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => {}
            }
        }
    }

    fn tick(&mut self, now: Instant, ear: &Ear) {
        if now >= self.timeout {
            let _ = self.rtc.handle_input(Input::Timeout(now));
            self.drain(ear);
        }
        if !self.speaks || now < self.due {
            return;
        }
        self.due += FRAME;
        let Some(stamp) = ear.next(self.leg) else { return };
        let timestamp = (self.said as u32).wrapping_mul(FRAME_SAMPLES);
        self.said += 1;
        let write = RtpWrite::new(Pt::new_with_value(PCMA), self.said.into(), timestamp, now, stamp.payload().to_vec());
        if let Some(stream) = self.rtc.direct_api().stream_tx_by_mid(self.mid, None) {
            stream.write_rtp(write);
            // str0m sends with its next look at the time.
            let _ = self.rtc.handle_input(Input::Timeout(now));
            self.drain(ear);
        }
    }

    fn drain(&mut self, ear: &Ear) {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    self.timeout = at;
                    break;
                }
                Ok(Output::Transmit(datagram)) => {
                    let _ = self.socket.send_to(&datagram.contents, datagram.destination);
                }
                Ok(Output::Event(Event::RtpPacket(packet))) => {
                    if let Some(stamp) = Stamp::of_payload(&packet.payload) {
                        ear.heard(stamp);
                    }
                }
                Ok(Output::Event(Event::Connected)) => {
                    self.speaks = true;
                    if let Some(connected) = self.connected.take() {
                        let _ = connected.send(());
                    }
                }
                Ok(Output::Event(_)) => {}
                Err(error) => {
                    tracing::error!(%error, "a generated headset broke");
                    self.speaks = false;
                    self.timeout = clock::instant() + PATIENCE;
                    break;
                }
            }
        }
    }
}

impl Worker {
    fn run(mut self) {
        let mut events = Events::with_capacity(256);
        while !self.stopping.load(Ordering::Relaxed) {
            if let Err(error) = self.poll.poll(&mut events, Some(TURN))
                && error.kind() != ErrorKind::Interrupted
            {
                return tracing::error!(%error, "the headsets cannot hear any more");
            }
            for event in &events {
                if let Some(headset) = self.headsets.get_mut(event.token().0) {
                    headset.receive(&self.ear);
                }
            }
            let now = clock::instant();
            while let Ok(Order { headset, answer, connected }) = self.orders.try_recv() {
                if let Some(headset) = self.headsets.get_mut(usize::from(headset))
                    && let Err(error) = headset.answer(now, &answer, connected, &self.ear)
                {
                    tracing::error!(%error, "a headset cannot use the server's answer");
                }
            }
            for headset in &mut self.headsets {
                headset.tick(now, &self.ear);
            }
        }
    }
}
