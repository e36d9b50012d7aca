//! The form saves itself, and nobody's words are lost.

use crate::both;
use crate::support::*;
use dispatch::clock;
use dispatch::contract::*;
use dispatch::desk::*;
use dispatch::id::*;

fn place(text: &str) -> ReportFields {
    ReportFields { place: text.into(), ..ReportFields::default() }
}

fn save(call: &ArrivedCall, revision: i64, text: &str) -> SaveReport {
    SaveReport { call: call.call, base: revision - 1, revision, fields: place(text) }
}

both! {
    async fn a_save_that_was_overtaken_is_refused_with_the_stored_report(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let call = house.answered_by(&rina).await;
        desk.save_report(&rina, call.report, SaveReport { base: 0, ..save(&call, 2, "Nagoya") }).await.unwrap();
        for late in [1, 2] {
            let refused = desk.save_report(&rina, call.report, save(&call, late, "Nag")).await;
            let Err(DeskError::Stale(stored)) = refused else { panic!("{refused:?}") };
            assert_eq!((stored.revision, stored.fields.place.as_str()), (2, "Nagoya"));
        }
        assert_eq!(desk.report(&rina, call.report).await.unwrap().fields.place, "Nagoya");
    }

    async fn a_window_left_open_cannot_undo_what_was_written_since(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let call = house.answered_by(&rina).await;
        desk.save_report(&rina, call.report, save(&call, 1, "Nagoya")).await.unwrap();
        let old = SaveReport { base: 0, revision: 1000, ..save(&call, 1, "Nag") };
        let refused = desk.save_report(&rina, call.report, old).await;
        assert!(matches!(refused, Err(DeskError::Stale(stored)) if stored.fields.place == "Nagoya"));
        let second = SaveReport { base: 1, revision: 1000, ..save(&call, 1, "Nagoya Hill") };
        for _ in ["the first time", "again, because the answer was lost"] {
            assert_eq!(desk.save_report(&rina, call.report, second.clone()).await.unwrap().revision, 1000);
        }
        let timeline = desk.call(&rina, call.call).await.unwrap().timeline;
        assert_eq!(timeline.iter().filter(|entry| entry.kind == "report.saved").count(), 2);
    }

    async fn the_operator_is_told_what_a_supervisor_writes_into_the_report(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let call = house.answered_by(&rina).await;
        let mut live = desk.live().subscribe();
        desk.save_report(&supervisor(), call.report, save(&call, 1, "Bengkong")).await.unwrap();
        let told: Vec<Live> = std::iter::from_fn(|| live.try_recv().ok()).collect();
        let to_rina = |live: &&Live| live.audience == Audience::One(rina.user);
        assert!(told.iter().filter(to_rina).any(|live| matches!(&live.event, Event::Report { report } if report.revision == 1)));
    }

    async fn every_change_is_an_event_and_a_save_without_one_is_not(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let call = house.answered_by(&rina).await;
        let number = ReportFields { caller_number: "+62812000111".into(), ..place("Nagoya") };
        for revision in 1..=3 {
            let save = SaveReport { call: call.call, base: revision - 1, revision, fields: number.clone() };
            desk.save_report(&rina, call.report, save).await.unwrap();
        }
        let timeline = desk.call(&rina, call.call).await.unwrap().timeline;
        let saves: Vec<_> = timeline.iter().filter(|entry| entry.kind == "report.saved").collect();
        assert_eq!(saves.len(), 1);
        assert_eq!(saves[0].data, serde_json::json!({ "revision": 1, "changed": { "place": "Nagoya" } }));
    }

    async fn a_report_is_for_its_operator_and_for_supervisors(house) {
        let (desk, rina, budi) = (&house.desk, operator("Rina"), operator("Budi"));
        let call = house.answered_by(&rina).await;
        assert!(matches!(desk.report(&budi, call.report).await, Err(DeskError::Forbidden)));
        assert!(matches!(desk.save_report(&budi, call.report, save(&call, 1, "x")).await, Err(DeskError::Forbidden)));
        assert!(matches!(desk.close_report(&budi, call.report, Disposition::Ghost).await, Err(DeskError::Forbidden)));
        assert!(matches!(desk.open_incident(&budi, call.report).await, Err(DeskError::Forbidden)));
        let detail = desk.call(&budi, call.call).await.unwrap();
        assert!(detail.report.is_none() && !detail.timeline.iter().any(|entry| entry.kind.starts_with("report.")));
        desk.save_report(&supervisor(), call.report, save(&call, 1, "Bengkong")).await.unwrap();
        assert_eq!(desk.report(&rina, call.report).await.unwrap().fields.place, "Bengkong");
    }

    async fn a_save_that_comes_before_the_journal_waits_for_it(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let call = arrived("+62812", clock::now());
        desk.journal().record(Entry::Arrived(call.clone()));
        desk.save_report(&rina, call.report, save(&call, 1, "Sekupang")).await.unwrap();
        let detail = desk.call(&rina, call.call).await.unwrap();
        assert_eq!(detail.report.unwrap().fields.place, "Sekupang");
        let second = desk.save_report(&rina, ReportId(clock::new_id()), save(&call, 2, "x")).await;
        assert!(matches!(second, Err(DeskError::Invalid { field: "call", .. })));
    }

    async fn a_report_of_a_call_that_never_came_is_not_there(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let stranger = arrived("+62812", clock::now());
        let refused = desk.save_report(&rina, stranger.report, save(&stranger, 1, "x")).await;
        assert!(matches!(refused, Err(DeskError::NotFound)));
        assert!(matches!(desk.report(&supervisor(), stranger.report).await, Err(DeskError::NotFound)));
    }

    async fn a_call_that_nobody_had_is_anybodys_only_while_it_is_up(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let call = house.call_from("+62812").await;
        desk.save_report(&rina, call.report, save(&call, 1, "Nagoya")).await.unwrap();
        assert!(desk.report(&rina, call.report).await.is_ok());
        desk.journal().record(Entry::Ended { call: call.call, by: EndedBy::CallerBeforeAnswer, operator: None, failure: None, at: clock::now() });
        desk.journal().flush().await;
        assert!(matches!(desk.report(&rina, call.report).await, Err(DeskError::Forbidden)));
        assert!(matches!(desk.save_report(&rina, call.report, save(&call, 2, "x")).await, Err(DeskError::Forbidden)));
        let detail = desk.call(&rina, call.call).await.unwrap();
        assert!(detail.report.is_none() && !detail.timeline.iter().any(|entry| entry.kind.starts_with("report.")));
        desk.save_report(&supervisor(), call.report, save(&call, 2, "Nagoya Hill")).await.unwrap();
        desk.close_report(&supervisor(), call.report, Disposition::Ghost).await.unwrap();
    }

    async fn a_form_with_an_overlong_caller_is_kept_and_cut(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let call = house.answered_by(&rina).await;
        let fields = ReportFields { caller_name: "x".repeat(201), caller_number: "0\0".repeat(80), ..place("Nagoya") };
        let save = SaveReport { call: call.call, base: 0, revision: 1, fields };
        let fields = desk.save_report(&rina, call.report, save).await.unwrap().fields;
        assert_eq!((fields.caller_name.len(), fields.caller_number.as_str()), (200, "0".repeat(64).as_str()));
    }

    async fn what_cannot_be_kept_is_refused_by_field(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let call = house.answered_by(&rina).await;
        let nowhere = Position { latitude: 91.0, longitude: 0.0 };
        let cases = [
            (ReportFields { place: "x".repeat(1001), ..ReportFields::default() }, "place"),
            (ReportFields { details: "a\0b".into(), ..ReportFields::default() }, "details"),
            (ReportFields { position: Some(nowhere), ..ReportFields::default() }, "position"),
            (ReportFields { incident_type: Some(IncidentTypeId(clock::new_id())), ..place("x") }, "incident_type"),
        ];
        for (fields, wrong) in cases {
            let refused = desk.save_report(&rina, call.report, SaveReport { call: call.call, base: 0, revision: 1, fields }).await;
            assert!(matches!(refused, Err(DeskError::Invalid { field, .. }) if field == wrong), "{wrong}: {refused:?}");
        }
        assert_eq!(desk.report(&rina, call.report).await.unwrap().revision, 0);
    }

    async fn a_closed_report_can_be_corrected(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let call = house.answered_by(&rina).await;
        for disposition in [Disposition::Ghost, Disposition::Information] {
            let report = desk.close_report(&rina, call.report, disposition).await.unwrap();
            assert_eq!(report.disposition, Some(disposition));
        }
    }
}
