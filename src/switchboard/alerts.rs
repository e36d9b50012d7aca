//! Alerts that came by SIP (RFC 8876), on their way into the database. Their senders have been answered already, so one that the
//! database does not take is tried again until it does; only a stop of the server meanwhile loses it.

use dispatch::contract::AlarmKind;
use dispatch::desk::{Desk, DeskError, NewAlert};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Alerts that wait for the database at once.
const WAITING: usize = 256;
const AGAIN: Duration = Duration::from_secs(2);

pub struct Alerts {
    places: Arc<Semaphore>,
}

impl Default for Alerts {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(WAITING)) }
    }
}

impl Alerts {
    /// Makes an incident of an alert, in a task of its own. `None`: the alert is none for people, such as an exercise.
    pub fn take(&self, desk: &Desk, alert: Option<NewAlert>) {
        let Some(alert) = alert else {
            return metrics::counter!("siaga_alerts_ignored_total").increment(1);
        };
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            metrics::counter!("siaga_alerts_dropped_total").increment(1);
            tracing::error!(trunk = alert.trunk, "an alert is lost: too many wait for the database");
            desk.raise_alarm(AlarmKind::EntriesLost, super::now());
            return;
        };
        let desk = desk.clone();
        tokio::spawn(async move {
            let _place = place;
            while let Err(error) = desk.alert(alert.clone()).await {
                match error {
                    error if error.may_pass() => tokio::time::sleep(AGAIN).await,
                    DeskError::NotFound => {
                        return tracing::info!(trunk = alert.trunk, "an alert that is not known was cancelled");
                    }
                    error => return tracing::error!(trunk = alert.trunk, %error, "an alert made no incident"),
                }
            }
        });
    }
}
