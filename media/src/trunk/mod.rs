//! A leg to a trunk: plain RTP on a socket of its own.

mod dtmf;
mod latch;
mod leg;
mod receive;
mod send;

pub(crate) use dtmf::DigitTrain;
pub(crate) use leg::{Arrival, TrunkLeg, What};
pub(crate) use send::MAX_DATAGRAM;
