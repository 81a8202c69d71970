//! The host's resources: a strip for each, coloured by how full it is.

use super::frame::{self, Mark};
use super::palette::{self, Colour};
use super::panel::Panel;
use super::series::{self, Cadence, Hole, Stretch};
use super::sheet::{Align, Drawn, Rect, Sheet};
use super::{Data, font};
use crate::core::alarm::message::PictureKind;
use crate::core::sample::{DISKS_MAX, HostSample, HourSample, Sample, Spread};
use crate::core::settings::Host;
use crate::core::time::{Human, Timestamp};

/// How full: the colour of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Fine,
    Warn,
    Critical,
}

/// Of what is as good as full: there is a threshold for disks alone.
const CRITICAL_PERMILLE: u32 = 950;

/// From which shares on a resource is no longer fine, thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Levels {
    warn: u32,
    critical: u32,
}

impl Levels {
    /// Of a resource with one threshold; a threshold that is higher is critical at once.
    fn new(warn: u32) -> Self {
        Self { warn, critical: warn.max(CRITICAL_PERMILLE) }
    }

    fn of_disks(host: &Host) -> Self {
        Self { warn: host.disk_permille, critical: host.disk_full_permille }
    }
}

impl Level {
    fn of(permille: f64, levels: Levels) -> Self {
        if permille >= f64::from(levels.critical) {
            Self::Critical
        } else if permille >= f64::from(levels.warn) {
            Self::Warn
        } else {
            Self::Fine
        }
    }

    const fn colour(self) -> Colour {
        match self {
            Self::Fine => palette::FINE,
            Self::Warn => palette::WARN,
            Self::Critical => palette::CRITICAL,
        }
    }
}

/// One resource over time.
struct Strip {
    name: String,
    levels: Levels,
    /// Thousandths in use.
    points: Vec<(Timestamp, Option<f64>)>,
}

impl Strip {
    fn new(
        (name, levels): (impl Into<String>, Levels),
        (hours, samples): &Rows<'_>,
        of_hour: impl Fn(&HourSample) -> Option<Spread>,
        share: impl Fn(&HostSample) -> Option<u32>,
    ) -> Self {
        // No more than all of it, whatever was measured.
        let value = |sample: &Sample| {
            sample.host.as_ref().and_then(&share).map(|permille| f64::from(permille.min(1000)))
        };
        let halves = |hour: &&HourSample| {
            let spread = of_hour(hour);
            let figures = [spread.map(|spread| spread.max), spread.map(|spread| spread.mean)];
            let figures =
                figures.map(|figure| figure.map(|permille| permille.clamp(0, 1000) as f64));
            let [first, second] = series::halves(hour);
            [(first, figures[0]), (second, figures[1])]
        };
        let before = hours.iter().flat_map(halves);
        let points = before.chain(samples.iter().map(|sample| (sample.at, value(sample))));
        Self { name: name.into(), levels, points: points.collect() }
    }

    fn values(&self) -> impl DoubleEndedIterator<Item = f64> {
        self.points.iter().filter_map(|(_, value)| *value)
    }

    fn peak(&self) -> f64 {
        self.values().fold(0.0, f64::max)
    }

    /// Its level at its worst.
    fn worst(&self) -> Level {
        Level::of(self.peak(), self.levels)
    }

    fn stretches(&self, data: &Data<'_>) -> Vec<Stretch> {
        let rows =
            self.points.iter().map(|(at, value)| (*at, value.is_none().then_some(Hole::NoData)));
        series::stretches(rows, data.period, cadence(data))
    }
}

/// What a picture is drawn from, by time.
type Rows<'d> = (Vec<&'d HourSample>, Vec<&'d Sample>);

fn rows<'d>(data: &Data<'d>) -> Rows<'d> {
    let samples = series::of_period(data.samples, data.period, |sample| sample.at);
    (series::hours(data), samples)
}

fn cadence(data: &Data<'_>) -> Cadence {
    data.cadence.with_hours(&series::hours(data))
}

/// The resources that were measured at least once.
fn strips(data: &Data<'_>) -> Vec<Strip> {
    let (rows, limits) = (&rows(data), &data.limits.host);
    let named = |name: &'static str, warn: u32| (name, Levels::new(warn));
    let mut strips = vec![
        Strip::new(
            named("cpu", limits.cpu_permille),
            rows,
            |hour| hour.cpu_permille,
            |host| host.cpu_permille,
        ),
        Strip::new(
            named("memory", limits.memory_permille),
            rows,
            |hour| hour.memory_permille,
            |host| host.memory_permille,
        ),
        Strip::new(
            named("swap", limits.swap_permille),
            rows,
            |hour| hour.swap_permille,
            |host| host.swap_permille,
        ),
        Strip::new(
            named("open files", limits.open_files_permille),
            rows,
            |_| None,
            |host| {
                let (open, most) = host.open_files.filter(|(_, most)| *most > 0)?;
                u32::try_from(open.saturating_mul(1000) / most).ok()
            },
        ),
    ];
    let mut disks: Vec<&str> = Vec::new();
    for disk in rows.1.iter().filter_map(|s| s.host.as_ref()).flat_map(|host| &host.disks) {
        if disks.len() < DISKS_MAX && !disks.contains(&disk.name.as_str()) {
            disks.push(&disk.name);
        }
    }
    let disk = Levels::of_disks(limits);
    strips.extend(disks.into_iter().map(|name| {
        Strip::new(
            (font::clean(&format!("disk {name}")), disk),
            rows,
            |_| None,
            |host| host.disks.iter().find(|disk| disk.name == name).map(|disk| disk.used_permille),
        )
    }));
    // Of an hour only the fullest disk is kept.
    if !rows.0.is_empty() {
        let fullest = |host: &HostSample| host.disks.iter().map(|disk| disk.used_permille).max();
        strips.push(Strip::new(("fullest disk", disk), rows, |hour| hour.disk_permille, fullest));
    }
    strips.retain(|strip| strip.values().next().is_some());
    strips
}

fn percent(permille: f64) -> String {
    format!("{:.0} %", permille / 10.0)
}

/// Over which share, where it is one for all of them.
fn over_what(strips: &[Strip], level: fn(&Levels) -> u32) -> String {
    let mut shares: Vec<u32> = strips.iter().map(|strip| level(&strip.levels)).collect();
    shares.sort_unstable();
    shares.dedup();
    match shares[..] {
        [] => "over its threshold".to_owned(),
        [share] => format!("over {}", percent(f64::from(share))),
        [least, .., most] => {
            let (least, most) = (percent(f64::from(least)), percent(f64::from(most)));
            format!("over its threshold, {least} to {most}")
        }
    }
}

/// What the picture shows, in words.
pub(super) fn facts(data: &Data<'_>) -> String {
    let strips = strips(data);
    if strips.is_empty() {
        return "the host was not measured in this period".to_owned();
    }
    let over = strips.iter().filter(|strip| strip.worst() > Level::Fine);
    let named: Vec<String> =
        over.map(|strip| format!("{} up to {}", strip.name, percent(strip.peak()))).collect();
    let mut facts = if named.is_empty() {
        let worst = strips.iter().max_by(|a, b| a.peak().total_cmp(&b.peak()));
        let worst = worst.map_or_else(String::new, |strip| {
            format!("; the fullest is {} with {}", strip.name, percent(strip.peak()))
        });
        format!("nothing {}{worst}", over_what(&strips, |levels| levels.warn))
    } else {
        let is_critical = strips.iter().any(|strip| strip.worst() == Level::Critical);
        let word = if is_critical { "critical" } else { "warning" };
        format!("{word}: {}", named.join(", "))
    };
    let silent = strips.iter().map(|s| series::hole_ms(&s.stretches(data), Hole::NoData)).min();
    if let Some(ms) = silent.filter(|ms| *ms > 0) {
        facts.push_str(&format!(", no data for {}", Human(ms / 1000 * 1000)));
    }
    facts
}

pub(super) fn draw(sheet: &mut Sheet<'_>, data: &Data<'_>) -> Drawn {
    let mut strips = strips(data);
    frame::header(sheet, PictureKind::Host, data, &facts(data))?;
    let warn = over_what(&strips, |levels| levels.warn);
    let critical = over_what(&strips, |levels| levels.critical);
    let mut keys = vec![
        (Mark::Area(palette::FINE), "fine".to_owned()),
        (Mark::Area(palette::WARN), warn),
        (Mark::Area(palette::CRITICAL), format!("critical, {critical}")),
    ];
    let holes: Vec<Stretch> = strips.iter().flat_map(|strip| strip.stretches(data)).collect();
    keys.extend(frame::hole_keys(&holes));
    frame::legend(sheet, &keys)?;
    let all = frame::room(sheet, frame::time_axis_height(sheet));
    let words = "share in use; each strip is 0 to 100 %";
    let all = frame::part(sheet, all, words)?;
    if strips.is_empty() {
        let panel = Panel::new(sheet, all, data.period, 0.0, 1.0);
        frame::nothing(sheet, all, "The host was not measured in this period.")?;
        return frame::time_axis(sheet, &panel, data.period, &data.zone);
    }
    // What has no room is told of, the fullest is kept.
    let fit = usize::try_from(all.h / (sheet.em * 3 / 2)).unwrap_or(1).max(1);
    if strips.len() > fit {
        let mut order: Vec<usize> = (0..strips.len()).collect();
        order.sort_by(|a, b| strips[*b].peak().total_cmp(&strips[*a].peak()));
        let kept: Vec<usize> = order.into_iter().take(fit).collect();
        let mut at = 0;
        strips.retain(|_| (kept.contains(&at), at += 1).0);
    }
    let count = i32::try_from(strips.len()).unwrap_or(i32::MAX);
    // Name and value one below the other where a strip is high enough.
    let is_stacked = all.h / count >= sheet.em * 3;
    let labels = label_width(sheet, &strips, all.w, is_stacked);
    let panels = strips.iter().zip(0..).map(|(strip, row)| {
        let (top, bottom) = (all.y + all.h * row / count, all.y + all.h * (row + 1) / count);
        let blank = if row + 1 == count { 0 } else { sheet.em / 3 };
        let rect = Rect { x: all.x + labels, y: top, w: all.w - labels, h: bottom - top - blank };
        (strip, Panel::new(sheet, rect, data.period, 0.0, 1000.0))
    });
    let panels: Vec<_> = panels.collect();
    for (strip, panel) in &panels {
        strip_in(sheet, panel, strip, data)?;
        let place = Rect { x: panel.rect.x - labels, w: labels - sheet.em / 2, ..panel.rect };
        label(sheet, place, strip, is_stacked)?;
    }
    match panels.last() {
        Some((_, panel)) => frame::time_axis(sheet, panel, data.period, &data.zone),
        None => Ok(()),
    }
}

/// Name and newest value.
fn words(strip: &Strip) -> (String, String) {
    let newest = strip.points.last().and_then(|(_, value)| *value);
    (strip.name.clone(), newest.map_or_else(|| "–".to_owned(), percent))
}

/// Pixels the labels take: at most two fifths of the width.
fn label_width(sheet: &Sheet<'_>, strips: &[Strip], room: i32, is_stacked: bool) -> i32 {
    let wide = |strip: &Strip| {
        let (name, value) = words(strip);
        if is_stacked {
            sheet.wide(&name).max(sheet.wide(&value))
        } else {
            sheet.wide(&name) + sheet.em / 2 + sheet.wide(&value)
        }
    };
    let widest = strips.iter().map(wide).max().unwrap_or(0);
    (widest + sheet.em / 2).min(room * 2 / 5)
}

/// Name and newest value in the place left of a strip.
fn label(sheet: &Sheet<'_>, place: Rect, strip: &Strip, is_stacked: bool) -> Drawn {
    let (name, value) = words(strip);
    let em = sheet.em;
    let newest = strip.points.last().and_then(|(_, value)| *value).unwrap_or(0.0);
    let colour = match Level::of(newest, strip.levels) {
        Level::Fine => palette::INK,
        Level::Warn | Level::Critical => palette::CRITICAL,
    };
    let (top, room) = if is_stacked {
        (place.middle() - em * 23 / 20, place.w)
    } else {
        (place.middle() - em / 2, place.w - sheet.wide(&value) - em / 2)
    };
    let name = sheet.shortened(&name, room);
    sheet.text((place.x, top), Align::Left, palette::INK, &name)?;
    if is_stacked {
        let below = (place.x, top + sheet.line_height());
        return sheet.text(below, Align::Left, colour, &value);
    }
    sheet.text((place.right(), top), Align::Right, colour, &value)
}

fn strip_in(sheet: &Sheet<'_>, panel: &Panel<'_>, strip: &Strip, data: &Data<'_>) -> Drawn {
    frame::holes(sheet, panel, &strip.stretches(data))?;
    frame::time_grid(sheet, panel, data.period, &data.zone)?;
    let runs = series::runs(strip.points.iter().copied(), cadence(data), |at| panel.x(at));
    let mut parts: Vec<_> = runs.iter().flat_map(|run| by_level(run, strip.levels)).collect();
    // The worst last: what lasts less than a pixel is seen above its neighbours.
    parts.sort_by_key(|(level, _)| *level);
    for (level, part) in parts {
        let ends = [part.first(), part.last()].map(|end| end.map_or(0, |(at, _)| panel.x(*at)));
        if ends[1] - ends[0] >= 2 {
            panel.area(part, level.colour())?;
        } else {
            let most = part.iter().fold(0.0, |most, (_, value)| f64::max(most, *value));
            let (x, y) = (ends[0].min(panel.rect.right() - 2), panel.y(most));
            sheet.rect(Rect { x, y, w: 2, h: panel.rect.bottom() - y }, level.colour())?;
        }
    }
    for limit in [strip.levels.warn, strip.levels.critical] {
        let y = panel.y(f64::from(limit));
        sheet.rect(Rect { y, h: 1, ..panel.rect }, palette::AXIS)?;
    }
    let Rect { x, y, w, h } = panel.rect;
    sheet.rect(Rect { x, y: y + h, w, h: 1 }, palette::AXIS)
}

/// A run in parts of one level each; neighbours share the point between them. What leads up to a
/// high value has its colour.
fn by_level(run: &[(Timestamp, f64)], levels: Levels) -> Vec<(Level, &[(Timestamp, f64)])> {
    let level = |at: usize| Level::of(run[at].1, levels);
    if run.len() == 1 {
        return vec![(level(0), run)];
    }
    let mut parts = Vec::new();
    let mut begin = 0;
    for at in 1..run.len() {
        let this = level(at - 1).max(level(at));
        let is_last = at + 1 == run.len();
        if is_last || level(at).max(level(at + 1)) != this {
            parts.push((this, &run[begin..=at]));
            begin = at;
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_cut_where_the_level_changes() {
        let values = [100.0, 200.0, 850.0, 870.0, 300.0, 990.0];
        let run: Vec<_> =
            values.iter().zip(0..).map(|(v, at)| (Timestamp::from_ms(at), *v)).collect();
        let parts = by_level(&run, Levels::new(800));
        let told: Vec<_> = parts.iter().map(|(level, part)| (*level, part.len())).collect();
        assert_eq!(told, [(Level::Fine, 2), (Level::Warn, 4), (Level::Critical, 2)]);
        assert_eq!(by_level(&run[..1], Levels::new(800)).len(), 1);
    }
}
