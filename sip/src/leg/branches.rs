//! What the branches of a forked call of ours have answered ahead of the 2xx. Pure.

use crate::sdp::Description;

/// Branches whose answers are kept.
const BRANCHES: usize = 8;

#[derive(Debug, Default)]
pub(super) struct Branches(Vec<Branch>);

#[derive(Debug)]
pub(super) struct Branch {
    /// Of the To field.
    tag: String,
    pub answer: Description,
    /// The answer came in a reliable response: no other counts after it (RFC 3262 section 5, RFC 3261 section 13.2.1).
    pub settled: bool,
    /// Where it has changed the session: how that stands.
    pub changed: Option<Changed>,
}

/// What was said within one branch after our first offer, which holds in the others.
#[derive(Debug, Clone)]
pub(super) struct Changed {
    /// Our description, with its version.
    pub said: (u64, String),
    pub offered: Description,
}

impl Branches {
    pub fn is_settled(&self, tag: &str) -> bool {
        self.0.iter().any(|branch| branch.tag == tag && branch.settled)
    }

    pub fn changed(&self, tag: &str) -> Option<&Changed> {
        self.0.iter().find(|branch| branch.tag == tag)?.changed.as_ref()
    }

    /// Takes what a branch says; what came last is last. `false`: there are too many of them.
    pub fn put(&mut self, tag: &str, answer: Description, settled: bool, changed: Option<Changed>) -> bool {
        self.0.retain(|branch| branch.tag != tag);
        let has_room = self.0.len() < BRANCHES;
        if has_room {
            self.0.push(Branch { tag: tag.to_owned(), answer, settled, changed });
        }
        has_room
    }

    /// Of this branch; where it has said nothing, what was said last. It ends all of them.
    pub fn end(&mut self, tag: &str) -> Option<Branch> {
        let mut all = std::mem::take(&mut self.0);
        match all.iter().position(|branch| branch.tag == tag) {
            Some(at) => Some(all.swap_remove(at)),
            None => all.pop().map(|last| Branch { settled: false, changed: None, ..last }),
        }
    }
}
