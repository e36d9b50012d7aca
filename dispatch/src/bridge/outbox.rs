//! The worker that carries messages out of the outbox. It decides when, how often and how many at once; how a message reaches a
//! service is the courier's business.
//!
//! A message is leased before it is sent and marked afterwards. The time for one attempt is shorter than the lease, so that in a
//! running server no message is under way twice. After a crash, what was leased but not marked is sent again as soon as the same
//! node is back, or when the lease ends: at least once, and twice only if the crash fell between the service's answer and our mark.

use super::backoff::Backoff;
use super::failure::{Failure, Reason};
use super::port::BridgeDesk;
use super::text;
use crate::clock;
use crate::contract::Channel;
use crate::desk::{DeskError, OutboxMessage};
use async_trait::async_trait;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Carries messages of one channel.
#[async_trait]
pub trait Courier: Send + Sync + 'static {
    /// Sends the dispatch, and answers the service's own name for the message.
    async fn deliver(&self, message: &OutboxMessage) -> Result<String, Failure>;

    /// Sends what goes along with a dispatch that has arrived, such as the place on a map. Best effort, tried once.
    async fn accompany(&self, message: &OutboxMessage);
}

/// What carries what.
#[derive(Clone, Default)]
pub struct Couriers {
    pub telegram: Option<Arc<dyn Courier>>,
    pub whatsapp: Option<Arc<dyn Courier>>,
}

impl Couriers {
    fn of(&self, channel: Channel) -> Option<&Arc<dyn Courier>> {
        match channel {
            Channel::Telegram => self.telegram.as_ref(),
            Channel::Whatsapp => self.whatsapp.as_ref(),
        }
    }
}

/// The worker's numbers.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Messages under way at the same time.
    pub at_once: usize,
    /// Attempts per message before it is given up and the operator is alarmed.
    pub attempts: u32,
    /// The longest time of one attempt.
    pub attempt: Duration,
    /// How long a claimed message belongs to this worker; longer than an attempt and its mark.
    pub lease: Duration,
    /// How often the outbox is looked at without a ring.
    pub look: Duration,
    pub backoff: Backoff,
    /// How long what is under way may take at shutdown.
    pub finish: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            at_once: 16,
            attempts: 8,
            attempt: Duration::from_secs(12),
            lease: Duration::from_secs(30),
            look: Duration::from_secs(1),
            backoff: Backoff::default(),
            finish: Duration::from_secs(10),
        }
    }
}

/// Tries of one mark in the store; with the waits between them they end before the lease does.
const MARK_TRIES: u32 = 8;
const MARK_BACKOFF: Backoff = Backoff { base: Duration::from_millis(200), cap: Duration::from_secs(4) };

/// The worker. Cheap to clone; clones share everything.
#[derive(Clone)]
pub struct Outbox {
    desk: Arc<dyn BridgeDesk>,
    couriers: Couriers,
    settings: Settings,
}

impl Outbox {
    pub fn new(desk: Arc<dyn BridgeDesk>, couriers: Couriers, settings: Settings) -> Self {
        Self { desk, couriers, settings }
    }

    /// Works until `shutdown`; then takes nothing new and lets what is under way end, within bounds.
    pub async fn run(self, shutdown: CancellationToken) {
        self.take_back().await;
        let wake = self.desk.outbox_wake();
        let mut under_way = JoinSet::new();
        while !shutdown.is_cancelled() {
            // Registered before the claim, so that a ring between the claim and the wait is not missed.
            let rung = wake.notified();
            tokio::pin!(rung);
            rung.as_mut().enable();
            self.claim(&mut under_way).await;
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = &mut rung => {}
                () = tokio::time::sleep(self.settings.look) => {}
                Some(ended) = under_way.join_next() => report_panic(ended),
            }
        }
        let rest = async { while under_way.join_next().await.is_some() {} };
        if tokio::time::timeout(self.settings.finish, rest).await.is_err() {
            tracing::warn!("chat messages were under way at shutdown; they are sent again after the restart");
        }
    }

    /// One node runs one worker, so that what this node had claimed before the start is under way no more.
    async fn take_back(&self) {
        match self.desk.release_outbox().await {
            Ok(0) => {}
            Ok(messages) => {
                tracing::warn!(messages, "chat messages were under way when the program stopped; they are sent again")
            }
            Err(error) => {
                metrics::counter!("siaga_outbox_store_failures_total", "at" => "release").increment(1);
                tracing::error!(%error, "chat messages that were under way at the stop wait for the end of their lease");
            }
        }
    }

    async fn claim(&self, under_way: &mut JoinSet<()>) {
        let free = self.settings.at_once.saturating_sub(under_way.len());
        if free == 0 {
            return;
        }
        match self.desk.claim_outbox(clock::now(), self.settings.lease, free).await {
            Ok(messages) => {
                for message in messages {
                    let worker = self.clone();
                    under_way.spawn(async move { worker.carry(message).await });
                }
            }
            Err(error) => {
                metrics::counter!("siaga_outbox_store_failures_total", "at" => "claim").increment(1);
                tracing::error!(%error, "the outbox cannot be read; trying again");
            }
        }
    }

    /// One attempt with one message, and its mark.
    async fn carry(&self, message: OutboxMessage) {
        let channel = label(message.channel);
        let Some(courier) = self.couriers.of(message.channel) else {
            return self.give_up(&message, &Reason::ChannelOff).await;
        };
        let attempt = tokio::time::timeout(self.settings.attempt, courier.deliver(&message)).await;
        match attempt.unwrap_or(Err(Failure::retry(Reason::TimedOut))) {
            Ok(external_id) => {
                metrics::counter!("siaga_outbox_sent_total", "channel" => channel).increment(1);
                self.mark("sent", || self.desk.outbox_sent(message.id, &external_id, clock::now())).await;
                if tokio::time::timeout(self.settings.attempt, courier.accompany(&message)).await.is_err() {
                    metrics::counter!("siaga_outbox_companions_lost_total", "channel" => channel).increment(1);
                }
            }
            Err(Failure::Retry { after, reason }) if attempts(&message) < self.settings.attempts => {
                metrics::counter!("siaga_outbox_retries_total", "channel" => channel, "why" => reason.label()).increment(1);
                let wait = self.settings.backoff.wait(attempts(&message), random()).max(after.unwrap_or_default());
                let next_at = later(clock::now(), wait);
                let error = text::reason(&reason);
                self.mark("retry", || self.desk.outbox_retry(message.id, &error, next_at)).await;
            }
            Err(failure) => self.give_up(&message, failure.reason()).await,
        }
    }

    async fn give_up(&self, message: &OutboxMessage, reason: &Reason) {
        metrics::counter!("siaga_outbox_dead_total", "channel" => label(message.channel), "why" => reason.label()).increment(1);
        tracing::error!(dispatch = %message.dispatch, why = reason.label(), "a dispatch cannot be delivered");
        if reason.concerns_everyone() {
            metrics::counter!("siaga_channel_alerts_total", "channel" => label(message.channel), "why" => reason.label())
                .increment(1);
        }
        let error = text::reason(reason);
        self.mark("dead", || self.desk.outbox_dead(message.id, &error, clock::now())).await;
    }

    /// Marks a message, and tries again while the store fails: an unmarked message that arrived would be sent twice.
    async fn mark<F>(&self, what: &'static str, mark: impl Fn() -> F)
    where
        F: Future<Output = Result<(), DeskError>>,
    {
        for attempt in 1..=MARK_TRIES {
            match mark().await {
                Ok(()) => return,
                Err(DeskError::Store(error)) if !error.is_refused() => {
                    metrics::counter!("siaga_outbox_store_failures_total", "at" => what).increment(1);
                    tracing::error!(%error, what, "a chat message cannot be marked; trying again");
                    tokio::time::sleep(MARK_BACKOFF.wait(attempt, random())).await;
                }
                Err(error) => {
                    metrics::counter!("siaga_outbox_store_failures_total", "at" => what).increment(1);
                    return tracing::error!(%error, what, "a chat message cannot be marked");
                }
            }
        }
    }
}

/// Attempts made, this one included.
fn attempts(message: &OutboxMessage) -> u32 {
    u32::try_from(message.attempts.max(1)).unwrap_or(u32::MAX)
}

/// A number in `[0, 1)` for the jitter; the middle if the system has no randomness to give.
fn random() -> f64 {
    clock::secret::<4>().map_or(0.5, |bytes| f64::from(u32::from_le_bytes(bytes)) / 4_294_967_296.0)
}

fn later(now: Timestamp, wait: Duration) -> Timestamp {
    now.checked_add(wait).unwrap_or(now)
}

fn label(channel: Channel) -> &'static str {
    match channel {
        Channel::Telegram => "telegram",
        Channel::Whatsapp => "whatsapp",
    }
}

fn report_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        metrics::counter!("siaga_outbox_panics_total").increment(1);
        tracing::error!(%error, "sending a chat message failed in the program itself; it is sent again when its lease ends");
    }
}
