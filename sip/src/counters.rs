//! Every counter of this crate, by name. Labels are codes and trunk names only, never a caller's data.

use crate::config::TrunkName;
use crate::event::EndedBy;

/// A message was discarded without a reply.
pub(crate) fn dropped(reason: &'static str) {
    metrics::counter!("siaga_sip_dropped_total", "reason" => reason).increment(1);
}

/// A request of a call came from an address that is not among the trunk's.
pub(crate) fn beside(trunk: &TrunkName) {
    metrics::counter!("siaga_sip_beside_peers_total", "trunk" => trunk.0.clone()).increment(1);
}

/// A response could not be sent; it is sent again by its timers, if it has any.
pub(crate) fn unsent() {
    metrics::counter!("siaga_sip_unsent_total").increment(1);
}

/// A transaction that no timer ended was forgotten.
pub(crate) fn let_go() {
    metrics::counter!("siaga_sip_transactions_let_go_total").increment(1);
}

/// A request was answered with a refusal before any dialog.
pub(crate) fn refused(code: u16, reason: &'static str) {
    metrics::counter!("siaga_sip_refused_total", "code" => code.to_string(), "reason" => reason).increment(1);
}

/// A message was passed on after a repair.
pub(crate) fn repaired(what: &'static str) {
    metrics::counter!("siaga_sip_repaired_total", "repair" => what).increment(1);
}

/// A call began to ring.
pub(crate) fn invited(trunk: &TrunkName) {
    metrics::counter!("siaga_sip_calls_total", "trunk" => trunk.0.clone(), "direction" => "inbound").increment(1);
}

/// A call was begun by us.
pub(crate) fn called(trunk: &TrunkName) {
    metrics::counter!("siaga_sip_calls_total", "trunk" => trunk.0.clone(), "direction" => "outbound").increment(1);
}

/// An alert without a call came: `told`, or `repeated` and only answered.
pub(crate) fn alerted(trunk: &TrunkName, outcome: &'static str) {
    metrics::counter!("siaga_sip_alerts_total", "trunk" => trunk.0.clone(), "outcome" => outcome).increment(1);
}

/// What became of a location or of data that a call only points to.
pub(crate) fn fetched(outcome: &'static str) {
    metrics::counter!("siaga_sip_references_total", "outcome" => outcome).increment(1);
}

/// A leg is over.
pub(crate) fn ended(by: EndedBy) {
    metrics::counter!("siaga_sip_ended_total", "by" => by.label()).increment(1);
}

/// Calls at once, both directions.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn running(calls: usize) {
    metrics::gauge!("siaga_sip_calls").set(calls as f64);
}

/// A running leg waits because the events' receiver is behind.
pub(crate) fn events_full() {
    metrics::counter!("siaga_sip_events_waiting_total").increment(1);
}

/// A connection to a carrier was wanted: it is `open`, or `failed`.
pub(crate) fn dialled(outcome: &'static str) {
    metrics::counter!("siaga_sip_connections_dialled_total", "outcome" => outcome).increment(1);
}

/// A trunk's proxy answers, or it does not.
pub(crate) fn trunk_up(trunk: &TrunkName, up: bool) {
    metrics::gauge!("siaga_sip_trunk_up", "trunk" => trunk.0.clone()).set(f64::from(u8::from(up)));
}

/// A registration came about, or was lost.
pub(crate) fn registered(trunk: &TrunkName, outcome: &'static str) {
    metrics::counter!("siaga_sip_registrations_total", "trunk" => trunk.0.clone(), "outcome" => outcome).increment(1);
}

/// A desk phone `registered`, or is `lost`.
pub(crate) fn phone(outcome: &'static str) {
    metrics::counter!("siaga_sip_phone_registrations_total", "outcome" => outcome).increment(1);
}

/// A call of ours went on to the next trunk, because this one ended it with `code`.
pub(crate) fn failed_over(trunk: &TrunkName, code: u16) {
    metrics::counter!("siaga_sip_failovers_total", "trunk" => trunk.0.clone(), "code" => code.to_string()).increment(1);
}

/// A trunk redirected a call of ours: it is `followed`, or `refused`.
pub(crate) fn redirected(trunk: &TrunkName, outcome: &'static str) {
    metrics::counter!("siaga_sip_redirections_total", "trunk" => trunk.0.clone(), "outcome" => outcome).increment(1);
}

/// A TCP or TLS connection ended.
pub(crate) fn connection_closed(reason: &'static str) {
    metrics::counter!("siaga_sip_connections_closed_total", "reason" => reason).increment(1);
}
