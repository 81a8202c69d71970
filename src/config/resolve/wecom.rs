//! `[wecom]`: a key, or nothing.

use super::super::channels::{WeCom, WeComKeys};
use super::super::peers::Secret;
use super::Resolver;

const SECTION: &str = "wecom";
/// The environment's word for the key, where no file is named.
const KEY_ENV: &str = "EOSKEEPER_WECOM_KEY";
/// How a key is had.
const GET: &str = "add a robot to the group in WeCom, and put what stands behind key= in its \
                   webhook address into the file";

impl Resolver<'_> {
    /// WeCom, where it is used.
    pub(super) fn wecom(&mut self, keys: &WeComKeys) -> Option<WeCom> {
        if !self.is_used(SECTION, Some(KEY_ENV)) {
            return None;
        }
        let at = (SECTION, "key_file");
        let key = self.service_secret(at, keys.key_file.as_deref(), KEY_ENV, GET)?;
        if !is_key(&key) {
            let what = "what was given is no key of a robot: that has letters, digits and -";
            self.problem(SECTION, "key_file", what, GET);
            return None;
        }
        Some(WeCom {
            key,
            mentioned: keys.mentioned.clone(),
            api_url: keys.api_url.clone(),
            route: keys.route.route(),
        })
    }
}

/// Whether it can be a key: people copy the whole address, or with the `key=`.
fn is_key(secret: &Secret) -> bool {
    let of_key = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    secret.text().is_some_and(|text| (8..=100).contains(&text.len()) && text.bytes().all(of_key))
}
