//! The day in numbers.

use super::{Desk, DeskError, Principal};
use crate::clock;
use crate::contract::Statistics;
use crate::domain::number;

impl Desk {
    /// Counts of the calls that arrived since midnight in the city.
    pub async fn statistics_today(&self, _who: &Principal) -> Result<Statistics, DeskError> {
        let zone = &self.settings.zone;
        let from = number::midnight(number::day(clock::now(), zone), zone);
        let target = self.settings.answer_target;
        let mut reader = self.store.read().await?;
        let counts = reader.db().count_calls(from, target).await?;
        let by_disposition = reader.db().count_dispositions(from).await?.into_iter().collect();
        let incidents = reader.db().count_incidents(from).await?;
        Ok(Statistics {
            from,
            calls: counts.calls,
            answered: counts.answered,
            abandoned: counts.abandoned,
            answered_in_target: counts.answered_in_target,
            target_s: target.as_secs(),
            by_disposition,
            incidents,
            open_calls: counts.open_calls,
        })
    }
}
