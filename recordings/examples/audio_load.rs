//! How the disk bears two hundred calls at once: `cargo run -p recordings --example audio_load`.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::disallowed_methods)]

use jiff::Timestamp;
use recordings::audio::{AudioItem, AudioStore, Bounds, Side};
use std::time::{Duration, Instant};
use uuid::Uuid;

fn main() {
    let home = std::env::temp_dir().join(format!("siaga-audio-load-{}", std::process::id()));
    let (store, _events) = AudioStore::start(home.clone(), Bounds::default()).unwrap();
    let items = store.sender();
    let calls: Vec<Uuid> = (0..200).map(|_| Uuid::now_v7()).collect();
    for &call in &calls {
        items.send(AudioItem::Begin { call, started_at: Timestamp::now(), begun: Instant::now() }).unwrap();
    }
    let (begun, mut full, mut longest) = (Instant::now(), 0u32, Duration::ZERO);
    for n in 0..500u64 {
        let round = Instant::now();
        for &call in &calls {
            for side in [Side::Caller, Side::Operator] {
                let pcm = vec![1000i16; 160];
                full +=
                    u32::from(items.try_send(AudioItem::Frame { call, side, position: n * 160, came: n * 160, pcm }).is_err());
            }
        }
        longest = longest.max(round.elapsed());
        std::thread::sleep((begun + Duration::from_millis(20 * (n + 1))).saturating_duration_since(Instant::now()));
    }
    let closing = Instant::now();
    store.close();
    println!("200 calls, 10 s: {full} frames refused, longest send of one round {longest:?}, sealed in {:?}", closing.elapsed());
    std::fs::remove_dir_all(home).unwrap();
}
