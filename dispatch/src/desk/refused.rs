//! Sign-ins that were refused, in the audit: one entry for each source and minute, so that guessing fills no disk.

use super::{Desk, DeskError, check};
use crate::clock;
use crate::id::UserId;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

const ONCE_IN: SignedDuration = SignedDuration::from_mins(1);
/// Sources that are remembered. When all of them have been written within the minute, others are only counted.
const REMEMBERED: usize = 1024;

/// A cheap clone.
#[derive(Clone, Default)]
pub(super) struct RefusedSignIns(Arc<Mutex<HashMap<IpAddr, Timestamp>>>);

impl RefusedSignIns {
    /// Whether this refusal is to be written.
    fn is_due(&self, source: IpAddr, now: Timestamp) -> bool {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        written.retain(|_, at| now.duration_since(*at) < ONCE_IN);
        if written.contains_key(&source) {
            return false;
        }
        if written.len() >= REMEMBERED {
            metrics::counter!("siaga_sign_in_audits_skipped_total").increment(1);
            return false;
        }
        written.insert(source, now);
        true
    }
}

impl Desk {
    /// Writes down that somebody at `source` did not get in: under the account whose name was given, or under none if there is no
    /// such account, since what was typed there may be a password. What cannot be written is logged: nobody got in.
    pub async fn sign_in_failed(&self, username: &str, source: IpAddr) {
        metrics::counter!("siaga_sign_ins_refused_total").increment(1);
        let now = clock::now();
        if !self.refused_sign_ins.is_due(source, now) {
            return;
        }
        if let Err(error) = self.write_refused(username, source, now).await {
            tracing::warn!(%error, "a refused sign-in could not be written into the audit");
        }
    }

    async fn write_refused(&self, username: &str, source: IpAddr, now: Timestamp) -> Result<(), DeskError> {
        let username = check::cut(&username.trim().to_lowercase(), 64);
        let mut unit = self.store.begin().await?;
        let user = unit.db().user_by_username(&username).await?;
        let (id, name) = user.map_or((UserId(Uuid::nil()), "-".to_owned()), |user| (user.id, user.name));
        unit.db().insert_audit(now, id, &name, "session.refused", &source.to_string()).await?;
        unit.commit().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guesser_is_written_once_in_a_minute_and_many_guessers_fill_no_memory() {
        let (refused, now) = (RefusedSignIns::default(), Timestamp::UNIX_EPOCH);
        let source = |n: u32| IpAddr::from(n.to_be_bytes());
        assert!(refused.is_due(source(1), now));
        assert!(!refused.is_due(source(1), now + SignedDuration::from_secs(59)));
        assert!(refused.is_due(source(1), now + ONCE_IN));
        let later = now + ONCE_IN * 3;
        let written = (0..5000).filter(|n| refused.is_due(source(*n), later)).count();
        assert_eq!(written, REMEMBERED);
        assert!(refused.is_due(source(4999), later + ONCE_IN), "the next minute is another");
    }
}
