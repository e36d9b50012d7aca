//! How long packets have to be waited for: the spread of their delays, forgotten slowly.
//!
//! What counts is how much later a packet came than the fastest ones of the last ten seconds. The sender's clock and ours
//! never run alike, so the fastest are sought anew all the time, and a drift of a few hundred parts per million disappears in
//! that.

/// The delay that is aimed at, in samples: 20 to 200 ms.
pub(super) const LEAST: i64 = 160;
pub(super) const MOST: i64 = 1_600;
/// The fastest packet is sought over two stretches of this length (5 s).
const STRETCH: i64 = 40_000;
/// Delays are told apart by 10 ms, and what is longer than the bins reach counts in the last one.
const BIN: i64 = 80;
const BINS: usize = 21;
/// This part of the packets is to come in time. What is heard weighs by half less after about 350 packets (7 s).
const IN_TIME: f32 = 0.97;
const KEPT: f32 = 0.998;
/// A packet that came too late asks for its delay at once; that claim falls by 10 ms in two seconds (samples of time for one
/// sample of claim).
const CLAIM_FALLS: i64 = 200;
/// Packets in a row, and the time from the first of them (200 ms), after which a delay beyond all bounds is the way things are.
const SUSTAINED_PACKETS: u32 = 10;
const SUSTAINED_TIME: i64 = 1_600;

#[derive(Debug)]
pub(super) struct DelayEstimate {
    /// The least offset between arrival and position in this stretch and in the one before.
    least: i64,
    before: i64,
    stretch_began: i64,
    bins: [f32; BINS],
    weight: f32,
    claim: i64,
    claimed_at: i64,
    beyond: u32,
    beyond_since: i64,
}

impl DelayEstimate {
    /// Begins with a packet that arrived `offset` after its position.
    pub fn new(now: i64, offset: i64) -> DelayEstimate {
        DelayEstimate {
            least: offset,
            before: offset,
            stretch_began: now,
            bins: [0.0; BINS],
            weight: 0.0,
            claim: 0,
            claimed_at: now,
            beyond: 0,
            beyond_since: now,
        }
    }

    /// The same spread on another timeline, on which the fastest packet has this offset.
    pub fn moved(&mut self, now: i64, offset: i64) {
        (self.least, self.before, self.stretch_began) = (offset, offset, now);
        self.beyond = 0;
    }

    /// Takes a packet's offset between arrival and position.
    pub fn take(&mut self, now: i64, offset: i64) {
        let delay = offset - self.fastest();
        self.beyond = if delay > MOST { self.beyond + 1 } else { 0 };
        if self.beyond <= 1 {
            self.beyond_since = now;
        }
        if self.beyond >= SUSTAINED_PACKETS && now - self.beyond_since >= SUSTAINED_TIME {
            self.moved(now, offset);
        }
        if now - self.stretch_began >= STRETCH {
            self.before = self.least;
            self.least = offset;
            self.stretch_began = now;
        }
        self.least = self.least.min(offset);
        let bin = usize::try_from((offset - self.fastest()) / BIN).unwrap_or(0).min(BINS - 1);
        for bin in &mut self.bins {
            *bin *= KEPT;
        }
        self.weight = self.weight * KEPT + 1.0;
        if let Some(bin) = self.bins.get_mut(bin) {
            *bin += 1.0;
        }
    }

    /// A packet with this offset came after its time had been played.
    pub fn came_late(&mut self, now: i64, offset: i64) {
        let wanted = (offset - self.fastest()).min(MOST);
        if wanted > self.claim(now) {
            self.claim = wanted;
            self.claimed_at = now;
        }
    }

    /// The offset of the fastest packets.
    pub fn fastest(&self) -> i64 {
        self.least.min(self.before)
    }

    /// How long after the fastest packets would come a position is to be played.
    pub fn target(&self, now: i64) -> i64 {
        self.percentile().max(self.claim(now)).clamp(LEAST, MOST)
    }

    fn claim(&self, now: i64) -> i64 {
        (self.claim - (now - self.claimed_at) / CLAIM_FALLS).max(0)
    }

    fn percentile(&self) -> i64 {
        let mut reached = 0.0;
        for (bin, end) in self.bins.iter().zip(1..) {
            reached += bin;
            if reached >= self.weight * IN_TIME {
                return end * BIN;
            }
        }
        MOST
    }
}
