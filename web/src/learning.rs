//! What people can do, as far as the database says. Whoever begins a shift while it does not answer works at once, as somebody who can do
//! nothing in particular, and the database is asked again until it says.

use crate::app::AppState;
use dispatch::contract::{Command, Learned, UserView};
use dispatch::desk::{DeskError, Principal};
use dispatch::id::UserId;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The beginning of a shift waits no longer for it.
const WITHIN: Duration = Duration::from_secs(1);
/// How often it is asked again.
const EVERY: Duration = Duration::from_secs(5);

/// Of whom it is being asked: of each person once, however often the shift is begun meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Learning(Mutex<HashSet<UserId>>);

impl Learning {
    fn begin(&self, user: UserId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(user)
    }

    fn end(&self, user: UserId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&user);
    }
}

pub(crate) fn of(user: &UserView) -> Learned {
    Learned { skills: user.skills.clone(), languages: user.languages.clone() }
}

/// `None`: the database does not say in time.
pub(crate) async fn now(app: &AppState, who: &Principal) -> Option<Learned> {
    let said = tokio::time::timeout(WITHIN, app.desk.me(who)).await;
    let learned = said.ok().and_then(Result::ok).as_ref().map(of);
    if learned.is_none() {
        metrics::counter!("siaga_shifts_without_abilities_total").increment(1);
        tracing::warn!("skills and languages could not be read; the shift begins with those that were known, if any");
    }
    learned
}

/// Asks in a task of its own, and tells the switchboard.
pub(crate) fn later(app: &AppState, who: &Principal) {
    if !app.learning.begin(who.user) {
        return;
    }
    let (app, who) = (app.clone(), who.clone());
    tokio::spawn(async move {
        app.stop.run_until_cancelled(ask_until_told(&app, &who)).await;
        app.learning.end(who.user);
    });
}

async fn ask_until_told(app: &AppState, who: &Principal) {
    loop {
        tokio::time::sleep(EVERY).await;
        match app.desk.me(who).await {
            Ok(user) => return app.switchboard.tell(Command::HasLearned { operator: who.user, learned: of(&user) }).await,
            Err(DeskError::Store(_)) => {}
            // There is no such person any more.
            Err(_) => return,
        }
    }
}
