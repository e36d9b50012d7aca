//! Why the engine did not do what was asked, one enum per kind of request. After an error nothing has changed.

use std::net::SocketAddr;

/// The engine did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The range of RTP ports holds no even port.
    #[error("media.rtp_ports holds no even port; give a range such as 20000-20999")]
    NoPorts,
    /// Neither `webrtc_addresses` nor `address` is an address a browser can send to.
    #[error("no address for the operators' browsers; set media.address to this machine's address")]
    NoCandidate,
    /// The WebRTC port is taken, or the address is not this machine's.
    #[error("cannot receive the operators' audio on {address}: {source}; is another program using it?")]
    Bind { address: SocketAddr, source: std::io::Error },
    /// The operating system refused a poll, a waker or a thread.
    #[error("the media thread did not start: {0}")]
    System(#[from] std::io::Error),
}

/// A trunk leg was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Every port of the range is used by a leg or by another program.
    #[error("all RTP ports are in use; widen media.rtp_ports")]
    PortsExhausted,
    /// A leg with this id is open.
    #[error("this leg is already open")]
    AlreadyOpen,
    /// There is no leg beside which text could be opened; the call may have ended.
    #[error("the call's leg is gone")]
    NoLeg,
    /// The socket could not be watched, or the address is not this machine's.
    #[error("no socket for the call's audio: {0}")]
    Socket(#[from] std::io::Error),
    /// The engine is shutting down or overloaded.
    #[error("the media engine does not answer")]
    Unavailable,
}

/// Text was not taken; none of it goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// The call has no text, or none any more.
    #[error("this call has no text")]
    NoText,
    /// More waits to be sent than may wait.
    #[error("what was typed before is still being sent; wait a moment")]
    Full,
    /// The engine is shutting down or overloaded.
    #[error("the media engine does not answer")]
    Unavailable,
}

/// An operator's browser got no media leg.
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    /// What came is not an SDP offer that a WebRTC peer would send, or it is too long.
    #[error("the browser's offer was not understood: {0}")]
    BadOffer(String),
    /// The offer holds no audio in PCMA or PCMU.
    #[error("the browser offers no G.711 audio")]
    NoAudio,
    /// The engine is shutting down or overloaded.
    #[error("the media engine does not answer")]
    Unavailable,
}

/// Legs were not put into a room together, or an operator's leg could not be tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// No trunk leg has this id; the call may have ended.
    #[error("the call's leg is gone")]
    NoLeg,
    /// The peer is neither a trunk leg nor an operator that ever attached.
    #[error("the operator has no media leg; reload the page")]
    NoPeer,
    /// The operator's leg is there but its browser is not heard.
    #[error("the operator's browser is not connected; check the network and reload the page")]
    NotConnected,
    /// The peer is in another room.
    #[error("the operator is in another call")]
    Busy,
    /// One leg was named as two members.
    #[error("somebody is named twice in this conversation; name each once")]
    Twice,
    /// A coach was named for somebody who is no member, or for itself.
    #[error("whom you want to coach is not in this conversation; look who is, and try again")]
    NoPupil,
    /// The room would have more than 16 members.
    #[error("this conversation is full; try again when somebody has left")]
    Full,
    /// The engine is shutting down or overloaded.
    #[error("the media engine does not answer")]
    Unavailable,
}

/// What was asked was not done: the engine is shutting down, or one of its threads stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the media engine does not answer")]
pub struct Unavailable;

impl From<Unavailable> for ConnectError {
    fn from(Unavailable: Unavailable) -> Self {
        ConnectError::Unavailable
    }
}
