//! Calls that the machine answers: test calls (`urn:service:test.sos`, RFC 6881 section 15), which are told that the line works, and feature
//! codes of desk phones, which are told how it went. They ring at nobody, are not recorded, and count in no statistics.

use super::line::{Plant, Report};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Test calls at once; one more is told to come back later, so that tests never take the places of callers.
pub const TESTS_AT_ONCE: usize = 4;
/// Feature codes at once: a whole room changes shifts within a minute, and each is answered for a second.
pub const CODES_AT_ONCE: usize = 32;
/// The carrier's own end of the announcement is heard before the release.
const TAIL: Duration = Duration::from_millis(500);

/// Those that are under way.
#[derive(Debug)]
pub struct TestCalls {
    at_once: usize,
    /// Each with what ends it.
    under_way: HashMap<sip::LegId, CancellationToken>,
}

impl TestCalls {
    pub fn new(at_once: usize) -> Self {
        Self { at_once, under_way: HashMap::new() }
    }

    /// Answers with the announcement for tests. False if there was no place for it.
    pub fn answer(&mut self, plant: Plant, leg: sip::LegId, trunk: &sip::TrunkName, offer: Option<sip::RemoteAudio>) -> bool {
        let (allowed, pcm) = (plant.allowed(trunk), plant.sounds.test.clone());
        self.play(plant, leg, allowed, offer, pcm, None)
    }

    /// Answers, plays the sound once, hangs up, and reports, in a task of its own. False if there was no place for it, and it is refused.
    pub fn play(
        &mut self,
        plant: Plant,
        leg: sip::LegId,
        allowed: Vec<ipnet::IpNet>,
        offer: Option<sip::RemoteAudio>,
        pcm: Arc<[i16]>,
        after: Option<Report>,
    ) -> bool {
        if self.under_way.len() >= self.at_once {
            metrics::counter!("siaga_test_calls_total", "outcome" => "refused").increment(1);
            tokio::spawn(async move {
                plant.sip.reject(leg, sip::Reject::Unavailable { retry_after_s: 60 }).await;
                plant.report(Report::Played { leg }).await;
                // What was asked is done, though nobody hears so.
                if let Some(after) = after {
                    plant.report(after).await;
                }
            });
            return false;
        }
        let over = CancellationToken::new();
        self.under_way.insert(leg, over.clone());
        tokio::spawn(async move {
            let outcome = if plant.play_once(leg, allowed, offer, pcm, over).await { "answered" } else { "failed" };
            metrics::counter!("siaga_test_calls_total", "outcome" => outcome).increment(1);
            plant.report(Report::Played { leg }).await;
            if let Some(after) = after {
                plant.report(after).await;
            }
        });
        true
    }

    /// The leg has ended, whoever ended it.
    pub fn over(&mut self, leg: sip::LegId) {
        if let Some(over) = self.under_way.remove(&leg) {
            over.cancel();
        }
    }
}

impl Plant {
    /// Whether the caller could be answered.
    async fn play_once(
        &self,
        leg: sip::LegId,
        allowed: Vec<ipnet::IpNet>,
        offer: Option<sip::RemoteAudio>,
        pcm: Arc<[i16]>,
        over: CancellationToken,
    ) -> bool {
        let remote = offer.as_ref().and_then(super::convert::remote_audio);
        let Ok(address) = self.media.open_trunk(leg.0, allowed, remote, false).await else {
            self.sip.reject(leg, sip::Reject::Unavailable { retry_after_s: 60 }).await;
            return false;
        };
        let answered = self.sip.answer(leg, self.local_audio(leg.0, address)).await.is_ok();
        let length = Duration::from_millis(u64::try_from(pcm.len() / 8).unwrap_or(0));
        if answered && self.media.play(leg.0, media::Sound::Samples { pcm, looped: false }).await.is_ok() {
            over.run_until_cancelled(tokio::time::sleep(length + TAIL)).await;
        }
        self.sip.hang_up(leg).await;
        self.media.close(leg.0).await;
        answered
    }
}
