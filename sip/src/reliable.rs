//! Provisional responses that are repeated until a PRACK acknowledges them (RFC 3262, the called side). Pure: time comes in, responses come out.
//!
//! At most one is unacknowledged at a time; a description that comes meanwhile waits for its turn, a repeated 180 is left out.

use crate::config::Reliability;
use crate::message::Fields;
use std::time::Duration;
use tokio::time::Instant;

/// The option tag.
pub(crate) const TAG: &str = "100rel";

/// Which provisional responses of a call go out reliably.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The caller requires it for each of them.
    All,
    /// The same of a caller who made no offer: the first one carries ours (RFC 3262 section 5), and before that there is none.
    Offering,
    /// The caller knows it and the trunk asks for it: those with a description.
    Described,
}

/// Whether the caller takes no provisional response but 100 that is not reliable (RFC 3262 section 3).
pub(crate) fn is_required(invite: &Fields) -> bool {
    invite.lists("Require", TAG)
}

/// What an INVITE and its trunk ask for. `None`: no reliable responses.
///
/// A caller who made no offer and only knows them gets none: a plain 180 at once does it no harm, and our offer goes into the 200.
pub(crate) fn scope(invite: &Fields, trunk: Reliability, has_offer: impl FnOnce() -> bool) -> Option<Scope> {
    if is_required(invite) {
        return Some(if has_offer() { Scope::All } else { Scope::Offering });
    }
    let is_wanted = invite.lists("Supported", TAG) && trunk == Reliability::WhenSupported;
    (is_wanted && has_offer()).then_some(Scope::Described)
}

/// A provisional response to be sent, for the first time or again: 183 with `body`, 180 without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Provisional {
    pub rseq: u32,
    pub body: Option<Vec<u8>>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Again(Provisional),
    /// 64 T1 without a PRACK: the INVITE is to be refused with a 5xx (RFC 3262 section 3).
    GiveUp,
}

#[derive(Debug)]
pub(crate) struct Reliable {
    scope: Scope,
    /// CSeq of the INVITE.
    invite: u32,
    t1: Duration,
    next: u32,
    pending: Option<Pending>,
    waiting: Option<Vec<u8>>,
}

#[derive(Debug)]
struct Pending {
    sent: Provisional,
    /// `None` once a final response is out: a PRACK is still welcome, but nothing is repeated.
    repeat: Option<Repeat>,
}

#[derive(Debug)]
struct Repeat {
    after: Duration,
    at: Instant,
    until: Instant,
}

impl Reliable {
    /// `first` is the first RSeq, random in 1..2^31 (RFC 3262 section 3).
    pub(crate) fn new(scope: Scope, invite: u32, first: u32, t1: Duration) -> Self {
        Reliable { scope, invite, t1, next: first, pending: None, waiting: None }
    }

    /// Whether a response of this kind is to go through [`Reliable::send`].
    pub(crate) fn covers(&self, described: bool) -> bool {
        described || self.scope != Scope::Described
    }

    /// Takes a response. `Some`: send it now; `None`: another one is not acknowledged yet, or our offer is to come first.
    pub(crate) fn send(&mut self, body: Option<Vec<u8>>, now: Instant) -> Option<Provisional> {
        if self.scope == Scope::Offering {
            body.as_ref()?;
            self.scope = Scope::All;
        }
        if self.pending.is_some() {
            self.waiting = body.or(self.waiting.take());
            return None;
        }
        let sent = Provisional { rseq: self.next, body };
        self.next = self.next.wrapping_add(1);
        let repeat = Repeat { after: self.t1, at: now + self.t1, until: now + self.t1 * 64 };
        self.pending = Some(Pending { sent: sent.clone(), repeat: Some(repeat) });
        Some(sent)
    }

    /// Takes the RAck of a PRACK (`RSeq CSeq INVITE`). `false`: it acknowledges nothing that was sent.
    pub(crate) fn acknowledge(&mut self, rack: &str) -> bool {
        let mut words = rack.split_whitespace();
        let mut number = || words.next().and_then(|word| word.parse::<u32>().ok());
        let (rseq, cseq) = (number(), number());
        let of_invite = words.next() == Some("INVITE") && words.next().is_none() && cseq == Some(self.invite);
        let hit = of_invite && self.pending.as_ref().is_some_and(|pending| Some(pending.sent.rseq) == rseq);
        if hit {
            self.pending = None;
        }
        hit
    }

    /// The response whose turn has come, after an acknowledgement.
    pub(crate) fn proceed(&mut self, now: Instant) -> Option<Provisional> {
        if self.pending.is_some() {
            return None;
        }
        let body = self.waiting.take()?;
        self.send(Some(body), now)
    }

    /// Whether a 2xx has to wait (RFC 3262 section 3): a description is not acknowledged.
    pub(crate) fn holds_answer(&self) -> bool {
        self.pending.as_ref().is_some_and(|pending| pending.sent.body.is_some())
    }

    /// A final response is out.
    pub(crate) fn stop(&mut self) {
        self.waiting = None;
        if let Some(pending) = &mut self.pending {
            pending.repeat = None;
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        let repeat = self.pending.as_ref()?.repeat.as_ref()?;
        Some(repeat.at.min(repeat.until))
    }

    pub(crate) fn poll(&mut self, now: Instant) -> Option<Due> {
        let pending = self.pending.as_mut()?;
        let repeat = pending.repeat.as_mut()?;
        if now >= repeat.until {
            self.stop();
            return Some(Due::GiveUp);
        }
        if now < repeat.at {
            return None;
        }
        repeat.after *= 2;
        repeat.at = now + repeat.after;
        Some(Due::Again(pending.sent.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T1: Duration = Duration::from_millis(500);

    fn reliable() -> (Reliable, Instant) {
        (Reliable::new(Scope::All, 7, 100, T1), crate::clock::now())
    }

    fn invite(name: &str, value: &str) -> Fields {
        Fields(vec![(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn it_is_used_when_required_or_when_known_and_asked_for() {
        use Reliability::{WhenRequired, WhenSupported};
        for (name, value, trunk, expected, without) in [
            ("Require", "timer, 100REL", WhenRequired, Some(Scope::All), Some(Scope::Offering)),
            ("Supported", "timer,100rel", WhenSupported, Some(Scope::Described), None),
            ("Supported", "100rel", WhenRequired, None, None),
            ("Supported", "timer", WhenSupported, None, None),
        ] {
            let of = |has_offer| scope(&invite(name, value), trunk, || has_offer);
            assert_eq!((of(true), of(false)), (expected, without), "{name} {value} {trunk:?}");
        }
    }

    #[test]
    fn to_who_made_no_offer_ours_comes_first_and_no_other_goes_out_unreliably() {
        let now = crate::clock::now();
        let mut reliable = Reliable::new(Scope::Offering, 7, 100, T1);
        assert!(reliable.covers(false) && reliable.covers(true));
        assert_eq!((reliable.send(None, now), reliable.deadline()), (None, None), "nothing is to be acknowledged");
        let offer = Some(b"offer".to_vec());
        assert_eq!(reliable.send(offer.clone(), now), Some(Provisional { rseq: 100, body: offer }));
        assert!(reliable.holds_answer());
        assert!(reliable.acknowledge("100 7 INVITE"));
        assert_eq!(reliable.send(None, now), Some(Provisional { rseq: 101, body: None }));
    }

    #[test]
    fn it_is_repeated_at_doubling_distances_until_64_t1() {
        let (mut reliable, start) = reliable();
        reliable.send(None, start).unwrap();
        let mut at = Vec::new();
        loop {
            let now = reliable.deadline().unwrap();
            match reliable.poll(now) {
                Some(Due::Again(again)) => {
                    assert_eq!(again.rseq, 100);
                    at.push((now - start).as_millis());
                }
                due => {
                    assert_eq!((due, now - start), (Some(Due::GiveUp), T1 * 64));
                    break;
                }
            }
        }
        assert_eq!(at, [500, 1500, 3500, 7500, 15_500, 31_500]);
        assert_eq!(reliable.deadline(), None);
    }

    #[test]
    fn only_the_prack_of_what_was_sent_acknowledges() {
        let (mut reliable, now) = reliable();
        assert!(!reliable.acknowledge("100 7 INVITE"), "nothing was sent");
        reliable.send(None, now).unwrap();
        for stray in ["", "101 7 INVITE", "100 8 INVITE", "100 7 BYE", "100 7", "x 7 INVITE", "100 7 INVITE x"] {
            assert!(!reliable.acknowledge(stray), "{stray}");
        }
        assert!(reliable.acknowledge(" 100  7 INVITE"));
        assert!(!reliable.acknowledge("100 7 INVITE"), "only once");
        assert_eq!((reliable.deadline(), reliable.poll(now + T1 * 100)), (None, None));
    }

    #[test]
    fn the_next_one_waits_for_the_acknowledgement_and_has_the_next_number() {
        let (mut reliable, now) = reliable();
        reliable.send(None, now).unwrap();
        assert_eq!(reliable.send(Some(b"old".to_vec()), now), None);
        assert_eq!(reliable.send(Some(b"new".to_vec()), now), None);
        assert_eq!(reliable.send(None, now), None);
        assert!(!reliable.holds_answer(), "the description is not out yet");
        assert_eq!(reliable.proceed(now), None);
        assert!(reliable.acknowledge("100 7 INVITE"));
        assert_eq!(reliable.proceed(now), Some(Provisional { rseq: 101, body: Some(b"new".to_vec()) }));
        assert!(reliable.holds_answer());
        assert_eq!(reliable.proceed(now), None);
    }

    #[test]
    fn after_the_final_response_nothing_is_repeated_but_a_late_prack_counts() {
        let (mut reliable, now) = reliable();
        reliable.send(None, now).unwrap();
        reliable.stop();
        assert_eq!((reliable.deadline(), reliable.poll(now + T1 * 100)), (None, None));
        assert!(reliable.acknowledge("100 7 INVITE"));
    }
}
