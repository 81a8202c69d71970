//! A length of time as a person types it.

/// Milliseconds of `90s`, `30m`, `2h`, `1d`, or several of them: `1h30m`.
///
/// # Errors
/// A sentence that says what a length looks like.
pub(crate) fn parse_ms(text: &str) -> Result<u64, String> {
    let wrong = || format!("'{text}' is no length of time; write 90s, 30m, 2h, 1d or 1h30m");
    let (mut rest, mut sum_ms) = (text, 0_u64);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let unit = after.chars().next().ok_or_else(wrong)?;
        let unit_ms: u64 = match unit {
            's' => 1_000,
            'm' => 60_000,
            'h' => 3_600_000,
            'd' => 86_400_000,
            _ => return Err(wrong()),
        };
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let ms = number.checked_mul(unit_ms).ok_or_else(wrong)?;
        sum_ms = sum_ms.checked_add(ms).ok_or_else(wrong)?;
        rest = &after[1..];
    }
    if text.is_empty() { Err(wrong()) } else { Ok(sum_ms) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time() {
        for (text, expected) in [
            ("90s", Some(90_000)),
            ("30m", Some(1_800_000)),
            ("2h", Some(7_200_000)),
            ("1d", Some(86_400_000)),
            ("1h30m", Some(5_400_000)),
            ("0s", Some(0)),
            ("", None),
            ("2", None),
            ("h", None),
            ("2 h", None),
            ("-2h", None),
            ("1.5h", None),
            ("2w", None),
            ("2hé", None),
            ("2H", None),
            ("99999999999999999999s", None),
            ("18446744073709551615d", None),
            ("18446744073709551s18446744073709551s", None),
        ] {
            assert_eq!(parse_ms(text).ok(), expected, "{text}");
        }
    }
}
