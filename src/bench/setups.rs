//! Measures set-ups: callers who give up as soon as it rings, at a rate. Each goes through INVITE, 100, 180, CANCEL, 200, 487 and ACK.

use super::exchange::{Exchange, Order, Settings, Who};
use super::histogram::Histogram;
use super::process::Usage;
use super::schedule::Schedule;
use super::server::{Server, Wanted};
use super::sip::plan::Plan;
use super::sip::{End, Fact};
use super::table::{Table, mb, ms};
use crate::clock;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// After the last call was begun, the others get this long.
const PATIENCE: Duration = Duration::from_secs(40);
/// Transactions are over after 64 T1, which is 32 s (RFC 3261 section 17.2.2), and the allocator gives memory back over ten seconds and
/// some; what is still held then is kept.
const TRANSACTIONS: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(1);
/// Memory that may be kept, for caches and for what the allocator holds.
const KEPT_KB: u64 = 16 * 1_024;

#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub rate: u32,
    pub calls: u32,
}

/// How a round of calls went.
#[derive(Debug, Default)]
pub struct Round {
    begun: u32,
    took: Duration,
    pub ring: Histogram,
    pub repeated: u64,
    ends: BTreeMap<End, u64>,
}

impl Round {
    pub fn failures(&self) -> u64 {
        let ended: u64 = self.ends.values().sum();
        let good = self.ends.get(&End::GaveUp).copied().unwrap_or_default();
        u64::from(self.begun).saturating_sub(ended) + ended - good
    }

    fn failed_by(&self) -> String {
        let bad = self.ends.iter().filter(|(end, _)| **end != End::GaveUp);
        bad.map(|(end, count)| format!("{count} {end:?}")).collect::<Vec<_>>().join(", ")
    }
}

/// Against a server of its own: two rounds, so that what is kept once is told from what is kept for every call.
pub async fn own(load: Load) -> anyhow::Result<Table> {
    let wanted = Wanted { max_calls: 20_000, fallback: None, voice_ports: Wanted::most_ports() };
    let server = Server::start(&wanted).await?;
    let exchange = exchange(server.sip)?;
    let before = server.usage()?;
    let generator = Usage::of(std::process::id())?;
    let first = round(&exchange, load, 0).await?;
    let busy = until_idle(&server).await?;
    let generated = Usage::of(std::process::id())?.cpu - generator.cpu;
    let metrics = server.metrics().await?;
    tokio::time::sleep(TRANSACTIONS).await;
    let after_first = server.usage()?;
    let second = round(&exchange, load, load.calls).await?;
    until_idle(&server).await?;
    tokio::time::sleep(TRANSACTIONS).await;
    let after_second = server.usage()?;

    let mut table = Table::new(format!("Set-ups: {} calls, {} a second, cancelled when they ring", load.calls, load.rate));
    rows(&mut table, &first, load);
    let per_call = |time: Duration| time / load.calls.max(1);
    let cost = per_call(busy.cpu - before.cpu);
    table.aimed("server CPU for each call", ms(cost), "under 0.30 ms", cost < Duration::from_micros(300));
    table.row("generator CPU for each call", ms(per_call(generated)));
    for name in ["siaga_journal_dropped_total", "siaga_calls_without_port_total", "siaga_line_orders_dropped_total"] {
        let dropped = metrics.sum(name);
        table.aimed(name, dropped.to_string(), "0", dropped == 0.0);
    }
    let all = [before, after_first, after_second].map(|usage| mb(usage.memory_kb)).join(", ");
    table.row("memory before, after them, after as many again", all);
    table.row("memory at the peak", mb(after_second.peak_kb));
    let back = |after: &Usage| after.kept_kb() <= before.kept_kb() + KEPT_KB;
    table.row("without the program's own pages: before", mb(before.kept_kb()));
    table.aimed("after them", mb(after_first.kept_kb()), "as before, and 16 MB", back(&after_first));
    table.aimed("after as many again", mb(after_second.kept_kb()), "as before, and 16 MB", back(&after_second));
    table.row("failures of the second round", second.failures().to_string());
    table.row("threads before, after", format!("{}, {}", before.threads, after_second.threads));
    // The first calls make the database open connections that it keeps.
    table.aimed(
        "files before, after, after as many again",
        format!("{}, {}, {}", before.files, after_first.files, after_second.files),
        "no more after as many again",
        after_second.files <= after_first.files + 2,
    );
    drop(exchange);
    server.stop().await?;
    Ok(table)
}

/// Against a server that runs already, of which nothing else is known.
pub async fn given(target: SocketAddr, load: Load) -> anyhow::Result<Table> {
    let exchange = exchange(target)?;
    let round = round(&exchange, load, 0).await?;
    let mut table = Table::new(format!("Set-ups at {target}: {} calls, {} a second", load.calls, load.rate));
    rows(&mut table, &round, load);
    Ok(table)
}

pub fn exchange(server: SocketAddr) -> anyhow::Result<Exchange> {
    Exchange::bind()?.start(Settings { server, voices: None, far_end: Box::new(|| None) })
}

pub fn rows(table: &mut Table, round: &Round, load: Load) {
    let rate = f64::from(round.begun) / round.took.as_secs_f64().max(0.001);
    table.row("calls begun a second", format!("{rate:.0}"));
    let failures = round.failures();
    let told = if failures == 0 { "0".into() } else { format!("{failures} ({})", round.failed_by()) };
    table.aimed("failures", told, "0", failures == 0);
    table.row("messages sent again", round.repeated.to_string());
    for share in [0.5, 0.9, 0.99] {
        table.row(format!("INVITE to 180, p{:.0}", share * 100.0), ms(round.ring.at(share)));
    }
    table.row("INVITE to 180, longest", ms(round.ring.largest()));
    if round.begun < load.calls {
        table.row("calls that were not begun", (load.calls - round.begun).to_string());
    }
}

pub async fn round(exchange: &Exchange, load: Load, first: u32) -> anyhow::Result<Round> {
    let start = clock::instant();
    let mut schedule = Schedule::new(start, load.rate, load.calls);
    let mut round = Round::default();
    let mut ended = 0;
    let mut given_up_at = start + schedule.length() + PATIENCE;
    while ended < load.calls && clock::instant() < given_up_at {
        let now = clock::instant();
        for number in schedule.due(now) {
            exchange.order(Order::Begin { number: first + number, plan: Plan::GiveUp { after: Duration::ZERO } });
            round.begun += 1;
        }
        if schedule.is_over() && round.took.is_zero() {
            round.took = now - start;
            given_up_at = now + PATIENCE;
        }
        for told in exchange.told().filter(|told| matches!(told.who, Who::Caller(_))) {
            match told.fact {
                Fact::Rang { after } => round.ring.add(after),
                Fact::Repeated => round.repeated += 1,
                Fact::Ended(end) => {
                    ended += 1;
                    *round.ends.entry(end).or_default() += 1;
                }
                Fact::Answered { .. } | Fact::Held(_) | Fact::StepRefused { .. } => {}
            }
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(round)
}

/// Waits until the server has done what the calls left to do, and gives what it had used then.
async fn until_idle(server: &Server) -> anyhow::Result<Usage> {
    const STEP: Duration = Duration::from_millis(500);
    let mut last = server.usage()?;
    for _ in 0..120 {
        tokio::time::sleep(STEP).await;
        let usage = server.usage()?;
        if usage.cpu - last.cpu <= STEP / 25 {
            return Ok(usage);
        }
        last = usage;
    }
    Ok(last)
}
