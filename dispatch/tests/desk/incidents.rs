//! From a report to an incident with a number, and to its end.

use crate::both;
use crate::support::*;
use dispatch::clock;
use dispatch::contract::*;
use dispatch::desk::*;
use dispatch::domain::number;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, PgConnection, SqliteConnection};

both! {
    async fn an_incident_takes_over_the_report_and_goes_on_following_it(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let mut live = desk.live().subscribe();
        let (call, incident) = house.incident_by(&rina).await;
        let day = number::day_digits(number::day(clock::now(), &desk.settings().zone));
        assert_eq!(incident.number, format!("{day}-0001"));
        assert_eq!((incident.place.as_str(), incident.position), ("Simpang Kabil", Some(KABIL)));
        assert_eq!(desk.open_incident(&rina, call.report).await.unwrap().id, incident.id, "a double click is one incident");

        let fields = ReportFields { place: "Simpang Kabil, depan SPBU".into(), event: "kebakaran ruko".into(), ..ReportFields::default() };
        desk.save_report(&rina, call.report, SaveReport { call: call.call, base: 1, revision: 9, fields }).await.unwrap();
        let detail = desk.incident(&rina, incident.id).await.unwrap();
        assert_eq!(detail.incident.event, "kebakaran ruko");
        assert_eq!(detail.calls.iter().map(|call| call.id).collect::<Vec<_>>(), [call.call]);
        let kinds: Vec<&str> = detail.timeline.iter().map(|entry| entry.kind.as_str()).collect();
        let whole = ["call.arrived", "call.answered", "report.saved", "incident.opened", "report.saved", "incident.updated"];
        assert_eq!(kinds, whole);
        let mut told = Vec::new();
        while let Ok(live) = live.try_recv() {
            if let Event::Incident { incident } = live.event {
                told.push(incident.event);
            }
        }
        assert_eq!(told, ["", "kebakaran ruko"]);
    }

    async fn a_blank_report_opens_nothing(house) {
        let rina = operator("Rina");
        let call = house.answered_by(&rina).await;
        let refused = house.desk.open_incident(&rina, call.report).await;
        assert!(matches!(refused, Err(DeskError::Invalid { field: "place", .. })));
        assert!(house.desk.incidents(&rina, IncidentQuery::default()).await.unwrap().is_empty());
    }

    async fn incidents_opened_at_once_have_numbers_and_events_without_a_gap(house) {
        let (desk, rina) = (house.desk.clone(), operator("Rina"));
        let mut calls = Vec::new();
        for _ in 0..8 {
            let call = house.answered_by(&rina).await;
            let fields = ReportFields { event: "banjir".into(), ..ReportFields::default() };
            desk.save_report(&rina, call.report, SaveReport { call: call.call, base: 0, revision: 1, fields }).await.unwrap();
            calls.push(call);
        }
        let mut opening = tokio::task::JoinSet::new();
        for call in calls {
            let (desk, rina) = (desk.clone(), rina.clone());
            opening.spawn(async move { desk.open_incident(&rina, call.report).await.unwrap() });
        }
        let mut opened: Vec<IncidentView> = opening.join_all().await;
        opened.sort_by(|a, b| a.number.cmp(&b.number));
        let last: Vec<&str> = opened.iter().map(|incident| &incident.number[9..]).collect();
        assert_eq!(last, ["0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008"]);
        let mut numbers = Vec::new();
        for incident in &opened {
            let timeline = desk.incident(&rina, incident.id).await.unwrap().timeline;
            numbers.extend(timeline.iter().map(|entry| entry.seq));
        }
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=numbers.len() as i64).collect::<Vec<_>>());
    }

    async fn the_timeline_cannot_be_rewritten(house) {
        let call = house.call_from("+62812").await;
        for statement in ["UPDATE events SET kind = 'nothing'", "DELETE FROM events"] {
            let refused = match house.url.strip_prefix("sqlite://") {
                Some(path) => {
                    let options = SqliteConnectOptions::new().filename(path);
                    let mut raw = SqliteConnection::connect_with(&options).await.unwrap();
                    sqlx::query(statement).execute(&mut raw).await.err()
                }
                None => sqlx::query(statement).execute(&mut PgConnection::connect(&house.url).await.unwrap()).await.err(),
            };
            assert!(refused.unwrap().to_string().contains("append-only"));
        }
        assert_eq!(house.desk.call(&supervisor(), call.call).await.unwrap().timeline[0].kind, "call.arrived");
    }

    async fn whoever_closes_an_incident_of_another_is_not_told_the_report(house) {
        let (desk, rina, budi) = (&house.desk, operator("Rina"), operator("Budi"));
        let (call, incident) = house.incident_by(&rina).await;
        let mut live = desk.live().subscribe();
        desk.close_incident(&budi, incident.id, Disposition::Normal, "").await.unwrap();
        let told = std::iter::from_fn(|| live.try_recv().ok()).filter(|live| matches!(&live.event, Event::Report { .. }));
        assert_eq!(told.map(|live| live.audience).collect::<Vec<_>>(), [Audience::One(rina.user), Audience::AtLeast(Role::Supervisor)]);
        assert!(matches!(desk.report(&budi, call.report).await, Err(DeskError::Forbidden)));
    }

    async fn closing_ends_the_waiting_and_happens_once(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let (call, incident) = house.incident_by(&rina).await;
        let team = house.team("Regu 1", Some(-100), None).await;
        desk.send_dispatch(&rina, incident.id, &[team.id], None).await.unwrap();
        desk.due_alarms(clock::now() + seconds(61)).await.unwrap();
        assert_eq!(desk.alarms().len(), 1);
        desk.add_note(&rina, incident.id, " api padam ").await.unwrap();
        let closed = desk.close_incident(&rina, incident.id, Disposition::Normal, "selesai").await.unwrap();
        assert_eq!(closed.state, IncidentState::Closed);
        assert!(!closed.dispatches[0].overdue && desk.alarms().is_empty());
        assert_eq!(desk.report(&rina, call.report).await.unwrap().disposition, Some(Disposition::Normal));
        desk.due_alarms(clock::now() + seconds(1000)).await.unwrap();
        assert!(desk.alarms().is_empty(), "nobody waits any more");
        let again = desk.close_incident(&rina, incident.id, Disposition::Prank, "").await;
        assert!(matches!(again, Err(DeskError::Conflict { code: "incident_closed", .. })));
        let late = desk.send_dispatch(&rina, incident.id, &[team.id], None).await;
        assert!(matches!(late, Err(DeskError::Conflict { code: "incident_closed", .. })));
        let open = IncidentQuery { state: Some(IncidentState::Open), limit: 10 };
        assert!(desk.incidents(&rina, open).await.unwrap().is_empty());
        let all = desk.incidents(&rina, IncidentQuery::default()).await.unwrap();
        assert_eq!((all.len(), all[0].dispatches.len()), (1, 1));
        assert!(matches!(desk.add_note(&rina, incident.id, " ").await, Err(DeskError::Invalid { field: "text", .. })));
    }
}
