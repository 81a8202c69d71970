//! Lists of times.

use serde_json::{Value, json};

use super::quoted;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY_MINUTES: u16 = 1_440;
/// Longest time of a ladder, minutes: 30 days.
const MINUTES_MAX: u64 = 43_200;

/// Whole minutes.
pub(super) fn read_minutes(text: &str, max: usize) -> Result<Value, String> {
    let each = text.split(',').map(str::trim).map(|part| {
        let minutes = part.parse::<u64>().ok().filter(|n| (1..=MINUTES_MAX).contains(n));
        minutes.map(Value::from).ok_or_else(|| format!("{} is no number of minutes", quoted(part)))
    });
    bounded(each.collect::<Result<_, _>>()?, max)
}

/// Windows of the week: `sat 02:00-04:00`; `daily` stands for seven. One that ends before it begins
/// ends on the next day.
pub(super) fn read_hours(text: &str, max: usize) -> Result<Value, String> {
    let mut windows = Vec::new();
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    if parts.len() > max {
        return Err(format!("{} windows", parts.len()));
    }
    for part in parts {
        let (days, from, minutes) = read_window(part)
            .ok_or_else(|| format!("{} is no window of the week", quoted(part)))?;
        for day in days {
            windows.push(json!({ "from": day * DAY_MINUTES + from, "minutes": minutes }));
        }
    }
    Ok(Value::Array(windows))
}

fn read_window(text: &str) -> Option<(std::ops::Range<u16>, u16, u16)> {
    let (day, hours) = text.split_once(' ')?;
    let days = if day.eq_ignore_ascii_case("daily") {
        0..7
    } else {
        let at = DAYS.iter().position(|name| name.eq_ignore_ascii_case(day))?;
        let at = u16::try_from(at).ok()?;
        at..at + 1
    };
    let (from, to) = hours.trim().split_once('-')?;
    let (from, to) = (minute(from)?, minute(to)?);
    if from >= DAY_MINUTES {
        return None;
    }
    let minutes = (to + DAY_MINUTES - from) % DAY_MINUTES;
    // 00:00-24:00 and 05:00-05:00 are a whole day.
    Some((days, from, if minutes == 0 { DAY_MINUTES } else { minutes }))
}

/// The minute of the day; 24:00 is its end.
fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let is_number = |t: &str| t.len() == 2 && t.bytes().all(|b| b.is_ascii_digit());
    if !is_number(hours) || !is_number(minutes) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let sum = hours * 60 + minutes;
    (minutes < 60 && sum <= DAY_MINUTES).then_some(sum)
}

fn bounded(values: Vec<Value>, max: usize) -> Result<Value, String> {
    if values.len() > max { Err(format!("{} values", values.len())) } else { Ok(values.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_of_the_week() {
        let window = |from: u16, minutes: u16| Some((from, minutes));
        for (text, expected) in [
            ("mon 00:00-24:00", window(0, 1440)),
            ("sat 02:00-04:00", window(5 * 1440 + 120, 120)),
            ("SUN 23:00-01:00", window(6 * 1440 + 1380, 120)),
            ("tue  05:00 - 05:00", window(1440 + 300, 1440)),
            ("someday 02:00-04:00", None),
            ("mon 2:00-4:00", None),
            ("mon 02:00", None),
            ("mon 24:00-24:00", None),
            ("mon 02:60-04:00", None),
            ("mon 02:00-25:00", None),
            ("", None),
        ] {
            let read = read_hours(text, 4).ok();
            let first = read.as_ref().and_then(|v| v.get(0)).map(|v| {
                let field = |name: &str| u16::try_from(v[name].as_u64().unwrap()).unwrap();
                (field("from"), field("minutes"))
            });
            assert_eq!(first, expected, "{text}");
        }
        assert_eq!(read_hours("daily 03:00-03:30", 4).unwrap().as_array().unwrap().len(), 7);
        assert!(read_hours("mon 01:00-02:00, tue 01:00-02:00", 1).is_err());
    }

    #[test]
    fn minutes_of_a_ladder() {
        assert_eq!(read_minutes("1, 10,60", 3).unwrap(), json!([1, 10, 60]));
        for wrong in ["0", "1.5", "-1", "1,,2", "", "99999", "1, 2, 3, 4"] {
            assert!(read_minutes(wrong, 3).is_err(), "{wrong}");
        }
    }
}
