//! The first line of an exception: `<code> <name>: <what>`, fc's `to_detail_string`.
//!
//! Codes and names are those of `exceptions.hpp`; the codes are the same from 1.1 to Spring. The
//! lines that follow hold the cause and its data as JSON; they have no columns, and belong to the
//! record of the first.

use crate::core::event::EventName::{BlockRejected, DatabaseFault};
use crate::core::event::{EventName, LogEvent, Reason};
use crate::core::name::Name;
use crate::nodeos::log::message::{Reading, Source};
use crate::nodeos::log::pairs;
use crate::nodeos::log::shape::After;

/// What `edump` and the guard handler print before the code.
const LABELS: [&[u8]; 3] = [b"e.to_detail_string(): ", b"Details: ", b"e.to_string(): "];

/// `10 assert_exception` of fc; which assertion, the next line says.
const ASSERT: u32 = 10;

/// How the names of block_validate_exception's children begin.
const RULES: [&[u8]; 7] = [
    b"block_",
    b"wrong_signing_key",
    b"wrong_producer",
    b"invalid_block",
    b"invalid_qc",
    b"missing_qc",
    b"ill_formed_",
];

/// What 1.0 prints before the cause: the C++ condition that did not hold.
const CONDITIONS: [&[u8]; 2] =
    [b"itr->second < result.block_num - h.confirmed: ", b"prior != by_id_idx.end(): "];

/// The first line of an exception, taken apart.
struct Headline<'a> {
    code: u32,
    name: &'a [u8],
    what: &'a [u8],
}

impl<'a> Headline<'a> {
    fn read(text: &'a [u8]) -> Option<Self> {
        let (code, text) = split_once(text, b" ")?;
        let (name, what) = split_once(text, b":")?;
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let is_headline = code.iter().all(u8::is_ascii_digit) && name.iter().all(is_word);
        let code = pairs::number(code).filter(|_| is_headline)?;
        Some(Self { code, name, what: what.trim_ascii_start() })
    }

    fn event(&self, source: Source<'_>) -> Option<(EventName, Reason)> {
        if let Some(reason) = self.refusal() {
            return Some((BlockRejected, reason));
        }
        match self.code {
            ASSERT if source.takes_blocks() => Some((BlockRejected, Reason::Invalid)),
            _ => self.fault().map(|reason| (DatabaseFault, reason)),
        }
    }

    /// Why a block was refused, if this is about a block. Names decide: DAWN 3 has other codes.
    fn refusal(&self) -> Option<Reason> {
        match self.name {
            b"unlinkable_block_exception" => Some(Reason::Unlinkable),
            b"producer_double_confirm" => Some(Reason::DoubleConfirming),
            b"block_validate_exception" => Some(Reason::Invalid),
            b"fork_database_exception" | b"fork_db_block_not_found" => Some(Reason::Other),
            _ => self.breaks_a_rule().then_some(Reason::Invalid),
        }
    }

    /// The children of block_validate_exception.
    fn breaks_a_rule(&self) -> bool {
        (3_030_000..3_031_000).contains(&self.code)
            && RULES.iter().any(|rule| self.name.starts_with(rule))
    }

    /// What is wrong with the database, if this is about it.
    fn fault(&self) -> Option<Reason> {
        if says_dirty(self.what) {
            return Some(Reason::Dirty);
        }
        match self.code {
            // guard_exception, database_guard_exception, reversible_guard_exception
            3_060_100..=3_060_199 => Some(Reason::Memory),
            // database_exception; 3060001 to 3060004 are failed queries of the API
            3_060_000 | 3_060_005..=3_060_099 => Some(Reason::Other),
            // state_history_write_exception
            3_140_002 => Some(Reason::Other),
            // block_log_exception and its children
            3_190_000..=3_190_099 => Some(Reason::Other),
            // A std::exception, with its C++ name
            _ if self.name.windows(9).any(|part| part == b"bad_alloc") => Some(Reason::Memory),
            _ => None,
        }
    }
}

/// The event of a message that is the first line of an exception.
pub(super) fn headline(message: &[u8], source: Source<'_>) -> Option<Reading> {
    if source.is_network() {
        return None;
    }
    let text = LABELS.iter().find_map(|label| message.strip_prefix(*label)).unwrap_or(message);
    let headline = Headline::read(text)?;
    let (name, reason) = headline.event(source)?;
    let mut event = LogEvent { reason: Some(reason), ..LogEvent::new(name) };
    refine(&mut event, text);
    let after = if name == BlockRejected { After::Cause } else { After::Unknown };
    Some(Reading { event, after })
}

/// Makes the reason of a refusal exact, where the exception's text names the cause.
pub(super) fn refine(event: &mut LogEvent, text: &[u8]) {
    let headline = Headline::read(text);
    if let Some(reason) = headline.as_ref().and_then(Headline::refusal) {
        event.reason = Some(reason);
    }
    let what = headline.map_or(text, |headline| headline.what);
    let what = what.strip_prefix(b"Block exception").unwrap_or(what).trim_ascii_start();
    if let Some((reason, producer)) = cause(what) {
        event.reason = Some(reason);
        event.producer = producer;
    }
}

/// The line below the first of an exception that refused a block. It counts only where it says
/// more than the first line did: who signed twice, or, in 1.0, what the failed assertion was.
pub(super) fn continued(line: &[u8]) -> Option<Reading> {
    let condition = CONDITIONS.iter().find_map(|condition| line.strip_prefix(*condition));
    let (reason, producer) = cause(condition.unwrap_or(line))?;
    if condition.is_none() && producer.is_none() {
        return None;
    }
    let mut event = LogEvent::new(BlockRejected);
    event.reason = Some(reason);
    event.producer = producer;
    Some(Reading { event, after: After::Unknown })
}

/// The cause a text begins with.
fn cause(text: &[u8]) -> Option<(Reason, Option<Name>)> {
    if let Some(producer) = double_confirming(text) {
        return Some((Reason::DoubleConfirming, Some(producer)));
    }
    // What `producer_double_confirm` and `unlinkable_block_exception` say of themselves.
    if text.starts_with(b"Producer is double confirming known range") {
        return Some((Reason::DoubleConfirming, None));
    }
    let unlinkable = text.starts_with(b"Unlinkable block") || text.starts_with(b"unlinkable block");
    unlinkable.then_some((Reason::Unlinkable, None))
}

/// The producer of `producer NAME double-confirming known range` (`block_header_state.cpp`).
fn double_confirming(text: &[u8]) -> Option<Name> {
    let (name, rest) = split_once(text.strip_prefix(b"producer ")?, b" ")?;
    rest.starts_with(b"double-confirming known range").then(|| Name::from_bytes(name).ok())?
}

/// `database dirty flag set`; capital in 2.1, 2.2 and Leap.
fn says_dirty(what: &[u8]) -> bool {
    let dirty = b"database dirty flag set";
    what.get(..dirty.len()).is_some_and(|start| start.eq_ignore_ascii_case(dirty))
}

fn split_once<'a>(text: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let place = text.windows(at.len()).position(|part| part == at)?;
    Some((&text[..place], &text[place + at.len()..]))
}
