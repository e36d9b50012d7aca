//! Live fan-out of one camera: each viewer gets fragments on a time line of its own that starts at zero.
//!
//! The group of pictures that is being shown is kept, so that a new viewer sees something at once. A viewer that does not keep
//! up is closed; the recorder never waits.

use super::{
    fmp4,
    gop::Frame,
    track::Track,
    types::{FootageError, LiveVideo},
};
use bytes::Bytes;
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::mpsc;

/// Fragments a viewer may be behind: five seconds and more of usual cameras.
const BEHIND: usize = 128;
/// A longer group is not kept for new viewers; they wait for the next key frame.
const MOST_KEPT_BYTES: usize = 16 << 20;

/// Seats for viewers, shared by all cameras.
#[derive(Debug)]
pub struct Seats {
    taken: AtomicUsize,
    most: usize,
}

impl Seats {
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { taken: AtomicUsize::new(0), most })
    }

    fn take(self: &Arc<Self>) -> Option<Seat> {
        let taken = self.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| (n < self.most).then_some(n + 1));
        taken.ok().map(|_| Seat(Arc::clone(self)))
    }
}

struct Seat(Arc<Seats>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::AcqRel);
    }
}

/// One camera's stage and its viewers. A cheap clone.
#[derive(Clone)]
pub struct Live {
    seats: Arc<Seats>,
    state: Arc<Mutex<Stage>>,
}

#[derive(Default)]
struct Stage {
    track: Option<Arc<Track>>,
    gop: Vec<Frame>,
    gop_bytes: usize,
    viewers: Vec<Viewer>,
}

struct Viewer {
    fragments: mpsc::Sender<Bytes>,
    sequence: u32,
    ticks: u64,
    /// No picture yet: the next fragment must begin with a key frame.
    waiting: bool,
    _seat: Seat,
}

impl Live {
    pub fn new(seats: Arc<Seats>) -> Self {
        Self { seats, state: Arc::default() }
    }

    /// The camera shows pictures of this format from now on. Viewers of another one are closed.
    pub fn begin(&self, track: Arc<Track>) {
        *self.lock() = Stage { track: Some(track), ..Stage::default() };
    }

    /// The camera shows nothing any more; every viewer is closed.
    pub fn end(&self) {
        *self.lock() = Stage::default();
    }

    pub fn push(&self, frame: &Frame) {
        let mut stage = self.lock();
        if stage.track.is_none() {
            return;
        }
        stage.viewers.retain_mut(|viewer| viewer.show(std::slice::from_ref(frame)));
        if frame.key {
            stage.gop.clear();
            stage.gop_bytes = 0;
        } else if stage.gop.is_empty() {
            return;
        }
        stage.gop_bytes += frame.data.len();
        stage.gop.push(frame.clone());
        if stage.gop_bytes > MOST_KEPT_BYTES {
            stage.gop = Vec::new();
        }
    }

    /// A new viewer; `None` while the camera shows nothing.
    pub fn watch(&self) -> Option<Result<LiveVideo, FootageError>> {
        let mut stage = self.lock();
        let track = stage.track.clone()?;
        // Seats of viewers who have left are only given back when a fragment finds them gone; look for them now.
        stage.viewers.retain(|viewer| !viewer.fragments.is_closed());
        let Some(seat) = self.seats.take() else {
            metrics::counter!("siaga_footage_viewers_refused_total").increment(1);
            return Some(Err(FootageError::Busy));
        };
        let (fragments, receiver) = mpsc::channel(BEHIND);
        let mut viewer = Viewer { fragments, sequence: 1, ticks: 0, waiting: true, _seat: seat };
        if viewer.show(&stage.gop) {
            stage.viewers.push(viewer);
        }
        Some(Ok(LiveVideo { codec: track.codec.clone(), init: track.init.clone(), fragments: receiver }))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Stage> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Viewer {
    /// Sends some frames as one fragment; `false` when the viewer is to be closed.
    fn show(&mut self, frames: &[Frame]) -> bool {
        let Some(first) = frames.first() else { return true };
        if self.waiting && !first.key {
            return !self.fragments.is_closed();
        }
        let Ok(fragment) = fmp4::fragment(self.sequence, self.ticks, frames) else { return false };
        match self.fragments.try_send(fragment.into()) {
            Ok(()) => {
                self.waiting = false;
                self.sequence = self.sequence.wrapping_add(1);
                self.ticks += frames.iter().map(|f| u64::from(f.duration)).sum::<u64>();
                true
            }
            Err(mpsc::error::TrySendError::Full(_)) => {
                metrics::counter!("siaga_footage_slow_viewers_total").increment(1);
                false
            }
            Err(mpsc::error::TrySendError::Closed(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::footage::fixture::{frame, track};

    #[test]
    fn a_viewer_begins_with_the_key_frame_that_is_being_shown_on_a_time_line_from_zero() {
        let live = Live::new(Seats::new(2));
        assert!(live.watch().is_none());
        live.begin(track());
        [true, false, false, true, false, false].into_iter().for_each(|key| live.push(&frame(key)));
        let mut video = live.watch().unwrap().unwrap();
        live.push(&frame(false));
        let file = [&video.init[..], &video.fragments.try_recv().unwrap(), &video.fragments.try_recv().unwrap()].concat();
        let read = fmp4::read(&file).unwrap();
        let shown: Vec<(u64, Vec<bool>)> =
            read.fragments.iter().map(|f| (f.start, f.samples.iter().map(|s| s.key).collect())).collect();
        assert_eq!(shown, [(0, vec![true, false, false]), (27_000, vec![false])]);
        live.end();
        assert!(matches!(video.fragments.try_recv(), Err(mpsc::error::TryRecvError::Disconnected)));
    }

    #[test]
    fn a_slow_viewer_is_closed_and_its_seat_is_free_again() {
        let live = Live::new(Seats::new(1));
        live.begin(track());
        let slow = live.watch().unwrap().unwrap();
        assert!(matches!(live.watch().unwrap(), Err(FootageError::Busy)));
        (0..=BEHIND).for_each(|_| live.push(&frame(true)));
        assert!(slow.fragments.is_closed());
        assert!(live.watch().unwrap().is_ok());
    }
}
