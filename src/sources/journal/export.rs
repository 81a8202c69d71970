//! The journal's export format: `NAME=value` lines, or `NAME`, eight bytes of length and that many
//! bytes where the value is not one line of text; an empty line ends a record.

use crate::sources::lines::LINE_BYTES_MAX;

/// Longest value that is kept, bytes; a record of journald's own streams is far smaller.
const VALUE_BYTES_MAX: usize = LINE_BYTES_MAX;
/// Longest line that begins a field, bytes: a name of 64, and a value of one line.
const HEAD_BYTES_MAX: usize = 64 + 1 + VALUE_BYTES_MAX;

/// The fields we ask for; `__CURSOR` and `__REALTIME_TIMESTAMP` come in any case.
pub(super) const FIELDS: &str = "MESSAGE,MESSAGE_ID,N_DROPPED,OBJECT_SYSTEMD_UNIT,_SYSTEMD_UNIT,\
                                 _STREAM_ID,_LINE_BREAK,_PID";

/// One record: its fields in order. A field may be there more than once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) fields: Vec<(String, Vec<u8>)>,
    /// Bytes over the bound that are gone.
    pub(super) dropped: u64,
}

impl Record {
    /// The first value of a field.
    pub(super) fn get(&self, name: &str) -> Option<&[u8]> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| &value[..])
    }

    /// The first value, where it is text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|value| std::str::from_utf8(value).ok())
    }

    /// All values of a field.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.fields.iter().filter(move |(field, _)| field == name).map(|(_, value)| &value[..])
    }

    /// When journald took it in, microseconds since 1970.
    pub(super) fn realtime_us(&self) -> Option<i64> {
        self.text("__REALTIME_TIMESTAMP")?.parse().ok()
    }
}

/// Takes pieces of the stream and hands out whole records. Holds one record.
#[derive(Debug, Default)]
pub(super) struct Parser {
    state: State,
    head: Vec<u8>,
    head_dropped: u64,
    record: Record,
}

#[derive(Debug, Default)]
enum State {
    /// In a line: a field, the name of one, or the end of the record.
    #[default]
    Head,
    /// In the length of a value.
    Length { name: String, bytes: Vec<u8> },
    /// In a value: so many bytes are left of it, and the newline.
    Value { name: String, value: Vec<u8>, left: u64 },
    /// At the newline after a value.
    Newline,
}

impl Parser {
    /// Takes the next piece.
    pub(super) fn push(&mut self, mut piece: &[u8], mut hand_out: impl FnMut(Record)) {
        while !piece.is_empty() {
            piece = self.step(piece, &mut hand_out);
        }
    }

    fn step<'a>(&mut self, piece: &'a [u8], hand_out: &mut impl FnMut(Record)) -> &'a [u8] {
        match std::mem::take(&mut self.state) {
            State::Head => self.head(piece, hand_out),
            State::Length { name, mut bytes } => {
                let (taken, rest) = piece.split_at(piece.len().min(8 - bytes.len()));
                bytes.extend_from_slice(taken);
                self.state = match <[u8; 8]>::try_from(bytes.as_slice()) {
                    Ok(bytes) => {
                        State::Value { name, value: Vec::new(), left: u64::from_le_bytes(bytes) }
                    }
                    Err(_) => State::Length { name, bytes },
                };
                self.end_value_if_empty();
                rest
            }
            State::Value { name, mut value, left } => {
                let taken = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
                let (taken, rest) = piece.split_at(taken);
                let kept = taken.len().min(VALUE_BYTES_MAX - value.len());
                value.extend_from_slice(&taken[..kept]);
                self.record.dropped += (taken.len() - kept) as u64;
                self.state = State::Value { name, value, left: left - taken.len() as u64 };
                self.end_value_if_empty();
                rest
            }
            State::Newline => {
                self.state = State::Head;
                piece.strip_prefix(b"\n").unwrap_or(piece)
            }
        }
    }

    fn end_value_if_empty(&mut self) {
        if let State::Value { name, value, left: 0 } = &mut self.state {
            let field = (std::mem::take(name), std::mem::take(value));
            self.record.fields.push(field);
            self.state = State::Newline;
        }
    }

    fn head<'a>(&mut self, piece: &'a [u8], hand_out: &mut impl FnMut(Record)) -> &'a [u8] {
        let end = piece.iter().position(|byte| *byte == b'\n');
        let (text, rest) = match end {
            Some(end) => (&piece[..end], &piece[end + 1..]),
            None => (piece, &piece[piece.len()..]),
        };
        let kept = text.len().min(HEAD_BYTES_MAX - self.head.len());
        self.head.extend_from_slice(&text[..kept]);
        self.head_dropped += (text.len() - kept) as u64;
        if end.is_none() {
            return rest;
        }
        let head = std::mem::take(&mut self.head);
        self.record.dropped += std::mem::take(&mut self.head_dropped);
        if head.is_empty() {
            let record = std::mem::take(&mut self.record);
            if !record.fields.is_empty() {
                hand_out(record);
            }
        } else if let Some(at) = head.iter().position(|byte| *byte == b'=') {
            let name = String::from_utf8_lossy(&head[..at]).into_owned();
            self.record.fields.push((name, head[at + 1..].to_vec()));
        } else {
            let name = String::from_utf8_lossy(&head).into_owned();
            self.state = State::Length { name, bytes: Vec::new() };
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn binary(name: &str, value: &[u8]) -> Vec<u8> {
        let length = (value.len() as u64).to_le_bytes();
        [name.as_bytes(), b"\n", &length, value, b"\n"].concat()
    }

    fn parse(pieces: &[&[u8]]) -> Vec<Record> {
        let (mut parser, mut records) = (Parser::default(), Vec::new());
        for piece in pieces {
            parser.push(piece, |record| records.push(record));
        }
        records
    }

    #[test]
    fn text_bytes_and_repeated_fields() {
        let text = [
            b"__CURSOR=s=1;i=2\n__REALTIME_TIMESTAMP=1795288304365192\nMESSAGE=a=b\n\n".to_vec(),
            binary("MESSAGE", b"two\nlines\n\n\xff"),
            b"_PID=7\n".to_vec(),
            binary("MESSAGE", b""),
            b"\n\nMESSAGE=torn".to_vec(),
        ]
        .concat();
        let records = parse(&[&text]);
        assert_eq!(records.len(), 2, "an empty record is none, and a torn one waits");
        assert_eq!(records[0].text("__CURSOR"), Some("s=1;i=2"));
        assert_eq!(records[0].get("MESSAGE"), Some(&b"a=b"[..]));
        assert_eq!(records[0].realtime_us(), Some(1_795_288_304_365_192));
        let all: Vec<_> = records[1].all("MESSAGE").collect();
        assert_eq!(all, [&b"two\nlines\n\n\xff"[..], b""]);
        assert_eq!(records[1].text("_PID"), Some("7"));
    }

    #[test]
    fn a_value_over_the_bound_is_cut_and_counted() {
        let long = vec![b'x'; VALUE_BYTES_MAX + 5];
        let text = [binary("MESSAGE", &long), b"_PID=7\n\n".to_vec()].concat();
        let records = parse(&[&text]);
        assert_eq!(records[0].get("MESSAGE").unwrap().len(), VALUE_BYTES_MAX);
        assert_eq!((records[0].dropped, records[0].text("_PID")), (5, Some("7")));
    }

    proptest! {
        #[test]
        fn where_the_stream_is_torn_changes_nothing(
            values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 0..8),
            cuts in proptest::collection::vec(0usize..400, 0..8),
        ) {
            let mut text = Vec::new();
            for value in &values {
                text.extend([b"_PID=1\n".to_vec(), binary("MESSAGE", value), b"\n".to_vec()].concat());
            }
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            let records = parse(&pieces);
            let got: Vec<_> = records.iter().map(|r| r.get("MESSAGE").unwrap().to_vec()).collect();
            prop_assert_eq!(got, values);
        }
    }
}
