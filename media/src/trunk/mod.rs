//! A leg to a trunk: RTP and RTCP, plain or protected, on sockets of its own.

mod control;
mod dtmf;
mod in_band;
mod latch;
mod leg;
mod packetise;
mod receive;
mod send;

pub(crate) use dtmf::DigitTrain;
pub(crate) use latch::{Latch, RTCP_HOLDS};
pub(crate) use leg::{Arrival, MAX_CONTROL_DATAGRAM, Port, Transmit, TrunkLeg, What};
