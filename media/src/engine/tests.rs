//! A media thread that stands still, on virtual time.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use std::sync::mpsc::Receiver;

const LEG: Uuid = Uuid::from_u128(1);
const FOR_LONG: Duration = Duration::from_secs(60);

/// An engine whose one thread takes no command until the test does, and has one waiting.
fn stuck() -> (Engine, Receiver<Command>) {
    let poll = mio::Poll::new().unwrap();
    let waker = mio::Waker::new(poll.registry(), mio::Token(0)).unwrap();
    let (commands, taken) = sync_channel(1);
    let webrtc = "127.0.0.1:4000".parse().unwrap();
    let inner = Inner {
        shards: vec![ShardHandle { commands: Some(commands), waker }],
        places: Mutex::new(Places::new(1)),
        negotiator: Negotiator::new(&[webrtc]).unwrap(),
        sources: Sources::default(),
        webrtc,
        addresses: Addresses { first: webrtc.ip(), other: None },
    };
    let engine = Engine { inner: Arc::new(inner) };
    let (reply, _) = oneshot::channel();
    assert!(engine.try_command(Route::Shard(0), &mut Some(Command::ShutDown { reply })).is_ok());
    (engine, taken)
}

#[tokio::test(start_paused = true)]
async fn a_leg_is_closed_however_long_its_thread_stood_still() {
    let (engine, taken) = stuck();
    engine.places().put(LEG, 0);
    let close = engine.clone();
    let closing = tokio::spawn(async move { close.close(LEG).await });
    tokio::time::sleep(FOR_LONG).await;
    assert!(!closing.is_finished());
    assert_eq!(engine.places().known(LEG), Some(0), "it is still there");
    assert!(matches!(taken.try_recv(), Ok(Command::ShutDown { .. })));
    tokio::time::sleep(LONGEST_PAUSE * 2).await;
    let Ok(Command::Close { reply, .. }) = taken.try_recv() else { panic!("the leg stays open") };
    let statistics = LegStatistics { received: 7, ..LegStatistics::default() };
    assert!(reply.send(Some(statistics)).is_ok());
    assert_eq!(closing.await.unwrap(), Some(statistics));
    assert_eq!(engine.places().known(LEG), None);
}

#[tokio::test(start_paused = true)]
async fn a_close_is_over_when_its_thread_is() {
    let (engine, taken) = stuck();
    let closing = tokio::spawn(async move { engine.close(LEG).await });
    tokio::time::sleep(FOR_LONG).await;
    drop(taken);
    assert_eq!(closing.await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn what_else_is_asked_of_a_thread_that_stands_still_is_given_up() {
    let (engine, _taken) = stuck();
    let asked = tokio::time::timeout(FOR_LONG, engine.open_trunk(LEG, vec![], None, false)).await;
    assert!(matches!(asked, Ok(Err(OpenError::Unavailable))));
    assert_eq!(engine.places().known(LEG), None);
}
