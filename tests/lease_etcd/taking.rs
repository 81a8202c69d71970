//! Who gets the lease, and how it goes from one to the next.

use std::time::Instant;

use eoskeeper::core::action::ActResult;
use eoskeeper::core::lease::{LeaseEvent, LeaseRecord};

use crate::cluster::Cluster;
use crate::keeper::{CHAIN, Keeper, TIMES, handover, key};

#[tokio::test]
async fn one_of_many_at_once_gets_it() {
    let cluster = Cluster::up();
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let keepers: Vec<Keeper> =
        names.iter().map(|name| Keeper::new(name, &cluster.endpoints)).collect();
    // Each knows the chain before it is asked.
    let mut readers = keepers;
    for keeper in &mut readers {
        keeper.read("a free key", Option::is_none).await;
    }
    let results = futures_util::future::join_all(readers.iter().map(Keeper::acquire)).await;
    let winners: Vec<usize> =
        (0..names.len()).filter(|at| matches!(results[*at], ActResult::Done(_))).collect();
    assert_eq!(winners.len(), 1, "{results:?}");
    let winner = names[winners[0]];
    for (name, result) in names.iter().zip(&results).filter(|(name, _)| **name != winner) {
        let ActResult::Refused(why) = result else { panic!("{name}: {result}") };
        assert!(why.starts_with(&format!("{winner} holds the lease, token ")), "{name}: {why}");
    }
}

#[tokio::test]
async fn a_renewed_lease_outlives_its_time() {
    let cluster = Cluster::up();
    let (mut a, mut b) =
        (Keeper::new("a", &cluster.endpoints), Keeper::new("b", &cluster.endpoints));
    a.read("a free key", Option::is_none).await;
    let token = a.take().await;
    let held = LeaseRecord { holder: "a".to_owned(), token, released: None };
    b.read("a's record", |record| record.as_ref() == Some(&held)).await;
    let long = a.now() + 3 * TIMES.ttl_ms;
    assert_eq!(a.held_since(long).await, token);
    while let Ok(event) = b.events.try_recv() {
        let eoskeeper::core::event::Event::Lease(event) = event else { continue };
        let LeaseEvent::Read { record, .. } = event else { panic!("{event:?}") };
        assert_eq!(record.as_ref(), Some(&held), "it was free for a moment");
    }
    let refused = ActResult::Refused(format!("a holds the lease, token {token}"));
    assert_eq!(b.acquire().await, refused);
    assert_eq!(a.held_since(a.now()).await, token);
}

#[tokio::test]
async fn who_stops_renewing_loses_it_to_a_greater_token() {
    let cluster = Cluster::up();
    let (mut a, mut b) =
        (Keeper::new("a", &cluster.endpoints), Keeper::new("b", &cluster.endpoints));
    a.read("a free key", Option::is_none).await;
    let first = a.take().await;
    b.read("a's record", Option::is_some).await;
    a.end().await;
    assert!(matches!(b.acquire().await, ActResult::Refused(_)), "before it lapsed");
    b.read("the lapse", Option::is_none).await;
    let second = b.take().await;
    assert!(second > first, "{second} after {first}");
}

#[tokio::test]
async fn a_handover_is_read_and_taken_up() {
    let cluster = Cluster::up();
    let (mut a, mut b) =
        (Keeper::new("a", &cluster.endpoints), Keeper::new("b", &cluster.endpoints));
    a.read("a free key", Option::is_none).await;
    b.read("a free key", Option::is_none).await;
    let mut last = 0;
    let mut seen_after_ms = Vec::new();
    for round in 0..4 {
        let (giver, name, taker) =
            if round % 2 == 0 { (&mut a, "a", &mut b) } else { (&mut b, "b", &mut a) };
        if round == 0 {
            last = giver.take().await;
        }
        taker
            .read("the giver's record", |record| {
                record
                    .as_ref()
                    .is_some_and(|record| record.holder == name && record.released.is_none())
            })
            .await;
        let began = Instant::now();
        let released = giver.release(Some(handover(name))).await;
        assert_eq!(released, ActResult::Done("the lease is free".to_owned()));
        let is_released = |record: &Option<LeaseRecord>| {
            record.as_ref().is_some_and(|record| record.released.is_some())
        };
        let record = taker.read("the handover", is_released).await.unwrap();
        seen_after_ms.push(began.elapsed().as_millis());
        assert_eq!((record.holder.as_str(), record.released), (name, Some(handover(name))));
        let token = taker.take().await;
        assert!(token > record.token && record.token > last, "{last} {} {token}", record.token);
        last = token;
        let gone = giver.release(None).await;
        assert!(
            matches!(&gone, ActResult::Refused(why) if why.contains("does not hold")),
            "{gone}"
        );
    }
    println!("release ordered to handover read, ms: {seen_after_ms:?}");
}

#[tokio::test]
async fn what_was_released_stays_after_the_giver_ended() {
    let cluster = Cluster::up();
    let mut a = Keeper::new("a", &cluster.endpoints);
    a.read("a free key", Option::is_none).await;
    a.take().await;
    assert!(matches!(a.release(Some(handover("a"))).await, ActResult::Done(_)));
    a.end().await;
    tokio::time::sleep(std::time::Duration::from_millis(TIMES.ttl_ms + 2_000)).await;
    let mut b = Keeper::new("b", &cluster.endpoints);
    let record = b.read("a reading", |_| true).await;
    assert_eq!(record.and_then(|record| record.released), Some(handover("a")));
    b.take().await;
}

#[tokio::test]
async fn a_release_without_a_handover_frees_the_key() {
    let cluster = Cluster::up();
    let mut a = Keeper::new("a", &cluster.endpoints);
    a.read("a free key", Option::is_none).await;
    let first = a.take().await;
    assert_eq!(a.release(None).await, ActResult::Done("the lease is free".to_owned()));
    a.read("a free key", Option::is_none).await;
    assert!(a.take().await > first);
}

#[tokio::test]
async fn a_restarted_holder_takes_its_own_key_over() {
    let cluster = Cluster::up();
    let mut before = Keeper::new("a", &cluster.endpoints);
    before.read("a free key", Option::is_none).await;
    let first = before.take().await;
    before.end().await;
    let mut after = Keeper::new("a", &cluster.endpoints);
    let record = after.read("its own record", |_| true).await.unwrap();
    assert_eq!((record.holder.as_str(), record.token), ("a", first));
    let second = after.take().await;
    assert!(second > first);
    // The lease of the first start ends, and takes nothing with it.
    let long = after.now() + 2 * TIMES.ttl_ms;
    assert_eq!(after.held_since(long).await, second);
    // Asked again, it has it still.
    assert_eq!(after.take().await, second);
}

#[tokio::test]
async fn without_a_chain_id_nothing_is_asked_and_another_chain_is_another_key() {
    let cluster = Cluster::up();
    let mut a = Keeper::new("a", &cluster.endpoints);
    a.read("a free key", Option::is_none).await;
    a.take().await;
    let other = "1064487b3cd1a897ce03ae5b6a865651747e2e152090f99c1d19d44e01aea5a4";
    a.chain_id.send_replace(None);
    a.held_since(a.now()).await;
    a.chain_id.send_replace(Some(other.to_owned()));
    assert_eq!(a.lost().await, "this node is on another chain now");
    let refused = a.acquire().await;
    assert!(
        matches!(&refused, ActResult::Refused(why) if why.contains("another chain")),
        "{refused}"
    );
    a.chain_id.send_replace(Some(CHAIN.to_owned()));
    let own = |record: &Option<LeaseRecord>| record.as_ref().is_some_and(|r| r.holder == "a");
    a.read("its key", own).await;

    let mut b = Keeper::new("b", &cluster.endpoints);
    b.chain_id.send_replace(Some(other.to_owned()));
    b.read("the other chain's key", Option::is_none).await;
    assert!(cluster.ctl(&["get", &key(), "--print-value-only"]).contains("\"holder\":\"a\""));
}
