//! The Telegram bridge against teremock's Bot API: what a team sees, and what its presses do.

use crate::peers::{CHAT, FakeDesk, Mark, Running, message, quick, soon};
use dispatch::bridge::TelegramConfig;
use dispatch::bridge::telegram::Mode;
use dispatch::contract::{Channel, Progress};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;
use teloxide::dispatching::UpdateHandler;
use teloxide::types::Message;
use teremock::{HandlerError, MockBot, MockMessageText, Responses};

const SECRET: &str = "a-secret_of-tests";

struct World {
    mock: MockBot<HandlerError, teremock::DistributionKey>,
    desk: Arc<FakeDesk>,
    running: Running,
}

impl World {
    async fn start() -> Self {
        let handlers: UpdateHandler<HandlerError> = teloxide::dptree::entry();
        let mock = MockBot::new(MockMessageText::new().text("unused"), handlers).await;
        let desk = FakeDesk::new();
        let mode = Mode::Webhook { secret: SECRET.into() };
        let config = TelegramConfig { token: "112:TOKEN".into(), api_url: mock.api_url().clone(), mode };
        let running = Running::start(&desk, Some(config), None, quick()).await;
        Self { mock, desk, running }
    }

    /// A dispatch in the team's chat.
    async fn with_dispatch() -> (Self, Message) {
        let world = Self::start().await;
        world.desk.put(message(Channel::Telegram, "ab12CD34ef"));
        world.desk.mark(0).await;
        let sent = world.sent().sent_messages_text[0].message.clone();
        (world, sent)
    }

    fn sent(&self) -> Responses {
        self.mock.get_responses()
    }

    async fn post(&self, update: &Value) -> StatusCode {
        let request = self.running.http.post(format!("{}/hooks/telegram", self.running.hooks));
        request.header("X-Telegram-Bot-Api-Secret-Token", SECRET).json(update).send().await.unwrap().status()
    }

    async fn press(&self, id: &str, on: &Message, data: &str) -> StatusCode {
        self.post(&press(id, serde_json::to_value(on).unwrap(), data)).await
    }

    async fn edited(&self, n: usize) -> Message {
        soon("an edit", async || self.sent().edited_messages_text.get(n).map(|edit| edit.message.clone())).await
    }

    async fn answer(&self, n: usize) -> String {
        soon("an answer", async || self.sent().answered_callback_queries.get(n).map(|answer| answer.text.clone().unwrap())).await
    }
}

fn press(id: &str, message: Value, data: &str) -> Value {
    let from = json!({ "id": 5, "is_bot": false, "first_name": "Budi", "last_name": "S" });
    json!({ "update_id": 9, "callback_query": { "id": id, "chat_instance": "c", "data": data, "from": from, "message": message } })
}

fn buttons(message: &Message) -> Vec<String> {
    let rows = message.reply_markup().map(|markup| markup.inline_keyboard.clone()).unwrap_or_default();
    rows.into_iter().flatten().map(|button| button.text).collect()
}

#[tokio::test]
async fn a_dispatch_shows_its_number_first_its_facts_the_place_and_four_buttons() {
    let (world, sent) = World::with_dispatch().await;
    let text = sent.text().unwrap();
    assert!(text.starts_with("🚨 <b>20261123-0007</b> · <b>Kebakaran</b>"), "{text}");
    for part in ["Jl. &lt;Sudirman&gt; &amp; Co. 5", "Rumah terbakar", "081234567890", "lantai 2", "query=1.130100,104.052900"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert_eq!(buttons(&sent), ["Diterima", "Menuju lokasi", "Tiba", "Selesai"]);
    assert_eq!(world.desk.mark(0).await, Mark::Sent(format!("{CHAT}:{}", sent.id)));
    let venue = soon("the venue", async || world.sent().sent_messages_venue.first().map(|venue| venue.bot_request.clone())).await;
    assert_eq!((venue.latitude, venue.longitude), (1.1301, 104.0529));
    world.running.stop().await;
}

#[tokio::test]
async fn a_press_is_kept_answered_and_shown() {
    let (world, sent) = World::with_dispatch().await;
    assert_eq!(world.press("q1", &sent, "d:ab12CD34ef:ack").await, StatusCode::OK);
    let press = world.desk.with(|state| state.presses[0].clone());
    assert_eq!((press.progress, press.sender.name.as_str(), press.sender.chat), (Progress::Acknowledged, "Budi S", Some(CHAT)));
    assert_eq!(world.answer(0).await, "Dicatat: Diterima");
    let edited = world.edited(0).await;
    assert!(edited.text().unwrap().contains("✅ Diterima — Budi S, "), "{:?}", edited.text());
    assert!(edited.text().unwrap().starts_with("🚨 <b>20261123-0007</b>"));
    assert_eq!(buttons(&edited), ["Menuju lokasi", "Tiba", "Selesai"]);

    assert_eq!(world.press("q2", &sent, "d:ab12CD34ef:done").await, StatusCode::OK);
    assert_eq!(buttons(&world.edited(1).await), Vec::<String>::new());
    world.running.stop().await;
}

#[tokio::test]
async fn the_same_press_twice_counts_once() {
    let (world, sent) = World::with_dispatch().await;
    for _ in 0..2 {
        assert_eq!(world.press("q1", &sent, "d:ab12CD34ef:go").await, StatusCode::OK);
    }
    assert_eq!(world.answer(1).await, "Dicatat: Menuju lokasi");
    assert_eq!(world.desk.with(|state| state.presses.len()), 1);
    world.running.stop().await;
}

#[tokio::test]
async fn an_older_button_does_not_go_back() {
    let (world, sent) = World::with_dispatch().await;
    world.press("q1", &sent, "d:ab12CD34ef:arr").await;
    world.press("q2", &sent, "d:ab12CD34ef:ack").await;
    assert_eq!(world.answer(1).await, "Status sudah: Tiba");
    assert_eq!(world.desk.with(|state| state.progress["ab12CD34ef"].0), Progress::Arrived);
    world.running.stop().await;
}

#[tokio::test]
async fn a_press_from_another_chat_is_refused_and_changes_nothing() {
    let (world, sent) = World::with_dispatch().await;
    let mut foreign = serde_json::to_value(&sent).unwrap();
    foreign["chat"]["id"] = json!(-999);
    assert_eq!(world.post(&press("q1", foreign, "d:ab12CD34ef:ack")).await, StatusCode::OK);
    assert!(world.answer(0).await.contains("bukan chat tim"));
    assert!(world.desk.with(|state| state.presses.is_empty()));
    world.running.stop().await;
}

#[tokio::test]
async fn a_button_of_a_dispatch_that_is_gone_says_so_and_goes_away() {
    let (world, sent) = World::with_dispatch().await;
    world.press("q1", &sent, "d:nobody0000:ack").await;
    assert!(world.answer(0).await.contains("tidak berlaku lagi"));
    let edit =
        soon("buttons taken away", async || world.sent().edited_messages_reply_markup.first().map(|edit| edit.message.clone()))
            .await;
    assert_eq!(buttons(&edit), Vec::<String>::new());
    world.running.stop().await;
}

#[tokio::test]
async fn hostile_payloads_are_answered_and_change_nothing() {
    let (world, sent) = World::with_dispatch().await;
    for (n, data) in ["", "d:", "d:ab12CD34ef:ack:x", "'; DROP TABLE teams", "🚨"].iter().enumerate() {
        assert_eq!(world.press(&format!("q{n}"), &sent, data).await, StatusCode::OK);
    }
    assert!(world.answer(4).await.contains("tidak berlaku"));
    assert!(world.desk.with(|state| state.presses.is_empty()));
    world.running.stop().await;
}

#[tokio::test]
async fn without_the_secret_nothing_is_read() {
    let (world, sent) = World::with_dispatch().await;
    let update = press("q1", serde_json::to_value(&sent).unwrap(), "d:ab12CD34ef:ack");
    let url = format!("{}/hooks/telegram", world.running.hooks);
    let bare = world.running.http.post(&url).json(&update).send().await.unwrap();
    assert_eq!(bare.status(), StatusCode::UNAUTHORIZED);
    let wrong = world.running.http.post(&url).header("X-Telegram-Bot-Api-Secret-Token", "a-secret_of-testz");
    assert_eq!(wrong.json(&update).send().await.unwrap().status(), StatusCode::FORBIDDEN);
    assert_eq!(world.post(&json!({ "no": "update" })).await, StatusCode::BAD_REQUEST);
    assert_eq!(world.post(&json!({ "update_id": 1, "x": "y".repeat(300_000) })).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(world.desk.with(|state| state.presses.is_empty()));
    world.running.stop().await;
}

#[tokio::test]
async fn a_press_that_the_store_does_not_take_is_asked_for_again() {
    let (world, sent) = World::with_dispatch().await;
    world.desk.with(|state| state.failing = 1);
    assert_eq!(world.press("q1", &sent, "d:ab12CD34ef:ack").await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(world.press("q1", &sent, "d:ab12CD34ef:ack").await, StatusCode::OK);
    assert_eq!(world.desk.with(|state| state.presses.len()), 1);
    world.running.stop().await;
}

#[tokio::test]
async fn start_with_a_token_links_the_group_and_without_explains() {
    let world = World::start().await;
    let said = |text: &str| {
        json!({ "update_id": 1, "message": {
            "message_id": 1, "date": 1_790_000_000, "text": text,
            "chat": { "id": CHAT, "type": "group", "title": "Damkar <Regu> 1" },
            "from": { "id": 5, "is_bot": false, "first_name": "Budi" },
        } })
    };
    // One reply a second into one chat is all that Telegram allows; the last is waited for by its content.
    assert_eq!(world.post(&said("/start good-token")).await, StatusCode::OK);
    assert_eq!(world.desk.with(|state| state.links.clone()), [(CHAT, "Damkar <Regu> 1".to_owned())]);
    assert_eq!(world.post(&said("/start")).await, StatusCode::OK);
    assert_eq!(world.post(&said("/start bad-token")).await, StatusCode::OK);
    assert_eq!(world.post(&said("selamat pagi")).await, StatusCode::OK);
    let replies = soon("three replies", async || Some(world.sent().sent_messages).filter(|sent| sent.len() == 3)).await;
    for (reply, part) in replies.iter().zip(["tim Regu 1", "minta tautan", "tidak berlaku"]) {
        assert!(reply.text().unwrap().contains(part), "{:?}", reply.text());
    }
    assert_eq!(world.desk.with(|state| state.links.len()), 1);
    world.running.stop().await;
}

#[tokio::test]
async fn the_bots_name_becomes_known() {
    let mut world = World::start().await;
    let name = world.running.telegram_name.wait_for(Option::is_some).await.unwrap().clone();
    assert_eq!(name.as_deref(), world.mock.me.username.as_deref());
    world.running.stop().await;
}
