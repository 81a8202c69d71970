//! How far our head is behind the best and the median head of the references.

use super::Data;
use super::frame::{self, Mark};
use super::palette;
use super::scale::Scale;
use super::series::{self, Cadence, Hole, Stretch};
use super::sheet::{Drawn, Sheet};
use crate::core::alarm::message::PictureKind;
use crate::core::sample::{HourSample, Sample};
use crate::core::time::{Human, Timestamp};

/// A lag this many times over the limit makes the axis logarithmic: below it the limit is still a
/// finger's breadth high on a phone.
const SPIKE: f64 = 12.0;

/// One row: what is drawn of it.
struct Row {
    at: Timestamp,
    best: Option<f64>,
    median: Option<f64>,
    hole: Option<Hole>,
}

impl Row {
    fn of(sample: &Sample) -> Self {
        let behind = |head: Option<u32>| {
            let (theirs, ours) = (head?, sample.head?);
            Some(f64::from(theirs) - f64::from(ours))
        };
        let (best, median) = (behind(sample.best), behind(sample.median));
        let hole = match (sample.head, best.or(median)) {
            (None, _) => Some(Hole::Silent),
            (Some(_), None) => Some(Hole::Alone),
            (Some(_), Some(_)) => None,
        };
        Self { at: sample.at, best, median, hole }
    }

    /// The most and the least an hour was behind; the median is not kept.
    fn of_hour(hour: &HourSample) -> [Self; 2] {
        let hole = match (hour.head, hour.lag) {
            (_, Some(_)) => None,
            (Some(_), None) => Some(Hole::Alone),
            (None, None) => Some(Hole::Silent),
        };
        let ends = [hour.lag.map(|lag| lag.max), hour.lag.map(|lag| lag.min)];
        let [first, second] = series::halves(hour);
        [(first, ends[0]), (second, ends[1])].map(|(at, lag)| Self {
            at,
            best: lag.map(|blocks| blocks as f64),
            median: None,
            hole,
        })
    }
}

fn rows(data: &Data<'_>) -> Vec<Row> {
    let samples = series::of_period(data.samples, data.period, |sample| sample.at);
    let hours = series::hours(data);
    hours.into_iter().flat_map(Row::of_hour).chain(samples.into_iter().map(Row::of)).collect()
}

fn cadence(data: &Data<'_>) -> Cadence {
    data.cadence.with_hours(&series::hours(data))
}

fn stretches(rows: &[Row], data: &Data<'_>) -> Vec<Stretch> {
    series::stretches(rows.iter().map(|row| (row.at, row.hole)), data.period, cadence(data))
}

/// The least and the greatest of both lines.
fn extremes(rows: &[Row]) -> Option<(f64, f64)> {
    let values = rows.iter().flat_map(|row| [row.best, row.median]).flatten();
    values.fold(None, |found, value| match found {
        None => Some((value, value)),
        Some((low, high)) => Some((value.min(low), value.max(high))),
    })
}

/// What the picture shows, in words.
pub(super) fn facts(data: &Data<'_>) -> String {
    let rows = rows(data);
    if rows.is_empty() {
        return "no samples in this period".to_owned();
    }
    let mut facts = Vec::new();
    if let Some((low, high)) = extremes(&rows) {
        facts.push(match high {
            worst if worst > 0.0 => format!("at worst {} behind", blocks(worst)),
            _ => "never behind".to_owned(),
        });
        if low < 0.0 {
            facts.push(format!("at best {} ahead", blocks(-low)));
        }
        let limit = data.limits.lag_blocks;
        let over = |row: &Row| row.median.or(row.best).is_some_and(|lag| lag >= f64::from(limit));
        let known = rows.iter().filter(|row| row.hole.is_none()).count();
        let over = rows.iter().filter(|row| over(row)).count();
        if over > 0 {
            let share = frame::share(over as u64, known as u64);
            facts.push(format!("over the limit in {share} of the samples"));
        }
    }
    let stretches = stretches(&rows, data);
    for (hole, words) in [
        (Hole::Silent, "node silent for"),
        (Hole::Alone, "no reference for"),
        (Hole::NoData, "no data for"),
    ] {
        let ms = series::hole_ms(&stretches, hole);
        if ms > 0 {
            facts.push(format!("{words} {}", Human(ms / 1000 * 1000)));
        }
    }
    facts.join(", ")
}

fn blocks(count: f64) -> String {
    if count == 1.0 { "1 block".to_owned() } else { format!("{count} blocks") }
}

fn scale(low: f64, high: f64, limit: f64, rows: usize) -> Scale {
    if high > limit * SPIKE || -low > limit * SPIKE {
        Scale::logarithmic(low, high, limit, rows)
    } else {
        Scale::linear(low, high.max(limit * 1.1), rows, true)
    }
}

pub(super) fn draw(sheet: &mut Sheet<'_>, data: &Data<'_>) -> Drawn {
    let (rows, cadence) = (rows(data), cadence(data));
    let stretches = stretches(&rows, data);
    let limit = f64::from(data.limits.lag_blocks.max(1));
    let (low, high) = extremes(&rows).unwrap_or((0.0, 0.0));
    frame::header(sheet, PictureKind::Lag, data, &facts(data))?;
    let mut keys = vec![
        (Mark::Line(palette::FIRST), "behind the median".to_owned()),
        (Mark::Line(palette::SECOND), "behind the best".to_owned()),
        (Mark::Dashes(palette::LIMIT), format!("limit: {}", blocks(limit))),
    ];
    keys.extend(frame::hole_keys(&stretches));
    frame::legend(sheet, &keys)?;
    let is_log = scale(low, high, limit, 1).is_logarithmic();
    let words = if is_log {
        "blocks behind, logarithmic beyond the limit"
    } else {
        "blocks behind (2 blocks are 1 s)"
    };
    let (low, high) = (low.min(0.0), high.max(0.0));
    let make = |count| scale(low, high, limit, count);
    frame::plot(sheet, data, words, make, |sheet, panel, scale| {
        panel.band(scale.place(-limit), scale.place(limit), palette::CORRIDOR)?;
        frame::holes(sheet, panel, &stretches)?;
        frame::time_grid(sheet, panel, data.period, &data.zone)?;
        frame::value_axis(sheet, panel, scale)?;
        panel.dashes(scale.place(limit), palette::LIMIT, sheet.pen())?;
        // The best below and wider: where both are equal, both are seen.
        let line = |value: fn(&Row) -> Option<f64>, colour, width| {
            let points = rows.iter().map(|row| (row.at, value(row).map(|v| scale.place(v))));
            let runs = series::runs(points, cadence, |at| panel.x(at));
            panel.lines(&runs, colour, width)
        };
        line(|row| row.best, palette::SECOND, sheet.pen() * 5 / 2)?;
        line(|row| row.median, palette::FIRST, sheet.pen())
    })
}
