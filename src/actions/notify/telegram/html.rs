//! The HTML that Telegram understands, within its limits.
//!
//! Facts: Bot API, "Formatting options" and `sendMessage`: 1 to 4096 characters of text and 0 to
//! 1024 of a caption, counted after the marks were taken away; what Telegram counts are UTF-16
//! units. `<`, `>` and `&` of text must be written as entities.

/// Most UTF-16 units of a message.
pub(super) const TEXT_UNITS: usize = 4_096;
/// Most UTF-16 units of a caption.
pub(super) const CAPTION_UNITS: usize = 1_024;

/// Text that is being made, and how much of it is left.
pub(super) struct Page {
    html: String,
    units: usize,
    left: usize,
}

impl Page {
    /// An empty one of at most so many UTF-16 units.
    pub(super) fn new(units: usize) -> Self {
        Self { html: String::new(), units, left: units }
    }

    /// UTF-16 units that still fit.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// UTF-16 units that are there.
    pub(super) fn used(&self) -> usize {
        self.units - self.left
    }

    /// Plain text between two marks, cut to `most` units and to what is left. The marks are ours
    /// and well formed; what they show counts. Nothing is written where nothing fits.
    pub(super) fn put(&mut self, open: &str, text: &str, close: &str, most: usize) {
        let around = shown(open) + shown(close);
        let text = cut(&quiet(text), most.min(self.left.saturating_sub(around)));
        if text.is_empty() {
            return;
        }
        self.left -= units(&text) + around;
        self.html.push_str(open);
        self.html.push_str(&escape(&text));
        self.html.push_str(close);
    }

    /// The end of a line, where there is room.
    pub(super) fn end_line(&mut self) {
        if self.left > 0 {
            self.html.push('\n');
            self.left -= 1;
        }
    }

    /// A mark of ours that shows nothing.
    pub(super) fn mark(&mut self, mark: &str) {
        self.html.push_str(mark);
    }

    /// Another page below this one, for which there is room.
    pub(super) fn append(&mut self, other: &Self) {
        self.left = self.left.saturating_sub(other.used());
        self.html.push_str(&other.html);
    }

    /// What was made.
    pub(super) fn html(self) -> String {
        self.html.trim_end().to_owned()
    }
}

/// What a mark of ours shows beside its tags, UTF-16 units.
fn shown(mark: &str) -> usize {
    let mut is_tag = false;
    let count = |c: char| {
        let was_tag = is_tag;
        is_tag = (is_tag || c == '<') && c != '>';
        if was_tag || is_tag { 0 } else { c.len_utf16() }
    };
    mark.chars().map(count).sum()
}

/// How many UTF-16 units a text has.
pub(super) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The text with what HTML would read as marks written as entities.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The text in which an `@name` is no mention any more: a log line must not call people. A word
/// joiner, which is not seen, stands behind the sign.
pub(super) fn quiet(text: &str) -> String {
    text.replace('@', "@\u{2060}")
}

/// Text of others as HTML without marks, at most `most` units.
pub(super) fn line(text: &str, most: usize) -> String {
    escape(&cut(&quiet(text), most))
}

/// HTML of ours without its marks: for a Telegram that cannot read them.
pub(super) fn plain(html: &str) -> String {
    let mut is_tag = false;
    let text: String = html
        .chars()
        .filter(|&c| {
            let was_tag = is_tag;
            is_tag = (is_tag || c == '<') && c != '>';
            !was_tag && !is_tag
        })
        .collect();
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// At most `most` units of it, cut at a character; a dot of three says that it was cut.
pub(super) fn cut(text: &str, most: usize) -> String {
    if units(text) <= most {
        return text.to_owned();
    }
    let mut left = most.saturating_sub(1);
    let mut kept = String::new();
    for c in text.chars() {
        let Some(rest) = left.checked_sub(c.len_utf16()) else { break };
        left = rest;
        kept.push(c);
    }
    if most > 0 {
        kept.push('…');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_at_a_character_in_utf_16_units() {
        for (name, text, most, expected) in [
            ("fits", "abc", 3, "abc"),
            ("too long", "abcd", 3, "ab…"),
            ("an emoji is two units", "🔴🔴", 4, "🔴🔴"),
            ("half an emoji does not fit", "🔴🔴", 3, "🔴…"),
            ("nor does a whole one", "🔴🔴", 2, "…"),
            ("no room", "abc", 0, ""),
            ("chinese", "出块者停了", 4, "出块者…"),
        ] {
            let got = cut(text, most);
            assert_eq!(got, expected, "{name}");
            assert!(units(&got) <= most, "{name}");
        }
    }

    #[test]
    fn a_page_escapes_and_keeps_to_its_units() {
        let mut page = Page::new(15);
        page.put("<b>", "a<b>&amp;", "</b>", 20);
        page.end_line();
        page.put("👉 <i>", "left", "</i>", 20);
        page.put("<i>", "none", "</i>", 20);
        assert_eq!((page.left(), page.used()), (0, 15));
        assert_eq!(page.html(), "<b>a&lt;b&gt;&amp;amp;</b>\n👉 <i>l…</i>");
    }

    #[test]
    fn what_was_made_is_text_again() {
        let mut page = Page::new(100);
        page.put("👉 <b>", "a<b>&amp;", ":</b> ", 20);
        page.put("<code>", "1 > 0", "</code>", 20);
        assert_eq!(plain(&page.html()), "👉 a<b>&amp;: 1 > 0");
        assert_eq!(line("a < b, c", 5), "a &lt; …");
    }

    #[test]
    fn nobody_is_called_by_a_quoted_text() {
        let mut page = Page::new(100);
        page.put("", "peer @admin said", "", 100);
        assert_eq!(page.html(), "peer @\u{2060}admin said");
    }
}
