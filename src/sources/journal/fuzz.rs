//! The journal's export format, of any bytes.

use super::export::Parser;
use crate::sources::lines::LINE_BYTES_MAX;

/// A stream: where it is torn changes nothing, and no value is over its bound.
pub(crate) fn export(data: &[u8]) {
    let read = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let (mut parser, mut records) = (Parser::default(), Vec::new());
        pieces.for_each(|piece| parser.push(piece, |record| records.push(record)));
        records
    };
    let whole = read(&mut std::iter::once(data));
    assert_eq!(whole, read(&mut data.chunks(3)), "torn");
    for record in whole {
        assert!(record.fields.iter().all(|(_, value)| value.len() <= LINE_BYTES_MAX), "too long");
    }
}
