//! A message that waits for its answer and is sent again until then (RFC 3261 sections 13.3.1.4, 17.1.1 and 17.1.2).

use std::time::{Duration, Instant};

const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);

/// How the intervals grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Growth {
    /// An INVITE: without bound.
    Doubles,
    /// Any other request, and a 200 that waits for its ACK: to four seconds.
    Capped,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    text: String,
    growth: Growth,
    interval: Duration,
    again_at: Instant,
    ends_at: Instant,
    heard: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    Nothing,
    Again(String),
    GivenUp,
}

impl Waiting {
    pub fn new(now: Instant, growth: Growth, text: String) -> Self {
        Self { text, growth, interval: T1, again_at: now + T1, ends_at: now + T1 * 64, heard: false }
    }

    /// A provisional response to an INVITE: what follows comes by itself.
    pub fn heard(&mut self) {
        self.heard = true;
    }

    pub fn deadline(&self) -> Option<Instant> {
        (!self.heard).then(|| self.again_at.min(self.ends_at))
    }

    pub fn poll(&mut self, now: Instant) -> Due {
        if self.heard {
            return Due::Nothing;
        }
        if now >= self.ends_at {
            return Due::GivenUp;
        }
        if now < self.again_at {
            return Due::Nothing;
        }
        self.interval = match self.growth {
            Growth::Doubles => self.interval * 2,
            Growth::Capped => (self.interval * 2).min(T2),
        };
        self.again_at = now + self.interval;
        Due::Again(self.text.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    fn sent(growth: Growth) -> Vec<u128> {
        let start = clock::instant();
        let mut waiting = Waiting::new(start, growth, "M".into());
        let mut times = vec![];
        while let Some(at) = waiting.deadline() {
            match waiting.poll(at) {
                Due::Again(_) => times.push((at - start).as_millis()),
                Due::GivenUp => {
                    assert_eq!((at - start).as_millis(), 32_000);
                    return times;
                }
                Due::Nothing => panic!("woken for nothing"),
            }
        }
        panic!("it was never given up")
    }

    #[test]
    fn an_unanswered_invite_is_repeated_ever_more_rarely_and_then_given_up() {
        assert_eq!(sent(Growth::Doubles), [500, 1_500, 3_500, 7_500, 15_500, 31_500]);
    }

    #[test]
    fn any_other_request_is_repeated_every_four_seconds_in_the_end() {
        assert_eq!(sent(Growth::Capped), [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    }

    #[test]
    fn once_it_rings_the_invite_is_not_repeated() {
        let start = clock::instant();
        let mut waiting = Waiting::new(start, Growth::Doubles, "M".into());
        waiting.heard();
        assert_eq!((waiting.deadline(), waiting.poll(start + T1 * 100)), (None, Due::Nothing));
    }
}
