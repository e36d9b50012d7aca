//! What the engine tells about its legs. Text is the only thing in it that somebody said.

use uuid::Uuid;

/// Which of the two who talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The far end of the trunk leg.
    Caller,
    /// Whoever the caller hears: the operator, or the peer trunk leg.
    Operator,
}

/// Something that happened to a leg.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The operator's newest leg has passed ICE and DTLS, or is heard again.
    OperatorConnected { operator: Uuid },
    /// Nothing was heard from the operator's browser for five seconds (eight if it never sent audio), it hung up its peer
    /// connection, or a newer leg took its place and is not connected yet. Calls stay joined to the operator.
    OperatorDisconnected { operator: Uuid },
    /// The first packet with sound in it of a trunk leg, or the first since another far end is awaited on it.
    FirstPacket { leg: Uuid },
    /// In the room of this leg somebody who speaks sent no packet for three seconds: a trunk leg, or an operator. Told once for each who is silent.
    OneWay { leg: Uuid, silent: Uuid },
    /// Whoever was silent there is heard again, or is not expected to be heard any more.
    HeardAgain { leg: Uuid, again: Uuid },
    /// How a leg that is joined, a trunk's or an operator's, was heard in the last five seconds: packets lost on their way to
    /// us, their jitter, and the mean opinion score from 1 to 4.5 to be expected of that (ITU-T G.107). Not told of a leg
    /// from which nothing was to come.
    Quality { leg: Uuid, loss_percent: f32, jitter_ms: f32, mos: f32 },
    /// The far end of the trunk leg pressed a key (RFC 4733): 0-9, `*`, `#`, A-D. `passed_on`: whoever is joined with the leg gets it as it came;
    /// a mix has no keys in it, and there are far ends that take none. At most 20 a second are told.
    Digit { leg: Uuid, digit: char, passed_on: bool },
    /// The far end of the trunk leg typed this: `\n` is a new line, `\u{8}` erases the letter before it, U+FFFD stands where text
    /// was lost.
    Text { leg: Uuid, text: Text },
    /// Samples that were not looped have been played to their end on this leg.
    Played { leg: Uuid },
    /// So many events of any kind are lost, because nobody took them for long.
    Dropped { events: u64 },
}

/// Words that somebody typed. They are in no log.
#[derive(Clone, PartialEq, Eq)]
pub struct Text(pub String);

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

/// What the test of an operator's leg measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MediaTest {
    /// RMS of the loudest 100 ms from the microphone, in dB below full scale (0 is the loudest, -96 digital silence).
    /// `None`: no audio packet came during the test.
    pub microphone_dbfs: Option<f32>,
}
