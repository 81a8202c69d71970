//! Whether something keeps this clock, and whether it agrees with other hosts'.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use super::cases::{Advice, Case};
use super::facts::{Dated, Facts, Peer};
use crate::sources::nodes::running;

/// Programs that keep a clock, by the 15 bytes the kernel keeps of a name.
const SERVICES: [&str; 6] = ["chronyd", "ntpd", "systemd-timesyn", "ntpsec", "openntpd", "ptp4l"];
/// Deadline of a program that is asked.
const DEADLINE: Duration = Duration::from_secs(3);
/// A slot.
const FAR_MS: i64 = 500;
/// A date is cut to whole seconds.
const SECOND_MS: i64 = 1_000;

/// Both.
pub(super) async fn look(facts: &Facts) -> Vec<Advice> {
    let (kernel, chrony) = tokio::join!(kernel(), chrony());
    let services = running(&SERVICES);
    vec![kept(&services, kernel, chrony.as_deref()), offset(&facts.references, &facts.peers)]
}

/// `kernel` is whether it says that the clock is in step; `chrony` is a line of its `tracking`.
fn kept(services: &[String], kernel: Option<bool>, chrony: Option<&str>) -> Advice {
    let tracking = chrony.and_then(tracking);
    let names = services.join(", ");
    match (services.is_empty(), kernel, tracking) {
        (_, _, Some(Tracking { is_synced: false, .. })) => {
            Case::ClockNotKept.because("chronyd runs and says that it is not in step.")
        }
        (false, _, Some(Tracking { offset_ms, .. })) => Case::ClockKept
            .because(format!("{names} runs and says that the clock is {offset_ms:.1} ms off.")),
        (false, Some(false), None) => Case::ClockNotKept
            .because(format!("{names} runs, and the kernel says that the clock is not in step.")),
        (false, _, None) => Case::ClockKept.because(format!("{names} runs.")),
        (true, Some(true), _) => {
            Case::ClockKept.because("The kernel says that the clock is in step.")
        }
        (true, Some(false), _) => Case::ClockNotKept
            .because("No time service runs, and the kernel says that the clock is not in step."),
        (true, None, _) => Case::ClockUnkept
            .because("No time service is seen; in a container its host's may keep the clock."),
    }
}

struct Tracking {
    is_synced: bool,
    offset_ms: f64,
}

/// `chronyc -c tracking`: id, name, stratum, time, offset in seconds, …, leap status.
fn tracking(line: &str) -> Option<Tracking> {
    let fields: Vec<&str> = line.trim().split(',').collect();
    let offset: f64 = fields.get(4)?.parse().ok()?;
    let is_synced = *fields.last()? != "Not synchronised";
    Some(Tracking { is_synced, offset_ms: offset.abs() * 1_000.0 })
}

async fn chrony() -> Option<String> {
    ask("chronyc", &["-n", "-c", "tracking"]).await
}

/// What systemd reads from the kernel.
async fn kernel() -> Option<bool> {
    let said = ask("timedatectl", &["show", "--property=NTPSynchronized", "--value"]).await?;
    match said.trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

async fn ask(program: &str, arguments: &[&str]) -> Option<String> {
    let asking = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(DEADLINE, asking).await.ok()?.ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The clock against those of references, which put a date on their answers, and of peers.
fn offset(references: &[Dated], peers: &[Peer]) -> Advice {
    let mut told: Vec<(&str, i64, i64)> = Vec::new();
    for reference in references {
        let Some(date) = reference.date else { continue };
        // Ours was before the question at most this much ahead, and after the answer at least that much.
        let low = reference.asked.since_ms(date) - SECOND_MS;
        told.push((&reference.name, low, reference.answered.since_ms(date)));
    }
    for peer in peers {
        let Some(skew_ms) = peer.skew_ms else { continue };
        let half = i64::try_from(peer.took_ms / 2).unwrap_or(i64::MAX);
        told.push((&peer.name, -skew_ms - half, half - skew_ms));
    }
    if told.is_empty() {
        return Case::OffsetUnknown.because("Neither a peer nor a reference told its time.");
    }
    let count = told.len();
    let far: Vec<&(&str, i64, i64)> =
        told.iter().filter(|(_, low, high)| *low >= FAR_MS || *high <= -FAR_MS).collect();
    if far.len() * 2 <= count {
        let agree = count - far.len();
        return Case::OffsetSmall
            .because(format!("{agree} of {count} clocks agree with this one."));
    }
    let each: Vec<String> = far
        .iter()
        .map(|(name, low, high)| {
            let (by, way) = if *low > 0 { (*low, "ahead of") } else { (-*high, "behind") };
            format!("{by} ms {way} {name}")
        })
        .collect();
    Case::OffsetLarge.because(format!("This clock is at least {}.", each.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::Timestamp;

    #[test]
    fn a_clock_is_kept_by_a_service_or_by_the_word_of_the_kernel() {
        let synced = "C0A80101,192.168.1.1,3,1700000000.1,-0.000012,0.00001,0.0001,1.2,0.1,0.2,0.003,0.001,64.5,Normal";
        let lost = "00000000,,0,0.0,0.000000000,0.0,0.0,0.0,0.0,0.0,1.0,1.0,0.0,Not synchronised";
        for (case, services, kernel, chrony, expected) in [
            ("chrony in step", &["chronyd"][..], Some(true), Some(synced), Case::ClockKept),
            ("chrony not in step", &["chronyd"], Some(true), Some(lost), Case::ClockNotKept),
            ("timesyncd", &["systemd-timesyn"], Some(true), None, Case::ClockKept),
            ("timesyncd, not in step", &["systemd-timesyn"], Some(false), None, Case::ClockNotKept),
            ("no systemd", &["ntpd"], None, None, Case::ClockKept),
            ("a virtual machine's host", &[], Some(true), None, Case::ClockKept),
            ("nobody", &[], Some(false), None, Case::ClockNotKept),
            ("a container", &[], None, Some("garbage"), Case::ClockUnkept),
        ] {
            let services: Vec<String> = services.iter().map(|name| (*name).to_owned()).collect();
            let advice = kept(&services, kernel, chrony);
            assert_eq!(
                (advice.name, advice.verdict),
                (expected.name(), expected.verdict()),
                "{case}"
            );
        }
    }

    #[test]
    fn most_clocks_decide_and_a_date_has_whole_seconds() {
        let reference = |date_ms: Option<i64>, asked: i64, answered: i64| Dated {
            name: "r".to_owned(),
            version: None,
            date: date_ms.map(Timestamp::from_ms),
            asked: Timestamp::from_ms(asked),
            answered: Timestamp::from_ms(answered),
        };
        let peer = |skew_ms: i64| Peer {
            name: "b".to_owned(),
            host: String::new(),
            version: None,
            skew_ms: Some(skew_ms),
            took_ms: 10,
        };
        let fine = reference(Some(10_000), 10_900, 10_950);
        let ahead = reference(Some(10_000), 13_000, 13_100);
        let behind = reference(Some(10_000), 8_000, 8_100);
        for (case, references, peers, expected, words) in [
            ("nobody", vec![reference(None, 0, 1)], vec![], Case::OffsetUnknown, "Neither"),
            ("in step", vec![fine.clone()], vec![peer(3)], Case::OffsetSmall, "2 of 2"),
            ("one is odd", vec![fine.clone(), ahead.clone()], vec![], Case::OffsetSmall, "1 of 2"),
            ("ahead", vec![ahead], vec![], Case::OffsetLarge, "2000 ms ahead of r"),
            ("behind", vec![behind], vec![peer(1_900)], Case::OffsetLarge, "1900 ms behind r"),
            ("peer alone", vec![], vec![peer(700)], Case::OffsetLarge, "695 ms behind b"),
        ] {
            let advice = offset(&references, &peers);
            assert_eq!(advice.verdict, expected.verdict(), "{case}: {advice:?}");
            assert!(advice.reason.contains(words), "{case}: {advice:?}");
        }
    }
}
