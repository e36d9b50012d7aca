//! An operator's leg: WebRTC to a browser, ICE-lite, warm for the whole shift and silent while nobody talks.

mod demux;
mod incoming;
mod leg;
mod sdp;

pub(crate) use demux::Demux;
pub(crate) use incoming::Incoming;
pub(crate) use leg::{OperatorLeg, Output};
pub(crate) use sdp::Negotiator;
