//! What an operator asks of the desk at a phone alone: to write down what the last call was, and to be put through to the caller who has waited
//! longest for a call back. The database answers both, in a task that holds nothing up.

use super::Switchboard;
use super::features::FeatureCall;
use super::line::Report;
use dispatch::contract::{CallbackView, Disposition, Refusal};
use dispatch::desk::{Desk, DeskError, Principal};
use dispatch::id::UserId;
use std::time::Duration;

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
            let done =
                in_time("the last call of a phone", async { desk.close_report(&who, report, disposition).await.map(drop) }).await;
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
            let next = in_time("whom a phone calls back", claim_next(&desk, &who)).await;
            let _ = reports.send(Report::PhoneCallsBack { call: dialled, next }).await;
        });
    }

    /// The desk says whom the phone calls back.
    pub(super) fn phone_calls_back(&mut self, dialled: FeatureCall, next: Result<CallbackView, Refusal>) {
        let Some(phone) = self.phones.get(&dialled.phone) else { return };
        let done = match (next, phone.operator, &phone.call) {
            (Err(refusal), _, _) => Err(refusal),
            (Ok(_), None, _) => Err(Refusal::NoShift),
            (Ok(_), Some(_), Some(_)) => Err(Refusal::Busy),
            (Ok(next), Some(operator), None) => {
                let done = self.call_out_by_phone(operator, &dialled, &next.number, Some(next.call));
                if done.is_err() {
                    self.give_back(operator, next);
                }
                done
            }
        };
        if done.is_err() {
            self.confirm(dialled, done, false);
        }
    }

    /// Somebody else may see to the caller.
    fn give_back(&self, operator: UserId, callback: CallbackView) {
        let (who, desk) = (self.at_phone(operator), self.desk.clone());
        tokio::spawn(async move {
            if let Err(error) = desk.release_callback(&who, callback.call).await {
                tracing::warn!(%error, "a callback that was not begun stays claimed");
            }
        });
    }

    fn at_phone(&self, operator: UserId) -> Principal {
        Principal::at_phone(operator, self.who(operator).name)
    }
}

/// Takes the next caller for this person.
async fn claim_next(desk: &Desk, who: &Principal) -> Result<CallbackView, DeskError> {
    for callback in in_turn(desk.callbacks(who).await?, who.user).into_iter().take(TRIES) {
        match desk.claim_callback(who, callback.call).await {
            Err(DeskError::Conflict { .. } | DeskError::NotFound) => {}
            claimed => return claimed,
        }
    }
    Err(DeskError::NotFound)
}

/// Those whom nobody has called back yet, longest waiting first; then those who were not reached, longest ago first.
fn in_turn(callbacks: Vec<CallbackView>, operator: UserId) -> Vec<CallbackView> {
    let mut free: Vec<CallbackView> =
        callbacks.into_iter().filter(|callback| callback.claimed_by.is_none_or(|by| by == operator)).collect();
    free.sort_by_key(|callback| (callback.last_try_at, callback.abandoned_at));
    free
}

/// What the desk says, unless the handset was silent for too long.
async fn in_time<T>(what: &str, asked: impl Future<Output = Result<T, DeskError>>) -> Result<T, Refusal> {
    match tokio::time::timeout(PATIENCE, asked).await {
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
        ];
        let turn: Vec<u128> = in_turn(list, ANI).iter().map(|callback| callback.call.0.as_u128()).collect();
        assert_eq!(turn, [4, 5, 2, 1]);
    }
}
