//! When a media thread has to wake up, and what for. Setting a timer again replaces it; that is cheap, because an entry that
//! is no longer true stays in the heap until its time comes.

use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// What a timer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Timer {
    /// What need not be exact: silence, taps, connections.
    Housekeeping,
    TrunkSound(Uuid),
    Room(Uuid),
    Digits(Uuid),
    Text(Uuid),
    OperatorSound(Uuid),
    /// str0m's own.
    PeerConnection(Uuid),
}

#[derive(Debug, Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(Instant, Timer)>>,
    set: FxHashMap<Timer, Set>,
}

#[derive(Debug)]
struct Set {
    wanted: Instant,
    /// The entry in the heap that stands for it; not later than `wanted`.
    queued: Instant,
}

impl Timers {
    pub fn set(&mut self, timer: Timer, at: Instant) {
        let set = self.set.entry(timer).or_insert_with(|| {
            self.heap.push(Reverse((at, timer)));
            Set { wanted: at, queued: at }
        });
        set.wanted = at;
        if at < set.queued {
            set.queued = at;
            self.heap.push(Reverse((at, timer)));
        }
    }

    pub fn is_set(&self, timer: Timer) -> bool {
        self.set.contains_key(&timer)
    }

    pub fn clear(&mut self, timer: Timer) {
        self.set.remove(&timer);
    }

    /// How long the thread may sleep; `None` if for ever.
    pub fn wait(&self, now: Instant) -> Option<Duration> {
        self.heap.peek().map(|Reverse((at, _))| at.saturating_duration_since(now))
    }

    /// A timer whose time has come; it is no longer set.
    pub fn fire(&mut self, now: Instant) -> Option<Timer> {
        while let Some(Reverse((at, timer))) = self.heap.peek().copied() {
            if at > now {
                return None;
            }
            self.heap.pop();
            let Some(set) = self.set.get_mut(&timer).filter(|set| set.queued == at) else { continue };
            if set.wanted > now {
                set.queued = set.wanted;
                self.heap.push(Reverse((set.wanted, timer)));
                continue;
            }
            self.set.remove(&timer);
            return Some(timer);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn a_timer_set_again_fires_once_at_its_newest_time() {
        let start = clock::now();
        let timer = Timer::PeerConnection(Uuid::nil());
        let mut timers = Timers::default();
        timers.set(timer, start + ms(50));
        timers.set(timer, start + ms(10));
        timers.set(timer, start + ms(30));
        assert_eq!(timers.wait(start), Some(ms(10)));
        assert_eq!(timers.fire(start + ms(20)), None);
        assert_eq!(timers.fire(start + ms(30)), Some(timer));
        assert_eq!(timers.fire(start + ms(90)), None);
        assert_eq!(timers.wait(start), None);
    }

    #[test]
    fn a_cleared_timer_does_not_fire() {
        let start = clock::now();
        let mut timers = Timers::default();
        timers.set(Timer::Housekeeping, start);
        timers.clear(Timer::Housekeeping);
        assert!(!timers.is_set(Timer::Housekeeping));
        timers.set(Timer::Housekeeping, start + ms(5));
        assert_eq!(timers.fire(start + ms(4)), None);
        assert_eq!(timers.fire(start + ms(5)), Some(Timer::Housekeeping));
        assert_eq!(timers.fire(start + ms(6)), None);
    }
}
