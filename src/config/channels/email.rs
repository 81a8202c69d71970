//! `[email]`: mail, by a server that takes it for us.

use std::path::PathBuf;

use lettre::message::Mailbox;
use serde::{Deserialize, Deserializer};

use super::address::is_loopback;
use super::{Route, RouteKeys};
use crate::config::peers::Secret;

/// Most people who get a mail.
pub const RECIPIENTS_MAX: usize = 16;

/// How mail is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// Which messages it gets.
    pub route: Route,
    /// The server that takes the mail.
    pub server: Server,
    /// How the way to it is protected.
    pub security: Security,
    /// Who we are to it, where it asks.
    pub login: Option<Login>,
    /// Whom the mail is from.
    pub from: Mailbox,
    /// Whom it is for, 1 to [`RECIPIENTS_MAX`].
    pub to: Vec<Mailbox>,
    /// The certificates the server's own is signed by; else the system's are used.
    pub ca_file: Option<PathBuf>,
}

/// How the way to the server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// TLS from the first byte (port 465).
    Tls,
    /// TLS once both have said hello; a server without it gets nothing (port 587).
    Starttls,
    /// Not at all (port 25).
    None,
}

/// Who we are to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The user's name.
    pub user: String,
    /// Its password.
    pub password: Secret,
}

/// A host and perhaps a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// A name, or an IP address without brackets.
    pub host: String,
    /// Where it is not the usual one.
    pub port: Option<u16>,
}

impl Server {
    /// Reads `HOST` or `HOST:PORT`; an IPv6 address stands in brackets.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']')?;
                host.parse::<std::net::Ipv6Addr>().ok()?;
                (host, port.strip_prefix(':').or(port.is_empty().then_some("")))
            }
            None => {
                let (host, port) = text.split_once(':').unwrap_or((text, ""));
                let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
                let is_host = !host.is_empty() && host.len() <= 253 && host.bytes().all(is_plain);
                (host, (is_host && !text.ends_with(':')).then_some(port))
            }
        };
        let port = match port? {
            "" => None,
            digits => Some(digits.parse().ok().filter(|port| *port > 0)?),
        };
        Some(Self { host: host.to_owned(), port })
    }

    /// Whether it is this very host.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}

impl Security {
    /// The port a server has where none is given.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Tls => 465,
            Self::Starttls => 587,
            Self::None => 25,
        }
    }
}

/// The section's keys.
#[derive(Debug, Deserialize)]
pub(in crate::config) struct Keys {
    pub(in crate::config) smtp: Option<String>,
    pub(in crate::config) security: Security,
    pub(in crate::config) allow_insecure: bool,
    pub(in crate::config) user: Option<String>,
    pub(in crate::config) password_file: Option<PathBuf>,
    #[serde(default, deserialize_with = "mailbox")]
    pub(in crate::config) from: Option<Mailbox>,
    #[serde(default, deserialize_with = "mailboxes")]
    pub(in crate::config) to: Vec<Mailbox>,
    pub(in crate::config) ca_file: Option<PathBuf>,
    #[serde(flatten)]
    pub(in crate::config) route: RouteKeys,
}

/// Reads `NAME@HOST` or `WORDS <NAME@HOST>`. Only ASCII addresses: not every server takes others,
/// and one that does not is found out when the first alarm is sent.
pub(in crate::config) fn read_mailbox(text: &str) -> Option<Mailbox> {
    let mailbox: Mailbox = text.parse().ok()?;
    let address: &str = mailbox.email.as_ref();
    address.is_ascii().then_some(mailbox)
}

fn mailbox<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Mailbox>, D::Error> {
    let text = String::deserialize(deserializer)?;
    read_mailbox(&text).map(Some).ok_or_else(|| serde::de::Error::custom("no mail address"))
}

fn mailboxes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Mailbox>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    let read =
        |text: &String| read_mailbox(text).ok_or_else(|| serde::de::Error::custom("no address"));
    texts.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_servers() {
        for (text, host, port) in [
            ("mail.example", "mail.example", None),
            ("mail.example:2525", "mail.example", Some(2525)),
            ("127.0.0.1:25", "127.0.0.1", Some(25)),
            ("[::1]", "::1", None),
            ("[::1]:465", "::1", Some(465)),
        ] {
            assert_eq!(Server::new(text), Some(Server { host: host.to_owned(), port }), "{text}");
        }
        for text in [
            "",
            ":25",
            "mail:",
            "mail:0",
            "mail:99999",
            "::1",
            "[mail]:25",
            "[::1]25",
            "smtp://mail",
            "a b",
            "mail:25:26",
        ] {
            assert_eq!(Server::new(text), None, "{text}");
        }
    }

    #[test]
    fn reads_mail_addresses() {
        for text in ["ops@example.org", "Night shift <ops@example.org>", "值班 <ops@example.org>"]
        {
            let read = read_mailbox(text).map(|mailbox| mailbox.email.to_string());
            assert_eq!(read.as_deref(), Some("ops@example.org"), "{text}");
        }
        for text in
            ["", "ops", "ops@", "值班@example.org", "a@b, c@d", "ops@example.org\r\nBcc: x@y"]
        {
            assert_eq!(read_mailbox(text), None, "{text}");
        }
    }
}
