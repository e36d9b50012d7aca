//! An operator's seat: the browser and the headset of one person whose shift runs. What the person wants and does is the queue's.

use dispatch::contract::OperatorView;
use dispatch::domain::queue::OperatorStatus;

#[derive(Debug, Clone)]
pub struct Seat {
    pub name: String,
    pub media_connected: bool,
    pub browser_connected: bool,
}

impl Seat {
    /// A shift is begun from a browser that is there; its headset comes after.
    pub fn new(name: String) -> Self {
        Self { name, media_connected: false, browser_connected: true }
    }

    /// Whether a call can reach the person.
    pub fn is_present(&self) -> bool {
        self.media_connected && self.browser_connected
    }

    pub fn view(&self, status: OperatorStatus) -> OperatorView {
        OperatorView {
            id: status.operator,
            name: self.name.clone(),
            state: status.state,
            since: status.since,
            call: status.call,
            media_connected: self.media_connected,
            browser_connected: self.browser_connected,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_reaches_only_who_has_both_page_and_headset() {
        let mut seat = Seat::new("Ani".into());
        assert!(!seat.is_present(), "the headset is not connected yet");
        seat.media_connected = true;
        assert!(seat.is_present());
        seat.browser_connected = false;
        assert!(!seat.is_present(), "the page was closed");
    }
}
