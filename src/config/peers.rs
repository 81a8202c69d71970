//! How the keepers of our producer's other nodes are reached.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use reqwest::Url;

/// Least bytes of a secret: what 256 random bits have.
pub(super) const SECRET_BYTES_MIN: usize = 32;
/// Most bytes of a secret; a larger file is another one.
pub(super) const SECRET_BYTES_MAX: usize = 4_096;
/// The environment's word for the secret, where no file is named.
pub(super) const SECRET_ENV: &str = "EOSKEEPER_PEERS_SECRET";

/// Where the peers are, where this keeper listens for them, and the secret they share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeersAccess {
    /// Where this keeper listens for them.
    pub listen: SocketAddr,
    /// Their names and addresses, in the order of [`crate::core::settings::Peers::names`].
    pub nodes: Vec<(String, Url)>,
    /// What their messages are signed with.
    pub secret: Secret,
    /// Deadline of a message and its answer.
    pub timeout: Duration,
}

/// A secret; it is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Of a text's bytes, without the blanks and line ends around them.
    ///
    /// # Errors
    /// What is wrong with it, in words that do not hold it.
    pub fn new(text: &[u8]) -> Result<Self, String> {
        Self::at_least(SECRET_BYTES_MIN, text)
    }

    /// The same with another least number of bytes: what a service gave, such as a token or a
    /// password, is as long as it is.
    ///
    /// # Errors
    /// What is wrong with it, in words that do not hold it.
    pub fn at_least(least: usize, text: &[u8]) -> Result<Self, String> {
        let bytes = text.trim_ascii();
        let count = bytes.len();
        if !(least..=SECRET_BYTES_MAX).contains(&count) {
            let bounds = format!("{least} to {SECRET_BYTES_MAX}");
            return Err(format!("the secret has {count} bytes, and {bounds} are allowed"));
        }
        Ok(Self(bytes.to_vec()))
    }

    /// It as text, where it is some.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Whether it can stand in a header: visible characters of ASCII.
    #[must_use]
    pub fn is_header(&self) -> bool {
        self.0.iter().all(u8::is_ascii_graphic)
    }

    /// The bytes to sign with.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
