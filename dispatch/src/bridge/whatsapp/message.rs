//! The JSON of the messages that we send. Pure.

use crate::bridge::button::Button;
use crate::bridge::text;
use crate::contract::{Position, Progress};
use crate::desk::DispatchCard;
use serde_json::{Value, json};

/// The steps on a dispatch's buttons: WhatsApp allows three. The last step is asked for after the third.
const FIRST_STEPS: [Progress; 3] = [Progress::Acknowledged, Progress::EnRoute, Progress::Arrived];

/// Which template carries dispatches outside the 24 hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pub name: String,
    pub language: String,
}

/// The dispatch as the approved template; allowed at any time.
pub fn template(to: &str, card: &DispatchCard, template: &Template) -> Value {
    let parameters: Vec<Value> =
        text::template_parameters(card).iter().map(|text| json!({ "type": "text", "text": text })).collect();
    let mut components = vec![json!({ "type": "body", "parameters": parameters })];
    for (index, step) in FIRST_STEPS.into_iter().enumerate() {
        components.push(json!({
            "type": "button",
            "sub_type": "quick_reply",
            "index": index.to_string(),
            "parameters": [{ "type": "payload", "payload": Button::new(&card.short_id, step).payload() }],
        }));
    }
    envelope(
        to,
        "template",
        json!({
            "name": template.name,
            "language": { "policy": "deterministic", "code": template.language },
            "components": components,
        }),
    )
}

/// The dispatch as a free-form message with reply buttons; allowed within the 24 hours.
pub fn dispatch(to: &str, card: &DispatchCard) -> Value {
    interactive(to, &text::dispatch_plain(card), &card.short_id, &FIRST_STEPS)
}

/// Asks for "Selesai" after "Tiba".
pub fn ask_done(to: &str, card: &DispatchCard, status: &str) -> Value {
    interactive(to, &text::ask_done(&card.incident_number, status), &card.short_id, &[Progress::Done])
}

pub fn words(to: &str, text: &str) -> Value {
    envelope(to, "text", json!({ "preview_url": false, "body": text }))
}

/// The place as a pin on the map. Meta's schema has the numbers as strings.
pub fn location(to: &str, card: &DispatchCard, at: Position) -> Value {
    let (name, address) = text::pin(card);
    envelope(
        to,
        "location",
        json!({
            "latitude": format!("{:.6}", at.latitude),
            "longitude": format!("{:.6}", at.longitude),
            "name": name,
            "address": address,
        }),
    )
}

fn interactive(to: &str, body: &str, short_id: &str, steps: &[Progress]) -> Value {
    let buttons: Vec<Value> = steps
        .iter()
        .map(|step| json!({ "type": "reply", "reply": { "id": Button::new(short_id, *step).payload(), "title": text::step(*step) } }))
        .collect();
    envelope(
        to,
        "interactive",
        json!({ "type": "button", "body": { "text": text::clean(body, 1024) }, "action": { "buttons": buttons } }),
    )
}

fn envelope(to: &str, kind: &str, content: Value) -> Value {
    let mut message = json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": to,
        "type": kind,
    });
    if let Some(fields) = message.as_object_mut() {
        fields.insert(kind.to_owned(), content);
    }
    message
}
