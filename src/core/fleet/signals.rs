//! What is wrong in the fleet, for the alarms.

use super::member::{Member, MemberState};
use super::{Fleet, Together};
use crate::core::action::Severity;
use crate::core::alarm::signal::Signal;
use crate::core::rules::State;
use crate::core::settings::Role;
use crate::core::time::Human;

/// Most names in one sentence.
const NAMES_SHOWN: usize = 8;

impl Fleet {
    /// One signal for each member that has reported, and one for all of them.
    #[must_use]
    pub fn signals(&self) -> Vec<Signal> {
        let reported = self.members.iter().filter(|member| member.state != MemberState::Never);
        let mut signals: Vec<Signal> =
            reported.map(|member| of_member(member, self.together.is_most())).collect();
        if self.members.len() > 1 {
            signals.push(self.of_all());
        }
        signals
    }

    fn of_all(&self) -> Signal {
        let Together { known, silent, for_ms, fires } = self.together;
        let state = if fires { State::Firing } else { State::Fine };
        let mut saw = format!("{silent} of {known} are silent");
        if fires {
            let names: Vec<&str> = self
                .members
                .iter()
                .filter(|member| matches!(member.state, MemberState::Late | MemberState::Offline))
                .map(|member| member.name.as_str())
                .take(NAMES_SHOWN)
                .collect();
            let more = if silent > names.len() { ", …" } else { "" };
            saw = format!("{saw} for {}: {}{more}", Human(for_ms), names.join(", "));
        }
        Signal {
            cause: "fleet_silent".to_owned(),
            subject: String::new(),
            state,
            severity: Severity::Page,
            meaning: "Most keepers of the fleet fell silent together: they are down, or this host \
                      is cut off from them."
                .to_owned(),
            saw,
            next_step: "See whether this host reaches anything outside; then `eoskeeper fleet`."
                .to_owned(),
        }
    }
}

fn of_member(member: &Member, is_most: bool) -> Signal {
    let state = match member.state {
        MemberState::Offline if member.fires => State::Firing,
        // Most are silent: which of them is down cannot be told.
        MemberState::Offline => State::Unknown,
        MemberState::Late if is_most => State::Unknown,
        _ => State::Fine,
    };
    let role = member.role.map_or_else(String::new, |role| format!(" (role {})", role.letter()));
    let quiet = Human(member.quiet_ms);
    let why = member.failure.as_ref().map_or_else(String::new, |why| format!(": {why}"));
    let saw = match member.state {
        MemberState::Offline | MemberState::Late => {
            format!("{}{role} has been silent for {quiet}{why}", member.name)
        }
        MemberState::Forgotten => format!("{}{role} is taken as decommissioned", member.name),
        MemberState::Never | MemberState::Reporting => format!("{}{role} reports", member.name),
    };
    // Who signs must be watched; the standbys' own keepers see a node that does not.
    let signs = member.role == Some(Role::Active) || member.is_active;
    Signal {
        cause: "member_offline".to_owned(),
        subject: member.name.clone(),
        state,
        severity: if signs { Severity::Page } else { Severity::Warn },
        meaning: "The keeper of another node has stopped reporting: its host is down or cut off, \
                  or nobody watches its node."
            .to_owned(),
        saw,
        next_step: "See whether its host and eoskeeper run there, and whether its node signs."
            .to_owned(),
    }
}
