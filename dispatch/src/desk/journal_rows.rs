//! The rows of one batch of the journal. Most of what a crowd leaves behind are ends, of calls and of alarms: they wait here until something else
//! is to be read or written, and are then written together, for every statement costs a way to the database and back.

use super::entry_rows::Touched;
use crate::contract::{CallDirection, TimelineEntry};
use crate::id::CallId;
use crate::store::{AlarmEnd, CallEnd, Conn, NewEvent, OtherSide, StoreError, Unit};
use std::collections::{HashMap, HashSet};

/// A transaction. What is read and written in it comes behind the ends that were told before.
pub(super) struct Rows {
    unit: Unit,
    calls: Vec<CallEnd>,
    alarms: Vec<AlarmEnd>,
    touched: Touched,
}

impl Rows {
    pub fn of(unit: Unit) -> Self {
        Self { unit, calls: Vec::new(), alarms: Vec::new(), touched: Touched::default() }
    }

    /// A call that has ended; told twice, the first counts.
    pub fn end_call(&mut self, end: CallEnd) {
        self.calls.push(end);
        self.touch(Touched { statistics: true, callbacks: false });
    }

    /// An alarm that is over; told twice, the first counts.
    pub fn end_alarm(&mut self, end: AlarmEnd) {
        self.alarms.push(end);
    }

    /// Keeps an event for the commit.
    pub fn event(&mut self, event: NewEvent) {
        self.unit.event(event);
    }

    pub fn touch(&mut self, touched: Touched) {
        self.touched = self.touched.and(touched);
    }

    pub async fn db(&mut self) -> Result<Conn<'_>, StoreError> {
        Ok(self.unit().await?.db())
    }

    pub async fn unit(&mut self) -> Result<&mut Unit, StoreError> {
        self.write_ends().await?;
        Ok(&mut self.unit)
    }

    /// Gives the events with their numbers, and what the consoles shall read again.
    pub async fn commit(mut self) -> Result<(Vec<TimelineEntry>, Touched), StoreError> {
        self.write_ends().await?;
        Ok((self.unit.commit().await?, self.touched))
    }

    async fn write_ends(&mut self) -> Result<(), StoreError> {
        let calls = std::mem::take(&mut self.calls);
        if !calls.is_empty() {
            let callbacks = end_calls(&mut self.unit, calls).await?;
            self.touch(Touched { callbacks, statistics: false });
        }
        let mut alarms = std::mem::take(&mut self.alarms);
        if !alarms.is_empty() {
            let mut known = HashSet::new();
            alarms.retain(|end| known.insert(end.alarm));
            self.unit.db().end_alarms(&alarms).await?;
        }
        Ok(())
    }
}

/// Ends calls in their order, and looks who is to be called back. `false` if that changes no callback.
async fn end_calls(unit: &mut Unit, ends: Vec<CallEnd>) -> Result<bool, StoreError> {
    let ids: Vec<CallId> = ends.iter().map(|end| end.call).collect();
    let sides = unit.db().other_sides(&ids).await?;
    let mut changed = false;
    for some in unrelated(ends, &sides) {
        let unanswered = unit.db().end_calls(&some).await?;
        changed |= unit.db().note_unanswered(&unanswered).await?;
    }
    Ok(changed)
}

/// In their order, in groups that can be ended at once: whether somebody is to be called back depends on that number's other calls.
fn unrelated(ends: Vec<CallEnd>, sides: &HashMap<CallId, OtherSide>) -> Vec<Vec<CallEnd>> {
    let mut groups: Vec<Vec<CallEnd>> = Vec::new();
    // What the newest group is about; `None`: nothing else may come into it.
    let mut about: Option<HashSet<String>> = None;
    for end in ends {
        let subject = match sides.get(&end.call) {
            // It may answer to a callback of another number.
            Some(OtherSide { direction: CallDirection::Outbound, .. }) => None,
            Some(OtherSide { number: Some(number), .. }) => Some(number.clone()),
            Some(OtherSide { number: None, .. }) | None => Some(end.call.to_string()),
        };
        let fits = match (&mut about, &subject) {
            (Some(about), Some(subject)) => about.insert(subject.clone()),
            _ => false,
        };
        match groups.last_mut() {
            Some(group) if fits => group.push(end),
            _ => {
                about = subject.map(|subject| HashSet::from([subject]));
                groups.push(vec![end]);
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::EndedBy;
    use jiff::Timestamp;
    use uuid::Uuid;

    fn groups(calls: &[(u128, Option<&str>, CallDirection)]) -> Vec<Vec<u128>> {
        let id = |n: &u128| CallId(Uuid::from_u128(*n));
        let end = |n| CallEnd { call: id(n), by: EndedBy::CallerBeforeAnswer, unreached: None, at: Timestamp::UNIX_EPOCH };
        let ends = calls.iter().map(|(n, ..)| end(n)).collect();
        let side = |number: &Option<&str>, direction: &CallDirection| OtherSide {
            number: number.map(str::to_owned),
            direction: *direction,
        };
        let sides = calls.iter().map(|(n, number, direction)| (id(n), side(number, direction))).collect();
        let told = unrelated(ends, &sides).into_iter();
        told.map(|group| group.into_iter().map(|end| end.call.0.as_u128()).collect()).collect()
    }

    #[test]
    fn callers_who_have_nothing_to_do_with_each_other_are_ended_together_and_others_in_their_order() {
        use CallDirection::{Inbound, Outbound};
        assert_eq!(groups(&[(1, Some("a"), Inbound), (2, Some("b"), Inbound), (3, None, Inbound)]), [vec![1, 2, 3]]);
        assert_eq!(groups(&[(1, Some("a"), Inbound), (2, Some("a"), Inbound), (3, Some("b"), Inbound)]), [vec![1], vec![2, 3]]);
        assert_eq!(
            groups(&[(1, Some("a"), Inbound), (2, Some("b"), Outbound), (3, Some("c"), Inbound), (4, Some("d"), Inbound)]),
            [vec![1], vec![2], vec![3, 4]]
        );
        assert_eq!(groups(&[(1, None, Inbound), (1, None, Inbound)]), [vec![1], vec![1]], "one that is told twice");
        assert!(groups(&[]).is_empty());
    }
}
