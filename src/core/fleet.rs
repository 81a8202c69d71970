//! Keepers watch keepers: which of the others reports, and which has stopped.
//!
//! A member that never reported is no incident: it may not be set up yet. One that has reported and
//! then is silent is, and one that stays silent for hours is taken as decommissioned, which is said
//! once. When most of them fall silent together that is one incident and not as many: the cause may
//! be this host's own line. While nobody at all can be heard their silence does not count on.
//!
//! Only silence that was watched counts: neither the time this keeper did not run, nor a moment
//! longer than `STEP_MAX_MS` between two ticks.

mod member;
mod signals;
mod state;

use serde::Serialize;

use crate::core::action::{Notice, NoticeKind, Severity};
use crate::core::name::Name;
use crate::core::settings::{FLEET_MAX, Fleet as Settings, PEERS_MAX, Role};
use crate::core::time::{Human, Mono, Now, Timestamp};
use member::Member;

pub use member::{MemberState, MemberView};
pub use state::{FleetState, SeenMember};

/// More than this between two ticks was not watched, milliseconds.
const STEP_MAX_MS: u64 = 5_000;
/// A member that missed so many questions is late.
const POLLS_LATE: u64 = 3;
/// So many must have reported before the silence of most of them is one incident.
const MANY_LEAST: usize = 3;
/// Most notices that wait to be told.
const NOTICES_MAX: usize = FLEET_MAX + PEERS_MAX;

/// What a member of the fleet said, or why it said nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberEvent {
    /// Which: its place in [`Settings::names`].
    pub index: usize,
    /// Its report, or one sentence.
    pub said: Result<Box<MemberReport>, String>,
}

/// What a keeper's status says of its node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemberReport {
    /// The name it gives its node.
    pub node: String,
    /// What its node is for.
    pub role: Role,
    /// Its producer.
    pub producer: Name,
    /// Its chain, 64 hex digits.
    pub chain_id: Option<String>,
    /// Its head block.
    pub head: Option<u32>,
    /// Age of its head block when it judged, milliseconds.
    pub head_age_ms: Option<i64>,
    /// Whether its node is the one that signs, as it sees itself.
    pub is_active: bool,
    /// The kind of its decision, for example `watch`.
    pub decision: String,
    /// The decision's sentence.
    pub sentence: String,
    /// The rules that fire there and page, at most [`RULES_MAX`].
    pub paging: Vec<String>,
    /// The rules that fire there and warn, at most [`RULES_MAX`].
    pub warning: Vec<String>,
    /// eoskeeper's version there.
    pub version: String,
    /// When it judged, by its own clock.
    pub judged_at: Timestamp,
}

/// Most rules that are kept of a member.
pub const RULES_MAX: usize = 8;

/// The members, in the order of the configuration: peers first.
#[derive(Clone, Debug)]
pub struct Fleet {
    settings: Settings,
    members: Vec<Member>,
    /// Places of the fleet's members in the table: a peer's name is that peer.
    places: Vec<usize>,
    last_tick: Option<Mono>,
    together: Together,
    notices: Vec<Notice>,
}

/// Whether most are silent at once, and for how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Together {
    known: usize,
    silent: usize,
    /// How long it has lasted, milliseconds.
    for_ms: u64,
    fires: bool,
}

/// All members as a person or a program is told of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FleetStatus {
    /// How many report.
    pub reporting: usize,
    /// How many are late.
    pub late: usize,
    /// How many are offline.
    pub offline: usize,
    /// How many never reported.
    pub never: usize,
    /// How many are taken as decommissioned.
    pub forgotten: usize,
    /// Each of them.
    pub members: Vec<MemberView>,
}

impl Together {
    /// Nobody can be heard: it may be us.
    const fn is_all(self) -> bool {
        self.known >= 2 && self.silent == self.known
    }

    const fn is_most(self) -> bool {
        self.is_all() || self.known >= MANY_LEAST && self.silent * 2 > self.known
    }
}

impl Fleet {
    /// The peers and the fleet's members; nothing was heard of them yet.
    #[must_use]
    pub fn new(peers: &[String], settings: Settings) -> Self {
        let peers = peers.iter().take(PEERS_MAX);
        let mut members: Vec<Member> = peers.map(|name| Member::new(name, true)).collect();
        let mut places = Vec::new();
        for name in settings.names.iter().take(FLEET_MAX) {
            let known = members.iter().position(|member| member.name == *name);
            places.push(known.unwrap_or(members.len()));
            if known.is_none() {
                members.push(Member::new(name, false));
            }
        }
        Self {
            settings,
            members,
            places,
            last_tick: None,
            together: Together::default(),
            notices: Vec::new(),
        }
    }

    /// Whether there is nobody to watch.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Records what a member of the fleet said.
    pub fn record(&mut self, now: Now, event: &MemberEvent) {
        let Some(place) = self.places.get(event.index) else { return };
        let Some(member) = self.members.get_mut(*place) else { return };
        match &event.said {
            Ok(report) if member.repeats(report) => {
                member.fail("it answers, and has judged nothing new: its keeper hangs");
            }
            Ok(report) => {
                member.take_report(report);
                self.heard(now, *place);
            }
            Err(why) => member.fail(why),
        }
    }

    /// Records that a peer's keeper said how it stands.
    pub fn record_peer(&mut self, now: Now, index: usize, role: Role) {
        if let Some(member) = self.members.get_mut(index).filter(|member| member.is_peer) {
            member.role = Some(role);
            self.heard(now, index);
        }
    }

    /// Records why a peer is silent.
    pub fn record_peer_silence(&mut self, index: usize, why: &str) {
        if let Some(member) = self.members.get_mut(index).filter(|member| member.is_peer) {
            member.fail(why);
        }
    }

    fn heard(&mut self, now: Now, place: usize) {
        let Some(member) = self.members.get_mut(place) else { return };
        let before = member.state;
        member.heard(now);
        if before == MemberState::Forgotten {
            let text = format!("The keeper of {} reports again.", member.name);
            self.tell(now, "member_back", text, "Nothing, if it was expected.");
        }
    }

    /// Counts the silence on.
    pub fn tick(&mut self, now: Now) {
        let before = self.last_tick.replace(now.mono).unwrap_or(now.mono);
        let step_ms = now.mono.since_ms(before).min(STEP_MAX_MS);
        let late_ms = POLLS_LATE * self.settings.poll_ms;
        // Nobody is heard: the silence of each does not count, only that of all together.
        if !self.together.is_all() {
            for member in self.members.iter_mut().filter(|member| member.is_known()) {
                member.wait(now.mono, step_ms);
            }
        }
        let known = self.members.iter().filter(|member| member.is_known());
        let silent = known.clone().filter(|member| member.quiet_ms >= late_ms).count();
        let mut together = Together { known: known.count(), silent, ..self.together };
        together.for_ms = if together.is_most() { self.together.for_ms + step_ms } else { 0 };
        together.fires =
            together.is_most() && together.for_ms + late_ms >= self.settings.offline_ms;
        self.together = together;
        self.judge_members(now, late_ms);
    }

    fn judge_members(&mut self, now: Now, late_ms: u64) {
        let (offline_ms, forget_ms) = (self.settings.offline_ms, self.settings.forget_after_ms);
        let is_most = self.together.is_most();
        let mut forgotten = Vec::new();
        for member in self.members.iter_mut().filter(|member| member.is_known()) {
            member.state = match member.quiet_ms {
                ms if ms >= forget_ms => MemberState::Forgotten,
                ms if ms >= offline_ms => MemberState::Offline,
                ms if ms >= late_ms => MemberState::Late,
                _ => MemberState::Reporting,
            };
            // What fell silent together with most is told of as one.
            let is_own = member.fires || !is_most;
            member.fires = member.state == MemberState::Offline && is_own;
            if member.state == MemberState::Forgotten {
                forgotten.push(member.name.clone());
            }
        }
        for name in forgotten {
            let text = format!(
                "The keeper of {name} has been silent for {}: it is taken as decommissioned.",
                Human(forget_ms)
            );
            let next =
                "Take it out of [fleet] or [peers] if it is gone for good; else bring it back.";
            self.tell(now, "member_forgotten", text, next);
        }
    }

    fn tell(&mut self, now: Now, key: &str, text: String, next_step: &str) {
        if self.notices.len() < NOTICES_MAX {
            self.notices.push(Notice {
                key: key.to_owned(),
                kind: NoticeKind::Told,
                severity: Severity::Warn,
                text,
                next_step: next_step.to_owned(),
                at: now.wall,
            });
        }
    }

    /// What is said once, since it was asked for last.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Everything a person may want to see.
    #[must_use]
    pub fn status(&self) -> FleetStatus {
        let count = |state| self.members.iter().filter(|member| member.state == state).count();
        FleetStatus {
            reporting: count(MemberState::Reporting),
            late: count(MemberState::Late),
            offline: count(MemberState::Offline),
            never: count(MemberState::Never),
            forgotten: count(MemberState::Forgotten),
            members: self.members.iter().map(Member::view).collect(),
        }
    }
}
