//! The demo's chat: the few methods of Telegram's Bot API that Siaga calls, answered from memory. It is what lets the demo run the
//! real Telegram bridge without an internet connection; it is no Telegram server for anything else.
// A JSON value indexed by a name that it lacks is null; nothing here can panic.
#![allow(clippy::indexing_slicing)]

use serde::Serialize;
use serde_json::{Value, json};
use std::collections::VecDeque;

/// Messages kept; older ones leave the page.
const MESSAGES: usize = 200;
/// Presses not yet fetched by the bridge; further ones are refused until it fetches.
const UPDATES: usize = 100;

/// What the page shows of one message.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Message {
    pub id: i64,
    pub chat: i64,
    pub text: String,
    pub venue: Option<Value>,
    /// Rows of buttons, each with the data that a press sends back.
    pub buttons: Vec<Vec<Button>>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Button {
    pub text: String,
    pub data: String,
}

/// All chats of the demo and the presses on their way to the bridge.
#[derive(Debug, Default)]
pub struct Chats {
    messages: VecDeque<Message>,
    updates: VecDeque<Value>,
    last_id: i64,
    last_update: i64,
}

impl Chats {
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.messages.iter()
    }

    /// Answers one Bot API call. `date` is in seconds since 1970.
    pub fn answer(&mut self, method: &str, body: &Value, date: i64) -> Value {
        match method.to_ascii_lowercase().as_str() {
            "getme" => ok(json!({"id": 112, "is_bot": true, "first_name": "Siaga demo", "username": "siaga_demo_bot",
                "can_join_groups": true, "can_read_all_group_messages": false, "supports_inline_queries": false,
                "can_connect_to_business": false, "has_main_web_app": false})),
            "sendmessage" => {
                let text = body["text"].as_str().unwrap_or_default().to_string();
                self.post(body, text, None, date)
            }
            "sendvenue" => {
                let venue = json!({"latitude": body["latitude"], "longitude": body["longitude"], "title": body["title"], "address": body["address"]});
                let text = body["title"].as_str().unwrap_or_default().to_string();
                self.post(body, text, Some(venue), date)
            }
            "sendlocation" => {
                let venue = json!({"latitude": body["latitude"], "longitude": body["longitude"]});
                self.post(body, String::new(), Some(venue), date)
            }
            "editmessagetext" | "editmessagereplymarkup" => self.edit(body, date),
            "getupdates" => {
                let from = body["offset"].as_i64().unwrap_or(0);
                self.updates.retain(|update| update["update_id"].as_i64().unwrap_or(0) >= from);
                ok(Value::from(self.updates.iter().cloned().collect::<Vec<_>>()))
            }
            _ => ok(Value::Bool(true)),
        }
    }

    /// Whether `getUpdates` has anything to tell from this offset on.
    pub fn has_updates(&self, from: i64) -> bool {
        self.updates.iter().any(|update| update["update_id"].as_i64().unwrap_or(0) >= from)
    }

    /// Somebody in the chat presses a button. False if the message, the button or room for the press is not there.
    pub fn press(&mut self, message: i64, data: &str, who: &str, date: i64) -> bool {
        let Some(found) = self.messages.iter().find(|m| m.id == message) else { return false };
        if self.updates.len() >= UPDATES || !found.buttons.iter().flatten().any(|button| button.data == data) {
            return false;
        }
        self.last_update += 1;
        self.updates.push_back(json!({"update_id": self.last_update, "callback_query": {
            "id": self.last_update.to_string(), "chat_instance": "demo", "data": data,
            "from": {"id": 7, "is_bot": false, "first_name": who},
            "message": telegram_message(found, date),
        }}));
        true
    }

    fn post(&mut self, body: &Value, text: String, venue: Option<Value>, date: i64) -> Value {
        self.last_id += 1;
        let message = Message { id: self.last_id, chat: chat_id(body), text, venue, buttons: buttons(body) };
        let answer = ok(telegram_message(&message, date));
        self.messages.push_back(message);
        if self.messages.len() > MESSAGES {
            self.messages.pop_front();
        }
        answer
    }

    fn edit(&mut self, body: &Value, date: i64) -> Value {
        let id = body["message_id"].as_i64();
        let Some(message) = self.messages.iter_mut().find(|m| Some(m.id) == id) else {
            return json!({"ok": false, "error_code": 400, "description": "Bad Request: message to edit not found"});
        };
        if let Some(text) = body["text"].as_str() {
            message.text = text.to_string();
        }
        message.buttons = buttons(body);
        ok(telegram_message(message, date))
    }
}

fn ok(result: Value) -> Value {
    json!({"ok": true, "result": result})
}

fn chat_id(body: &Value) -> i64 {
    body["chat_id"].as_i64().or_else(|| body["chat_id"].as_str().and_then(|id| id.parse().ok())).unwrap_or(0)
}

fn buttons(body: &Value) -> Vec<Vec<Button>> {
    // The markup arrives as an object in JSON bodies and as a string in form bodies.
    let markup = match &body["reply_markup"] {
        Value::String(text) => serde_json::from_str(text).unwrap_or(Value::Null),
        other => other.clone(),
    };
    let rows = markup["inline_keyboard"].as_array().cloned().unwrap_or_default();
    rows.iter()
        .map(|row| {
            let row = row.as_array().cloned().unwrap_or_default();
            row.iter()
                .filter_map(|b| Some(Button { text: b["text"].as_str()?.into(), data: b["callback_data"].as_str()?.into() }))
                .collect()
        })
        .collect()
}

fn telegram_message(message: &Message, date: i64) -> Value {
    let mut value = json!({
        "message_id": message.id, "date": date,
        "chat": {"id": message.chat, "type": "group", "title": "Tim lapangan", "all_members_are_administrators": true},
        "from": {"id": 112, "is_bot": true, "first_name": "Siaga demo", "username": "siaga_demo_bot"},
    });
    if let Some(venue) = &message.venue {
        let location = json!({"latitude": venue["latitude"], "longitude": venue["longitude"]});
        value["location"] = location.clone();
        if venue["title"].is_string() {
            value["venue"] = json!({"location": location, "title": venue["title"], "address": venue["address"]});
        }
    } else {
        value["text"] = Value::from(message.text.clone());
    }
    let rows: Vec<Value> = message
        .buttons
        .iter()
        .map(|row| Value::from(row.iter().map(|b| json!({"text": b.text, "callback_data": b.data})).collect::<Vec<_>>()))
        .collect();
    if !rows.is_empty() {
        value["reply_markup"] = json!({"inline_keyboard": rows});
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_on_a_sent_button_reaches_the_bridge_once() {
        let mut chats = Chats::default();
        let keyboard = json!({"inline_keyboard": [[{"text": "Diterima", "callback_data": "d:abc:ack"}]]});
        let sent = chats.answer("SendMessage", &json!({"chat_id": -5, "text": "Kebakaran", "reply_markup": keyboard}), 1);
        assert_eq!(sent["result"]["message_id"], 1);

        assert!(!chats.press(1, "d:other:ack", "Rudi", 2), "a button that was never shown cannot be pressed");
        assert!(chats.press(1, "d:abc:ack", "Rudi", 2));
        let updates = chats.answer("GetUpdates", &json!({"offset": 0}), 3);
        assert_eq!(updates["result"][0]["callback_query"]["data"], "d:abc:ack");
        assert!(!chats.has_updates(2), "an acknowledged update is not told again");
    }
}
