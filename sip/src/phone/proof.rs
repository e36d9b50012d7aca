//! Whether a request comes from the phone that it names (digest, RFC 8760): nonces out, credentials in. Pure.
//!
//! A nonce is its own record: when it was made, and a seal that only we can make. What is kept for each phone is the newest nonce that it has
//! used and how often, so that what somebody has overheard is worth nothing.

use crate::config::Account;
use crate::message::Fields;
use crate::trunk::digest::{Algorithm, Parameters, Question};
use sha2::{Digest, Sha256};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

/// A request that proved a phone may come again for so long; RFC 3261's transactions are not repeated for longer.
const REPEATED_FOR: Duration = Duration::from_secs(32);
/// A nonce that is older is stale.
pub(crate) const NONCE_LIFE: Duration = Duration::from_secs(300);

/// Makes nonces and knows them again.
pub(crate) struct Nonces {
    secret: [u8; 32],
    began: Instant,
    /// When the newest one was made; no two are made at the same time.
    newest: u64,
}

impl Nonces {
    pub(crate) fn new(secret: [u8; 32], now: Instant) -> Self {
        Nonces { secret, began: now, newest: 0 }
    }

    pub(crate) fn issue(&mut self, now: Instant) -> String {
        let at = u64::try_from(now.saturating_duration_since(self.began).as_micros()).unwrap_or(u64::MAX);
        self.newest = at.max(self.newest.saturating_add(1));
        let made = format!("{:016x}", self.newest);
        format!("{made}{}", self.seal(&made))
    }

    /// When it was made, in microseconds of ours; `None`: it is none of ours.
    fn issued(&self, nonce: &str) -> Option<u64> {
        let (at, seal) = nonce.split_at_checked(16)?;
        let made = u64::from_str_radix(at, 16).ok()?;
        is_same(seal, &self.seal(at)).then_some(made)
    }

    fn is_stale(&self, issued: u64, now: Instant) -> bool {
        now.saturating_duration_since(self.began).saturating_sub(Duration::from_micros(issued)) > NONCE_LIFE
    }

    fn seal(&self, text: &str) -> String {
        let sealed = Sha256::new().chain_update(self.secret).chain_update(text).finalize();
        sealed.iter().take(16).map(|octet| format!("{octet:02x}")).collect()
    }
}

/// A request as the same one is known again when it is repeated: by the same machine, in the same words. What somebody else has overheard is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Same {
    peer: SocketAddr,
    from: String,
    contact: Option<String>,
    call_id: String,
    cseq: String,
    branch: String,
}

impl Same {
    pub(crate) fn of(fields: &Fields, peer: SocketAddr) -> Option<Self> {
        Some(Same {
            peer,
            from: fields.first("From")?.to_owned(),
            contact: fields.first("Contact").map(str::to_owned),
            call_id: fields.first("Call-ID")?.to_owned(),
            cseq: fields.first("CSeq")?.to_owned(),
            branch: crate::message::via::branch(fields.first("Via")?)?.to_owned(),
        })
    }
}

/// What a phone has proved last.
#[derive(Debug, Default)]
pub(crate) struct Proved {
    /// When the newest nonce was made, and the highest count with it.
    used: Option<(u64, u32)>,
    /// The request that proved it, and when: repeated by a network or an impatient phone, it is no second use.
    by: Option<(Same, Instant)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Right,
    /// Right but for the nonce, which is another's, too old, or used already.
    Stale,
    Wrong,
}

/// The credentials of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    pub username: String,
    realm: String,
    nonce: String,
    uri: String,
    response: String,
    cnonce: String,
    algorithm: Algorithm,
    count: Option<u32>,
}

impl Given {
    /// The first that are for `realm`. `None`: there are none that can be read.
    pub(crate) fn read(fields: &Fields, realm: &str) -> Option<Self> {
        fields.all("Authorization").find_map(|value| {
            let all = Parameters::read(value)?;
            let text = |name: &str| all.get(name).map(str::to_owned);
            let counted = all.get("qop").is_some_and(|qop| qop.eq_ignore_ascii_case("auth"));
            let count = all.get("nc").and_then(|count| u32::from_str_radix(count, 16).ok());
            Some(Given {
                username: text("username")?,
                realm: text("realm").filter(|given| given == realm)?,
                nonce: text("nonce")?,
                uri: text("uri")?,
                response: text("response")?,
                cnonce: text("cnonce").unwrap_or_default(),
                algorithm: Algorithm::named(all.get("algorithm"))?,
                count: if counted { Some(count?) } else { None },
            })
        })
    }

    /// The digest's name, as a challenge writes it.
    pub(crate) fn algorithm(&self) -> &'static str {
        self.algorithm.name
    }

    /// Whether the nonce is one of ours, new or old.
    pub(crate) fn was_asked(&self, nonces: &Nonces) -> bool {
        nonces.issued(&self.nonce).is_some()
    }

    /// Judges them for a request with this method and Request-URI, and remembers their use.
    pub(crate) fn judge(
        &self,
        account: &Account,
        (method, uri): (&str, &str),
        same: Option<&Same>,
        proved: &mut Proved,
        nonces: &Nonces,
        now: Instant,
    ) -> Verdict {
        let Given { realm, nonce, cnonce, algorithm, count, .. } = self;
        let question = Question { algorithm: *algorithm, realm, nonce, method, uri: &self.uri };
        let expected = question.response(account, count.map(|count| (count, cnonce.as_str())), cnonce);
        // The digest covers what the phone says it asked for, which must be what it asked for.
        if !is_same(&self.response, &expected) || bare(&self.uri) != bare(uri) {
            return Verdict::Wrong;
        }
        let Some(issued) = nonces.issued(nonce) else { return Verdict::Stale };
        let is_repeated = |(by, at): &(Same, Instant)| same == Some(by) && now.saturating_duration_since(*at) <= REPEATED_FOR;
        if proved.by.as_ref().is_some_and(is_repeated) {
            return Verdict::Right;
        }
        let use_of_it = (issued, count.unwrap_or(1));
        if nonces.is_stale(issued, now) || proved.used.is_some_and(|used| use_of_it <= used) {
            return Verdict::Stale;
        }
        *proved = Proved { used: Some(use_of_it), by: same.cloned().map(|same| (same, now)) };
        Verdict::Right
    }
}

/// A URI without its parameters, which phones write in one place and not in the other.
fn bare(uri: &str) -> String {
    uri.split([';', '?']).next().unwrap_or_default().to_ascii_lowercase()
}

/// Compares without telling by time how much of it is right.
fn is_same(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

#[cfg(test)]
#[path = "proof_tests.rs"]
mod tests;
