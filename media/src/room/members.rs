//! Who is in a room, and who hears whom. Whether the legs exist is not known here.

use crate::error::ConnectError;
use uuid::Uuid;

/// Members of one room at most.
const MAX_MEMBERS: usize = 16;

/// One who is in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// A trunk leg, or an operator.
    pub leg: Uuid,
    pub role: Role,
}

/// What a member hears, and who hears the member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Hears all speakers, is heard by all.
    Speaker,
    /// Hears all speakers, is heard by nobody.
    Listener,
    /// Hears all speakers, is heard by this member only.
    Coach { of: Uuid },
}

impl Member {
    pub fn speaker(leg: Uuid) -> Member {
        Member { leg, role: Role::Speaker }
    }

    pub(crate) fn is_heard_by(&self, other: Uuid) -> bool {
        let meant = match self.role {
            Role::Speaker => true,
            Role::Listener => false,
            Role::Coach { of } => of == other,
        };
        meant && self.leg != other
    }
}

/// Members that can be in one room: each once, not too many, and every coach with somebody to coach.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Members(Vec<Member>);

impl Members {
    pub fn new(members: Vec<Member>) -> Result<Members, ConnectError> {
        if members.len() > MAX_MEMBERS {
            metrics::counter!("siaga_media_rooms_full_total").increment(1);
            return Err(ConnectError::Full);
        }
        let members = Members(members);
        for (n, member) in members.0.iter().enumerate() {
            if members.0.iter().take(n).any(|before| before.leg == member.leg) {
                return Err(ConnectError::Twice);
            }
            match member.role {
                Role::Coach { of } if of == member.leg || !members.hold(of) => return Err(ConnectError::NoPupil),
                _ => {}
            }
        }
        Ok(members)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Member> {
        self.0.iter()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn hold(&self, leg: Uuid) -> bool {
        self.0.iter().any(|member| member.leg == leg)
    }

    /// Somebody is gone. Whoever coached the one who is gone goes on listening.
    pub fn remove(&mut self, leg: Uuid) {
        self.0.retain(|member| member.leg != leg);
        for member in &mut self.0 {
            if member.role == (Role::Coach { of: leg }) {
                member.role = Role::Listener;
            }
        }
    }

    /// The two who speak, if nobody else is there.
    pub fn pair(&self) -> Option<[Uuid; 2]> {
        match self.0.as_slice() {
            [Member { leg: one, role: Role::Speaker }, Member { leg: other, role: Role::Speaker }] => Some([*one, *other]),
            _ => None,
        }
    }

    /// Whether anybody hears anybody.
    pub fn converse(&self) -> bool {
        self.0.iter().any(|member| self.0.iter().any(|other| member.is_heard_by(other.leg)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn speaker(number: u128) -> Member {
        Member::speaker(id(number))
    }

    fn listener(number: u128) -> Member {
        Member { leg: id(number), role: Role::Listener }
    }

    fn coach(number: u128, of: u128) -> Member {
        Member { leg: id(number), role: Role::Coach { of: id(of) } }
    }

    #[test]
    fn a_room_that_makes_no_sense_is_refused() {
        assert_eq!(Members::new(vec![speaker(1), listener(1)]), Err(ConnectError::Twice));
        assert_eq!(Members::new(vec![speaker(1), coach(2, 3)]), Err(ConnectError::NoPupil));
        assert_eq!(Members::new(vec![speaker(1), coach(2, 2)]), Err(ConnectError::NoPupil));
        assert_eq!(Members::new((0..17).map(speaker).collect()), Err(ConnectError::Full));
        assert!(Members::new((0..16).map(speaker).collect()).is_ok());
    }

    #[test]
    fn only_two_who_speak_and_nobody_else_are_a_pair() {
        let pair = |members| Members::new(members).unwrap().pair();
        assert_eq!(pair(vec![speaker(1), speaker(2)]), Some([id(1), id(2)]));
        assert_eq!(pair(vec![speaker(1), speaker(2), listener(3)]), None);
        assert_eq!(pair(vec![speaker(1), coach(2, 1)]), None);
        assert_eq!(pair(vec![speaker(1)]), None);
    }

    #[test]
    fn nobody_converses_alone_or_among_listeners() {
        let converse = |members| Members::new(members).unwrap().converse();
        assert!(!converse(vec![speaker(1)]));
        assert!(!converse(vec![listener(1), listener(2)]));
        assert!(converse(vec![speaker(1), listener(2)]));
        assert!(converse(vec![listener(1), coach(2, 1)]));
    }

    #[test]
    fn a_coach_whose_pupil_has_gone_listens() {
        let mut members = Members::new(vec![speaker(1), speaker(2), coach(3, 2)]).unwrap();
        members.remove(id(2));
        assert_eq!(members, Members(vec![speaker(1), listener(3)]));
    }
}
