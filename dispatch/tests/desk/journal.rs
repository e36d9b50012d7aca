//! What happened to a call outlives a database that does not answer, and the server itself.

use crate::both;
use crate::support::*;
use dispatch::clock;
use dispatch::contract::*;
use dispatch::desk::*;
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
