//! How many calls one engine carries: pairs of trunk legs that are joined and recorded, each sent 50 packets a second both
//! ways, on loopback. `cargo run --release -p media --example load -- [calls] [seconds] [threads]`
//!
//! The packets carry when they left, so that the delay of forwarding is measured by what arrives; the CPU is that of the
//! engine's threads alone. The load comes from two other threads of this program, which need a core of their own.
#![allow(clippy::disallowed_methods, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use media::{Codec, Config, Engine, RemoteAudio, RtcpAddress, TapItem};
use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use uuid::Uuid;

const FIRST_PORT: u16 = 40_000;
/// Legs are sent to in turn, a part of them every millisecond.
const SLOTS: usize = 20;
/// Delays are counted in steps of 50 microseconds.
const STEP: u64 = 50;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: usize| arguments.next().map_or(default, |text| text.parse().unwrap());
    let (calls, seconds, threads) = (number(500), number(20), number(1));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
    runtime.block_on(run(calls, seconds, threads));
}

async fn run(calls: usize, seconds: usize, threads: usize) {
    let (sink, taps) = std::sync::mpsc::sync_channel(50_000);
    let config = Config {
        address: "127.0.0.1".parse().unwrap(),
        other_address: None,
        rtp_ports: FIRST_PORT..=FIRST_PORT + calls as u16 * 4 + 3,
        webrtc_port: 0,
        webrtc_addresses: vec![],
        threads,
    };
    let (engine, mut events) = Engine::start(config, sink).unwrap();
    tokio::spawn(async move { while events.recv().await.is_some() {} });
    let recorder = std::thread::spawn(move || record(&taps));

    let socket = Arc::new(far_end());
    let mut legs = vec![];
    for call in 0..calls as u128 {
        let (caller, peer) = (Uuid::from_u128(call * 2 + 1), Uuid::from_u128(call * 2 + 2));
        for (id, tap) in [(caller, true), (peer, false)] {
            let allowed = vec!["127.0.0.1/32".parse().unwrap()];
            legs.push(engine.open_trunk(id, allowed, Some(remote(socket.local_addr().unwrap())), tap).await.unwrap());
        }
        engine.connect(caller, peer).await.unwrap();
    }

    let stop = Arc::new(AtomicBool::new(false));
    let began = Instant::now();
    let listener = {
        let (socket, stop) = (socket.clone(), stop.clone());
        std::thread::Builder::new().name("listener".into()).spawn(move || listen(&socket, began, &stop)).unwrap()
    };
    let sent = Arc::new(AtomicU64::new(0));
    let speaker = {
        let (socket, stop, sent) = (socket.clone(), stop.clone(), sent.clone());
        std::thread::Builder::new().name("speaker".into()).spawn(move || speak(&socket, &legs, began, &stop, &sent)).unwrap()
    };
    // The first second is for the machine to warm up.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let before = media_cpu();
    let measured = Instant::now();
    tokio::time::sleep(Duration::from_secs(seconds as u64)).await;
    let (cpu, took) = (media_cpu() - before, measured.elapsed().as_secs_f64());
    stop.store(true, Ordering::Relaxed);
    speaker.join().unwrap();
    let heard = listener.join().unwrap();
    let memory = resident();

    let (mut lost, mut refused) = (0, 0);
    for call in 0..calls as u128 * 2 {
        let statistics = engine.close(Uuid::from_u128(call + 1)).await.unwrap();
        lost += statistics.lost;
        refused += statistics.refused + statistics.unsent;
    }
    engine.shut_down().await;
    drop(engine);
    let (frames, gaps, dropped) = recorder.join().unwrap();
    let sent = sent.load(Ordering::Relaxed);
    println!("| calls | threads | sent | heard | lost by engine | refused | p50 ms | p99 ms | p99.9 ms | worst ms |");
    println!(
        "| {calls} | {threads} | {sent} | {} | {lost} | {refused} | {:.2} | {:.2} | {:.2} | {:.2} |",
        heard.count,
        heard.percentile(0.5),
        heard.percentile(0.99),
        heard.percentile(0.999),
        heard.worst as f64 / 1e6
    );
    println!(
        "engine: {:.1} % of a core, {:.4} % for each call; recorded frames {frames}, gaps {gaps}, dropped {dropped}; {memory} KB resident",
        cpu / took * 100.0,
        cpu / took * 100.0 / calls.max(1) as f64
    );
}

fn far_end() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let options = socket2::SockRef::from(&socket);
    options.set_recv_buffer_size(16 << 20).unwrap();
    options.set_send_buffer_size(16 << 20).unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    socket
}

fn remote(address: SocketAddr) -> RemoteAudio {
    RemoteAudio {
        address,
        codec: Codec::Pcma,
        pt: 8,
        telephone_event: Some(101),
        ptime_ms: 20,
        rtcp: RtcpAddress::Muxed,
        srtp: None,
        send: true,
        receive: true,
    }
}

fn speak(socket: &UdpSocket, legs: &[SocketAddr], began: Instant, stop: &AtomicBool, sent: &AtomicU64) {
    let mut sequences: Vec<u16> = (0..legs.len()).map(|n| n as u16).collect();
    let mut slot = 0usize;
    while !stop.load(Ordering::Relaxed) {
        let due = began + Duration::from_millis(slot as u64);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        for leg in (slot % SLOTS..legs.len()).step_by(SLOTS) {
            let sequence = &mut sequences[leg];
            *sequence = sequence.wrapping_add(1);
            let mut payload = [0x55; 160];
            payload[..8].copy_from_slice(&(began.elapsed().as_nanos() as u64).to_be_bytes());
            let packet = rtp_rs::RtpPacketBuilder::new()
                .payload_type(8)
                .ssrc(leg as u32)
                .sequence((*sequence).into())
                .timestamp(u32::from(*sequence).wrapping_mul(160))
                .payload(&payload)
                .build()
                .unwrap();
            if socket.send_to(&packet, legs[leg]).is_ok() {
                sent.fetch_add(1, Ordering::Relaxed);
            }
        }
        slot += 1;
    }
}

struct Delays {
    steps: Vec<u64>,
    count: u64,
    worst: u64,
}

impl Delays {
    fn percentile(&self, part: f64) -> f64 {
        let mut left = (self.count as f64 * part) as u64;
        for (step, count) in self.steps.iter().enumerate() {
            if left < *count {
                return (step as u64 + 1) as f64 * STEP as f64 / 1_000.0;
            }
            left -= count;
        }
        f64::INFINITY
    }
}

fn listen(socket: &UdpSocket, began: Instant, stop: &AtomicBool) -> Delays {
    let mut delays = Delays { steps: vec![0; 100_000], count: 0, worst: 0 };
    let mut buffer = [0; 2_048];
    loop {
        let Ok((length, _)) = socket.recv_from(&mut buffer) else {
            if stop.load(Ordering::Relaxed) {
                return delays;
            }
            continue;
        };
        // Reports share the port.
        if length != 172 {
            continue;
        }
        let left = u64::from_be_bytes(buffer[12..20].try_into().unwrap());
        let delay = (began.elapsed().as_nanos() as u64).saturating_sub(left);
        delays.count += 1;
        delays.worst = delays.worst.max(delay);
        let last = delays.steps.len() - 1;
        delays.steps[((delay / 1_000 / STEP) as usize).min(last)] += 1;
    }
}

/// Frames, gaps between them, and frames dropped.
fn record(taps: &std::sync::mpsc::Receiver<TapItem>) -> (u64, u64, u64) {
    let (mut frames, mut gaps, mut lost) = (0, 0, 0);
    let mut ends = HashMap::new();
    while let Ok(item) = taps.recv() {
        match item {
            TapItem::Frame(frame) => {
                frames += 1;
                let end = frame.position + frame.pcm.len() as u64;
                if ends.insert((frame.leg, frame.side), end).is_some_and(|end| end != frame.position) {
                    gaps += 1;
                }
            }
            TapItem::Ended { dropped, .. } => lost += dropped.frames,
            TapItem::Started { .. } => {}
        }
    }
    (frames, gaps, lost)
}

/// CPU seconds that the engine's threads have used.
fn media_cpu() -> f64 {
    let mut ticks = 0u64;
    for task in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        let stat = std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        let Some((name, rest)) = stat.rsplit_once(") ") else { continue };
        if name.contains("(media") {
            let fields: Vec<&str> = rest.split(' ').collect();
            ticks += fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
        }
    }
    ticks as f64 / 100.0
}

fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse().ok()).unwrap_or(0)
}
