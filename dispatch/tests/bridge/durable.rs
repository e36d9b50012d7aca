//! What the bridges leave in the real desk's outbox outlives them: on SQLite and on PostgreSQL.

use crate::both;
use crate::peers::{NUMBER, Running, quick, soon};
use crate::support::{House, operator};
use crate::whatsapp_peer::{account, sign, webhook};
use dispatch::bridge::outbox::Settings;
use dispatch::clock;
use dispatch::contract::{Actor, Channel, DispatchView, Event, Live, Progress};
use dispatch::desk::{DeliveryState, Desk, DeskSettings, Redo};
use dispatch::id::IncidentId;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;
use wiremock::matchers::body_partial_json;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A dispatch by WhatsApp to a team of its own.
async fn by_whatsapp(house: &House) -> IncidentId {
    let rina = operator("Rina");
    let (_, incident) = house.incident_by(&rina).await;
    let team = house.team("Regu 1", None, Some(NUMBER)).await;
    house.desk.send_dispatch(&rina, incident.id, &[team.id], None).await.unwrap();
    incident.id
}

async fn dispatch(desk: &Desk, incident: IncidentId) -> DispatchView {
    desk.incident(&operator("Rina"), incident).await.unwrap().incident.dispatches.remove(0)
}

/// Answers messages of one kind, as often as told.
async fn answer(server: &MockServer, kind: &str, status: u16, body: Value, times: u64) {
    let answer = ResponseTemplate::new(status).set_body_json(body);
    Mock::given(body_partial_json(json!({ "type": kind }))).respond_with(answer).up_to_n_times(times).mount(server).await;
}

fn named(id: &str) -> Value {
    json!({ "messages": [{ "id": id }] })
}

async fn start(server: &MockServer, desk: &Desk, settings: Settings) -> Running {
    Running::start(&Arc::new(desk.clone()), None, Some(account(server)), settings).await
}

async fn tell(running: &Running, value: &Value) -> StatusCode {
    let body = webhook("106", value);
    let post = running.http.post(format!("{}/hooks/whatsapp", running.hooks));
    post.header("X-Hub-Signature-256", sign(&body)).body(body).send().await.unwrap().status()
}

fn wrote() -> Value {
    let at = clock::now().as_second().to_string();
    json!({ "messages": [{ "from": NUMBER, "id": "wamid.in", "timestamp": at, "type": "text", "text": { "body": "siap" } }] })
}

fn gave_back(id: &str) -> Value {
    json!({ "statuses": [{ "id": id, "status": "failed", "errors": [{ "code": 131_047 }] }] })
}

both! {
    async fn a_dispatch_that_whatsapp_gives_back_reaches_the_team_though_everything_stops_in_between(house) {
        // Given a dispatch that went out in free form, and a server that was started again since,
        let server = MockServer::start().await;
        answer(&server, "interactive", 200, named("wamid.free"), 9).await;
        answer(&server, "location", 200, named("wamid.place"), 9).await;
        let first = start(&server, &house.desk, quick()).await;
        assert_eq!(tell(&first, &wrote()).await, StatusCode::OK);
        let incident = by_whatsapp(&house).await;
        soon("it is sent", async || (dispatch(&house.desk, incident).await.progress == Progress::Sent).then_some(())).await;
        first.stop().await;
        let desk = house.restarted(DeskSettings::default()).await;
        let second = start(&server, &desk, Settings { at_once: 0, ..quick() }).await;

        // when WhatsApp says that the 24 hours were over, tells it twice, and the server stops before it can do anything,
        for _ in 0..2 {
            assert_eq!(tell(&second, &gave_back("wamid.free")).await, StatusCode::OK);
        }
        assert!(dispatch(&desk, incident).await.last_error.is_some());
        second.kill();

        // and WhatsApp fails at first,
        answer(&server, "template", 503, json!({}), 2).await;
        answer(&server, "template", 200, named("wamid.template"), 9).await;
        let desk = house.restarted(DeskSettings::default()).await;
        let third = start(&server, &desk, quick()).await;
        assert_eq!(tell(&third, &wrote()).await, StatusCode::OK);

        // then the template goes out all the same, once, even to a team that has written meanwhile.
        soon("the template is sent", async || dispatch(&desk, incident).await.last_error.is_none().then_some(())).await;
        third.stop().await;
        let requests = server.received_requests().await.unwrap();
        let of = |kind: &str| requests.iter().filter(|sent| sent.body_json::<Value>().unwrap()["type"] == kind).count();
        assert_eq!((of("interactive"), of("template")), (1, 3));
        assert!(desk.alarms().is_empty());
        assert_eq!(desk.redo_as_template("wamid.template", "x", clock::now()).await.unwrap(), Redo::Refused);
    }

    async fn what_is_said_of_the_attempt_before_does_not_touch_the_template(house) {
        let desk = &house.desk;
        let incident = by_whatsapp(&house).await;
        let now = clock::now();
        let redo = async |id: &'static str| desk.redo_as_template(id, "24 jam", now).await.unwrap();
        let failed = DeliveryState::Failed { error: "131026".into() };
        assert_eq!(redo("wamid.1").await, Redo::Unknown);
        let message = desk.claim_outbox(now, 30_000, 5).await.unwrap().remove(0);
        assert!(!message.template_only);
        desk.outbox_sent(message.id, "wamid.1", now).await.unwrap();
        assert_eq!(redo("wamid.1").await, Redo::Due { number: Some(NUMBER.into()) });

        // The mark of the attempt before is told again, and so are its failures.
        desk.outbox_sent(message.id, "wamid.1", now).await.unwrap();
        desk.outbox_dead(message.id, "late", now).await.unwrap();
        desk.outbox_retry(message.id, "late", now + crate::support::seconds(600)).await.unwrap();
        desk.delivery_report(Channel::Whatsapp, "wamid.1", failed.clone()).await.unwrap();
        assert_eq!(redo("wamid.1").await, Redo::Underway);

        let template = desk.claim_outbox(now, 30_000, 5).await.unwrap().remove(0);
        assert_eq!((template.id, template.template_only, template.attempts), (message.id, true, 1));
        desk.outbox_sent(template.id, "wamid.2", now).await.unwrap();
        let sent = dispatch(desk, incident).await;
        assert_eq!((sent.progress, sent.last_error, sent.dead), (Progress::Sent, None, false));
        assert_eq!((redo("wamid.1").await, redo("wamid.2").await), (Redo::Unknown, Redo::Refused));

        // The template's own failure is the end.
        desk.delivery_report(Channel::Whatsapp, "wamid.2", failed).await.unwrap();
        assert!(dispatch(desk, incident).await.dead);
    }

    async fn a_chat_that_moves_takes_its_teams_along(house) {
        let desk = &house.desk;
        let rina = operator("Rina");
        let (_, incident) = house.incident_by(&rina).await;
        let mine = [house.team("Regu 1", Some(-5), None).await, house.team("Regu 2", Some(-5), None).await];
        let other = house.team("Regu 3", Some(-6), None).await;
        desk.send_dispatch(&rina, incident.id, &[mine[0].id], None).await.unwrap();
        let mut live = desk.live().subscribe();

        assert_eq!(desk.chat_moved(-5, -1005).await.unwrap(), 2);
        assert_eq!(desk.chat_moved(-5, -1005).await.unwrap(), 0);
        assert_eq!(desk.chat_moved(-6, -6).await.unwrap(), 0);

        let teams = desk.teams().await.unwrap();
        let chat = |id| teams.iter().find(|team| team.id == id).unwrap().telegram_chat;
        assert_eq!((chat(mine[0].id), chat(mine[1].id), chat(other.id)), (Some(-1005), Some(-1005), Some(-6)));
        let mut told = Vec::new();
        while let Ok(Live { event: Event::Timeline { entry }, .. }) = live.try_recv() {
            told.push((entry.kind, entry.actor));
        }
        assert_eq!(told, vec![("team.chat_moved".to_owned(), Actor::System); 2]);
        // What waits in the outbox goes to the new chat.
        assert_eq!(desk.claim_outbox(clock::now(), 1000, 5).await.unwrap()[0].card.telegram_chat, Some(-1005));
    }

    async fn what_a_node_had_claimed_is_due_when_it_starts_again_and_what_others_claimed_is_not(house) {
        let rina = operator("Rina");
        let (_, incident) = house.incident_by(&rina).await;
        let teams = [house.team("Regu 1", Some(-1), None).await.id, house.team("Regu 2", Some(-2), None).await.id];
        house.desk.send_dispatch(&rina, incident.id, &teams, None).await.unwrap();
        let now = clock::now();
        let mine = house.desk.claim_outbox(now, 30_000, 1).await.unwrap().remove(0);
        let other = house.restarted(DeskSettings { node: "other".into(), ..DeskSettings::default() }).await;
        other.claim_outbox(now, 30_000, 1).await.unwrap().remove(0);

        let again = house.restarted(DeskSettings::default()).await;
        assert!(again.claim_outbox(now, 30_000, 5).await.unwrap().is_empty());
        assert_eq!(again.release_outbox().await.unwrap(), 1);
        let claimed = again.claim_outbox(now, 30_000, 5).await.unwrap();
        assert_eq!(claimed.iter().map(|message| (message.id, message.attempts)).collect::<Vec<_>>(), [(mine.id, 2)]);
    }
}
