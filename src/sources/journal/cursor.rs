//! A record's place in the journal.

/// A cursor, as journald writes it: `s=…;i=…;b=…;m=…;t=…;x=…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor(String);

impl Cursor {
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this record came after another: by its number, where one journald counted both, else
    /// by its time.
    pub(super) fn is_after(&self, other: &Self) -> bool {
        let number = |cursor: &Self, name| {
            cursor.part(name).and_then(|text| u64::from_str_radix(text, 16).ok())
        };
        let name = if self.part("s") == other.part("s") { "i" } else { "t" };
        number(self, name) > number(other, name)
    }

    fn part(&self, name: &str) -> Option<&str> {
        self.0.split(';').find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_by_number_or_by_time() {
        let cursor = |s, i, t| Cursor::new(&format!("s={s};i={i};b=be;m=9c;t={t};x=df"));
        assert!(cursor("a", "a0", "1").is_after(&cursor("a", "9f", "2")), "hexadecimal");
        assert!(!cursor("a", "9f", "3").is_after(&cursor("a", "9f", "2")));
        assert!(
            cursor("b", "1", "660ce22").is_after(&cursor("a", "fff", "660ce21")),
            "another file"
        );
        assert!(!Cursor::new("what").is_after(&Cursor::new("ever")));
    }
}
