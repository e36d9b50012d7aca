//! Measures a flood: strangers send what scanners send, from an address of no trunk, while callers call and give up. As many callers
//! come before it, in the same sitting.

use super::process::datagrams_dropped;
use super::schedule::Schedule;
use super::server::{Server, Wanted};
use super::setups::{self, Round, exchange, round};
use super::sip::message::{Names, Request, sdp};
use super::table::{Table, mb, ms};
use crate::clock;
use anyhow::Context;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Calls a second meanwhile: more than a city has.
pub const CALLS: u32 = 20;
/// No trunk's.
const STRANGERS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
const METHODS: [&str; 3] = ["INVITE", "OPTIONS", "REGISTER"];
const TURN: Duration = Duration::from_millis(1);
/// How soon it rings through a flood.
const GOAL: Duration = Duration::from_millis(50);

#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Messages of strangers a second.
    pub strangers: u32,
    pub calls: setups::Load,
}

pub async fn measure(load: Load) -> anyhow::Result<Table> {
    let Load { strangers, calls } = load;
    let wanted = Wanted { max_calls: 20_000, fallback: None, voice_ports: Wanted::most_ports() };
    let server = Server::start(&wanted).await?;
    let exchange = exchange(server.sip)?;
    let quiet = round(&exchange, calls, 0).await?;
    let before = server.usage()?;
    let began = clock::instant();
    let crowd = Strangers::begin(server.sip, strangers)?;
    let flooded = round(&exchange, calls, calls.calls).await?;
    let (sent, took, after) = (crowd.end(), clock::instant() - began, server.usage()?);
    let unread = datagrams_dropped(|port| port == server.sip.port())?;
    let metrics = server.metrics().await?;

    let title = format!(
        "A flood: {} calls, {} a second, given up when they ring, without and with {strangers} messages a second from strangers",
        calls.calls, calls.rate
    );
    let mut table = Table::new(title);
    let both = |of: fn(&Round) -> u64| format!("{}, {}", of(&quiet), of(&flooded));
    let failures = quiet.failures() + flooded.failures();
    table.aimed("failures without, with", both(Round::failures), "0, 0", failures == 0);
    table.row("messages sent again without, with", both(|round| round.repeated));
    table.row("INVITE to 180 without, p50", ms(quiet.ring.at(0.5)));
    table.row("INVITE to 180 without, p99", ms(quiet.ring.at(0.99)));
    table.row("INVITE to 180 with, p50", ms(flooded.ring.at(0.5)));
    let p99 = flooded.ring.at(0.99);
    table.aimed("INVITE to 180 with, p99", ms(p99), "under 50 ms", failures == 0 && p99 < GOAL);
    table.row("INVITE to 180 with, longest", ms(flooded.ring.largest()));
    let rate = sent as f64 / took.as_secs_f64().max(0.001);
    table.row("strangers' messages, a second", format!("{sent}, {rate:.0}"));
    let silent = metrics.sum_with("siaga_sip_dropped_total", "reason=\"stranger\"");
    let told = metrics.sum_with("siaga_sip_refused_total", "code=\"403\"");
    table.row("of them without an answer, with 403", format!("{silent}, {told}"));
    table.row("datagrams that the system dropped before the server", unread.to_string());
    let core = (after.cpu - before.cpu).as_secs_f64() / took.as_secs_f64().max(0.001);
    table.row("server, of one core, with", format!("{:.1} %", core * 100.0));
    table.row("server memory before, after, at the peak", [before.memory_kb, after.memory_kb, after.peak_kb].map(mb).join(", "));
    drop(exchange);
    server.stop().await?;
    Ok(table)
}

/// Those who flood; they stop when this is dropped.
struct Strangers {
    going: Sender<()>,
    thread: JoinHandle<u64>,
}

impl Strangers {
    fn begin(server: SocketAddr, a_second: u32) -> anyhow::Result<Self> {
        let socket = UdpSocket::bind((STRANGERS, 0)).context("no port for the strangers")?;
        let from = socket.local_addr()?;
        let (going, stop) = channel();
        let send = move |text: String| socket.send_to(text.as_bytes(), server).is_ok();
        let flood = move || flood(&stop, a_second, |method, number| send(message(method, number, from, server)));
        let thread = std::thread::Builder::new().name("bench-flood".into()).spawn(flood)?;
        Ok(Self { going, thread })
    }

    /// Stops them; gives how many messages they have sent.
    fn end(self) -> u64 {
        let Self { going, thread } = self;
        drop(going);
        thread.join().unwrap_or_default()
    }
}

/// Sends each method in its turn until `stop` has no other end; gives how many messages went. What is answered is read by nobody.
fn flood(stop: &Receiver<()>, a_second: u32, mut send: impl FnMut(&str, u32) -> bool) -> u64 {
    let mut schedule = Schedule::new(clock::instant(), a_second, u32::MAX);
    let mut methods = METHODS.iter().cycle();
    let mut sent = 0;
    while stop.recv_timeout(TURN) == Err(RecvTimeoutError::Timeout) {
        for (number, method) in schedule.due(clock::instant()).zip(methods.by_ref()) {
            sent += u64::from(send(method, number));
        }
    }
    sent
}

fn message(method: &str, number: u32, from: SocketAddr, server: SocketAddr) -> String {
    let names = Names {
        call_id: format!("{number}@flood"),
        local: format!("<sip:100@{}>;tag=f{number}", from.ip()),
        remote: format!("<sip:112@{}>", server.ip()),
        contact: from,
        target: format!("sip:112@{server}"),
    };
    let body = if method == "INVITE" { sdp(from, 1, "sendrecv") } else { String::new() };
    Request { method, number: 1, branch: &format!("z9hG4bKf{number}"), body: &body }.text(&names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::sip::message::{Start, read};

    #[test]
    fn strangers_send_each_method_in_turn_from_an_address_of_their_own_until_they_are_stopped() {
        let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        server.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let strangers = Strangers::begin(server.local_addr().unwrap(), 1_000).unwrap();
        let mut buffer = [0; 2_048];
        for (number, method) in METHODS.iter().cycle().take(6).enumerate() {
            let (length, from) = server.recv_from(&mut buffer).unwrap();
            assert_eq!(from.ip(), STRANGERS);
            let reading = read(&buffer[..length]).unwrap();
            assert_eq!((reading.start, reading.call_id), (Start::Request(method), format!("{number}@flood").as_str()));
        }
        assert!(strangers.end() >= 6);
    }
}
