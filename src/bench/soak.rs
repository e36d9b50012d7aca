//! The soak: many calls for long, doing at random what callers, operators and far ends do, and then nothing of them may be left.

use super::exchange::{Exchange, Order, Settings, Who};
use super::metrics::Metrics;
use super::operators::habits::{DEEDS, Deeds, Habits};
use super::operators::{self, Operators};
use super::process::Usage;
use super::random::Random;
use super::server::{Prepared, Wanted};
use super::sip::plan::{Action, Plan, Step};
use super::sip::{End, Fact};
use super::table::{Table, mb};
use super::talks::{self, Book, FarEnd};
use super::voice::Voices;
use crate::clock;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
/// Transactions are over 32 s after the last call; the server's gauges move every 5 s.
const REST: Duration = Duration::from_secs(45);
const LOOK: Duration = Duration::from_millis(5);
/// Calls at once for each operator.
const CALLS_EACH: u16 = 4;
/// The longest call.
const LONGEST: u32 = 30_000;
const MINUTE: Duration = Duration::from_secs(60);
/// Tasks and files that may come and go by themselves, such as a connection for metrics.
const SLACK: u64 = 4;

#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub calls: u16,
    pub length: Duration,
    pub seed: u64,
}

/// The answer to a request of a call that has ended meanwhile (RFC 3261 section 12.2.2).
const NO_SUCH_DIALOG: u16 = 481;

#[derive(Debug, Default)]
struct Tally {
    begun: u32,
    ended: u32,
    ends: BTreeMap<End, u32>,
    repeated: u32,
    held: u32,
    /// By code.
    refused_steps: BTreeMap<u16, u32>,
}

pub async fn run(load: Load) -> anyhow::Result<Table> {
    let legs = load.calls.saturating_mul(4);
    let voices = Arc::new(Voices::start(legs.saturating_mul(2))?);
    let sockets = Exchange::bind()?;
    let fallback = Some((sockets.far_end()?, usize::from(load.calls)));
    let prepared = Prepared::new(&Wanted { max_calls: usize::from(legs), fallback, voice_ports: legs })?;
    // Those whom no operator can answer go to the fallback number.
    let people = (load.calls / CALLS_EACH).max(1);
    operators::add(&prepared.config, people).await?;
    let server = prepared.start().await?;
    let deeds = Arc::new(Deeds::default());
    let habits = |n: u16| Some(Habits::new(load.seed.wrapping_add(2 + u64::from(n)), deeds.clone()));
    let mut operators = Operators::begin(server.web, people, legs, voices.ear(), habits).await?;
    let mut far_end = Random::new(load.seed.wrapping_add(1));
    let far_end = Box::new(move || far_end.one_in(3).then(|| Duration::from_millis(far_end.up_to(LONGEST).into())));
    let exchange = sockets.start(Settings { server: server.sip, voices: Some(voices.clone()), far_end })?;
    // Some calls first, so that what is made once is there before it is counted.
    let (mut warm, first) = (Book::default(), u32::from(load.calls));
    talks::begin(&exchange, &mut warm, first, FarEnd::Operators).await;
    exchange.order(Order::HangUpAll);
    talks::wait(&exchange, &mut warm, PATIENCE, |book| book.ended() >= first).await;
    tokio::time::sleep(REST).await;
    let (before, before_metrics) = (server.usage()?, server.metrics().await?);

    let mut tally = Tally::default();
    let mut random = Random::new(load.seed);
    let start = clock::instant();
    let mut told_at = start;
    while clock::instant() - start < load.length {
        hear(&exchange, &mut tally);
        while tally.begun - tally.ended < u32::from(load.calls) {
            tally.begun += 1;
            exchange.order(Order::Begin { number: tally.begun, plan: plan(&mut random) });
        }
        if clock::instant() - told_at >= MINUTE {
            told_at = clock::instant();
            let memory = mb(server.usage()?.memory_kb);
            println!("  after {} min: {} calls, server memory {memory}", (told_at - start).as_secs() / 60, tally.ended);
        }
        tokio::time::sleep(LOOK).await;
    }
    exchange.order(Order::HangUpAll);
    let end = clock::instant() + PATIENCE;
    while tally.ended < tally.begun && clock::instant() < end {
        hear(&exchange, &mut tally);
        tokio::time::sleep(LOOK).await;
    }
    talks::sealed(&server).await?;
    tokio::time::sleep(REST).await;
    let (after, metrics) = (server.usage()?, server.metrics().await?);
    let open = super::recording::find(&server.recordings())?.open;
    let mut table = report(load, &tally, &Left { before, before_metrics, after, metrics, open });
    for deed in DEEDS {
        let done = deeds.done(deed);
        table.aimed(format!("operators' deeds: {deed:?}"), done.to_string(), "some", done > 0);
    }
    table.row("operators' deeds that came too late", deeds.late().to_string());
    if let Some(trouble) = operators.trouble() {
        table.aimed("operators' consoles", trouble, "no trouble", false);
    }
    drop(exchange);
    server.stop().await?;
    Ok(table)
}

fn hear(exchange: &Exchange, tally: &mut Tally) {
    for told in exchange.told() {
        match (told.who, told.fact) {
            (Who::Caller(_), Fact::Ended(end)) => {
                tally.ended += 1;
                *tally.ends.entry(end).or_default() += 1;
            }
            (_, Fact::Repeated) => tally.repeated += 1,
            (_, Fact::Held(true)) => tally.held += 1,
            (_, Fact::StepRefused { code }) => *tally.refused_steps.entry(code).or_default() += 1,
            _ => {}
        }
    }
}

/// What a caller of the soak is going to do.
fn plan(random: &mut Random) -> Plan {
    if random.one_in(4) {
        return Plan::GiveUp { after: Duration::from_millis(random.up_to(3_000).into()) };
    }
    let length = random.up_to(LONGEST);
    let mut steps: Vec<Step> = (0..random.up_to(4))
        .flat_map(|_| {
            let (at, held) = (random.up_to(length + 1), random.up_to(5_000));
            let step = |after: u32, what| Step { after: Duration::from_millis(after.into()), what };
            match random.up_to(2) {
                0 => vec![step(at, Action::Renew)],
                _ => vec![step(at, Action::Hold), step(at + held, Action::Resume)],
            }
        })
        .collect();
    steps.push(Step { after: Duration::from_millis(length.into()), what: Action::HangUp });
    steps.sort_by_key(|step| step.after);
    Plan::Talk(steps)
}

/// What is left when all calls are over.
struct Left {
    before: Usage,
    before_metrics: Metrics,
    after: Usage,
    metrics: Metrics,
    open: usize,
}

fn report(load: Load, tally: &Tally, left: &Left) -> Table {
    let Left { before, before_metrics, after, metrics, open } = left;
    let mut table = Table::new(format!("Soak: {} calls at once for {} s, seed {}", load.calls, load.length.as_secs(), load.seed));
    table.row("calls", tally.begun.to_string());
    for (end, count) in &tally.ends {
        let good = matches!(end, End::GaveUp | End::HungUp | End::FarHungUp);
        match good {
            true => table.row(format!("ended by {end:?}"), count.to_string()),
            false => table.aimed(format!("ended by {end:?}"), count.to_string(), "0", false),
        }
    }
    table.aimed("calls without an end", (tally.begun - tally.ended).to_string(), "0", tally.begun == tally.ended);
    table.row("holds, messages sent again", format!("{}, {}", tally.held, tally.repeated));
    let mut refused = tally.refused_steps.clone();
    let crossed = refused.remove(&NO_SUCH_DIALOG).unwrap_or_default();
    table.row("re-INVITEs that crossed the end of their call", crossed.to_string());
    let codes: Vec<String> = refused.iter().map(|(code, count)| format!("{count} by {code}")).collect();
    table.aimed("re-INVITEs refused", if codes.is_empty() { "0".into() } else { codes.join(", ") }, "0", refused.is_empty());
    for name in ["siaga_sip_calls", "siaga_media_trunk_legs"] {
        let value = metrics.gauge(name);
        table.aimed(name, told(value), "0", value == Some(0.0));
    }
    let (tasks_before, tasks) = (before_metrics.gauge("siaga_tasks"), metrics.gauge("siaga_tasks"));
    let gone = matches!((tasks_before, tasks), (Some(before), Some(after)) if after <= before + SLACK as f64);
    table.aimed("tasks before, after", format!("{}, {}", told(tasks_before), told(tasks)), "as before", gone);
    table.aimed(
        "files before, after",
        format!("{}, {}", before.files, after.files),
        "as before",
        after.files <= before.files + SLACK,
    );
    let threads = after.threads <= before.threads + SLACK;
    table.row("threads before, after", format!("{}, {}", before.threads, after.threads));
    if !threads {
        table.aimed("threads", after.threads.to_string(), "as before", false);
    }
    table.row(
        "memory before, after, at the peak",
        format!("{}, {}, {}", mb(before.memory_kb), mb(after.memory_kb), mb(after.peak_kb)),
    );
    table.aimed("recordings that are not sealed", open.to_string(), "0", *open == 0);
    for name in [
        "siaga_journal_dropped_total",
        "siaga_line_orders_dropped_total",
        "siaga_early_events_dropped_total",
        "siaga_calls_without_port_total",
        "siaga_calls_without_voice_total",
        "siaga_tap_frames_dropped_total",
        "siaga_media_commands_refused_total",
    ] {
        table.aimed(name, metrics.sum(name).to_string(), "0", metrics.sum(name) == 0.0);
    }
    table
}

/// A gauge that is not shown proves nothing, and is told as missing.
fn told(gauge: Option<f64>) -> String {
    gauge.map_or_else(|| "not shown".into(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_tells_the_whole_soak_and_every_call_of_it_has_an_end() {
        let plans = |seed| {
            let mut random = Random::new(seed);
            (0..500).map(|_| plan(&mut random)).collect::<Vec<_>>()
        };
        assert_eq!(plans(112), plans(112));
        assert_ne!(plans(112), plans(113));
        let (mut gave_up, mut held) = (0, 0);
        for plan in plans(112) {
            match plan {
                Plan::GiveUp { .. } => gave_up += 1,
                Plan::Talk(steps) => {
                    assert!(steps.is_sorted_by_key(|step| step.after));
                    assert_eq!(steps.iter().filter(|step| step.what == Action::HangUp).count(), 1);
                    held += steps.iter().filter(|step| step.what == Action::Hold).count();
                }
            }
        }
        assert!(gave_up > 50 && held > 100, "{gave_up} gave up, {held} holds");
    }
}
