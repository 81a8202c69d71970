//! What a message says, given who printed it.

use std::sync::LazyLock;

use crate::core::event::{EventName, LogEvent};
use crate::nodeos::log::layout::Record;
use crate::nodeos::log::shape::After;
use crate::nodeos::log::table::{Finder, Table};
use crate::nodeos::log::{exception, peer, shapes};

/// Messages of all plugins.
static MESSAGES: LazyLock<Table> = LazyLock::new(|| Table::new(shapes::ALL));
/// Messages that may follow a peer's name.
static PEER_MESSAGES: LazyLock<Table> =
    LazyLock::new(|| Table::new(&[shapes::rejections::OF_PEERS]));

/// Files whose messages may begin with text a remote chose: an operator can set
/// `peer-log-format` so that a peer's name comes first, and a contract's console output is printed
/// by `apply_context.cpp`. Compared by their first bytes, as names are cut to 22 characters.
const NETWORK_FILES: [&[u8]; 12] = [
    b"net_",
    b"http",
    b"p2p",
    b"bnet",
    b"dispatch",
    b"connection",
    b"beast",
    b"abstract_conn",
    b"peer",
    b"sync_manager",
    b"apply_context",
    b"listener",
];

/// Who printed a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    file: &'a [u8],
    method: &'a [u8],
}

/// What a message was found to be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// The event; level and time are not in a message.
    pub event: LogEvent,
    /// What the lines below may be.
    pub after: After,
}

/// Looks messages up.
#[derive(Debug)]
pub(super) struct Reader {
    messages: Finder,
    peer_messages: Finder,
}

impl<'a> Source<'a> {
    /// A message without columns: nobody says who printed it.
    pub(super) const MESSAGE_ALONE: Self = Self { file: b"", method: b"" };

    /// Who printed a record.
    pub(super) fn of(record: &Record<'a>) -> Self {
        Self { file: record.file, method: record.method }
    }

    /// Whether a remote may choose how the message begins.
    pub(super) fn is_network(self) -> bool {
        NETWORK_FILES.iter().any(|file| self.file.starts_with(file))
    }

    /// Whether the function handles blocks of others: there, a failed assertion is about a block.
    pub(super) fn takes_blocks(self) -> bool {
        matches!(
            self.method,
            b"on_incoming_block" | b"push_block" | b"apply_block" | b"maybe_switch_forks"
        )
    }
}

impl Reading {
    /// A line that is no event of ours.
    pub(super) fn other() -> Self {
        Self { event: LogEvent::new(EventName::Other), after: After::Unknown }
    }
}

impl Default for Reader {
    fn default() -> Self {
        Self { messages: Finder::new(&MESSAGES), peer_messages: Finder::new(&PEER_MESSAGES) }
    }
}

impl Reader {
    /// What a message says.
    pub(super) fn read(&mut self, message: &[u8], source: Source<'_>) -> Reading {
        if message.starts_with(peer::NAME_STARTS) {
            let said = peer::behind_name(message);
            let reading = said.and_then(|said| self.peer_messages.find(said, source));
            return reading.unwrap_or_else(Reading::other);
        }
        self.messages
            .find(message, source)
            .or_else(|| exception::headline(message, source))
            .unwrap_or_else(Reading::other)
    }
}
