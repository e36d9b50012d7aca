//! Real-time text of a call: what both sides type, letter by letter.

use super::CallSide;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How the text of a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CallText {
    /// Both sides may type.
    Open,
    /// The caller's side has ended it; what was said stays.
    Ended,
    /// The caller wants to type, and there is no port for it.
    Unavailable,
}

/// One line of one side, as it stands now.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TextLine {
    /// Its place among the lines of the call, which rises by one.
    pub n: u32,
    pub side: CallSide,
    /// Who types for the operator's side.
    pub by: Option<String>,
    /// U+FFFD stands where the network lost letters; U+232B erases a letter of a line before.
    pub text: String,
    /// When it was begun.
    pub at: Timestamp,
    /// Nothing is added to it any more.
    pub ended: bool,
}

impl std::fmt::Debug for TextLine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextLine").field("n", &self.n).field("side", &self.side).finish_non_exhaustive()
    }
}

/// What was typed in a call so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TextView {
    /// Oldest first. Of a very long conversation only the newest lines; the timeline has them all.
    pub lines: Vec<TextLine>,
    /// One side typed more than is taken of one call, and the rest was left out.
    pub cut: bool,
}
