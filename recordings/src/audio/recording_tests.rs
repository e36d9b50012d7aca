//! What a recording says is missing was lost by us, and never what was lost on the way to us.

use super::*;
use crate::{audio::seal, clock};
use std::ops::Range;

const FRAME: u64 = 160;

struct Story {
    home: PathBuf,
    begun: Instant,
    recording: Recording,
}

impl Story {
    /// A disk that `refuses` has a file in the place of the directory.
    fn begin(name: &str, refuses: bool) -> Self {
        let home = std::env::temp_dir().join(format!("siaga-recording-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&home).unwrap();
        if refuses {
            std::fs::write(home.join("calls"), b"").unwrap();
        }
        let (begun, path) = (clock::monotonic(), home.join("calls").join("call.wav"));
        let bounds = Bounds { unwritten: Duration::from_secs(1), ..Bounds::default() };
        let (recording, _) = Recording::begin(Uuid::nil(), Timestamp::UNIX_EPOCH, path, &bounds, (begun, begun));
        Self { home, begun, recording }
    }

    fn at(&self, ms: u64) -> Instant {
        self.begun + Duration::from_millis(ms)
    }

    /// Frames that came `behind` milliseconds after their time, and that the recorder sees at `ms`.
    fn says(&mut self, side: Side, frames: Range<u64>, behind: u64, ms: u64) {
        for position in frames.map(|n| n * FRAME) {
            self.recording.push(side, (position, position + 8 * behind), vec![1; FRAME as usize], self.at(ms));
        }
    }

    fn writes(&mut self, ms: u64) -> bool {
        self.recording.flush(self.at(ms)).is_ok()
    }

    fn missing(&self) -> (u64, u64) {
        let Gaps { caller_ms, operator_ms } = self.recording.ending().missing;
        (caller_ms, operator_ms)
    }
}

impl Drop for Story {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.home);
    }
}

#[test]
fn given_two_who_are_heard_in_time_then_nothing_is_missing() {
    let mut story = Story::begin("in-time", false);
    for half in 0..6 {
        let (frames, now) = (25 * half..25 * (half + 1), 500 * (half + 1));
        story.says(Side::Caller, frames.clone(), 20, now);
        // The far end loses the second of its three seconds.
        if !(2..4).contains(&half) {
            story.says(Side::Operator, frames, 20, now);
        }
        assert!(story.writes(now));
    }
    assert_eq!(story.missing(), (0, 0));
    assert_eq!(story.recording.ending().gaps.operator_ms, 1000, "a gap is no loss of ours");
}

#[test]
fn given_a_recorder_that_stood_still_then_what_it_saw_too_late_is_missing() {
    let mut story = Story::begin("still", false);
    story.says(Side::Caller, 0..50, 20, 1000);
    assert!(story.writes(1000));
    story.says(Side::Operator, 0..20, 20, 1000);
    assert_eq!(story.missing(), (0, 400));
}

#[test]
fn given_a_network_that_was_late_by_more_than_anybody_waits_then_nothing_of_ours_is_missing() {
    let mut story = Story::begin("network", false);
    story.says(Side::Caller, 0..50, 20, 1000);
    assert!(story.writes(1000));
    story.says(Side::Operator, 0..20, 400, 1000);
    assert_eq!((story.missing(), story.recording.ending().late_frames), ((0, 0), 20));
}

#[test]
fn given_a_sender_without_room_then_what_it_dropped_is_missing() {
    let mut story = Story::begin("dropped", false);
    story.recording.dropped(Samples { caller: 5 * FRAME, operator: 0 });
    assert_eq!(story.missing(), (100, 0));
}

#[test]
fn given_a_disk_that_refuses_for_longer_than_memory_lasts_then_the_rest_of_both_sides_is_missing() {
    let mut story = Story::begin("disk", true);
    for side in [Side::Caller, Side::Operator] {
        story.says(side, 0..150, 20, 3000);
    }
    assert!(!story.writes(3000));
    std::fs::remove_file(story.home.join("calls")).unwrap();
    assert!(story.writes(3100));
    assert_eq!(story.missing(), (2000, 2000));
}

#[test]
fn given_a_seal_of_an_older_server_then_it_can_still_be_read() {
    let mut story = Story::begin("older", false);
    story.says(Side::Caller, 0..50, 20, 1000);
    story.recording.dropped(Samples { caller: FRAME, operator: FRAME });
    story.recording.stage = Stage::Finishing { give_up_at: story.at(2000) };
    assert!(story.writes(1000));
    let (path, ending) = (story.recording.path.clone(), story.recording.ending());
    let sealed = seal::seal(&path, &ending).unwrap();
    assert_eq!(seal::read_seal(&path).unwrap(), sealed);
    let sidecar = layout::sidecar_of(&path);
    let mut older: serde_json::Value = serde_json::from_slice(&std::fs::read(&sidecar).unwrap()).unwrap();
    assert!(older.as_object_mut().unwrap().remove("missing").is_some());
    std::fs::write(&sidecar, older.to_string()).unwrap();
    assert_eq!(seal::read_seal(&path).unwrap(), seal::Sealed { missing: Gaps::default(), ..sealed });
}
