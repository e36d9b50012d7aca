//! Which RTP ports are free. The one freed longest ago is used next, so that a late packet of an ended call does not reach a
//! new one.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One in so many ports is left to those who help: a crowd of callers must not take the voice from whoever is to answer it.
const HELPERS_SHARE: usize = 8;

/// For whom a port is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Somebody who calls.
    Caller,
    /// Somebody whom we call, or who answers: a desk phone, an agency, a fallback number.
    Helper,
}

/// Even ports (RFC 3550 section 11) that no leg uses, each with the odd one after it, which is its RTCP's. Another program may
/// still use one. A clone is the same pool.
#[derive(Debug, Clone)]
pub(crate) struct PortPool {
    free: Arc<Mutex<VecDeque<u16>>>,
    /// What callers leave.
    reserve: usize,
}

impl PortPool {
    pub fn new(range: RangeInclusive<u16>) -> PortPool {
        let (low, high) = range.into_inner();
        let free: VecDeque<u16> = (low..high).filter(|port| port % 2 == 0 && *port != 0).collect();
        PortPool { reserve: free.len() / HELPERS_SHARE, free: Arc::new(Mutex::new(free)) }
    }

    pub fn is_empty(&self) -> bool {
        self.free().is_empty()
    }

    fn free(&self) -> MutexGuard<'_, VecDeque<u16>> {
        // The list is whole at any moment, whatever became of another thread.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tries free ports, longest free first, until `bind` takes one. A port that another program uses stays in the pool.
    pub fn take<T>(&self, claim: Claim, mut bind: impl FnMut(u16) -> std::io::Result<T>) -> Option<std::io::Result<(u16, T)>> {
        let mut free = self.free();
        if claim == Claim::Caller && free.len() <= self.reserve {
            return None;
        }
        for _ in 0..free.len() {
            let port = free.pop_front()?;
            match bind(port) {
                Ok(socket) => return Some(Ok((port, socket))),
                Err(error) => {
                    free.push_back(port);
                    if error.kind() != std::io::ErrorKind::AddrInUse {
                        return Some(Err(error));
                    }
                }
            }
        }
        None
    }

    pub fn give_back(&self, port: u16) {
        self.free().push_back(port);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_ports_whose_next_one_is_ours_are_handed_out_in_turn_until_none_is_left() {
        let pool = PortPool::new(20_001..=20_006);
        let take = |pool: &PortPool| pool.take(Claim::Caller, |_| Ok(())).map(|taken| taken.unwrap().0);
        assert_eq!(take(&pool), Some(20_002));
        pool.give_back(20_002);
        assert_eq!(take(&pool), Some(20_004));
        assert_eq!(take(&pool), Some(20_002));
        assert_eq!(take(&pool), None);
    }

    #[test]
    fn where_callers_find_no_port_any_more_those_who_help_do() {
        let pool = PortPool::new(20_000..=20_031);
        let take = |claim| pool.take(claim, |_| Ok(())).map(|taken| taken.unwrap().0);
        assert_eq!((0..16).filter_map(|_| take(Claim::Caller)).count(), 14);
        assert_eq!((take(Claim::Helper), take(Claim::Helper), take(Claim::Helper)), (Some(20_028), Some(20_030), None));
        pool.give_back(20_000);
        assert_eq!(take(Claim::Caller), None, "it is left to whoever helps");
        assert_eq!(take(Claim::Helper), Some(20_000));
    }

    #[test]
    fn a_port_that_is_taken_by_another_program_is_passed_over() {
        let pool = PortPool::new(20_000..=20_003);
        let busy = || std::io::Error::from(std::io::ErrorKind::AddrInUse);
        let taken = pool.take(Claim::Caller, |port| if port == 20_000 { Err(busy()) } else { Ok(port) });
        assert_eq!(taken.unwrap().unwrap().0, 20_002);
        assert!(pool.take(Claim::Caller, |_| Err::<(), _>(busy())).is_none());
    }
}
