//! Alerts that machines send.

use crate::both;
use crate::support::*;
use dispatch::clock;
use dispatch::contract::*;
use dispatch::desk::*;
use dispatch::domain::incident::{Facts, Incident, State};
use dispatch::domain::number;
use dispatch::id::*;
use dispatch::store::Store;
use std::sync::{Arc, Mutex};

pub fn flood() -> NewAlert {
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

/// What the sender says next of the flood.
fn then(identifier: &str, about: fn(Vec<AlertKey>) -> AlertAbout) -> NewAlert {
    let of = vec![AlertKey { sender: "alerts@bmkg.go.id".into(), identifier: "BMKG-7".into() }];
    NewAlert { identifier: identifier.into(), headline: "Air naik".into(), about: about(of), ..flood() }
}

fn update(identifier: &str) -> NewAlert {
    then(identifier, |of| AlertAbout::Update { of })
}

fn cancel(identifier: &str) -> NewAlert {
    then(identifier, |of| AlertAbout::Cancel { of })
}

/// Tells the desk of an alert, and waits until it is written. All incidents then, newest first.
async fn tell(desk: &Desk, alert: NewAlert) -> Vec<IncidentView> {
    desk.take_alert(alert);
    desk.journal().flush().await;
    desk.incidents(&operator("Rina"), IncidentQuery::default()).await.unwrap()
}

async fn kinds(desk: &Desk, incident: IncidentId) -> Vec<String> {
    let timeline = desk.incident(&operator("Rina"), incident).await.unwrap().timeline;
    timeline.into_iter().map(|entry| entry.kind).collect()
}

/// The alarm that says of the incident what its alert says.
fn alarm(incident: &IncidentView) -> AlarmKind {
    AlarmKind::MachineAlert { incident: incident.id, incident_number: incident.number.clone(), event: incident.event.clone() }
}

fn sounds(desk: &Desk) -> Vec<AlarmKind> {
    desk.alarms().into_iter().map(|alarm| alarm.kind).collect()
}

/// The identifiers of the alerts that are lost from now on.
fn lost(desk: &Desk) -> Arc<Mutex<Vec<String>>> {
    let all = Arc::new(Mutex::new(Vec::new()));
    let heard = all.clone();
    desk.on_lost_alert(move |alert| heard.lock().unwrap().push(alert.identifier.clone()));
    all
}

both! {
    async fn an_alert_makes_one_incident_that_everybody_sees(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        house.camera("kabil", KABIL).await;
        let mut live = desk.live().subscribe();
        let made = tell(desk, flood()).await.remove(0);
        assert_eq!((made.place.as_str(), made.event.as_str(), made.incident_type), ("Sekupang", "Banjir", None));
        assert_eq!((made.details.as_str(), made.opened_by_name.as_str()), ("Air setinggi lutut.\nWaspada.", "alerts@bmkg.go.id"));
        let told: Vec<_> = std::iter::from_fn(|| live.try_recv().ok()).collect();
        let shown = |live: &Live| matches!(&live.event, Event::Incident { incident } if incident.id == made.id);
        assert!(told.iter().any(|live| live.audience == Audience::Everyone && shown(live)));
        assert_eq!(told.iter().filter(|live| matches!(live.event, Event::Footage { .. })).count(), 1);

        let again = tell(desk, NewAlert { headline: "lain".into(), ..flood() }).await;
        assert_eq!((again.len(), again[0].id), (1, made.id), "told twice it is one");
        let all = tell(desk, NewAlert { sender: "panel@mall".into(), event: String::new(), ..flood() }).await;
        assert_eq!((all.len(), all[0].event.as_str()), (2, "Banjir di Sekupang"));

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
        let first = tell(desk, flood()).await.remove(0);
        tell(desk, update("BMKG-8")).await;
        assert_eq!(tell(desk, update("BMKG-8")).await.len(), 1, "told twice it stands there once");
        // Of a sender who names an alert that never came.
        let nobody = AlertKey { sender: "x".into(), identifier: "y".into() };
        let unknown = NewAlert { about: AlertAbout::Cancel { of: vec![nobody] }, ..cancel("BMKG-9") };
        assert_eq!(tell(desk, unknown).await.len(), 1);
        assert_eq!(tell(desk, cancel("BMKG-10")).await.len(), 1);
        let timeline = desk.incident(&rina, first.id).await.unwrap().timeline;
        let kinds: Vec<&str> = timeline.iter().map(|entry| entry.kind.as_str()).collect();
        assert_eq!(kinds, ["alert.received", "alert.updated", "alert.cancelled"]);
        assert_eq!(timeline[1].data["headline"], "Air naik");

        desk.close_incident(&rina, first.id, Disposition::Normal, "").await.unwrap();
        let all = tell(desk, update("BMKG-11")).await;
        assert_eq!(all.len(), 2, "nobody looks at a closed incident");
        let AlertAbout::Update { mut of } = update("BMKG-12").about else { panic!("it is an update") };
        of.push(AlertKey { sender: "alerts@bmkg.go.id".into(), identifier: "BMKG-11".into() });
        let all = tell(desk, NewAlert { about: AlertAbout::Update { of }, ..update("BMKG-12") }).await;
        assert_eq!(all.len(), 2, "of two that it is about one is open");
        assert!(desk.alarms().iter().all(|alarm| alarm.kind != AlarmKind::EntriesLost));
    }

    async fn an_alert_that_cannot_be_told_from_others_is_lost_and_a_long_one_is_cut(house) {
        let desk = &house.desk;
        let lost = lost(desk);
        for alert in [NewAlert { sender: " ".into(), ..flood() }, NewAlert { identifier: "\u{1}".into(), ..flood() }] {
            assert!(tell(desk, alert).await.is_empty());
        }
        assert_eq!(lost.lock().unwrap().len(), 2);
        assert_eq!(sounds(desk), [AlarmKind::EntriesLost]);
        let nowhere = Some(Position { latitude: f64::NAN, longitude: 0.0 });
        let long = NewAlert { description: "x".repeat(100_000), event: "x".repeat(5_000), position: nowhere, ..flood() };
        let made = tell(desk, long).await.remove(0);
        assert_eq!((made.details.len(), made.event.len(), made.position), (10_000, 1_000, None));
        assert!(matches!(&sounds(desk)[1], AlarmKind::MachineAlert { event, .. } if event.len() == 200));
    }

    async fn an_alert_sounds_until_somebody_has_seen_it_also_after_a_restart(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let made = tell(desk, flood()).await.remove(0);
        tell(desk, flood()).await;
        assert_eq!(sounds(desk), [alarm(&made)], "told twice it sounds once");
        let restarted = house.restarted(DeskSettings::default()).await;
        assert_eq!(restarted.alarms(), desk.alarms());
        restarted.acknowledge_alarm(&rina, restarted.alarms()[0].id).await.unwrap();
        restarted.journal().flush().await;
        assert_eq!(kinds(&restarted, made.id).await, ["alert.received", "alarm.acknowledged"]);
        assert!(house.restarted(DeskSettings::default()).await.alarms().is_empty());
    }

    async fn the_alarm_is_over_when_teams_are_sent_the_incident_is_closed_or_the_machine_takes_it_back(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let team = house.team("Regu 1", Some(-1), None).await;
        let ends = async |identifier: &str| {
            let made = tell(desk, NewAlert { identifier: identifier.into(), ..flood() }).await.remove(0);
            assert_eq!(sounds(desk), [alarm(&made)]);
            match identifier {
                "sent" => drop(desk.send_dispatch(&rina, made.id, &[team.id], None).await.unwrap()),
                "closed" => drop(desk.close_incident(&rina, made.id, Disposition::Ghost, "").await.unwrap()),
                _ => drop(tell(desk, cancel("BMKG-8")).await),
            }
            desk.alarms().is_empty()
        };
        for identifier in ["sent", "closed", "BMKG-7"] {
            assert!(ends(identifier).await, "{identifier}");
        }
        desk.journal().flush().await;
        assert!(house.restarted(DeskSettings::default()).await.alarms().is_empty());

        // All in one batch of the journal.
        desk.take_alert(NewAlert { identifier: "BMKG-17".into(), ..flood() });
        let of = vec![AlertKey { sender: flood().sender, identifier: "BMKG-17".into() }];
        tell(desk, NewAlert { about: AlertAbout::Cancel { of }, ..cancel("BMKG-18") }).await;
        assert!(desk.alarms().is_empty() && house.restarted(DeskSettings::default()).await.alarms().is_empty());
    }

    async fn only_what_is_more_severe_than_before_sounds_again(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let made = tell(desk, flood()).await.remove(0);
        let silence = async || {
            for alarm in desk.alarms() {
                desk.acknowledge_alarm(&rina, alarm.id).await.unwrap();
            }
        };
        let worse = |identifier: &str| NewAlert { severity: "Extreme".into(), ..update(identifier) };
        tell(desk, worse("BMKG-8")).await;
        assert_eq!(desk.alarms().len(), 1, "it still sounds");
        silence().await;
        for quiet in [update("BMKG-9"), NewAlert { severity: "Minor".into(), ..update("BMKG-10") }] {
            tell(desk, quiet).await;
            assert!(desk.alarms().is_empty());
        }
        tell(desk, worse("BMKG-11")).await;
        assert_eq!(sounds(desk), [alarm(&made)]);
        silence().await;
        let AlertAbout::Update { mut of } = worse("BMKG-12").about else { panic!("it is an update") };
        of.push(AlertKey { sender: "alerts@bmkg.go.id".into(), identifier: "BMKG-11".into() });
        tell(desk, NewAlert { about: AlertAbout::Update { of }, ..worse("BMKG-12") }).await;
        assert!(desk.alarms().is_empty(), "the alert that it is about was as severe");
    }

    async fn an_alert_that_the_database_refuses_is_told_as_lost_and_taken_when_it_comes_again(house) {
        let desk = &house.desk;
        let lost = lost(desk);
        // Another incident has the number that the alert's would get.
        let (now, settings) = (clock::now(), DeskSettings::default());
        let nothing = String::new;
        let facts = Facts { incident_type: None, place: nothing(), position: None, event: nothing(), details: nothing() };
        let taken = Incident {
            id: IncidentId(clock::new_id()),
            number: number::incident_number(number::day(now, &settings.zone), 1),
            report: None,
            facts,
            opened_at: now,
            opened_by: operator("Rina").user,
            opened_by_name: "Rina".into(),
            state: State::Open,
        };
        let mut unit = desk.store().begin().await.unwrap();
        unit.db().put_incident(&taken).await.unwrap();
        unit.commit().await.unwrap();
        desk.take_alert(flood());
        let call = house.call_from("+62817").await;
        assert!(desk.call(&supervisor(), call.call).await.is_ok(), "it takes no other entry with it");
        assert_eq!(*lost.lock().unwrap(), ["BMKG-7"]);
        assert_eq!(sounds(desk), [AlarmKind::EntriesLost]);

        let mut unit = desk.store().begin().await.unwrap();
        unit.db().count_up(&format!("incidents-{}", number::day_digits(number::day(now, &settings.zone)))).await.unwrap();
        unit.commit().await.unwrap();
        assert_eq!(tell(desk, flood()).await.len(), 2);
    }

    async fn a_sensor_that_raves_while_the_database_is_away_takes_no_room_from_calls(house) {
        let desk = Desk::new(Store::connect(&house.url).await.unwrap(), LiveHub::default(), DeskSettings::default());
        let lost = lost(&desk);
        desk.store().close().await;
        for n in 0..300 {
            desk.take_alert(NewAlert { identifier: format!("BMKG-{n}"), ..flood() });
        }
        let told = lost.lock().unwrap().clone();
        assert_eq!((told.len(), told[0].as_str()), (44, "BMKG-256"));
        assert_eq!(sounds(&desk)[0], AlarmKind::EntriesLost);
    }
}
