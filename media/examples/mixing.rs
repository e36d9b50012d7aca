//! What a mixed member costs, beside a directly joined one: `cargo run -p media --example mixing -- [ROOMS] [SECONDS]`.
//!
//! Every member is a trunk leg on loopback that sends 20 ms packets. CPU time is that of the media threads alone, as Linux
//! counts it; who sends and receives the packets is not in it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, clippy::disallowed_methods)]

use media::{Codec, Config, Engine, Member, RemoteAudio, Role, RtcpAddress};
use rtp_rs::RtpPacketBuilder;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use uuid::Uuid;

const FIRST_PORT: u16 = 42_000;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse().unwrap());
    let (rooms, seconds) = (arguments.next().unwrap_or(50), arguments.next().unwrap_or(10));
    println!("{rooms} rooms for {seconds} s each, G.711 in 20 ms packets, no recording");
    println!("{:<28} {:>8} {:>14} {:>16} {:>10}", "room", "members", "CPU of a core", "CPU per member", "sent");
    for (name, speakers, listeners) in [
        ("two, direct", 2, 0),
        ("two and a listener, mixed", 2, 1),
        ("three who speak, mixed", 3, 0),
        ("four who speak, mixed", 4, 0),
        ("eight who speak, mixed", 8, 0),
    ] {
        measure(name, rooms, [speakers, listeners], seconds).await;
    }
}

async fn measure(name: &str, rooms: u64, [speakers, listeners]: [u64; 2], seconds: u64) {
    let members = rooms * (speakers + listeners);
    let last = FIRST_PORT + u16::try_from(members * 2).unwrap();
    let address = "127.0.0.1".parse().unwrap();
    let config = Config {
        address,
        other_address: None,
        rtp_ports: FIRST_PORT..=last,
        webrtc_port: 0,
        webrtc_addresses: vec![],
        threads: 0,
    };
    let (taps, _recorder) = std::sync::mpsc::sync_channel(1_000);
    let (engine, _events) = Engine::start(config, taps).unwrap();
    let far_end = UdpSocket::bind("127.0.0.1:0").unwrap();
    let remote = RemoteAudio {
        address: far_end.local_addr().unwrap(),
        codec: Codec::Pcma,
        pt: 8,
        telephone_event: None,
        ptime_ms: 20,
        rtcp: RtcpAddress::Muxed,
        srtp: None,
        send: true,
        receive: true,
    };

    let mut legs = vec![];
    for room in 0..rooms {
        let id = |n: u64| Uuid::from_u64_pair(room, n + 1);
        for n in 0..speakers + listeners {
            let networks = vec!["127.0.0.0/8".parse().unwrap()];
            legs.push(engine.open_trunk(id(n), networks, Some(remote), false).await.unwrap());
        }
        let role = |n| if n < speakers { Role::Speaker } else { Role::Listener };
        let members = (0..speakers + listeners).map(|n| Member { leg: id(n), role: role(n) }).collect();
        engine.arrange(id(0), members).await.unwrap();
    }

    let (over, received) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let sending = {
        let (socket, over) = (far_end.try_clone().unwrap(), over.clone());
        std::thread::spawn(move || send_to_all(&socket, &legs, &over))
    };
    let receiving = {
        let (over, received) = (over.clone(), received.clone());
        std::thread::spawn(move || receive(&far_end, &received, &over))
    };
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (cpu, sent, begun) = (cpu_of_media(), received.load(Ordering::Relaxed), Instant::now());
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    let share = (cpu_of_media() - cpu).as_secs_f64() / begun.elapsed().as_secs_f64();
    let sent = (received.load(Ordering::Relaxed) - sent) as f64 / (members * seconds * 50) as f64;
    over.store(true, Ordering::Relaxed);
    sending.join().unwrap();
    receiving.join().unwrap();
    engine.shut_down().await;
    let (core, each) = (share * 100.0, share * 100.0 / members as f64);
    println!("{name:<28} {members:>8} {core:>12.2} % {each:>14.4} % {:>8.1} %", sent * 100.0);
}

/// A packet for each leg every 20 ms.
fn send_to_all(socket: &UdpSocket, legs: &[SocketAddr], over: &AtomicBool) {
    let begun = Instant::now();
    let mut payload = [0; 160];
    let tone: Vec<i16> = (0..160).map(|n| (3_000.0 * (std::f64::consts::TAU * f64::from(n) / 20.0).sin()) as i16).collect();
    Codec::Pcma.encode(&tone, &mut payload);
    for n in 0..u32::MAX {
        if over.load(Ordering::Relaxed) {
            return;
        }
        let packet = RtpPacketBuilder::new()
            .payload_type(8)
            .ssrc(7)
            .sequence((n as u16).into())
            .timestamp(n.wrapping_mul(160))
            .payload(&payload)
            .build()
            .unwrap();
        for leg in legs {
            let _ = socket.send_to(&packet, leg);
        }
        std::thread::sleep((begun + Duration::from_millis(20) * (n + 1)).saturating_duration_since(Instant::now()));
    }
}

fn receive(socket: &UdpSocket, received: &AtomicU64, over: &AtomicBool) {
    socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let mut buffer = [0; 2_048];
    while !over.load(Ordering::Relaxed) {
        if socket.recv_from(&mut buffer).is_ok() {
            received.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// CPU time of all media threads so far.
fn cpu_of_media() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten().map(|task| task.path());
    let media = tasks.filter(|task| std::fs::read_to_string(task.join("comm")).is_ok_and(|name| name.starts_with("media")));
    let spent =
        media.filter_map(|task| std::fs::read_to_string(task.join("schedstat")).ok()?.split(' ').next()?.parse::<u64>().ok());
    Duration::from_nanos(spent.sum())
}
