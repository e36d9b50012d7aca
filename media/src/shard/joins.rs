//! Who hears whom.

use super::Shard;
use crate::bridge::{Bridge, Peer};
use crate::error::ConnectError;
use crate::event::Side;
use std::time::Instant;
use uuid::Uuid;

impl Shard {
    /// Joins a trunk leg to an operator or to another trunk leg. A join it had ends; the next packet already goes the new way.
    pub(super) fn connect(&mut self, now: Instant, caller: Uuid, peer: Uuid) -> Result<(), ConnectError> {
        let sends = self.trunks.get(&caller).ok_or(ConnectError::NoLeg)?.leg.sends();
        if let Some(operator) = self.operators.get(&peer) {
            if !operator.connected {
                return Err(ConnectError::NotConnected);
            }
            match operator.talks_with {
                Some(other) if other != caller => return Err(ConnectError::Busy),
                Some(_) => return Ok(()),
                None => {}
            }
            self.part(caller);
            self.stop_test(peer);
            if let Some(operator) = self.operators.get_mut(&peer) {
                operator.talks_with = Some(caller);
                if let Some(leg) = &mut operator.leg {
                    leg.restart();
                }
            }
            self.join(caller, Bridge::caller(now, Peer::Operator(peer), sends));
            return Ok(());
        }

        let other = self.trunks.get(&peer).filter(|_| peer != caller).ok_or(ConnectError::NoPeer)?;
        let other_sends = other.leg.sends();
        match other.bridge.as_ref().map(|bridge| bridge.peer) {
            Some(Peer::Trunk(joined)) if joined == caller => return Ok(()),
            Some(_) => return Err(ConnectError::Busy),
            None => {}
        }
        self.part(caller);
        let mut bridge = Bridge::caller(now, Peer::Trunk(peer), sends);
        bridge.expect(now, Side::Operator, other_sends);
        self.join(caller, bridge);
        self.join(peer, Bridge::answering(caller));
        Ok(())
    }

    fn join(&mut self, leg: Uuid, bridge: Bridge) {
        if let Some(trunk) = self.trunks.get_mut(&leg) {
            trunk.bridge = Some(bridge);
            trunk.leg.restart();
        }
    }

    /// Ends a trunk leg's join, whichever end it is.
    pub(super) fn part(&mut self, leg: Uuid) {
        let Some(bridge) = self.trunks.get_mut(&leg).and_then(|trunk| trunk.bridge.take()) else { return };
        match bridge.peer {
            Peer::Operator(operator) => {
                if let Some(operator) = self.operators.get_mut(&operator) {
                    operator.talks_with = None;
                }
            }
            Peer::Trunk(other) => {
                if let Some(trunk) = self.trunks.get_mut(&other) {
                    trunk.bridge = None;
                }
            }
        }
    }

    /// The caller's end of the join in which this trunk leg answers.
    pub(super) fn callers_bridge(&mut self, answering: Uuid) -> Option<&mut Bridge> {
        let caller = self.trunks.get(&answering)?.bridge.as_ref()?.answers()?;
        self.trunks.get_mut(&caller)?.bridge.as_mut()
    }
}
