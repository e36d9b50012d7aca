//! Messages are sent at least once, tried again, and given up loudly.

use crate::both;
use crate::support::*;
use dispatch::clock;
use dispatch::contract::*;
use dispatch::desk::*;
use std::collections::BTreeSet;

both! {
    async fn claimers_at_work_together_take_each_message_once(house) {
        let (desk, rina) = (house.desk.clone(), operator("Rina"));
        let (_, incident) = house.incident_by(&rina).await;
        let mut teams = Vec::new();
        for n in 0..20 {
            teams.push(house.team(&format!("Regu {n}"), Some(-n), None).await.id);
        }
        desk.send_dispatch(&rina, incident.id, &teams, None).await.unwrap();
        let now = clock::now();
        let mut claimers = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let desk = desk.clone();
            claimers.spawn(async move {
                let mut mine = Vec::new();
                loop {
                    let messages = desk.claim_outbox(now, 60_000, 3).await.unwrap();
                    if messages.is_empty() {
                        return mine;
                    }
                    mine.extend(messages.into_iter().map(|message| message.id));
                }
            });
        }
        let claimed: Vec<_> = claimers.join_all().await.into_iter().flatten().collect();
        assert_eq!((claimed.len(), claimed.iter().collect::<BTreeSet<_>>().len()), (20, 20));
    }

    async fn a_sender_that_dies_gives_its_message_back_when_the_lease_ends(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let (_, incident) = house.incident_by(&rina).await;
        let team = house.team("Regu 1", Some(-1), None).await;
        desk.send_dispatch(&rina, incident.id, &[team.id], None).await.unwrap();
        let now = clock::now();
        let first = desk.claim_outbox(now, 30_000, 5).await.unwrap().remove(0);
        assert!(desk.claim_outbox(now + seconds(29), 30_000, 5).await.unwrap().is_empty());
        let again = desk.claim_outbox(now + seconds(30), 30_000, 5).await.unwrap().remove(0);
        assert_eq!((again.id, again.attempts), (first.id, 2));
        desk.outbox_sent(again.id, "x", now).await.unwrap();
        assert!(desk.claim_outbox(now + seconds(9000), 30_000, 5).await.unwrap().is_empty());
    }

    async fn a_failed_attempt_is_shown_and_due_again(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let (_, incident) = house.incident_by(&rina).await;
        let team = house.team("Regu 1", Some(-1), None).await;
        desk.send_dispatch(&rina, incident.id, &[team.id], None).await.unwrap();
        let now = clock::now();
        let message = desk.claim_outbox(now, 30_000, 5).await.unwrap().remove(0);
        desk.outbox_retry(message.id, &"e".repeat(1000), now + seconds(8)).await.unwrap();
        let dispatch = desk.incident(&rina, incident.id).await.unwrap().incident.dispatches.remove(0);
        assert_eq!((dispatch.last_error.map(|error| error.len()), dispatch.dead), (Some(300), false));
        assert!(desk.claim_outbox(now + seconds(7), 30_000, 5).await.unwrap().is_empty());
        let again = desk.claim_outbox(now + seconds(8), 30_000, 5).await.unwrap().remove(0);
        desk.outbox_sent(again.id, "x", now).await.unwrap();
        let dispatch = desk.incident(&rina, incident.id).await.unwrap().incident.dispatches.remove(0);
        assert_eq!((dispatch.last_error, dispatch.progress), (None, Progress::Sent));
    }

    async fn a_dead_message_goes_by_the_other_channel_and_then_the_alarm_sounds(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let (_, incident) = house.incident_by(&rina).await;
        let team = house.team("Regu 1", Some(-1), Some("6281234567")).await;
        desk.send_dispatch(&rina, incident.id, &[team.id], None).await.unwrap();
        let now = clock::now();
        let first = desk.claim_outbox(now, 30_000, 5).await.unwrap().remove(0);
        desk.outbox_dead(first.id, "chat not found", now).await.unwrap();
        assert!(desk.alarms().is_empty());
        let second = desk.claim_outbox(now, 30_000, 5).await.unwrap().remove(0);
        assert_eq!((second.dispatch, second.channel), (first.dispatch, Channel::Whatsapp));
        desk.outbox_sent(second.id, "wamid.1", now).await.unwrap();
        let failed = DeliveryState::Failed { error: "131026".into() };
        desk.delivery_report(Channel::Whatsapp, "wamid.1", failed.clone()).await.unwrap();
        desk.delivery_report(Channel::Whatsapp, "wamid.1", failed).await.unwrap();
        let dispatch = desk.incident(&rina, incident.id).await.unwrap().incident.dispatches.remove(0);
        assert!(dispatch.dead);
        let alarms = desk.alarms();
        assert!(matches!(&alarms[..], [AlarmView { kind: AlarmKind::Undeliverable { dispatch, .. }, .. }] if *dispatch == first.dispatch));
        // What cannot be delivered can be sent anew, once its cause is mended.
        let again = desk.send_dispatch(&rina, incident.id, &[team.id], None).await.unwrap();
        assert_ne!(again[0].id, first.dispatch);
    }

    async fn closing_an_incident_withdraws_what_was_not_sent_yet(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let (_, incident) = house.incident_by(&rina).await;
        let pending = house.team("Regu 1", Some(-1), None).await;
        desk.send_dispatch(&rina, incident.id, &[pending.id], None).await.unwrap();
        let now = clock::now();
        let under_way = desk.claim_outbox(now, 30_000, 5).await.unwrap().remove(0);
        let second = house.team("Regu 2", Some(-2), Some("6281234567")).await;
        desk.send_dispatch(&rina, incident.id, &[second.id], None).await.unwrap();
        desk.close_incident(&rina, incident.id, Disposition::Normal, "").await.unwrap();
        assert!(desk.claim_outbox(now + seconds(9000), 30_000, 5).await.unwrap().is_empty());
        let timeline = desk.incident(&rina, incident.id).await.unwrap().timeline;
        assert_eq!(timeline.iter().filter(|entry| entry.kind == "dispatch.withdrawn").count(), 2);
        // The one that a sender had in its hands fails, and nobody is called for it.
        desk.outbox_dead(under_way.id, "chat not found", now).await.unwrap();
        assert!(desk.alarms().is_empty());
    }

    async fn a_message_that_fails_after_the_incident_was_closed_calls_for_nobody(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let (_, incident) = house.incident_by(&rina).await;
        let team = house.team("Regu 1", Some(-1), Some("6281234567")).await;
        desk.send_dispatch(&rina, incident.id, &[team.id], Some(Channel::Whatsapp)).await.unwrap();
        let message = desk.claim_outbox(clock::now(), 30_000, 5).await.unwrap().remove(0);
        desk.outbox_sent(message.id, "wamid.9", clock::now()).await.unwrap();
        desk.close_incident(&rina, incident.id, Disposition::Normal, "").await.unwrap();
        let failed = DeliveryState::Failed { error: "131026".into() };
        desk.delivery_report(Channel::Whatsapp, "wamid.9", failed).await.unwrap();
        assert!(desk.alarms().is_empty());
        assert!(desk.claim_outbox(clock::now() + seconds(9000), 30_000, 5).await.unwrap().is_empty(), "nor is it sent another way");
    }

    async fn delivery_reports_come_in_any_order(house) {
        let (desk, rina) = (&house.desk, operator("Rina"));
        let (_, incident) = house.incident_by(&rina).await;
        let team = house.team("Regu 1", None, Some("6281234567")).await;
        desk.send_dispatch(&rina, incident.id, &[team.id], None).await.unwrap();
        let message = desk.claim_outbox(clock::now(), 30_000, 5).await.unwrap().remove(0);
        desk.outbox_sent(message.id, "wamid.7", clock::now()).await.unwrap();
        for state in [DeliveryState::Read, DeliveryState::Sent, DeliveryState::Delivered, DeliveryState::Read] {
            desk.delivery_report(Channel::Whatsapp, "wamid.7", state).await.unwrap();
        }
        desk.delivery_report(Channel::Whatsapp, "not ours", DeliveryState::Read).await.unwrap();
        let detail = desk.incident(&rina, incident.id).await.unwrap();
        assert_eq!(detail.incident.dispatches[0].progress, Progress::Read);
        assert_eq!(detail.timeline.last().unwrap().kind, "dispatch.read");
    }
}
