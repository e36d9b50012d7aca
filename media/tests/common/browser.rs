//! A browser's peer connection, made of str0m on a thread of its own, so that it answers STUN whatever the test does.

use super::{PATIENCE, tone};
use media::Codec;
use std::net::UdpSocket;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::format::{Codec as Format, FormatParams};
use str0m::media::{Direction, Frequency, MediaKind, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc};

const TELEPHONE_EVENT: u8 = 110;

/// What the browser is told to do.
enum Order {
    Answer(String),
    /// Speak a tone in PCMA every 20 ms; `None` is silence without packets.
    Speak(Option<f64>),
    Press(u8),
    /// Send nothing at all any more.
    Vanish,
}

/// An audio packet that arrived.
#[derive(Debug, Clone)]
pub struct Played {
    pub payload_type: u8,
    pub sequence: u64,
    pub timestamp: u32,
    pub level: Option<i8>,
    pub pcm: Vec<i16>,
}

pub struct Browser {
    pub offer: String,
    orders: Sender<Order>,
    played: Receiver<Played>,
    closed: Receiver<()>,
}

struct Page {
    rtc: Rtc,
    socket: UdpSocket,
    pending: Option<SdpPendingOffer>,
    mid: Mid,
    orders: Receiver<Order>,
    played: Sender<Played>,
    closed: Sender<()>,
    speaking: Option<f64>,
    pressed: Vec<(u8, u32)>,
    samples: usize,
    sequence: u64,
    due: Instant,
}

impl Browser {
    pub fn open() -> Browser {
        Self::on("127.0.0.1:0")
    }

    pub fn on(address: &str) -> Browser {
        let socket = UdpSocket::bind(address).unwrap();
        let mut config = Rtc::builder().set_rtp_mode(true).clear_codecs().enable_pcma(true, false).enable_pcmu(true, false);
        config.codec_config().add_config(
            Pt::new_with_value(TELEPHONE_EVENT),
            None,
            Format::Tele,
            Frequency::EIGHT_KHZ,
            None,
            FormatParams { telephone_event_max: Some(15), ..Default::default() },
        );
        let mut rtc = config.build(Instant::now());
        rtc.add_local_candidate(Candidate::host(socket.local_addr().unwrap(), "udp").unwrap());
        let mut changes = rtc.sdp_api();
        let mid = changes.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = changes.apply().unwrap();
        let (orders, taken) = channel();
        let (played, heard) = channel();
        let (closed, is_closed) = channel();
        let page = Page {
            rtc,
            socket,
            pending: Some(pending),
            mid,
            orders: taken,
            played,
            closed,
            speaking: None,
            pressed: vec![],
            samples: 0,
            sequence: 100,
            due: Instant::now(),
        };
        std::thread::spawn(move || page.run());
        Browser { offer: offer.to_sdp_string(), orders, played: heard, closed: is_closed }
    }

    pub fn answer(&self, sdp: String) {
        self.orders.send(Order::Answer(sdp)).unwrap();
    }

    pub fn speak(&self, hertz: f64) {
        self.orders.send(Order::Speak(Some(hertz))).unwrap();
    }

    pub fn mute(&self) {
        self.orders.send(Order::Speak(None)).unwrap();
    }

    pub fn press(&self, key: u8) {
        self.orders.send(Order::Press(key)).unwrap();
    }

    pub fn vanish(&self) {
        self.orders.send(Order::Vanish).unwrap();
    }

    pub fn hear(&self) -> Played {
        self.played.recv_timeout(PATIENCE).expect("the browser hears nothing")
    }

    pub fn hear_within(&self, patience: Duration) -> Option<Played> {
        self.played.recv_timeout(patience).ok()
    }

    pub fn hear_many(&self, packets: usize) -> Vec<Played> {
        (0..packets).map(|_| self.hear()).collect()
    }

    /// All packets since they were last asked for.
    pub fn heard_so_far(&self) -> Vec<Played> {
        self.played.try_iter().collect()
    }

    pub fn has_heard_nothing(&self) -> bool {
        self.played.try_recv().is_err()
    }

    pub fn wait_closed(&self) {
        self.closed.recv_timeout(PATIENCE).expect("the browser was not told that its connection is closed");
    }
}

impl Page {
    fn run(mut self) {
        let local = self.socket.local_addr().unwrap();
        let mut buffer = [0; 2_048];
        loop {
            let Some(timeout) = self.drain() else { return };
            while let Ok(order) = self.orders.try_recv() {
                match order {
                    Order::Answer(sdp) => {
                        let answer = SdpAnswer::from_sdp_string(&sdp).unwrap();
                        self.rtc.sdp_api().accept_answer(self.pending.take().unwrap(), answer).unwrap();
                    }
                    Order::Speak(tone) => self.speaking = tone,
                    Order::Press(key) => self.pressed = (1..=8).map(|n| (key, n)).rev().collect(),
                    Order::Vanish => return,
                }
                if self.drain().is_none() {
                    return;
                }
            }
            let now = Instant::now();
            if now >= self.due {
                self.due += Duration::from_millis(20);
                self.say(now);
                self.rtc.handle_input(Input::Timeout(now)).unwrap();
                continue;
            }
            let wait =
                timeout.min(self.due).saturating_duration_since(now).clamp(Duration::from_micros(100), Duration::from_millis(5));
            self.socket.set_read_timeout(Some(wait)).unwrap();
            let input = match self.socket.recv_from(&mut buffer) {
                Ok((length, source)) => {
                    let Ok(receive) = Receive::new(Protocol::Udp, source, local, &buffer[..length]) else { continue };
                    Input::Receive(Instant::now(), receive)
                }
                Err(_) => Input::Timeout(Instant::now()),
            };
            if self.rtc.handle_input(input).is_err() {
                return;
            }
        }
    }

    fn say(&mut self, now: Instant) {
        if !self.rtc.is_connected() {
            return;
        }
        let timestamp = self.samples as u32;
        let (payload_type, timestamp, payload) = if let Some((key, n)) = self.pressed.pop() {
            let end = if n > 5 { 0x80 } else { 0 };
            let duration = (n.min(6) * 160) as u16;
            let [high, low] = duration.to_be_bytes();
            (TELEPHONE_EVENT, timestamp.wrapping_sub((n - 1) * 160), vec![key, end | 10, high, low])
        } else if let Some(hertz) = self.speaking {
            let mut payload = vec![0; 160];
            Codec::Pcma.encode(&tone(hertz, self.samples, 160), &mut payload);
            (8, timestamp, payload)
        } else {
            self.samples += 160;
            return;
        };
        self.samples += 160;
        self.sequence += 1;
        let marker = payload_type == TELEPHONE_EVENT && payload[1] & 0x80 == 0 && payload[3] == 160;
        let write = RtpWrite::new(Pt::new_with_value(payload_type), self.sequence.into(), timestamp, now, payload).marker(marker);
        self.rtc.direct_api().stream_tx_by_mid(self.mid, None).unwrap().write_rtp(write);
    }

    fn drain(&mut self) -> Option<Instant> {
        loop {
            match self.rtc.poll_output().ok()? {
                Output::Timeout(at) => return Some(at),
                Output::Transmit(datagram) => {
                    let _ = self.socket.send_to(&datagram.contents, datagram.destination);
                }
                Output::Event(Event::RtpPacket(packet)) => {
                    let payload_type = *packet.header.payload_type;
                    let pcm = Codec::from_static(payload_type).map(|codec| codec.decode(&packet.payload).collect());
                    let played = Played {
                        payload_type,
                        sequence: *packet.seq_no,
                        timestamp: packet.header.timestamp,
                        level: packet.header.ext_vals.audio_level,
                        pcm: pcm.unwrap_or_default(),
                    };
                    let _ = self.played.send(played);
                }
                Output::Event(Event::Closed) => {
                    let _ = self.closed.send(());
                    return None;
                }
                Output::Event(_) => {}
            }
        }
    }
}
