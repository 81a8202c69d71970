//! What of the fleet survives a restart.

use serde::{Deserialize, Serialize};

use super::Fleet;
use super::member::MemberState;
use crate::core::settings::Role;
use crate::core::time::Timestamp;

/// Who has reported, to be kept over a restart. What they said is not: they will say it again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetState {
    /// The members that have reported.
    pub members: Vec<SeenMember>,
}

/// A member that has reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenMember {
    /// Its name here.
    pub name: String,
    /// How it stood.
    pub state: MemberState,
    /// For how long it had been silent while it was watched, milliseconds.
    pub quiet_ms: u64,
    /// When it last reported.
    pub heard_at: Option<Timestamp>,
    /// What its node is for.
    pub role: Option<Role>,
    /// Whether its node was the one that signs.
    pub is_active: bool,
    /// Whether its silence was an incident of its own.
    pub fires: bool,
}

impl Fleet {
    /// What is to be kept. It changes when a member reports for the first time, or comes or goes;
    /// kept once a minute it is recent enough.
    #[must_use]
    pub fn export(&self) -> FleetState {
        let seen = self.members.iter().filter(|member| member.state != MemberState::Never);
        let members = seen.map(|member| SeenMember {
            name: member.name.clone(),
            state: member.state,
            quiet_ms: member.quiet_ms,
            heard_at: member.heard_at,
            role: member.role,
            is_active: member.is_active,
            fires: member.fires,
        });
        FleetState { members: members.collect() }
    }

    /// Takes up what was kept, at the start. A member that reported then is waited for anew: it was
    /// not watched meanwhile. One that was offline stays it, and its silence counts on. One that is
    /// not configured any more is passed over.
    pub fn import(&mut self, kept: FleetState) {
        for seen in kept.members {
            let found = self.members.iter_mut().find(|member| member.name == seen.name);
            let Some(member) = found.filter(|member| member.state == MemberState::Never) else {
                continue;
            };
            let is_silent = matches!(seen.state, MemberState::Offline | MemberState::Forgotten);
            member.state = if is_silent { seen.state } else { MemberState::Reporting };
            member.quiet_ms = if is_silent { seen.quiet_ms } else { 0 };
            member.fires = seen.state == MemberState::Offline && seen.fires;
            (member.heard_at, member.role) = (seen.heard_at, seen.role);
            member.is_active = seen.is_active;
        }
    }
}
