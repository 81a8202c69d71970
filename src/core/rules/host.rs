//! Rules on the host's resources: each on the mean of the last looks.
//!
//! A host that is short of something is told of; it neither holds nor causes a promotion.

use std::borrow::Cow;

use crate::core::evidence::host::{HostEvidence, SAMPLES};
use crate::core::host::Resource;
use crate::core::rules::{Rule, Verdict, View};
use crate::core::sample::{DiskSample, HostSample};
use crate::core::settings::Host;
use crate::core::time::Human;

/// What has passed its threshold is over again when it is so far below it, thousandths.
const BACK_PERMILLE: u32 = 50;
/// Looks that may fail to come before nothing is known.
const LOOKS_LATE: u64 = 3;
/// A look may take so long, milliseconds: the deadlines of what it reads.
const LOOK_MS: u64 = 30_000;
/// A clock's offset that may be wrong by more than this is not shown, milliseconds.
const DOUBT_SHOWN_MS: i64 = 300;

/// `host_cpu`: the processors are busy.
pub(super) fn cpu(view: &View<'_>) -> Verdict {
    share(view, Rule::HostCpu, Resource::Cpu, |host| host.cpu_permille, |s| s.cpu_permille)
}

/// `host_memory`: memory is used up.
pub(super) fn memory(view: &View<'_>) -> Verdict {
    let mut verdict = share(
        view,
        Rule::HostMemory,
        Resource::Memory,
        |host| host.memory_permille,
        |sample| sample.memory_permille,
    );
    if let Some(group) = &view.evidence.host.memory_group {
        verdict.saw = format!("{} (of the limit of control group {group})", verdict.saw).into();
    }
    verdict
}

/// `host_swap`: swap is used up.
pub(super) fn swap(view: &View<'_>) -> Verdict {
    share(view, Rule::HostSwap, Resource::Swap, |host| host.swap_permille, |s| s.swap_permille)
}

/// `host_open_files`: nodeos has nearly all files open that it may have.
pub(super) fn open_files(view: &View<'_>) -> Verdict {
    let of = |sample: &HostSample| {
        let (open, limit) = sample.open_files?;
        u32::try_from(open.saturating_mul(1_000) / limit.max(1)).ok()
    };
    let limit = |host: &Host| host.open_files_permille;
    let mut verdict = share(view, Rule::HostOpenFiles, Resource::OpenFiles, limit, of);
    if let Some((open, limit)) = view.evidence.host.last().and_then(|sample| sample.open_files) {
        verdict.saw = format!("{}; now {open} of {limit}", verdict.saw).into();
    }
    verdict
}

/// `host_disk`: a disk fills up.
pub(super) fn disk(view: &View<'_>) -> Verdict {
    fullest(view, Rule::HostDisk, |host| host.disk_permille)
}

/// `host_disk_full`: a disk is as good as full.
pub(super) fn disk_full(view: &View<'_>) -> Verdict {
    fullest(view, Rule::HostDiskFull, |host| host.disk_full_permille)
}

/// `host_clock`: this clock is surely off.
pub(super) fn clock(view: &View<'_>) -> Verdict {
    let Some(host) = &view.settings.host else {
        return Verdict::unknown("the host is not watched", "of the references' clocks");
    };
    let limit_ms = u64::from(host.clock_offset_ms);
    let threshold = format!("more than {} off the references' clocks", Human(limit_ms));
    let Some((bounds, clocks)) = view.evidence.references.clock(view.now) else {
        let why = if view.settings.references.names.is_empty() {
            "no reference is configured"
        } else {
            "no reference says its time"
        };
        return Verdict::unknown(why, threshold);
    };
    // Over again a tenth below.
    let limit_ms = if view.was_firing(Rule::HostClock) { limit_ms * 9 / 10 } else { limit_ms };
    let limit_us = limit_ms.cast_signed() * 1_000;
    let (middle, doubt) = (bounds.middle_ms(), Human(bounds.doubt_ms().unsigned_abs()));
    let side = if middle < 0 { "behind" } else { "ahead of" };
    let saw = format!(
        "this clock is {} {side} the references' (give or take {doubt}, by {clocks} of them)",
        Human(middle.unsigned_abs())
    );
    Verdict::when(bounds.low_us > limit_us || bounds.high_us < -limit_us, saw, threshold)
}

/// The clock's offset as it is shown: where it is known well enough, milliseconds.
#[must_use]
pub fn clock_offset_ms(view: &View<'_>) -> Option<i64> {
    let (bounds, _) = view.evidence.references.clock(view.now)?;
    (bounds.doubt_ms() <= DOUBT_SHOWN_MS).then_some(bounds.middle_ms())
}

/// The last looks, where they are recent; or why they are not.
fn looks<'a>(view: &View<'a>) -> Result<(&'a Host, &'a HostEvidence), Cow<'static, str>> {
    let Some(host) = &view.settings.host else {
        return Err("the host is not watched".into());
    };
    let Some(seen) = view.evidence.host.seen else {
        return Err("not looked at yet".into());
    };
    let age_ms = view.now.mono.since_ms(seen);
    if age_ms > LOOKS_LATE * host.interval_ms + LOOK_MS {
        return Err(format!("last looked at {} ago", Human(age_ms)).into());
    }
    Ok((host, &view.evidence.host))
}

fn share(
    view: &View<'_>,
    rule: Rule,
    resource: Resource,
    limit: fn(&Host) -> u32,
    of: impl Fn(&HostSample) -> Option<u32> + Copy,
) -> Verdict {
    let (host, evidence) = match looks(view) {
        Ok(looks) => looks,
        Err(why) => return Verdict::unknown(why, "the mean of the last looks"),
    };
    let limit = limit(host);
    let threshold = threshold(limit);
    let why = evidence.why_unknown(resource);
    let now = evidence.last().and_then(of);
    match (now, evidence.mean(of)) {
        (None, _) if !why.is_empty() => Verdict::unknown(why, threshold),
        (None, _) if resource == Resource::Swap => Verdict::fine("there is no swap", threshold),
        (None, _) => Verdict::unknown("not read yet", threshold),
        (Some(now), Err(looks)) => {
            let saw = format!("{}, by {looks} looks of {SAMPLES}", Percent(now));
            Verdict::unknown(saw, threshold)
        }
        (Some(now), Ok(mean)) => {
            let saw = format!("{} on average, {} now", Percent(mean), Percent(now));
            Verdict::when(passes(view, rule, mean, limit), saw, threshold)
        }
    }
}

fn fullest(view: &View<'_>, rule: Rule, limit: fn(&Host) -> u32) -> Verdict {
    let (host, evidence) = match looks(view) {
        Ok(looks) => looks,
        Err(why) => return Verdict::unknown(why, "the mean of the last looks"),
    };
    let limit = limit(host);
    let threshold = threshold(limit);
    let mean = |name: &str| {
        evidence.mean(|sample| {
            sample.disks.iter().find(|disk| disk.name == name).map(|disk| disk.used_permille)
        })
    };
    let known = evidence.disks().iter().filter_map(|disk| Some((mean(&disk.name).ok()?, disk)));
    let worst = known.max_by_key(|(mean, _)| *mean);
    let why = evidence.why_unknown(Resource::Disk);
    let Some((mean, disk)) = worst else {
        let early = evidence.disks().first().map_or("no disk is known".to_owned(), said);
        return Verdict::unknown(if why.is_empty() { early } else { why }, threshold);
    };
    let fires = passes(view, rule, mean, limit);
    let saw = said(disk);
    match (fires, why.is_empty()) {
        // Another disk that cannot be read may be full.
        (false, false) => Verdict::unknown(format!("{why}; else {saw}"), threshold),
        (true, false) => Verdict::when(true, format!("{saw}; {why}"), threshold),
        (_, true) => Verdict::when(fires, saw, threshold),
    }
}

fn said(disk: &DiskSample) -> String {
    let gib = disk.free_bytes as f64 / f64::from(1 << 30);
    format!("{} is {} full, {gib:.1} GiB free", disk.name, Percent(disk.used_permille))
}

fn threshold(limit: u32) -> String {
    format!("more than {} on average of {SAMPLES} looks", Percent(limit))
}

fn passes(view: &View<'_>, rule: Rule, mean: u32, limit: u32) -> bool {
    let limit = if view.was_firing(rule) { limit.saturating_sub(BACK_PERMILLE) } else { limit };
    mean > limit
}

/// Thousandths as a person reads them: `83 %`.
struct Percent(u32);

impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 % 10 {
            0 => write!(f, "{} %", self.0 / 10),
            tenths => write!(f, "{}.{tenths} %", self.0 / 10),
        }
    }
}
