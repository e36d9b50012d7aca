//! The small talk after a press: answers, edits and confirmations. They go out beside the webhook, so that a slow chat service
//! never keeps the next press from the timeline. Losing one loses no state: it is a courtesy.

use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Replies under way at the same time.
const LANES: usize = 8;

/// Replies that wait in one lane; one more is dropped and counted.
const LANE_DEPTH: usize = 64;

/// The longest time of one reply.
const PATIENCE: Duration = Duration::from_secs(20);

type Reply = BoxFuture<'static, ()>;

/// A fixed number of queues. What has the same key goes through the same queue, and therefore out in its order. A cheap clone.
#[derive(Debug, Clone)]
pub struct Replies {
    lanes: Arc<[mpsc::Sender<Reply>]>,
}

impl Replies {
    /// Starts the workers among `tasks`. After `shutdown` they let out what waits, take no more, and end.
    pub fn start(tasks: &mut JoinSet<()>, shutdown: &CancellationToken) -> Self {
        let lanes = (0..LANES)
            .map(|_| {
                let (sender, waiting) = mpsc::channel::<Reply>(LANE_DEPTH);
                tasks.spawn(work(waiting, shutdown.clone()));
                sender
            })
            .collect();
        Self { lanes }
    }

    /// Puts a reply into the queue of `key`, or drops it if that is full.
    pub fn push(&self, key: u64, reply: impl Future<Output = ()> + Send + 'static) {
        let lane = usize::try_from(key % LANES as u64).unwrap_or_default();
        let taken = self.lanes.get(lane).is_some_and(|lane| lane.try_send(Box::pin(reply)).is_ok());
        if !taken {
            metrics::counter!("siaga_bridge_replies_lost_total", "why" => "full").increment(1);
            tracing::warn!("too many chat replies wait; one was dropped");
        }
    }
}

async fn work(mut waiting: mpsc::Receiver<Reply>, shutdown: CancellationToken) {
    loop {
        let reply = tokio::select! {
            reply = waiting.recv() => reply,
            () = shutdown.cancelled(), if !waiting.is_closed() => {
                waiting.close();
                continue;
            }
        };
        let Some(reply) = reply else { return };
        if tokio::time::timeout(PATIENCE, reply).await.is_err() {
            metrics::counter!("siaga_bridge_replies_lost_total", "why" => "slow").increment(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    #[tokio::test]
    async fn replies_of_one_chat_go_out_in_their_order_and_all_before_the_end() {
        let (mut tasks, shutdown) = (JoinSet::new(), CancellationToken::new());
        let replies = Replies::start(&mut tasks, &shutdown);
        let said = Arc::new(Mutex::new(Vec::new()));
        for n in 0..20 {
            let said = said.clone();
            replies.push(7, async move {
                tokio::task::yield_now().await;
                said.lock().unwrap().push(n);
            });
        }
        shutdown.cancel();
        tokio::time::timeout(Duration::from_secs(5), tasks.join_all()).await.unwrap();
        assert_eq!(*said.lock().unwrap(), (0..20).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_full_lane_drops_instead_of_growing() {
        let (mut tasks, shutdown) = (JoinSet::new(), CancellationToken::new());
        let replies = Replies::start(&mut tasks, &shutdown);
        let (open, opened) = tokio::sync::oneshot::channel::<()>();
        replies.push(1, async {
            let _ = opened.await;
        });
        let count = Arc::new(Mutex::new(0));
        for _ in 0..10 * LANE_DEPTH {
            let count = count.clone();
            replies.push(1, async move { *count.lock().unwrap() += 1 });
        }
        open.send(()).unwrap();
        shutdown.cancel();
        tokio::time::timeout(Duration::from_secs(5), tasks.join_all()).await.unwrap();
        assert!(*count.lock().unwrap() <= LANE_DEPTH);
    }
}
