//! Why a message did not reach a chat service, and whether trying again can help.

use std::time::Duration;

/// What a failed attempt means for the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Trying again can help; not before `after`, if the service named a time.
    Retry { after: Option<Duration>, reason: Reason },
    /// No later attempt can succeed until a person changes something.
    Dead { reason: Reason },
}

impl Failure {
    pub fn retry(reason: Reason) -> Self {
        Self::Retry { after: None, reason }
    }

    pub fn dead(reason: Reason) -> Self {
        Self::Dead { reason }
    }

    pub fn reason(&self) -> &Reason {
        match self {
            Self::Retry { reason, .. } | Self::Dead { reason } => reason,
        }
    }
}

/// Why an attempt failed. Never holds a message's text, a number or a token: it goes to logs and metrics.
/// `text::reason` has the sentence that operators read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The configuration has no section for this channel.
    ChannelOff,
    /// The team has no chat or number on this channel.
    NoAddress,
    /// The chat does not exist, or the bot is not in it.
    ChatNotFound,
    /// The team's people blocked the bot, removed it, or took its right to write.
    Blocked,
    /// Telegram gave the group a new id again while its message was sent to the one before.
    ChatMoved,
    /// The service did not accept our token.
    TokenRefused,
    /// The service says that the number has no account or cannot be reached.
    Undeliverable,
    /// The service restricts our account, for spam or quality.
    Restricted,
    /// The message template is missing, paused, or has other parameters than we sent.
    Template,
    /// The last free-form message of the person is older than 24 hours.
    OutsideWindow,
    /// Too many messages at once.
    RateLimited,
    /// The service is down or overloaded: an HTTP 5xx or a code of its own.
    ServiceFailing(i64),
    /// The service could not be reached.
    Network,
    /// No answer in time. The message may have arrived nevertheless.
    TimedOut,
    /// The answer was not understood.
    BadAnswer,
    /// The service refused the message; its own code.
    Refused(i64),
    /// The service refused the message and said why in words only.
    RefusedInWords(String),
}

impl Reason {
    /// A short word for metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Self::ChannelOff => "channel_off",
            Self::NoAddress => "no_address",
            Self::ChatNotFound => "chat_not_found",
            Self::Blocked => "blocked",
            Self::ChatMoved => "chat_moved",
            Self::TokenRefused => "token_refused",
            Self::Undeliverable => "undeliverable",
            Self::Restricted => "restricted",
            Self::Template => "template",
            Self::OutsideWindow => "outside_window",
            Self::RateLimited => "rate_limited",
            Self::ServiceFailing(_) => "service_failing",
            Self::Network => "network",
            Self::TimedOut => "timed_out",
            Self::BadAnswer => "bad_answer",
            Self::Refused(_) | Self::RefusedInWords(_) => "refused",
        }
    }

    /// Whether an administrator has to act before any message can leave.
    pub fn concerns_everyone(&self) -> bool {
        matches!(self, Self::TokenRefused | Self::Restricted | Self::Template | Self::ChannelOff)
    }
}
