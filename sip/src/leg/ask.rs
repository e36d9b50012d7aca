//! The way to a leg's task and back.

use super::Command;
use tokio::sync::{mpsc, oneshot};

/// Commands a leg and waits for its answer. `None`: the leg is over.
///
/// What is put into a channel in the very moment in which its receiver goes stays there for as long as anybody could send more, and so would
/// whoever waits for the answer to it: the channel's end counts as well.
pub(crate) async fn ask<T>(leg: &mpsc::Sender<Command>, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Option<T> {
    let (reply, mut answer) = oneshot::channel();
    leg.send(command(reply)).await.ok()?;
    tokio::select! {
        biased;
        answer = &mut answer => answer.ok(),
        // The answer may have come right before the end.
        () = leg.closed() => answer.try_recv().ok(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::error::LegError;
    use crate::sdp::LocalAudio;
    use std::time::Duration;

    async fn answered(leg: &mpsc::Sender<Command>) -> Option<Result<(), LegError>> {
        let audio = LocalAudio { address: "127.0.0.1:20000".parse().unwrap(), other: None, session_id: 1, srtp: None };
        ask(leg, |done| Command::Answer(Box::new(audio.into()), done)).await
    }

    /// One in some ten thousand callers who gave up left the task of its line and two sockets behind.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn whoever_asks_a_leg_in_the_moment_of_its_end_does_not_wait_for_ever() {
        for round in 0..200_000 {
            let (leg, commands) = mpsc::channel(super::super::COMMANDS);
            let asking = tokio::spawn(async move { answered(&leg).await });
            drop(commands);
            let told = tokio::time::timeout(Duration::from_secs(10), asking).await;
            assert!(matches!(told, Ok(Ok(None))), "round {round}: {told:?}");
        }
    }

    #[tokio::test]
    async fn an_answer_right_before_the_end_is_heard() {
        let (leg, mut commands) = mpsc::channel(1);
        let ends = tokio::spawn(async move {
            if let Some(Command::Answer(_, done)) = commands.recv().await {
                done.send(Err(LegError::WrongState)).unwrap();
            }
        });
        assert_eq!(answered(&leg).await, Some(Err(LegError::WrongState)));
        ends.await.unwrap();
    }
}
