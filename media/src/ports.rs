//! Which RTP ports are free. The one freed longest ago is used next, so that a late packet of an ended call does not reach a
//! new one.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Even ports (RFC 3550 section 11) that no leg uses, each with the odd one after it, which is its RTCP's. Another program may
/// still use one. A clone is the same pool.
#[derive(Debug, Clone)]
pub(crate) struct PortPool {
    free: Arc<Mutex<VecDeque<u16>>>,
}

impl PortPool {
    pub fn new(range: RangeInclusive<u16>) -> PortPool {
        let (low, high) = range.into_inner();
        let free = (low..high).filter(|port| port % 2 == 0 && *port != 0).collect();
        PortPool { free: Arc::new(Mutex::new(free)) }
    }

    pub fn is_empty(&self) -> bool {
        self.free().is_empty()
    }

    fn free(&self) -> MutexGuard<'_, VecDeque<u16>> {
        // The list is whole at any moment, whatever became of another thread.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tries free ports, longest free first, until `bind` takes one. A port that another program uses stays in the pool.
    pub fn take<T>(&self, mut bind: impl FnMut(u16) -> std::io::Result<T>) -> Option<std::io::Result<(u16, T)>> {
        let mut free = self.free();
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
        let take = |pool: &PortPool| pool.take(|_| Ok(())).map(|taken| taken.unwrap().0);
        assert_eq!(take(&pool), Some(20_002));
        pool.give_back(20_002);
        assert_eq!(take(&pool), Some(20_004));
        assert_eq!(take(&pool), Some(20_002));
        assert_eq!(take(&pool), None);
    }

    #[test]
    fn a_port_that_is_taken_by_another_program_is_passed_over() {
        let pool = PortPool::new(20_000..=20_003);
        let busy = || std::io::Error::from(std::io::ErrorKind::AddrInUse);
        let taken = pool.take(|port| if port == 20_000 { Err(busy()) } else { Ok(port) });
        assert_eq!(taken.unwrap().unwrap().0, 20_002);
        assert!(pool.take(|_| Err::<(), _>(busy())).is_none());
    }
}
