//! The way from one arrangement to another, one thing told to the voice engine after the other. Pure; so that what is done can be noted at once,
//! for the next may fail.

use super::arrangement::{Arrangement, Sound};
use media::Member;
use uuid::Uuid;

/// One thing that the voice engine is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Who is in the room.
    Room(Vec<Member>),
    /// What somebody hears; `None`: the room.
    Hears { ear: Ear, sound: Option<Sound> },
}

/// Whose ear something is played to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ear {
    Caller,
    Operator(Uuid),
    Party(Uuid),
}

impl Arrangement {
    /// The next step on the way to `wanted`; `None`: it is reached. The room comes first, so that nobody is heard by whom they should not.
    pub fn step_to(&self, wanted: &Arrangement) -> Option<Step> {
        if self.members != wanted.members {
            return Some(Step::Room(wanted.members.clone()));
        }
        if self.caller_hears != wanted.caller_hears {
            return Some(Step::Hears { ear: Ear::Caller, sound: wanted.caller_hears });
        }
        self.operator_step(wanted).or_else(|| self.party_step(wanted))
    }

    fn operator_step(&self, wanted: &Arrangement) -> Option<Step> {
        let (ear, sound) = match (self.operator_hears, wanted.operator_hears) {
            (before, after) if before == after => return None,
            (Some((before, _)), Some((after, sound))) if before == after => (after, Some(sound)),
            (Some((before, _)), _) => (before, None),
            (None, after) => after.map(|(leg, sound)| (leg, Some(sound)))?,
        };
        Some(Step::Hears { ear: Ear::Operator(ear), sound })
    }

    fn party_step(&self, wanted: &Arrangement) -> Option<Step> {
        let new = wanted.parties_hear.iter().find(|(leg, sound)| self.parties_hear.get(leg) != Some(sound));
        let over = || self.parties_hear.keys().find(|leg| !wanted.parties_hear.contains_key(leg));
        let (leg, sound) = new.map(|(leg, sound)| (*leg, Some(*sound))).or_else(|| over().map(|leg| (*leg, None)))?;
        Some(Step::Hears { ear: Ear::Party(leg), sound })
    }

    /// The voice engine has done it.
    pub fn apply(&mut self, step: Step) {
        match step {
            Step::Room(members) => self.members = members,
            Step::Hears { ear: Ear::Caller, sound } => self.caller_hears = sound,
            Step::Hears { ear: Ear::Operator(leg), sound } => self.operator_hears = sound.map(|sound| (leg, sound)),
            Step::Hears { ear: Ear::Party(leg), sound: Some(sound) } => {
                self.parties_hear.insert(leg, sound);
            }
            Step::Hears { ear: Ear::Party(leg), sound: None } => {
                self.parties_hear.remove(&leg);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sounds() -> impl Strategy<Value = Sound> {
        prop_oneof![Just(Sound::Silence), Just(Sound::Ringback), Just(Sound::Hold), Just(Sound::Hush)]
    }

    fn arrangements() -> impl Strategy<Value = Arrangement> {
        let legs = |low: u128, high: u128| (low..high).prop_map(Uuid::from_u128);
        let members = prop::collection::btree_set(legs(1, 6), 0..4);
        let parties = prop::collection::btree_map(legs(4, 8), sounds(), 0..4);
        (members, prop::option::of(sounds()), prop::option::of((legs(2, 4), sounds())), parties).prop_map(
            |(members, caller_hears, operator_hears, parties)| Arrangement {
                members: members.into_iter().map(Member::speaker).collect(),
                caller_hears,
                operator_hears,
                parties_hear: parties,
            },
        )
    }

    proptest! {
        #[test]
        fn every_arrangement_leads_to_every_other_and_nobody_is_told_twice(from in arrangements(), to in arrangements()) {
            let (mut at, mut told, mut steps) = (from, Vec::new(), 0);
            while let Some(step) = at.step_to(&to) {
                match &step {
                    Step::Room(_) => prop_assert_eq!(steps, 0, "the room comes first"),
                    Step::Hears { ear, .. } => {
                        prop_assert!(!told.contains(ear), "{:?} twice", ear);
                        told.push(*ear);
                    }
                }
                at.apply(step);
                steps += 1;
            }
            prop_assert_eq!(at, to);
        }

        #[test]
        fn whoever_hears_something_that_is_wanted_no_more_is_freed_of_it_on_any_way(ways in prop::collection::vec((arrangements(), 0..6usize), 1..8)) {
            // The engine as it really is: each ear with what is played to it.
            let mut ears = std::collections::BTreeMap::<String, Sound>::new();
            let mut at = Arrangement::nobody();
            let nobody = (Arrangement::nobody(), usize::MAX);
            // Some ways end in the middle, where the engine refused.
            for (to, refused_at) in ways.into_iter().chain([nobody]) {
                for _ in 0..refused_at {
                    let Some(step) = at.step_to(&to) else { break };
                    if let Step::Hears { ear, sound } = &step {
                        match sound {
                            Some(sound) => ears.insert(format!("{ear:?}"), *sound),
                            None => ears.remove(&format!("{ear:?}")),
                        };
                    }
                    at.apply(step);
                }
            }
            ears.remove(&format!("{:?}", Ear::Caller));
            prop_assert!(ears.is_empty(), "{ears:?}");
        }
    }
}
