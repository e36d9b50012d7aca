//! Keeps one camera playing: connects, hands its pictures to disk and viewers, waits and connects again.

use super::{
    backoff::Backoff,
    camera::{self, Patience, Sink},
    disk::{Command, Disk},
    gop::{Arrived, Frame, Gop, GopBuilder, GopLimits, Timer},
    live::Live,
    states::States,
    track::Track,
    types::{CameraId, Source, State},
};
use crate::clock;
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// A session that recorded for so long begins the back-off anew.
const GOOD_SESSION: Duration = Duration::from_secs(10);

pub struct Supervisor {
    pub source: Source,
    pub patience: Patience,
    pub states: States,
    pub live: Live,
    pub disk: Disk,
}

impl Supervisor {
    /// Runs until `stop`; what was received until then is on its way to disk when it returns.
    pub async fn run(self, stop: CancellationToken) {
        let camera = self.source.camera;
        let mut backoff = Backoff::default();
        self.states.set(camera, State::Connecting);
        loop {
            let begun = clock::monotonic();
            let mut pipeline = Pipeline {
                camera,
                states: self.states.clone(),
                live: self.live.clone(),
                disk: self.disk.clone(),
                timer: Timer::default(),
                builder: None,
                clock_offset_ms: None,
                skipping: false,
            };
            let ended = tokio::select! {
                error = camera::play(&self.source, self.patience, &mut pipeline) => Some(error),
                () = stop.cancelled() => None,
            };
            let recorded = pipeline.builder.is_some();
            pipeline.end().await;
            let Some(error) = ended else { break };
            tracing::warn!(%camera, %error, "a camera is not being recorded");
            metrics::counter!("siaga_footage_sessions_failed_total").increment(1);
            self.states.set(camera, State::Failing { why: error.to_string() });
            if recorded && clock::monotonic().saturating_duration_since(begun) > GOOD_SESSION {
                backoff.succeeded();
            }
            let wait = backoff.next(clock::random_fraction());
            if tokio::time::timeout(wait, stop.cancelled()).await.is_ok() {
                break;
            }
        }
    }
}

/// What happens to the frames of one session.
struct Pipeline {
    camera: CameraId,
    states: States,
    live: Live,
    disk: Disk,
    timer: Timer,
    builder: Option<GopBuilder>,
    clock_offset_ms: Option<i64>,
    /// The disk did not keep up: nothing is worth writing until the next key frame.
    skipping: bool,
}

impl Sink for Pipeline {
    fn track(&mut self, track: Track) {
        self.finish_frames();
        let track = Arc::new(track);
        self.live.begin(Arc::clone(&track));
        self.builder = Some(GopBuilder::new(track, GopLimits::default()));
    }

    fn frame(&mut self, arrived: Arrived) {
        if arrived.key {
            self.states.set(self.camera, State::Recording);
        }
        if let Some(frame) = self.timer.push(arrived) {
            self.take(frame);
        }
    }

    fn clock_offset(&mut self, ms: i64) {
        self.clock_offset_ms = Some(ms);
    }
}

impl Pipeline {
    fn take(&mut self, frame: Frame) {
        self.live.push(&frame);
        if let Some(gop) = self.builder.as_mut().and_then(|builder| builder.push(frame)) {
            self.send(gop);
        }
    }

    /// Never waits: a disk that does not keep up loses groups of this camera, counted and said.
    fn send(&mut self, gop: Gop) {
        if self.skipping && !gop.begins_with_key() {
            metrics::counter!("siaga_footage_dropped_gops_total").increment(1);
            return;
        }
        let gop = Gop { clock_offset_ms: self.clock_offset_ms, ..gop };
        self.skipping = self.disk.try_send(Command::Gop { camera: self.camera, gop }).is_err();
        if self.skipping {
            metrics::counter!("siaga_footage_dropped_gops_total").increment(1);
            self.states.set_disk(self.camera, Some("the disk does not keep up; use a faster one or fewer cameras"));
        }
    }

    fn finish_frames(&mut self) {
        if let Some(frame) = self.timer.finish() {
            self.take(frame);
        }
        if let Some(gop) = self.builder.as_mut().and_then(GopBuilder::finish) {
            self.send(gop);
        }
    }

    async fn end(mut self) {
        self.finish_frames();
        self.live.end();
        self.disk.send(Command::Ended { camera: self.camera }).await;
    }
}
