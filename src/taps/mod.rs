//! From the voice engine's taps to the recorder, and from the recorder to the journal. Neither side knows the other.

mod backlog;
mod prelude;

use crate::clock;
use backlog::{Backlog, Gone};
use dispatch::contract::AlarmKind;
use dispatch::desk::{Desk, Entry, Missing};
use dispatch::id::CallId;
use jiff::SignedDuration;
use media::TapItem;
use prelude::Preludes;
use recordings::audio::{AudioEvent, AudioItem, Samples, Sealed, Side};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;
use tokio::sync::mpsc;

/// Frames between the engine and the thread that carries them: a second of 500 calls in both directions at 20 ms.
const FRAMES: usize = 50_000;

/// Frames are carried this often and not one by one: a thread that is woken for every frame of every call costs more than the voice
/// itself, on both sides of the channel.
const NAP: Duration = Duration::from_millis(5);

/// Starts the thread that carries frames to the recorder, and gives the engine's end of it.
pub fn start(recorder: SyncSender<AudioItem>) -> SyncSender<TapItem> {
    let (sender, items) = sync_channel(FRAMES);
    std::thread::spawn(move || carry(&items, &recorder));
    sender
}

/// Where the recorder waits for the disk, what comes meanwhile waits here.
fn carry(items: &Receiver<TapItem>, recorder: &SyncSender<AudioItem>) {
    let (mut preludes, mut backlog) = (Preludes::default(), Backlog::default());
    loop {
        if backlog.is_empty() {
            let Ok(first) = items.recv() else { return };
            preludes.pass(as_recorded(first), &mut backlog);
        }
        while backlog.has_room()
            && let Ok(item) = items.try_recv()
        {
            preludes.pass(as_recorded(item), &mut backlog);
        }
        if backlog.hand_over(recorder) == Err(Gone) {
            tracing::error!("the recorder has ended; calls go on and are not recorded until Siaga is started again");
            return;
        }
        std::thread::sleep(NAP);
    }
}

fn as_recorded(item: TapItem) -> AudioItem {
    match item {
        TapItem::Started { leg, at } => {
            // It may have waited, while the recorder waited for the disk.
            let ago = SignedDuration::try_from(clock::instant().saturating_duration_since(at)).unwrap_or_default();
            AudioItem::Begin { call: leg, started_at: clock::now().checked_sub(ago).unwrap_or_else(|_| clock::now()), begun: at }
        }
        TapItem::Frame(frame) => AudioItem::Frame {
            call: frame.leg,
            side: match frame.side {
                media::Side::Caller => Side::Caller,
                media::Side::Operator => Side::Operator,
            },
            position: frame.position,
            came: frame.came,
            pcm: frame.pcm,
        },
        TapItem::Ended { leg, dropped: media::Dropped { frames, caller, operator } } => {
            metrics::counter!("siaga_tap_frames_dropped_total").increment(frames);
            AudioItem::Finish { call: leg, dropped: Samples { caller, operator } }
        }
    }
}

/// Writes what the recorder tells into the journal, and alarms when it cannot write.
pub fn follow_audio(desk: Desk, mut events: mpsc::Receiver<AudioEvent>) {
    tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            match event {
                AudioEvent::Began { call, started_at, .. } => {
                    desk.journal().record(Entry::RecordingBegan { call: CallId(call), started_at });
                }
                AudioEvent::Sealed(sealed) => {
                    still_recording(&desk, CallId(sealed.call));
                    desk.journal().record(sealed_entry(&sealed));
                }
                AudioEvent::Failing { call, error } => {
                    tracing::error!(%call, %error, "a call is not being recorded");
                    metrics::counter!("siaga_recordings_failing_total").increment(1);
                    desk.raise_alarm(AlarmKind::RecordingFailing { call: CallId(call) }, clock::now());
                }
                AudioEvent::Resumed { call } => still_recording(&desk, CallId(call)),
            }
        }
    });
}

/// What the journal keeps of a seal. It raises the alarm where something is missing.
pub fn sealed_entry(sealed: &Sealed) -> Entry {
    Entry::RecordingSealed {
        call: CallId(sealed.call),
        sealed_at: clock::now(),
        duration_ms: sealed.duration_ms,
        sha256: sealed.sha256.to_string(),
        repaired: sealed.repaired,
        missing: Missing { caller_ms: sealed.missing.caller_ms, operator_ms: sealed.missing.operator_ms },
    }
}

fn still_recording(desk: &Desk, call: CallId) {
    desk.clear_alarms(|kind| *kind == AlarmKind::RecordingFailing { call });
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn given_a_disk_that_stands_still_for_seconds_when_it_goes_on_then_nothing_is_missing() {
        const WAIT: Duration = Duration::from_secs(60);
        let (recorder, recorded) = sync_channel(8_192);
        let (leg, frames) = (Uuid::from_u128(1), 2 * FRAMES as u64);
        let taps = start(recorder);
        let (sent, all_sent) = sync_channel(1);
        std::thread::spawn(move || {
            taps.send(TapItem::Started { leg, at: clock::instant() }).unwrap();
            for n in 0..frames {
                let (side, position) = (media::Side::Caller, 160 * n);
                taps.send(TapItem::Frame(media::TapFrame { leg, side, position, came: position, pcm: vec![1] })).unwrap();
            }
            sent.send(()).unwrap();
        });
        all_sent.recv_timeout(WAIT).expect("frames wait for the recorder and not in the voice engine");
        assert!(matches!(recorded.recv_timeout(WAIT), Ok(AudioItem::Begin { .. })));
        for n in 0..frames {
            let Ok(AudioItem::Frame { position, .. }) = recorded.recv_timeout(WAIT) else { panic!("frame {n} is missing") };
            assert_eq!(position, 160 * n);
        }
    }

    #[test]
    fn what_the_voice_engine_had_no_room_for_is_told_to_the_recording_it_belongs_to() {
        let (leg, dropped) = (Uuid::from_u128(1), media::Dropped { frames: 3, caller: 320, operator: 160 });
        let recorded = as_recorded(TapItem::Ended { leg, dropped });
        let AudioItem::Finish { call, dropped } = recorded else { panic!("{recorded:?}") };
        assert_eq!((call, dropped), (leg, Samples { caller: 320, operator: 160 }));
    }
}
