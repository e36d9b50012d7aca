//! A disk that is really full: a tmpfs of 512 KiB in a mount namespace of its own, in which this program runs itself again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

#[path = "support/camera.rs"]
mod camera;
mod support;

use camera::{RtspCamera, decode};
use jiff::Timestamp;
use recordings::{
    audio::{AudioEvent, AudioItem, AudioStore, Bounds, RecordError, Samples, Side},
    footage::{CameraId, Footage, Settings, Source, State},
};
use std::{
    io,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};
use support::{eventually, next_event, read_wav, tone};
use uuid::Uuid;

/// Names the small file system to the inner run.
const SMALL_DISK: &str = "RECORDINGS_SMALL_DISK";

/// The story's own directory on the small file system, or `None` after the inner run has told the story there.
fn small_disk(story: &str) -> Option<PathBuf> {
    if let Some(disk) = std::env::var_os(SMALL_DISK) {
        return Some(PathBuf::from(disk));
    }
    let disk = tempdir(story);
    let inner = "mount -t tmpfs -o size=512k tmpfs \"$RECORDINGS_SMALL_DISK\" && exec \"$0\" --exact \"$1\" --nocapture";
    let program = std::env::current_exe().unwrap();
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", inner])
        .arg(program)
        .arg(story)
        .env(SMALL_DISK, &disk)
        .output()
        .expect("unshare (util-linux) gives the test a disk of its own");
    std::fs::remove_dir(&disk).unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && told.contains("1 passed"), "{told}{}", String::from_utf8_lossy(&output.stderr));
    None
}

fn tempdir(story: &str) -> PathBuf {
    let disk = std::env::temp_dir().join(format!("siaga-{story}-{}", std::process::id()));
    std::fs::create_dir_all(&disk).unwrap();
    disk
}

#[test]
fn given_a_full_disk_in_the_middle_of_a_call_when_there_is_room_again_then_nothing_is_missing() {
    let Some(home) = small_disk("given_a_full_disk_in_the_middle_of_a_call_when_there_is_room_again_then_nothing_is_missing")
    else {
        return;
    };
    let ballast = home.join("ballast");
    let bounds = Bounds { ahead: Duration::from_secs(3600), ..Bounds::default() };
    let (store, mut events) = AudioStore::start(home.clone(), bounds).unwrap();
    let (items, call) = (store.sender(), Uuid::now_v7());
    items.send(AudioItem::Begin { call, started_at: Timestamp::now(), begun: Instant::now() }).unwrap();
    items.send(AudioItem::Frame { call, side: Side::Caller, position: 0, came: 0, pcm: tone(true, 0, 8000) }).unwrap();
    next_event(&mut events, |e| matches!(e, AudioEvent::Began { .. }).then_some(()));

    let mut size = 1 << 20;
    while size >= 4096 {
        let filled = std::fs::metadata(&ballast).map_or(0, |m| m.len() as usize);
        if std::fs::write(&ballast, vec![1; filled + size]).is_err() {
            size /= 2;
        }
    }
    items.send(AudioItem::Frame { call, side: Side::Caller, position: 8000, came: 8000, pcm: tone(true, 8000, 24_000) }).unwrap();
    let error = next_event(&mut events, |e| if let AudioEvent::Failing { error, .. } = e { Some(error) } else { None });
    assert!(matches!(&error, RecordError::Disk(e) if e.kind() == io::ErrorKind::StorageFull), "{error:?}");
    std::fs::remove_file(&ballast).unwrap();

    next_event(&mut events, |e| matches!(e, AudioEvent::Resumed { .. }).then_some(()));
    items
        .send(AudioItem::Frame { call, side: Side::Caller, position: 32_000, came: 32_000, pcm: tone(true, 32_000, 8000) })
        .unwrap();
    items.send(AudioItem::Finish { call, dropped: Samples::default() }).unwrap();
    let seal = next_event(&mut events, |e| if let AudioEvent::Sealed(seal) = e { Some(seal) } else { None });
    let left: Vec<i16> = read_wav(&seal.path).into_iter().step_by(2).collect();
    assert!(left == tone(true, 0, 40_000));
    store.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_full_disk_then_the_oldest_footage_gives_way_and_recording_goes_on() {
    let Some(home) = small_disk("given_a_full_disk_then_the_oldest_footage_gives_way_and_recording_goes_on") else { return };
    // Most of it is taken, or the camera would need a minute and a half to fill it.
    std::fs::write(home.join("ballast"), vec![1; 352 << 10]).unwrap();
    let camera = RtspCamera::start(0, &[]);
    let settings = Settings { segment: Duration::from_secs(4), ..Settings::default() };
    let footage = Footage::start(home.clone(), settings).await.unwrap();
    let id = CameraId(Uuid::new_v4());
    footage.cameras_changed(vec![Source { camera: id, url: camera.url(), username: None, password: None }]).await;
    let folder = home.join("ring").join(id.to_string());
    let segments = || -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().map(|e| e.unwrap().path());
        let mut all: Vec<PathBuf> = entries.filter(|p| p.extension().is_some_and(|x| x == "mp4")).collect();
        all.sort();
        all
    };
    let first = eventually("a segment", Duration::from_secs(40), async || segments().first().cloned()).await;
    eventually("the first segment gives way", Duration::from_secs(300), async || (!first.exists()).then_some(())).await;
    let last = segments().last().cloned();
    eventually("recording goes on", Duration::from_secs(40), async || (segments().last().cloned() > last).then_some(())).await;
    assert_eq!(footage.states(), [(id, State::Recording)]);
    footage.shut_down().await;
    segments().iter().for_each(|path| assert!(decode(path) >= 1));
}
