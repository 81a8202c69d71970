//! Which events are judged at once, and do not wait for the next tick: of the daemon, and of the
//! simulator that plays it.
//!
//! Between a node's death and its standby's first block each of them may stand once: an outcome, the
//! end of a process, a handover, a lease that came free, a peer that begins or ceases to sign. What
//! comes every second is urgent only when it says something new.

use crate::core::event::Event;
use crate::core::handover::{PeerEvent, PeerSaid, PeerStatus, Signing, TakenState};
use crate::core::lease::{LeaseEvent, LeaseRecord};
use crate::core::process::ProcessEvent;
use crate::core::settings::PEERS_MAX;

/// What was said last, to tell what is new.
#[derive(Clone, Debug, Default)]
pub struct Urgency {
    peers: Vec<Option<Standing>>,
    lease: Lease,
}

/// What of a peer's status others wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Standing {
    signing: Signing,
    taken: Option<(String, TakenState)>,
}

/// What is known of the lease's key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Lease {
    #[default]
    Unknown,
    Absent,
    Held,
    /// Released, with this token.
    Released(u64),
}

impl Urgency {
    /// Whether the tick is to come at once after this event.
    pub fn is_urgent(&mut self, event: &Event) -> bool {
        match event {
            Event::Outcome(_) | Event::Process(ProcessEvent::Ended { .. }) => true,
            Event::Peer(PeerEvent { index, said }) => self.peer(*index, said),
            Event::Lease(lease) => self.lease(lease),
            _ => false,
        }
    }

    fn peer(&mut self, index: usize, said: &PeerSaid) -> bool {
        match said {
            PeerSaid::Handover(_) | PeerSaid::Ask(_) => true,
            PeerSaid::Silent(_) => false,
            PeerSaid::Status(status) => self.standing(index, status),
        }
    }

    fn standing(&mut self, index: usize, status: &PeerStatus) -> bool {
        if index >= PEERS_MAX {
            return false;
        }
        if self.peers.len() <= index {
            self.peers.resize(index + 1, None);
        }
        let taken = status.taken.as_ref().map(|taken| (taken.id.clone(), taken.state));
        let new = Standing { signing: status.signing, taken };
        let old = self.peers[index].replace(new.clone());
        old.is_some_and(|old| old != new)
    }

    fn lease(&mut self, event: &LeaseEvent) -> bool {
        let new = match event {
            LeaseEvent::Lost(_) => return true,
            LeaseEvent::Failed(_) => return false,
            LeaseEvent::Held { .. } => Lease::Held,
            LeaseEvent::Read { record: None, .. } => Lease::Absent,
            LeaseEvent::Read { record: Some(LeaseRecord { token, released, .. }), .. } => {
                if released.is_some() {
                    Lease::Released(*token)
                } else {
                    Lease::Held
                }
            }
        };
        let old = std::mem::replace(&mut self.lease, new.clone());
        match new {
            Lease::Released(_) => old != new,
            Lease::Absent => matches!(old, Lease::Held | Lease::Released(_)),
            Lease::Unknown | Lease::Held => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::action::{ActResult, Outcome};
    use crate::core::event::ApiFailure;
    use crate::core::handover::{Fence, Handover, Taken};
    use crate::core::keeper::Keeper;
    use crate::core::settings::{Role, Settings};
    use crate::core::time::{Mono, Now, Timestamp};

    fn handover() -> Handover {
        Handover {
            id: "20261121T024837-process_gone".to_owned(),
            from: "a".to_owned(),
            to: "b".to_owned(),
            producer: "eosstorebest".parse().unwrap(),
            chain_id: None,
            reason: "The process ended.".to_owned(),
            fence: Fence::Fenced,
            fenced_at: Timestamp::from_ms(0),
            planned: false,
        }
    }

    fn said(index: usize, said: PeerSaid) -> Event {
        Event::Peer(PeerEvent { index, said })
    }

    fn status(index: usize, signing: Signing, taken: Option<TakenState>) -> Event {
        let settings = Settings::new(Role::FirstStandby, "eosstorebest".parse().unwrap());
        let now = Now::default();
        let mut status = Keeper::new(settings, now, Ok(None)).peer_status(now);
        status.signing = signing;
        let id = || "1".to_owned();
        status.taken = taken.map(|state| Taken { id: id(), state, sentence: String::new() });
        said(index, PeerSaid::Status(Box::new(status)))
    }

    fn read(record: Option<(u64, bool)>) -> Event {
        let record = record.map(|(token, is_released)| LeaseRecord {
            holder: "a".to_owned(),
            token,
            released: is_released.then(handover),
        });
        Event::Lease(LeaseEvent::Read { asked: Mono::from_ms(0), record })
    }

    #[test]
    fn what_others_wait_for_is_judged_at_once() {
        let mut urgency = Urgency::default();
        let outcome = Outcome { id: 1, result: ActResult::Done(String::new()) };
        let ended = ProcessEvent::Ended { how: "process 1 ended".to_owned() };
        let running = ProcessEvent::Running { what: "process 1".to_owned() };
        let held = LeaseEvent::Held { asked: Mono::from_ms(0), token: 3 };
        for (name, event, expected) in [
            ("an outcome", Event::Outcome(outcome), true),
            ("the process ended", Event::Process(ended), true),
            ("the process was found", Event::Process(running), false),
            ("another poll", Event::Paused(Ok(true)), false),
            ("a handover", said(0, PeerSaid::Handover(handover())), true),
            ("an ask", said(1, PeerSaid::Ask("a person".to_owned())), true),
            ("a peer's first status", status(1, Signing::Yes, None), false),
            ("the same again", status(1, Signing::Yes, None), false),
            ("another peer's", status(0, Signing::No, None), false),
            ("it stopped", status(1, Signing::No, None), true),
            ("it is silent", said(1, PeerSaid::Silent("b".to_owned())), false),
            ("it took up", status(1, Signing::No, Some(TakenState::Acting)), true),
            ("it goes on", status(1, Signing::No, Some(TakenState::Acting)), false),
            ("it resumed", status(1, Signing::No, Some(TakenState::Resumed)), true),
            ("no peer of ours", status(PEERS_MAX, Signing::No, None), false),
            ("no lease at first", read(None), false),
            ("a lease", read(Some((1, false))), false),
            ("etcd is silent", Event::Lease(LeaseEvent::Failed(ApiFailure::NoSuchApi)), false),
            ("it lapsed", read(None), true),
            ("still none", read(None), false),
            ("it is released", read(Some((2, true))), true),
            ("still released", read(Some((2, true))), false),
            ("released anew", read(Some((3, true))), true),
            ("ours", Event::Lease(held), false),
            ("gone", read(None), true),
            ("lost", Event::Lease(LeaseEvent::Lost("deleted".to_owned())), true),
        ] {
            assert_eq!(urgency.is_urgent(&event), expected, "{name}");
        }
    }
}
