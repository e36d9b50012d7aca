//! Passwords, tokens and the short names of dispatches.

use super::{Desk, DeskError};
use crate::clock;
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// A new token: 192 random bits, 32 characters fit for a URL and for Telegram's deep links.
pub(super) fn new_token() -> Result<String, DeskError> {
    let bytes: [u8; 24] = clock::secret().map_err(|_| DeskError::Secret)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What is kept of a token. Tokens are random, so that a plain hash is enough.
pub(super) fn token_hash(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.as_bytes()))
}

/// A dispatch's short name: ten characters of `0-9` and `a-z` without those that look alike.
pub(super) fn new_short_id() -> Result<String, DeskError> {
    const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let bytes: [u8; 10] = clock::secret().map_err(|_| DeskError::Secret)?;
    let letter = |byte: u8| LETTERS.get(usize::from(byte % 32)).copied().map(char::from);
    Ok(bytes.into_iter().filter_map(letter).collect())
}

impl Desk {
    /// Hashes a password (Argon2id) beside the runtime's threads.
    pub(super) async fn hash_password(&self, password: &str) -> Result<String, DeskError> {
        let password = password.to_owned();
        let _turn = self.hashers.acquire().await.map_err(|_| DeskError::Secret)?;
        let hashed = tokio::task::spawn_blocking(move || {
            Argon2::default().hash_password(password.as_bytes()).map(|hash| hash.to_string())
        });
        hashed.await.map_err(|_| DeskError::Secret)?.map_err(|_| DeskError::Secret)
    }

    /// Whether the password fits the hash. Without a hash the same work is done in vain, so that the time it takes does not tell
    /// whether there is such a user.
    pub(super) async fn password_fits(&self, password: &str, hash: Option<String>) -> Result<bool, DeskError> {
        let password = password.to_owned();
        let _turn = self.hashers.acquire().await.map_err(|_| DeskError::Secret)?;
        let verified = tokio::task::spawn_blocking(move || match hash {
            Some(hash) => {
                PasswordHash::new(&hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
            }
            None => {
                let _ = Argon2::default().hash_password(password.as_bytes());
                false
            }
        });
        verified.await.map_err(|_| DeskError::Secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_and_tokens_have_the_length_that_others_count_on() {
        let short = new_short_id().unwrap();
        assert!(short.len() == 10 && short.chars().all(|c| c.is_ascii_alphanumeric()));
        assert!(new_token().unwrap().len() <= 64);
        assert_ne!(new_token().unwrap(), new_token().unwrap());
    }
}
