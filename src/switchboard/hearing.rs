//! How well the operator's side of a call was heard, over the whole call. Pure. A headset's leg outlives its calls, so that its own
//! counts say nothing of one call.

use dispatch::desk::{HeardQuality, HeardSide};

/// The sums of all reports.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hearing {
    reports: f32,
    loss_percent: f32,
    jitter_ms: f32,
    mos: f32,
}

impl Hearing {
    /// One report, of the last seconds.
    pub fn add(&mut self, loss_percent: f32, jitter_ms: f32, mos: f32) {
        self.reports += 1.0;
        self.loss_percent += loss_percent;
        self.jitter_ms += jitter_ms;
        self.mos += mos;
    }

    /// The mean of the reports; `None` of a call that was too short for one.
    pub fn summary(&self) -> Option<HeardQuality> {
        let mean = |sum: f32| sum / self.reports;
        (self.reports > 0.0).then(|| HeardQuality {
            side: HeardSide::Operator,
            packets: None,
            loss_percent: mean(self.loss_percent),
            jitter_ms: mean(self.jitter_ms),
            mos: mean(self.mos),
            heard_us: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_as_good_as_its_reports_on_average() {
        let mut hearing = Hearing::default();
        assert_eq!(hearing.summary(), None);
        hearing.add(0.0, 2.0, 4.4);
        hearing.add(4.0, 6.0, 3.6);
        let heard = hearing.summary().unwrap();
        assert_eq!((heard.loss_percent, heard.jitter_ms, heard.mos), (2.0, 4.0, 4.0));
    }
}
