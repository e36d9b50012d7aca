//! How good what is heard is: the E-model of ITU-T G.107, simplified to what a packet network does to G.711.

use std::time::{Duration, Instant};

/// Quality is told this often.
const INTERVAL: Duration = Duration::from_secs(5);
/// A shorter stretch between two joins, or before the end, says too little to count.
const SHORTEST: Duration = Duration::from_secs(1);
/// The rating of G.711 over a network without fault: the default values of G.107 leave this of 100.
const BEST: f32 = 93.2;
/// How well loss is hidden by a receiver that conceals it (G.113 Appendix I: G.711 with packet loss concealment).
const ROBUSTNESS: f32 = 25.1;
/// An impairment of 95 is the end of the scale (G.107 section 7.5).
const WORST_IMPAIRMENT: f32 = 95.0;
/// Delay above this hurts a conversation much more (milliseconds).
const KNEE: f32 = 177.3;
/// Delay that no report tells: packet length, coding, and the least a jitter buffer adds.
const OWN_DELAY: f32 = 45.0;

/// One way of a conversation over some seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Conditions {
    pub loss_percent: f32,
    pub jitter_ms: f32,
    /// Unknown as long as nobody reported.
    pub round_trip: Option<Duration>,
}

impl Conditions {
    /// The mean opinion score to expect, from 1 to 4.5 (G.107 Annex B).
    pub fn mos(&self) -> f32 {
        let network = self.round_trip.map_or(0.0, |time| time.as_secs_f32() * 500.0);
        // A jitter buffer holds back about twice the jitter.
        let delay = network + 2.0 * self.jitter_ms + OWN_DELAY;
        let impairment_by_delay = 0.024 * delay + 0.11 * (delay - KNEE).max(0.0);
        let impairment_by_loss = WORST_IMPAIRMENT * self.loss_percent / (self.loss_percent + ROBUSTNESS);
        let rating = (BEST - impairment_by_delay - impairment_by_loss).clamp(0.0, 100.0);
        (1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6).max(1.0)
    }
}

/// The scores of a call, without keeping each.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Scores {
    sum: f64,
    seconds: f64,
    worst: Option<f32>,
}

impl Scores {
    /// The score of a stretch counts for as long as that was.
    pub fn take(&mut self, mos: f32, stretch: Duration) {
        self.sum += f64::from(mos) * stretch.as_secs_f64();
        self.seconds += stretch.as_secs_f64();
        self.worst = Some(self.worst.map_or(mos, |worst| worst.min(mos)));
    }

    pub fn mean(&self) -> Option<f32> {
        (self.seconds > 0.0).then(|| (self.sum / self.seconds) as f32)
    }

    pub fn worst(&self) -> Option<f32> {
        self.worst
    }
}

/// Tells every five seconds how a leg that is joined is heard.
#[derive(Debug, Default)]
pub(crate) struct QualityWatch {
    /// Since when, and how it was when it was last looked at.
    stretch: Option<(Instant, Look)>,
    progress: Progress,
    scores: Scores,
}

#[derive(Debug, Clone, Copy)]
struct Look {
    at: Instant,
    totals: (u64, u64),
    jitter_ms: f32,
    round_trip: Option<Duration>,
}

impl QualityWatch {
    /// What was heard since the last look, if it is time to tell: `totals` are the packets expected and received so far. A leg
    /// that is in no join, or of which nothing was to come, is not told of.
    pub fn poll(
        &mut self,
        now: Instant,
        joined: bool,
        totals: (u64, u64),
        jitter_ms: f32,
        round_trip: Option<Duration>,
    ) -> Option<(Conditions, f32)> {
        let look = Look { at: now, totals, jitter_ms, round_trip };
        if !joined {
            self.scores = self.scores();
            self.stretch = None;
            return None;
        }
        let Some((since, latest)) = &mut self.stretch else {
            self.stretch = Some((now, look));
            self.progress.loss_percent(totals);
            return None;
        };
        *latest = look;
        if now < *since + INTERVAL {
            return None;
        }
        *since = now;
        let loss_percent = self.progress.loss_percent(totals)?;
        let conditions = Conditions { loss_percent, jitter_ms, round_trip };
        let mos = conditions.mos();
        self.scores.take(mos, INTERVAL);
        Some((conditions, mos))
    }

    /// With the stretch that is not over yet.
    pub fn scores(&self) -> Scores {
        let (mut scores, mut progress) = (self.scores, self.progress);
        if let Some((since, Look { at, totals, jitter_ms, round_trip })) = self.stretch {
            let stretch = at.saturating_duration_since(since);
            if stretch >= SHORTEST
                && let Some(loss_percent) = progress.loss_percent(totals)
            {
                scores.take(Conditions { loss_percent, jitter_ms, round_trip }.mos(), stretch);
            }
        }
        scores
    }
}

/// What of a stream was expected and came since the last look, over changes of its SSRC.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Progress {
    expected: u64,
    received: u64,
}

impl Progress {
    /// The loss in percent since the last look; `None` if nothing was to come.
    pub fn loss_percent(&mut self, (expected, received): (u64, u64)) -> Option<f32> {
        let new = (expected.saturating_sub(self.expected), received.saturating_sub(self.received));
        *self = Progress { expected, received };
        (new.0 > 0).then(|| 100.0 * new.0.saturating_sub(new.1) as f32 / new.0 as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mos(loss_percent: f32, jitter_ms: f32, round_trip_ms: u64) -> f32 {
        Conditions { loss_percent, jitter_ms, round_trip: Some(Duration::from_millis(round_trip_ms)) }.mos()
    }

    #[test]
    fn a_network_without_fault_scores_as_g_711_does() {
        assert!((mos(0.0, 0.0, 0) - 4.38).abs() < 0.03, "{}", mos(0.0, 0.0, 0));
    }

    #[test]
    fn loss_and_delay_cost_what_the_e_model_says() {
        // R = 93.2 - 0.024 * 45 - 95 * 5 / 30.1 = 76.3, which is 3.9.
        assert!((mos(5.0, 0.0, 0) - 3.89).abs() < 0.03, "{}", mos(5.0, 0.0, 0));
        // A delay of 45 + 300 ms: R = 93.2 - 8.3 - 18.4 = 66.5, which is 3.4.
        assert!((mos(0.0, 0.0, 600) - 3.43).abs() < 0.03, "{}", mos(0.0, 0.0, 600));
        assert!((mos(100.0, 500.0, 9_000) - 1.0).abs() < 0.01);
    }

    #[test]
    fn worse_never_scores_better() {
        for step in 0..50u8 {
            let n = f32::from(step);
            assert!(mos(n + 1.0, 5.0, 50) <= mos(n, 5.0, 50));
            assert!(mos(1.0, n + 1.0, 50) <= mos(1.0, n, 50));
        }
    }

    #[test]
    fn a_call_keeps_its_mean_and_its_worst_moment() {
        let mut scores = Scores::default();
        assert_eq!((scores.mean(), scores.worst()), (None, None));
        for (mos, seconds) in [(4.0, 5), (2.0, 5), (3.0, 10)] {
            scores.take(mos, Duration::from_secs(seconds));
        }
        assert_eq!((scores.mean(), scores.worst()), (Some(3.0), Some(2.0)));
    }

    #[test]
    fn quality_is_told_every_five_seconds_of_a_join_and_what_was_lost_before_it_does_not_count() {
        let start = crate::clock::now();
        let at = |seconds: f32| start + Duration::from_secs_f32(seconds);
        let mut watch = QualityWatch::default();
        assert_eq!(watch.poll(at(0.0), false, (100, 50), 0.0, None), None);
        assert_eq!(watch.poll(at(1.0), true, (100, 50), 0.0, None), None);
        assert_eq!(watch.poll(at(5.9), true, (300, 250), 0.0, None), None);
        let (conditions, mos) = watch.poll(at(6.0), true, (350, 295), 2.0, None).unwrap();
        assert_eq!((conditions.loss_percent, conditions.jitter_ms), (2.0, 2.0));
        assert_eq!(watch.poll(at(6.1), true, (360, 300), 0.0, None), None);
        assert_eq!(watch.poll(at(11.0), true, (350, 295), 0.0, None), None, "nothing was to come");
        assert_eq!(watch.scores().mean(), Some(mos));
    }

    #[test]
    fn short_stretches_of_a_call_that_changes_hands_count_together() {
        let start = crate::clock::now();
        let mut watch = QualityWatch::default();
        let mut look = |seconds: f32, joined, received| {
            let (at, expected) = (start + Duration::from_secs_f32(seconds), (seconds * 50.0) as u64);
            assert_eq!(watch.poll(at, joined, (expected, received), 0.0, None), None);
            watch.scores().mean()
        };
        assert_eq!(look(0.0, true, 0), None);
        assert_eq!(look(0.9, true, 45), None, "too short to say anything");
        let good = look(4.0, true, 200).unwrap();
        assert!((good - mos(0.0, 0.0, 0)).abs() < 0.01);
        assert_eq!(look(4.1, false, 200), Some(good));
        assert_eq!(look(6.0, false, 200), Some(good));
        look(6.0, true, 200);
        let both = look(10.0, true, 300).unwrap();
        assert!((both - (good + mos(50.0, 0.0, 0)) / 2.0).abs() < 0.01, "half of four seconds was lost: {both}");
    }

    #[test]
    fn loss_is_told_for_each_look() {
        let mut progress = Progress::default();
        assert_eq!(progress.loss_percent((100, 90)), Some(10.0));
        assert_eq!(progress.loss_percent((200, 190)), Some(0.0));
        assert_eq!(progress.loss_percent((200, 195)), None);
        assert_eq!(progress.loss_percent((300, 300)), Some(0.0), "late ones make up for it, no more");
    }
}
