//! A keeper of the active node or of a standby, beside one peer: how its tests begin.

use eoskeeper::core::event::Event;
use eoskeeper::core::handover::{Fence, Handover, PeerEvent, PeerSaid, Signing};
use eoskeeper::core::lease::LeaseRecord;
use eoskeeper::core::process::ProcessEvent;
use eoskeeper::core::settings::{Lease, Role, Settings};
use eoskeeper::core::time::Timestamp;

use super::{BP, LeaseSays, World, armed, name, peer};

pub const A: Role = Role::Active;
pub const B: Role = Role::FirstStandby;
/// Seconds until a keeper has seen enough: three rounds.
pub const WARM: u64 = 3 * 126;

/// A node that may be started and stopped by us, with one peer.
pub fn settings(role: Role, peer: &str) -> Settings {
    let mut settings = armed(role);
    settings.promotion.can_promote = true;
    settings.promotion.configured = role != A;
    settings.peers.names = vec![peer.to_owned()];
    settings
}

pub fn with_lease(mut settings: Settings) -> Settings {
    settings.lease = Some(Lease::DEFAULT);
    settings
}

/// A that signs, beside a standby that is ready.
pub fn active() -> World {
    active_with(settings(A, "b"), None)
}

/// The same with other settings, and with what etcd says.
pub fn active_with(settings: Settings, lease: Option<LeaseSays>) -> World {
    let mut world = World::with(settings, 21, Ok(None));
    (world.knobs.paused, world.knobs.active_signs) = (false, false);
    world.peer = Some(peer("b", B, Signing::No));
    world.lease = lease;
    world.run(WARM);
    assert_eq!((world.code().as_str(), world.acts().len()), ("watch", 0), "{:?}", world.decisions);
    world
}

/// B at rest, beside an active node that signs.
pub fn standby() -> World {
    let mut world = World::with(settings(B, "a"), 21, Ok(None));
    world.peer = Some(peer("a", A, Signing::Yes));
    world.run(WARM);
    assert_eq!(world.acts(), [], "{:?}", world.decisions);
    world
}

/// B that took over from A, which is mended and stopped.
pub fn promoted() -> World {
    let mut world = standby();
    world.knobs.active_signs = false;
    world.peer = Some(peer("a", A, Signing::No));
    assert!(world.run_until("produce", 600), "{:?}", world.decisions);
    world.orders.clear();
    world
}

/// What A gives to B when its nodeos is gone.
pub fn handover(fence: Fence, fenced_at: Timestamp) -> Handover {
    Handover {
        id: "20261121T024837-process_ended".to_owned(),
        from: "a".to_owned(),
        to: "b".to_owned(),
        producer: name(BP),
        chain_id: None,
        reason: "Its nodeos is gone: process 4711 ended.".to_owned(),
        fence,
        fenced_at,
        planned: false,
    }
}

pub fn offer(world: &mut World, given: Handover) {
    world.tell(Event::Peer(PeerEvent { index: 0, said: PeerSaid::Handover(given) }));
}

/// What etcd has under the key.
pub fn record(holder: &str, token: u64, released: Option<Handover>) -> LeaseRecord {
    LeaseRecord { holder: holder.to_owned(), token, released }
}

/// Its nodeos is gone, and the system says so.
pub fn ended(world: &mut World) {
    let how = "process 4711 ended".to_owned();
    world.knobs.api = false;
    world.tell(Event::Process(ProcessEvent::Ended { how }));
}

/// Its nodeos is there again.
pub fn returned(world: &mut World) {
    world.knobs.api = true;
    world.tell(Event::Process(ProcessEvent::Running { what: "process 4712".to_owned() }));
}
