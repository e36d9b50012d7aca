//! WhatsApp's side, as tests play it: an account, and webhooks that Meta has signed.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use dispatch::bridge::WhatsappConfig;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use wiremock::MockServer;

pub const APP_SECRET: &str = "app-secret-of-tests";

/// An account whose Cloud API is this server.
pub fn account(server: &MockServer) -> WhatsappConfig {
    WhatsappConfig {
        api_url: format!("{}/v25.0", server.uri()).parse().unwrap(),
        token: "TOKEN".into(),
        phone_number_id: "106".into(),
        app_secret: APP_SECRET.into(),
        verify_token: "verify-me".into(),
        template: "siaga_penugasan".into(),
        template_language: "id".into(),
    }
}

pub fn webhook(phone_number_id: &str, value: &Value) -> String {
    let mut value = value.clone();
    value["metadata"] = json!({ "phone_number_id": phone_number_id });
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": value }] }] })
        .to_string()
}

pub fn sign(body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(APP_SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}
