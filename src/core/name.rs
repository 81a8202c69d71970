//! Account names, as nodeos prints them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest account name: 12 characters, and a 13th from a smaller alphabet (`name.hpp`).
pub const NAME_MAX: usize = 13;

/// An account name, for example `eosstorebest`. Small, `Copy`, no allocation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    bytes: [u8; NAME_MAX],
    len: u8,
}

/// Why a text is not an account name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// No characters at all.
    #[error("an account name has at least one character")]
    Empty,
    /// More than [`NAME_MAX`] characters.
    #[error("an account name has at most 13 characters")]
    TooLong,
    /// A character outside `a-z`, `1-5` and `.`.
    #[error("an account name has only the characters a-z, 1-5 and '.'")]
    Character,
}

impl Name {
    /// Reads a name from bytes of a log line.
    ///
    /// # Errors
    /// [`NameError`] when the bytes are no account name.
    pub fn from_bytes(text: &[u8]) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Empty);
        }
        if text.len() > NAME_MAX {
            return Err(NameError::TooLong);
        }
        if !text.iter().all(|b| matches!(b, b'a'..=b'z' | b'1'..=b'5' | b'.')) {
            return Err(NameError::Character);
        }
        let mut bytes = [0; NAME_MAX];
        bytes[..text.len()].copy_from_slice(text);
        // At most NAME_MAX, checked above.
        Ok(Self { bytes, len: text.len() as u8 })
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII passes `from_bytes`.
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::from_bytes(text.as_bytes())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_what_nodeos_prints_and_nothing_else() {
        for good in ["a", "eosio", "producer111a", "eos.net", "abcdefghijkl5", "lion"] {
            assert_eq!(good.parse::<Name>().map(|n| n.to_string()), Ok(good.to_owned()));
        }
        for (bad, why) in [
            ("", NameError::Empty),
            ("abcdefghijklmn", NameError::TooLong),
            ("Producer", NameError::Character),
            ("producer6", NameError::Character),
            ("a b", NameError::Character),
            ("bön", NameError::Character),
        ] {
            assert_eq!(bad.parse::<Name>(), Err(why), "{bad}");
        }
    }
}
