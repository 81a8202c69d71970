//! Finds the shape a message has: by its first byte, its first bytes, then one anchored regex.

use std::sync::{LazyLock, OnceLock};

use regex::bytes::{CaptureLocations, Regex, RegexBuilder};

use crate::core::event::LogEvent;
use crate::core::name::Name;
use crate::core::time::Timestamp;
use crate::nodeos::log::message::{Reading, Source};
use crate::nodeos::log::shape::{Rest, Shape};
use crate::nodeos::log::{exception, pairs};

/// A value of an event that a pattern can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Block,
    Id,
    Head,
    Producer,
    Time,
    Lib,
    Latency,
    Transactions,
    Count,
    More,
    Removed,
    List,
    Cause,
}

/// What stands for a value in a pattern, as a group of the regex. Longer words first: each is
/// replaced as text.
pub(super) const FIELDS: [(&str, Field, &str); 13] = [
    ("%transactions", Field::Transactions, "[0-9]{1,10}"),
    ("%producer", Field::Producer, "[a-z1-5.]{1,13}"),
    ("%latency", Field::Latency, "-?[0-9]{1,18}"),
    ("%removed", Field::Removed, "[^}]*"),
    ("%block", Field::Block, "[0-9]{1,10}"),
    ("%count", Field::Count, "[0-9]{1,10}"),
    ("%cause", Field::Cause, ".*"),
    // A full id: its first 8 digits are the block's number.
    ("%head", Field::Head, "[0-9a-f]{64}"),
    // A second number to add to the count.
    ("%more", Field::More, "[0-9]{1,10}"),
    // `key: value, …`, see `pairs`.
    ("%list", Field::List, r"[^\]]*"),
    (
        "%time",
        Field::Time,
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\\.[0-9]{1,9})?",
    ),
    ("%lib", Field::Lib, "[0-9]{1,10}"),
    ("%id", Field::Id, "[0-9a-f]{8,64}"),
];

/// What stands for a value that no event has.
const IGNORED: [(&str, &str); 3] =
    [("%N", "[0-9]{1,10}"), ("%H", "[0-9a-f]{8,64}"), ("%P", "[a-z1-5.]{0,13}")];

/// A pattern as it is matched.
#[derive(Debug)]
struct Matcher {
    regex: Regex,
    fields: Vec<(Field, usize)>,
}

/// All shapes of a kind, with what finds them.
#[derive(Debug)]
pub(super) struct Table {
    shapes: Vec<&'static Shape>,
    matchers: Vec<OnceLock<Matcher>>,
    /// Places in `shapes`, by a message's first byte, in the order of the tables.
    by_first: Vec<Vec<usize>>,
}

/// A table of shapes, and the memory its regexes use from line to line.
#[derive(Debug)]
pub(super) struct Finder {
    table: &'static LazyLock<Table>,
    found: Vec<Option<CaptureLocations>>,
}

impl Table {
    /// Puts shapes in order.
    pub(super) fn new(families: &[&'static [Shape]]) -> Self {
        let shapes: Vec<&Shape> = families.iter().copied().flatten().collect();
        let matchers = shapes.iter().map(|_| OnceLock::new()).collect();
        let mut by_first = vec![Vec::new(); 256];
        for (byte, places) in by_first.iter_mut().enumerate() {
            for (place, shape) in shapes.iter().enumerate() {
                let may_start = match shape.starts.as_bytes().first() {
                    Some(first) => usize::from(*first) == byte,
                    // A number or a name.
                    None => u8::try_from(byte).is_ok_and(|b| b.is_ascii_alphanumeric()),
                };
                if may_start {
                    places.push(place);
                }
            }
        }
        Self { shapes, matchers, by_first }
    }
}

impl Matcher {
    fn new(pattern: &str) -> Self {
        let mut source = format!("^(?:{pattern})$");
        for (word, field, shape) in FIELDS {
            source = source.replace(word, &format!("(?<{field:?}>{shape})"));
        }
        for (word, shape) in IGNORED {
            source = source.replace(word, shape);
        }
        let regex = RegexBuilder::new(&source).unicode(false).dot_matches_new_line(true).build();
        // The patterns are constants of this crate; a test compiles every one.
        let regex = regex.expect("the patterns of the shapes are valid");
        let fields = FIELDS.iter().filter_map(|(_, field, _)| {
            let place = regex.capture_names().position(|name| name == Some(&format!("{field:?}")));
            place.map(|place| (*field, place))
        });
        let fields = fields.collect();
        Self { regex, fields }
    }
}

impl Finder {
    /// A finder over a table.
    pub(super) fn new(table: &'static LazyLock<Table>) -> Self {
        Self { table, found: vec![None; table.shapes.len()] }
    }

    /// What a message says, if it has one of the shapes.
    pub(super) fn find(&mut self, message: &[u8], source: Source<'_>) -> Option<Reading> {
        let table: &'static Table = self.table;
        let first = usize::from(*message.first()?);
        for &place in &table.by_first[first] {
            let shape = table.shapes[place];
            let Some(rest) = message.strip_prefix(shape.starts.as_bytes()) else { continue };
            if source.is_network() && !shape.network {
                continue;
            }
            if let Some(event) = self.event(table, place, rest) {
                return Some(Reading { event, after: shape.after });
            }
        }
        None
    }

    fn event(&mut self, table: &'static Table, place: usize, rest: &[u8]) -> Option<LogEvent> {
        let shape = table.shapes[place];
        let mut event = LogEvent::new(shape.event);
        event.reason = shape.reason;
        let pattern = match shape.rest {
            Rest::End => return rest.is_empty().then_some(event),
            Rest::Words => return Some(event),
            Rest::Pattern(pattern) => pattern,
        };
        let matcher = table.matchers[place].get_or_init(|| Matcher::new(pattern));
        let found = self.found[place].get_or_insert_with(|| matcher.regex.capture_locations());
        matcher.regex.captures_read(found, rest)?;
        for &(field, group) in &matcher.fields {
            if let Some((from, to)) = found.get(group) {
                let whole = rest.get(to) == Some(&b']');
                fill(&mut event, field, &rest[from..to], whole)?;
            }
        }
        Some(event)
    }
}

/// Puts a value into the event; `None` when it is none of its type, and so the shape does not fit.
fn fill(event: &mut LogEvent, field: Field, text: &[u8], whole: bool) -> Option<()> {
    match field {
        Field::Block => event.block = Some(pairs::number(text)?),
        Field::Id => event.block_id = Some(pairs::short_id(text)?),
        Field::Head => {
            event.block_id = Some(pairs::short_id(text)?);
            event.block = Some(pairs::number_of_id(text)?);
        }
        Field::Producer => event.producer = Some(Name::from_bytes(text).ok()?),
        Field::Time => event.block_time = Some(Timestamp::from_bytes(text).ok()?),
        Field::Lib => event.lib = Some(pairs::number(text)?),
        Field::Latency => event.latency_ms = Some(pairs::number(text)?),
        Field::Transactions => event.transactions = Some(pairs::number(text)?),
        Field::Count => event.count = Some(pairs::number(text)?),
        Field::More => {
            let more: u32 = pairs::number(text)?;
            event.count = Some(event.count.unwrap_or(0).checked_add(more)?);
        }
        Field::Removed => {
            let blocks = text.iter().filter(|byte| **byte == b':').count();
            event.count = Some(u32::try_from(blocks).ok()?);
        }
        Field::List => pairs::read(text, whole, event),
        Field::Cause => exception::refine(event, text),
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nodeos::log::shapes;

    #[test]
    fn every_pattern_is_a_valid_regex_and_every_placeholder_is_replaced() {
        for shape in shapes::ALL.iter().copied().flatten() {
            if let Rest::Pattern(pattern) = shape.rest {
                let matcher = Matcher::new(pattern);
                let source = matcher.regex.as_str().replace("% ", "");
                assert!(!source.contains('%'), "{} {pattern}", shape.starts);
            }
        }
    }
}
