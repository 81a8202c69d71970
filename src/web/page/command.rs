//! What a person may type. The page acts on nothing; it names the command.

use maud::{Markup, html};

/// A command to type, as code.
pub(super) fn command(text: &str) -> Markup {
    html! { code class="command" { (text) } }
}

/// A command with a word of others in it; `None` where a shell would take that word for more than
/// a word. Whoever names a node or a disk must not write what a tired person pastes.
pub(super) fn command_with(before: &str, word: &str) -> Option<Markup> {
    is_plain(word).then(|| command(&format!("eoskeeper {before} {word}")))
}

fn is_plain(word: &str) -> bool {
    let is_fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    (1..=160).contains(&word.len()) && word.chars().all(is_fine) && !word.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_word_gets_into_a_command() {
        let id = "20261121T024837-tokyo-1-api_down";
        let shown = command_with("evidence", id).unwrap().into_string();
        assert!(shown.contains(&format!("eoskeeper evidence {id}")), "{shown}");
        for bad in ["", "a b", "$(reboot)", "a;b", "--yes", "é", "a\u{202e}b", &"x".repeat(161)] {
            assert!(command_with("evidence", bad).is_none(), "{bad}");
        }
    }
}
