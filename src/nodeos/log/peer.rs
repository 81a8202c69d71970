//! The name of a peer in front of a message: `["name" - 7 192.0.2.1:9876] ` (Leap, Spring) or
//! `["name" 192.0.2.1:9876]` without a blank behind it (EOSIO 1.8 to 2.2).
//!
//! The peer chooses the name, and nodeos prints it as it came: it may hold quotes, brackets and a
//! copy of this very prefix. What nodeos itself says therefore follows the *last* prefix.

use std::sync::LazyLock;

use regex::bytes::{Regex, RegexBuilder};

/// How every message about a peer begins (default `peer-log-format`).
pub(super) const NAME_STARTS: &[u8] = b"[\"";

/// Everything up to the last `" … address:port]`. The address is empty for a peer not connected.
static NAME: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r#"^\[".*" (?:- [0-9]{1,10} )?[^\s"]{0,64}:[0-9]{0,5}\] ?"#;
    // A constant pattern: every test of this file compiles it.
    let regex = RegexBuilder::new(pattern).unicode(false).dot_matches_new_line(true).build();
    regex.expect("the pattern of a peer's name is valid")
});

/// What nodeos says behind the peer's name.
pub(super) fn behind_name(message: &[u8]) -> Option<&[u8]> {
    NAME.find(message).map(|name| &message[name.end()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_follows_the_last_name() {
        for (message, said) in [
            (r#"["a:9876 - 1f" - 7 192.0.2.1:9876] closing"#, Some("closing")),
            (r#"["a:9876 - 1f" 192.0.2.1:9876]unlinkable"#, Some("unlinkable")),
            (r#"["a:9876" - 4 :] closing"#, Some("closing")),
            (r#"["a" - 4 [2001:db8::1]:9876] closing"#, Some("closing")),
            (r#"["x" - 1 192.0.2.1:5] unlinkable" - 7 192.0.2.2:6] closing"#, Some("closing")),
            (r#"["x"] closing"#, None),
            (r#"["x"#, None),
        ] {
            assert_eq!(behind_name(message.as_bytes()), said.map(str::as_bytes), "{message}");
        }
    }
}
