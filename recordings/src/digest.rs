//! SHA-256 of a file, as evidence that it has not changed since it was sealed.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::Digest as _;
use std::{fmt, fs::File, io, io::Read, path::Path, str::FromStr};

/// A SHA-256; shown and parsed as 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sha256(pub [u8; 32]);

/// The text is not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a SHA-256 is written as 64 hexadecimal digits")]
pub struct NotASha256;

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The file has changed since it was sealed, or it is another file.
    #[error("the file's hash is {found}; it was changed after it was sealed")]
    Changed { found: Sha256 },
    /// The file is gone or cannot be read.
    #[error("the file cannot be read")]
    Disk(#[from] io::Error),
}

/// Checks that the file at `path` still has the hash `expected`. Reads the whole file: not for an async task.
pub fn verify(path: &Path, expected: Sha256) -> Result<(), VerifyError> {
    let found = of_file(&mut File::open(path)?)?;
    if found == expected { Ok(()) } else { Err(VerifyError::Changed { found }) }
}

/// Hash of what is left to read.
pub(crate) fn of_file(file: &mut impl Read) -> io::Result<Sha256> {
    let mut hasher = sha2::Sha256::new();
    let mut buffer = vec![0u8; 128 * 1024];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(Sha256(hasher.finalize().into())),
            Ok(n) => hasher.update(buffer.get(..n).unwrap_or_default()),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

impl FromStr for Sha256 {
    type Err = NotASha256;

    fn from_str(text: &str) -> Result<Self, NotASha256> {
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(NotASha256);
        }
        let mut bytes = [0u8; 32];
        for (i, byte) in bytes.iter_mut().enumerate() {
            let digits = text.get(2 * i..2 * i + 2).ok_or(NotASha256)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| NotASha256)?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_of_abc_is_the_published_one_and_its_text_parses_back() {
        let hash = of_file(&mut &b"abc"[..]).unwrap();
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash.to_string(), text);
        assert_eq!(text.parse(), Ok(hash));
        assert_eq!("ba78".parse::<Sha256>(), Err(NotASha256));
        assert_eq!("zz".repeat(32).parse::<Sha256>(), Err(NotASha256));
    }
}
