//! What a caller's network has not sent with the call but keeps on a server: location and additional data by reference (RFC 6442,
//! RFC 7852). Fetched over HTTPS, or followed by a SIP subscription while the call lasts; nothing waits for either.

use super::line::Report;
use super::{Switchboard, convert, now};
use dispatch::contract::{AdditionalData, AlarmKind, CallerLocation};
use dispatch::desk::{Entry, Sought, Unfetched};
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

/// What a call points to and nobody is asked for, because the trunk's setting does not name where it is. Of several references to the place one is
/// enough, while each one to data leads to something else. `subscribed`: the place is followed by SIP.
pub fn not_allowed(
    servers: Option<&sip::LocationServers>,
    (places, data): (&[sip::LocationReference], &[sip::DataReference]),
    subscribed: bool,
) -> Vec<Sought> {
    let allows = |reference: &sip::LocationReference| servers.is_some_and(|servers| servers.allows(reference));
    let place = !subscribed && !places.is_empty() && !places.iter().any(allows);
    let facts = data.iter().any(|data| !allows(&data.reference));
    [place.then_some(Sought::Place), facts.then_some(Sought::Facts)].into_iter().flatten().collect()
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
        let first = async {
            let found = servers.locate(&references, sip::Wanted::First).await;
            regret(&reports, call, Sought::Place, found.as_ref().err().copied()).await;
            tell(&reports, call, found.ok(), &[]).await;
        };
        let data = async {
            let (found, fault) = servers.additional(&data).await;
            regret(&reports, call, Sought::Facts, fault).await;
            tell(&reports, call, None, &found).await;
        };
        tokio::join!(first, data);
        // Whom to send is decided by the first place, where exactly by this one.
        tell(&reports, call, servers.locate(&references, sip::Wanted::Exact).await.ok(), &[]).await;
    });
}

/// Tells why something could not be had. What the setting does not allow was told when the call came.
async fn regret(reports: &mpsc::Sender<Report>, call: CallId, what: Sought, fault: Option<sip::Unfetched>) {
    let why = match fault {
        None | Some(sip::Unfetched::NotAllowed) => return,
        Some(sip::Unfetched::Busy) => Unfetched::Busy,
        Some(sip::Unfetched::Silent) => Unfetched::Silent,
        Some(sip::Unfetched::Refused) => Unfetched::Refused,
    };
    // The switchboard ends before its tasks at a stop.
    let _ = reports.send(Report::NotFetched { call, what, why }).await;
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
        regret(&reports, call, Sought::Place, followed.fault()).await;
    }));
    Some(Following { has_told: false, _end: end.drop_guard() })
}

impl Switchboard {
    /// A re-INVITE or UPDATE carries where the caller is. What it repeats is no news.
    pub(super) fn carried(&mut self, call: CallId, location: &sip::Location) {
        let Some(found) = self.calls.get_mut(&call) else { return };
        let location = convert::location(location);
        let before = found.carried.replace(location.clone());
        if before.as_ref().is_some_and(|before| is_same(before, &location)) {
            return;
        }
        let at = now();
        let entry = match &found.view.location {
            None => Entry::Located { call, location: Some(location.clone()), additional: found.view.additional.clone(), at },
            // What a server knows better stays until the call itself says something as exact.
            Some(known) if before.as_ref().is_some_and(|before| is_same(before, known)) || is_more_exact(&location, known) => {
                Entry::Relocated { call, location: with_address(location, known), at }
            }
            Some(_) => return,
        };
        self.moved(call, entry);
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
        let better = better.zip(found.view.location.clone()).map(|(location, known)| with_address(location, &known));
        if first.is_some() || !additional.is_empty() {
            found.view.additional.extend(additional);
            let entry = Entry::Located { call, location: first, additional: found.view.additional.clone(), at };
            self.moved(call, entry);
        }
        if let Some(location) = better {
            self.moved(call, Entry::Relocated { call, location, at });
        }
    }

    /// What the caller's network only points to could not be had: the operator asks for it instead.
    pub(super) fn not_fetched(&self, call: CallId, what: Sought, why: Unfetched) {
        // Nobody asks a caller who is gone.
        let Some(found) = self.calls.get(&call).filter(|found| found.view.caller_gone_at.is_none()) else { return };
        if why == Unfetched::NotAllowed {
            self.desk.raise_alarm(AlarmKind::LocationNotAllowed { trunk: found.view.trunk.clone() }, now());
        } else if what == Sought::Place && found.view.location != found.carried {
            // The place is known by another way.
            return;
        }
        self.journal.record(Entry::NotFetched { call, what, why, at: now() });
    }

    /// Writes down and shows where the caller is, and what else is known.
    fn moved(&mut self, call: CallId, entry: Entry) {
        let Some(found) = self.calls.get_mut(&call) else { return };
        if let Entry::Located { location: Some(location), .. } | Entry::Relocated { location, .. } = &entry {
            found.view.location = Some(location.clone());
        }
        self.board.call(&found.view);
        self.journal.record(entry);
    }

    /// The subscription tells where the caller is now.
    pub(super) fn relocated(&mut self, call: CallId, location: CallerLocation) {
        let Some(found) = self.calls.get_mut(&call) else { return };
        let Some(following) = &mut found.following else { return };
        let entry = match &found.view.location {
            None => {
                Entry::Located { call, location: Some(location.clone()), additional: found.view.additional.clone(), at: now() }
            }
            // The caller moves: the address of before is not the one of now.
            Some(_) if following.has_told => Entry::Relocated { call, location, at: now() },
            Some(known) if is_more_exact(&location, known) => {
                Entry::Relocated { call, location: with_address(location, known), at: now() }
            }
            Some(_) => return,
        };
        following.has_told = true;
        self.moved(call, entry);
    }
}

/// The same place, whenever it was found.
fn is_same(one: &CallerLocation, other: &CallerLocation) -> bool {
    CallerLocation { at: None, ..one.clone() } == CallerLocation { at: None, ..other.clone() }
}

/// A point says where, and the address that is known already goes on saying it in words.
fn with_address(location: CallerLocation, known: &CallerLocation) -> CallerLocation {
    let civic = location.civic.clone().or_else(|| known.civic.clone());
    CallerLocation { civic, ..location }
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
    fn a_place_that_is_repeated_later_is_no_news_and_a_better_point_keeps_the_address() {
        let later = CallerLocation { at: Some("2026-11-25T08:00:00Z".parse().unwrap()), ..circle(Some(20.0)) };
        assert!(is_same(&later, &circle(Some(20.0))) && !is_same(&later, &circle(Some(21.0))));
        let known = CallerLocation { civic: Some("Jalan Imam Bonjol 7".into()), ..circle(Some(2000.0)) };
        assert_eq!(with_address(circle(Some(20.0)), &known), CallerLocation { civic: known.civic.clone(), ..circle(Some(20.0)) });
    }

    #[test]
    fn what_is_on_a_server_that_the_setting_does_not_name_is_told() {
        use sip::LocationReference::{Https, Sip};
        use sip::{DataKind, DataReference};
        let servers = sip::LocationServers::new(vec!["lis.example".parse().unwrap()], None).unwrap();
        let [here, elsewhere] = ["https://lis.example/7", "https://other.example/7"].map(|url| Https(url.into()));
        let data = |reference: &sip::LocationReference| DataReference { kind: DataKind::Comment, reference: reference.clone() };
        let of = |places: &[sip::LocationReference], facts: &[DataReference], subscribed| {
            not_allowed(Some(&servers), (places, facts), subscribed)
        };
        assert_eq!(of(&[], &[], false), []);
        assert_eq!(of(&[elsewhere.clone(), here.clone()], &[data(&here)], false), [], "one place is enough");
        assert_eq!(of(std::slice::from_ref(&elsewhere), &[data(&here), data(&elsewhere)], false), [Sought::Place, Sought::Facts]);
        let by_sip = [Sip("sip:7@lis.example".into())];
        assert_eq!((of(&by_sip, &[], true), of(&by_sip, &[], false)), (vec![], vec![Sought::Place]));
        assert_eq!(not_allowed(None, (std::slice::from_ref(&here), &[]), false), [Sought::Place], "a trunk without servers");
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
