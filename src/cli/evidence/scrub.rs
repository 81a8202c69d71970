//! Takes out of a text whatever looks like a secret.

use std::collections::BTreeMap;

use regex::{Captures, Regex};

/// What stands in its place.
const REMOVED: &str = "[removed]";

/// What a secret looks like, wherever it stands: a name, and an expression whose first group, where
/// it has one, stays.
const PATTERNS: [(&str, &str); 9] = [
    // A key of nodeos as `signature-provider` and old tools write it: 51 or 52 digits in base 58.
    ("private key", r"\b[5KL][1-9A-HJ-NP-Za-km-z]{50,51}\b"),
    ("private key", r"\bPVT_(?:K1|R1|WA)_[1-9A-HJ-NP-Za-km-z]{40,}"),
    ("private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)-----END [A-Z ]*PRIVATE KEY-----"),
    ("user and password of an address", r"(://)[^/\s@:]+:[^/\s@]+@"),
    ("authorization", r"(?i)(authorization:?\s+(?:bearer|basic|token)\s+)\S+"),
    ("token of a Telegram bot", r"\b\d{6,12}:[A-Za-z0-9_-]{30,}"),
    ("access key of AWS", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    ("key of a WeCom robot", r"(?i)(webhook/send\?key=)[A-Za-z0-9-]{8,}"),
    (
        "value of a parameter",
        r#"(?i)\b((?:password|passwd|secret|token|api[_-]?key|access[_-]?key)["']?\s*[=:]\s*["']?)[^\s"'&,;]{6,}"#,
    ),
];

/// Knows the secrets, and counts what it took out.
pub(super) struct Scrub {
    secrets: Vec<String>,
    patterns: Vec<(&'static str, Regex)>,
    taken: BTreeMap<&'static str, u64>,
}

impl Scrub {
    /// For these secrets, and whatever looks like one.
    pub(super) fn new(secrets: Vec<String>) -> Self {
        let mut secrets: Vec<String> = secrets
            .into_iter()
            .flat_map(|secret| [secret.trim().to_owned(), escaped(secret.trim())])
            .filter(|secret| !secret.is_empty())
            .collect();
        // The longest first: one may be part of another.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        // That each can be compiled is tested.
        let patterns =
            PATTERNS.iter().filter_map(|(name, regex)| Some((*name, Regex::new(regex).ok()?)));
        Self { secrets, patterns: patterns.collect(), taken: BTreeMap::new() }
    }

    /// The text without them.
    pub(super) fn text(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            let count = text.matches(secret.as_str()).count() as u64;
            if count > 0 {
                *self.taken.entry("a secret of the configuration").or_default() += count;
                text = text.replace(secret.as_str(), REMOVED);
            }
        }
        for (name, pattern) in &self.patterns {
            let mut count = 0;
            let replaced = pattern.replace_all(&text, |found: &Captures<'_>| {
                count += 1;
                format!("{}{REMOVED}", found.get(1).map_or("", |kept| kept.as_str()))
            });
            if count > 0 {
                text = replaced.into_owned();
                *self.taken.entry(name).or_default() += count;
            }
        }
        text
    }

    /// How often each kind was taken out.
    pub(super) const fn taken(&self) -> &BTreeMap<&'static str, u64> {
        &self.taken
    }
}

/// As it stands within JSON.
fn escaped(secret: &str) -> String {
    let quoted = serde_json::to_string(secret).unwrap_or_default();
    let inside = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inside.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_can_be_compiled() {
        assert_eq!(Scrub::new(Vec::new()).patterns.len(), PATTERNS.len());
    }

    #[test]
    fn what_looks_like_a_secret_goes_and_the_rest_stays() {
        let wif = "5KQwrPbwdL6PhXujxW37FSSQZ1JiwsST4cqQzDeyXtP79zkvFD3";
        let cases = [
            (format!("key {wif} here"), "key [removed] here"),
            (format!("EOS6MRyAj=KEY:{wif}"), "EOS6MRyAj=KEY:[removed]"),
            ("PVT_K1_2bfGi9rYsXQSXXTvJbDAPhHLQUojjaNLomdm3cEJ1XTzMqUt3V".to_owned(), "[removed]"),
            ("http://joe:hunter2@host/x".to_owned(), "http://[removed]host/x"),
            ("Authorization: Bearer abc.def".to_owned(), "Authorization: Bearer [removed]"),
            ("url?token=abcdefgh&x=1".to_owned(), "url?token=[removed]&x=1"),
            ("{\"password\":\"hunter22\"}".to_owned(), "{\"password\":\"[removed]\"}"),
            ("bot 123456789:AAF-abcdefghijklmnopqrstuvwxyz0123".to_owned(), "bot [removed]"),
            ("my \\\"own\\\" and my \"own\"".to_owned(), "my [removed] and my [removed]"),
            (
                "Received block d7cd82c474795f2b... #2 @ 2026-11-21T02:48:11.000 signed by eosio"
                    .to_owned(),
                "Received block d7cd82c474795f2b... #2 @ 2026-11-21T02:48:11.000 signed by eosio",
            ),
            ("fencing token 7, tokens: 3".to_owned(), "fencing token 7, tokens: 3"),
        ];
        for (text, expected) in cases {
            let mut scrub = Scrub::new(vec!["\"own\"".to_owned()]);
            assert_eq!(scrub.text(&text), expected);
            assert_eq!(scrub.taken().is_empty(), text == expected, "{text}");
        }
    }
}
