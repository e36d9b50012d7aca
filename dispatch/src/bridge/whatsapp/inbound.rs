//! Reading Meta's webhooks. Pure and lenient: one item that is not understood does not cost the others, because Meta sends a
//! refused webhook again as a whole.

use crate::bridge::button::Button;
use crate::desk::DeliveryState;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// One thing that a webhook says.
#[derive(Debug, Clone, PartialEq)]
pub enum Inbound {
    /// A person wrote, or pressed a button.
    Message(Message),
    /// What became of a message of ours.
    Status { id: String, state: DeliveryState, outside_window: bool },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Meta's id of the message; the same message told twice has the same.
    pub id: String,
    /// The sender's number in E.164 without `+`; absent for people who hide it.
    pub number: Option<String>,
    /// As the sender's profile shows it.
    pub name: String,
    pub at: Option<Timestamp>,
    pub press: Option<Pressed>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Pressed {
    /// `None` if the payload is not one of ours.
    pub button: Option<Button>,
    /// Whether the button was one of the template, which came without the place.
    pub of_template: bool,
}

/// What was read, and how many items were not understood or are not for our number.
#[derive(Debug, Default, PartialEq)]
pub struct Read {
    pub items: Vec<Inbound>,
    pub skipped: usize,
}

#[derive(Deserialize)]
struct Payload {
    #[serde(default)]
    entry: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(default)]
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    value: Option<Value>,
}

#[derive(Deserialize)]
struct Contents {
    metadata: Metadata,
    #[serde(default)]
    contacts: Vec<Contact>,
    #[serde(default)]
    messages: Vec<Value>,
    #[serde(default)]
    statuses: Vec<Value>,
}

#[derive(Deserialize)]
struct Metadata {
    phone_number_id: String,
}

#[derive(Deserialize)]
struct Contact {
    wa_id: Option<String>,
    user_id: Option<String>,
    profile: Option<Profile>,
}

#[derive(Deserialize)]
struct Profile {
    name: Option<String>,
}

#[derive(Deserialize)]
struct RawMessage {
    id: String,
    from: Option<String>,
    from_user_id: Option<String>,
    timestamp: Option<String>,
    button: Option<RawButton>,
    interactive: Option<RawInteractive>,
}

#[derive(Deserialize)]
struct RawButton {
    payload: Option<String>,
}

#[derive(Deserialize)]
struct RawInteractive {
    button_reply: Option<RawReply>,
}

#[derive(Deserialize)]
struct RawReply {
    id: String,
}

#[derive(Deserialize)]
struct RawStatus {
    id: String,
    status: String,
    #[serde(default)]
    errors: Vec<RawError>,
}

#[derive(Deserialize)]
struct RawError {
    code: Option<i64>,
}

/// Reads a webhook's body; `None` if it is not JSON of this shape at all.
pub fn read(body: &[u8], phone_number_id: &str) -> Option<Read> {
    let payload: Payload = serde_json::from_slice(body).ok()?;
    let mut read = Read::default();
    for value in payload.entry.into_iter().flat_map(|entry| entry.changes).filter_map(|change| change.value) {
        match serde_json::from_value::<Contents>(value) {
            Ok(contents) if contents.metadata.phone_number_id == phone_number_id => take(contents, &mut read),
            _ => read.skipped += 1,
        }
    }
    Some(read)
}

fn take(contents: Contents, read: &mut Read) {
    for raw in contents.messages {
        match serde_json::from_value::<RawMessage>(raw) {
            Ok(raw) => read.items.push(Inbound::Message(message(raw, &contents.contacts))),
            Err(_) => read.skipped += 1,
        }
    }
    for raw in contents.statuses {
        match serde_json::from_value::<RawStatus>(raw).ok().and_then(status) {
            Some(status) => read.items.push(status),
            None => read.skipped += 1,
        }
    }
}

fn message(raw: RawMessage, contacts: &[Contact]) -> Message {
    let is_sender = |contact: &&Contact| {
        let number = raw.from.is_some() && contact.wa_id == raw.from;
        number || (raw.from_user_id.is_some() && contact.user_id == raw.from_user_id)
    };
    let name = contacts.iter().find(is_sender).and_then(|contact| contact.profile.as_ref()?.name.clone()).unwrap_or_default();
    let pressed = |payload: &str, of_template| Pressed { button: Button::parse(payload), of_template };
    let press = match (&raw.button, &raw.interactive) {
        (Some(button), _) => Some(pressed(button.payload.as_deref().unwrap_or_default(), true)),
        (None, Some(interactive)) => interactive.button_reply.as_ref().map(|reply| pressed(&reply.id, false)),
        (None, None) => None,
    };
    Message {
        id: raw.id,
        number: raw.from.filter(|number| (6..=20).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())),
        name,
        at: raw.timestamp.and_then(|seconds| Timestamp::from_second(seconds.parse().ok()?).ok()),
        press,
    }
}

fn status(raw: RawStatus) -> Option<Inbound> {
    let code = raw.errors.first().and_then(|error| error.code).unwrap_or_default();
    let state = match raw.status.as_str() {
        "sent" => DeliveryState::Sent,
        "delivered" => DeliveryState::Delivered,
        "read" => DeliveryState::Read,
        "failed" => {
            let failure = super::error::classify(400, Some(code), None);
            DeliveryState::Failed { error: crate::bridge::text::reason(failure.reason()) }
        }
        _ => return None,
    };
    let outside_window = raw.errors.iter().any(|error| error.code == Some(131_047));
    Some(Inbound::Status { id: raw.id, state, outside_window })
}
