//! What a caller's network has not sent with the call but keeps on a server: location and additional data by reference (RFC 6442,
//! RFC 7852). Fetched over HTTPS, or followed by a SIP subscription while the call lasts; nothing waits for either.

use super::line::Report;
use super::{Switchboard, convert, now};
use dispatch::contract::{AdditionalData, CallerLocation};
use dispatch::desk::Entry;
use dispatch::id::CallId;
use std::collections::HashMap;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The location servers of each trunk; a trunk that is not here has none, and what its callers point to is not followed.
pub type Servers = HashMap<sip::TrunkName, sip::LocationServers>;

/// A subscription to where the caller is. It ends when this is dropped.
pub struct Following {
    /// Whether the place that is known came by it.
    has_told: bool,
    _end: DropGuard,
}

/// Asks for what the invitation points to, in a task of its own.
pub fn fetch(servers: &Servers, call: CallId, invitation: &sip::Invitation, reports: mpsc::Sender<Report>) {
    let (references, data) = (invitation.location_references.clone(), invitation.data_references.clone());
    if references.is_empty() && data.is_empty() {
        return;
    }
    let Some(servers) = servers.get(&invitation.trunk).cloned() else {
        return metrics::counter!("siaga_references_not_followed_total").increment(1);
    };
    tokio::spawn(async move {
        let first = async { tell(&reports, call, servers.locate(&references, sip::Wanted::First).await, &[]).await };
        let data = async { tell(&reports, call, None, &servers.additional(&data).await).await };
        tokio::join!(first, data);
        // Whom to send is decided by the first place, where exactly by this one.
        tell(&reports, call, servers.locate(&references, sip::Wanted::Exact).await, &[]).await;
    });
}

async fn tell(reports: &mpsc::Sender<Report>, call: CallId, location: Option<sip::Location>, additional: &[sip::AdditionalData]) {
    if location.is_none() && additional.is_empty() {
        return;
    }
    let location = location.as_ref().map(convert::location);
    let additional = additional.iter().map(convert::additional).collect();
    // The switchboard ends before its tasks at a stop.
    let _ = reports.send(Report::Located { call, location, additional }).await;
}

/// Follows where the invitation's SIP references say that the caller is, in a task of its own.
pub fn follow(
    sip: &sip::UserAgent,
    call: CallId,
    invitation: &sip::Invitation,
    reports: mpsc::Sender<Report>,
) -> Option<Following> {
    let mut followed = sip.follow(&invitation.trunk, &invitation.location_references)?;
    let end = CancellationToken::new();
    let ended = end.clone();
    tokio::spawn(ended.run_until_cancelled_owned(async move {
        while let Some(location) = followed.next().await {
            if reports.send(Report::Relocated { call, location: convert::location(&location) }).await.is_err() {
                return;
            }
        }
    }));
    Some(Following { has_told: false, _end: end.drop_guard() })
}

impl Switchboard {
    /// A re-INVITE or UPDATE carries where the caller is. What it repeats is no news.
    pub(super) fn carried(&mut self, call: CallId, location: &sip::Location) {
        let Some(found) = self.calls.get_mut(&call) else { return };
        let location = convert::location(location);
        if found.carried.as_ref() == Some(&location) {
            return;
        }
        found.carried = Some(location.clone());
        let at = now();
        let entry = match found.view.location.replace(location.clone()) {
            None => Entry::Located { call, location: Some(location), additional: found.view.additional.clone(), at },
            Some(known) if known == location => return,
            Some(_) => Entry::Relocated { call, location, at },
        };
        self.journal.record(entry);
        self.board.call(&found.view);
    }

    /// What came with the call gives way only to what is more exact.
    pub(super) fn located(&mut self, call: CallId, location: Option<CallerLocation>, additional: Vec<AdditionalData>) {
        let Some(found) = self.calls.get_mut(&call) else { return };
        let at = now();
        let (first, better) = match (&found.view.location, location) {
            (None, location) => (location, None),
            (Some(known), Some(location)) if is_more_exact(&location, known) => (None, Some(location)),
            (Some(_), _) => (None, None),
        };
        if let Some(location) = first.as_ref().or(better.as_ref()) {
            found.view.location = Some(location.clone());
        }
        if first.is_some() || !additional.is_empty() {
            found.view.additional.extend(additional);
            self.journal.record(Entry::Located { call, location: first, additional: found.view.additional.clone(), at });
        }
        if let Some(location) = better {
            self.journal.record(Entry::Relocated { call, location, at });
        }
        self.board.call(&found.view);
    }

    /// The subscription tells where the caller is now.
    pub(super) fn relocated(&mut self, call: CallId, location: CallerLocation) {
        let Some(found) = self.calls.get_mut(&call) else { return };
        let Some(following) = &mut found.following else { return };
        let entry = match &found.view.location {
            None => {
                Entry::Located { call, location: Some(location.clone()), additional: found.view.additional.clone(), at: now() }
            }
            Some(known) if following.has_told || is_more_exact(&location, known) => {
                Entry::Relocated { call, location: location.clone(), at: now() }
            }
            Some(_) => return,
        };
        following.has_told = true;
        found.view.location = Some(location);
        self.journal.record(entry);
        self.board.call(&found.view);
    }
}

/// What came with the call gives way only to what says more: networks send the cell at once and the place itself when they have it.
fn is_more_exact(new: &CallerLocation, known: &CallerLocation) -> bool {
    let radius = |location: &CallerLocation| location.position.map(|_| location.radius_m.unwrap_or(0.0));
    match (radius(new), radius(known)) {
        (Some(new), Some(known)) => new < known,
        // An address in words is worth more than a circle.
        (Some(_) | None, None) | (None, Some(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dispatch::contract::Position;

    fn circle(radius_m: Option<f64>) -> CallerLocation {
        CallerLocation { position: Some(Position { latitude: 1.1, longitude: 104.0 }), radius_m, ..CallerLocation::default() }
    }

    #[test]
    fn only_a_more_exact_place_takes_the_place_of_what_came_with_the_call() {
        let words = CallerLocation { civic: Some("Jalan Imam Bonjol 7".into()), ..CallerLocation::default() };
        assert!(is_more_exact(&circle(Some(20.0)), &circle(Some(2000.0))));
        assert!(is_more_exact(&circle(None), &circle(Some(2000.0))), "a point has no radius");
        for (new, known) in [
            (circle(Some(2000.0)), circle(Some(20.0))),
            (circle(Some(20.0)), circle(Some(20.0))),
            (circle(Some(20.0)), circle(None)),
            (circle(Some(20.0)), words.clone()),
            (words.clone(), circle(Some(2000.0))),
        ] {
            assert!(!is_more_exact(&new, &known), "{new:?} {known:?}");
        }
    }
}
