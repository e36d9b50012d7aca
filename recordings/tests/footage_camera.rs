//! Footage from a real RTSP server, looked at with ffmpeg.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)]

#[path = "support/camera.rs"]
mod camera;
mod support;

use camera::{RtspCamera, decode, write};
use jiff::{SignedDuration, Timestamp};
use recordings::footage::{CameraId, Footage, FootageError, FootageId, Hold, Index, Settings, Source, State};
use std::time::Duration;
use support::{TempDir, eventually};
use uuid::Uuid;

const WAIT: Duration = Duration::from_secs(40);

fn quick() -> Settings {
    Settings {
        segment: Duration::from_secs(2),
        no_frame_timeout: Duration::from_secs(2),
        connect_timeout: Duration::from_secs(10),
        tick: Duration::from_millis(200),
        ..Settings::default()
    }
}

struct House {
    footage: Footage,
    camera: CameraId,
    home: TempDir,
}

impl House {
    async fn new(camera: &RtspCamera) -> Self {
        let home = TempDir::new();
        let footage = Footage::start(home.path().to_owned(), quick()).await.unwrap();
        let house = Self { footage, camera: CameraId(Uuid::new_v4()), home };
        house.footage.cameras_changed(vec![house.source(camera, None)]).await;
        house
    }

    fn source(&self, camera: &RtspCamera, credentials: Option<(&str, &str)>) -> Source {
        let (username, password) = credentials.map(|(u, p)| (u.to_owned(), p.to_owned())).unzip();
        Source { camera: self.camera, url: camera.url(), username, password }
    }

    async fn until_recording(&self) {
        eventually("the camera is recorded", WAIT, async || {
            self.footage.states().contains(&(self.camera, State::Recording)).then_some(())
        })
        .await;
    }

    async fn until_failing(&self) -> String {
        eventually("the camera fails", WAIT, async || {
            self.footage
                .states()
                .into_iter()
                .find_map(|(_, state)| if let State::Failing { why } = state { Some(why) } else { None })
        })
        .await
    }

    /// Holds from `before` ago until `after` from now.
    async fn hold(&self, before: i64, after: i64) -> Hold {
        let now = Timestamp::now();
        let (from, to) = (now - SignedDuration::from_secs(before), now + SignedDuration::from_secs(after));
        let hold = Hold { footage: FootageId(Uuid::new_v4()), camera: self.camera, from, to };
        self.footage.hold(hold).await.unwrap();
        hold
    }

    async fn until_index(&self, footage: FootageId, what: &str, good: impl Fn(&Index) -> bool) -> Index {
        eventually(what, WAIT, async || Some(self.footage.index(footage).await.unwrap()).filter(|index| good(index))).await
    }

    /// Finished segments in the ring.
    fn in_ring(&self) -> usize {
        let folder = self.home.path().join("ring").join(self.camera.to_string());
        let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
        entries.filter(|e| e.as_ref().unwrap().path().extension().is_some_and(|x| x == "mp4")).count()
    }
}

fn end_ms(index: &Index) -> i64 {
    index.segments.last().map_or(0, |s| s.start.as_millisecond() + s.duration_ms as i64)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_recorded_camera_when_a_hold_spans_past_and_future_then_all_of_it_is_kept_and_plays() {
    let camera = RtspCamera::start(0, &[]);
    let house = House::new(&camera).await;
    house.until_recording().await;
    eventually("two segments", WAIT, async || (house.in_ring() >= 2).then_some(())).await;

    let hold = house.hold(3, 3).await;
    let at_once = house.footage.index(hold.footage).await.unwrap();
    assert!(!at_once.segments.is_empty() && at_once.growing, "what there was is kept when the call returns");
    house.footage.hold(hold).await.unwrap();
    let index = house.until_index(hold.footage, "the future came", |i| end_ms(i) >= hold.to.as_millisecond()).await;

    assert!(index.codec.as_ref().unwrap().starts_with("avc1.64"), "{:?}", index.codec);
    assert!(index.segments[0].start <= hold.from);
    for pair in index.segments.windows(2) {
        let gap = pair[1].start.as_millisecond() - pair[0].start.as_millisecond() - pair[0].duration_ms as i64;
        assert!(gap.abs() < 300, "segments follow each other: {gap} ms");
    }
    let file = house.home.path().join("look.mp4");
    for segment in &index.segments {
        write(&file, &house.footage.segment(hold.footage, segment.n).await.unwrap());
        assert!(decode(&file) >= 20);
    }
    assert!(matches!(house.footage.segment(hold.footage, 1).await, Err(FootageError::NotFound)));

    let export = house.footage.export_mp4(hold.footage).await.unwrap();
    let pictures = decode(&export);
    assert!((60..=85).contains(&pictures), "six seconds and the rest of their groups: {pictures}");
    assert!(house.footage.release(hold.footage).await.unwrap());
    assert!(matches!(house.footage.index(hold.footage).await, Err(FootageError::NotFound)));
    house.footage.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_restart_in_the_middle_of_a_hold_then_it_goes_on() {
    let camera = RtspCamera::start(0, &[]);
    let house = House::new(&camera).await;
    house.until_recording().await;
    let hold = house.hold(1, 20).await;
    house.until_index(hold.footage, "a segment", |i| !i.segments.is_empty()).await;
    house.footage.shut_down().await;
    assert!(matches!(house.footage.hold(hold).await, Err(FootageError::Closed)));

    let house = House { footage: Footage::start(house.home.path().to_owned(), quick()).await.unwrap(), ..house };
    let before = house.footage.index(hold.footage).await.unwrap();
    assert!(before.growing);
    house.footage.cameras_changed(vec![house.source(&camera, None)]).await;
    house.until_index(hold.footage, "more segments", |i| i.segments.len() > before.segments.len()).await;
    house.footage.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_frozen_camera_then_it_is_failing_until_it_thaws() {
    let camera = RtspCamera::start(0, &[]);
    let house = House::new(&camera).await;
    house.until_recording().await;
    let mut viewer = house.footage.watch(house.camera).unwrap();
    camera.freeze();
    let why = house.until_failing().await;
    assert!(why.contains("sends no pictures"), "{why}");
    tokio::time::timeout(WAIT, async { while viewer.fragments.recv().await.is_some() {} }).await.expect("viewers are closed");
    assert!(matches!(house.footage.watch(house.camera), Err(FootageError::CameraDown(_))));
    camera.thaw();
    house.until_recording().await;
    house.footage.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_camera_that_goes_away_when_it_is_back_then_it_is_recorded_again() {
    let camera = RtspCamera::start(0, &[]);
    let house = House::new(&camera).await;
    house.until_recording().await;
    let port = camera.port;
    drop(camera);
    house.until_failing().await;
    let _camera = RtspCamera::start(port, &[]);
    house.until_recording().await;
    house.footage.cameras_changed(Vec::new()).await;
    assert!(house.footage.states().is_empty());
    assert!(matches!(house.footage.watch(house.camera), Err(FootageError::NotFound)));
    house.footage.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_viewer_then_the_first_fragment_begins_with_a_key_frame_and_all_of_it_plays() {
    let camera = RtspCamera::start(0, &[]);
    let house = House::new(&camera).await;
    house.until_recording().await;
    let mut video = eventually("pictures", WAIT, async || house.footage.watch(house.camera).ok()).await;
    let mut file = video.init.to_vec();
    let mut pictures = 0;
    while pictures < 25 {
        let fragment = tokio::time::timeout(WAIT, video.fragments.recv()).await.unwrap().unwrap();
        assert_eq!(&fragment[4..8], b"moof");
        file.extend_from_slice(&fragment);
        pictures += 1;
    }
    let path = house.home.path().join("live.mp4");
    write(&path, &file);
    // A key frame first: ffmpeg would complain of every picture before it.
    assert!(decode(&path) >= 25);
    assert!(video.codec.starts_with("avc1."));
    house.footage.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_camera_with_a_password_then_only_the_right_one_records_and_none_belongs_in_the_address() {
    let camera = RtspCamera::start(0, &["--user", "siaga:rahasia"]);
    let house = House::new(&camera).await;
    let refused = |why: &String| why.contains("refuses the user name or password");
    assert!(refused(&house.until_failing().await));
    house.footage.cameras_changed(vec![house.source(&camera, Some(("siaga", "salah")))]).await;
    assert!(refused(&house.until_failing().await));
    let with_credentials = camera.url().replace("rtsp://", "rtsp://siaga:rahasia@");
    house.footage.cameras_changed(vec![Source { url: with_credentials, ..house.source(&camera, None) }]).await;
    let why = eventually("the address is refused", WAIT, async || {
        Some(house.until_failing().await).filter(|why| why.contains("own fields"))
    })
    .await;
    assert!(!why.contains("rahasia"));
    house.footage.cameras_changed(vec![house.source(&camera, Some(("siaga", "rahasia")))]).await;
    house.until_recording().await;
    house.footage.shut_down().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn given_a_camera_with_h265_then_it_is_recorded_too() {
    let camera = RtspCamera::start(0, &["--codec", "h265"]);
    let house = House::new(&camera).await;
    house.until_recording().await;
    let hold = house.hold(1, 5).await;
    let index = house.until_index(hold.footage, "a segment", |i| !i.segments.is_empty()).await;
    assert!(index.codec.as_ref().unwrap().starts_with("hvc1."), "{:?}", index.codec);
    assert!(decode(&house.footage.export_mp4(hold.footage).await.unwrap()) >= 10);
    house.footage.shut_down().await;
}
