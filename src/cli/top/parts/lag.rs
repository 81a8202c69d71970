//! The last hour's lag as small bars, and the host.

use ratatui::text::{Line, Span};
use serde_json::Value;

use crate::cli::top::ask::SAMPLES_MS;
use crate::cli::top::facts::Past;
use crate::cli::top::page::Page;
use crate::cli::top::paint::Mark;
use crate::cli::top::words::{count, list, percent, span, text, time};
use crate::core::sample::Sample;
use crate::core::time::{Human, Timestamp};

/// Bars from the lowest to the highest.
const BARS: [&str; 8] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];
/// The same where the terminal has ASCII alone.
const ASCII_BARS: [&str; 8] = ["_", ".", ":", "-", "=", "+", "*", "#"];
/// A full bar stands for at least this, so that an even small lag is a low bar: milliseconds.
const AGE_FULL_MS: u64 = 4_000;
/// The same in blocks.
const LAG_FULL: u64 = 8;
/// Most columns of bars.
const COLUMNS_MAX: usize = 120;

/// How old the head was, and how far behind the references, over the last hour.
pub(in crate::cli::top) fn lag(page: &mut Page, status: &Value, past: &Past) {
    let Some(now) = time(&status["at"]) else { return };
    let columns = page.width().saturating_sub(4).min(COLUMNS_MAX);
    let ages = highest(&past.samples, now, columns, |sample| {
        sample.head_age_ms.map(|ms| u64::try_from(ms).unwrap_or(0))
    });
    let lags = highest(&past.samples, now, columns, |sample| {
        let behind = i64::from(sample.median?) - i64::from(sample.head?);
        Some(u64::try_from(behind).unwrap_or(0))
    });
    page.title("Last hour", if past.samples.is_empty() { "Nothing was measured yet." } else { "" });
    if let Some(most) = ages.iter().flatten().max() {
        page.line(format!("  Age of the head block, at most {}", span(*most)));
        bars(page, &ages, AGE_FULL_MS);
    }
    if let Some(most) = lags.iter().flatten().max() {
        page.line(format!("  Behind the references, at most {}", count(*most, "block")));
        bars(page, &lags, LAG_FULL);
    }
}

/// The highest value of each column's share of the hour; `None` where nothing was measured.
fn highest(
    samples: &[Sample],
    now: Timestamp,
    columns: usize,
    value: impl Fn(&Sample) -> Option<u64>,
) -> Vec<Option<u64>> {
    let mut found = vec![None; columns];
    for sample in samples {
        let into = SAMPLES_MS - now.since_ms(sample.at);
        let at = i64::try_from(columns).ok().map(|columns| into * columns / (SAMPLES_MS + 1));
        let Some(slot) =
            at.and_then(|at| usize::try_from(at).ok()).and_then(|at| found.get_mut(at))
        else {
            continue;
        };
        *slot = (*slot).max(value(sample));
    }
    found
}

fn bars(page: &mut Page, values: &[Option<u64>], full: u64) {
    let paint = page.paint();
    let signs = if paint.has_unicode() { BARS } else { ASCII_BARS };
    let most = values.iter().flatten().copied().max().unwrap_or(0);
    let full = most.max(full);
    let mut line = Line::from("  ");
    for value in values {
        let span = match value {
            None => Span::raw(" "),
            Some(value) => {
                let height = usize::try_from(value * 7 / full).unwrap_or(7);
                Span::styled(signs[height.min(7)], paint.style(Mark::Unknown))
            }
        };
        line.push_span(span);
    }
    page.line(line);
}

/// The host's resources.
pub(in crate::cli::top) fn host(page: &mut Page, status: &Value) {
    let host = &status["host"];
    if !host.is_object() {
        return;
    }
    let mut parts = vec![
        format!("processors {}", percent(&host["cpu_permille"])),
        format!("memory {}", percent(&host["memory_permille"])),
    ];
    if host["swap_permille"].is_u64() {
        parts.push(format!("swap {}", percent(&host["swap_permille"])));
    }
    for disk in list(&host["disks"]) {
        let free = disk["free_bytes"].as_f64().unwrap_or_default() / f64::from(1 << 30);
        let used = percent(&disk["used_permille"]);
        parts.push(format!("{} {used} ({free:.0} GiB free)", text(&disk["name"])));
    }
    if let (Some(open), Some(most)) =
        (host["open_files"][0].as_u64(), host["open_files"][1].as_u64())
    {
        parts.push(format!("nodeos's files {open} of {most}"));
    }
    if let Some(ms) = host["clock_offset_ms"].as_i64() {
        let how = if ms < 0 { "behind" } else { "ahead of" };
        parts.push(format!("clock {} {how} the references'", Human(ms.unsigned_abs())));
    }
    page.title("Host", &parts.join(", "));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::top::paint::Paint;
    use crate::cli::top::sample;

    #[test]
    fn each_column_is_the_highest_of_its_share_and_a_gap_is_empty() {
        let now = sample::at();
        let sample = |ago_s: i64, age: i64, behind: u32| Sample {
            at: now.plus_ms(-ago_s * 1_000),
            head_age_ms: Some(age),
            head: Some(100),
            median: Some(100 + behind),
            ..Sample::default()
        };
        // Four columns of a quarter of an hour.
        let samples = vec![
            sample(3_600, 900, 0),
            sample(3_590, 8_000, 2),
            sample(60, -40, 0),
            sample(0, 400, 1),
        ];
        let ages = highest(&samples, now, 4, |s| s.head_age_ms.map(|ms| ms.max(0) as u64));
        assert_eq!(ages, [Some(8_000), None, None, Some(400)]);
        let past = Past { samples, ..Past::default() };
        let mut page = Page::new(8, Paint::of(false, true));
        lag(&mut page, &json!({ "at": now }), &past);
        let shown: Vec<String> = page.into_lines().iter().map(ToString::to_string).collect();
        let said = |text: &str| shown.iter().any(|line| line.trim_end() == text);
        assert!(said("  █  ▁") && said("  ▂  ▁"), "{shown:#?}");
        assert!(shown.iter().any(|line| line.contains("at most 8 s")), "{shown:#?}");
    }

    #[test]
    fn the_host_is_said_in_a_line() {
        let status = json!({ "host": {
            "cpu_permille": 123, "memory_permille": 805, "swap_permille": null,
            "disks": [{ "name": "data", "used_permille": 830, "free_bytes": 53_687_091_200_u64 }],
            "open_files": [81, 1024], "clock_offset_ms": -12,
        } });
        let mut page = Page::new(200, Paint::of(false, true));
        host(&mut page, &status);
        let shown: String = page.into_lines().iter().map(ToString::to_string).collect();
        let expected = "Host  processors 12 %, memory 80 %, data 83 % (50 GiB free), nodeos's files \
                        81 of 1024, clock 12 ms behind the references'";
        assert_eq!(shown, expected);
    }
}
