//! How the disk bears many calls at once. Not part of the usual run: `cargo test -p recordings --test audio_load -- --ignored --nocapture`.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

mod support;

use jiff::Timestamp;
use recordings::audio::{AudioItem, AudioStore, Bounds, Side};
use std::time::{Duration, Instant};
use support::{TempDir, tone};
use uuid::Uuid;

#[test]
#[ignore = "a measurement, not a test"]
fn measure_two_hundred_calls_for_ten_seconds() {
    let home = TempDir::new();
    let (store, _events) = AudioStore::start(home.path().to_owned(), Bounds::default()).unwrap();
    let items = store.sender();
    let calls: Vec<Uuid> = (0..200).map(|_| Uuid::now_v7()).collect();
    for &call in &calls {
        items.send(AudioItem::Begin { call, started_at: Timestamp::now() }).unwrap();
    }
    let (begun, mut full, mut longest) = (Instant::now(), 0u32, Duration::ZERO);
    for n in 0..500u64 {
        let round = Instant::now();
        for &call in &calls {
            for (side, caller) in [(Side::Caller, true), (Side::Operator, false)] {
                let pcm = tone(caller, n * 160, 160);
                full += u32::from(items.try_send(AudioItem::Frame { call, side, position: n * 160, pcm }).is_err());
            }
        }
        longest = longest.max(round.elapsed());
        std::thread::sleep((begun + Duration::from_millis(20 * (n + 1))).saturating_duration_since(Instant::now()));
    }
    let closing = Instant::now();
    store.close();
    println!("200 calls, 10 s: {full} frames refused, longest send of one round {longest:?}, sealed in {:?}", closing.elapsed());
}
