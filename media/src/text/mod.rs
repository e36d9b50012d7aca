//! Real-time text of a trunk leg: T.140 over RTP (RFC 4103), letter by letter in both directions. Whose text it is, what a line is and
//! how long it is kept is decided by whoever holds the engine.
//!
//! Received text is told with `\n` for every form of a new line, `\u{8}` where the far end erases its last letter, and U+FFFD where
//! text was lost (RFC 4103 section 5.4).

mod decode;
mod leg;
mod order;
mod redundancy;
mod send;

pub(crate) use leg::{MAX_DATAGRAM, TextLeg};

use crate::srtp::SrtpKeys;
use std::net::SocketAddr;

/// What the far end announced of its text in its SDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoteText {
    /// Where it wants to receive. An unspecified address means where its text comes from.
    pub address: SocketAddr,
    /// The payload type of `t140/1000`.
    pub pt: u8,
    /// The payload type of `red/1000` (RFC 2198), if it takes earlier text repeated.
    pub redundancy_pt: Option<u8>,
    /// Text is encrypted with these in both directions; `None`: it is not.
    pub srtp: Option<SrtpKeys>,
}

/// Erases the letter before it (T.140 section 8.2).
pub(crate) const ERASE: char = '\u{8}';
/// Stands where text was lost.
pub(crate) const LOST: char = char::REPLACEMENT_CHARACTER;
/// Says nothing: it opens a text session and keeps its way open (T.140 section 8.1).
pub(crate) const NOTHING: char = '\u{feff}';
/// A new line as it is sent (T.140 section 8.2).
pub(crate) const NEW_LINE: char = '\u{2028}';
