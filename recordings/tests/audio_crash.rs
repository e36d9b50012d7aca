//! A recording that was cut short anywhere becomes playable again, and loses less than its last second.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

mod support;

use jiff::Timestamp;
use recordings::{
    audio::{AudioEvent, AudioItem, AudioStore, Bounds, Found, Sealed, Side, find, path_of, recover},
    digest,
};
use std::time::Instant;
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};
use support::{TempDir, next_event, read_wav, tone};
use uuid::Uuid;

/// A sealed recording of one second, both sides speaking.
fn record(home: &Path) -> Sealed {
    let bounds = Bounds { ahead: Duration::from_secs(3600), ..Bounds::default() };
    let (store, mut events) = AudioStore::start(home.to_owned(), bounds).unwrap();
    let call = Uuid::now_v7();
    store.sender().send(AudioItem::Begin { call, started_at: Timestamp::now(), begun: Instant::now() }).unwrap();
    for (side, caller) in [(Side::Caller, true), (Side::Operator, false)] {
        store.sender().send(AudioItem::Frame { call, side, position: 0, came: 0, pcm: tone(caller, 0, 8000) }).unwrap();
    }
    store.close();
    next_event(&mut events, |e| if let AudioEvent::Sealed(seal) = e { Some(seal) } else { None })
}

fn part(path: &Path) -> PathBuf {
    path.with_extension("wav.part")
}

#[test]
fn given_a_file_cut_at_any_byte_when_recovered_then_it_plays_to_its_last_whole_sample() {
    let (source, home) = (TempDir::new(), TempDir::new());
    let whole = fs::read(record(source.path()).path).unwrap();
    let mut stale = whole.clone();
    stale[4..8].copy_from_slice(&[0; 4]);
    stale[40..44].copy_from_slice(&[0; 4]);
    let lengths = (0..=64).chain((65..whole.len()).step_by(1009)).chain([whole.len()]);
    let mut cuts = Vec::new();
    for (n, length) in lengths.enumerate() {
        let call = Uuid::now_v7();
        let path = path_of(home.path(), call, Timestamp::now());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let bytes = if n % 2 == 0 { &whole } else { &stale };
        fs::write(part(&path), &bytes[..length]).unwrap();
        cuts.push((call, length));
    }

    let recovered = recover(home.path()).unwrap();
    assert_eq!(recovered.len(), cuts.len());
    for (call, length) in cuts {
        let found = recovered.iter().find(|r| r.call == call).unwrap();
        let seal = found.outcome.as_ref().unwrap();
        let frames = length.saturating_sub(44) / 4;
        assert!(seal.repaired);
        assert_eq!(seal.duration_ms, frames as u64 / 8);
        digest::verify(&seal.path, seal.sha256).unwrap();
        let stereo = read_wav(&seal.path);
        assert_eq!(stereo.len(), 2 * frames);
        assert!(stereo.iter().copied().step_by(2).eq(tone(true, 0, frames)));
        assert_eq!(find(home.path(), call).unwrap(), Some(Found::Sealed(seal.clone())));
    }
    assert!(recover(home.path()).unwrap().is_empty(), "a second run finds nothing to do");
}

#[test]
fn given_a_crash_between_the_seal_and_the_last_rename_then_the_seal_stands() {
    let home = TempDir::new();
    let seal = record(home.path());
    fs::rename(&seal.path, part(&seal.path)).unwrap();
    let recovered = recover(home.path()).unwrap();
    assert_eq!(recovered[0].outcome.as_ref().unwrap(), &seal);
    assert!(!seal.repaired && seal.path.exists());
}

#[test]
fn given_a_seal_that_does_not_fit_its_file_then_the_file_is_sealed_anew() {
    let home = TempDir::new();
    let seal = record(home.path());
    let bytes = fs::read(&seal.path).unwrap();
    fs::remove_file(&seal.path).unwrap();
    fs::write(part(&seal.path), &bytes[..20_001]).unwrap();
    fs::write(seal.path.with_extension("json.tmp"), b"{").unwrap();
    let recovered = recover(home.path()).unwrap();
    let anew = recovered[0].outcome.as_ref().unwrap();
    assert!(anew.repaired && anew.sha256 != seal.sha256);
    digest::verify(&anew.path, anew.sha256).unwrap();
    assert!(!seal.path.with_extension("json.tmp").exists());
}

#[test]
fn given_kill_9_in_the_middle_of_a_call_then_all_but_the_last_second_is_there() {
    if let Some(home) = std::env::var_os("RECORDINGS_TEST_DIRECTORY") {
        return record_until_killed(home.into());
    }
    let home = TempDir::new();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "given_kill_9_in_the_middle_of_a_call_then_all_but_the_last_second_is_there", "--nocapture"])
        .env("RECORDINGS_TEST_DIRECTORY", home.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut sent = 0u64;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        // The harness may print its own words in front.
        let line = line.unwrap();
        let Some(position) = line.rsplit("sent ").next().and_then(|text| text.trim().parse().ok()) else { continue };
        sent = position;
        if sent >= 24_000 && child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();

    let recovered = recover(home.path()).unwrap();
    let seal = recovered[0].outcome.as_ref().unwrap();
    let stereo = read_wav(&seal.path);
    let frames = stereo.len() / 2;
    assert!(sent >= 24_000 && frames as u64 + 8000 >= sent, "{frames} of {sent} samples are there");
    assert!(stereo.iter().copied().step_by(2).eq(tone(true, 0, frames)));
    assert!(stereo.iter().copied().skip(1).step_by(2).eq(tone(false, 0, frames)));
}

/// What the test's program does when the test starts it as a process of its own.
fn record_until_killed(home: std::path::PathBuf) {
    let (store, _events) = AudioStore::start(home, Bounds::default()).unwrap();
    let (items, call) = (store.sender(), Uuid::now_v7());
    items.send(AudioItem::Begin { call, started_at: Timestamp::now(), begun: Instant::now() }).unwrap();
    for n in 0..3000u64 {
        for (side, caller) in [(Side::Caller, true), (Side::Operator, false)] {
            items
                .send(AudioItem::Frame { call, side, position: n * 160, came: n * 160, pcm: tone(caller, n * 160, 160) })
                .unwrap();
        }
        println!("sent {}", (n + 1) * 160);
        std::io::stdout().flush().unwrap();
        // A live source: one packet every 20 ms.
        std::thread::sleep(Duration::from_millis(20));
    }
}
