//! Alerts that machines send.

use crate::both;
use crate::support::*;
use dispatch::clock;
use dispatch::contract::*;
use dispatch::desk::*;

fn flood() -> NewAlert {
    NewAlert {
        identifier: "BMKG-7".into(),
        sender: "alerts@bmkg.go.id".into(),
        sent: clock::now(),
        event: "Banjir".into(),
        headline: "Banjir di Sekupang".into(),
        description: "Air setinggi lutut.\nWaspada.\0".into(),
        severity: "Severe".into(),
        area: "Sekupang".into(),
        position: Some(KABIL),
        trunk: "bmkg".into(),
        about: AlertAbout::New,
    }
}

both! {
    async fn an_alert_makes_one_incident_that_everybody_sees(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        house.camera("kabil", KABIL).await;
        let mut live = desk.live().subscribe();
        let made = desk.alert(flood()).await.unwrap();
        assert_eq!((made.place.as_str(), made.event.as_str(), made.incident_type), ("Sekupang", "Banjir", None));
        assert_eq!((made.details.as_str(), made.opened_by_name.as_str()), ("Air setinggi lutut.\nWaspada.", "alerts@bmkg.go.id"));
        let told: Vec<_> = std::iter::from_fn(|| live.try_recv().ok()).collect();
        let shown = |live: &Live| matches!(&live.event, Event::Incident { incident } if incident.id == made.id);
        assert!(told.iter().any(|live| live.audience == Audience::Everyone && shown(live)));

        let again = desk.alert(NewAlert { headline: "lain".into(), ..flood() }).await.unwrap();
        assert_eq!(again.id, made.id, "told twice it is one");
        let other = desk.alert(NewAlert { sender: "panel@mall".into(), event: String::new(), ..flood() }).await.unwrap();
        assert_eq!((other.event.as_str(), other.id == made.id), ("Banjir di Sekupang", false));

        let detail = desk.incident(&rina, made.id).await.unwrap();
        let kinds: Vec<&str> = detail.timeline.iter().map(|entry| entry.kind.as_str()).collect();
        assert_eq!(kinds, ["alert.received"]);
        assert_eq!(detail.timeline[0].data["severity"], "Severe");
        assert_eq!(detail.footage.len(), 1, "its cameras are kept as a call's are");
        let team = house.team("Regu 1", Some(-1), None).await;
        assert_eq!(desk.send_dispatch(&rina, made.id, &[team.id], None).await.unwrap().len(), 1);
        let closed = desk.close_incident(&rina, made.id, Disposition::Normal, "").await.unwrap();
        assert_eq!(closed.state, IncidentState::Closed);
    }

    async fn an_update_and_a_cancellation_stand_at_the_incident_of_the_alert_before_them(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let first = desk.alert(flood()).await.unwrap();
        let of = vec![AlertKey { sender: "alerts@bmkg.go.id".into(), identifier: "BMKG-7".into() }];
        let update = NewAlert {
            identifier: "BMKG-8".into(),
            headline: "Air naik".into(),
            about: AlertAbout::Update { of: of.clone() },
            ..flood()
        };
        assert_eq!(desk.alert(update.clone()).await.unwrap().id, first.id);
        assert_eq!(desk.alert(update.clone()).await.unwrap().id, first.id, "told twice it stands there once");
        let cancel = NewAlert { identifier: "BMKG-9".into(), about: AlertAbout::Cancel { of }, ..flood() };
        assert_eq!(desk.alert(cancel).await.unwrap().id, first.id);
        let timeline = desk.incident(&rina, first.id).await.unwrap().timeline;
        let kinds: Vec<&str> = timeline.iter().map(|entry| entry.kind.as_str()).collect();
        assert_eq!(kinds, ["alert.received", "alert.updated", "alert.cancelled"]);
        assert_eq!(timeline[1].data["headline"], "Air naik");

        desk.close_incident(&rina, first.id, Disposition::Normal, "").await.unwrap();
        let late = NewAlert { identifier: "BMKG-10".into(), ..update };
        assert_ne!(desk.alert(late).await.unwrap().id, first.id, "nobody looks at a closed incident");
        let unknown = AlertAbout::Cancel { of: vec![AlertKey { sender: "x".into(), identifier: "y".into() }] };
        let refused = desk.alert(NewAlert { identifier: "BMKG-11".into(), about: unknown, ..flood() }).await;
        assert!(matches!(refused, Err(DeskError::NotFound)), "{refused:?}");
    }

    async fn an_alert_that_cannot_be_told_from_others_is_refused_and_a_long_one_is_cut(house) {
        let desk = &house.desk;
        for (field, alert) in [
            ("sender", NewAlert { sender: " ".into(), ..flood() }),
            ("identifier", NewAlert { identifier: String::new(), ..flood() }),
        ] {
            let refused = desk.alert(alert).await;
            assert!(matches!(refused, Err(DeskError::Invalid { field: named, .. }) if named == field));
        }
        let nowhere = Some(Position { latitude: 200.0, longitude: 0.0 });
        let long = NewAlert { description: "x".repeat(100_000), position: nowhere, ..flood() };
        let made = desk.alert(long).await.unwrap();
        assert_eq!((made.details.len(), made.position), (10_000, None));
    }
}
