"""What each failure may cost, and whether a run kept to it. No process and no clock here."""

from dataclasses import dataclass
from typing import Optional

from count import SLOTS_PER_TURN
from scenarios import BY_NAME, EITHER, NOBODY, TAKEOVER

# Two turns missed while a standby waits two rounds, and the rest of the turn that broke.
TWO_ROUNDS = 3 * SLOTS_PER_TURN
# nodeos ended, and the keeper beside it can tell another at once.
AT_ONCE = 3


@dataclass(frozen=True)
class Target:
    """Bounds; None: counted, not judged."""

    lost_max: Optional[int] = None
    lost_median: Optional[int] = None
    doubled_max: Optional[int] = None


def target(scenario, mode, ttl_seconds):
    """The bounds of a failure with that help. A TTL costs two slots a second."""
    helped, lease = mode != "none", "etcd" in mode
    doubled = 0 if helped else None
    known = BY_NAME[scenario]
    if known.outcome == NOBODY:
        # The others' blocks may come too late for ours, or ours for theirs.
        counted = scenario in ("chain_stalled", "slow_wires")
        return Target(None if counted else 0, None, 0)
    if helped and scenario == "killed":
        return Target(AT_ONCE, 0, doubled)
    if helped and scenario in ("killed_in_turn", "stopped"):
        return Target(AT_ONCE, None, doubled)
    if scenario == "switchover":
        return Target(0, 0, doubled)
    if lease and scenario in ("host_lost", "host_and_etcd_lost"):
        return Target(SLOTS_PER_TURN + 2 * ttl_seconds, None, doubled)
    return Target(None if known.outcome == EITHER else TWO_ROUNDS, None, doubled)


def faults_of(result):
    """What a run did that it must not, one sentence each; empty when all is well."""
    if result.get("error"):
        return [f"not run to its end: {result['error']}"]
    bounds = target(result["scenario"], result["mode"], result["ttl_seconds"])
    outcome, found = BY_NAME[result["scenario"]].outcome, []
    if outcome == TAKEOVER and not result["took_over"]:
        found.append("no standby took over")
    if outcome == NOBODY and result["took_over"]:
        found.append(f"{result['took_over']} signed although nobody should")
    elif outcome == NOBODY and result["resumed_ms"] is not None:
        found.append("a standby was made to sign although nobody should")
    if outcome == EITHER and not result["settled"]:
        found.append("nobody signed a whole turn")
    for what, limit in (("lost", bounds.lost_max), ("doubled", bounds.doubled_max)):
        if limit is not None and result[what] is not None and result[what] > limit:
            found.append(f"{what} {result[what]}, at most {limit} allowed")
    if result["mode"] != "none" and len(result["unpaused"]) > 1:
        found.append(f"{' and '.join(result['unpaused'])} could sign at the end")
    return found
