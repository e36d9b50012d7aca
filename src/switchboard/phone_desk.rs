//! What an operator asks of the desk at a phone alone: to write down what the last call was, and to be put through to the caller who has waited
//! longest for a call back. The database answers both, in a task that holds nothing up.

use super::Switchboard;
use super::calls_out::dialable;
use super::features::FeatureCall;
use super::line::Report;
use dispatch::contract::{CallbackView, Disposition, Refusal};
use dispatch::desk::{ClaimedCallback, Desk, DeskError, Principal};
use dispatch::id::UserId;
use std::time::Duration;
use tokio::time::error::Elapsed;

/// Whoever hears nothing from the handset for longer hangs up.
const PATIENCE: Duration = Duration::from_secs(5);
/// Callers of the list that are tried while others take them away.
const TRIES: usize = 5;

impl Switchboard {
    pub(super) fn close_by_phone(&mut self, dialled: FeatureCall, operator: UserId, disposition: Disposition) {
        let Some(report) = self.seats.get(&operator).and_then(|seat| seat.last_report) else {
            return self.confirm(dialled, Err(Refusal::NoSuchCall), false);
        };
        let (who, desk, reports) = (self.at_phone(operator), self.desk.clone(), self.plant.reports.clone());
        tokio::spawn(async move {
            let closed = tokio::time::timeout(PATIENCE, desk.close_report(&who, report, disposition)).await;
            let done = told("the last call of a phone", closed).map(drop);
            // The switchboard ends before its tasks at a stop.
            let _ = reports.send(Report::PhoneDone { call: dialled, done }).await;
        });
    }

    pub(super) fn call_back_by_phone(&mut self, dialled: FeatureCall, operator: UserId) {
        if self.phones.get(&dialled.phone).is_some_and(|phone| phone.call.is_some()) {
            return self.confirm(dialled, Err(Refusal::Busy), false);
        }
        let (who, desk, reports) = (self.at_phone(operator), self.desk.clone(), self.plant.reports.clone());
        tokio::spawn(async move {
            let mut claiming = std::pin::pin!(claim_next(&desk, who));
            let claimed = tokio::time::timeout(PATIENCE, &mut claiming).await;
            let is_late = claimed.is_err();
            let next = told("whom a phone calls back", claimed);
            let _ = reports.send(Report::PhoneCallsBack { call: dialled, next }).await;
            // Nobody waits for it any more.
            if is_late && let Ok(claim) = claiming.await {
                claim.give_back(&desk).await;
            }
        });
    }

    /// The desk says whom the phone calls back.
    pub(super) fn phone_calls_back(&mut self, dialled: FeatureCall, next: Result<Claim, Refusal>) {
        let claim = match next {
            Ok(claim) => claim,
            Err(refusal) => return self.confirm(dialled, Err(refusal), false),
        };
        let phone = self.phones.get(&dialled.phone).map(|phone| (phone.operator, phone.call.is_some()));
        let done = match phone {
            Some((Some(operator), false)) if operator == claim.who.user => {
                self.call_out_by_phone(operator, &dialled, &claim.claimed.callback.number, Some(claim.claimed.callback.call))
            }
            Some((Some(_), _)) => Err(Refusal::Busy),
            Some((None, _)) | None => Err(Refusal::NoShift),
        };
        if done.is_err() {
            let desk = self.desk.clone();
            tokio::spawn(async move { claim.give_back(&desk).await });
            self.confirm(dialled, done, false);
        }
    }

    fn at_phone(&self, operator: UserId) -> Principal {
        Principal::at_phone(operator, self.who(operator).name)
    }
}

/// A caller whom a person at a phone sees to from now on.
#[derive(Debug)]
pub struct Claim {
    claimed: ClaimedCallback,
    who: Principal,
}

impl Claim {
    /// Somebody else may see to the caller.
    async fn give_back(self, desk: &Desk) {
        self.claimed.give_back(desk, &self.who).await;
    }
}

/// Takes the next caller for this person.
async fn claim_next(desk: &Desk, who: Principal) -> Result<Claim, DeskError> {
    for waiting in in_turn(desk.callbacks(&who).await?, who.user).into_iter().take(TRIES) {
        match desk.claim_callback(&who, waiting.call).await {
            Err(DeskError::Conflict { .. } | DeskError::NotFound) => {}
            Err(error) => return Err(error),
            Ok(claimed) => return Ok(Claim { claimed, who }),
        }
    }
    Err(DeskError::NotFound)
}

/// Those whom nobody has called back yet, longest waiting first; then those who were not reached, longest ago first. Whose number is none that can be
/// called is the console's to see to.
fn in_turn(callbacks: Vec<CallbackView>, operator: UserId) -> Vec<CallbackView> {
    let is_free = |callback: &CallbackView| callback.claimed_by.is_none_or(|by| by == operator);
    let mut free: Vec<CallbackView> =
        callbacks.into_iter().filter(|callback| is_free(callback) && dialable(&callback.number).is_ok()).collect();
    free.sort_by_key(|callback| (callback.last_try_at, callback.abandoned_at));
    free
}

/// What the desk says, unless the handset was silent for too long.
fn told<T>(what: &str, answer: Result<Result<T, DeskError>, Elapsed>) -> Result<T, Refusal> {
    match answer {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            tracing::info!(%error, "{what}: refused");
            Err(Refusal::Unavailable)
        }
        Err(_) => {
            tracing::warn!("{what}: the database did not answer in time");
            Err(Refusal::Unavailable)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dispatch::id::CallId;
    use uuid::Uuid;

    const ANI: UserId = UserId(Uuid::from_u128(1));
    const DEWI: UserId = UserId(Uuid::from_u128(2));

    fn callback(n: u128, abandoned: &str, tried: Option<&str>, claimed_by: Option<UserId>) -> CallbackView {
        CallbackView {
            call: CallId(Uuid::from_u128(n)),
            number: format!("+62{n}"),
            name: None,
            abandoned_at: abandoned.parse().unwrap(),
            waited_s: 9,
            tries: i64::from(tried.is_some()),
            last_try_at: tried.map(|at| at.parse().unwrap()),
            claimed_by,
            claimed_by_name: None,
            cut_off: false,
        }
    }

    #[test]
    fn whoever_was_not_tried_yet_comes_first_and_nobody_whom_another_sees_to() {
        let list = vec![
            callback(1, "2026-11-29T08:00:00Z", Some("2026-11-29T08:30:00Z"), None),
            callback(2, "2026-11-29T08:01:00Z", Some("2026-11-29T08:20:00Z"), None),
            callback(3, "2026-11-29T08:02:00Z", None, Some(DEWI)),
            callback(4, "2026-11-29T08:03:00Z", None, Some(ANI)),
            callback(5, "2026-11-29T08:04:00Z", None, None),
            CallbackView { number: "alice".into(), ..callback(6, "2026-11-29T07:00:00Z", None, None) },
        ];
        let turn: Vec<u128> = in_turn(list, ANI).iter().map(|callback| callback.call.0.as_u128()).collect();
        assert_eq!(turn, [4, 5, 2, 1]);
    }
}
