//! What becomes of messages: claimed, sent, delivered, read, failed, given up.

use super::{DeliveryState, Desk, DeskError, OutboxMessage, check};
use crate::clock;
use crate::contract::{Actor, AlarmKind, Channel, IncidentState, Progress};
use crate::domain::dispatch::{self, Delivery, Dispatch};
use crate::store::{DispatchRow, Message, MessageState, NewEvent, Unit};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

/// The longest error that is kept of a chat service.
pub(super) const ERROR: usize = 300;

impl Desk {
    /// Claims up to `n` messages that are due, each for `lease_ms` milliseconds; after that they are due again.
    pub async fn claim_outbox(&self, now: Timestamp, lease_ms: i64, n: i64) -> Result<Vec<OutboxMessage>, DeskError> {
        let lease_until = now + SignedDuration::from_millis(lease_ms.clamp(0, 3_600_000));
        let mut unit = self.store.begin().await?;
        let claimed = unit.db().claim_messages(&self.settings.node, now, lease_until, n.clamp(0, 1000)).await?;
        let mut messages = Vec::with_capacity(claimed.len());
        for Message { id, dispatch, channel, attempts, template_only, .. } in claimed {
            let card = unit.db().dispatch_card(dispatch).await?.ok_or(DeskError::NotFound)?;
            messages.push(OutboxMessage { id, dispatch, channel, attempts, template_only, card });
        }
        unit.commit().await?;
        Ok(messages)
    }

    /// The service took the message and knows it by `external_id`.
    pub async fn outbox_sent(&self, id: Uuid, external_id: &str, now: Timestamp) -> Result<(), DeskError> {
        let mut unit = self.store.begin().await?;
        let message = unit.db().lock_message(id).await?.ok_or(DeskError::NotFound)?;
        if message.external_id.as_deref() == Some(external_id) {
            // An earlier mark went through although its answer was lost; since then the message may have become due again.
            mark_changed_nothing("sent", &message);
            return Ok(unit.commit().await.map(drop)?);
        }
        unit.db().set_message_sent(id, external_id).await?;
        let row = self.lock(&mut unit, &message).await?;
        self.advance(unit, row, Progress::Sent, message.channel, now).await
    }

    /// The attempt failed; the message is due again at `next_at`.
    pub async fn outbox_retry(&self, id: Uuid, error: &str, next_at: Timestamp) -> Result<(), DeskError> {
        let mut unit = self.store.begin().await?;
        let message = unit.db().lock_message(id).await?.ok_or(DeskError::NotFound)?;
        if message.state != MessageState::Sending {
            mark_changed_nothing("retry", &message);
            return Ok(unit.commit().await.map(drop)?);
        }
        unit.db().set_message_pending(id, next_at).await?;
        let row = self.lock(&mut unit, &message).await?;
        let failed = row.dispatch.clone().failed(&check::cut(error, ERROR), clock::now());
        unit.db().put_dispatch(&failed).await?;
        unit.commit().await?;
        self.tell_dispatch(&DispatchRow { dispatch: failed, ..row }.view());
        Ok(())
    }

    /// Gives the message up. The team's other channel is tried if it has one; else the alarm `Undeliverable` sounds.
    pub async fn outbox_dead(&self, id: Uuid, error: &str, now: Timestamp) -> Result<(), DeskError> {
        let mut unit = self.store.begin().await?;
        let message = unit.db().lock_message(id).await?.ok_or(DeskError::NotFound)?;
        if message.state != MessageState::Sending {
            mark_changed_nothing("dead", &message);
            return Ok(unit.commit().await.map(drop)?);
        }
        self.give_up(unit, message, error, now).await
    }

    /// What the service says of a message that it took; states may come late and in any order. Of a message that is not ours it
    /// changes nothing.
    pub async fn delivery_report(&self, channel: Channel, external_id: &str, state: DeliveryState) -> Result<(), DeskError> {
        let now = clock::now();
        let mut unit = self.store.begin().await?;
        let Some(message) = unit.db().message_by_external_id(channel, external_id).await? else {
            metrics::counter!("siaga_outbox_unknown_reports_total").increment(1);
            return Ok(());
        };
        let message = unit.db().lock_message(message.id).await?.ok_or(DeskError::NotFound)?;
        if matches!(message.state, MessageState::Pending | MessageState::Sending) {
            // It speaks of an attempt that is over; another one is on its way.
            metrics::counter!("siaga_outbox_late_reports_total").increment(1);
            return Ok(unit.commit().await.map(drop)?);
        }
        let progress = match state {
            DeliveryState::Sent => Progress::Sent,
            DeliveryState::Delivered => Progress::Delivered,
            DeliveryState::Read => Progress::Read,
            DeliveryState::Failed { error } => return self.give_up(unit, message, &error, now).await,
        };
        let row = self.lock(&mut unit, &message).await?;
        self.advance(unit, row, progress, channel, now).await
    }

    pub(super) async fn lock(&self, unit: &mut Unit, message: &Message) -> Result<DispatchRow, DeskError> {
        unit.db().lock_dispatch(message.dispatch).await?.ok_or(DeskError::NotFound)
    }

    async fn advance(
        &self,
        mut unit: Unit,
        row: DispatchRow,
        progress: Progress,
        channel: Channel,
        now: Timestamp,
    ) -> Result<(), DeskError> {
        let arrived = Delivery::Underway { last_error: None };
        let dispatch = match row.dispatch.advance(progress, None, now) {
            Some(dispatch) => {
                unit.event(system_event(&row, step_kind(progress), json!({ "channel": channel }), now));
                dispatch
            }
            // It came this far before and failed afterwards; now it is there again.
            None if row.dispatch.delivery != arrived => Dispatch { delivery: arrived, updated_at: now, ..row.dispatch.clone() },
            None => {
                unit.commit().await?;
                return Ok(());
            }
        };
        unit.db().put_dispatch(&dispatch).await?;
        self.tell_entries(unit.commit().await?);
        self.tell_dispatch(&DispatchRow { dispatch, ..row }.view());
        Ok(())
    }

    async fn give_up(&self, mut unit: Unit, message: Message, error: &str, now: Timestamp) -> Result<(), DeskError> {
        if message.state == MessageState::Dead {
            return Ok(());
        }
        let error = check::cut(error, ERROR);
        unit.db().set_message_dead(message.id).await?;
        let row = self.lock(&mut unit, &message).await?;
        // Nobody waits for a team that has answered, nor for one at an incident that is closed.
        let settled = row.dispatch.progress >= Progress::Acknowledged || row.incident_state == IncidentState::Closed;
        let other_lives = unit.db().has_live_message(message.dispatch, message.id).await?;
        let other = if settled || other_lives { None } else { self.try_other(&mut unit, &row, message.channel, now).await? };
        let dispatch = match other {
            Some(dispatch) => dispatch.failed(&error, now),
            None if settled || other_lives => row.dispatch.clone().failed(&error, now),
            None => row.dispatch.clone().dead(&error, now),
        };
        unit.db().put_dispatch(&dispatch).await?;
        let data = json!({ "channel": message.channel, "error": error });
        unit.event(system_event(&row, "dispatch.undeliverable", data, now));
        self.tell_entries(unit.commit().await?);
        let dead = matches!(dispatch.delivery, Delivery::Dead { .. });
        if dead {
            self.raise_alarm(
                AlarmKind::Undeliverable {
                    dispatch: dispatch.id,
                    incident: dispatch.incident,
                    incident_number: row.incident_number.clone(),
                    team_name: row.team_name.clone(),
                },
                now,
            );
        }
        self.outbox_wake.notify_one();
        self.tell_dispatch(&DispatchRow { dispatch, ..row }.view());
        Ok(())
    }

    /// Puts the message into the outbox for the team's other channel, if it has one that was not tried. The dispatch given back is
    /// not written yet.
    pub(super) async fn try_other(
        &self,
        unit: &mut Unit,
        row: &DispatchRow,
        tried: Channel,
        now: Timestamp,
    ) -> Result<Option<Dispatch>, DeskError> {
        let Some(team) = unit.db().team(row.dispatch.team).await? else { return Ok(None) };
        let Some(other) = dispatch::other_channel(&team, tried) else { return Ok(None) };
        if !unit.db().enqueue(clock::new_id(), row.dispatch.id, other, now).await? {
            return Ok(None);
        }
        unit.event(system_event(row, "dispatch.rerouted", json!({ "channel": other }), now));
        Ok(Some(row.dispatch.clone().by_channel(other, now)))
    }
}

/// A sender's mark came too late: the message has gone another way meanwhile.
fn mark_changed_nothing(mark: &'static str, message: &Message) {
    metrics::counter!("siaga_outbox_marks_ignored_total", "mark" => mark).increment(1);
    tracing::warn!(message = %message.id, mark, state = ?message.state, "a mark on a chat message came too late and changed nothing");
}

/// The event that tells of a step.
pub(super) fn step_kind(progress: Progress) -> &'static str {
    match progress {
        Progress::Pending => "dispatch.pending",
        Progress::Sent => "dispatch.sent",
        Progress::Delivered => "dispatch.delivered",
        Progress::Read => "dispatch.read",
        Progress::Acknowledged => "dispatch.acknowledged",
        Progress::EnRoute => "dispatch.en_route",
        Progress::Arrived => "dispatch.arrived",
        Progress::Done => "dispatch.done",
    }
}

/// An event of a dispatch with the facts that each has, and some of its own.
pub(super) fn dispatch_event(row: &DispatchRow, actor: Actor, kind: &'static str, more: Value, at: Timestamp) -> NewEvent {
    let mut data = json!({ "dispatch": row.dispatch.id, "team": row.dispatch.team, "team_name": row.team_name });
    if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) {
        data.extend(more);
    }
    NewEvent { at, actor, kind, call: None, incident: Some(row.dispatch.incident), data, dedupe: None }
}

pub(super) fn system_event(row: &DispatchRow, kind: &'static str, more: Value, at: Timestamp) -> NewEvent {
    dispatch_event(row, Actor::System, kind, more, at)
}
