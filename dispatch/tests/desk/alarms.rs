//! What calls for a person goes on calling.

use crate::both;
use crate::support::*;
use dispatch::clock;
use dispatch::contract::*;
use dispatch::desk::*;
use dispatch::id::*;

both! {
    async fn a_silent_team_is_tried_the_other_way_and_the_alarm_sounds_twice(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let (_, incident) = house.incident_by(&rina).await;
        let team = house.team("Regu 1", Some(-1), Some("6281234567")).await;
        let sent = desk.send_dispatch(&rina, incident.id, &[team.id], None).await.unwrap().remove(0);
        desk.claim_outbox(clock::now(), 600_000, 5).await.unwrap();

        desk.due_alarms(sent.created_at + seconds(59)).await.unwrap();
        assert!(desk.alarms().is_empty());
        desk.due_alarms(sent.created_at + seconds(60)).await.unwrap();
        let alarm = desk.alarms().remove(0);
        let kind = AlarmKind::Unacknowledged {
            dispatch: sent.id,
            incident: incident.id,
            incident_number: incident.number.clone(),
            team_name: "Regu 1".into(),
        };
        assert_eq!(alarm.kind, kind);
        let rerouted = desk.claim_outbox(sent.created_at + seconds(60), 600_000, 5).await.unwrap().remove(0);
        assert_eq!((rerouted.dispatch, rerouted.channel), (sent.id, Channel::Whatsapp));
        let view = desk.incident(&rina, incident.id).await.unwrap().incident.dispatches.remove(0);
        assert!(view.overdue);

        desk.acknowledge_alarm(&rina, alarm.id).await.unwrap();
        assert!(matches!(desk.acknowledge_alarm(&rina, alarm.id).await, Err(DeskError::NotFound)));
        desk.journal().flush().await;
        let timeline = desk.incident(&rina, incident.id).await.unwrap().timeline;
        assert_eq!(timeline.last().unwrap().kind, "alarm.acknowledged");
        desk.due_alarms(sent.created_at + seconds(179)).await.unwrap();
        assert!(desk.alarms().is_empty());
        desk.due_alarms(sent.created_at + seconds(181)).await.unwrap();
        assert_eq!(desk.alarms()[0].kind, kind, "silencing it did not send anybody");

        // By whichever way the team answers.
        let sender = PressSender { chat: None, number: Some("6281234567".into()), name: "Budi".into() };
        let (short_id, progress) = (rerouted.card.short_id, Progress::Acknowledged);
        let press = Press { channel: Channel::Whatsapp, short_id, sender, progress, external_event: "wamid".into() };
        desk.team_pressed(press).await.unwrap();
        assert!(desk.alarms().is_empty());
        let view = desk.incident(&rina, incident.id).await.unwrap().incident.dispatches.remove(0);
        assert!(!view.overdue);
    }

    async fn an_equal_alarm_sounds_once_and_every_console_hears_its_end(house) {
        let desk = &house.desk;
        let mut live = desk.live().subscribe();
        let call = CallId(clock::new_id());
        let kind = AlarmKind::NobodyReady { call };
        let id = desk.raise_alarm(kind.clone(), clock::now());
        assert_eq!(desk.raise_alarm(kind.clone(), clock::now()), id);
        desk.clear_alarms(|other| *other == kind);
        let told: Vec<Event> = std::iter::from_fn(|| live.try_recv().ok()).map(|live| live.event).collect();
        assert!(matches!(&told[..], [Event::Alarm { .. }, Event::AlarmCleared { alarm }] if *alarm == id));
    }

    async fn a_crowd_of_waiting_callers_drives_no_other_alarm_away_and_who_is_given_up_is_told(house) {
        let desk = &house.desk;
        let team = AlarmKind::Undeliverable {
            dispatch: DispatchId(clock::new_id()),
            incident: IncidentId(clock::new_id()),
            incident_number: "20261123-0001".into(),
            team_name: "Regu 1".into(),
        };
        desk.raise_alarm(team.clone(), clock::now());
        let waits = || desk.raise_alarm(AlarmKind::NobodyReady { call: CallId(clock::new_id()) }, clock::now());
        let first = waits();
        (2..1000).for_each(|_| {
            waits();
        });
        let mut live = desk.live().subscribe();
        let last = waits();
        let sounding = desk.alarms();
        assert_eq!(sounding.len(), 1000);
        assert!(sounding.iter().any(|alarm| alarm.kind == team) && sounding.iter().any(|alarm| alarm.id == last));
        let told: Vec<Event> = std::iter::from_fn(|| live.try_recv().ok()).map(|live| live.event).collect();
        assert!(matches!(&told[..], [Event::AlarmCleared { alarm }, Event::Alarm { .. }] if *alarm == first));
    }

    async fn an_alarm_that_ends_in_the_batch_in_which_it_began_does_not_sound_after_a_restart(house) {
        let desk = &house.desk;
        let alarm = |team: &str| AlarmKind::Undeliverable {
            dispatch: DispatchId(clock::new_id()),
            incident: IncidentId(clock::new_id()),
            incident_number: "20261123-0001".into(),
            team_name: team.into(),
        };
        let (over, stays) = (alarm("Regu 1"), alarm("Regu 2"));
        desk.raise_alarm(over.clone(), clock::now());
        desk.clear_alarms(|other| *other == over);
        desk.raise_alarm(stays.clone(), clock::now());
        let crowd: Vec<AlarmKind> = ["Regu 3", "Regu 4", "Regu 5"].map(alarm).into();
        for kind in &crowd {
            desk.raise_alarm(kind.clone(), clock::now());
        }
        desk.clear_alarms(|other| crowd.contains(other));
        desk.journal().flush().await;
        let restarted = house.restarted(DeskSettings::default()).await;
        assert_eq!(restarted.alarms().iter().map(|alarm| &alarm.kind).collect::<Vec<_>>(), [&stays]);
    }

    async fn a_restart_silences_no_alarm_whose_cause_is_still_there(house) {
        let desk = &house.desk;
        let (dispatch, incident) = (DispatchId(clock::new_id()), IncidentId(clock::new_id()));
        let stays =
            AlarmKind::Undeliverable { dispatch, incident, incident_number: "20261123-0001".into(), team_name: "Regu 1".into() };
        let id = desk.raise_alarm(stays.clone(), clock::now());
        desk.raise_alarm(AlarmKind::NobodyReady { call: CallId(clock::new_id()) }, clock::now());
        desk.journal().flush().await;
        let restarted = house.restarted(DeskSettings::default()).await;
        let alarms = restarted.alarms();
        assert_eq!(alarms.iter().map(|alarm| (alarm.id, &alarm.kind)).collect::<Vec<_>>(), [(id, &stays)]);
    }

    async fn a_recording_that_is_not_whole_is_told_until_somebody_has_seen_it(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let call = house.answered_by(&rina).await.call;
        let sealed = |missing| {
            let sha256 = "ab".repeat(32);
            Entry::RecordingSealed { call, sealed_at: clock::now(), duration_ms: 30_000, sha256, repaired: false, missing }
        };
        for little in [Missing::default(), Missing { caller_ms: 0, operator_ms: 499 }] {
            desk.journal().record(sealed(little));
            assert!(desk.alarms().is_empty(), "no word is missing");
        }
        desk.journal().record(sealed(Missing { caller_ms: 1_250, operator_ms: 0 }));
        let alarm = desk.alarms().remove(0);
        assert_eq!(alarm.kind, AlarmKind::RecordingGap { call });
        desk.journal().flush().await;

        let desk = house.restarted(DeskSettings::default()).await;
        assert_eq!(desk.alarms().iter().map(|alarm| alarm.id).collect::<Vec<_>>(), [alarm.id], "it is no less missing");
        desk.acknowledge_alarm(&rina, alarm.id).await.unwrap();
        desk.journal().flush().await;
        let timeline = desk.call(&rina, call).await.unwrap().timeline;
        let seals: Vec<_> = timeline.iter().filter(|entry| entry.kind == "recording.sealed").map(|entry| &entry.data).collect();
        assert_eq!(seals.len(), 3);
        assert!(seals[0].get("missing_caller_ms").is_none());
        assert_eq!(seals[1]["missing_operator_ms"], 499, "it is written down all the same");
        assert_eq!(seals[2]["missing_caller_ms"], 1_250);
        assert!(seals[2].get("missing_operator_ms").is_none());
        assert!(timeline.iter().any(|entry| entry.kind == "alarm.acknowledged"));
    }
}
