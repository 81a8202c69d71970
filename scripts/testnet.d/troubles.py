"""What a soak does to the network, and what people must hear of each. `soak` is a `soak.Soak`."""

from dataclasses import dataclass, field
from typing import Callable

import links
import nodes


@dataclass(frozen=True)
class Trouble:
    """One kind of fault: it begins, lasts a while, and ends."""

    name: str
    sentence: str
    begin: Callable
    end: Callable
    # Whose keeper must tell one of these causes: {host: causes}. None: nobody may raise anything.
    told: dict = field(default_factory=dict)
    # Only where the keepers have a lease.
    needs_etcd: bool = False


def _nothing(_):
    pass


def _start(node):
    return lambda soak: nodes.start(soak.plan, node, paused=True)


def _wires(node, mode):
    return lambda soak: links.send(soak.plan, {"mode": {"what": "wires", "node": node, "mode": mode, "way": None}})


def _channel_down(soak):
    soak.receiver.is_down = True
    nodes.kill(soak.plan, "b")


def _channel_up(soak):
    soak.receiver.is_down = False
    nodes.start(soak.plan, "b", paused=True)


def _kill_keeper(soak):
    soak.forget_lines("c")
    soak.keepers.kill("c")


def _start_keeper(soak):
    soak.keepers.start("c")
    soak.begin_lines("c")


def _kill_leader(soak):
    soak.etcd_member = soak.etcd.leader()
    soak.etcd.kill(soak.etcd_member)


def _start_member(soak):
    soak.etcd.begin(soak.etcd_member)


GONE = ("api_down", "head_stalled")
CUT = ("head_stalled", "behind_references", "alone", "peers_low", "no_block_received")

ALL = (
    Trouble("a_killed", "nodeos of A is killed", lambda s: nodes.kill(s.plan, "a"), _start("a"),
            {"a": ("handed_over", *GONE)}),
    Trouble("a_paused", "somebody pauses A's nodeos through its API", lambda s: nodes.pause(s.plan, "a"),
            _nothing, {"a": ("handed_over", "production_skipped", "producer_missing")}),
    Trouble("b_killed", "nodeos of B is killed", lambda s: nodes.kill(s.plan, "b"), _start("b"), {"b": GONE}),
    Trouble("b_frozen", "nodeos of B hangs", lambda s: nodes.freeze(s.plan, "b"),
            lambda s: nodes.thaw(s.plan, "b"), {"b": (*GONE, "behind_references", "log_silent")}),
    Trouble("b_cut", "the wires of B's nodeos are cut", _wires("b", "closed"), _wires("b", "open"), {"b": CUT}),
    Trouble("chain_stalled", "all other producers stand still", lambda s: nodes.freeze(s.plan, "boot"),
            lambda s: nodes.thaw(s.plan, "boot"), {"b": ("head_stalled", "lib_stalled", "alone")}),
    Trouble("channel_down", "the receiver of messages refuses while nodeos of B is killed", _channel_down,
            _channel_up, {"b": GONE}),
    Trouble("keeper_killed", "the keeper of C is killed and started again", _kill_keeper, _start_keeper),
    Trouble("log_cut", "the log of C is copied and cut", lambda s: s.cut_log("c"), _nothing),
    Trouble("etcd_leader_killed", "the leader of etcd is killed and started again", _kill_leader,
            _start_member, needs_etcd=True),
    Trouble("quiet", "nothing happens", _nothing, _nothing),
)
BY_NAME = {trouble.name: trouble for trouble in ALL}
