//! Asks the switchboard for something and waits for its answer, within a time limit.

use crate::error::{ApiError, SWITCHBOARD_SILENT};
use axum::http::StatusCode;
use dispatch::contract::{Command, Reply};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How long an operator waits before the console says that nothing happened.
const PATIENCE: Duration = Duration::from_secs(3);
/// The headset test plays its tone for two seconds before it answers.
const PATIENCE_FOR_TEST: Duration = Duration::from_secs(6);

/// The way to the switchboard.
#[derive(Debug, Clone)]
pub(crate) struct Switchboard {
    commands: mpsc::Sender<Command>,
}

impl Switchboard {
    pub(crate) fn new(commands: mpsc::Sender<Command>) -> Self {
        Self { commands }
    }

    /// Sends the command that `make` builds around a reply, and waits for the reply.
    ///
    /// # Errors
    /// The switchboard's `Refusal`; 503 `switchboard_silent` after three seconds without an answer.
    pub(crate) async fn ask<T>(&self, make: impl FnOnce(Reply<T>) -> Command) -> Result<T, ApiError> {
        self.ask_within(PATIENCE, make).await
    }

    /// The same for the headset test, which takes longer by itself.
    pub(crate) async fn ask_for_test<T>(&self, make: impl FnOnce(Reply<T>) -> Command) -> Result<T, ApiError> {
        self.ask_within(PATIENCE_FOR_TEST, make).await
    }

    async fn ask_within<T>(&self, patience: Duration, make: impl FnOnce(Reply<T>) -> Command) -> Result<T, ApiError> {
        let (reply, answer) = oneshot::channel();
        let asked = async {
            self.commands.send(make(reply)).await.ok()?;
            answer.await.ok()
        };
        match tokio::time::timeout(patience, asked).await {
            Ok(Some(answer)) => answer.map_err(ApiError::from),
            Ok(None) | Err(_) => {
                metrics::counter!("siaga_switchboard_silent_total").increment(1);
                Err(ApiError::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    SWITCHBOARD_SILENT,
                    "the switchboard did not answer in time; look whether it happened, then try again",
                ))
            }
        }
    }

    /// Tells the switchboard something that has no answer. If it is not taken in time, that is counted and
    /// lost; the next socket of the same operator tells again.
    pub(crate) async fn tell(&self, command: Command) {
        if !matches!(tokio::time::timeout(PATIENCE, self.commands.send(command)).await, Ok(Ok(()))) {
            metrics::counter!("siaga_switchboard_silent_total").increment(1);
            tracing::warn!("the switchboard did not take a message about an operator's browser");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::response::IntoResponse;
    use dispatch::contract::Refusal;
    use dispatch::id::UserId;

    async fn start_shift(switchboard: &Switchboard) -> Result<(), StatusCode> {
        let (operator, name) = (UserId(crate::clock::request_id()), "SITI".to_owned());
        let answer = switchboard.ask(|reply| Command::StartShift { operator, name, learned: None, reply }).await;
        answer.map_err(|error| error.into_response().status())
    }

    #[tokio::test(start_paused = true)]
    async fn a_switchboard_that_is_silent_full_or_gone_is_503() {
        let (commands, inbox) = mpsc::channel(1);
        let switchboard = Switchboard::new(commands);
        assert_eq!(start_shift(&switchboard).await, Err(StatusCode::SERVICE_UNAVAILABLE), "silent");
        assert_eq!(start_shift(&switchboard).await, Err(StatusCode::SERVICE_UNAVAILABLE), "full");
        drop(inbox);
        assert_eq!(start_shift(&switchboard).await, Err(StatusCode::SERVICE_UNAVAILABLE), "gone");
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_answer_within_three_seconds_counts() {
        let (commands, mut inbox) = mpsc::channel(1);
        let answering = tokio::spawn(async move {
            let Some(Command::StartShift { reply, .. }) = inbox.recv().await else { panic!("no command") };
            tokio::time::sleep(PATIENCE - Duration::from_millis(1)).await;
            reply.send(Err(Refusal::Busy)).unwrap();
        });
        assert_eq!(start_shift(&Switchboard::new(commands)).await, Err(StatusCode::CONFLICT));
        answering.await.unwrap();
    }
}
