//! Callers who gave up before an answer or were cut off, until somebody has spoken with them or seen that it is not needed.

use super::StoreError;
use super::column::At;
use super::unit::Conn;
use crate::contract::{CallDirection, CallbackEnd, CallbackView};
use crate::id::{CallId, UserId};
use jiff::Timestamp;
use sqlx::QueryBuilder;

#[derive(sqlx::FromRow)]
struct Row {
    call_id: CallId,
    number: String,
    name: Option<String>,
    abandoned_at: At,
    waited_ms: i64,
    tries: i64,
    last_try_at: Option<At>,
    claimed_by: Option<UserId>,
    claimed_by_name: Option<String>,
    cut_off: bool,
}

impl From<Row> for CallbackView {
    fn from(row: Row) -> Self {
        Self {
            call: row.call_id,
            number: row.number,
            name: row.name,
            abandoned_at: row.abandoned_at.0,
            // A clock that was put back makes nobody wait for less than nothing.
            waited_s: (row.waited_ms / 1000).max(0),
            tries: row.tries,
            last_try_at: row.last_try_at.map(|at| at.0),
            claimed_by: row.claimed_by,
            claimed_by_name: row.claimed_by_name,
            cut_off: row.cut_off,
        }
    }
}

macro_rules! select_callbacks {
    ($($rest:expr),+) => {
        concat!(
            "SELECT call_id, number, name, abandoned_at, waited_ms, tries, last_try_at, claimed_by, claimed_by_name, cut_off \
             FROM callbacks ",
            $($rest),+
        )
    };
}

impl Conn<'_> {
    /// Calls ended that nobody had answered, or that were cut off. No two callers among them have the same number, and a call that was made to
    /// somebody comes alone. `false` if that changes no callback.
    pub async fn note_unanswered(&mut self, ended: &[(CallId, CallDirection)]) -> Result<bool, StoreError> {
        let (inbound, outbound): (Vec<_>, Vec<_>) = ended.iter().partition(|(_, direction)| *direction == CallDirection::Inbound);
        let callers: Vec<CallId> = inbound.into_iter().map(|(call, _)| call).collect();
        let mut changed = self.insert_callbacks(&callers).await?;
        for (call, _) in outbound {
            changed |= self.release_unreached(call).await? || self.reopen_cut_off(call).await?;
        }
        Ok(changed)
    }

    /// The network has lost the caller of an answered call, which goes on for its operator with others. `false` if that changes no callback.
    pub async fn note_cut_off(&mut self, call: CallId) -> Result<bool, StoreError> {
        Ok(self.insert_callbacks(&[call]).await? || self.reopen_cut_off(call).await?)
    }

    /// Keeps inbound calls that ended without an answer, or whose caller was cut off, as callbacks, if their number is known and nobody has spoken
    /// with it since or does now. An older open callback of the same number goes on in the new one. `false` if there is nothing to call back, or it
    /// is kept already.
    async fn insert_callbacks(&mut self, calls: &[CallId]) -> Result<bool, StoreError> {
        let mut changed = false;
        for some in calls.chunks(super::AT_ONCE) {
            let kept: Vec<CallId> = on!(self, |c| async {
                let mut insert = QueryBuilder::new(
                    "INSERT INTO callbacks (call_id, number, name, abandoned_at, waited_ms, tries, last_try_at, claimed_by, \
                     claimed_by_name, cut_off) SELECT c.id, c.number, c.name, COALESCE(c.caller_gone_at, c.ended_at), \
                     COALESCE(c.answered_at, c.ended_at) - c.arrived_at, \
                     COALESCE(b.tries, 0), b.last_try_at, b.claimed_by, b.claimed_by_name, c.answered_at IS NOT NULL FROM calls c \
                     LEFT JOIN callbacks b ON b.number = c.number AND b.closed_at IS NULL AND b.abandoned_at = \
                     (SELECT MAX(abandoned_at) FROM callbacks WHERE number = c.number AND closed_at IS NULL) \
                     WHERE c.direction = 'inbound' AND c.number IS NOT NULL AND c.number <> '' \
                     AND (c.answered_at IS NULL OR c.ended_by IN ('network', 'restart', 'caller_left') OR c.ended_at IS NULL) \
                     AND COALESCE(c.caller_gone_at, c.ended_at) IS NOT NULL AND NOT EXISTS \
                     (SELECT 1 FROM calls n WHERE n.number = c.number AND n.answered_at IS NOT NULL AND (n.arrived_at > c.arrived_at \
                     OR (c.answered_at IS NULL AND n.ended_at IS NULL AND n.caller_gone_at IS NULL AND n.direction = 'inbound'))) \
                     AND c.id IN ",
                );
                push_choice!(insert, some).push(" ON CONFLICT (call_id) DO NOTHING RETURNING call_id");
                insert.build_query_scalar().persistent(some.len() == 1).fetch_all(c).await
            })?;
            if !kept.is_empty() {
                on!(self, |c| async {
                    let mut close = QueryBuilder::new(
                        "UPDATE callbacks SET closed_at = abandoned_at, closed_as = 'again' WHERE closed_at IS NULL AND call_id NOT IN ",
                    );
                    push_choice!(close, &kept).push(" AND number IN (SELECT number FROM calls WHERE id IN ");
                    push_choice!(close, &kept).push(")");
                    close.build().persistent(kept.len() == 1).execute(c).await.map(|_| ())
                })?;
                changed = true;
            }
        }
        Ok(changed)
    }

    /// Longest waiting first.
    pub async fn callbacks(&mut self, limit: i64) -> Result<Vec<CallbackView>, StoreError> {
        let rows: Vec<Row> =
            on!(self, |c| sqlx::query_as(select_callbacks!("WHERE closed_at IS NULL ORDER BY abandoned_at, call_id LIMIT $1"))
                .bind(limit)
                .fetch_all(c))?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// An open callback, which nobody else changes until the transaction ends.
    pub async fn lock_callback(&mut self, call: CallId) -> Result<Option<CallbackView>, StoreError> {
        let row: Option<Row> = on!(self, |c, lock = "" or " FOR UPDATE"| sqlx::query_as(select_callbacks!(
            "WHERE call_id = $1 AND closed_at IS NULL",
            lock!()
        ))
        .bind(call)
        .fetch_optional(c))?;
        Ok(row.map(Into::into))
    }

    /// Who sees to it now, if anybody.
    pub async fn claim_callback(&mut self, call: CallId, by: Option<(UserId, &str)>) -> Result<(), StoreError> {
        let (user, name) = by.unzip();
        run!(
            self,
            sqlx::query("UPDATE callbacks SET claimed_by = $2, claimed_by_name = $3 WHERE call_id = $1")
                .bind(call)
                .bind(user)
                .bind(name)
        )
    }

    /// The call back has ended and nobody was reached: others may see to the caller again, unless somebody else does already. It is found by
    /// the number, for a caller who gave up once more meanwhile has a newer callback. `false` if there is none like that.
    async fn release_unreached(&mut self, call: CallId) -> Result<bool, StoreError> {
        let released: Vec<CallId> = on!(self, |c| {
            sqlx::query_scalar(
                "UPDATE callbacks SET claimed_by = NULL, claimed_by_name = NULL WHERE call_id IN \
                 (SELECT o.call_id FROM calls c JOIN callbacks b ON b.call_id = c.callback_of JOIN callbacks o \
                 ON o.number = b.number AND o.closed_at IS NULL AND o.claimed_by = c.operator_id \
                 WHERE c.id = $1 AND c.answered_at IS NULL) RETURNING call_id",
            )
            .bind(call)
            .fetch_all(c)
        })?;
        Ok(!released.is_empty())
    }

    /// The call back was cut off while they spoke: the callback that its answer had closed is open again for everybody, from now on as of
    /// somebody who was cut off; unless somebody has spoken with the number in a later call. `false` if its answer had closed none.
    async fn reopen_cut_off(&mut self, call: CallId) -> Result<bool, StoreError> {
        let reopened: Option<CallId> = on!(self, |c| {
            sqlx::query_scalar(
                "UPDATE callbacks SET closed_at = NULL, closed_as = NULL, claimed_by = NULL, claimed_by_name = NULL, cut_off = TRUE, \
                 abandoned_at = (SELECT COALESCE(caller_gone_at, ended_at) FROM calls WHERE id = $1) WHERE call_id = \
                 (SELECT r.call_id FROM calls c JOIN callbacks r ON r.number = c.number OR r.call_id = c.callback_of \
                 WHERE c.id = $1 AND c.direction = 'outbound' AND COALESCE(c.caller_gone_at, c.ended_at) IS NOT NULL \
                 AND r.closed_as = 'reached' AND r.closed_at = c.answered_at AND NOT EXISTS \
                 (SELECT 1 FROM calls n WHERE n.number = r.number AND n.answered_at IS NOT NULL AND n.arrived_at > c.arrived_at) \
                 ORDER BY r.abandoned_at DESC LIMIT 1) \
                 AND NOT EXISTS (SELECT 1 FROM callbacks w WHERE w.closed_at IS NULL AND w.number = callbacks.number) \
                 RETURNING call_id",
            )
            .bind(call)
            .fetch_optional(c)
        })?;
        Ok(reopened.is_some())
    }

    /// Somebody called back. `false` if nobody waits for that any more.
    pub async fn count_callback_try(&mut self, call: CallId, at: Timestamp) -> Result<bool, StoreError> {
        let done: Option<CallId> = on!(self, |c| {
            sqlx::query_scalar(
            "UPDATE callbacks SET tries = tries + 1, last_try_at = $2 WHERE call_id = $1 AND closed_at IS NULL RETURNING call_id"
        )
        .bind(call)
        .bind(At(at))
        .fetch_optional(c)
        })?;
        Ok(done.is_some())
    }

    pub async fn close_callback(&mut self, call: CallId, end: CallbackEnd, at: Timestamp) -> Result<(), StoreError> {
        run!(
            self,
            sqlx::query("UPDATE callbacks SET closed_at = $2, closed_as = $3 WHERE call_id = $1 AND closed_at IS NULL")
                .bind(call)
                .bind(At(at))
                .bind(end)
        )
    }

    /// Whoever answered the call back was not the caller: the newest callback of the number, which was closed as reached, is open again for
    /// everybody. Gives that callback, or the one that is open already, and whether anything changed. `None`: there is neither.
    pub async fn reopen_callback(&mut self, call: CallId) -> Result<Option<(CallbackView, bool)>, StoreError> {
        let reopened: Option<CallId> = on!(self, |c| {
            sqlx::query_scalar(
            "UPDATE callbacks SET closed_at = NULL, closed_as = NULL, claimed_by = NULL, claimed_by_name = NULL WHERE call_id = \
             (SELECT r.call_id FROM callbacks r JOIN callbacks o ON o.call_id = $1 AND r.number = o.number \
             AND r.abandoned_at >= o.abandoned_at WHERE r.closed_as = 'reached' ORDER BY r.abandoned_at DESC LIMIT 1) \
             AND NOT EXISTS (SELECT 1 FROM callbacks w WHERE w.closed_at IS NULL AND w.number = callbacks.number) RETURNING call_id"
        )
        .bind(call)
        .fetch_optional(c)
        })?;
        let callback = self.lock_callback(reopened.unwrap_or(call)).await?;
        Ok(callback.map(|callback| (callback, reopened.is_some())))
    }

    /// Somebody speaks in this call with a caller who was to be called back: by its number, or because it answers to the
    /// abandoned call. `false` if nobody waited for that.
    pub async fn reach_callbacks(&mut self, call: CallId, at: Timestamp) -> Result<bool, StoreError> {
        let closed: Vec<CallId> = on!(self, |c| sqlx::query_scalar(
            "UPDATE callbacks SET closed_at = $2, closed_as = 'reached' WHERE closed_at IS NULL AND \
             (number = (SELECT number FROM calls WHERE id = $1) OR call_id = (SELECT callback_of FROM calls WHERE id = $1)) \
             RETURNING call_id"
        )
        .bind(call)
        .bind(At(at))
        .fetch_all(c))?;
        Ok(!closed.is_empty())
    }

    /// Somebody speaks with whoever has this number. `false` if that was not waited for.
    pub async fn reach_number(&mut self, number: &str, at: Timestamp) -> Result<bool, StoreError> {
        let closed: Vec<CallId> = on!(self, |c| {
            sqlx::query_scalar(
            "UPDATE callbacks SET closed_at = $2, closed_as = 'reached' WHERE closed_at IS NULL AND number = $1 RETURNING call_id"
        )
        .bind(number)
        .bind(At(at))
        .fetch_all(c)
        })?;
        Ok(!closed.is_empty())
    }

    /// The numbers of callers who gave up since a moment and were not reached since, with the moment; newest first.
    pub async fn abandoned_numbers(&mut self, since: Timestamp, limit: i64) -> Result<Vec<(String, Timestamp)>, StoreError> {
        let rows: Vec<(String, At)> = on!(self, |c| sqlx::query_as(
            "SELECT number, abandoned_at FROM callbacks WHERE closed_at IS NULL AND abandoned_at >= $1 \
             ORDER BY abandoned_at DESC LIMIT $2"
        )
        .bind(At(since))
        .bind(limit)
        .fetch_all(c))?;
        Ok(rows.into_iter().map(|(number, at)| (number, at.0)).collect())
    }
}
