//! The part of the page about what is watched beside the node: the host, the fleet, a mining pool.

use std::fmt::Write;

use serde_json::Value;

use super::{human, list, text};
use crate::cli::style::Style;
use crate::core::pool::Hashrate;
use crate::core::time::Human;

/// Most names in one line.
const NAMES_SHOWN: usize = 8;

/// A line of the page; writing to a String cannot fail.
macro_rules! line {
    ($page:expr, $($part:tt)*) => { let _ = writeln!($page, $($part)*); };
}

/// `level with`, `3 blocks behind`, `1 block ahead of`, or `not comparable with`.
pub(super) fn lag(behind: &Value) -> String {
    let blocks =
        |count: u64| if count == 1 { "1 block".to_owned() } else { format!("{count} blocks") };
    match behind.as_i64() {
        None => "not comparable with".to_owned(),
        Some(0) => "level with".to_owned(),
        Some(count) if count > 0 => format!("{} behind", blocks(count.unsigned_abs())),
        Some(count) => format!("{} ahead of", blocks(count.unsigned_abs())),
    }
}

/// Thousandths as percent.
fn percent(value: &Value) -> String {
    value.as_u64().map_or_else(|| "-".to_owned(), |permille| format!("{} %", permille / 10))
}

/// The host's resources in two lines.
pub(super) fn host(page: &mut String, status: &Value, style: Style) {
    let host = &status["host"];
    if !host.is_object() {
        return;
    }
    line!(page, "\n{}", style.bold("Host"));
    let files = match (&host["open_files"][0], &host["open_files"][1]) {
        (Value::Number(open), Value::Number(limit)) => format!("{open} of {limit}"),
        _ => "-".to_owned(),
    };
    line!(
        page,
        "  In use        processors {}, memory {}, swap {}, nodeos's files {files}",
        percent(&host["cpu_permille"]),
        percent(&host["memory_permille"]),
        percent(&host["swap_permille"]),
    );
    let disks: Vec<String> = list(&host["disks"])
        .map(|disk| {
            let free = disk["free_bytes"].as_f64().unwrap_or_default() / f64::from(1 << 30);
            let used = percent(&disk["used_permille"]);
            format!("{} {used} ({free:.0} GiB free)", text(&disk["name"]))
        })
        .collect();
    line!(
        page,
        "  Disks         {}",
        if disks.is_empty() { "-".to_owned() } else { disks.join(", ") }
    );
    let clock = match host["clock_offset_ms"].as_i64() {
        None => "not measured: no reference says its time well enough".to_owned(),
        Some(ms) if ms < 0 => format!("{} behind the references'", Human(ms.unsigned_abs())),
        Some(ms) => format!("{} ahead of the references'", Human(ms.unsigned_abs())),
    };
    line!(page, "  Clock         {clock}");
}

/// How many members stand how, and the names of those that do not report.
pub(super) fn fleet(page: &mut String, status: &Value, style: Style) {
    let fleet = &status["fleet"];
    if list(&fleet["members"]).next().is_none() {
        return;
    }
    line!(page, "\n{}", style.bold("Fleet"));
    line!(
        page,
        "  Members       {} report, {} late, {} offline, {} never reported, {} taken as gone",
        text(&fleet["reporting"]),
        text(&fleet["late"]),
        text(&fleet["offline"]),
        text(&fleet["never"]),
        text(&fleet["forgotten"]),
    );
    let silent: Vec<String> = list(&fleet["members"])
        .filter(|member| member["state"] == "offline")
        .map(|member| format!("{} for {}", text(&member["name"]), human(&member["quiet_ms"])))
        .collect();
    if !silent.is_empty() {
        let more = if silent.len() > NAMES_SHOWN { ", …" } else { "" };
        let names = silent[..silent.len().min(NAMES_SHOWN)].join(", ");
        line!(page, "  Offline       {}", style.bad(&format!("{names}{more}")));
    }
}

/// The mining pool's account.
pub(super) fn pool(page: &mut String, status: &Value, style: Style) {
    let pool = &status["pool"];
    if !pool.is_object() {
        return;
    }
    line!(page, "\n{}", style.bold("Mining pool"));
    let sample = &pool["sample"];
    if let Some(hashrate) = sample["hashrate"].as_u64() {
        let floor = sample["floor"].as_u64();
        let least =
            floor.map_or_else(String::new, |floor| format!(" of at least {}", Hashrate(floor)));
        let shown = format!("{}{least}", Hashrate(hashrate));
        let is_low = floor.is_some_and(|floor| hashrate < floor);
        line!(page, "  Hashrate      {}", if is_low { style.bad(&shown) } else { shown });
        line!(
            page,
            "  Workers       {} online, {} offline, as of {} UTC",
            text(&sample["online"]),
            text(&sample["offline"]),
            text(&sample["at"])
        );
    }
    let silent: Vec<String> = list(&pool["offline"])
        .take(NAMES_SHOWN)
        .map(|worker| format!("{} for {}", text(&worker["name"]), human(&worker["silent_ms"])))
        .collect();
    if !silent.is_empty() {
        line!(page, "  Offline       {}", style.warn(&silent.join(", ")));
    }
    if let Value::String(_) = pool["failure"] {
        line!(page, "  No answer     {}", style.bad(&text(&pool["failure"])));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lag_is_said_in_words() {
        for (behind, expected) in [
            (Value::Null, "not comparable with"),
            (0.into(), "level with"),
            (1.into(), "1 block behind"),
            ((-3).into(), "3 blocks ahead of"),
        ] {
            assert_eq!(lag(&behind), expected);
        }
    }

    #[test]
    fn each_is_shown_with_its_figures() {
        let status = serde_json::json!({
            "host": {
                "cpu_permille": 123, "memory_permille": 805, "swap_permille": null,
                "disks": [{ "name": "data", "used_permille": 830, "free_bytes": 53_687_091_200_u64 }],
                "open_files": [81, 1024], "clock_offset_ms": -12,
            },
            "fleet": {
                "reporting": 1, "late": 0, "offline": 1, "never": 0, "forgotten": 0,
                "members": [
                    { "name": "tokyo-1", "state": "reporting" },
                    { "name": "oslo-\u{1b}[2J", "state": "offline", "quiet_ms": 720_000 },
                ],
            },
            "pool": {
                "sample": { "at": "2026-11-21T02:48:37.000", "online": 39, "offline": 1,
                            "hashrate": 1_250_000_000_000_000_u64, "floor": 1_500_000_000_000_000_u64 },
                "offline": [{ "name": "rig7", "silent_ms": 900_000 }],
                "failure": null,
            },
        });
        let mut page = String::new();
        host(&mut page, &status, Style::plain());
        fleet(&mut page, &status, Style::plain());
        pool(&mut page, &status, Style::plain());
        for expected in [
            "  In use        processors 12 %, memory 80 %, swap -, nodeos's files 81 of 1024",
            "  Disks         data 83 % (50 GiB free)",
            "  Clock         12 ms behind the references'",
            "  Members       1 report, 0 late, 1 offline, 0 never reported, 0 taken as gone",
            "  Offline       oslo-\u{fffd}[2J for 12 min",
            "  Hashrate      1.25 PH/s of at least 1.50 PH/s",
            "  Workers       39 online, 1 offline, as of 2026-11-21T02:48:37.000 UTC",
            "  Offline       rig7 for 15 min",
        ] {
            assert!(page.lines().any(|line| line == expected), "{expected}\n{page}");
        }
        let mut empty = String::new();
        for part in [host, fleet, pool] {
            part(&mut empty, &serde_json::json!({ "fleet": { "members": [] } }), Style::plain());
        }
        assert_eq!(empty, "");
    }
}
