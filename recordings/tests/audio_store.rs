//! Calls are recorded, sealed, found and deleted; a disk that fails is said and survived.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

mod support;

use jiff::Timestamp;
use recordings::{
    audio::{AudioEvent, AudioItem, AudioStore, Bounds, Found, Gaps, RecordError, Samples, Sealed, Side, path_of},
    digest,
};
use std::time::{Duration, Instant};
use support::{TempDir, next_event, read_wav, tone};
use uuid::Uuid;

/// Frames come faster than real time here, so they are believed however far ahead of the clock they are.
fn bounds() -> Bounds {
    Bounds { ahead: Duration::from_secs(3600), ..Bounds::default() }
}

fn sealed(event: AudioEvent) -> Option<Sealed> {
    match event {
        AudioEvent::Sealed(sealed) => Some(sealed),
        AudioEvent::Began { .. } | AudioEvent::Resumed { .. } => None,
        AudioEvent::Failing { call, error } => panic!("{call}: {error:?}"),
    }
}

#[test]
fn given_a_call_when_it_ends_then_its_recording_is_sealed_with_both_sides_in_place() {
    let home = TempDir::new();
    let (store, mut events) = AudioStore::start(home.path().to_owned(), bounds()).unwrap();
    let (items, call, started_at) = (store.sender(), Uuid::now_v7(), Timestamp::now());

    items.send(AudioItem::Begin { call, started_at, begun: Instant::now() }).unwrap();
    let began = next_event(&mut events, |e| if let AudioEvent::Began { path, .. } = e { Some(path) } else { None });
    assert_eq!(began, path_of(home.path(), call, started_at));
    assert_eq!(store.find(call).unwrap(), Some(Found::Growing));
    for n in 0..150u64 {
        items
            .send(AudioItem::Frame { call, side: Side::Caller, position: n * 160, came: n * 160, pcm: tone(true, n * 160, 160) })
            .unwrap();
        if n >= 50 {
            items
                .send(AudioItem::Frame {
                    call,
                    side: Side::Operator,
                    position: n * 160,
                    came: n * 160,
                    pcm: tone(false, n * 160, 160),
                })
                .unwrap();
        }
    }
    items.send(AudioItem::Finish { call, dropped: Samples::default() }).unwrap();

    let seal = next_event(&mut events, sealed);
    assert_eq!((seal.call, seal.duration_ms, seal.repaired, seal.path.clone()), (call, 3000, false, began));
    assert_eq!(seal.gaps, Gaps { caller_ms: 0, operator_ms: 1000 });
    digest::verify(&seal.path, seal.sha256).unwrap();
    assert_eq!(store.find(call).unwrap(), Some(Found::Sealed(seal.clone())));
    let stereo = read_wav(&seal.path);
    let left: Vec<i16> = stereo.iter().copied().step_by(2).collect();
    let right: Vec<i16> = stereo.iter().copied().skip(1).step_by(2).collect();
    assert!(left == tone(true, 0, 24_000));
    assert!(right[..8000].iter().all(|s| *s == 0) && right[8000..] == tone(false, 8000, 16_000));

    let changed = [&std::fs::read(&seal.path).unwrap()[..], b"!"].concat();
    std::fs::write(&seal.path, changed).unwrap();
    assert!(digest::verify(&seal.path, seal.sha256).is_err());
    assert!(store.delete(call).unwrap());
    assert_eq!(store.find(call).unwrap(), None);
    store.close();
}

#[test]
fn given_many_calls_at_once_when_the_store_closes_then_each_is_sealed_whole() {
    let home = TempDir::new();
    let (store, mut events) = AudioStore::start(home.path().to_owned(), bounds()).unwrap();
    let (items, started_at) = (store.sender(), Timestamp::now());
    let calls: Vec<Uuid> = (0..40).map(|_| Uuid::now_v7()).collect();
    for &call in &calls {
        items.send(AudioItem::Begin { call, started_at, begun: Instant::now() }).unwrap();
    }
    for n in 0..50u64 {
        for &call in &calls {
            items
                .send(AudioItem::Frame {
                    call,
                    side: Side::Caller,
                    position: n * 160,
                    came: n * 160,
                    pcm: tone(true, n * 160, 160),
                })
                .unwrap();
        }
    }
    store.close();
    for _ in &calls {
        let seal = next_event(&mut events, sealed);
        assert_eq!(seal.duration_ms, 1000);
        digest::verify(&seal.path, seal.sha256).unwrap();
    }
    assert!(recordings::audio::recover(home.path()).unwrap().is_empty());
}

#[test]
fn given_a_sender_who_waits_for_room_when_the_store_closes_then_what_was_to_be_sent_is_recorded_too() {
    let home = TempDir::new();
    let (store, mut events) = AudioStore::start(home.path().to_owned(), Bounds { queue: 8, ..bounds() }).unwrap();
    let (items, call, started_at) = (store.sender(), Uuid::now_v7(), Timestamp::now());
    let sending = std::thread::spawn(move || {
        items.send(AudioItem::Begin { call, started_at, begun: Instant::now() }).unwrap();
        for position in (0..1000).map(|n| n * 160) {
            let pcm = tone(true, position, 160);
            items.send(AudioItem::Frame { call, side: Side::Caller, position, came: position, pcm }).unwrap();
        }
        items.send(AudioItem::Finish { call, dropped: Samples::default() }).unwrap();
    });
    next_event(&mut events, |e| matches!(e, AudioEvent::Began { .. }).then_some(()));
    store.close();
    sending.join().unwrap();
    let seal = next_event(&mut events, sealed);
    assert_eq!((seal.duration_ms, seal.gaps.caller_ms), (20_000, 0));
}

#[test]
fn given_a_disk_that_refuses_when_it_takes_data_again_then_nothing_is_missing() {
    let home = TempDir::new();
    let (store, mut events) = AudioStore::start(home.path().to_owned(), bounds()).unwrap();
    // A file in the place of the directory stands for a disk that refuses.
    let calls = home.path().join("calls");
    std::fs::remove_dir(&calls).unwrap();
    std::fs::write(&calls, b"").unwrap();

    let (items, call) = (store.sender(), Uuid::now_v7());
    items.send(AudioItem::Begin { call, started_at: Timestamp::now(), begun: Instant::now() }).unwrap();
    let error = next_event(&mut events, |e| if let AudioEvent::Failing { error, .. } = e { Some(error) } else { None });
    assert!(matches!(error, RecordError::Disk(_)));
    items.send(AudioItem::Frame { call, side: Side::Caller, position: 0, came: 0, pcm: tone(true, 0, 8000) }).unwrap();
    std::fs::remove_file(&calls).unwrap();

    next_event(&mut events, |e| matches!(e, AudioEvent::Resumed { .. }).then_some(()));
    items.send(AudioItem::Frame { call, side: Side::Caller, position: 8000, came: 8000, pcm: tone(true, 8000, 8000) }).unwrap();
    items.send(AudioItem::Finish { call, dropped: Samples::default() }).unwrap();
    let seal = next_event(&mut events, sealed);
    let left: Vec<i16> = read_wav(&seal.path).into_iter().step_by(2).collect();
    assert!(left == tone(true, 0, 16_000));
    store.close();
}

#[test]
fn given_a_disk_that_refuses_for_long_then_the_oldest_part_is_silence_and_the_rest_keeps_its_place() {
    let home = TempDir::new();
    let small = Bounds { unwritten: Duration::from_secs(1), ..bounds() };
    let (store, mut events) = AudioStore::start(home.path().to_owned(), small).unwrap();
    let calls = home.path().join("calls");
    std::fs::remove_dir(&calls).unwrap();
    std::fs::write(&calls, b"").unwrap();
    let (items, call) = (store.sender(), Uuid::now_v7());
    items.send(AudioItem::Begin { call, started_at: Timestamp::now(), begun: Instant::now() }).unwrap();
    items.send(AudioItem::Frame { call, side: Side::Operator, position: 0, came: 0, pcm: tone(false, 0, 24_000) }).unwrap();
    items.send(AudioItem::Finish { call, dropped: Samples::default() }).unwrap();
    next_event(&mut events, |e| matches!(e, AudioEvent::Failing { .. }).then_some(()));
    std::fs::remove_file(&calls).unwrap();

    let seal = next_event(&mut events, |e| if let AudioEvent::Sealed(seal) = e { Some(seal) } else { None });
    assert_eq!(seal.duration_ms, 3000);
    let right: Vec<i16> = read_wav(&seal.path).into_iter().skip(1).step_by(2).collect();
    assert!(right[16_000..] == tone(false, 16_000, 8000), "the last second is kept");
    store.close();
}

#[test]
fn given_a_second_beginning_of_the_same_call_then_the_first_recording_is_untouched() {
    let home = TempDir::new();
    let (store, mut events) = AudioStore::start(home.path().to_owned(), bounds()).unwrap();
    let (items, call, started_at) = (store.sender(), Uuid::now_v7(), Timestamp::now());
    items.send(AudioItem::Begin { call, started_at, begun: Instant::now() }).unwrap();
    items.send(AudioItem::Finish { call, dropped: Samples::default() }).unwrap();
    let seal = next_event(&mut events, sealed);
    items.send(AudioItem::Begin { call, started_at, begun: Instant::now() }).unwrap();
    let error = next_event(&mut events, |e| if let AudioEvent::Failing { error, .. } = e { Some(error) } else { None });
    assert!(matches!(error, RecordError::AlreadyThere));
    digest::verify(&seal.path, seal.sha256).unwrap();
    store.close();
}
