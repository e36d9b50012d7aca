//! After a start: what the stop before left open.

use super::alarms::outlives_restart;
use super::entry_event::CALLER_GONE;
use super::journal_rows::Rows;
use super::{Desk, DeskError, parse};
use crate::clock;
use crate::contract::{Actor, EndedBy};
use crate::store::{AlarmEnd, CallEnd, NewEvent, StoreError};
use serde_json::json;

const SEED_AGENCIES: &str = include_str!("../../seed/agencies.csv");
const SEED_TYPES: &str = include_str!("../../seed/types.csv");

impl Desk {
    /// Brings the tables up to date, loads the seeds into a database without incident types, closes this node's interrupted calls
    /// (`EndedBy::Restart`), takes up the alarms that were sounding, and holds footage that was not held yet.
    ///
    /// May come late, when the database was down at the start: what belongs to this run is left alone.
    ///
    /// # Errors
    /// [`StoreError::TooSlow`] while entries of the journal still wait on the disk. It is to be tried again, as after every error that may pass.
    pub async fn recover(&self) -> Result<(), DeskError> {
        self.store.update_tables().await?;
        // What happened to calls before the stop comes before what the stop did to them: who was helped was not interrupted.
        if !self.journal.flush().await {
            return Err(DeskError::Store(StoreError::TooSlow));
        }
        self.load_seeds().await?;
        self.close_interrupted_calls().await?;
        self.learn_callers(clock::now()).await?;
        self.hold_soon();
        Ok(())
    }

    /// Whatever earlier runs left is taken up, here and elsewhere: what begins from now on need not be told apart from it.
    pub fn nothing_is_left(&self) {
        self.journal.run().nothing_is_left();
    }

    /// A city that has imported its own agencies or teams before the first start still gets the twelve types; a city that has
    /// imported types of its own gets nothing.
    async fn load_seeds(&self) -> Result<(), DeskError> {
        let mut reader = self.store.read().await?;
        let types = reader.db().incident_types().await?;
        let known: Vec<String> = reader.db().agencies().await?.into_iter().map(|agency| agency.name).collect();
        drop(reader);
        if !types.is_empty() {
            return Ok(());
        }
        let seed = |error: parse::ImportError| DeskError::invalid("seed", error.to_string());
        let mut agencies = parse::parse_agencies(SEED_AGENCIES).map_err(seed)?;
        agencies.retain(|agency| !known.contains(&agency.name));
        self.import_agencies(agencies).await?;
        self.import_types(parse::parse_types(SEED_TYPES).map_err(seed)?).await?;
        Ok(())
    }

    async fn close_interrupted_calls(&self) -> Result<(), DeskError> {
        let (now, node) = (clock::now(), &self.settings.node);
        let mut rows = Rows::of(self.store.begin().await?);
        rows.db().await?.delete_expired(now).await?;
        let run = self.journal.run();
        for call in rows.db().await?.open_calls(node).await?.into_iter().filter(|call| run.is_earlier(call.id.0, call.arrived_at))
        {
            // A caller who had left the others before the stop was not cut off by it.
            let timeline = rows.db().await?.call_timeline(call.id).await?;
            let gone =
                timeline.iter().rev().find(|entry| entry.kind == CALLER_GONE).and_then(|entry| entry.data.get("by").cloned());
            let by = gone.and_then(|by| serde_json::from_value(by).ok()).unwrap_or(EndedBy::Restart);
            // Who was waiting when the server stopped was answered by nobody.
            rows.end_call(CallEnd { call: call.id, by, unreached: None, at: now });
            rows.event(NewEvent {
                at: now,
                actor: Actor::System,
                kind: "call.ended",
                call: Some(call.id),
                incident: None,
                data: json!({ "by": by }),
                dedupe: None,
            });
        }
        let sounding = rows.db().await?.sounding_alarms(node).await?.into_iter();
        let earlier = sounding.filter(|alarm| run.is_earlier(alarm.id.0, alarm.raised_at));
        let (stay, over): (Vec<_>, Vec<_>) = earlier.partition(|alarm| outlives_restart(&alarm.kind));
        for alarm in over {
            rows.end_alarm(AlarmEnd { alarm: alarm.id, by: None, at: now });
        }
        let (entries, _) = rows.commit().await?;
        self.tell_entries(entries);
        self.board.restore(stay);
        Ok(())
    }
}
