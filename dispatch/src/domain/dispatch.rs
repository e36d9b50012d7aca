//! A dispatch: one incident sent to one team, and how far the team has come.

use crate::contract::{Channel, DispatchView, Progress, TeamView};
use crate::id::{DispatchId, IncidentId, TeamId, UserId};
use jiff::{SignedDuration, Timestamp};

#[derive(Debug, Clone, PartialEq)]
pub struct Dispatch {
    pub id: DispatchId,
    /// What the message's buttons carry.
    pub short_id: String,
    pub incident: IncidentId,
    pub team: TeamId,
    /// The channel that was tried last.
    pub channel: Channel,
    pub progress: Progress,
    /// Who in the team reached that step.
    pub by: Option<String>,
    pub sent_by: UserId,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub delivery: Delivery,
    pub watch: Watch,
}

/// How the message itself fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It goes its way; the last attempt may have failed.
    Underway { last_error: Option<String> },
    /// No channel takes it.
    Dead { error: String },
}

/// Whether somebody still waits for the acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watch {
    /// It is expected until then.
    Expected { until: Timestamp },
    /// It did not come in time; if it still has not come by `again`, that is said once more.
    Overdue { again: Option<Timestamp> },
    /// It came, or the incident is closed.
    Over,
}

/// What to do about a missing acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reminder {
    /// Try the other channel, and sound the alarm.
    First,
    /// Sound the alarm again.
    Again,
}

impl Dispatch {
    /// Moves up the ladder from sending to done. A step that is not higher changes nothing, so messages may come twice, late and in
    /// any order; steps may be left out.
    pub fn advance(&self, to: Progress, by: Option<&str>, now: Timestamp) -> Option<Self> {
        if to <= self.progress {
            return None;
        }
        let watch = if to >= Progress::Acknowledged { Watch::Over } else { self.watch };
        let by = by.map(str::to_owned).or_else(|| self.by.clone());
        // Whatever failed on the way, the message is there.
        let delivery = Delivery::Underway { last_error: None };
        Some(Self { progress: to, by, updated_at: now, delivery, watch, ..self.clone() })
    }

    /// An attempt failed, and there will be another.
    pub fn failed(self, error: &str, now: Timestamp) -> Self {
        Self { delivery: Delivery::Underway { last_error: Some(error.to_owned()) }, updated_at: now, ..self }
    }

    /// No channel takes the message.
    pub fn dead(self, error: &str, now: Timestamp) -> Self {
        Self { delivery: Delivery::Dead { error: error.to_owned() }, updated_at: now, ..self }
    }

    /// The message also goes by another channel.
    pub fn by_channel(self, channel: Channel, now: Timestamp) -> Self {
        Self { channel, updated_at: now, ..self }
    }

    /// The acknowledgement is missing at `now`.
    pub fn remind(&self, now: Timestamp, again_after: SignedDuration) -> Option<(Self, Reminder)> {
        let (watch, reminder) = match self.watch {
            Watch::Expected { until } if until <= now => (Watch::Overdue { again: Some(now + again_after) }, Reminder::First),
            Watch::Overdue { again: Some(again) } if again <= now => (Watch::Overdue { again: None }, Reminder::Again),
            _ => return None,
        };
        Some((Self { watch, updated_at: now, ..self.clone() }, reminder))
    }

    /// Nobody waits for the acknowledgement any more.
    pub fn settle(self) -> Self {
        Self { watch: Watch::Over, ..self }
    }

    /// Still on its way, or the team is at it: sending the team the same incident again would only confuse.
    pub fn is_running(&self) -> bool {
        self.progress != Progress::Done && !matches!(self.delivery, Delivery::Dead { .. })
    }

    pub fn view(self, team_name: String, agency_name: String) -> DispatchView {
        let (last_error, dead) = match self.delivery {
            Delivery::Underway { last_error } => (last_error, false),
            Delivery::Dead { error } => (Some(error), true),
        };
        DispatchView {
            id: self.id,
            incident: self.incident,
            team: self.team,
            team_name,
            agency_name,
            channel: self.channel,
            progress: self.progress,
            by: self.by,
            sent_by: self.sent_by,
            created_at: self.created_at,
            updated_at: self.updated_at,
            last_error,
            dead,
            overdue: matches!(self.watch, Watch::Overdue { .. }),
        }
    }
}

/// Whether the team can be reached by this channel.
pub fn is_reachable(team: &TeamView, channel: Channel) -> bool {
    match channel {
        Channel::Telegram => team.telegram_chat.is_some(),
        Channel::Whatsapp => team.whatsapp_number.is_some(),
    }
}

/// The channel to use first: the one wished for, else Telegram, else WhatsApp. `None` if the team cannot be reached by it.
pub fn first_channel(team: &TeamView, wish: Option<Channel>) -> Option<Channel> {
    let candidates = wish.map_or(vec![Channel::Telegram, Channel::Whatsapp], |channel| vec![channel]);
    candidates.into_iter().find(|channel| is_reachable(team, *channel))
}

/// The other channel, if the team can be reached by it.
pub fn other_channel(team: &TeamView, channel: Channel) -> Option<Channel> {
    let other = match channel {
        Channel::Telegram => Channel::Whatsapp,
        Channel::Whatsapp => Channel::Telegram,
    };
    is_reachable(team, other).then_some(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    const LADDER: [Progress; 8] = [
        Progress::Pending,
        Progress::Sent,
        Progress::Delivered,
        Progress::Read,
        Progress::Acknowledged,
        Progress::EnRoute,
        Progress::Arrived,
        Progress::Done,
    ];

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn dispatch() -> Dispatch {
        Dispatch {
            id: DispatchId(Uuid::from_u128(1)),
            short_id: "k3w9x0abcd".into(),
            incident: IncidentId(Uuid::from_u128(2)),
            team: TeamId(Uuid::from_u128(3)),
            channel: Channel::Telegram,
            progress: Progress::Pending,
            by: None,
            sent_by: UserId(Uuid::from_u128(4)),
            created_at: at(0),
            updated_at: at(0),
            delivery: Delivery::Underway { last_error: None },
            watch: Watch::Expected { until: at(60) },
        }
    }

    proptest! {
        #[test]
        fn the_ladder_only_goes_up(steps in prop::collection::vec(0..LADDER.len(), 0..20)) {
            let mut current = dispatch();
            for step in &steps {
                let before = current.progress;
                if let Some(next) = current.advance(LADDER[*step], Some("Budi"), at(1)) {
                    prop_assert!(next.progress > before);
                    current = next;
                }
            }
            let highest = steps.iter().max().map_or(Progress::Pending, |step| LADDER[*step]);
            prop_assert_eq!(current.progress, highest);
            prop_assert_eq!(current.watch == Watch::Over, highest >= Progress::Acknowledged);
        }
    }

    #[test]
    fn a_missing_acknowledgement_is_said_twice_and_then_no_more() {
        let again = SignedDuration::from_secs(120);
        assert_eq!(dispatch().remind(at(59), again), None);
        let (overdue, reminder) = dispatch().remind(at(60), again).unwrap();
        assert_eq!(reminder, Reminder::First);
        assert!(overdue.clone().view("Regu 1".into(), "Damkar".into()).overdue);
        assert_eq!(overdue.remind(at(179), again), None);
        let (again_overdue, reminder) = overdue.remind(at(180), again).unwrap();
        assert_eq!(reminder, Reminder::Again);
        assert_eq!(again_overdue.remind(at(10_000), again), None);
    }

    #[test]
    fn an_acknowledgement_ends_the_waiting_even_when_it_was_overdue() {
        let (overdue, _) = dispatch().remind(at(60), SignedDuration::ZERO).unwrap();
        let acknowledged = overdue.advance(Progress::Acknowledged, Some("Budi"), at(61)).unwrap();
        let view = acknowledged.view("Regu 1".into(), "Damkar".into());
        assert_eq!((view.overdue, view.by.as_deref()), (false, Some("Budi")));
    }

    #[test]
    fn a_delivery_report_after_a_failure_takes_the_error_away() {
        let failed = dispatch().failed("429", at(1));
        assert_eq!(failed.clone().view(String::new(), String::new()).last_error.as_deref(), Some("429"));
        let sent = failed.advance(Progress::Sent, None, at(2)).unwrap();
        assert_eq!(sent.delivery, Delivery::Underway { last_error: None });
        assert!(!sent.dead("400", at(3)).is_running());
    }
}
