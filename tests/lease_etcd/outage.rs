//! Members that die, freeze, or are too few.

use eoskeeper::core::action::ActResult;
use eoskeeper::core::event::Event;
use eoskeeper::core::lease::LeaseEvent;
use eoskeeper::core::settings::Lease;
use eoskeeper::core::time::Mono;

use crate::cluster::Cluster;
use crate::keeper::{Keeper, TIMES, key};

async fn holder(cluster: &Cluster) -> (Keeper, u64) {
    let mut a = Keeper::new("a", &cluster.endpoints);
    a.read("a free key", Option::is_none).await;
    let token = a.take().await;
    (a, token)
}

#[tokio::test]
async fn it_survives_the_leaders_end() {
    let cluster = Cluster::up();
    // An election takes a second or more where everything else is busy too.
    let mut a = Keeper::patient("a", &cluster.endpoints);
    a.read("a free key", Option::is_none).await;
    let token = a.take().await;
    for _ in 0..2 {
        let leader = cluster.leader();
        cluster.kill(leader);
        let killed = a.now();
        assert_eq!(a.held_since(killed + 2 * Lease::DEFAULT.ttl_ms).await, token);
        cluster.start(leader);
    }
}

/// Drains what was told; whether it claimed the lease from a time after `since`.
fn claims_after(keeper: &mut Keeper, since: Mono) -> Vec<LeaseEvent> {
    let mut claims = Vec::new();
    while let Ok(event) = keeper.events.try_recv() {
        if let Event::Lease(LeaseEvent::Held { asked, token }) = event
            && asked >= since
        {
            claims.push(LeaseEvent::Held { asked, token });
        }
    }
    claims
}

/// The token of the next claim since then, or `None` when it was lost before.
async fn held_or_lost(keeper: &mut Keeper, since: Mono) -> Option<u64> {
    let pick = |event| match event {
        LeaseEvent::Held { asked, token } if asked >= since => Some(Some(token)),
        LeaseEvent::Lost(_) => Some(None),
        _ => None,
    };
    keeper.until("a claim or a loss", pick).await
}

/// The leader alone goes on answering renewals by itself for a while; no majority confirms them.
#[tokio::test]
async fn without_a_majority_it_is_not_claimed() {
    let cluster = Cluster::up();
    let (mut a, token) = holder(&cluster).await;
    let mut b = Keeper::new("b", &cluster.endpoints);
    b.read("a's record", Option::is_some).await;
    let frozen = cluster.followers();
    for member in &frozen {
        cluster.freeze(*member);
    }
    // A question that was on its way may have been answered by all three.
    let since = a.now();
    a.failed().await;
    b.failed().await;
    let end = a.now() + 2 * TIMES.ttl_ms;
    while a.now() < end {
        a.failed().await;
    }
    assert_eq!(claims_after(&mut a, since), []);
    let refused = b.acquire().await;
    assert!(
        matches!(&refused, ActResult::Refused(why) if why.contains("cannot be asked")),
        "{refused}"
    );
    for member in &frozen {
        cluster.thaw(*member);
    }
    // A new leader gives every lease its time again; the old one may find it run out.
    if let Some(held) = held_or_lost(&mut a, end).await {
        assert_eq!(held, token);
        let record = cluster.ctl(&["get", &key(), "--write-out", "json"]);
        assert!(record.contains(&format!("\"mod_revision\":{token}")), "{record}");
    }
}

#[tokio::test]
async fn a_frozen_member_is_passed_over_within_the_deadline() {
    let cluster = Cluster::up();
    let frozen = cluster.followers()[0];
    cluster.freeze(frozen);
    // It is the first that is asked.
    let mut endpoints = cluster.endpoints.clone();
    endpoints.swap(0, frozen - 1);
    let mut a = Keeper::new("a", &endpoints);
    let began = a.now();
    let first = a.until("an event", Some).await;
    let LeaseEvent::Read { asked, record: None } = first else { panic!("{first:?}") };
    assert!(asked >= began);
    let token = a.take().await;
    assert_eq!(a.held_since(a.now() + TIMES.ttl_ms).await, token);
    cluster.thaw(frozen);

    // The member that answers freezes in the midst of it.
    let now_asked = cluster.followers().into_iter().find(|member| *member != frozen).unwrap();
    cluster.freeze(now_asked);
    assert_eq!(a.held_since(a.now() + TIMES.ttl_ms).await, token);
}

#[tokio::test]
async fn when_all_are_frozen_or_gone_it_says_so_and_comes_back() {
    let cluster = Cluster::up();
    let (mut a, token) = holder(&cluster).await;
    for member in 1..=3 {
        cluster.freeze(member);
    }
    let frozen = a.now();
    let failure = a.failed().await.to_string();
    assert!(failure.contains("no answer within the deadline"), "{failure}");
    for member in 1..=3 {
        cluster.thaw(member);
    }
    // The time of a leader that was frozen went on.
    let token = match held_or_lost(&mut a, frozen).await {
        Some(held) => {
            assert_eq!(held, token);
            held
        }
        None => a.take().await,
    };
    for member in 1..=3 {
        cluster.kill(member);
    }
    a.until("that nothing listens", |event| match event {
        LeaseEvent::Failed(failure) => failure.to_string().contains("refused").then_some(()),
        _ => None,
    })
    .await;
    for member in 1..=3 {
        cluster.start(member);
    }
    let back = a.now();
    if let Some(held) = held_or_lost(&mut a, back).await {
        assert_eq!(held, token);
    }
}
