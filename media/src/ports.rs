//! Which RTP ports are free, and who may have them. The one freed longest ago is used next, so that a late packet of an ended call does not reach a
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

/// Even ports (RFC 3550 section 11), each with the odd one after it, which is its RTCP's. Another program may still use one. A clone is the
/// same pool.
#[derive(Debug, Clone)]
pub(crate) struct PortPool {
    ports: Arc<Mutex<Ports>>,
    /// What callers may have of them.
    for_callers: usize,
}

#[derive(Debug)]
struct Ports {
    free: VecDeque<u16>,
    /// How many callers have.
    of_callers: usize,
}

/// A port that is taken, until this is dropped. What is bound there goes before it.
#[derive(Debug)]
pub(crate) struct Lease {
    port: u16,
    claim: Claim,
    ports: Arc<Mutex<Ports>>,
}

impl PortPool {
    pub fn new(range: RangeInclusive<u16>) -> PortPool {
        let (low, high) = range.into_inner();
        let free: VecDeque<u16> = (low..high).filter(|port| port % 2 == 0 && *port != 0).collect();
        let for_callers = free.len() - free.len() / HELPERS_SHARE;
        PortPool { for_callers, ports: Arc::new(Mutex::new(Ports { free, of_callers: 0 })) }
    }

    pub fn is_empty(&self) -> bool {
        lock(&self.ports).free.is_empty()
    }

    /// Tries free ports, longest free first, until `bind` takes one. A port that another program uses stays in the pool.
    pub fn take<T>(&self, claim: Claim, mut bind: impl FnMut(u16) -> std::io::Result<T>) -> Option<std::io::Result<(Lease, T)>> {
        let mut ports = lock(&self.ports);
        if claim == Claim::Caller && ports.of_callers >= self.for_callers {
            return None;
        }
        for _ in 0..ports.free.len() {
            let port = ports.free.pop_front()?;
            match bind(port) {
                Ok(socket) => {
                    ports.of_callers += usize::from(claim == Claim::Caller);
                    return Some(Ok((Lease { port, claim, ports: self.ports.clone() }, socket)));
                }
                Err(error) => {
                    ports.free.push_back(port);
                    if error.kind() != std::io::ErrorKind::AddrInUse {
                        return Some(Err(error));
                    }
                }
            }
        }
        None
    }
}

impl Lease {
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut ports = lock(&self.ports);
        ports.free.push_back(self.port);
        ports.of_callers -= usize::from(self.claim == Claim::Caller);
    }
}

fn lock(ports: &Mutex<Ports>) -> MutexGuard<'_, Ports> {
    // The list is whole at any moment, whatever became of another thread.
    ports.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(pool: &PortPool, claim: Claim) -> Option<Lease> {
        pool.take(claim, |_| Ok(())).map(|taken| taken.unwrap().0)
    }

    #[test]
    fn even_ports_whose_next_one_is_ours_are_handed_out_in_turn_until_none_is_left() {
        let pool = PortPool::new(20_001..=20_006);
        let first = take(&pool, Claim::Caller).unwrap();
        assert_eq!(first.port(), 20_002);
        drop(first);
        let taken = [take(&pool, Claim::Caller).unwrap(), take(&pool, Claim::Caller).unwrap()];
        assert_eq!(taken.each_ref().map(Lease::port), [20_004, 20_002]);
        assert!(take(&pool, Claim::Caller).is_none() && pool.is_empty());
    }

    #[test]
    fn where_callers_find_no_port_any_more_those_who_help_do_and_take_none_from_them() {
        let pool = PortPool::new(20_000..=20_031);
        let helper = take(&pool, Claim::Helper).unwrap();
        let callers: Vec<Lease> = (0..16).filter_map(|_| take(&pool, Claim::Caller)).collect();
        assert_eq!(callers.len(), 14);
        let another = take(&pool, Claim::Helper).unwrap();
        assert!(take(&pool, Claim::Helper).is_none());
        drop((helper, another));
        assert!(take(&pool, Claim::Caller).is_none(), "these are left to whoever helps");
        drop(callers);
        assert!(take(&pool, Claim::Caller).is_some());
    }

    #[test]
    fn a_port_that_is_taken_by_another_program_is_passed_over() {
        let pool = PortPool::new(20_000..=20_003);
        let busy = || std::io::Error::from(std::io::ErrorKind::AddrInUse);
        let taken = pool.take(Claim::Caller, |port| if port == 20_000 { Err(busy()) } else { Ok(port) });
        assert_eq!(taken.unwrap().unwrap().1, 20_002);
        assert!(pool.take(Claim::Caller, |_| Err::<(), _>(busy())).is_none());
    }
}
