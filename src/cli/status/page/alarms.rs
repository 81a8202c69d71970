//! The alarms: what stands and whether people know of it, who silenced what, which channel fails.

use std::fmt::Write;

use serde_json::Value;

use super::{list, text};
use crate::cli::style::Style;

/// A line of the page; writing to a String cannot fail.
macro_rules! line {
    ($page:expr, $($part:tt)*) => { let _ = writeln!($page, $($part)*); };
}

/// Incidents, silences and channels, where there is any of them to tell of.
pub(super) fn alarms(page: &mut String, status: &Value, style: Style) {
    let alarms = &status["alarms"];
    let mut lines = Vec::new();
    lines.extend(list(&alarms["incidents"]).map(|incident| of_incident(incident, style)));
    lines.extend(list(&alarms["silences"]).map(|silence| {
        let cause = match &silence["cause"] {
            Value::String(_) => text(&silence["cause"]),
            _ => "every cause".to_owned(),
        };
        let (by, until) = (text(&silence["by"]), text(&silence["until"]));
        style.warn(&format!("silent    {cause}, by {by}, until {until} UTC"))
    }));
    lines.extend(list(&alarms["channels"]).filter_map(|channel| of_channel(channel, style)));
    if lines.is_empty() {
        return;
    }
    line!(page, "\n{}", style.bold("Alarms"));
    for text in lines {
        line!(page, "  {text}");
    }
}

fn of_incident(incident: &Value, style: Style) -> String {
    let severity = text(&incident["severity"]);
    let label = format!("{severity:<8}");
    let label = if severity == "page" { style.bad(&label) } else { style.warn(&label) };
    let known = match (&incident["quiet"], &incident["told"]) {
        (Value::String(_), _) => format!("; held back: {}", text(&incident["quiet"])),
        (_, Value::Null) => "; nobody is told yet".to_owned(),
        (_, told) => format!("; told {}", text(told)),
    };
    let lead = &incident["findings"][0];
    let cause = match text(&lead["subject"]) {
        subject if subject.is_empty() => text(&lead["cause"]),
        subject => format!("{}:{subject}", text(&lead["cause"])),
    };
    format!("{label}  {cause:<22} since {} UTC{known}", text(&incident["began"]))
}

fn of_channel(channel: &Value, style: Style) -> Option<String> {
    let (name, waiting) = (text(&channel["name"]), text(&channel["waiting"]));
    let given_up = channel["given_up"].as_u64().filter(|count| *count > 0);
    let refused = given_up.map(|count| format!("; {count} were refused and given up"));
    let refused = refused.unwrap_or_default();
    if let Value::Array(failing) = &channel["failing"] {
        let (since, why) = (failing.first()?, failing.get(1)?);
        let (since, why) = (text(since), text(why));
        let what = match channel["refuses_us"].as_bool() {
            Some(true) => "it refuses us",
            _ => "nothing is delivered",
        };
        let line =
            format!("failing   {name}: {what} since {since} UTC, {waiting} wait: {why}{refused}");
        return Some(style.bad(&line));
    }
    given_up?;
    Some(style.warn(&format!("lost      {name}{refused}; it delivers now")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_stands_who_silenced_it_and_what_is_not_delivered_is_shown() {
        let finding = json!([{ "cause": "member_offline", "subject": "tokyo-2" }]);
        let (began, none) = ("2026-11-21T02:48:37.000", Value::Null);
        let incident = json!({ "severity": "page", "findings": finding, "began": began,
            "told": began, "quiet": none });
        let held = json!({ "severity": "warn", "findings": [{ "cause": "peers_low", "subject": "" }],
            "began": began, "told": none, "quiet": "ignore_hours" });
        let silence = json!({ "cause": none, "by": "anna", "until": began });
        let works = json!({ "name": "email", "waiting": 0, "failing": none, "given_up": 0 });
        let fails = json!({ "name": "webhook", "waiting": 3, "given_up": 1,
            "failing": [began, "it answered 500"] });
        let refuses = json!({ "name": "slack", "waiting": 1, "given_up": 0, "refuses_us": true,
            "failing": [began, "it answered 404"] });
        let status = json!({ "alarms": { "incidents": [incident, held], "silences": [silence],
            "channels": [works, fails, refuses] } });
        let mut page = String::new();
        alarms(&mut page, &status, Style::plain());
        let expected = "\nAlarms\n\
            \x20 page      member_offline:tokyo-2 since 2026-11-21T02:48:37.000 UTC; \
            told 2026-11-21T02:48:37.000\n\
            \x20 warn      peers_low              since 2026-11-21T02:48:37.000 UTC; \
            held back: ignore_hours\n\
            \x20 silent    every cause, by anna, until 2026-11-21T02:48:37.000 UTC\n\
            \x20 failing   webhook: nothing is delivered since 2026-11-21T02:48:37.000 UTC, 3 wait: \
            it answered 500; 1 were refused and given up\n\
            \x20 failing   slack: it refuses us since 2026-11-21T02:48:37.000 UTC, 1 wait: \
            it answered 404\n";
        assert_eq!(page, expected);
        let mut page = String::new();
        alarms(&mut page, &json!({ "alarms": { "channels": [works] } }), Style::plain());
        assert_eq!(page, "", "nothing to tell");
    }
}
