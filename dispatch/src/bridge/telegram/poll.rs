//! Long polling. An update is acknowledged to Telegram, by the next offset, only after it was taken: at least once.

use super::update::Taken;
use super::{POLL_HOLD, Telegram, error};
use crate::bridge::backoff::Backoff;
use std::time::Duration;
use teloxide::prelude::*;
use teloxide::types::AllowedUpdate;
use teloxide::{ApiError, RequestError};
use tokio_util::sync::CancellationToken;

/// Updates asked for at once.
const BATCH: u8 = 50;

/// An empty answer that comes sooner than this is followed by a pause, so that no server can make us spin.
const SHORTEST_TURN: Duration = Duration::from_secs(1);

const PAUSE: Backoff = Backoff { base: Duration::from_secs(1), cap: Duration::from_secs(30) };

/// Between two tries to keep an update while the store fails.
const KEEP_PAUSE: Backoff = Backoff { base: Duration::from_millis(500), cap: Duration::from_secs(10) };

impl Telegram {
    /// Asks for updates until `shutdown`.
    pub async fn poll(self, shutdown: CancellationToken) {
        // What was taken stays taken even when the shutdown cuts the next question short.
        let _ = shutdown.run_until_cancelled(self.poll_for_ever()).await;
    }

    async fn poll_for_ever(&self) {
        let mut offset = None;
        let mut failures = 0;
        loop {
            let turn = tokio::time::sleep(SHORTEST_TURN);
            match self.updates(offset).await {
                Ok(updates) => {
                    failures = 0;
                    let empty = updates.is_empty();
                    for update in updates {
                        let next = update.id.as_offset();
                        keep(KEEP_PAUSE, || self.take(update.clone())).await;
                        offset = Some(next);
                    }
                    if empty {
                        turn.await;
                    }
                }
                Err(error) => {
                    failures += 1;
                    self.mind(&error).await;
                    let asked = match error {
                        RequestError::RetryAfter(wait) => wait.duration(),
                        _ => Duration::ZERO,
                    };
                    tokio::time::sleep(PAUSE.wait(failures, 1.0).max(asked)).await;
                }
            }
        }
    }

    async fn updates(&self, offset: Option<i32>) -> Result<Vec<Update>, RequestError> {
        let hold = u32::try_from(POLL_HOLD.as_secs()).unwrap_or(u32::MAX);
        let kinds = [AllowedUpdate::Message, AllowedUpdate::CallbackQuery];
        let mut ask = self.bot.get_updates().timeout(hold).limit(BATCH).allowed_updates(kinds);
        if let Some(offset) = offset {
            ask = ask.offset(offset);
        }
        ask.await
    }

    async fn mind(&self, error: &RequestError) {
        let why = error::classify(error);
        metrics::counter!("siaga_telegram_polls_failed_total", "why" => why.reason().label()).increment(1);
        match error {
            RequestError::Api(ApiError::CantGetUpdates) => self.leave_webhook().await,
            RequestError::Api(ApiError::Unknown(words)) if words.contains("webhook is active") => self.leave_webhook().await,
            RequestError::Api(ApiError::TerminatedByOtherGetUpdates) => {
                tracing::error!("another program polls with telegram.token; only one may: stop it, or use a bot of its own");
            }
            RequestError::Api(ApiError::InvalidToken) => {
                tracing::error!("telegram.token was refused; copy it from @BotFather again")
            }
            _ => tracing::warn!(why = why.reason().label(), "Telegram does not answer; trying again"),
        }
    }

    /// We are set to poll, so a webhook that is still registered is a leftover. What waits there is kept.
    async fn leave_webhook(&self) {
        tracing::warn!("a webhook was registered for this bot; removing it, because telegram.mode is polling");
        if let Err(error) = self.bot.delete_webhook().drop_pending_updates(false).await {
            tracing::warn!(why = error::classify(&error).reason().label(), "the webhook could not be removed");
        }
    }
}

/// Tries until an update is kept, however long the store fails: an update that Telegram was told to forget is lost for ever, and
/// with it a team's acknowledgement. The shutdown ends this from outside; the update then comes again after the start.
async fn keep<F: Future<Output = Taken>>(pause: Backoff, mut take: impl FnMut() -> F) {
    let mut tries = 0_u32;
    while take().await == Taken::Again {
        tries = tries.saturating_add(1);
        metrics::counter!("siaga_updates_waiting_total", "channel" => "telegram").increment(1);
        tokio::time::sleep(pause.wait(tries, 1.0)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_update_is_kept_however_long_the_store_fails() {
        let mut tries = 0;
        keep(Backoff { base: Duration::ZERO, cap: Duration::ZERO }, || {
            tries += 1;
            std::future::ready(if tries <= 500 { Taken::Again } else { Taken::Done })
        })
        .await;
        assert_eq!(tries, 501);
    }

    #[test]
    fn a_store_that_comes_back_is_noticed_within_ten_seconds() {
        assert_eq!(KEEP_PAUSE.wait(u32::MAX, 1.0), Duration::from_secs(10));
    }
}
