//! A trunk's media gateway: a UDP socket that speaks plain RTP.

use super::{PATIENCE, tone};
use media::Codec;
use rtp_rs::{RtpPacketBuilder, RtpReader};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;

pub struct Gateway {
    socket: UdpSocket,
    to: Option<SocketAddr>,
    ssrc: u32,
    pub sequence: u16,
    pub timestamp: u32,
    codec: Codec,
    samples: usize,
    /// Samples in the packets that it sends.
    pub length: usize,
}

#[derive(Debug, Clone)]
pub struct Got {
    pub at: Instant,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    pub marker: bool,
    pub payload: Vec<u8>,
    pub from: SocketAddr,
}

impl Got {
    pub fn pcm(&self) -> Vec<i16> {
        Codec::from_static(self.payload_type).map(|codec| codec.decode(&self.payload).collect()).unwrap_or_default()
    }
}

impl Gateway {
    pub async fn new(codec: Codec) -> Gateway {
        Self::on("127.0.0.1:0", codec).await
    }

    pub async fn on(address: &str, codec: Codec) -> Gateway {
        let socket = UdpSocket::bind(address).await.unwrap();
        Gateway { socket, to: None, ssrc: 77, sequence: 65_530, timestamp: 4_294_967_000, codec, samples: 0, length: 160 }
    }

    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    pub fn sends_to(&mut self, leg: SocketAddr) {
        self.to = Some(leg);
    }

    pub async fn send(&self, payload_type: u8, marker: bool, payload: &[u8]) {
        let packet = RtpPacketBuilder::new()
            .payload_type(payload_type)
            .ssrc(self.ssrc)
            .sequence(self.sequence.into())
            .timestamp(self.timestamp)
            .marked(marker)
            .payload(payload)
            .build()
            .unwrap();
        self.send_raw(&packet).await;
    }

    pub async fn send_raw(&self, datagram: &[u8]) {
        self.socket.send_to(datagram, self.to.unwrap()).await.unwrap();
    }

    /// Sends the next packet of a tone.
    pub async fn send_tone(&mut self, hertz: f64) {
        let pcm = tone(hertz, self.samples, self.length);
        let mut payload = vec![0; self.length];
        self.codec.encode(&pcm, &mut payload);
        self.send(self.codec.static_payload_type(), false, &payload).await;
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(self.length as u32);
        self.samples += self.length;
    }

    /// Sends a tone packet and hears the next one, if it comes before the following packet is due.
    pub async fn talk(&mut self, hertz: f64, packets: usize) -> Vec<Got> {
        let mut pace = tokio::time::interval(Duration::from_micros(self.length as u64 * 125));
        let mut heard = vec![];
        for _ in 0..packets {
            self.send_tone(hertz).await;
            pace.tick().await;
            while let Some(got) = self.try_hear() {
                heard.push(got);
            }
        }
        heard
    }

    /// Says nothing for as long as this many packets would take.
    pub async fn pause(&mut self, packets: u16) {
        let mut pace = tokio::time::interval(Duration::from_millis(20));
        pace.tick().await;
        for _ in 0..packets {
            pace.tick().await;
        }
        self.timestamp = self.timestamp.wrapping_add(160 * u32::from(packets));
    }

    pub async fn hear(&self) -> Got {
        let mut buffer = [0; 2_048];
        loop {
            let received = tokio::time::timeout(PATIENCE, self.socket.recv_from(&mut buffer)).await;
            let (length, from) = received.expect("nothing is heard").unwrap();
            if let Some(got) = read(&buffer[..length], from) {
                return got;
            }
        }
    }

    pub fn try_hear(&self) -> Option<Got> {
        let mut buffer = [0; 2_048];
        loop {
            let (length, from) = self.socket.try_recv_from(&mut buffer).ok()?;
            if let Some(got) = read(&buffer[..length], from) {
                return Some(got);
            }
        }
    }

    /// Hears anything at all, as it is on the wire.
    pub async fn hear_raw(&self) -> (Vec<u8>, SocketAddr) {
        let mut buffer = [0; 2_048];
        let received = tokio::time::timeout(PATIENCE, self.socket.recv_from(&mut buffer)).await;
        let (length, from) = received.expect("nothing is heard").unwrap();
        (buffer[..length].to_vec(), from)
    }

    /// Hears this many packets.
    pub async fn hear_many(&self, packets: usize) -> Vec<Got> {
        let mut heard = vec![];
        while heard.len() < packets {
            heard.push(self.hear().await);
        }
        heard
    }
}

/// Reads RTP; a report that was meant for the port before this one is passed over.
fn read(datagram: &[u8], from: SocketAddr) -> Option<Got> {
    if (192..=223).contains(&datagram[1]) {
        return None;
    }
    let rtp = RtpReader::new(datagram).unwrap();
    Some(Got {
        at: Instant::now(),
        payload_type: rtp.payload_type(),
        sequence: rtp.sequence_number().into(),
        timestamp: rtp.timestamp(),
        ssrc: rtp.ssrc(),
        marker: rtp.mark(),
        payload: rtp.payload().to_vec(),
        from,
    })
}

/// The sound of packets, one after the other.
pub fn sound(packets: &[Got]) -> Vec<i16> {
    packets.iter().flat_map(Got::pcm).collect()
}
