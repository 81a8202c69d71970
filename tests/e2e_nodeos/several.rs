//! One process for two chains: what happens to one node is nothing to the other.

use crate::keeper::Keeper;
use crate::network::Network;
use crate::wait::until;

#[test]
fn a_killed_node_of_one_chain_leaves_the_other_chains_failover_as_it_was() {
    let east = Network::up("several_east", 4);
    let west = Network::up_since("several_west", 4, "2019-06-01T12:00:00.000");
    let keeper = Keeper::start_for_all(&[("east", &east), ("west", &west)]);
    for (node, net) in [("east", &east), ("west", &west)] {
        until("a turn of A on each chain", 120, || {
            let seen = keeper.status_of(node)?["producer"]["last_block"].is_object();
            (seen && net.produced_blocks("a").len() >= 12).then_some(())
        });
    }
    let chain = |node: &str| keeper.status_of(node).unwrap()["chain"]["chain_id"].clone();
    assert_ne!(chain("east"), chain("west"), "two chains");

    // The standby of one chain is gone: its keeper says so, the other is asked and goes on.
    east.order("kill", &["b"]);
    until("the keeper of the east to say that its node is gone", 60, || {
        let status = keeper.status_of("east")?;
        let is_told = status["alarms"]["incidents"].to_string().contains("api_down");
        (is_told && status["node"]["api_answers"] == false).then_some(())
    });
    let west_now = keeper.status_of("west").unwrap();
    assert_eq!(west_now["node"]["api_answers"], true, "{}", keeper.story());
    let overview = keeper.command(&["status"]);
    assert!(overview.contains("east") && overview.contains("west"), "{overview}");

    // The active node of the other chain dies, and its standby takes over all the same.
    west.order("kill", &["a"]);
    until("b of the west to sign", 180, || (!west.produced_blocks("b").is_empty()).then_some(()));
    until("the keeper to know it", 60, || {
        (keeper.status_of("west")?["decision"]["kind"] == "produce").then_some(())
    });
    assert!(east.produced_blocks("b").is_empty(), "{}", keeper.story());
    let history = keeper.command(&["history", "-n", "500"]);
    let promoted = |node: &str| {
        history.lines().any(|line| line.starts_with(node) && line.contains("order promote"))
    };
    assert!(promoted("west") && !promoted("east"), "{history}");
}
