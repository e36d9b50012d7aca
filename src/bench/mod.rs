//! `siaga bench`: a load generator that measures what a server carries. It makes callers, the far ends of conversations and their voices;
//! the server is this program as a process of its own, so that its use of the machine is told apart from the generator's.
//!
//! Everything stays on loopback, and an address anywhere else is refused: this is no tool to load other people's telephone exchanges.

mod crowd;
mod exchange;
mod flood;
mod histogram;
mod limit;
mod metrics;
mod operators;
mod process;
mod random;
mod recording;
mod schedule;
mod server;
mod setups;
mod sip;
mod soak;
mod table;
mod talks;
mod voice;

use crate::cli::{Bench, BenchCalls, BenchSoak, Measured};
use anyhow::bail;
use std::net::SocketAddr;
use std::time::Duration;
use table::Table;
use talks::FarEnd;

/// The most that is asked of one machine.
const MOST_CALLS: u32 = 5_000;
const MOST_OPERATORS: u32 = 1_000;
const MOST_RATE: u32 = 20_000;
const MOST_STRANGERS: u32 = 100_000;
const LONGEST: u32 = 3_600;
/// With a crowd the question is how soon it rings, not how often it can.
const MOST_BESIDE_A_CROWD: u32 = 200;

pub async fn run(what: Bench) -> anyhow::Result<()> {
    match what {
        Bench::Calls(calls) => measure(calls).await,
        Bench::Soak(soak) => endure(soak).await,
    }
}

async fn measure(wanted: BenchCalls) -> anyhow::Result<()> {
    let BenchCalls { only, rate, seconds, concurrent, operators, waiting, strangers, target } = wanted;
    within("--rate", rate, MOST_RATE)?;
    within("--seconds", seconds, LONGEST)?;
    within("--concurrent", concurrent, MOST_CALLS)?;
    within("--operators", operators, MOST_OPERATORS)?;
    within("--waiting", waiting, MOST_CALLS)?;
    within("--strangers", strangers, MOST_STRANGERS)?;
    let setups = setups::Load { rate, calls: rate.saturating_mul(seconds) };
    let talks = |calls: u32, with| talks::Load { calls: u16::try_from(calls).unwrap_or(u16::MAX), seconds, with };
    conditions();
    if let Some(target) = target {
        print!("{}", setups::given(on_loopback(target)?, setups).await?);
        return Ok(());
    }
    let chosen = |measured: Measured| only.is_empty() || only.contains(&measured);
    let mut missed = Vec::new();
    if chosen(Measured::Setups) {
        show(&setups::own(setups).await?, &mut missed);
    }
    if chosen(Measured::Crowd) {
        let rate = rate.min(MOST_BESIDE_A_CROWD);
        let others = setups::Load { rate, calls: rate.saturating_mul(seconds) };
        show(&crowd::measure(crowd::Load { waiting, others }).await?, &mut missed);
    }
    if chosen(Measured::Flood) {
        let calls = setups::Load { rate: flood::CALLS, calls: flood::CALLS.saturating_mul(seconds) };
        show(&flood::measure(flood::Load { strangers, calls }).await?, &mut missed);
    }
    if chosen(Measured::Talks) {
        show(&talks::measure(talks(concurrent, FarEnd::Telephones)).await?, &mut missed);
    }
    if chosen(Measured::Operators) {
        show(&talks::measure(talks(operators, FarEnd::Operators)).await?, &mut missed);
    }
    if chosen(Measured::Limit) {
        show(&limit::measure(limit::Bound::Calls).await?, &mut missed);
        show(&limit::measure(limit::Bound::Ports).await?, &mut missed);
    }
    match missed.is_empty() {
        true => println!("\nEvery goal is reached."),
        false => println!("\nMissed: {}.", missed.join("; ")),
    }
    Ok(())
}

/// A soak that finds something left is a failed command.
async fn endure(wanted: BenchSoak) -> anyhow::Result<()> {
    let BenchSoak { calls, minutes, seed } = wanted;
    within("--calls", calls, MOST_CALLS)?;
    within("--minutes", minutes, LONGEST / 60 * 24)?;
    conditions();
    let length = Duration::from_secs(u64::from(minutes) * 60);
    let load = soak::Load { calls: u16::try_from(calls).unwrap_or(u16::MAX), length, seed };
    let mut missed = Vec::new();
    show(&soak::run(load).await?, &mut missed);
    if !missed.is_empty() {
        bail!("the soak failed: {}; run it again with `--seed {seed}`", missed.join("; "));
    }
    Ok(())
}

fn show(table: &Table, missed: &mut Vec<String>) {
    print!("{table}");
    missed.extend(table.missed().map(str::to_string));
}

/// What the numbers were measured on.
fn conditions() {
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let profile = if cfg!(debug_assertions) { "development" } else { "release" };
    println!(
        "siaga {} ({profile} profile), {processors} processors; server and generator share them, over loopback",
        env!("CARGO_PKG_VERSION")
    );
}

fn within(option: &str, value: u32, most: u32) -> anyhow::Result<()> {
    if (1..=most).contains(&value) {
        return Ok(());
    }
    bail!("{option} {value} is out of range; choose 1 to {most}")
}

fn on_loopback(target: SocketAddr) -> anyhow::Result<SocketAddr> {
    if target.ip().to_canonical().is_loopback() && target.is_ipv4() {
        return Ok(target);
    }
    bail!(
        "--target {target} is not on this machine's loopback; run the generator beside the server and name an address like 127.0.0.1:5060"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_loopback_is_ever_called() {
        for good in ["127.0.0.1:5060", "127.9.9.9:5070"] {
            assert!(on_loopback(good.parse().unwrap()).is_ok());
        }
        for other in ["192.0.2.1:5060", "0.0.0.0:5060", "10.0.0.1:5060", "[2001:db8::1]:5060"] {
            assert!(on_loopback(other.parse().unwrap()).is_err(), "{other}");
        }
    }

    #[test]
    fn what_is_asked_for_is_bounded() {
        assert!(within("--rate", 1, MOST_RATE).is_ok() && within("--rate", MOST_RATE, MOST_RATE).is_ok());
        assert!(within("--rate", 0, MOST_RATE).is_err() && within("--rate", MOST_RATE + 1, MOST_RATE).is_err());
    }
}
