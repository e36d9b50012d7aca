//! Measures what happens past the limit: more calls than a server takes, while as many talk as it has room for.

use super::exchange::{Exchange, Order, Settings};
use super::process::datagrams_dropped;
use super::schedule::Schedule;
use super::server::{Server, Wanted};
use super::sip::End;
use super::sip::plan::Plan;
use super::table::Table;
use super::talks::{self, Book, FarEnd};
use super::voice::Voices;
use crate::clock;
use std::sync::Arc;
use std::time::Duration;

/// Calls that talk, each with two legs.
const TALKS: u16 = 20;
const REFUSED: u32 = 1_000;
const RATE: u32 = 200;
const PATIENCE: Duration = Duration::from_secs(40);

/// Which bound the calls run into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    Calls,
    Ports,
}

pub async fn measure(bound: Bound) -> anyhow::Result<Table> {
    let voices = Arc::new(Voices::start(TALKS * 2 + REFUSED as u16)?);
    let sockets = Exchange::bind()?;
    let legs = TALKS * 2;
    let wanted = Wanted {
        max_calls: if bound == Bound::Calls { usize::from(TALKS) } else { 4_000 },
        fallback: Some((sockets.far_end()?, usize::from(TALKS))),
        voice_ports: if bound == Bound::Ports { legs } else { 2_000 },
    };
    let server = Server::start(&wanted).await?;
    let settings = Settings { server: server.sip, voices: Some(voices.clone()), far_end: Box::new(|| None) };
    let exchange = sockets.start(settings)?;
    let mut talking = Book::default();
    talks::begin(&exchange, &mut talking, TALKS.into(), FarEnd::Telephones).await;
    voices.open_window();

    let mut refused = Book::default();
    let mut schedule = Schedule::new(clock::instant(), RATE, REFUSED);
    while !schedule.is_over() {
        for number in schedule.due(clock::instant()) {
            let plan = Plan::GiveUp { after: Duration::from_secs(3) };
            exchange.order(Order::Begin { number: u32::from(TALKS) + number, plan });
        }
        talks::wait(&exchange, &mut refused, Duration::from_millis(5), |_| false).await;
    }
    talks::wait(&exchange, &mut refused, PATIENCE, |book| book.ended() >= REFUSED).await;
    voices.close_window();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let passed = voices.passed();
    let at_server = datagrams_dropped(|port| server.owns(port))?;
    let at_generator = datagrams_dropped(|port| voices.addresses().iter().any(|address| address.port() == port))?;

    let mut hung_up = Book::default();
    exchange.order(Order::HangUpAll);
    talks::wait(&exchange, &mut hung_up, PATIENCE, |book| book.ended() >= u32::from(TALKS)).await;
    let metrics = server.metrics().await?;

    let what = match bound {
        Bound::Calls => "sip.max_calls",
        Bound::Ports => "media.rtp_ports",
    };
    let mut table = Table::new(format!("Past {what}: {TALKS} calls talk, {REFUSED} more at {RATE} a second find no room"));
    let up = talking.answered.len();
    table.aimed("calls that talk", up.to_string(), "all", up == usize::from(TALKS));
    let count = |end: End| refused.ends.get(&end).copied().unwrap_or_default();
    let told = count(End::Refused { code: 503, retry_after: true });
    table.aimed("503 with Retry-After", told.to_string(), "all", told == REFUSED);
    let others: Vec<String> = refused
        .ends
        .iter()
        .filter(|(end, _)| **end != End::Refused { code: 503, retry_after: true })
        .map(|(end, count)| format!("{count} {end:?}"))
        .collect();
    table.row("other ends", if others.is_empty() { "none".into() } else { others.join(", ") });
    table.row("messages sent again", refused.repeated.to_string());
    let counted = match bound {
        Bound::Calls => metrics.sum_with("siaga_sip_refused_total", "reason=\"max_calls\""),
        Bound::Ports => metrics.sum("siaga_calls_without_port_total"),
    };
    table.aimed("counted by the server", counted.to_string(), "all", counted as u32 == REFUSED);
    let still = hung_up.ends.get(&End::HungUp).copied().unwrap_or_default();
    table.aimed("calls that talked on to their own end", still.to_string(), "all", still == u32::from(TALKS));
    talks::voice_rows(&mut table, &passed, at_server, at_generator);
    drop(exchange);
    server.stop().await?;
    Ok(table)
}
