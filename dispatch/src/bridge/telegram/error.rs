//! What Telegram's errors mean for a message. Pure.
//!
//! teloxide's own texts are never logged: one variant quotes the whole answer, and with it a caller's data.

use crate::bridge::failure::{Failure, Reason};
use std::time::Duration;
use teloxide::{ApiError, RequestError};

/// A flood wait longer than this is cut, so that a wrong number cannot silence a team for a day.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

pub fn classify(error: &RequestError) -> Failure {
    match error {
        RequestError::RetryAfter(seconds) => {
            Failure::Retry { after: Some(seconds.duration().min(LONGEST_WAIT)), reason: Reason::RateLimited }
        }
        RequestError::MigrateToChatId(_) => Failure::retry(Reason::ChatMoved),
        RequestError::Network(cause) if cause.is_timeout() && !cause.is_connect() => Failure::retry(Reason::TimedOut),
        RequestError::Network(_) | RequestError::Io(_) => Failure::retry(Reason::Network),
        RequestError::InvalidJson { .. } => Failure::retry(Reason::BadAnswer),
        RequestError::Api(error) => api(error),
    }
}

fn api(error: &ApiError) -> Failure {
    match error {
        ApiError::ChatNotFound | ApiError::UserNotFound => Failure::dead(Reason::ChatNotFound),
        ApiError::BotBlocked
        | ApiError::BotKicked
        | ApiError::BotKickedFromSupergroup
        | ApiError::BotKickedFromChannel
        | ApiError::GroupDeactivated
        | ApiError::UserDeactivated
        | ApiError::CantInitiateConversation
        | ApiError::CantTalkWithBots
        | ApiError::NotEnoughRightsToPostMessages => Failure::dead(Reason::Blocked),
        ApiError::InvalidToken => Failure::dead(Reason::TokenRefused),
        ApiError::Unknown(words) => unknown(words),
        // teloxide's names for these hold no data of the message.
        other => Failure::dead(Reason::RefusedInWords(format!("{other:?}").chars().take(60).collect())),
    }
}

/// Errors that teloxide has no name for come as Telegram's own description, which begins with the HTTP status in words.
fn unknown(words: &str) -> Failure {
    let has = |prefix: &str| words.starts_with(prefix);
    if has("Unauthorized") {
        Failure::dead(Reason::TokenRefused)
    } else if has("Forbidden") {
        Failure::dead(Reason::Blocked)
    } else if has("Too Many Requests") {
        Failure::retry(Reason::RateLimited)
    } else if has("Bad Gateway") || has("Internal Server Error") || has("Gateway Timeout") || has("Service Unavailable") {
        Failure::retry(Reason::ServiceFailing(500))
    } else if has("Bad Request") {
        Failure::dead(Reason::RefusedInWords(words.chars().take(120).collect()))
    } else {
        Failure::retry(Reason::BadAnswer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use teloxide::types::{ChatId, Seconds};

    #[test]
    fn a_flood_wait_is_honoured_within_reason() {
        let wait = |seconds| classify(&RequestError::RetryAfter(Seconds::from_seconds(seconds)));
        let retry = |seconds| Failure::Retry { after: Some(Duration::from_secs(seconds)), reason: Reason::RateLimited };
        assert_eq!(wait(17), retry(17));
        assert_eq!(wait(100_000), retry(300));
    }

    #[test]
    fn a_chat_that_is_gone_is_not_tried_again() {
        for (error, reason) in [
            (ApiError::ChatNotFound, Reason::ChatNotFound),
            (ApiError::BotBlocked, Reason::Blocked),
            (ApiError::InvalidToken, Reason::TokenRefused),
            (ApiError::Unknown("Forbidden: bot is not a member of the channel chat".into()), Reason::Blocked),
        ] {
            assert_eq!(classify(&RequestError::Api(error)), Failure::dead(reason));
        }
    }

    #[test]
    fn a_chat_that_moves_is_followed() {
        assert_eq!(classify(&RequestError::MigrateToChatId(ChatId(-100))), Failure::retry(Reason::ChatMoved));
    }

    #[test]
    fn what_may_pass_is_tried_again() {
        for words in ["Bad Gateway", "Internal Server Error: restart", "something new"] {
            assert!(matches!(classify(&RequestError::Api(ApiError::Unknown(words.into()))), Failure::Retry { .. }), "{words}");
        }
    }
}
