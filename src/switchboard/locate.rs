//! What a caller's network has not sent with the call but keeps on a server: location and additional data by reference (RFC 6442,
//! RFC 7852). Fetched beside the ringing; nothing waits for it.

use super::line::Report;
use super::{Switchboard, convert, now};
use dispatch::contract::{AdditionalData, CallerLocation};
use dispatch::desk::Entry;
use dispatch::id::CallId;
use std::collections::HashMap;
use tokio::sync::mpsc;

/// The location servers of each trunk; a trunk that is not here has none, and what its callers point to is not followed.
pub type Servers = HashMap<sip::TrunkName, sip::LocationServers>;

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
        let (location, additional) = tokio::join!(servers.locate(&references), servers.additional(&data));
        let (location, additional) =
            (location.as_ref().map(convert::location), additional.iter().map(convert::additional).collect::<Vec<_>>());
        if location.is_some() || !additional.is_empty() {
            // The switchboard ends before its tasks at a stop.
            let _ = reports.send(Report::Located { call, location, additional }).await;
        }
    });
}

impl Switchboard {
    /// The location that came with the call stays.
    pub(super) fn located(&mut self, call: CallId, location: Option<CallerLocation>, additional: Vec<AdditionalData>) {
        let Some(found) = self.calls.get_mut(&call) else { return };
        if found.view.location.is_none() {
            found.view.location = location.clone();
        }
        found.view.additional.extend(additional);
        self.journal.record(Entry::Located { call, location, additional: found.view.additional.clone(), at: now() });
        self.board.call(&found.view);
    }
}
