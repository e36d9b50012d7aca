//! How many files and sockets the server may have open. Service managers begin with 1,024, for programs of old; a crowd of callers needs more,
//! and a call for which there is no socket is refused. What the system allows is taken, and whether that is enough is said.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A caller with a party: four ports of voice in two families of addresses, two of text, and the recording.
const OF_A_CALL: u64 = 12;
/// Database, consoles, cameras and connections to carriers.
const OF_ALL_ELSE: u64 = 512;

/// Takes all that the system allows.
pub fn raise(max_calls: usize) {
    let before = getrlimit(Resource::Nofile);
    if before.current != before.maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: before.maximum, ..before })
    {
        tracing::warn!(%error, "the number of open files stays as it is");
    }
    let allowed = getrlimit(Resource::Nofile).current;
    if let Some(needed) = lacking(allowed, max_calls) {
        tracing::warn!(
            allowed,
            needed,
            max_calls,
            "fewer open files than `sip.max_calls` may need: raise LimitNOFILE of the service"
        );
    }
}

/// How many are needed, if that is more than what is allowed; `None` is no limit.
fn lacking(allowed: Option<u64>, max_calls: usize) -> Option<u64> {
    let needed = OF_ALL_ELSE.saturating_add(OF_A_CALL.saturating_mul(u64::try_from(max_calls).unwrap_or(u64::MAX)));
    allowed.filter(|allowed| *allowed < needed).map(|_| needed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thousand_files_are_too_few_for_the_usual_crowd_and_no_limit_is_enough_for_any() {
        assert_eq!(lacking(Some(1_024), 500), Some(6_512));
        assert_eq!((lacking(Some(6_512), 500), lacking(None, usize::MAX)), (None, None));
    }
}
