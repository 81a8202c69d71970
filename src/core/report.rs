//! The report of some hours: what was met and lost, how far behind, how loaded, what happened.
//!
//! Figures go in, a text comes out, in one of the languages; nobody is told here.

pub mod measured;
mod texts;
pub mod times;

use serde::Serialize;

use crate::core::action::Severity;
use crate::core::alarm::language::Language;
use crate::core::ledger::LedgerSummary;
use crate::core::name::Name;
use crate::core::report::measured::Measured;
use crate::core::report::texts::Text;
use crate::core::time::{Human, Timestamp};

/// Most causes, incidents and promotions of each that are named one by one.
const NAMED_MAX: usize = 12;

/// What a report is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// From when on.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Name of this node.
    pub node: String,
    /// The producer.
    pub producer: Name,
    /// What became of our slots.
    pub ledger: LedgerSummary,
    /// What the samples show.
    pub measured: Measured,
    /// Incidents that stood at some time, oldest first.
    pub incidents: Vec<Happened>,
    /// Promotions, handovers and stops that were ordered, oldest first.
    pub acts: Vec<Happened>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Happened {
    /// When it began.
    pub began: Timestamp,
    /// When it ended; `None` where it stands, and for an act.
    pub ended: Option<Timestamp>,
    /// How bad it is; `None` for an act.
    pub severity: Option<Severity>,
    /// The cause's key, or the act.
    pub cause: String,
    /// One sentence.
    pub title: String,
}

/// How times print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone<'a> {
    /// Its name, as a person reads it.
    pub name: &'a str,
    /// From when which offset to UTC holds, seconds; none: UTC.
    pub offsets: &'a [(Timestamp, i32)],
}

impl Zone<'_> {
    /// UTC.
    pub const UTC: Zone<'static> = Zone { name: "UTC", offsets: &[] };

    /// A time to the minute: `2026-11-21 02:48`.
    #[must_use]
    pub fn minute(&self, time: Timestamp) -> String {
        let text = time.plus_ms(times::offset_ms(self.offsets, time)).to_string();
        text.chars().take(16).map(|c| if c == 'T' { ' ' } else { c }).collect()
    }
}

impl Report {
    /// Its headline.
    #[must_use]
    pub fn title(&self, language: Language, zone: &Zone<'_>) -> String {
        format!(
            "{} {}: {} – {} ({})",
            self.producer,
            Text::Report.of(language),
            zone.minute(self.since),
            zone.minute(self.until),
            zone.name
        )
    }

    /// Its lines, each a sentence or a figure, without any markup; the headline is not among them.
    #[must_use]
    pub fn lines(&self, language: Language, zone: &Zone<'_>) -> Vec<String> {
        let mut lines = self.slots(language);
        lines.extend(self.measured.lines(language));
        lines.extend(listed(Text::Incidents, Text::NoIncident, &self.incidents, language, zone));
        lines.extend(listed(Text::Acts, Text::NoAct, &self.acts, language, zone));
        lines
    }

    /// Headline and lines as plain text.
    #[must_use]
    pub fn plain(&self, language: Language, zone: &Zone<'_>) -> String {
        format!("{}\n{}\n", self.title(language, zone), self.lines(language, zone).join("\n"))
    }

    /// The same as Markdown: a heading and a list. What comes from outside is escaped.
    #[must_use]
    pub fn markdown(&self, language: Language, zone: &Zone<'_>) -> String {
        let mut text = format!("## {}\n\n", escaped(&self.title(language, zone)));
        for line in self.lines(language, zone) {
            // Lines that belong to the one above are set in.
            let (indent, line) = line.strip_prefix("  ").map_or(("", line.as_str()), |l| ("  ", l));
            text.push_str(&format!("{indent}- {}\n", escaped(line)));
        }
        text
    }

    fn slots(&self, language: Language) -> Vec<String> {
        let ledger = &self.ledger;
        if ledger.slots == 0 {
            return vec![Text::NoTurn.of(language).to_owned()];
        }
        let met = ledger.met_share().map_or_else(|| "?".to_owned(), percent);
        let mut lines = vec![
            format!("{}: {}/{}", Text::TurnsMet.of(language), ledger.turns_met, ledger.turns),
            format!(
                "{}: {met} ({}/{})",
                Text::SlotsMet.of(language),
                ledger.met(),
                ledger.met() + ledger.lost()
            ),
        ];
        if ledger.late > 0 {
            lines.push(format!("{}: {}", Text::Late.of(language), ledger.late));
        }
        if ledger.unknown > 0 {
            let share = percent(ledger.unknown_share().unwrap_or_default());
            lines.push(format!("{}: {} ({share})", Text::Unknown.of(language), ledger.unknown));
        }
        let (missed, forked) = (Text::Missed.of(language), Text::Forked.of(language));
        lines.push(format!(
            "{}: {} ({missed} {}, {forked} {})",
            Text::Lost.of(language),
            ledger.lost(),
            ledger.missed,
            ledger.forked
        ));
        for cause in ledger.causes.iter().take(NAMED_MAX) {
            lines.push(format!("  {}: {}", cause.cause, cause.missed + cause.forked));
        }
        lines
    }
}

fn listed(
    heading: Text,
    none: Text,
    all: &[Happened],
    language: Language,
    zone: &Zone<'_>,
) -> Vec<String> {
    if all.is_empty() {
        return vec![none.of(language).to_owned()];
    }
    let mut lines = vec![format!("{}: {}", heading.of(language), all.len())];
    let named = all.iter().rev().take(NAMED_MAX).rev();
    lines.extend(named.map(|one| {
        let lasted =
            |ended: Timestamp| Human(ended.since_ms(one.began).max(0).cast_unsigned()).to_string();
        let length = match (one.ended, one.severity) {
            (Some(ended), _) => format!(" ({})", lasted(ended)),
            (None, Some(_)) => format!(" ({})", Text::Stands.of(language)),
            (None, None) => String::new(),
        };
        let severity = one.severity.map_or("", |severity| language.severity(severity));
        let title = [&*zone.minute(one.began), severity, &one.title]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        format!("  {title}{length}")
    }));
    if all.len() > NAMED_MAX {
        lines.push(format!("  … +{}", all.len() - NAMED_MAX));
    }
    lines
}

/// Hundred-thousandths as percent, two decimals, rounded down.
fn percent(share: u64) -> String {
    format!("{}.{:02} %", share / 1000, share % 1000 / 10)
}

/// What Markdown would read as markup.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~') {
            escaped.push('\\');
        }
        escaped.push(if c.is_control() { '\u{fffd}' } else { c });
    }
    escaped
}
