//! Measures conversations: callers and far ends that both speak all the time, joined and recorded by the server.

use super::exchange::{Exchange, Order, Settings, Told, Who};
use super::operators::{self, Operators};
use super::process::{Usage, datagrams_dropped};
use super::recording;
use super::schedule::Schedule;
use super::server::{Prepared, Server, Wanted};
use super::sip::plan::Plan;
use super::sip::{End, Fact};
use super::table::{Table, mb, ms};
use super::voice::{Passed, Voices};
use crate::clock;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Calls that are set up in a second, before anything is measured.
const RAMP: u32 = 50;
/// How long a call may take from INVITE to voice both ways.
const PATIENCE: Duration = Duration::from_secs(20);
const SETTLE: Duration = Duration::from_secs(2);
/// Packets on their way when the window closes.
const ON_THE_WAY: Duration = Duration::from_millis(500);
const SEALING: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(5);

#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub calls: u16,
    pub seconds: u32,
    pub with: FarEnd,
}

/// Whom the callers talk with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FarEnd {
    /// Telephones at the fallback number.
    Telephones,
    /// Operators with WebRTC headsets, one for each call.
    Operators,
}

/// What was told of the calls.
#[derive(Debug, Default)]
pub struct Book {
    pub answered: BTreeSet<u32>,
    pub far_ends: BTreeSet<u32>,
    /// By the caller's voice, from the first ring to the end.
    lengths: BTreeMap<u16, Duration>,
    rang: BTreeMap<u32, Instant>,
    pub ends: BTreeMap<End, u32>,
    pub repeated: u32,
}

impl Book {
    pub fn hear(&mut self, told: Told) {
        match (told.who, told.fact) {
            (Who::Caller(number), Fact::Rang { .. }) => drop(self.rang.insert(number, told.at)),
            (Who::Caller(number), Fact::Answered { .. }) => drop(self.answered.insert(number)),
            (Who::FarEnd(number), Fact::Answered { .. }) => drop(self.far_ends.insert(number)),
            (Who::Caller(number), Fact::Ended(end)) => {
                *self.ends.entry(end).or_default() += 1;
                if let (Some(voice), Some(rang)) = (told.voice, self.rang.get(&number)) {
                    self.lengths.insert(voice, told.at - *rang);
                }
            }
            (_, Fact::Repeated) => self.repeated += 1,
            _ => {}
        }
    }

    /// Calls whose both ends are up.
    fn up(&self, with: FarEnd) -> usize {
        match with {
            FarEnd::Telephones => self.answered.len().min(self.far_ends.len()),
            FarEnd::Operators => self.answered.len(),
        }
    }

    pub fn ended(&self) -> u32 {
        self.ends.values().sum()
    }
}

pub async fn measure(load: Load) -> anyhow::Result<Table> {
    let Load { calls, seconds, with } = load;
    let legs = calls.saturating_mul(2).saturating_add(16);
    let voices = Arc::new(Voices::start(legs)?);
    let sockets = Exchange::bind()?;
    let fallback = match with {
        FarEnd::Telephones => Some((sockets.far_end()?, usize::from(calls))),
        FarEnd::Operators => None,
    };
    let prepared = Prepared::new(&Wanted { max_calls: usize::from(legs) + 50, fallback, voice_ports: legs })?;
    let mut operators = None;
    let server = match with {
        FarEnd::Telephones => prepared.start().await?,
        FarEnd::Operators => {
            operators::add(&prepared.config, calls).await?;
            let server = prepared.start().await?;
            // Callers take the first voices.
            operators = Some(Operators::begin(server.web, calls, calls + 8, voices.ear(), |_| None).await?);
            server
        }
    };
    let settings = Settings { server: server.sip, voices: Some(voices.clone()), far_end: Box::new(|| None) };
    let exchange = sockets.start(settings)?;
    let before = server.usage()?;

    let mut book = Book::default();
    begin(&exchange, &mut book, calls.into(), with).await;
    tokio::time::sleep(SETTLE).await;
    let generator = Usage::of(std::process::id())?;
    let (started, usage) = (clock::instant(), server.usage()?);
    voices.open_window();
    tokio::time::sleep(Duration::from_secs(seconds.into())).await;
    voices.close_window();
    let (took, talking) = (clock::instant() - started, server.usage()?);
    let generated = Usage::of(std::process::id())?.cpu - generator.cpu;
    tokio::time::sleep(ON_THE_WAY).await;
    let passed = voices.passed();
    let at_server = datagrams_dropped(|port| server.owns(port))?;
    let at_generator = datagrams_dropped(|port| voices.addresses().iter().any(|address| address.port() == port))?;

    exchange.order(Order::HangUpAll);
    wait(&exchange, &mut book, PATIENCE, |book| book.ended() >= u32::from(calls)).await;
    let sealing = sealed(&server).await?;
    let metrics = server.metrics().await?;

    let mut table = Table::new(match with {
        FarEnd::Telephones => format!("Conversations: {calls} callers with telephones, joined and recorded, for {seconds} s"),
        FarEnd::Operators => {
            format!("Conversations: {calls} callers with operators (WebRTC), joined and recorded, for {seconds} s")
        }
    });
    if let Some(trouble) = operators.as_mut().and_then(Operators::trouble) {
        table.aimed("operators' consoles", trouble, "no trouble", false);
    }
    let up = book.up(with);
    table.aimed("calls that came up", up.to_string(), "all", up == usize::from(calls));
    let talks = up.max(1) as f64;
    let cpu = (talking.cpu - usage.cpu).as_secs_f64() / took.as_secs_f64();
    table.row("server, of one core", format!("{:.1} %", cpu * 100.0));
    table.aimed("server, of one core for each call", format!("{:.3} %", cpu * 100.0 / talks), "under 0.1 %", cpu / talks < 0.001);
    table.row("generator, of one core", format!("{:.1} %", generated.as_secs_f64() / took.as_secs_f64() * 100.0));
    // The sign-ins of operators have just used much memory for their passwords, which hides what their calls use.
    if with == FarEnd::Telephones {
        let memory = (talking.memory_kb as f64 - before.memory_kb as f64) / talks;
        table.aimed("server memory for each call", format!("{memory:.0} KB"), "under 150 KB", memory > 0.0 && memory < 150.0);
    }
    table.row("server memory before, with the calls", format!("{}, {}", mb(before.memory_kb), mb(talking.memory_kb)));
    voice_rows(&mut table, &passed, at_server, at_generator);
    for name in [
        "siaga_tap_frames_dropped_total",
        "siaga_media_tap_frames_dropped_total",
        "siaga_media_commands_refused_total",
        "siaga_journal_dropped_total",
    ] {
        let dropped = metrics.sum(name);
        table.aimed(name, dropped.to_string(), "0", dropped == 0.0);
    }
    let hung_up = book.ends.get(&End::HungUp).copied().unwrap_or_default();
    table.aimed("calls that ended as planned", hung_up.to_string(), "all", hung_up == u32::from(calls));
    recording_rows(&mut table, &server, &book, calls, sealing)?;
    drop(exchange);
    server.stop().await?;
    Ok(table)
}

pub fn voice_rows(table: &mut Table, passed: &Passed, at_server: u64, at_generator: u64) {
    let lost = passed.lost();
    table.aimed("RTP packets lost", format!("{lost} of {}", passed.sent), "0", lost == 0);
    let unheard = passed.unheard.len();
    table.aimed("voices that nobody heard at all", unheard.to_string(), "0", unheard == 0);
    table.row("dropped by the kernel at the server, at the generator", format!("{at_server}, {at_generator}"));
    table.row("not sent by the generator", passed.unsent.to_string());
    let (half, most) = (passed.delays.at(0.5), passed.delays.at(0.99));
    table.row("forwarding delay, p50", ms(half));
    table.aimed("forwarding delay, p99", ms(most), "under 3 ms", most < Duration::from_millis(3));
    table.row("forwarding delay, longest", ms(passed.delays.largest()));
}

/// Every recording is sealed, as long as its call, and whole on both sides.
fn recording_rows(table: &mut Table, server: &Server, book: &Book, calls: u16, sealing: Duration) -> anyhow::Result<()> {
    let found = recording::find(&server.recordings())?;
    table.aimed("recordings sealed", found.sealed.len().to_string(), "all", found.sealed.len() == usize::from(calls));
    table.row("the last sealed after its call's end", ms(sealing));
    let (mut whole, mut gaps, mut jumps, mut bent, mut wrong_length) = (0, 0, 0, 0, 0);
    for path in &found.sealed {
        let recording = recording::read(path)?;
        let (Some(caller), Some(far_end)) = (recording.caller, recording.far_end) else { continue };
        let sides = [caller, far_end];
        let damage = |count: fn(&recording::Side) -> u64| sides.iter().map(count).sum::<u64>();
        gaps += damage(|side| side.gaps);
        jumps += damage(|side| side.jumps);
        bent += damage(|side| side.bent);
        let expected = book.lengths.get(&caller.leg).copied().unwrap_or_default();
        let fits = recording.length.abs_diff(expected) <= Duration::from_secs(1);
        wrong_length += u32::from(!fits);
        whole += u32::from(fits && damage(|side| side.gaps + side.jumps) == 0);
    }
    table.aimed("recordings whole on both sides", whole.to_string(), "all", whole == u32::from(calls));
    table.row("recordings of a length that differs by over 1 s", wrong_length.to_string());
    table.row("silent frames, jumps, stretched frames in recordings", format!("{gaps}, {jumps}, {bent}"));
    Ok(())
}

/// Begins calls and waits until caller and far end of each are up.
pub async fn begin(exchange: &Exchange, book: &mut Book, calls: u32, with: FarEnd) {
    let mut schedule = Schedule::new(clock::instant(), RAMP, calls);
    while !schedule.is_over() {
        for number in schedule.due(clock::instant()) {
            exchange.order(Order::Begin { number, plan: Plan::Talk(Vec::new()) });
        }
        exchange.told().for_each(|told| book.hear(told));
        tokio::time::sleep(LOOK).await;
    }
    let all = calls as usize;
    wait(exchange, book, PATIENCE, |book| book.up(with) >= all).await;
}

/// Listens until it is `enough`, or for so long.
pub async fn wait(exchange: &Exchange, book: &mut Book, within: Duration, enough: impl Fn(&Book) -> bool) -> bool {
    let end = clock::instant() + within;
    loop {
        exchange.told().for_each(|told| book.hear(told));
        if enough(book) {
            return true;
        }
        if clock::instant() >= end {
            return false;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits until no recording is open, and tells how long that took.
pub async fn sealed(server: &Server) -> anyhow::Result<Duration> {
    let start = clock::instant();
    while recording::find(&server.recordings())?.open > 0 && clock::instant() - start < SEALING {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(clock::instant() - start)
}
