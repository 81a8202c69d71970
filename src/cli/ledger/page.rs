//! The slot ledger as a table for a terminal.

use crate::cli::style::{Style, printable};
use crate::core::ledger::{LedgerSummary, SettledTurn, SlotFate};
use crate::core::name::Name;
use crate::core::time::Human;
use crate::history::store::Span;

/// The figures of a period.
pub(super) fn summary(
    producer: Name,
    (since, until): Span,
    summary: &LedgerSummary,
    style: Style,
) -> String {
    let length = Human(until.since_ms(since).max(0).cast_unsigned());
    let mut text = style.bold(&format!("{producer}, {since} to {until} UTC ({length})"));
    text.push('\n');
    if summary.slots == 0 {
        text.push_str("No turn was settled in this time: the keeper did not run, or the producer ");
        text.push_str("is not in the schedule.\n");
        return text;
    }
    let met = summary.met_share().map_or_else(|| "not known".to_owned(), percent);
    let met = match summary.lost() {
        0 => style.good(&met),
        _ => style.warn(&met),
    };
    text.push_str(&format!(
        "slots met       {met} of the {} that are known\n",
        summary.met() + summary.lost()
    ));
    let unknown = percent(summary.unknown_share().unwrap_or_default());
    text.push_str(&format!("not known       {unknown} of all {} slots\n", summary.slots));
    text.push_str(&format!(
        "turns           {}, all slots met in {}\n\n",
        summary.turns, summary.turns_met
    ));
    let rows = [
        ("final", summary.r#final, "a block of ours is on the final chain"),
        ("late", summary.late, "the same, and it came over half a second late"),
        ("forked off", summary.forked, "our block was seen, and another branch won"),
        ("missed", summary.missed, "no block"),
        ("unknown", summary.unknown, "nobody watched, or the node could not tell"),
    ];
    for (name, count, meaning) in rows {
        text.push_str(&format!("{name:<12}{count:>9}  {}\n", style.dim(meaning)));
    }
    if !summary.causes.is_empty() {
        text.push_str(&format!(
            "\n{}\n",
            style.bold(&format!(
                "{:<34}{:>8}{:>12}{:>10}",
                "lost by", "missed", "forked off", "in all"
            ))
        ));
    }
    for cause in &summary.causes {
        text.push_str(&format!(
            "{:<34}{:>8}{:>12}{:>10}\n",
            printable(&cause.cause),
            cause.missed,
            cause.forked,
            cause.missed + cause.forked
        ));
    }
    text
}

/// One turn: its slots as letters, and what it lost by what.
pub(super) fn turn(turn: &SettledTurn, style: Style) -> String {
    let at = style.dim(&turn.start.to_string());
    if turn.turns > 1 {
        return format!("{at}  {} turns up to {} not watched", turn.turns, turn.last);
    }
    let slots: String = turn
        .fates()
        .map(|fate| {
            let letter = fate.letter().to_string();
            match fate {
                SlotFate::Final => style.good(&letter),
                SlotFate::Late => style.warn(&letter),
                SlotFate::Forked | SlotFate::Missed => style.bad(&letter),
                SlotFate::Unknown => style.dim(&letter),
            }
        })
        .collect();
    let losses: Vec<String> = turn
        .losses
        .iter()
        .map(|loss| format!("{} {}", loss.slots.count_ones(), printable(&loss.cause)))
        .collect();
    format!("{at}  {slots}  {:<5} {}", turn.proof.as_str(), losses.join(", ")).trim_end().to_owned()
}

/// Hundred-thousandths as percent: `99.987 %`.
pub(crate) fn percent(share: u64) -> String {
    format!("{}.{:03} %", share / 1000, share % 1000)
}
