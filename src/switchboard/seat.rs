//! An operator's seat: the headset, or the desk phone, of one person whose shift runs. What the person wants and does is the queue's; whether a
//! page of the console is open is known before there is a seat.

use dispatch::contract::{Learned, OperatorState, OperatorView};
use dispatch::domain::queue::{Abilities, OperatorStatus};
use dispatch::id::ReportId;

#[derive(Debug, Clone)]
pub struct Seat {
    pub name: String,
    /// Whether the browser's headset is there.
    pub media_connected: bool,
    /// The desk phone that the person works with in place of the headset.
    pub phone: Option<String>,
    learned: Learned,
    /// Of the call that the person has or had last.
    pub last_report: Option<ReportId>,
}

impl Seat {
    /// A shift is begun before its headset is connected.
    pub fn new(name: String, learned: Option<Learned>) -> Self {
        Self { name, media_connected: false, phone: None, learned: learned.unwrap_or_default(), last_report: None }
    }

    /// What the person can do now; what was known before stays where nobody can say.
    pub fn learn(&mut self, learned: Option<Learned>) {
        if let Some(learned) = learned {
            self.learned = learned;
        }
    }

    pub fn abilities(&self) -> Abilities {
        let Learned { skills, languages } = &self.learned;
        Abilities { skills: skills.iter().cloned().collect(), languages: languages.iter().cloned().collect() }
    }

    /// Whether a call can reach the person. A new call needs page and headset; one that is up needs the headset alone, so that a lost
    /// page does not tear a conversation apart.
    pub fn is_present(&self, state: &OperatorState, page_open: bool) -> bool {
        self.media_connected && (page_open || *state == OperatorState::Busy)
    }

    /// `has_voice`: headset or phone is there.
    pub fn view(&self, status: OperatorStatus, page_open: bool, has_voice: bool) -> OperatorView {
        OperatorView {
            id: status.operator,
            name: self.name.clone(),
            state: status.state,
            since: status.since,
            call: status.call,
            media_connected: has_voice,
            browser_connected: page_open,
            phone: self.phone.clone(),
            skills: self.learned.skills.clone(),
            languages: self.learned.languages.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_call_reaches_only_who_has_both_page_and_headset() {
        let mut seat = Seat::new("Ani".into(), None);
        assert!(!seat.is_present(&OperatorState::Ready, true), "the headset is not connected yet");
        seat.media_connected = true;
        assert!(seat.is_present(&OperatorState::Ready, true));
        assert!(!seat.is_present(&OperatorState::Ready, false), "the page was closed");
    }

    #[test]
    fn what_a_person_can_do_is_not_forgotten_while_nobody_can_say() {
        let learned = Learned { skills: vec!["fire".into()], languages: vec!["id".into()] };
        let mut seat = Seat::new("Ani".into(), None);
        assert_eq!(seat.abilities(), Abilities::default());
        seat.learn(Some(learned));
        seat.learn(None);
        assert!(seat.abilities().skills.contains("fire") && seat.abilities().languages.contains("id"));
        seat.learn(Some(Learned::default()));
        assert_eq!(seat.abilities(), Abilities::default());
    }

    #[test]
    fn a_conversation_goes_on_without_the_page_and_not_without_the_headset() {
        let mut seat = Seat::new("Ani".into(), None);
        seat.media_connected = true;
        assert!(seat.is_present(&OperatorState::Busy, false));
        seat.media_connected = false;
        assert!(!seat.is_present(&OperatorState::Busy, true));
    }
}
