//! The outbox worker with scripted couriers: what is sent, when again, and what happens around a crash.

use crate::peers::{FakeDesk, Mark, message, quick};
use async_trait::async_trait;
use dispatch::bridge::outbox::{Courier, Couriers, Outbox, Settings};
use dispatch::bridge::{Failure, Reason};
use dispatch::contract::Channel;
use dispatch::desk::OutboxMessage;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Does what its script says; after the script everything arrives.
struct Scripted {
    script: Mutex<VecDeque<Result<String, Failure>>>,
    /// Every delivery takes one of these.
    gate: Semaphore,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    delivered: Vec<String>,
    accompanied: usize,
    now: usize,
    most: usize,
}

impl Scripted {
    fn new(script: impl IntoIterator<Item = Result<String, Failure>>) -> Arc<Self> {
        let script = Mutex::new(script.into_iter().collect());
        Arc::new(Self { script, gate: Semaphore::new(Semaphore::MAX_PERMITS), log: Mutex::default() })
    }

    fn gated(permits: usize) -> Arc<Self> {
        Arc::new(Self { script: Mutex::default(), gate: Semaphore::new(permits), log: Mutex::default() })
    }
}

#[async_trait]
impl Courier for Scripted {
    async fn deliver(&self, message: &OutboxMessage) -> Result<String, Failure> {
        let short_id = message.card.short_id.clone();
        {
            let mut log = self.log.lock().unwrap();
            log.now += 1;
            log.most = log.most.max(log.now);
        }
        self.gate.acquire().await.unwrap().forget();
        let mut log = self.log.lock().unwrap();
        log.now -= 1;
        log.delivered.push(short_id.clone());
        self.script.lock().unwrap().pop_front().unwrap_or(Ok(format!("x-{short_id}")))
    }

    async fn accompany(&self, _: &OutboxMessage) {
        self.log.lock().unwrap().accompanied += 1;
    }
}

struct Worker {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Worker {
    fn start(desk: &Arc<FakeDesk>, courier: &Arc<Scripted>, settings: Settings) -> Self {
        let couriers = Couriers { telegram: Some(courier.clone()), whatsapp: None };
        let stop = CancellationToken::new();
        let task = tokio::spawn(Outbox::new(desk.clone(), couriers, settings).run(stop.clone()));
        Self { stop, task }
    }

    async fn stop(self) {
        self.stop.cancel();
        tokio::time::timeout(Duration::from_secs(10), self.task).await.expect("the worker did not stop").unwrap();
    }
}

fn telegram(short_id: &str) -> OutboxMessage {
    message(Channel::Telegram, short_id)
}

#[tokio::test]
async fn a_message_is_sent_once_marked_and_accompanied() {
    let (desk, courier) = (FakeDesk::new(), Scripted::new([]));
    let worker = Worker::start(&desk, &courier, quick());
    desk.put(telegram("one"));
    assert_eq!(desk.mark(0).await, Mark::Sent("x-one".into()));
    worker.stop().await;
    let log = courier.log.lock().unwrap();
    assert_eq!((log.delivered.len(), log.accompanied), (1, 1));
}

#[tokio::test]
async fn a_ring_wakes_the_worker_long_before_its_timer() {
    let (desk, courier) = (FakeDesk::new(), Scripted::new([]));
    let worker = Worker::start(&desk, &courier, Settings { look: Duration::from_secs(3600), ..quick() });
    desk.put(telegram("one"));
    desk.mark(0).await;
    desk.put(telegram("two"));
    assert_eq!(desk.mark(1).await, Mark::Sent("x-two".into()));
    worker.stop().await;
}

#[tokio::test]
async fn what_may_pass_is_tried_again_until_it_arrives() {
    let fails = || Err(Failure::retry(Reason::Network));
    let (desk, courier) = (FakeDesk::new(), Scripted::new([fails(), fails()]));
    let worker = Worker::start(&desk, &courier, quick());
    desk.put(telegram("one"));
    assert_eq!(desk.mark(2).await, Mark::Sent("x-one".into()));
    assert!(matches!(desk.mark(0).await, Mark::Retry { .. }));
    worker.stop().await;
}

#[tokio::test]
async fn attempts_are_bounded_and_the_last_failure_is_told() {
    let (desk, courier) = (FakeDesk::new(), Scripted::new((0..10).map(|_| Err(Failure::retry(Reason::Network)))));
    let worker = Worker::start(&desk, &courier, Settings { attempts: 3, ..quick() });
    desk.put(telegram("one"));
    let Mark::Dead(error) = desk.mark(2).await else { panic!("not dead after three attempts") };
    assert!(error.contains("tidak terhubung"), "{error}");
    worker.stop().await;
    assert_eq!(courier.log.lock().unwrap().delivered.len(), 3);
}

#[tokio::test]
async fn a_wait_that_the_service_asks_for_is_kept() {
    let asked = Failure::Retry { after: Some(Duration::from_secs(30)), reason: Reason::RateLimited };
    let (desk, courier) = (FakeDesk::new(), Scripted::new([Err(asked)]));
    let worker = Worker::start(&desk, &courier, quick());
    desk.put(telegram("one"));
    let Mark::Retry { wait, .. } = desk.mark(0).await else { panic!("not retried") };
    assert!((29..=31).contains(&wait.as_secs()), "{wait}");
    worker.stop().await;
    assert_eq!(courier.log.lock().unwrap().delivered.len(), 1);
}

#[tokio::test]
async fn what_cannot_help_is_not_tried_again() {
    let (desk, courier) = (FakeDesk::new(), Scripted::new([Err(Failure::dead(Reason::Blocked))]));
    let worker = Worker::start(&desk, &courier, quick());
    desk.put(telegram("one"));
    assert!(matches!(desk.mark(0).await, Mark::Dead(_)));
    desk.put(message(Channel::Whatsapp, "two"));
    let Mark::Dead(error) = desk.mark(1).await else { panic!("WhatsApp is off") };
    assert!(error.contains("belum diatur"), "{error}");
    worker.stop().await;
}

#[tokio::test]
async fn a_courier_that_hangs_costs_one_attempt() {
    let (desk, courier) = (FakeDesk::new(), Scripted::gated(0));
    let worker = Worker::start(&desk, &courier, Settings { attempt: Duration::from_millis(20), ..quick() });
    desk.put(telegram("one"));
    let Mark::Retry { error, .. } = desk.mark(0).await else { panic!("not retried") };
    assert!(error.contains("tidak menjawab"), "{error}");
    courier.gate.add_permits(1);
    desk.until("the message arrives", |state| state.marks.iter().any(|(_, mark)| matches!(mark, Mark::Sent(_))).then_some(()))
        .await;
    worker.stop().await;
}

#[tokio::test]
async fn no_more_are_under_way_than_allowed() {
    let (desk, courier) = (FakeDesk::new(), Scripted::gated(0));
    for n in 0..20 {
        desk.put(telegram(&n.to_string()));
    }
    let worker = Worker::start(&desk, &courier, Settings { at_once: 3, ..quick() });
    crate::peers::soon("three are under way", async || (courier.log.lock().unwrap().now == 3).then_some(())).await;
    courier.gate.add_permits(20);
    desk.mark(19).await;
    worker.stop().await;
    let log = courier.log.lock().unwrap();
    assert_eq!((log.most, log.delivered.len()), (3, 20));
}

#[tokio::test]
async fn a_store_that_fails_at_the_mark_does_not_send_twice() {
    let (desk, courier) = (FakeDesk::new(), Scripted::new([]));
    desk.with(|state| state.failing = 2);
    let worker = Worker::start(&desk, &courier, quick());
    desk.put(telegram("one"));
    assert_eq!(desk.mark(0).await, Mark::Sent("x-one".into()));
    worker.stop().await;
    assert_eq!(courier.log.lock().unwrap().delivered.len(), 1);
}

#[tokio::test]
async fn after_a_crash_exactly_what_was_pending_is_sent() {
    // Given one message that arrived and one that was under way when the program died,
    let (desk, first) = (FakeDesk::new(), Scripted::gated(1));
    let lease = Duration::from_secs(3600);
    let settings = Settings { at_once: 1, lease, ..quick() };
    let worker = Worker::start(&desk, &first, settings);
    desk.put(telegram("arrived"));
    desk.mark(0).await;
    desk.put(telegram("under-way"));
    crate::peers::soon("the second is under way", async || (first.log.lock().unwrap().now == 1).then_some(())).await;
    worker.task.abort();
    desk.put(telegram("waiting"));

    // when the worker starts again, long before the lease ends,
    let second = Scripted::new([]);
    let worker = Worker::start(&desk, &second, quick());
    desk.mark(2).await;
    worker.stop().await;

    // then it sends those two, each once.
    let mut delivered = second.log.lock().unwrap().delivered.clone();
    delivered.sort();
    assert_eq!(delivered, ["under-way", "waiting"]);
}

#[tokio::test]
async fn at_shutdown_what_is_under_way_ends_and_nothing_new_begins() {
    let (desk, courier) = (FakeDesk::new(), Scripted::gated(0));
    let worker = Worker::start(&desk, &courier, Settings { at_once: 1, ..quick() });
    desk.put(telegram("under-way"));
    crate::peers::soon("it is under way", async || (courier.log.lock().unwrap().now == 1).then_some(())).await;
    worker.stop.cancel();
    desk.put(telegram("late"));
    courier.gate.add_permits(2);
    worker.stop().await;
    assert_eq!(courier.log.lock().unwrap().delivered, ["under-way"]);
    assert_eq!(desk.mark(0).await, Mark::Sent("x-under-way".into()));
}
