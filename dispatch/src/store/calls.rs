//! Calls: from the trunk to the end.

use super::StoreError;
use super::column::{At, Json};
use super::location::Location;
use super::unit::Conn;
use crate::contract::{
    AdditionalData, CallDirection, CallPriority, CallState, CallView, Disposition, EarlierCall, EndedBy, Unreached,
};
use crate::id::{CallId, IncidentId, ReportId, UserId};
use jiff::Timestamp;
use sqlx::QueryBuilder;
use std::collections::HashMap;

/// How a call ended.
#[derive(Debug, Clone, Copy)]
pub struct CallEnd {
    pub call: CallId,
    pub by: EndedBy,
    pub unreached: Option<Unreached>,
    pub at: Timestamp,
}

/// Who calls, or is called.
#[derive(Debug, Clone)]
pub struct OtherSide {
    pub number: Option<String>,
    pub direction: CallDirection,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: CallId,
    report_id: ReportId,
    number: Option<String>,
    name: Option<String>,
    dialled: String,
    trunk: String,
    #[sqlx(flatten)]
    location: Location,
    arrived_at: At,
    answered_at: Option<At>,
    ended_at: Option<At>,
    ended_by: Option<EndedBy>,
    unreached: Option<Unreached>,
    caller_gone_at: Option<At>,
    operator_id: Option<UserId>,
    operator_name: Option<String>,
    direction: CallDirection,
    priority: CallPriority,
    languages: Json<Vec<String>>,
    cell: Option<String>,
    additional: Json<Vec<AdditionalData>>,
    callback_of: Option<CallId>,
}

impl From<Row> for CallView {
    fn from(row: Row) -> Self {
        // Whether a call rings or is held only the switchboard knows.
        let state = match (&row.answered_at, &row.ended_at, row.direction) {
            (_, Some(_), _) => CallState::Ended,
            (Some(_), None, _) => CallState::Active,
            (None, None, CallDirection::Inbound) => CallState::Waiting,
            (None, None, CallDirection::Outbound) => CallState::Calling,
        };
        Self {
            id: row.id,
            report: row.report_id,
            state,
            number: row.number,
            name: row.name,
            dialled: row.dialled,
            trunk: row.trunk,
            arrived_at: row.arrived_at.0,
            waiting_since: None,
            answered_at: row.answered_at.map(|at| at.0),
            ended_at: row.ended_at.map(|at| at.0),
            ended_by: row.ended_by,
            unreached: row.unreached,
            caller_gone_at: row.caller_gone_at.map(|at| at.0),
            operator: row.operator_id,
            operator_name: row.operator_name,
            location: row.location.into(),
            direction: row.direction,
            priority: row.priority,
            // Who else is in a call that is up only the switchboard knows; the timeline keeps who was.
            parties: Vec::new(),
            other_lines: Vec::new(),
            monitors: Vec::new(),
            languages: row.languages.0,
            cell: row.cell,
            additional: row.additional.0,
            callback_of: row.callback_of,
            // How its text stands only the switchboard knows; the timeline keeps what was said.
            text: None,
        }
    }
}

#[derive(sqlx::FromRow)]
struct Earlier {
    id: CallId,
    arrived_at: At,
    caller_name: Option<String>,
    place: Option<String>,
    disposition: Option<Disposition>,
    incident_id: Option<IncidentId>,
    incident_number: Option<String>,
}

impl From<Earlier> for EarlierCall {
    fn from(row: Earlier) -> Self {
        Self {
            call: row.id,
            arrived_at: row.arrived_at.0,
            caller_name: row.caller_name.filter(|name| !name.is_empty()),
            place: row.place.filter(|place| !place.is_empty()),
            disposition: row.disposition,
            incident: row.incident_id,
            incident_number: row.incident_number,
        }
    }
}

macro_rules! select_calls {
    ($rest:literal) => {
        concat!(
            "SELECT id, report_id, number, name, dialled, trunk, latitude, longitude, radius_m, civic, shape, \
             location_method, located_at, arrived_at, answered_at, ended_at, ended_by, unreached, caller_gone_at, operator_id, \
             operator_name, direction, priority, languages, cell, additional, callback_of FROM calls ",
            $rest
        )
    };
}

impl Conn<'_> {
    /// The caller has left an operator who goes on with others.
    pub async fn note_caller_gone(&mut self, call: CallId, at: Timestamp) -> Result<(), StoreError> {
        run!(self, sqlx::query("UPDATE calls SET caller_gone_at = $2 WHERE id = $1").bind(call).bind(At(at)))
    }

    /// Keeps calls that have begun; one that is known already stays as it is.
    pub async fn insert_calls(&mut self, calls: &[CallView], node: &str) -> Result<(), StoreError> {
        write_all!(
            self,
            calls,
            "INSERT INTO calls (id, report_id, node, number, name, dialled, trunk, latitude, longitude, radius_m, civic, arrived_at, \
             operator_id, operator_name, direction, priority, languages, cell, additional, callback_of, shape, location_method, \
             located_at) ",
            |row, call| {
                let location = call.location.as_ref().map(Location::from).unwrap_or_default();
                row.push_bind(call.id)
                    .push_bind(call.report)
                    .push_bind(node)
                    .push_bind(&call.number)
                    .push_bind(&call.name)
                    .push_bind(&call.dialled)
                    .push_bind(&call.trunk)
                    .push_bind(location.latitude)
                    .push_bind(location.longitude)
                    .push_bind(location.radius_m)
                    .push_bind(location.civic)
                    .push_bind(At(call.arrived_at))
                    .push_bind(call.operator)
                    .push_bind(&call.operator_name)
                    .push_bind(call.direction)
                    .push_bind(call.priority)
                    .push_bind(Json(call.languages.clone()))
                    .push_bind(&call.cell)
                    .push_bind(Json(call.additional.clone()))
                    .push_bind(call.callback_of)
                    .push_bind(location.shape)
                    .push_bind(location.location_method)
                    .push_bind(location.located_at);
            },
            " ON CONFLICT (id) DO NOTHING"
        );
        Ok(())
    }

    /// What the network says beside the call, learned after it arrived.
    pub async fn write_additional(&mut self, id: CallId, additional: &[AdditionalData]) -> Result<(), StoreError> {
        run!(self, sqlx::query("UPDATE calls SET additional = $2 WHERE id = $1").bind(id).bind(Json(additional.to_vec())))
    }

    /// The operator has the call now; the first answer's time stays. Without an operator it is with the fallback number, and the
    /// last operator goes on being known.
    pub async fn answer_call(&mut self, id: CallId, operator: Option<(UserId, &str)>, at: Timestamp) -> Result<(), StoreError> {
        let (user, name) = operator.unzip();
        run!(
            self,
            sqlx::query(
                "UPDATE calls SET operator_id = COALESCE($2, operator_id), operator_name = COALESCE($3, operator_name), \
                 answered_at = COALESCE(answered_at, $4) WHERE id = $1"
            )
            .bind(id)
            .bind(user)
            .bind(name)
            .bind(At(at))
        )
    }

    /// An outbound call goes over this trunk.
    pub async fn carry_call(&mut self, id: CallId, trunk: &str) -> Result<(), StoreError> {
        run!(self, sqlx::query("UPDATE calls SET trunk = $2 WHERE id = $1").bind(id).bind(trunk))
    }

    /// Ends calls that have not ended yet. Gives those that nobody answered, or that were cut off.
    pub async fn end_calls(&mut self, ends: &[CallEnd]) -> Result<Vec<(CallId, CallDirection)>, StoreError> {
        let mut open = Vec::new();
        for some in ends.chunks(super::AT_ONCE) {
            let ended: Vec<(CallId, CallDirection, Option<At>)> = on!(self, |c| async {
                let mut update = QueryBuilder::new("WITH ends (id, ended_by, unreached, ended_at) AS (");
                update.push_values(some, |mut row, end| {
                    row.push_bind(end.call).push_bind(end.by).push_bind(end.unreached).push_bind(At(end.at));
                });
                update.push(
                    ") UPDATE calls SET ended_by = ends.ended_by, unreached = ends.unreached, ended_at = ends.ended_at FROM ends \
                     WHERE calls.id = ends.id AND calls.ended_at IS NULL RETURNING calls.id, calls.direction, calls.answered_at",
                );
                update.build_query_as().persistent(some.len() == 1).fetch_all(c).await
            })?;
            let cut_off = |id| some.iter().any(|end| end.call == id && end.by.cut_off());
            let unanswered = ended.into_iter().filter(|(id, _, answered)| answered.is_none() || cut_off(*id));
            open.extend(unanswered.map(|(id, direction, _)| (id, direction)));
        }
        Ok(open)
    }

    /// Those of these calls that are known, with who is on the other side.
    pub async fn other_sides(&mut self, calls: &[CallId]) -> Result<HashMap<CallId, OtherSide>, StoreError> {
        let mut sides = HashMap::new();
        for some in calls.chunks(super::AT_ONCE) {
            let rows: Vec<(CallId, Option<String>, CallDirection)> = on!(self, |c| async {
                let mut select = QueryBuilder::new("SELECT id, number, direction FROM calls WHERE id IN ");
                push_choice!(select, some);
                select.build_query_as().persistent(some.len() == 1).fetch_all(c).await
            })?;
            sides.extend(rows.into_iter().map(|(id, number, direction)| (id, OtherSide { number, direction })));
        }
        Ok(sides)
    }

    /// The calls of a node that have not ended.
    pub async fn open_calls(&mut self, node: &str) -> Result<Vec<CallView>, StoreError> {
        let rows: Vec<Row> =
            on!(self, |c| sqlx::query_as(select_calls!("WHERE node = $1 AND ended_at IS NULL ORDER BY arrived_at"))
                .bind(node)
                .fetch_all(c))?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    pub async fn call(&mut self, id: CallId) -> Result<Option<CallView>, StoreError> {
        let row: Option<Row> = on!(self, |c| sqlx::query_as(select_calls!("WHERE id = $1")).bind(id).fetch_optional(c))?;
        Ok(row.map(Into::into))
    }

    pub async fn call_of_report(&mut self, report: ReportId) -> Result<Option<CallView>, StoreError> {
        let row: Option<Row> =
            on!(self, |c| sqlx::query_as(select_calls!("WHERE report_id = $1")).bind(report).fetch_optional(c))?;
        Ok(row.map(Into::into))
    }

    /// The numbers of calls since a moment in which the other side could type, with the moment of the newest.
    pub async fn numbers_that_type(&mut self, since: Timestamp, limit: i64) -> Result<Vec<(String, Timestamp)>, StoreError> {
        let rows: Vec<(String, At)> = on!(self, |c| {
            sqlx::query_as(
            "SELECT number, MAX(arrived_at) FROM calls WHERE arrived_at >= $1 AND number IS NOT NULL AND EXISTS \
             (SELECT 1 FROM events WHERE call_id = calls.id AND kind = 'call.text_opened') GROUP BY number ORDER BY 2 DESC LIMIT $2"
        )
        .bind(At(since))
        .bind(limit)
        .fetch_all(c)
        })?;
        Ok(rows.into_iter().map(|(number, at)| (number, at.0)).collect())
    }

    /// Newest first; of the caller whose number is written in one of these ways.
    pub async fn calls(
        &mut self,
        number: Option<&[String; 2]>,
        before: Option<Timestamp>,
        limit: i64,
    ) -> Result<Vec<CallView>, StoreError> {
        let before = before.unwrap_or(Timestamp::MAX);
        let rows: Vec<Row> = match number {
            Some([typed, kept]) => on!(self, |c| sqlx::query_as(select_calls!(
                "WHERE number IN ($1, $2) AND arrived_at < $3 ORDER BY arrived_at DESC, id DESC LIMIT $4"
            ))
            .bind(typed)
            .bind(kept)
            .bind(At(before))
            .bind(limit)
            .fetch_all(c))?,
            None => {
                on!(self, |c| sqlx::query_as(select_calls!("WHERE arrived_at < $1 ORDER BY arrived_at DESC, id DESC LIMIT $2"))
                    .bind(At(before))
                    .bind(limit)
                    .fetch_all(c))?
            }
        };
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// The calls that reported an incident, oldest first.
    pub async fn incident_calls(&mut self, incident: IncidentId) -> Result<Vec<CallView>, StoreError> {
        let rows: Vec<Row> = on!(self, |c| sqlx::query_as(select_calls!(
            "WHERE id IN (SELECT call_id FROM reports WHERE incident_id = $1) ORDER BY arrived_at LIMIT 200"
        ))
        .bind(incident)
        .fetch_all(c))?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// Calls from a number but for one of them, newest first.
    pub async fn earlier_calls(
        &mut self,
        number: &str,
        except: Option<CallId>,
        limit: i64,
    ) -> Result<Vec<EarlierCall>, StoreError> {
        let rows: Vec<Earlier> = on!(self, |c| sqlx::query_as(
            "SELECT c.id, c.arrived_at, r.caller_name, r.place, r.disposition, r.incident_id, i.number AS incident_number \
             FROM calls c LEFT JOIN reports r ON r.call_id = c.id LEFT JOIN incidents i ON i.id = r.incident_id \
             WHERE c.number = $1 AND c.id <> $2 ORDER BY c.arrived_at DESC, c.id DESC LIMIT $3"
        )
        .bind(number)
        .bind(except.map(|id| id.to_string()).unwrap_or_default())
        .bind(limit)
        .fetch_all(c))?;
        Ok(rows.into_iter().map(Into::into).collect())
    }
}
