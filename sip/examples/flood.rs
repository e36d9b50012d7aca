//! How long a trunk's call waits for its 180 while strangers flood the listener. Loopback, bounded; prints one line for each rate.
//!
//! `cargo run -p sip --example flood`

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    clippy::indexing_slicing
)]

use sip::{Config, Trunk, UserAgent};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;

const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n";
const CALLS: usize = 200;

#[tokio::main]
async fn main() {
    let trunk = Trunk::new("telco".into(), vec!["127.0.0.1/32".parse().unwrap()], None);
    let config = Config::new(vec!["udp://127.0.0.1:0".parse().unwrap()], vec![trunk], "siaga/flood");
    let (agent, mut events) = UserAgent::start(config).await.unwrap();
    let at = agent.local_addresses().first().unwrap().address;
    let ending = agent.clone();
    tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            if let sip::Event::Invited(invitation) = event {
                ending.hang_up(invitation.leg).await;
            }
        }
    });
    println!("strangers/s   p50 ms   p99 ms   max ms   lost of {CALLS}   resident KB");
    for rate in [0, 1_000, 10_000, 50_000] {
        let stop = Arc::new(AtomicBool::new(false));
        let sent = Arc::new(AtomicU64::new(0));
        let flood = std::thread::spawn({
            let (stop, sent) = (stop.clone(), sent.clone());
            move || flood(at, rate, &stop, &sent)
        });
        let begun = Instant::now();
        let mut waits = calls(at).await;
        let reached = sent.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
        stop.store(true, Ordering::Relaxed);
        flood.join().unwrap();
        let lost = CALLS - waits.len();
        waits.sort_unstable();
        let at = |part: f64| waits.get((waits.len() as f64 * part) as usize).or(waits.last()).map_or(f64::NAN, ms);
        println!("{reached:>11.0} {:>8.2} {:>8.2} {:>8.2} {lost:>15} {:>13}", at(0.5), at(0.99), at(1.0), resident_kb());
    }
    agent.shut_down().await;
}

fn ms(wait: &Duration) -> f64 {
    wait.as_secs_f64() * 1000.0
}

/// Sends as fast as asked until told to stop.
fn flood(to: SocketAddr, rate: u64, stop: &AtomicBool, sent: &AtomicU64) {
    let sockets: Vec<_> = (1..=50).map(|net| std::net::UdpSocket::bind(format!("127.{net}.0.1:0")).unwrap()).collect();
    let begun = Instant::now();
    let mut number = 0;
    while !stop.load(Ordering::Relaxed) {
        if number >= rate * u64::try_from(begun.elapsed().as_millis()).unwrap() / 1000 {
            std::thread::sleep(Duration::from_millis(1));
            continue;
        }
        number += 1;
        sent.store(number, Ordering::Relaxed);
        let method = ["INVITE", "OPTIONS", "REGISTER"][usize::try_from(number % 3).unwrap()];
        let _ = sockets[usize::try_from(number % 50).unwrap()].send_to(message(method, "192.0.2.1", number).as_bytes(), to);
    }
}

/// Calls one after another; how long each waited for its 180.
async fn calls(to: SocketAddr) -> Vec<Duration> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let from = socket.local_addr().unwrap().to_string();
    let (mut waits, mut buffer) = (Vec::new(), vec![0; 4096]);
    for _ in 0..CALLS {
        let number = u64::try_from(begun().elapsed().as_nanos()).unwrap();
        let begun = Instant::now();
        socket.send_to(message("INVITE", &from, number).as_bytes(), to).await.unwrap();
        let ringing = async {
            loop {
                let length = socket.recv(&mut buffer).await.unwrap();
                let text = String::from_utf8_lossy(&buffer[..length]);
                if text.starts_with("SIP/2.0 180") && text.contains(&format!("Call-ID: {number}\r\n")) {
                    return;
                }
            }
        };
        if tokio::time::timeout(Duration::from_millis(400), ringing).await.is_ok() {
            waits.push(begun.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    waits
}

fn begun() -> Instant {
    static BEGUN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    *BEGUN.get_or_init(Instant::now)
}

fn message(method: &str, from: &str, number: u64) -> String {
    format!(
        "{method} sip:112@psap.example SIP/2.0\r\nVia: SIP/2.0/UDP {from};rport;branch=z9hG4bK{number}\r\nFrom: <sip:{number}@{from}>;tag={number}\r\n\
         To: <sip:112@psap.example>\r\nCall-ID: {number}\r\nCSeq: 1 {method}\r\nContact: <sip:{number}@{from}>\r\nMax-Forwards: 70\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{SDP}",
        SDP.len()
    )
}

fn resident_kb() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or_default() * 4
}
