//! Measures a crowd: so many callers wait for an operator, each of whom hears the announcement, while others call and give up.

use super::exchange::{Exchange, Order, Who};
use super::schedule::Schedule;
use super::server::{Server, Wanted};
use super::setups::{self, exchange, round};
use super::sip::Fact;
use super::sip::plan::Plan;
use super::table::{Table, mb};
use crate::clock;
use std::time::Duration;

/// How fast the crowd gathers.
const GATHERS: u32 = 100;
/// Longer than any measurement.
const WAITS: Duration = Duration::from_secs(7_200);
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(5);

#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub waiting: u32,
    /// Those who call meanwhile.
    pub others: setups::Load,
}

pub async fn measure(load: Load) -> anyhow::Result<Table> {
    let Load { waiting, others } = load;
    let wanted = Wanted { max_calls: 20_000, fallback: None, voice_ports: Wanted::most_ports() };
    let server = Server::start(&wanted).await?;
    let exchange = exchange(server.sip)?;
    let gathered = gather(&exchange, waiting).await;
    let before = server.usage()?;
    let began = clock::instant();
    let round = round(&exchange, others, waiting).await?;
    let (took, after) = (clock::instant() - began, server.usage()?);
    let metrics = server.metrics().await?;

    let title = format!(
        "A crowd: {} calls, {} a second, given up when they ring, while {waiting} callers wait",
        others.calls, others.rate
    );
    let mut table = Table::new(title);
    table.aimed("callers who wait", gathered.to_string(), "all", gathered == waiting);
    setups::rows(&mut table, &round, others);
    table.row("server, of one core", format!("{:.1} %", (after.cpu - before.cpu).as_secs_f64() / took.as_secs_f64() * 100.0));
    table.row("server memory with the crowd, at the peak", format!("{}, {}", mb(before.memory_kb), mb(after.peak_kb)));
    for name in ["siaga_journal_dropped_total", "siaga_calls_without_port_total", "siaga_line_orders_dropped_total"] {
        let dropped = metrics.sum(name);
        table.aimed(name, dropped.to_string(), "0", dropped == 0.0);
    }
    drop(exchange);
    server.stop().await?;
    Ok(table)
}

/// Lets so many call; gives how many it rings for.
async fn gather(exchange: &Exchange, waiting: u32) -> u32 {
    let start = clock::instant();
    let mut schedule = Schedule::new(start, GATHERS, waiting);
    let given_up_at = start + schedule.length() + PATIENCE;
    let mut rang = 0;
    while rang < waiting && clock::instant() < given_up_at {
        for number in schedule.due(clock::instant()) {
            exchange.order(Order::Begin { number, plan: Plan::GiveUp { after: WAITS } });
        }
        let told = exchange.told();
        rang += told.filter(|told| matches!((told.who, told.fact), (Who::Caller(_), Fact::Rang { .. }))).count() as u32;
        tokio::time::sleep(LOOK).await;
    }
    rang
}
