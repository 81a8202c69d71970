//! Terminal colour codes.
//!
//! fc's console appender colours a whole line when its stream is a terminal
//! (`console_appender.cpp`), so logs taken from `docker -t`, `script` or pm2 have codes at both
//! ends of a line; viewers put them between the columns as well.

/// Starts every control sequence of a terminal.
const ESCAPE: u8 = 0x1b;

/// The line without control sequences: itself where it has none, else a copy in `copy`.
pub(super) fn without_colour<'a>(line: &'a [u8], copy: &'a mut Vec<u8>) -> &'a [u8] {
    if !line.contains(&ESCAPE) {
        return line;
    }
    copy.clear();
    let mut rest = line;
    while let Some(at) = rest.iter().position(|byte| *byte == ESCAPE) {
        let (before, from) = rest.split_at(at);
        copy.extend_from_slice(before);
        rest = &from[sequence_len(from)..];
    }
    copy.extend_from_slice(rest);
    copy
}

/// Length of the sequence at the start of `text`: ESC `[`, parameters, one final byte; or ESC `(`
/// and a byte (`tput sgr0` prints ESC `(B`). A lone ESC counts as one.
fn sequence_len(text: &[u8]) -> usize {
    match text.get(1) {
        Some(b'[') => {
            let parameters =
                text[2..].iter().take_while(|byte| matches!(byte, 0x20..=0x3f)).count();
            (2 + parameters + 1).min(text.len())
        }
        Some(b'(') => text.len().min(3),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_go_and_text_stays() {
        for (line, clean) in [
            ("plain", "plain"),
            ("\x1b[32minfo  \x1b[0m2024", "info  2024"),
            ("\x1b[1;31merror\x1b[0m", "error"),
            ("a\x1b(Bb\x1b[Kc", "abc"),
            ("cut \x1b[3", "cut "),
            ("cut \x1b", "cut "),
        ] {
            let mut copy = Vec::new();
            assert_eq!(without_colour(line.as_bytes(), &mut copy), clean.as_bytes(), "{line:?}");
        }
    }
}
