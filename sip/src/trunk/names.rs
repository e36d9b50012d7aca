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
    while !named.is_empty() {
        let mut wait = FRESH;
        for target in &named {
            if let Err(error) = outlet.look_up(line, target).await {
                tracing::warn!(trunk = %line.config.name, %error, "calls from there are a stranger's until it is found");
                wait = MISSING;
            }
        }
        tokio::time::sleep(wait).await;
    }
}
