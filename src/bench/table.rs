//! The table that is printed: what was measured, what it came to, what is aimed at.

use std::fmt;
use std::time::Duration;

#[derive(Debug, Clone, Default)]
pub struct Table {
    title: String,
    rows: Vec<Row>,
}

#[derive(Debug, Clone)]
struct Row {
    what: String,
    value: String,
    goal: Option<Goal>,
}

#[derive(Debug, Clone)]
struct Goal {
    text: String,
    reached: bool,
}

impl Table {
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), rows: Vec::new() }
    }

    pub fn row(&mut self, what: impl Into<String>, value: impl Into<String>) {
        self.rows.push(Row { what: what.into(), value: value.into(), goal: None });
    }

    /// A row with what is aimed at, and whether it is reached.
    pub fn aimed(&mut self, what: impl Into<String>, value: impl Into<String>, goal: impl Into<String>, reached: bool) {
        self.rows.push(Row { what: what.into(), value: value.into(), goal: Some(Goal { text: goal.into(), reached }) });
    }

    /// Rows whose goal is missed.
    pub fn missed(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().filter(|row| row.goal.as_ref().is_some_and(|goal| !goal.reached)).map(|row| row.what.as_str())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |text: fn(&Row) -> &str| self.rows.iter().map(|row| text(row).chars().count()).max().unwrap_or(0);
        let (what, value) = (width(|row| &row.what), width(|row| &row.value));
        writeln!(f, "\n{}", self.title)?;
        for row in &self.rows {
            write!(f, "  {:<what$}  {:>value$}", row.what, row.value)?;
            if let Some(Goal { text, reached }) = &row.goal {
                write!(f, "  {} (goal: {text})", if *reached { "reached" } else { "MISSED " })?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

pub fn ms(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1_000.0)
}

pub fn mb(kb: u64) -> String {
    format!("{:.1} MB", kb as f64 / 1_024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_and_missed_goals_are_told() {
        let mut table = Table::new("Set-ups");
        table.row("calls", "20000");
        table.aimed("INVITE to 180, p99", ms(Duration::from_micros(1_234)), "under 1 ms", false);
        table.aimed("failures", "0", "0", true);
        let text = table.to_string();
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(lines[0], "  calls                 20000");
        assert_eq!(lines[1], "  INVITE to 180, p99  1.23 ms  MISSED  (goal: under 1 ms)");
        assert_eq!(table.missed().collect::<Vec<_>>(), ["INVITE to 180, p99"]);
    }
}
