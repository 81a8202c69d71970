//! The time Docker puts before each record of a log.

use crate::core::time::Timestamp;

/// Length of `2026-11-21T08:08:53.315530765Z`: Docker prints nanoseconds in full, in UTC
/// (`jsonmessage.RFC3339NanoFixed`).
const STAMP_BYTES: usize = 30;

/// When Docker took a record in. The texts have one length and one zone, so they sort as the times
/// they name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stamp([u8; STAMP_BYTES]);

impl Stamp {
    /// Takes a record apart: its stamp and its text. None when there is no stamp before it.
    pub(super) fn split(record: &[u8]) -> Option<(Self, &[u8])> {
        let (stamp, rest) = record.split_first_chunk::<STAMP_BYTES>()?;
        let is_stamp = stamp[4] == b'-'
            && stamp[10] == b'T'
            && stamp[19] == b'.'
            && stamp[29] == b'Z'
            && stamp[20..29].iter().all(u8::is_ascii_digit);
        let text = rest.strip_prefix(b" ")?;
        is_stamp.then_some((Self(*stamp), text))
    }

    /// Unix seconds, rounded down; 0 for a stamp that is no time.
    pub(super) fn unix_seconds(&self) -> i64 {
        // To the millisecond; the rest is below a second.
        Timestamp::from_bytes(&self.0[..23]).map_or(0, |time| time.ms().div_euclid(1000))
    }

    /// The stamp and the space after it, as it stands before a record.
    pub(super) fn prefix(&self) -> [u8; STAMP_BYTES + 1] {
        let mut prefix = [b' '; STAMP_BYTES + 1];
        prefix[..STAMP_BYTES].copy_from_slice(&self.0);
        prefix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_its_stamp_and_its_text() {
        let (stamp, text) = Stamp::split(b"2026-11-21T08:08:53.315530765Z  info\n").unwrap();
        assert_eq!(text, b" info\n");
        assert_eq!(stamp.unix_seconds(), 1_795_248_533);
        assert_eq!(&stamp.prefix(), b"2026-11-21T08:08:53.315530765Z ");
        let (later, _) = Stamp::split(b"2026-11-21T08:08:53.315530766Z ").unwrap();
        assert!(stamp < later);
        for bad in
            [&b""[..], b"2026-11-21T08:08:53.315530765Z", b"info  2026-11-21T08:08:53.315 nodeos"]
        {
            assert_eq!(Stamp::split(bad), None);
        }
    }
}
