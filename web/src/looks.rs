//! Which looks at recordings are new. A player asks for a recording in many pieces; all of them within ten minutes are one
//! look of one session, and are written to the audit log once, before its first byte.

use crate::app::AppState;
use crate::error::ApiError;
use dispatch::id::{CallId, FootageId, SessionId};
use std::collections::HashMap;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

const ONE_LOOK: Duration = Duration::from_secs(600);
/// Looks remembered; past that all are forgotten and audited again, which errs on the side of writing too much.
const REMEMBERED: usize = 4096;

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    Recording(CallId),
    Footage(FootageId),
    Export(FootageId),
}

/// The looks of the last minutes.
#[derive(Debug, Default)]
pub(crate) struct Looks {
    begun: HashMap<(SessionId, Subject), Instant>,
}

impl Looks {
    /// Whether this request begins a look that must be audited.
    pub(crate) fn is_new(&self, session: SessionId, subject: Subject, now: Instant) -> bool {
        self.begun.get(&(session, subject)).is_none_or(|begun| now.saturating_duration_since(*begun) >= ONE_LOOK)
    }

    /// The look stands in the audit log.
    pub(crate) fn audited(&mut self, session: SessionId, subject: Subject, now: Instant) {
        if self.begun.len() >= REMEMBERED {
            self.begun.retain(|_, begun| now.saturating_duration_since(*begun) < ONE_LOOK);
        }
        if self.begun.len() >= REMEMBERED {
            metrics::counter!("siaga_looks_forgotten_total").increment(1);
            self.begun.clear();
        }
        self.begun.insert((session, subject), now);
    }
}

/// Runs `audit` if this request begins a new look. An audit that fails stops the look.
pub(crate) async fn once(
    app: &AppState,
    session: SessionId,
    subject: Subject,
    audit: impl Future<Output = Result<(), ApiError>>,
) -> Result<(), ApiError> {
    let looks = || app.looks.lock().unwrap_or_else(PoisonError::into_inner);
    let now = crate::clock::now();
    let new = looks().is_new(session, subject, now);
    if new {
        audit.await?;
        looks().audited(session, subject, now);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_pieces_of_one_listening_are_one_look_and_the_next_day_is_another() {
        let now = crate::clock::now();
        let (session, other) = (SessionId(Uuid::nil()), SessionId(Uuid::max()));
        let call = Subject::Recording(CallId(Uuid::nil()));
        let mut looks = Looks::default();
        assert!(looks.is_new(session, call, now));
        looks.audited(session, call, now);
        assert!(!looks.is_new(session, call, now + Duration::from_secs(60)));
        assert!(looks.is_new(other, call, now), "another person");
        assert!(looks.is_new(session, Subject::Footage(FootageId(Uuid::nil())), now), "something else");
        assert!(looks.is_new(session, call, now + ONE_LOOK));
    }
}
