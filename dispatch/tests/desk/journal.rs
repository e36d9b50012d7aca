//! What happened to a call outlives a database that does not answer, and the server itself.

use crate::alerts::flood;
use crate::both;
use crate::support::*;
use dispatch::clock;
use dispatch::contract::*;
use dispatch::desk::*;
use dispatch::id::*;
use dispatch::store::Store;
use std::path::{Path, PathBuf};

/// A directory that goes when the story is over.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        let directory = std::env::temp_dir().join(format!("siaga-journal-{}", clock::new_id()));
        std::fs::create_dir(&directory).unwrap();
        Self(directory)
    }

    fn spill(&self) -> PathBuf {
        self.0.join("journal.spill")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn spilling_to(path: &Path) -> DeskSettings {
    DeskSettings { spill: Some(path.to_owned()), ..DeskSettings::default() }
}

async fn desk_with(house: &House, path: &Path) -> Desk {
    Desk::new(Store::connect(&house.url).await.unwrap(), LiveHub::default(), spilling_to(path))
}

both! {
    async fn what_the_database_did_not_take_is_written_after_a_restart(house) {
        let (place, rina) = (Place::new(), operator("Rina"));
        let broken = desk_with(&house, &place.spill()).await;
        broken.store().close().await;
        let call = arrived("+62821", clock::now());
        let operator = Who { user: rina.user, name: rina.name.clone() };
        broken.journal().record(Entry::Arrived(call.clone()));
        broken.journal().record(Entry::Answered { call: call.call, operator, at: clock::now() });
        broken.journal().flush().await;
        assert!(broken.alarms().iter().any(|alarm| alarm.kind == AlarmKind::StoreFailing));
        broken.journal().record(Entry::Ended { call: call.call, by: EndedBy::Caller, operator: None, failure: None, at: clock::now() });
        broken.journal().flush().await;
        let kept = std::fs::read(place.spill()).unwrap();
        assert_eq!(kept.iter().filter(|byte| **byte == b'\n').count(), 3);
        drop(broken);

        let kinds = async |desk: &Desk| -> Vec<String> {
            desk.call(&rina, call.call).await.map(|detail| detail.timeline.into_iter().map(|entry| entry.kind).collect()).unwrap_or_default()
        };
        let whole = ["call.arrived", "call.answered", "call.ended"];
        let restarted = house.restarted(spilling_to(&place.spill())).await;
        eventually(async || kinds(&restarted).await == whole).await;
        eventually(async || std::fs::metadata(place.spill()).unwrap().len() == 0).await;
        drop(restarted);

        // As after a crash between the writing and the emptying of the file: nothing is written twice. The torn end is no entry.
        let again = Place::new();
        std::fs::write(again.spill(), [kept.as_slice(), b"{\"key\":"].concat()).unwrap();
        let restarted = house.restarted(spilling_to(&again.spill())).await;
        assert_eq!(kinds(&restarted).await, whole);
        assert_eq!(std::fs::metadata(again.spill()).unwrap().len(), 0);
        assert!(restarted.alarms().is_empty());
    }

    async fn an_alert_that_the_database_did_not_take_is_an_incident_that_sounds_after_a_restart(house) {
        let (place, rina) = (Place::new(), operator("Rina"));
        let broken = desk_with(&house, &place.spill()).await;
        broken.store().close().await;
        broken.take_alert(flood());
        broken.journal().flush().await;
        let kept = std::fs::read(place.spill()).unwrap();
        drop(broken);

        let incidents = async |desk: &Desk| desk.incidents(&rina, IncidentQuery::default()).await.unwrap();
        let restarted = house.restarted(spilling_to(&place.spill())).await;
        eventually(async || !restarted.alarms().is_empty()).await;
        let made = incidents(&restarted).await;
        assert_eq!(made.iter().map(|incident| incident.place.as_str()).collect::<Vec<_>>(), ["Sekupang"]);
        let alarms = restarted.alarms();
        let calls_for = |kind: &AlarmKind| matches!(kind, AlarmKind::MachineAlert { incident, .. } if *incident == made[0].id);
        assert!(alarms.len() == 1 && calls_for(&alarms[0].kind));
        eventually(async || std::fs::metadata(place.spill()).unwrap().len() == 0).await;
        drop(restarted);

        // As after a crash between the writing and the emptying of the file.
        let again = Place::new();
        std::fs::write(again.spill(), kept).unwrap();
        let restarted = house.restarted(spilling_to(&again.spill())).await;
        assert_eq!((incidents(&restarted).await, restarted.alarms()), (made, alarms));
        assert_eq!(std::fs::metadata(again.spill()).unwrap().len(), 0);
    }

    async fn whoever_was_helped_is_not_ended_by_the_restart_while_that_still_waits_on_the_disk(house) {
        let (place, rina) = (Place::new(), operator("Rina"));
        let call = house.call_from("+62821").await.call;
        let late = arrived("+62822", clock::now());
        let before = desk_with(&house, &place.spill()).await;
        assert!(before.journal().flush().await, "the database has everything");
        before.store().close().await;
        let who = Who { user: rina.user, name: rina.name.clone() };
        before.journal().record(Entry::Answered { call, operator: who, at: clock::now() });
        before.journal().record(Entry::Ended { call, by: EndedBy::Caller, operator: None, failure: None, at: clock::now() });
        before.journal().record(Entry::Arrived(late.clone()));
        assert!(!before.journal().flush().await, "it waits on the disk");

        // As long as it cannot be read, nothing is known of how the calls went on.
        let after = desk_with(&house, &place.spill()).await;
        let refused = after.recover().await.unwrap_err();
        assert!(refused.may_pass(), "{refused}");
        assert_eq!(after.call(&supervisor(), call).await.unwrap().call.ended_at, None);
        drop(before);
        taken_up(&after).await;
        let ended_by = async |call| after.call(&supervisor(), call).await.unwrap().call.ended_by;
        assert_eq!((ended_by(call).await, ended_by(late.call).await), (Some(EndedBy::Caller), Some(EndedBy::Restart)));
        let waiting: Vec<CallId> = after.callbacks(&rina).await.unwrap().into_iter().map(|row| row.call).collect();
        assert_eq!(waiting, [late.call]);
    }

    async fn who_looked_on_while_the_database_was_away_stands_in_the_audit(house) {
        let (place, dewi, call) = (Place::new(), supervisor(), CallId(clock::new_id()).to_string());
        let broken = desk_with(&house, &place.spill()).await;
        broken.store().close().await;
        broken.audit_soon(&dewi, "call.monitored", &call).unwrap();
        broken.journal().flush().await;
        drop(broken);
        let restarted = house.restarted(spilling_to(&place.spill())).await;
        let looks = restarted.audit_entries(&head(), None, 10).await.unwrap();
        let told: Vec<_> = looks.iter().map(|look| (look.user, look.action.as_str(), look.subject.as_str())).collect();
        assert_eq!(told, [(dewi.user, "call.monitored", call.as_str())]);
    }

    async fn nobody_looks_on_whom_nobody_can_write_down(house) {
        let settings = DeskSettings { journal_capacity: 64, ..DeskSettings::default() };
        let desk = Desk::new(Store::connect(&house.url).await.unwrap(), LiveHub::default(), settings);
        // Nothing is taken out of the journal before the test waits.
        for _ in 0..64 {
            desk.audit_soon(&supervisor(), "call.monitored", "one").unwrap();
        }
        assert!(desk.audit_soon(&supervisor(), "call.monitored", "one too many").is_err());
        desk.journal().flush().await;
        assert_eq!(desk.audit_entries(&head(), None, 100).await.unwrap().len(), 64);
    }

    async fn a_burst_faster_than_the_database_waits_on_the_disk_and_nothing_of_it_is_lost(house) {
        let (place, rina) = (Place::new(), operator("Rina"));
        let settings = DeskSettings { journal_capacity: 400, ..spilling_to(&place.spill()) };
        let desk = Desk::new(Store::connect(&house.url).await.unwrap(), LiveHub::default(), settings);
        let call = arrived("+62821", clock::now());
        desk.journal().record(Entry::Arrived(call.clone()));
        for _ in 0..390 {
            desk.journal().record(Entry::Requeued { call: call.call, at: clock::now() });
        }
        eventually(async || std::fs::metadata(place.spill()).is_ok_and(|file| file.len() > 0)).await;
        desk.journal().flush().await;
        eventually(async || std::fs::metadata(place.spill()).unwrap().len() == 0).await;
        assert_eq!(desk.call(&rina, call.call).await.unwrap().timeline.len(), 391);
        assert!(desk.alarms().is_empty(), "a burst is no failure");
    }

    async fn a_line_that_cannot_be_read_is_told_and_takes_no_other_with_it(house) {
        let place = Place::new();
        std::fs::write(place.spill(), "nonsense\n").unwrap();
        let desk = house.restarted(spilling_to(&place.spill())).await;
        assert_eq!(desk.alarms().iter().map(|alarm| alarm.kind.clone()).collect::<Vec<_>>(), [AlarmKind::EntriesLost]);
    }
}
