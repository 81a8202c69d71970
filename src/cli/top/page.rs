//! Lines for a width: headings, rows with a label, items with a mark, all wrapped between words.

use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::paint::{Mark, Paint};

/// Columns before what a row says.
const LABEL_COLUMNS: usize = 13;

/// What is drawn, from the top.
#[derive(Debug)]
pub(super) struct Page {
    lines: Vec<Line<'static>>,
    width: usize,
    paint: Paint,
}

impl Page {
    /// An empty page of so many columns.
    pub(super) fn new(width: usize, paint: Paint) -> Self {
        Self { lines: Vec::new(), width: width.max(1), paint }
    }

    pub(super) const fn paint(&self) -> Paint {
        self.paint
    }

    pub(super) const fn width(&self) -> usize {
        self.width
    }

    pub(super) fn into_lines(self) -> Vec<Line<'static>> {
        self.lines
    }

    /// A line as it is; what does not fit is cut off when it is drawn.
    pub(super) fn line(&mut self, line: impl Into<Line<'static>>) {
        self.lines.push(line.into());
    }

    /// A heading, and the whole of the part in a few words.
    pub(super) fn title(&mut self, title: &str, lead: &str) {
        if !self.lines.is_empty() {
            self.lines.push(Line::default());
        }
        let mut first = Line::from(Span::styled(title.to_owned(), self.paint.bold()));
        let indent = title.chars().count() + 2;
        if !lead.is_empty() {
            first.push_span(Span::raw("  "));
        }
        self.wrapped(first, indent, lead, Style::new());
    }

    /// A label, a mark with the word that goes with it, and the rest.
    pub(super) fn row(&mut self, label: &str, mark: Mark, word: &str, rest: &str) {
        let mut first = Line::from(format!("  {label:<width$}", width = LABEL_COLUMNS - 2));
        let style = self.paint.style(mark);
        let word = format!("{} {word}", self.paint.sign(mark));
        let separator = if rest.is_empty() { "" } else { "  " };
        first.push_span(Span::styled(word, style));
        first.push_span(Span::raw(separator));
        if first.width() + 20 > self.width && !rest.is_empty() {
            self.line(first);
            first = Line::from(" ".repeat(LABEL_COLUMNS + 2));
        }
        self.wrapped(first, LABEL_COLUMNS + 2, rest, Style::new());
    }

    /// A label and what it means.
    pub(super) fn pair(&mut self, label: &str, text: &str) {
        let first = Line::from(format!("  {label:<width$}", width = LABEL_COLUMNS - 2));
        self.wrapped(first, LABEL_COLUMNS, text, Style::new());
    }

    /// A mark and what stands beside it.
    pub(super) fn item(&mut self, mark: Mark, text: &str) {
        let sign = Span::styled(self.paint.sign(mark), self.paint.style(mark));
        let first = Line::from(vec![Span::raw("  "), sign, Span::raw(" ")]);
        self.wrapped(first, 4, text, Style::new());
    }

    /// A remark below something.
    pub(super) fn note(&mut self, text: &str) {
        let style = self.paint.dim();
        self.wrapped(Line::from("    "), 4, text, style);
    }

    /// Text over the whole width.
    pub(super) fn text(&mut self, text: &str, style: Style) {
        self.wrapped(Line::default(), 0, text, style);
    }

    /// Text after the beginning of a line; its other lines begin at `indent`.
    fn wrapped(&mut self, first: Line<'static>, indent: usize, text: &str, style: Style) {
        let indent = indent.min(self.width / 2);
        let mut line = first;
        for piece in wrap(text, self.width.saturating_sub(line.width()), self.width - indent) {
            if let Some(piece) = piece {
                line.push_span(Span::styled(piece, style));
            } else {
                self.lines.push(std::mem::replace(&mut line, Line::from(" ".repeat(indent))));
            }
        }
        self.lines.push(line);
    }
}

/// Text in pieces of at most `first` columns, then `rest`; `None` is the end of a line.
fn wrap(text: &str, first: usize, rest: usize) -> Vec<Option<String>> {
    let mut pieces = Vec::new();
    let (mut line, mut columns, mut room) = (String::new(), 0, first);
    let columns_of = |text: &str| Span::raw(text).width();
    for word in text.split_whitespace() {
        let (mut word, gap) = (word, usize::from(!line.is_empty()));
        if columns + gap + columns_of(word) <= room {
            line.extend(std::iter::repeat_n(' ', gap));
            line.push_str(word);
            columns += gap + columns_of(word);
            continue;
        }
        if columns > 0 || room < rest {
            pieces.extend([Some(std::mem::take(&mut line)), None]);
            room = rest;
        }
        // A word that is longer than a line is cut.
        while columns_of(word) > room.max(1) {
            let at = cut(word, room);
            if at == word.len() {
                break;
            }
            pieces.extend([Some(word[..at].to_owned()), None]);
            (word, room) = (&word[at..], rest);
        }
        (line, columns) = (word.to_owned(), columns_of(word));
    }
    pieces.push(Some(line));
    pieces
}

/// Bytes of a word that take at most so many columns; at least one character.
fn cut(word: &str, room: usize) -> usize {
    let mut columns = 0;
    for (at, letter) in word.char_indices() {
        columns += Span::raw(letter.to_string()).width();
        if columns > room && at > 0 {
            return at;
        }
    }
    word.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_between_words_and_long_words_where_they_must() {
        for (text, first, rest, expected) in [
            ("", 10, 10, ""),
            ("one two", 10, 10, "one two"),
            ("one two three", 7, 7, "one two|three"),
            ("one two three", 3, 9, "one|two three"),
            ("one", 1, 5, "|one"),
            ("abcdefghij", 4, 4, "abcd|efgh|ij"),
            ("中文中文", 5, 5, "中文|中文"),
            ("中文", 1, 1, "中|文"),
            ("a  b", 5, 5, "a b"),
        ] {
            let pieces = wrap(text, first, rest);
            let shown: String =
                pieces.into_iter().map(|piece| piece.unwrap_or_else(|| "|".to_owned())).collect();
            assert_eq!(shown, expected, "{text}");
        }
    }

    #[test]
    fn no_line_is_wider_than_the_page() {
        for width in [1, 5, 12, 40] {
            let mut page = Page::new(width, Paint::of(false, true));
            page.text("a sentence of some length, and onemuchlongerwordthanthat", Style::new());
            page.note("a remark that is longer than the line");
            for line in page.into_lines() {
                assert!(line.width() <= width.max(5), "{width}: {line:?}");
            }
        }
    }
}
