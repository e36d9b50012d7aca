//! The bridges to chat: dispatches go out to field teams by Telegram and WhatsApp, and what the teams press comes back to the
//! desk. The bridges keep no state of a dispatch; they carry what the desk's outbox holds and tell the desk what they hear.
//!
//! Nothing here logs a caller's data, a chat's name, a number or a token.

mod backoff;
mod button;
mod desk;
mod failure;
mod hooks;
pub mod outbox;
mod port;
mod replies;
pub mod telegram;
pub mod text;
pub mod whatsapp;

pub use backoff::Backoff;
pub use button::{Button, remaining};
pub use failure::{Failure, Reason};
pub(crate) use hooks::{Door, same_secret};
pub use port::BridgeDesk;
pub use telegram::TelegramConfig;
pub use whatsapp::WhatsappConfig;

use self::outbox::{Couriers, Outbox};
use self::replies::Replies;
use self::telegram::Telegram;
use self::whatsapp::Whatsapp;
use jiff::tz::TimeZone;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

/// Which services to use. One that is left out is off: its messages are given up with that reason.
#[derive(Debug, Clone)]
pub struct Config {
    /// The city's zone, for the times in messages.
    pub zone: TimeZone,
    pub telegram: Option<TelegramConfig>,
    pub whatsapp: Option<WhatsappConfig>,
    pub outbox: outbox::Settings,
}

/// Why the bridges did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// `telegram.token` is empty or has characters that no token has.
    #[error("telegram.token: this is not a bot token; copy it from @BotFather, like 123456:ABC-DEF")]
    TelegramToken,
    /// `telegram.webhook_secret` is empty, longer than 256 characters, or has others than Telegram allows.
    #[error("telegram.webhook_secret: use 1 to 256 characters of A-Z, a-z, 0-9, _ and -")]
    TelegramSecret,
    /// One of the keys that sign or verify WhatsApp's webhooks is empty.
    #[error("whatsapp.{0}: it must not be empty; copy it from the app's page at Meta")]
    WhatsappKey(&'static str),
    /// `whatsapp.api_url` or `whatsapp.phone_number_id` do not make an address.
    #[error(
        "whatsapp.api_url: with whatsapp.phone_number_id it does not make an address; leave api_url out or write https://graph.facebook.com/v25.0"
    )]
    WhatsappAddress,
    /// The HTTP client could not be made: the system has no usable TLS.
    #[error("the chat services cannot be called: no HTTP client could be made ({0})")]
    Client(#[source] reqwest::Error),
}

/// Bridges that run.
pub struct Started {
    /// `POST /hooks/telegram` (webhook mode only), `GET` and `POST /hooks/whatsapp`. To be served by the web server.
    pub hooks: axum::Router,
    /// Ends after `shutdown`, when what was under way has gone out or taken too long.
    pub task: JoinHandle<()>,
    /// The Telegram bot's user name without `@`, once Telegram has told it; for `https://t.me/NAME?startgroup=TOKEN`.
    pub telegram_name: watch::Receiver<Option<String>>,
}

/// How long replies may take at shutdown, beyond the messages of the outbox.
const REPLIES_FINISH: Duration = Duration::from_secs(3);

/// Starts all that is configured. Must be called within a tokio runtime.
///
/// # Errors
/// Each names the setting that is wrong. A service that does not answer is no error: it is tried again for ever.
pub fn start(config: Config, desk: Arc<dyn BridgeDesk>, shutdown: CancellationToken) -> Result<Started, StartError> {
    let mut tasks = JoinSet::new();
    let replies = Replies::start(&mut tasks, &shutdown);
    let (name_sender, telegram_name) = watch::channel(None);
    let mut hooks = axum::Router::new();
    let mut couriers = Couriers::default();

    if let Some(settings) = config.telegram {
        let telegram = Telegram::new(&settings, desk.clone(), replies.clone(), config.zone.clone())?;
        tasks.spawn(telegram.clone().learn_name(name_sender, shutdown.clone()));
        match settings.mode {
            telegram::Mode::Polling => {
                tasks.spawn(telegram.clone().poll(shutdown.clone()));
            }
            telegram::Mode::Webhook { secret } => hooks = hooks.merge(telegram::hook::router(telegram.clone(), &secret)),
        }
        couriers.telegram = Some(Arc::new(telegram));
    }
    if let Some(settings) = config.whatsapp {
        let whatsapp = Whatsapp::new(&settings, desk.clone(), replies, config.zone)?;
        hooks = hooks.merge(whatsapp::hook::router(whatsapp.clone()));
        couriers.whatsapp = Some(Arc::new(whatsapp));
    }
    tasks.spawn(Outbox::new(desk, couriers, config.outbox).run(shutdown.clone()));
    let task = tokio::spawn(keep(tasks, config.outbox.finish + REPLIES_FINISH, shutdown));
    Ok(Started { hooks, task, telegram_name })
}

/// Waits for all tasks; once `shutdown` has come, not longer than `finish`. What has not ended by then is cut off.
async fn keep(mut tasks: JoinSet<()>, finish: Duration, shutdown: CancellationToken) {
    let all = async {
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                metrics::counter!("siaga_bridge_panics_total").increment(1);
                tracing::error!(%error, "a chat bridge ended");
            }
        }
    };
    tokio::pin!(all);
    tokio::select! {
        () = &mut all => return,
        () = shutdown.cancelled() => {}
    }
    if tokio::time::timeout(finish, all).await.is_err() {
        tracing::warn!("chat replies were still waiting at shutdown and are lost");
    }
}
