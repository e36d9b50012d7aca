//! A media thread that stands still, on virtual time.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use std::sync::mpsc::Receiver;

const LEG: Uuid = Uuid::from_u128(1);
const FOR_LONG: Duration = Duration::from_secs(60);

/// An engine whose one thread takes no command until the test does, and has one waiting; there is room for so many.
async fn stuck(room: usize) -> (Engine, Receiver<Command>) {
    let poll = mio::Poll::new().unwrap();
    let waker = mio::Waker::new(poll.registry(), mio::Token(0)).unwrap();
    let (commands, taken) = sync_channel(room);
    let webrtc = "127.0.0.1:4000".parse().unwrap();
    let inner = Inner {
        shards: vec![ShardHandle { commands: Some(commands), waker }],
        places: Mutex::new(Places::new(1)),
        moves: RwLock::new(()),
        negotiator: Negotiator::new(&[webrtc]).unwrap(),
        sources: Sources::default(),
        webrtc,
        addresses: Addresses { first: webrtc.ip(), other: None },
    };
    let engine = Engine { inner: Arc::new(inner) };
    let (reply, _) = oneshot::channel();
    assert!(engine.try_command(Route::Shard(0), &mut Some(Command::ShutDown { reply })).await.is_ok());
    (engine, taken)
}

#[tokio::test(start_paused = true)]
async fn a_leg_is_closed_however_long_its_thread_stood_still() {
    let (engine, taken) = stuck(1).await;
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
    let (engine, taken) = stuck(1).await;
    let closing = tokio::spawn(async move { engine.close(LEG).await });
    tokio::time::sleep(FOR_LONG).await;
    drop(taken);
    assert_eq!(closing.await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn what_else_is_asked_of_a_thread_that_stands_still_is_given_up() {
    let (engine, _taken) = stuck(1).await;
    let asked = tokio::time::timeout(FOR_LONG, engine.open_trunk(LEG, vec![], None, false)).await;
    assert!(matches!(asked, Ok(Err(OpenError::Unavailable))));
    assert_eq!(engine.places().known(LEG), None);
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_while_legs_move_waits_and_is_not_refused() {
    let (engine, taken) = stuck(MAX_COMMANDS).await;
    assert!(taken.try_recv().is_ok());
    let moving = engine.inner.moves.write().await;
    let stop = |n| {
        let engine = engine.clone();
        tokio::spawn(async move { engine.stop_playing(Uuid::from_u128(n)).await })
    };
    let asked: Vec<_> = (1..=100).map(stop).collect();
    tokio::time::sleep(PATIENCE / 2).await;
    assert!(taken.try_recv().is_err(), "nobody is told where legs are that are on their way");
    drop(moving);
    let mut stopped = Vec::new();
    let take = async {
        while stopped.len() < asked.len() {
            tokio::time::sleep(FIRST_PAUSE).await;
            let Ok(Command::StopPlaying { leg, reply }) = taken.try_recv() else { continue };
            stopped.push(leg);
            reply.send(()).unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, take).await.unwrap();
    for asked in asked {
        assert_eq!(asked.await.unwrap(), Ok(()));
    }
    assert_eq!(stopped.first(), Some(&Uuid::from_u128(1)), "in their turn");
}

#[tokio::test(start_paused = true)]
async fn legs_of_which_no_move_ends_are_not_joined_and_that_is_told() {
    let (engine, _taken) = stuck(1).await;
    let engine =
        Engine { inner: Arc::new(Inner { places: Mutex::new(Places::new(2)), ..Arc::into_inner(engine.inner).unwrap() }) };
    engine.places().put(LEG, 1);
    let _moving = engine.inner.moves.write().await;
    let joined = tokio::time::timeout(FOR_LONG, engine.connect(LEG, Uuid::from_u128(2))).await;
    assert_eq!(joined, Ok(Err(ConnectError::Unavailable)));
}
