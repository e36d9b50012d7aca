//! Peers of the engine on loopback: a trunk's media gateway, and a browser made of str0m. Both wait on packets, bounded in time.
#![allow(
    dead_code,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

pub mod browser;
pub mod gateway;

use media::{Codec, Config, Engine, Event, RemoteAudio, RtcpAddress, TapItem};
use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;
use tokio::sync::mpsc;
use uuid::Uuid;

/// Nothing on loopback takes longer.
pub const PATIENCE: Duration = Duration::from_secs(15);

pub struct Under {
    pub engine: Engine,
    pub events: mpsc::Receiver<Event>,
    pub taps: Receiver<TapItem>,
}

impl Under {
    /// Waits for the event, passing over others.
    pub async fn expect(&mut self, wanted: Event) {
        let found = async {
            while let Some(event) = self.events.recv().await {
                if event == wanted {
                    return;
                }
            }
            panic!("the engine ended");
        };
        tokio::time::timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("no {wanted:?}"));
    }

    /// All tap items up to the end of a leg.
    pub fn recording(&self) -> Vec<TapItem> {
        let mut items = vec![];
        loop {
            let item = self.taps.recv_timeout(PATIENCE).expect("the tap did not end");
            let over = matches!(item, TapItem::Ended { .. });
            items.push(item);
            if over {
                return items;
            }
        }
    }
}

/// An engine on loopback with trunk ports in this range.
pub fn engine(rtp_ports: std::ops::RangeInclusive<u16>) -> Under {
    start(rtp_ports, None)
}

/// One that has the same ports at `::1`.
pub fn engine_in_both_families(rtp_ports: std::ops::RangeInclusive<u16>) -> Under {
    start(rtp_ports, Some("::1".parse().unwrap()))
}

fn start(rtp_ports: std::ops::RangeInclusive<u16>, other_address: Option<IpAddr>) -> Under {
    let config = Config {
        address: "127.0.0.1".parse().unwrap(),
        other_address,
        rtp_ports,
        webrtc_port: 0,
        webrtc_addresses: vec![],
        threads: 3,
    };
    let (sink, taps) = sync_channel(10_000);
    let (engine, events) = Engine::start(config, sink).unwrap();
    Under { engine, events, taps }
}

pub fn loopback() -> Vec<ipnet::IpNet> {
    vec!["127.0.0.1/32".parse().unwrap(), "::1/128".parse().unwrap()]
}

pub fn remote(address: SocketAddr, codec: Codec) -> RemoteAudio {
    let pt = codec.static_payload_type();
    RemoteAudio {
        address,
        codec,
        pt,
        telephone_event: Some(101),
        ptime_ms: 20,
        rtcp: RtcpAddress::NextPort,
        srtp: None,
        send: true,
        receive: true,
    }
}

pub fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

/// The peak of this frequency in these samples (Goertzel).
pub fn amplitude(pcm: &[i16], hertz: f64) -> f64 {
    let coefficient = 2.0 * (std::f64::consts::TAU * hertz / 8_000.0).cos();
    let (mut last, mut before) = (0.0, 0.0);
    for sample in pcm {
        let next = f64::from(*sample) + coefficient * last - before;
        (before, last) = (last, next);
    }
    let power: f64 = last * last + before * before - coefficient * last * before;
    power.max(0.0).sqrt() * 2.0 / pcm.len().max(1) as f64
}

/// `samples` of a tone from sample `from` on.
pub fn tone(hertz: f64, from: usize, samples: usize) -> Vec<i16> {
    (from..from + samples).map(|n| (8_000.0 * (std::f64::consts::TAU * hertz * n as f64 / 8_000.0).sin()) as i16).collect()
}
