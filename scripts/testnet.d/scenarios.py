"""What is done to the network, one small function each. `run` is a `onerun.Run`.

Times that are drawn come from the run's seed. `a` is the node that signs, `b` and `c` are standbys.
"""

from dataclasses import dataclass
from typing import Callable, Optional

import hosts
import links
import nodes
from keepers import MODES

# Who is meant to sign at the end.
TAKEOVER, NOBODY, EITHER = "a standby takes over", "nobody promotes", "one of them signs"
ETCD_MODES = tuple(m for m in MODES if "etcd" in m)


@dataclass(frozen=True)
class Scenario:
    """One kind of failure."""

    name: str
    sentence: str
    outcome: str
    act: Callable
    # Done once the outcome is there; what follows is watched for another round.
    after: Optional[Callable] = None
    modes: tuple = MODES
    # The fault comes between two blocks of our turn, not at any moment of the round.
    in_turn: bool = False
    # The keepers' side of it.
    muted_api: bool = False
    lease: Optional[dict] = None


def _kill(run):
    nodes.kill(run.plan, "a")


def _stop(run):
    nodes.stop(run.plan, "a")


def _freeze(run):
    nodes.freeze(run.plan, "a")


def _freeze_and_thaw(run):
    nodes.freeze(run.plan, "a")
    run.sleep(run.draw(2, 2.5 * run.round_seconds))
    _thaw_if_there(run)


def _thaw_if_there(run):
    # Its keeper may have killed it meanwhile.
    if nodes.pid(run.plan, "a"):
        nodes.thaw(run.plan, "a")


def _suspend_and_resume(run):
    hosts.freeze(run.plan, "a")
    run.sleep(run.draw(2, 2.5 * run.round_seconds))
    hosts.thaw(run.plan, "a")


def _lose_host(run):
    hosts.lose(run.plan, "a")


def _lose_host_and_etcd(run):
    leader = run.etcd.leader()
    run.strike()
    run.etcd.kill(leader)
    hosts.lose(run.plan, "a")


def _cut_host(run):
    # A pulled cable ends connections; a broken switch only drops.
    hosts.cut(run.plan, "a", run.choose(["closed", "silent"]))


def _heal_host(run):
    hosts.heal(run.plan, "a")


def _cut_node(run):
    _wires(run, "a", run.choose(["closed", "silent"]))


def _heal_node(run):
    _wires(run, "a", "open")


def _cut_outward(run):
    _wires(run, "a", "silent", way="out")


def _wires(run, node, mode, way=None):
    links.send(run.plan, {"mode": {"what": "wires", "node": node, "mode": mode, "way": way}})


def _pause(run):
    nodes.pause(run.plan, "a")


def _mute_api(run):
    links.send(run.plan, {"mode": {"what": "rpc", "node": "a", "mode": "silent"}})


def _kill_keeper(run):
    run.keepers.kill("a")


def _stall_chain(run):
    nodes.freeze(run.plan, "boot")
    run.sleep(40)
    nodes.thaw(run.plan, "boot")


def _cut_b(run):
    hosts.cut(run.plan, "b", run.choose(["closed", "silent"]))


def _slow_wires(run):
    links.send(run.plan, {"delay": {"node": "a", "delay_ms": int(run.draw(50, 250))}})


def _kill_etcd_leader(run):
    leader = run.etcd.leader()
    run.strike()
    run.etcd.kill(leader)


def _lose_etcd(run):
    run.etcd.freeze()
    run.sleep(run.draw(30, 60))
    run.etcd.thaw()


def _return_unpaused(run):
    nodes.start(run.plan, "a", paused=False)


def _switch_over(run):
    run.told = run.keepers.command("a", "switchover", "--to", "b", "--yes",
                                   seconds=2 * run.round_seconds + 60)


def _restart_both(run):
    run.keepers.stop("a")
    nodes.stop(run.plan, "a")
    nodes.start(run.plan, "a", paused=True)
    run.keepers.start("a")


ALL = (
    Scenario("killed", "nodeos of A is killed, at any moment of the round", TAKEOVER, _kill),
    Scenario("killed_in_turn", "nodeos of A is killed within its turn", TAKEOVER, _kill, in_turn=True),
    Scenario("stopped", "nodeos of A is told to stop, and does", TAKEOVER, _stop),
    Scenario("frozen", "nodeos of A hangs: its ports are open, nothing answers", TAKEOVER, _freeze),
    Scenario("frozen_and_thawed", "it hangs for a while and goes on", EITHER, _freeze_and_thaw),
    Scenario("host_lost", "A's host loses its power: nodeos and keeper are gone, nothing refuses",
             TAKEOVER, _lose_host),
    Scenario("host_and_etcd_lost", "the same, and the leader of etcd was on that host", TAKEOVER,
             _lose_host_and_etcd, modes=ETCD_MODES),
    Scenario("host_suspended", "A's host stands still for a while, nodeos and keeper, and goes on",
             EITHER, _suspend_and_resume),
    Scenario("host_cut", "A's host is alive and cut off from everything, and healed later", TAKEOVER,
             _cut_host, after=_heal_host),
    Scenario("node_cut", "only the wires of A's nodeos are cut; its keeper reaches the others", TAKEOVER,
             _cut_node, after=_heal_node),
    Scenario("cut_one_way", "what A's nodeos sends is lost; what it is sent arrives", TAKEOVER,
             _cut_outward, after=_heal_node),
    Scenario("paused_by_hand", "somebody pauses A's nodeos through its API", TAKEOVER, _pause),
    Scenario("returns_unpaused", "A's nodeos is killed, and started again producing after the takeover",
             TAKEOVER, _kill, after=_return_unpaused),
    Scenario("keeper_and_node_restarted", "A's keeper and nodeos are stopped and started again",
             EITHER, _restart_both),
    Scenario("switchover", "`eoskeeper switchover --to b --yes`", TAKEOVER, _switch_over,
             modes=tuple(m for m in MODES if "peers" in m)),
    Scenario("api_mute", "the RPC of A hangs, and A signs on", NOBODY, _mute_api, muted_api=True),
    Scenario("keeper_killed", "A's keeper is killed, and A signs on", NOBODY, _kill_keeper),
    Scenario("slow_wires", "all that A's nodeos sends and gets is up to 250 ms late", NOBODY, _slow_wires),
    Scenario("chain_stalled", "all other producers stand still for 40 s", NOBODY, _stall_chain),
    Scenario("b_cut", "the host of B is cut off", NOBODY, _cut_b),
    Scenario("etcd_leader_killed", "the leader of etcd is killed", NOBODY, _kill_etcd_leader,
             modes=ETCD_MODES),
    Scenario("etcd_lost", "all of etcd stands still for 30 to 60 s, `on_lease_outage = hold`", EITHER,
             _lose_etcd, modes=ETCD_MODES, lease={"on_lease_outage": "hold"}),
    Scenario("etcd_lost_keep", "the same, `on_lease_outage = keep_if_chain_proves`", NOBODY, _lose_etcd,
             modes=ETCD_MODES, lease={"on_lease_outage": "keep_if_chain_proves"}),
)
BY_NAME = {s.name: s for s in ALL}
