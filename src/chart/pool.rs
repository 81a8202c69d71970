//! The mining pool: workers online, and the hashrate with its floor.

use super::Data;
use super::frame::{self, Key, Mark};
use super::palette;
use super::panel::Panel;
use super::scale::Scale;
use super::series::{self, Cadence, Hole, Stretch};
use super::sheet::{Drawn, Rect, Sheet};
use crate::core::alarm::message::PictureKind;
use crate::core::sample::{HourSample, PoolHour, PoolSample};
use crate::core::time::Human;

/// What the pool said.
struct Rows {
    /// By time; an hour is two of them, its worst and its best.
    points: Vec<PoolSample>,
    /// Where it said something, and where nothing.
    stretches: Vec<Stretch>,
    cadence: Cadence,
    /// How many answers they stand for, and in how many the hashrate was below its floor.
    answers: u64,
    below: u64,
}

impl Rows {
    fn of(data: &Data<'_>) -> Self {
        let answers = series::of_period(data.pool, data.period, |row| row.at);
        let first = data.pool.iter().map(|row| row.at).min();
        let mut hours = series::of_period(data.hours, data.period, |hour| hour.at);
        hours.retain(|hour| hour.pool.is_some() && first.is_none_or(|first| hour.at < first));
        let cadence = data.cadence.with_hours(&hours);
        let kept = || hours.iter().filter_map(|hour| hour.pool);
        let below = answers.iter().filter(|answer| answer.is_below()).count() as u64;
        let count =
            |figure: fn(&PoolHour) -> u32| kept().map(|h| u64::from(figure(&h))).sum::<u64>();
        let (in_hours, below_in_hours) = (count(|h| h.answers), count(|h| h.below));
        let before = hours.iter().flat_map(|hour| ends(hour));
        let points: Vec<PoolSample> = before.chain(answers.iter().map(|row| **row)).collect();
        let known = points.iter().map(|row| (row.at, None));
        Self {
            stretches: series::stretches(known, data.period, cadence),
            cadence,
            answers: answers.len() as u64 + in_hours,
            below: below + below_in_hours,
            points,
        }
    }

    /// The floor that holds now.
    fn floor(&self) -> Option<u64> {
        self.points.last().and_then(|row| row.floor)
    }
}

/// The worst and the best of an hour, half of it apart.
fn ends(hour: &HourSample) -> Vec<PoolSample> {
    let Some(pool) = hour.pool else { return Vec::new() };
    let workers = |count: i64| u32::try_from(count).unwrap_or(0);
    let [first, second] = series::halves(hour);
    let worst = PoolSample {
        at: first,
        online: workers(pool.online.min),
        offline: workers(pool.offline.max),
        hashrate: pool.hashrate_min,
        floor: pool.floor,
    };
    let best = PoolSample {
        at: second,
        online: workers(pool.online.max),
        offline: workers(pool.offline.min),
        hashrate: pool.hashrate_max,
        floor: pool.floor,
    };
    vec![worst, best]
}

/// The unit in which a hashrate has at most four digits before the point.
fn unit(hashrate: u64) -> (f64, &'static str) {
    const UNITS: [&str; 7] = ["H/s", "kH/s", "MH/s", "GH/s", "TH/s", "PH/s", "EH/s"];
    let mut divisor = 1.0;
    for name in UNITS {
        if hashrate as f64 / divisor < 2_000.0 {
            return (divisor, name);
        }
        divisor *= 1_000.0;
    }
    (1e18, "EH/s")
}

fn rate(hashrate: u64) -> String {
    let (divisor, name) = unit(hashrate);
    let value = hashrate as f64 / divisor;
    if value.fract() == 0.0 { format!("{value} {name}") } else { format!("{value:.1} {name}") }
}

/// What the picture shows, in words.
pub(super) fn facts(data: &Data<'_>) -> String {
    let rows = Rows::of(data);
    let Some(last) = rows.points.last() else {
        return "the pool said nothing in this period".to_owned();
    };
    let fewest = rows.points.iter().map(|row| row.online).min().unwrap_or(0);
    let mut facts = vec![
        format!(
            "{} of {} workers online, at worst {fewest}",
            last.online,
            last.online.saturating_add(last.offline)
        ),
        rate(last.hashrate),
    ];
    if rows.floor().is_some() && rows.below > 0 {
        let share = frame::share(rows.below, rows.answers);
        facts.push(format!("under the floor in {share} of the samples"));
    }
    let ms = series::hole_ms(&rows.stretches, Hole::NoData);
    if ms > 0 {
        facts.push(format!("no data for {}", Human(ms / 1000 * 1000)));
    }
    facts.join(", ")
}

pub(super) fn draw(sheet: &mut Sheet<'_>, data: &Data<'_>) -> Drawn {
    let said = Rows::of(data);
    let Rows { points: rows, stretches, cadence, .. } = &said;
    let floor = said.floor();
    let highest = rows.iter().map(|row| row.hashrate).chain(floor).max().unwrap_or(0);
    let (divisor, name) = unit(highest);
    frame::header(sheet, PictureKind::Pool, data, &facts(data))?;
    frame::legend(sheet, &keys(floor, stretches))?;
    let all = frame::room(sheet, frame::time_axis_height(sheet));
    let (upper, lower) = frame::halves(sheet, all, 50);
    let most = rows.iter().map(|row| row.online.saturating_add(row.offline)).max().unwrap_or(0);
    let upper = frame::part(sheet, upper, "workers")?;
    let lower = frame::part(sheet, lower, &format!("hashrate, {name}"))?;
    let count = frame::rows(sheet, upper.h);
    let workers = Scale::linear(0.0, f64::from(most) * 1.05, count, true);
    let rates = Scale::linear(0.0, highest as f64 / divisor * 1.05, count, false);
    let left = frame::gutter(sheet, &workers).max(frame::gutter(sheet, &rates));
    let panel = |rect: Rect, scale: &Scale| {
        let rect = Rect { x: rect.x + left, w: rect.w - left, ..rect };
        Panel::new(sheet, rect, data.period, scale.low, scale.high)
    };
    let (upper, lower) = (panel(upper, &workers), panel(lower, &rates));
    let line = |panel: &Panel<'_>, value: &dyn Fn(&PoolSample) -> f64| {
        let points = rows.iter().map(|row| (row.at, Some(value(row))));
        series::runs(points, *cadence, |at| panel.x(at))
    };
    for (panel, scale) in [(&upper, &workers), (&lower, &rates)] {
        frame::holes(sheet, panel, stretches)?;
        frame::time_grid(sheet, panel, data.period, &data.zone)?;
        frame::value_axis(sheet, panel, scale)?;
        sheet.rect(Rect { y: panel.rect.bottom(), h: 2, ..panel.rect }, palette::AXIS)?;
    }
    let all_of_them = line(&upper, &|row| f64::from(row.online) + f64::from(row.offline));
    upper.lines(&all_of_them, palette::AXIS, sheet.pen())?;
    let online = line(&upper, &|row| f64::from(row.online));
    upper.lines(&online, palette::FIRST, sheet.pen() * 3 / 2)?;
    if let Some(floor) = floor {
        lower.dashes(floor as f64 / divisor, palette::LIMIT, sheet.pen())?;
    }
    let rate = line(&lower, &|row| row.hashrate as f64 / divisor);
    lower.lines(&rate, palette::SECOND, sheet.pen() * 3 / 2)?;
    frame::time_axis(sheet, &lower, data.period, &data.zone)
}

fn keys(floor: Option<u64>, stretches: &[Stretch]) -> Vec<Key> {
    let mut keys = vec![
        (Mark::Line(palette::FIRST), "workers online".to_owned()),
        (Mark::Line(palette::AXIS), "all workers".to_owned()),
        (Mark::Line(palette::SECOND), "hashrate".to_owned()),
    ];
    if let Some(floor) = floor {
        keys.push((Mark::Dashes(palette::LIMIT), format!("floor: {}", rate(floor))));
    }
    keys.extend(frame::hole_keys(stretches));
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hashrate_has_a_unit_people_use() {
        for (hashrate, text) in [
            (0, "0 H/s"),
            (1_500, "1500 H/s"),
            (2_500, "2.5 kH/s"),
            (1_250_000_000_000_000, "1250 TH/s"),
            (u64::MAX, "18.4 EH/s"),
        ] {
            assert_eq!(rate(hashrate), text);
        }
    }
}
