//! Help is sent, and answers with a button.

use crate::both;
use crate::support::*;
use dispatch::clock;
use dispatch::contract::*;
use dispatch::desk::*;

fn press(short_id: &str, chat: i64, progress: Progress, event: &str) -> Press {
    let sender = PressSender { chat: Some(chat), number: None, name: "Budi".into() };
    Press { channel: Channel::Telegram, short_id: short_id.into(), sender, progress, external_event: event.into() }
}

both! {
    async fn a_team_acknowledges_and_everybody_sees_it(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let (_, incident) = house.incident_by(&rina).await;
        let team = house.team("Regu 1", Some(-100), Some("+62 812 3456 789")).await;
        let wake = desk.outbox_wake();
        let sent = desk.send_dispatch(&rina, incident.id, &[team.id, team.id], None).await.unwrap();
        assert_eq!((sent.len(), sent[0].channel, sent[0].progress), (1, Channel::Telegram, Progress::Pending));
        wake.notified().await;

        let now = clock::now();
        let messages = desk.claim_outbox(now, 30_000, 10).await.unwrap();
        let [message] = messages.as_slice() else { panic!("{messages:?}") };
        assert_eq!((message.dispatch, message.attempts), (sent[0].id, 1));
        let card = &message.card;
        assert_eq!((card.incident_number.as_str(), card.place.as_str()), (incident.number.as_str(), "Simpang Kabil"));
        assert_eq!((card.team_name.as_str(), card.agency_name.as_str()), ("Regu 1", "Damkar"));
        assert_eq!((card.telegram_chat, card.whatsapp_number.as_deref()), (Some(-100), Some("628123456789")));
        assert_eq!((card.short_id.len(), card.position), (10, Some(KABIL)));
        desk.outbox_sent(message.id, "-100:7", now).await.unwrap();

        let mut live = desk.live().subscribe();
        let outcome = desk.team_pressed(press(&card.short_id, -100, Progress::Acknowledged, "u1")).await.unwrap();
        assert_eq!((outcome.progress, outcome.by.as_str(), outcome.changed), (Progress::Acknowledged, "Budi", true));
        let told = std::iter::from_fn(|| live.try_recv().ok());
        assert!(told.map(|live| live.event).any(|event| matches!(event, Event::Dispatch { dispatch } if dispatch.by.as_deref() == Some("Budi"))));
        let detail = desk.incident(&rina, incident.id).await.unwrap();
        let kinds: Vec<&str> = detail.timeline.iter().skip(4).map(|entry| entry.kind.as_str()).collect();
        assert_eq!(kinds, ["dispatch.created", "dispatch.sent", "dispatch.acknowledged"]);
        assert_eq!(detail.timeline.last().unwrap().actor, Actor::Team { team: team.id, name: "Budi".into() });
        desk.due_alarms(now + seconds(600)).await.unwrap();
        assert!(desk.alarms().is_empty());
    }

    async fn a_press_twice_late_or_from_elsewhere_changes_nothing(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let (_, incident) = house.incident_by(&rina).await;
        let team = house.team("Regu 1", Some(-100), None).await;
        desk.send_dispatch(&rina, incident.id, &[team.id], None).await.unwrap();
        let card = desk.claim_outbox(clock::now(), 1000, 1).await.unwrap().remove(0).card;
        let stranger = desk.team_pressed(press(&card.short_id, -666, Progress::Done, "u1")).await;
        assert!(matches!(stranger, Err(DeskError::Forbidden)));
        let by_whatsapp = Press { channel: Channel::Whatsapp, ..press(&card.short_id, -100, Progress::Done, "u1") };
        assert!(matches!(desk.team_pressed(by_whatsapp).await, Err(DeskError::Forbidden)));
        let unknown = desk.team_pressed(press("0000000000", -100, Progress::Done, "u1")).await;
        assert!(matches!(unknown, Err(DeskError::NotFound)));
        let not_theirs = desk.team_pressed(press(&card.short_id, -100, Progress::Delivered, "u1")).await;
        assert!(matches!(not_theirs, Err(DeskError::Invalid { field: "progress", .. })));

        desk.team_pressed(press(&card.short_id, -100, Progress::EnRoute, "u2")).await.unwrap();
        for (progress, event) in [(Progress::EnRoute, "u2"), (Progress::Acknowledged, "u3"), (Progress::Arrived, "u2")] {
            let outcome = desk.team_pressed(press(&card.short_id, -100, progress, event)).await.unwrap();
            assert_eq!((outcome.progress, outcome.changed), (Progress::EnRoute, false), "{progress:?}");
        }
        let timeline = desk.incident(&rina, incident.id).await.unwrap().timeline;
        assert_eq!(timeline.iter().filter(|entry| entry.kind == "dispatch.en_route").count(), 1);
    }

    async fn a_team_that_cannot_be_reached_sends_nothing_to_the_others(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let (_, incident) = house.incident_by(&rina).await;
        let (reached, mute) = (house.team("Regu 1", Some(-100), None).await, house.team("Regu 2", None, None).await);
        let refused = desk.send_dispatch(&rina, incident.id, &[reached.id, mute.id], None).await;
        assert!(matches!(refused, Err(DeskError::Invalid { field: "teams", .. })));
        let by_whatsapp = desk.send_dispatch(&rina, incident.id, &[reached.id], Some(Channel::Whatsapp)).await;
        assert!(matches!(by_whatsapp, Err(DeskError::Invalid { field: "teams", .. })));
        assert!(matches!(desk.send_dispatch(&rina, incident.id, &[], None).await, Err(DeskError::Invalid { .. })));
        assert!(desk.claim_outbox(clock::now(), 1000, 10).await.unwrap().is_empty());
        assert!(desk.incident(&rina, incident.id).await.unwrap().incident.dispatches.is_empty());
    }

    async fn a_team_that_is_at_the_incident_keeps_its_dispatch(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let (_, incident) = house.incident_by(&rina).await;
        let (one, two) = (house.team("Regu 1", Some(-1), None).await, house.team("Regu 2", Some(-2), None).await);
        let first = desk.send_dispatch(&rina, incident.id, &[one.id], None).await.unwrap();
        let both = desk.send_dispatch(&rina, incident.id, &[one.id, two.id], None).await.unwrap();
        assert_eq!((both.len(), both[0].id), (2, first[0].id));
        assert_eq!(desk.claim_outbox(clock::now(), 1000, 10).await.unwrap().len(), 2);
        let card = desk.claim_outbox(clock::now() + seconds(2), 1000, 1).await.unwrap().remove(0).card;
        desk.team_pressed(press(&card.short_id, card.telegram_chat.unwrap(), Progress::Done, "u1")).await.unwrap();
        let again = desk.send_dispatch(&rina, incident.id, &[card.team], None).await.unwrap();
        assert_ne!(again[0].id, card.dispatch, "who is done can be sent again");
    }
}
