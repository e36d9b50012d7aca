//! Alerts that came by SIP (RFC 8876), on their way to the desk, whose journal keeps them. Their senders have been answered already.

use super::{Inbox, Switchboard, convert};

impl Switchboard {
    /// An alert that is none for people, such as an exercise, goes no further.
    pub(super) fn take_alert(&self, alert: &sip::Alert) {
        match convert::alert(alert) {
            Some(alert) => self.desk.take_alert(alert),
            None => metrics::counter!("siaga_alerts_ignored_total").increment(1),
        }
    }

    /// The server stops: alerts that were answered and not heard yet are taken, and none is answered any more but with "later".
    pub(super) fn take_last_alerts(&self, inbox: &mut Inbox) {
        inbox.sip.close();
        while let Ok(event) = inbox.sip.try_recv() {
            if let sip::Event::Alert(alert) = event {
                self.take_alert(&alert);
            }
        }
    }
}
