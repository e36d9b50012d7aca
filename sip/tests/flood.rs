//! Strangers in masses. Alone in its file, because it looks at the memory of the whole process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use sip::Event;
use std::net::SocketAddr;
use support::{Desk, OFFER, Peer, desk};
use tokio::net::UdpSocket;

const PACKETS: usize = 20_000;
/// Room that allocators and a few calls may take; 20,000 transactions would take a hundred times as much.
const FLAT: usize = 4 << 20;

/// Octets of memory that are really in use.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// Strangers of many networks, each with its own call every time.
struct Strangers {
    sockets: Vec<UdpSocket>,
    to: SocketAddr,
    sent: usize,
}

impl Strangers {
    async fn new(to: SocketAddr) -> Strangers {
        let mut sockets = Vec::new();
        for network in 1..=100 {
            sockets.push(UdpSocket::bind(format!("127.{network}.0.1:0")).await.unwrap());
        }
        Strangers { sockets, to, sent: 0 }
    }

    async fn flood(&mut self, packets: usize) {
        for _ in 0..packets {
            self.sent += 1;
            let (number, socket) = (self.sent, &self.sockets[self.sent % self.sockets.len()]);
            let method = ["INVITE", "OPTIONS", "REGISTER"][number % 3];
            let text = format!(
                "{method} sip:112@psap.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;rport;branch=z9hG4bK{number}\r\n\
                 From: <sip:{number}@stranger>;tag={number}\r\nTo: <sip:112@psap.example>\r\nCall-ID: {number}\r\nCSeq: 1 {method}\r\n\
                 Contact: <sip:{number}@192.0.2.1>\r\nMax-Forwards: 70\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{OFFER}",
                OFFER.len()
            );
            socket.send_to(text.as_bytes(), self.to).await.unwrap();
        }
    }
}

/// A call of the trunk's that rings, and is over.
async fn rings(desk: &mut Desk, peer: &mut Peer) {
    let invite = peer.request("INVITE", "sip:112@psap.example", &[], OFFER);
    let ringing = async {
        // The flood may have filled the socket: a caller repeats itself.
        let mut again = tokio::time::interval(std::time::Duration::from_millis(500));
        loop {
            tokio::select! {
                _ = again.tick() => peer.send(&invite).await,
                text = peer.receive_until("SIP/2.0 180") => return text,
            }
        }
    };
    let ringing = tokio::time::timeout(std::time::Duration::from_secs(20), ringing).await.expect("180");
    assert_eq!(support::field(&ringing, "Call-ID"), support::field(&invite, "Call-ID"));
    let leg = desk.invited().await.leg;
    desk.agent.hang_up(leg).await;
    assert!(matches!(desk.next().await, Event::Ended { .. }));
}

/// Floods no faster than the listener reads, so that every packet is judged: what was sent before the trunk's OPTIONS is read before it.
async fn judged(strangers: &mut Strangers, peer: &mut Peer, packets: usize) {
    for _ in 0..packets / 100 {
        strangers.flood(100).await;
        let options = peer.request("OPTIONS", "sip:112@psap.example", &[], "");
        peer.send(&options).await;
        // The end of the call before may be told once more meanwhile.
        let answered = peer.response(200, "OPTIONS").await;
        assert_eq!(support::field(&answered, "Call-ID"), support::field(&options, "Call-ID"));
    }
}

#[tokio::test]
async fn twenty_thousand_packets_of_strangers_cost_no_memory_and_no_call_of_the_trunk() {
    let mut desk = desk().await;
    let mut peer = Peer::new("127.0.0.1", desk.udp()).await;
    let mut strangers = Strangers::new(desk.udp()).await;
    judged(&mut strangers, &mut peer, PACKETS / 10).await;
    rings(&mut desk, &mut peer).await;
    let before = resident();
    for _ in 0..20 {
        judged(&mut strangers, &mut peer, PACKETS / 20).await;
        rings(&mut desk, &mut peer).await;
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < FLAT, "{grown} octets more");
    assert!(desk.is_quiet(), "no stranger's packet became anything");
}
