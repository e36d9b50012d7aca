//! Sounds on legs, and the test of an operator's headset.

use super::Shard;
use super::operators::HeadsetTest;
use super::timers::Timer;
use crate::error::ConnectError;
use crate::event::{Event, MediaTest};
use crate::g711::Codec;
use crate::level::LoudestWindow;
use crate::packet::{Content, Packet};
use crate::sound::{FRAME, Play, Player, Sound};
use crate::tone;
use std::time::Instant;
use tokio::sync::oneshot;
use uuid::Uuid;

/// The tone of a headset test: 1000 Hz at -12 dBFS for two seconds.
const TEST_HZ: f64 = 1_000.0;
const TEST_DBFS: f64 = -12.0;
const TEST_SAMPLES: usize = 16_000;

impl Shard {
    /// Plays a sound on a leg in place of what it plays now.
    pub(super) fn play(&mut self, now: Instant, leg: Uuid, sound: Sound) {
        let player = Player::new(now, sound, self.sources.next_stream());
        if let Some(trunk) = self.trunks.get_mut(&leg) {
            trunk.player = Some(player);
            self.sound_on_trunk(now, leg);
        } else {
            self.stop_test(leg);
            self.start_on_operator(now, leg, player);
        }
    }

    pub(super) fn stop_playing(&mut self, leg: Uuid) {
        if let Some(trunk) = self.trunks.get_mut(&leg) {
            trunk.player = None;
            self.timers.clear(Timer::TrunkSound(leg));
        } else {
            self.stop_test(leg);
            if let Some(operator) = self.operators.get_mut(&leg) {
                operator.player = None;
            }
            self.timers.clear(Timer::OperatorSound(leg));
        }
    }

    pub(super) fn sound_on_trunk(&mut self, now: Instant, leg: Uuid) {
        loop {
            let Some(trunk) = self.trunks.get_mut(&leg) else { return };
            let Some(player) = &mut trunk.player else { return };
            match player.poll(now) {
                None => return self.timers.set(Timer::TrunkSound(leg), player.due()),
                Some(Play::Finished { announced }) => {
                    trunk.player = None;
                    if announced {
                        self.events.push(Event::Played { leg });
                    }
                    return;
                }
                // Keys are sent instead; the sound goes on where it would be.
                Some(Play::Frame { .. }) if trunk.dialling.is_some() => {}
                Some(Play::Frame { pcm, stream, sequence, timestamp }) => {
                    let codec = trunk.leg.codec();
                    let payload = encoded(codec, &pcm);
                    let content = Content::Audio { codec, payload: &payload };
                    self.send_to_trunk(now, leg, &Packet { stream, sequence, timestamp, marker: false, content });
                }
            }
        }
    }

    fn start_on_operator(&mut self, now: Instant, id: Uuid, player: Player) {
        if let Some(operator) = self.operators.get_mut(&id) {
            operator.player = Some(player);
            self.sound_on_operator(now, id);
        }
    }

    pub(super) fn sound_on_operator(&mut self, now: Instant, id: Uuid) {
        loop {
            let Some(operator) = self.operators.get_mut(&id) else { return };
            let Some(player) = &mut operator.player else { return };
            match player.poll(now) {
                None => return self.timers.set(Timer::OperatorSound(id), player.due()),
                Some(Play::Finished { announced }) => {
                    operator.player = None;
                    if announced {
                        self.events.push(Event::Played { leg: id });
                    }
                    return self.stop_test(id);
                }
                Some(Play::Frame { pcm, stream, sequence, timestamp }) => {
                    let Some(leg) = &mut operator.leg else { continue };
                    let codec = leg.codec();
                    let payload = encoded(codec, &pcm);
                    let content = Content::Audio { codec, payload: &payload };
                    leg.send(now, &Packet { stream, sequence, timestamp, marker: false, content });
                    self.pump(now, id);
                }
            }
        }
    }

    /// Plays the test tone and listens to the microphone meanwhile; the answer comes when the tone is over.
    pub(super) fn test_operator(&mut self, now: Instant, id: Uuid, reply: oneshot::Sender<Result<MediaTest, ConnectError>>) {
        let refusal = match self.operators.get(&id) {
            None => Some(ConnectError::NoPeer),
            Some(operator) if !operator.connected => Some(ConnectError::NotConnected),
            Some(operator) if operator.place.is_some() => Some(ConnectError::Busy),
            Some(_) => None,
        };
        if let Some(refusal) = refusal {
            let _ = reply.send(Err(refusal));
            return;
        }
        self.stop_test(id);
        let pcm = tone::sine(TEST_HZ, TEST_DBFS, TEST_SAMPLES).collect();
        let player = Player::unannounced(now, pcm, self.sources.next_stream());
        if let Some(operator) = self.operators.get_mut(&id) {
            operator.test = Some(HeadsetTest { microphone: LoudestWindow::default(), reply });
        }
        self.start_on_operator(now, id, player);
    }

    /// Ends a test that runs, with what was heard so far.
    pub(super) fn stop_test(&mut self, id: Uuid) {
        let Some(operator) = self.operators.get_mut(&id) else { return };
        let Some(test) = operator.test.take() else { return };
        operator.player = None;
        let _ = test.reply.send(Ok(MediaTest { microphone_dbfs: test.microphone.finish() }));
    }
}

pub(super) fn encoded(codec: Codec, pcm: &[i16; FRAME]) -> [u8; FRAME] {
    let mut payload = [0; FRAME];
    codec.encode(pcm, &mut payload);
    payload
}
