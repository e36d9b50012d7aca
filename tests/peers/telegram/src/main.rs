//! A Telegram Bot API on loopback for whole-system tests, played by `teremock`, with a window through which a test sees what was
//! sent. It brings no updates by itself: a test presses a button by posting an update to the webhook of the program under test.
//!
//! It prints one line of JSON, `{"api_url": "...", "control": "..."}`, and ends when its standard input closes. Under `control`,
//! each a JSON array, oldest first:
//! - `GET /messages`: every message sent, as the Bot API shows it when it is sent (`message_id`, `chat`, `text`, `reply_markup`);
//! - `GET /edits`: the same for changed messages, as they are after the change: changes of texts, then changes of buttons alone;
//! - `GET /venues`: the messages that are places on the map;
//! - `GET /answers`: `{"callback_query_id", "text", "show_alert"}` of every answered press.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;
use teloxide::dispatching::UpdateHandler;
use teloxide::types::Message;
use teremock::{HandlerError, MockBot, MockMessageText, Responses};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

type Sent = Arc<dyn Fn() -> Responses + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    // The mock wants an update and handlers; neither is ever used.
    let handlers: UpdateHandler<HandlerError> = teloxide::dptree::entry();
    let mock = MockBot::new(MockMessageText::new().text("unused"), handlers).await;
    let api_url = mock.api_url().as_str().trim_end_matches('/').to_owned();
    let sent: Sent = Arc::new(move || mock.get_responses());

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", json!({ "api_url": api_url, "control": format!("http://{}", listener.local_addr()?) }));

    tokio::select! {
        served = axum::serve(listener, control(sent)) => served?,
        () = input_closed() => {}
    }
    Ok(())
}

fn control(sent: Sent) -> Router {
    Router::new()
        .route("/messages", get(async |State(sent): State<Sent>| show(sent().sent_messages.iter())))
        .route(
            "/venues",
            get(async |State(sent): State<Sent>| show(sent().sent_messages_venue.iter().map(|venue| &venue.message))),
        )
        .route("/edits", get(edits))
        .route("/answers", get(answers))
        .with_state(sent)
}

async fn edits(State(sent): State<Sent>) -> Json<Value> {
    let sent = sent();
    let texts = sent.edited_messages_text.iter().map(|edit| &edit.message);
    show(texts.chain(sent.edited_messages_reply_markup.iter().map(|edit| &edit.message)))
}

async fn answers(State(sent): State<Sent>) -> Json<Value> {
    let answers = sent().answered_callback_queries.into_iter();
    let answers = answers.map(
        |answer| json!({ "callback_query_id": answer.callback_query_id, "text": answer.text, "show_alert": answer.show_alert }),
    );
    Json(answers.collect())
}

fn show<'a>(messages: impl Iterator<Item = &'a Message>) -> Json<Value> {
    Json(messages.map(|message| serde_json::to_value(message).unwrap_or_default()).collect())
}

async fn input_closed() {
    let mut input = tokio::io::stdin();
    let mut ignored = [0; 256];
    while matches!(input.read(&mut ignored).await, Ok(n) if n > 0) {}
}
