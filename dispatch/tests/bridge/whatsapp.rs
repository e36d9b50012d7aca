//! The WhatsApp bridge against a Cloud API: what goes out when, and what signed webhooks do.

use crate::peers::{FakeDesk, Mark, NUMBER, Running, message, quick, soon};
use crate::whatsapp_peer::{account, sign, webhook};
use dispatch::contract::{Channel, Progress};
use dispatch::desk::DeliveryState;
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use wiremock::matchers::{body_partial_json, header, method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// Takes everything, and names the messages `wamid.out.1`, `wamid.out.2` ...
#[derive(Default)]
struct Takes(AtomicUsize);

impl Respond for Takes {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let n = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        ResponseTemplate::new(200).set_body_json(json!({ "messages": [{ "id": format!("wamid.out.{n}") }] }))
    }
}

struct World {
    server: MockServer,
    desk: Arc<FakeDesk>,
    running: Running,
}

impl World {
    async fn start() -> Self {
        let server = MockServer::start().await;
        let messages = Mock::given(method("POST")).and(path("/v25.0/106/messages"));
        messages
            .and(header("authorization", "Bearer TOKEN"))
            .respond_with(Takes::default())
            .with_priority(9)
            .mount(&server)
            .await;
        let desk = FakeDesk::new();
        let running = Running::start(&desk, None, Some(account(&server)), quick()).await;
        Self { server, desk, running }
    }

    /// Answers messages of one kind with an error code instead.
    async fn refuse(&self, kind: &str, status: u16, code: i64) {
        let answer = ResponseTemplate::new(status).set_body_json(json!({ "error": { "code": code, "message": "as told" } }));
        Mock::given(body_partial_json(json!({ "type": kind }))).respond_with(answer).with_priority(1).mount(&self.server).await;
    }

    async fn out(&self) -> Vec<Value> {
        self.server.received_requests().await.unwrap().iter().map(|request| request.body_json().unwrap()).collect()
    }

    /// Waits for the `n`th message that left.
    async fn nth(&self, n: usize) -> Value {
        soon("a message", async || self.out().await.get(n).cloned()).await
    }

    async fn post(&self, body: &str, signature: Option<&str>) -> StatusCode {
        let mut request = self.running.http.post(format!("{}/hooks/whatsapp", self.running.hooks)).body(body.to_owned());
        if let Some(signature) = signature {
            request = request.header("X-Hub-Signature-256", signature);
        }
        request.send().await.unwrap().status()
    }

    async fn tell(&self, value: &Value) -> StatusCode {
        let body = webhook("106", value);
        self.post(&body, Some(&sign(&body))).await
    }

    /// Waits until the bridge has answered everything, by stopping it.
    async fn finish(self) -> Vec<Value> {
        let Self { server, running, .. } = self;
        running.stop().await;
        server.received_requests().await.unwrap().iter().map(|request| request.body_json().unwrap()).collect()
    }
}

fn from(number: &str, id: &str, content: Value) -> Value {
    let mut message = json!({ "from": number, "id": id, "timestamp": dispatch::clock::now().as_second().to_string() });
    message.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
    json!({ "contacts": [{ "wa_id": number, "profile": { "name": "Budi" } }], "messages": [message] })
}

fn says(text: &str) -> Value {
    from(NUMBER, "wamid.in.0", json!({ "type": "text", "text": { "body": text } }))
}

fn template_press(number: &str, id: &str, payload: &str) -> Value {
    from(number, id, json!({ "type": "button", "button": { "payload": payload, "text": "x" } }))
}

fn reply_press(number: &str, id: &str, payload: &str) -> Value {
    let reply = json!({ "type": "button_reply", "button_reply": { "id": payload, "title": "x" } });
    from(number, id, json!({ "type": "interactive", "interactive": reply }))
}

#[tokio::test]
async fn to_a_team_that_has_not_written_goes_the_template_with_three_buttons() {
    let world = World::start().await;
    world.desk.put(message(Channel::Whatsapp, "ab12CD34ef"));
    assert_eq!(world.desk.mark(0).await, Mark::Sent("wamid.out.1".into()));
    let out = world.finish().await;
    assert_eq!(out.len(), 1, "no free-form location outside the 24 hours");
    let sent = &out[0];
    assert_eq!((&sent["to"], &sent["template"]["name"]), (&json!(NUMBER), &json!("siaga_penugasan")));
    let components = sent["template"]["components"].as_array().unwrap();
    let texts: Vec<_> = components[0]["parameters"].as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap()).collect();
    assert_eq!(texts[..2], ["20261123-0007", "Kebakaran"]);
    assert_eq!(texts[5], "Ada anak di lantai 2 Asap tebal", "a parameter holds no line break");
    let payloads: Vec<_> = components[1..].iter().map(|one| one["parameters"][0]["payload"].as_str().unwrap()).collect();
    assert_eq!(payloads, ["d:ab12CD34ef:ack", "d:ab12CD34ef:go", "d:ab12CD34ef:arr"]);
}

#[tokio::test]
async fn within_24_hours_goes_a_free_form_message_and_the_place() {
    let world = World::start().await;
    assert_eq!(world.tell(&says("siap")).await, StatusCode::OK);
    world.desk.put(message(Channel::Whatsapp, "ab12CD34ef"));
    let sent = world.nth(0).await;
    assert_eq!(sent["type"], "interactive");
    assert!(sent["interactive"]["body"]["text"].as_str().unwrap().starts_with("🚨 20261123-0007 · Kebakaran"));
    let titles: Vec<_> = sent["interactive"]["action"]["buttons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["reply"]["title"].as_str().unwrap())
        .collect();
    assert_eq!(titles, ["Diterima", "Menuju lokasi", "Tiba"]);
    assert_eq!(world.nth(1).await["location"]["latitude"], "1.130100");
    world.running.stop().await;
}

#[tokio::test]
async fn a_free_form_message_that_is_too_late_goes_as_template_at_once() {
    let world = World::start().await;
    world.tell(&says("siap")).await;
    world.refuse("interactive", 400, 131_047).await;
    world.desk.put(message(Channel::Whatsapp, "ab12CD34ef"));
    assert_eq!(world.desk.mark(0).await, Mark::Sent("wamid.out.1".into()));
    let out = world.finish().await;
    assert_eq!(out.iter().map(|sent| sent["type"].as_str().unwrap()).collect::<Vec<_>>(), ["interactive", "template"]);
}

#[tokio::test]
async fn a_free_form_message_found_too_late_afterwards_goes_again_as_template() {
    let world = World::start().await;
    world.tell(&says("siap")).await;
    world.desk.put(message(Channel::Whatsapp, "ab12CD34ef"));
    assert_eq!(world.desk.mark(0).await, Mark::Sent("wamid.out.1".into()));
    world.nth(1).await;
    let failed = json!({ "statuses": [{ "id": "wamid.out.1", "status": "failed", "errors": [{ "code": 131_047 }] }] });
    for _ in 0..2 {
        assert_eq!(world.tell(&failed).await, StatusCode::OK);
    }
    assert_eq!(world.desk.mark(1).await, Mark::Sent("wamid.out.3".into()));
    assert_eq!(world.finish().await.iter().filter(|sent| sent["type"] == "template").count(), 1);
}

#[tokio::test]
async fn what_the_store_does_not_take_back_is_asked_for_again() {
    let world = World::start().await;
    world.tell(&says("siap")).await;
    world.desk.put(message(Channel::Whatsapp, "ab12CD34ef"));
    assert_eq!(world.desk.mark(0).await, Mark::Sent("wamid.out.1".into()));
    world.nth(1).await;
    let failed = json!({ "statuses": [{ "id": "wamid.out.1", "status": "failed", "errors": [{ "code": 131_047 }] }] });
    world.desk.with(|state| state.failing = 1);
    assert_eq!(world.tell(&failed).await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(world.tell(&failed).await, StatusCode::OK);
    assert_eq!(world.desk.mark(1).await, Mark::Sent("wamid.out.3".into()));
    world.running.stop().await;
}

#[tokio::test]
async fn a_message_given_back_before_it_was_marked_is_asked_for_again() {
    // Given a dispatch that left, and a store that does not take its mark yet,
    let world = World::start().await;
    world.tell(&says("siap")).await;
    world.desk.with(|state| state.failing_marks = 2);
    world.desk.put(message(Channel::Whatsapp, "ab12CD34ef"));
    world.desk.until("the first mark fails", |state| (state.failing_marks < 2).then_some(())).await;
    let failed = json!({ "statuses": [{ "id": "wamid.out.1", "status": "failed", "errors": [{ "code": 131_047 }] }] });

    // when WhatsApp gives it back at once, then it is told to come again until the mark is there.
    assert_eq!(world.tell(&failed).await, StatusCode::SERVICE_UNAVAILABLE);
    soon("it is taken", async || (world.tell(&failed).await == StatusCode::OK).then_some(())).await;
    assert_eq!(world.desk.mark(0).await, Mark::Sent("wamid.out.1".into()));
    soon("the template", async || world.out().await.iter().any(|sent| sent["type"] == "template").then_some(())).await;
    world.running.stop().await;
}

#[tokio::test]
async fn each_error_of_the_service_has_its_end() {
    for (status, code, wait) in
        [(400, 131_056, Some(6)), (429, 130_429, Some(0)), (500, 131_000, Some(0)), (400, 131_026, None), (401, 190, None)]
    {
        let world = World::start().await;
        world.refuse("template", status, code).await;
        world.desk.put(message(Channel::Whatsapp, "ab12CD34ef"));
        match (world.desk.mark(0).await, wait) {
            (Mark::Retry { wait, .. }, Some(least)) => assert!(wait.as_secs() >= least - 1, "{code}: {wait}"),
            (Mark::Dead(_), None) => {}
            (mark, _) => panic!("{code} ended as {mark:?}"),
        }
        world.running.stop().await;
    }
}

#[tokio::test]
async fn the_address_is_verified_by_its_word() {
    let world = World::start().await;
    let ask = async |word: &str| {
        let query = [("hub.mode", "subscribe"), ("hub.verify_token", word), ("hub.challenge", "1158201444")];
        let answer =
            world.running.http.get(format!("{}/hooks/whatsapp", world.running.hooks)).query(&query).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    };
    assert_eq!(ask("verify-me").await, (StatusCode::OK, "1158201444".into()));
    assert_eq!(ask("verify-you").await.0, StatusCode::FORBIDDEN);
    assert_eq!(ask("").await.0, StatusCode::FORBIDDEN);
    world.running.stop().await;
}

#[tokio::test]
async fn a_webhook_without_its_signature_changes_nothing() {
    let world = World::start().await;
    world.desk.put(message(Channel::Whatsapp, "ab12CD34ef"));
    world.desk.mark(0).await;
    let body = webhook("106", &template_press(NUMBER, "wamid.in.1", "d:ab12CD34ef:ack"));
    assert_eq!(world.post(&body, None).await, StatusCode::UNAUTHORIZED);
    assert_eq!(world.post(&body, Some(&sign("another body"))).await, StatusCode::FORBIDDEN);
    assert_eq!(world.post(&body, Some("sha256=zz")).await, StatusCode::FORBIDDEN);
    assert_eq!(world.post("not json", Some(&sign("not json"))).await, StatusCode::BAD_REQUEST);
    let big = "x".repeat(3 * 1024 * 1024 + 1);
    assert_eq!(world.post(&big, Some(&sign(&big))).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(world.desk.with(|state| state.presses.is_empty()));
    world.running.stop().await;
}

#[tokio::test]
async fn a_press_on_the_template_is_kept_confirmed_and_brings_the_place() {
    let world = World::start().await;
    world.desk.put(message(Channel::Whatsapp, "ab12CD34ef"));
    world.desk.mark(0).await;
    let press = template_press(NUMBER, "wamid.in.1", "d:ab12CD34ef:ack");
    // Meta tells everything at least once.
    for _ in 0..3 {
        assert_eq!(world.tell(&press).await, StatusCode::OK);
    }
    let kept = world.desk.with(|state| state.presses.clone());
    assert_eq!(kept.len(), 1);
    assert_eq!((kept[0].progress, kept[0].sender.name.as_str()), (Progress::Acknowledged, "Budi"));
    let out = world.finish().await;
    assert_eq!(out.iter().map(|sent| sent["type"].as_str().unwrap()).collect::<Vec<_>>(), ["template", "text", "location"]);
    assert!(out[1]["text"]["body"].as_str().unwrap().starts_with("✅ Diterima — Budi, "), "{}", out[1]);
}

#[tokio::test]
async fn after_tiba_comes_the_button_selesai() {
    let world = World::start().await;
    world.desk.put(message(Channel::Whatsapp, "ab12CD34ef"));
    world.desk.mark(0).await;
    world.tell(&reply_press(NUMBER, "wamid.in.1", "d:ab12CD34ef:arr")).await;
    let asked = world.nth(1).await;
    let buttons = asked["interactive"]["action"]["buttons"].as_array().unwrap();
    assert_eq!((buttons.len(), &buttons[0]["reply"]["id"]), (1, &json!("d:ab12CD34ef:done")));
    world.tell(&reply_press(NUMBER, "wamid.in.2", "d:ab12CD34ef:done")).await;
    assert_eq!(world.desk.with(|state| state.progress["ab12CD34ef"].0), Progress::Done);
    world.running.stop().await;
}

#[tokio::test]
async fn a_press_from_another_number_is_refused_without_a_word() {
    let world = World::start().await;
    world.desk.put(message(Channel::Whatsapp, "ab12CD34ef"));
    world.desk.mark(0).await;
    assert_eq!(world.tell(&template_press("6289999999999", "wamid.in.1", "d:ab12CD34ef:ack")).await, StatusCode::OK);
    assert!(world.desk.with(|state| state.presses.is_empty()));
    assert_eq!(world.finish().await.len(), 1);
}

#[tokio::test]
async fn a_stale_button_is_answered_and_an_older_one_does_not_go_back() {
    let world = World::start().await;
    world.desk.put(message(Channel::Whatsapp, "ab12CD34ef"));
    world.desk.mark(0).await;
    world.tell(&template_press(NUMBER, "wamid.in.1", "d:nobody0000:ack")).await;
    assert!(world.nth(1).await["text"]["body"].as_str().unwrap().contains("tidak berlaku lagi"));
    world.tell(&template_press(NUMBER, "wamid.in.2", "d:ab12CD34ef:go")).await;
    world.tell(&template_press(NUMBER, "wamid.in.3", "d:ab12CD34ef:ack")).await;
    assert_eq!(world.desk.with(|state| state.progress["ab12CD34ef"].0), Progress::EnRoute);
    let out = world.finish().await;
    assert_eq!(out.last().unwrap()["text"]["body"], "Status sudah: Menuju lokasi");
}

#[tokio::test]
async fn a_press_that_the_store_does_not_take_is_asked_for_again() {
    let world = World::start().await;
    world.desk.put(message(Channel::Whatsapp, "ab12CD34ef"));
    world.desk.mark(0).await;
    world.desk.with(|state| state.failing = 1);
    let press = template_press(NUMBER, "wamid.in.1", "d:ab12CD34ef:ack");
    assert_eq!(world.tell(&press).await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(world.tell(&press).await, StatusCode::OK);
    assert_eq!(world.desk.with(|state| state.presses.len()), 1);
    world.running.stop().await;
}

#[tokio::test]
async fn what_became_of_a_message_is_reported() {
    let world = World::start().await;
    let statuses = json!({ "statuses": [
        { "id": "wamid.a", "status": "delivered" },
        { "id": "wamid.b", "status": "read" },
        { "strange": true },
        { "id": "wamid.c", "status": "failed", "errors": [{ "code": 131_026, "title": "Message undeliverable" }] },
    ] });
    assert_eq!(world.tell(&statuses).await, StatusCode::OK);
    let reports = world.desk.with(|state| state.reports.clone());
    assert_eq!(reports[0], (Channel::Whatsapp, "wamid.a".into(), DeliveryState::Delivered));
    assert_eq!(reports[1], (Channel::Whatsapp, "wamid.b".into(), DeliveryState::Read));
    assert!(matches!(&reports[2].2, DeliveryState::Failed { error } if error.contains("tidak dapat menerima")));
    world.running.stop().await;
}

#[tokio::test]
async fn webhooks_for_another_number_of_the_account_are_let_pass() {
    let world = World::start().await;
    world.desk.put(message(Channel::Whatsapp, "ab12CD34ef"));
    world.desk.mark(0).await;
    let body = webhook("999", &template_press(NUMBER, "wamid.in.1", "d:ab12CD34ef:ack"));
    assert_eq!(world.post(&body, Some(&sign(&body))).await, StatusCode::OK);
    assert!(world.desk.with(|state| state.presses.is_empty()));
    world.running.stop().await;
}
