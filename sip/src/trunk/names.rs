//! Looks a carrier's names up all the time: its calls come from addresses that nobody wrote down, and the first must not be a stranger's.

use super::Line;
use crate::config::Host;
use crate::outlet::Outlet;
use std::time::Duration;

/// How long what was found counts as fresh. A carrier that moves keeps its old addresses going for longer than that.
const FRESH: Duration = Duration::from_secs(60);
/// How soon a name that was not found is looked up again.
const MISSING: Duration = Duration::from_secs(5);

/// Runs until it is dropped. Ends at once for a trunk that has no names.
pub(super) async fn keep_known(line: &Line, outlet: &Outlet) {
    let named: Vec<_> = line.config.targets().filter(|target| matches!(target.host, Host::Name(_))).collect();
    let (trunk, mut all_known) = (&line.config.name, true);
    while !named.is_empty() {
        let mut missing = None;
        for target in &named {
            missing = outlet.look_up(line, target).await.err().or(missing);
        }
        // Once for each time that it changes: a name may be missing for days.
        match &missing {
            Some(error) if all_known => tracing::warn!(%trunk, %error, "calls from there are a stranger's until it is found"),
            None if !all_known => tracing::info!(%trunk, "all its names are found"),
            _ => {}
        }
        all_known = missing.is_none();
        tokio::time::sleep(if all_known { FRESH } else { MISSING }).await;
    }
}
