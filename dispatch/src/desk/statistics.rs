//! The day in numbers.

use super::{Desk, DeskError, Principal};
use crate::clock;
use crate::contract::{ServiceLevel, Statistics};
use crate::domain::number;

impl Desk {
    /// Counts of the inbound calls that arrived since midnight in the city.
    pub async fn statistics_today(&self, _who: &Principal) -> Result<Statistics, DeskError> {
        let zone = &self.settings.zone;
        let now = clock::now();
        let from = number::midnight(number::day(now, zone), zone);
        let target = self.settings.answer_target;
        let mut reader = self.store.read().await?;
        let counts = reader.db().count_calls(from, target).await?;
        let by_disposition = reader.db().count_dispositions(from).await?.into_iter().collect();
        let incidents = reader.db().count_incidents(from).await?;
        let mut service_levels = Vec::with_capacity(self.settings.service_levels.len());
        for (within, goal_percent) in self.settings.service_levels.clone() {
            let counts = reader.db().count_level(from, within, now).await?;
            let (answered, of) = (counts.answered, counts.of_calls);
            service_levels.push(ServiceLevel { within_s: within.as_secs(), goal_percent, answered, of });
        }
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
            service_levels,
        })
    }
}
