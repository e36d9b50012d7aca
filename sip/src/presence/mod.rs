//! Locations that a caller's network tells by SIP presence (RFC 6442 section 4.6): SUBSCRIBE to what Geolocation points to, NOTIFY with PIDF-LO
//! for as long as the call lasts.
//!
//! Nothing here delays a call: its owner follows beside it and takes what comes as news. A reference is followed only to hosts that the trunk's
//! setting names. While such a host is asked it may answer and notify, and nothing else: it is a guest, no trunk.

mod follow;
mod state;
mod subject;
mod subscription;

pub(crate) use follow::{Telling, follow};
pub(crate) use subject::subject;
pub(crate) use subscription::Answer;

use crate::clock::now;
use crate::counters;
use crate::location::{Location, Unfetched};
use crate::message::stamp::Source;
use crate::message::{Fields, parameter};
use crate::trunk::Line;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use subscription::Subscription;
use tokio::sync::{Notify, watch};
use tokio_util::sync::DropGuard;

/// Subscriptions at once; past it a call goes without.
const AT_ONCE: usize = 256;

/// What a NOTIFY says of its subscription, whosever that is.
#[cfg(feature = "fuzzing")]
pub(crate) fn read(fields: &Fields) -> bool {
    state::is_presence(fields) && matches!(state::state(fields), state::State::Kept(_))
}

/// The places where a call's caller is, one after another. The subscription behind it ends when this is dropped.
#[derive(Debug)]
pub struct Followed {
    told: watch::Receiver<Option<Location>>,
    fault: Arc<OnceLock<Unfetched>>,
    _left: DropGuard,
}

impl Followed {
    pub(crate) fn new(left: DropGuard) -> (Self, Telling) {
        let ((places, told), fault) = (watch::channel(None), Arc::default());
        let telling = Telling { places, fault: Arc::clone(&fault) };
        (Followed { told, fault, _left: left }, telling)
    }

    /// The next location, the newest where several came meanwhile. `None`: there will be no more.
    pub async fn next(&mut self) -> Option<Location> {
        self.told.changed().await.ok()?;
        self.told.borrow_and_update().clone()
    }

    /// Why there was no location at all, when there will be none.
    pub fn fault(&self) -> Option<Unfetched> {
        self.fault.get().copied()
    }
}

/// Call-ID and our tag.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    call_id: String,
    tag: String,
}

impl Key {
    /// As a NOTIFY names it.
    fn of(fields: &Fields) -> Key {
        let call_id = fields.first("Call-ID").unwrap_or_default().to_owned();
        let tag = fields.first("To").and_then(|to| parameter(to, "tag")).unwrap_or_default().to_owned();
        Key { call_id, tag }
    }
}

/// A subscription that NOTIFY finds.
struct Watched {
    subscription: Mutex<Subscription>,
    /// Told when a NOTIFY changed it.
    changed: Notify,
    line: Arc<Line>,
    /// Who was asked.
    peer: IpAddr,
}

impl Watched {
    fn lock(&self) -> MutexGuard<'_, Subscription> {
        // Each step leaves it whole.
        self.subscription.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All subscriptions that there are.
#[derive(Default)]
pub(crate) struct Presence {
    inner: Mutex<Inner>,
    /// Told when the last one is over.
    pub(crate) emptied: Notify,
}

#[derive(Default)]
struct Inner {
    watched: HashMap<Key, Arc<Watched>>,
    /// How many subscriptions each address is asked for.
    peers: HashMap<IpAddr, (usize, Arc<Line>)>,
}

impl Presence {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None`: there are as many as there may be.
    fn begin(self: &Arc<Self>, key: Key, watched: Arc<Watched>) -> Option<Place> {
        let mut inner = self.lock();
        if inner.watched.len() >= AT_ONCE {
            return None;
        }
        let peer = watched.peer;
        inner.peers.entry(peer).or_insert_with(|| (0, watched.line.clone())).0 += 1;
        inner.watched.insert(key.clone(), watched);
        Some(Place { presence: self.clone(), key, peer })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().watched.is_empty()
    }

    /// The trunk on whose behalf this address is being asked.
    pub(crate) fn asks(&self, address: IpAddr) -> Option<Arc<Line>> {
        self.lock().peers.get(&address.to_canonical()).map(|(_, line)| line.clone())
    }

    /// Whether there is a subscription that a request belongs to.
    pub(crate) fn awaits(&self, fields: &Fields) -> bool {
        self.lock().watched.contains_key(&Key::of(fields))
    }

    /// Takes a NOTIFY. One that comes from elsewhere than the trunk or whom we asked is of nobody we know, whatever tags it has.
    pub(crate) fn take(&self, fields: &Fields, body: &[u8], source: Source) -> Answer {
        let Some(watched) = self.lock().watched.get(&Key::of(fields)).cloned() else { return Answer::Unknown };
        let address = source.peer.ip().to_canonical();
        if address != watched.peer && !watched.line.covers(address) {
            counters::fetched("forged");
            return Answer::Unknown;
        }
        let answer = watched.lock().handle_notify(fields, body, now());
        match answer {
            Answer::NoLocation => counters::fetched("no_location"),
            Answer::TooFast => counters::fetched("too_fast"),
            Answer::Ok | Answer::Unknown | Answer::BadEvent | Answer::OutOfOrder => {}
        }
        watched.changed.notify_one();
        answer
    }
}

/// The place of one subscription, given back on drop.
struct Place {
    presence: Arc<Presence>,
    key: Key,
    peer: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inner = self.presence.lock();
        inner.watched.remove(&self.key);
        if let Some((count, _)) = inner.peers.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                inner.peers.remove(&self.peer);
            }
        }
        if inner.watched.is_empty() {
            self.presence.emptied.notify_waiters();
        }
    }
}
