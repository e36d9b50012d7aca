//! Which RTP ports are free. The one freed longest ago is used next, so that a late packet of an ended call does not reach a
//! new one.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

/// Even ports (RFC 3550 section 11) that no leg uses. Another program may still use one.
#[derive(Debug)]
pub(crate) struct PortPool {
    free: VecDeque<u16>,
}

impl PortPool {
    pub fn new(range: RangeInclusive<u16>) -> PortPool {
        PortPool { free: range.filter(|port| port % 2 == 0 && *port != 0).collect() }
    }

    pub fn is_empty(&self) -> bool {
        self.free.is_empty()
    }

    /// Tries free ports, longest free first, until `bind` takes one. A port that another program uses stays in the pool.
    pub fn take<T>(&mut self, mut bind: impl FnMut(u16) -> std::io::Result<T>) -> Option<std::io::Result<(u16, T)>> {
        for _ in 0..self.free.len() {
            let port = self.free.pop_front()?;
            match bind(port) {
                Ok(socket) => return Some(Ok((port, socket))),
                Err(error) => {
                    self.free.push_back(port);
                    if error.kind() != std::io::ErrorKind::AddrInUse {
                        return Some(Err(error));
                    }
                }
            }
        }
        None
    }

    pub fn give_back(&mut self, port: u16) {
        self.free.push_back(port);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_ports_are_handed_out_in_turn_until_none_is_left() {
        let mut pool = PortPool::new(20_001..=20_005);
        let take = |pool: &mut PortPool| pool.take(|_| Ok(())).map(|taken| taken.unwrap().0);
        assert_eq!(take(&mut pool), Some(20_002));
        pool.give_back(20_002);
        assert_eq!(take(&mut pool), Some(20_004));
        assert_eq!(take(&mut pool), Some(20_002));
        assert_eq!(take(&mut pool), None);
    }

    #[test]
    fn a_port_that_is_taken_by_another_program_is_passed_over() {
        let mut pool = PortPool::new(20_000..=20_003);
        let busy = || std::io::Error::from(std::io::ErrorKind::AddrInUse);
        let taken = pool.take(|port| if port == 20_000 { Err(busy()) } else { Ok(port) });
        assert_eq!(taken.unwrap().unwrap().0, 20_002);
        assert!(pool.take(|_| Err::<(), _>(busy())).is_none());
    }
}
