//! Keys that we press on trunk legs: as events where the far end takes them, else as tones. They come before everything else that is sent
//! there, and what is played goes on afterwards where it would be.

use super::Shard;
use super::sounds::encoded;
use super::timers::Timer;
use crate::packet::{Content, Packet};
use crate::sound::{Play, Player};
use crate::tone;
use crate::trunk::DigitTrain;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long the tones of our own keys may come back from a line.
const ECHO: Duration = Duration::from_millis(300);

/// Tones that wait longer than this are more keys than a person presses.
const LONGEST: Duration = Duration::from_secs(12);

/// Keys on their way to a far end.
pub(super) enum Dialling {
    Events(DigitTrain),
    Tones(Player),
}

impl Dialling {
    pub fn due(&self) -> Instant {
        match self {
            Dialling::Events(train) => train.due(),
            Dialling::Tones(player) => player.due(),
        }
    }
}

impl Shard {
    /// Sends keys to the far end of a trunk leg, behind those that are on their way.
    pub(super) fn send_digits(&mut self, now: Instant, leg: Uuid, digits: &str) {
        let Some(trunk) = self.trunks.get_mut(&leg) else { return };
        let takes_events = trunk.leg.takes_events();
        match &mut trunk.dialling {
            Some(Dialling::Events(train)) => train.append(digits),
            Some(Dialling::Tones(player)) if player.ends() < now + LONGEST => player.append(&tone::keys(digits)),
            Some(Dialling::Tones(_)) => {
                metrics::counter!("siaga_media_digits_dropped_total").increment(digits.chars().count() as u64);
            }
            None if takes_events => {
                trunk.dialling = Some(Dialling::Events(DigitTrain::new(now, self.sources.next_stream(), digits)));
            }
            None => {
                let tones = Player::unannounced(now, tone::keys(digits), self.sources.next_stream());
                trunk.dialling = Some(Dialling::Tones(tones));
            }
        }
        if let Some(Dialling::Tones(player)) = &trunk.dialling {
            trunk.leg.deafen(player.ends() + ECHO);
        }
        self.dial_on_trunk(now, leg);
    }

    pub(super) fn dial_on_trunk(&mut self, now: Instant, leg: Uuid) {
        loop {
            let Some(trunk) = self.trunks.get_mut(&leg) else { return };
            match &mut trunk.dialling {
                None => return,
                Some(Dialling::Events(train)) => {
                    if let Some(packet) = train.poll(now) {
                        self.send_to_trunk(now, leg, &packet);
                        continue;
                    }
                    if !train.is_over() {
                        return self.timers.set(Timer::Digits(leg), train.due());
                    }
                }
                Some(Dialling::Tones(player)) => match player.poll(now) {
                    None => return self.timers.set(Timer::Digits(leg), player.due()),
                    Some(Play::Frame { pcm, stream, sequence, timestamp }) => {
                        let codec = trunk.leg.codec();
                        let payload = encoded(codec, &pcm);
                        let content = Content::Audio { codec, payload: &payload };
                        self.send_to_trunk(now, leg, &Packet { stream, sequence, timestamp, marker: false, content });
                        continue;
                    }
                    Some(Play::Finished { .. }) => {}
                },
            }
            trunk.dialling = None;
            return;
        }
    }
}
