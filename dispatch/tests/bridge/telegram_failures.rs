//! The Telegram bridge against a Bot API that refuses, limits, fails, and brings updates by long polling.

use crate::peers::{CHAT, FakeDesk, Mark, Running, message, quick};
use dispatch::bridge::TelegramConfig;
use dispatch::bridge::outbox::Settings;
use dispatch::bridge::telegram::Mode;
use dispatch::contract::Channel;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use wiremock::matchers::{body_partial_json, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

async fn start(server: &MockServer, mode: Mode, settings: Settings) -> (Arc<FakeDesk>, Running) {
    let desk = FakeDesk::new();
    let config = TelegramConfig { token: "112:TOKEN".into(), api_url: server.uri().parse().unwrap(), mode };
    let running = Running::start(&desk, Some(config), None, settings).await;
    (desk, running)
}

fn webhook() -> Mode {
    Mode::Webhook { secret: "s".into() }
}

async fn answers(method: &str, status: u16, body: Value) -> MockServer {
    let server = MockServer::start().await;
    answer(&server, method, status, body).await;
    server
}

async fn answer(server: &MockServer, method: &str, status: u16, body: Value) {
    let response = ResponseTemplate::new(status).set_body_json(body);
    Mock::given(path(format!("/bot112:TOKEN/{method}"))).respond_with(response).mount(server).await;
}

async fn sent_to(server: &MockServer, method: &str) -> usize {
    let requests = server.received_requests().await.unwrap();
    requests.iter().filter(|request| request.url.path().ends_with(method)).count()
}

fn refusal(code: u16, description: &str) -> Value {
    json!({ "ok": false, "error_code": code, "description": description })
}

#[tokio::test]
async fn a_flood_wait_goes_to_the_outbox() {
    let mut body = refusal(429, "Too Many Requests: retry after 7");
    body["parameters"] = json!({ "retry_after": 7 });
    let server = answers("SendMessage", 429, body).await;
    let (desk, running) = start(&server, webhook(), quick()).await;
    desk.put(message(Channel::Telegram, "one"));
    let Mark::Retry { wait, .. } = desk.mark(0).await else { panic!("not retried") };
    assert!((6..=8).contains(&wait.as_secs()), "{wait}");
    running.stop().await;
    assert_eq!(sent_to(&server, "SendMessage").await, 1, "the throttle must not try again by itself");
}

#[tokio::test]
async fn a_team_that_blocked_the_bot_is_given_up_with_the_reason() {
    let server = answers("SendMessage", 403, refusal(403, "Forbidden: bot was kicked from the group chat")).await;
    let (desk, running) = start(&server, webhook(), quick()).await;
    desk.put(message(Channel::Telegram, "one"));
    let Mark::Dead(error) = desk.mark(0).await else { panic!("not dead") };
    assert!(error.contains("diblokir atau dikeluarkan"), "{error}");
    running.stop().await;
}

#[tokio::test]
async fn a_chat_that_is_not_there_is_given_up_with_the_reason() {
    let server = answers("SendMessage", 400, refusal(400, "Bad Request: chat not found")).await;
    let (desk, running) = start(&server, webhook(), quick()).await;
    desk.put(message(Channel::Telegram, "one"));
    let Mark::Dead(error) = desk.mark(0).await else { panic!("not dead") };
    assert!(error.contains("tidak ditemukan"), "{error}");
    let mut lost = message(Channel::Telegram, "two");
    lost.card.telegram_chat = None;
    desk.put(lost);
    assert!(matches!(desk.mark(1).await, Mark::Dead(error) if error.contains("belum punya chat")));
    running.stop().await;
}

/// The group's id after it became a supergroup.
const SUPERGROUP: i64 = -1_001_555_296_434;

#[tokio::test]
async fn a_group_that_became_a_supergroup_gets_its_message_there_at_once() {
    // Given a team whose group has moved without our hearing of it,
    let server = MockServer::start().await;
    let mut body = refusal(400, "Bad Request: group chat was upgraded to a supergroup chat");
    body["parameters"] = json!({ "migrate_to_chat_id": SUPERGROUP });
    let there = json!({ "message_id": 4, "date": 1_790_000_000, "text": "x", "chat": { "id": SUPERGROUP, "type": "supergroup", "title": "R" } });
    for method in ["SendMessage", "SendVenue"] {
        let sends_to =
            |chat: i64| Mock::given(path(format!("/bot112:TOKEN/{method}"))).and(body_partial_json(json!({ "chat_id": chat })));
        sends_to(CHAT).respond_with(ResponseTemplate::new(400).set_body_json(&body)).mount(&server).await;
        let ok = json!({ "ok": true, "result": there });
        sends_to(SUPERGROUP).respond_with(ResponseTemplate::new(200).set_body_json(ok)).mount(&server).await;
    }

    // when a dispatch goes out, and although the store does not take the move the first time,
    let (desk, running) = start(&server, webhook(), quick()).await;
    desk.with(|state| state.failing = 1);
    for (n, short_id) in ["one", "two"].into_iter().enumerate() {
        desk.put(message(Channel::Telegram, short_id));
        // then it is in the new group by the first attempt.
        assert_eq!(desk.mark(n).await, Mark::Sent(format!("{SUPERGROUP}:4")));
    }
    assert_eq!(desk.with(|state| state.moves.clone()), [(CHAT, SUPERGROUP)]);
    running.stop().await;
    assert_eq!(sent_to(&server, "SendVenue").await, 4, "the place follows too");
}

#[tokio::test]
async fn a_group_that_tells_of_its_move_is_followed() {
    let server = MockServer::start().await;
    let (desk, running) = start(&server, webhook(), quick()).await;
    let tell = async |chat: i64, key: &str, other: i64| {
        let update = json!({ "update_id": 1, "message": {
            "message_id": 16, "date": 1_790_000_000, key: other,
            "chat": { "id": chat, "type": if chat == CHAT { "group" } else { "supergroup" }, "title": "Regu" },
            "from": { "id": 5, "is_bot": false, "first_name": "Budi" },
        } });
        let post = running.http.post(format!("{}/hooks/telegram", running.hooks));
        post.header("X-Telegram-Bot-Api-Secret-Token", "s").json(&update).send().await.unwrap().status().as_u16()
    };
    desk.with(|state| state.failing = 1);
    assert_eq!(tell(CHAT, "migrate_to_chat_id", SUPERGROUP).await, 503, "what the store does not take comes again");
    assert_eq!(tell(CHAT, "migrate_to_chat_id", SUPERGROUP).await, 200);
    assert_eq!(tell(SUPERGROUP, "migrate_from_chat_id", CHAT).await, 200);
    assert_eq!(desk.with(|state| state.moves.clone()), [(CHAT, SUPERGROUP); 2]);
    running.stop().await;
}

#[tokio::test]
async fn a_service_that_fails_is_not_waited_for_longer_than_an_attempt() {
    let server = answers("SendMessage", 502, json!({})).await;
    let settings = Settings { attempt: Duration::from_millis(100), attempts: 2, ..quick() };
    let (desk, running) = start(&server, webhook(), settings).await;
    desk.put(message(Channel::Telegram, "one"));
    assert!(matches!(desk.mark(0).await, Mark::Retry { .. }));
    assert!(matches!(desk.mark(1).await, Mark::Dead(_)));
    running.stop().await;
}

#[tokio::test]
async fn nobody_at_the_address_is_tried_again() {
    let server = MockServer::start().await;
    let config = TelegramConfig { token: "112:TOKEN".into(), api_url: "http://127.0.0.1:9".parse().unwrap(), mode: webhook() };
    drop(server);
    let desk = FakeDesk::new();
    let running = Running::start(&desk, Some(config), None, quick()).await;
    desk.put(message(Channel::Telegram, "one"));
    assert!(matches!(desk.mark(0).await, Mark::Retry { error, .. } if error.contains("tidak terhubung")));
    running.stop().await;
}

#[tokio::test]
async fn polling_lets_an_update_go_only_after_it_was_kept() {
    // Given a server with one press, which it repeats until it is asked for the next,
    let server = MockServer::start().await;
    let updates = |updates: Value| ResponseTemplate::new(200).set_body_json(json!({ "ok": true, "result": updates }));
    let press = json!({ "update_id": 77, "callback_query": {
        "id": "q1", "chat_instance": "c", "data": "d:one:ack",
        "from": { "id": 5, "is_bot": false, "first_name": "Budi" },
        "message": { "message_id": 3, "date": 1_790_000_000, "text": "x", "chat": { "id": CHAT, "type": "group", "title": "Regu" } },
    } });
    let get_updates = || path("/bot112:TOKEN/GetUpdates");
    Mock::given(get_updates())
        .and(body_partial_json(json!({ "offset": 78 })))
        .respond_with(updates(json!([])))
        .mount(&server)
        .await;
    Mock::given(get_updates()).respond_with(updates(json!([press]))).with_priority(9).mount(&server).await;
    let sent =
        json!({ "message_id": 3, "date": 1_790_000_000, "text": "x", "chat": { "id": CHAT, "type": "group", "title": "Regu" } });
    answer(&server, "SendMessage", 200, json!({ "ok": true, "result": sent })).await;

    // when the store fails at first,
    let desk = FakeDesk::new();
    desk.put(message(Channel::Telegram, "one"));
    desk.with(|state| state.failing = 2);
    let config = TelegramConfig { token: "112:TOKEN".into(), api_url: server.uri().parse().unwrap(), mode: Mode::Polling };
    let running = Running::start(&desk, Some(config), None, quick()).await;

    // then the press is kept all the same, once, and the next question lets it go.
    desk.until("the press", |state| (state.presses.len() == 1).then_some(())).await;
    crate::peers::soon("the next question", async || {
        let requests = server.received_requests().await.unwrap();
        let asks_next = |request: &&wiremock::Request| request.body_json::<Value>().is_ok_and(|body| body["offset"] == 78);
        requests.iter().find(asks_next).map(|_| ())
    })
    .await;
    running.stop().await;
}
