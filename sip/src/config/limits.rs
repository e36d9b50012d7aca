//! Bounds, and what is done about strangers.

use crate::sdp::Families;
use std::time::Duration;

/// Bounds. Each has a counter; what is past it is answered with 503 and `Retry-After`, or closed.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Callers at once, from INVITE until the BYE is answered; and as many whom we call.
    pub max_calls: usize,
    /// SIP transactions at once; new calls past it get 503. Past twice as many, with those that are over and remembered, so does everything that
    /// begins one.
    pub max_transactions: usize,
    /// Capacity of the event channel.
    pub events: usize,
    /// Part of `events` that new calls may not take, so that running calls are always heard.
    pub reserved_events: usize,
    /// An INVITE that nobody answers, rejects or cancels ends after this time with 480.
    pub max_ring: Duration,
    /// A call of ours that nobody answers is given up after this time.
    pub max_calling: Duration,
    /// A ringing call is confirmed to the proxies on its way this often (RFC 3261 section 13.3.1.1).
    pub ring_again: Duration,
    /// Seconds of `Retry-After` in our own 503.
    pub retry_after_s: u32,
    /// TCP and TLS connections at once; strangers share an eighth of as many, apart.
    pub max_connections: usize,
    /// A connection that a phone began, or whoever is asked by us, is closed after this without a word; a trunk's stays for 24 times as long,
    /// if TCP finds the trunk there.
    pub idle: Duration,
    /// The shortest session interval taken, in seconds (`Min-SE` of RFC 4028, which allows no less than 90); a shorter one gets 422.
    pub min_session_s: u32,
    /// Alerts without a call (RFC 8876) are taken and told as `Event::Alert`. Without an owner that acts on them they get 405: an alert that
    /// was answered with 200 is one that somebody relies on.
    pub take_alerts: bool,
    /// Where the media side receives: of several streams of voice one that it can reach is taken.
    pub families: Families,
    /// RFC 3261 timer T1; 64 times this without ACK ends an answered call, without PRACK a ringing one.
    pub t1: Duration,
    /// How long `shut_down` waits for BYEs to be answered.
    pub shut_down: Duration,
    /// A call of ours that hears nothing at all for this long, or nothing but 100 for four times as long, goes by the next trunk, where there is one.
    pub silence: Duration,
    /// A connection to a carrier, with its TLS handshake, comes about in this time or not at all.
    pub connect: Duration,
    pub strangers: Strangers,
}

/// So many a second on average, and so many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub per_second: u32,
    pub burst: u32,
}

/// What addresses of no trunk hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strangers {
    /// Nothing.
    Silent,
    /// An INVITE, or a MESSAGE where alerts are taken, gets 403, so that a carrier whose address is not configured finds out; past `each` (a
    /// network of /24 or /64) or `all` it gets nothing, as does everything else.
    Refuse { each: Rate, all: Rate },
}

impl Default for Strangers {
    fn default() -> Self {
        Strangers::Refuse { each: Rate { per_second: 1, burst: 10 }, all: Rate { per_second: 20, burst: 100 } }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_calls: 500,
            max_transactions: 4000,
            events: 1024,
            reserved_events: 512,
            max_ring: Duration::from_secs(600),
            max_calling: Duration::from_secs(180),
            ring_again: Duration::from_secs(60),
            retry_after_s: 5,
            max_connections: 64,
            idle: Duration::from_secs(600),
            min_session_s: 90,
            take_alerts: false,
            families: Families::Both,
            t1: Duration::from_millis(500),
            shut_down: Duration::from_secs(3),
            silence: Duration::from_secs(5),
            connect: Duration::from_secs(5),
            strangers: Strangers::default(),
        }
    }
}
