//! Public keys as text: one form for what nodeos prints in two.
//!
//! `EOS…` is base58 of the 33 bytes and the first 4 of their RIPEMD-160; `PUB_K1_…` the same with
//! `K1` hashed after the bytes (`public_key.cpp`, the same from EOSIO 1.0 to Spring 2.0-dev). A
//! `PUB_R1_…` and a `PUB_WA_…` have one form only.

use ripemd::{Digest, Ripemd160};

/// Longest key that is read; a WebAuthn key with a long host name has some 150.
const KEY_CHARS_MAX: usize = 500;
/// A compressed point of an elliptic curve.
const POINT_BYTES: usize = 33;
/// The part of the hash that guards against slips.
const CHECKSUM_BYTES: usize = 4;

/// Why a text is no public key. Nothing of it is repeated: it may be a private one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It looks like a private key.
    #[error("this looks like a private key, which belongs in nodeos's configuration alone")]
    Private,
    /// It begins like no key.
    #[error("it is no public key: it begins neither with EOS nor with PUB_")]
    Prefix,
    /// It holds other characters, or is too long or too short.
    #[error("it is no public key: what follows its first letters is no base58 of a key")]
    Shape,
    /// A slip: its checksum is another.
    #[error("it is no public key: its checksum does not fit, so that a character is wrong")]
    Checksum,
}

/// The one form of a public key: `PUB_K1_…` for `EOS…`.
///
/// # Errors
/// [`KeyError`].
pub fn normal(text: &str) -> Result<String, KeyError> {
    let (kind, body) = split(text)?;
    if text.len() > KEY_CHARS_MAX {
        return Err(KeyError::Shape);
    }
    let bytes = bs58::decode(body).into_vec().map_err(|_| KeyError::Shape)?;
    let at = bytes.len().checked_sub(CHECKSUM_BYTES).ok_or(KeyError::Shape)?;
    let (key, checksum) = bytes.split_at(at);
    let has_length = if kind == "WA" { key.len() > POINT_BYTES } else { key.len() == POINT_BYTES };
    if !has_length {
        return Err(KeyError::Shape);
    }
    let suffix = if text.starts_with("PUB_") { kind } else { "" };
    if checksum != sum(key, suffix) {
        return Err(KeyError::Checksum);
    }
    let whole = [key, &sum(key, kind)].concat();
    Ok(format!("PUB_{kind}_{}", bs58::encode(whole).into_string()))
}

/// The kind of key, and what follows the prefix.
fn split(text: &str) -> Result<(&'static str, &str), KeyError> {
    for (prefix, kind) in [("PUB_K1_", "K1"), ("PUB_R1_", "R1"), ("PUB_WA_", "WA"), ("EOS", "K1")] {
        if let Some(body) = text.strip_prefix(prefix) {
            return Ok((kind, body));
        }
    }
    // A private key in the old form is base58 of 37 bytes with 0x80 before them.
    let is_old_private = text.starts_with('5') && text.len() == 51;
    let is_private = text.starts_with("PVT_") || is_old_private;
    Err(if is_private { KeyError::Private } else { KeyError::Prefix })
}

fn sum(key: &[u8], suffix: &str) -> [u8; CHECKSUM_BYTES] {
    let hash = Ripemd160::new().chain_update(key).chain_update(suffix).finalize();
    let mut first = [0; CHECKSUM_BYTES];
    first.copy_from_slice(&hash[..CHECKSUM_BYTES]);
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The development key of every EOSIO tutorial, as cleos prints it in both forms.
    const OLD: &str = "EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV";
    const NEW: &str = "PUB_K1_6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5BoDq63";

    #[test]
    fn both_forms_of_a_key_are_one() {
        assert_eq!(normal(OLD).as_deref(), Ok(NEW));
        assert_eq!(normal(NEW).as_deref(), Ok(NEW));
    }

    #[test]
    fn what_is_no_public_key_is_told_apart_and_not_repeated() {
        let slip = OLD.replace("MRy", "MRx");
        let crossed = NEW.replace("PUB_K1_", "PUB_R1_");
        let long = format!("EOS{}", "1".repeat(KEY_CHARS_MAX));
        for (text, error) in [
            ("5KQwrPbwdL6PhXujxW37FSSQZ1JiwsST4cqQzDeyXtP79zkvFD3", KeyError::Private),
            ("PVT_K1_2bfGi9rYsXQSXXTvJbDAPhHLQUojjaNLomdm3cEJ1XTzMqUt3V", KeyError::Private),
            ("", KeyError::Prefix),
            ("FIO6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV", KeyError::Prefix),
            ("EOS", KeyError::Shape),
            ("EOS0OIl", KeyError::Shape),
            ("EOS6MRyAjQq8ud7hVNY", KeyError::Shape),
            (&long, KeyError::Shape),
            (&slip, KeyError::Checksum),
            (&crossed, KeyError::Checksum),
        ] {
            assert_eq!(normal(text), Err(error), "{text}");
        }
    }
}
