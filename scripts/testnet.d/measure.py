"""What a failure did, read from the logs of the nodes. Times are Unix milliseconds."""

import re
import time

import count
import phase
from count import EPOCH_MS, SLOT_MS, SLOTS_PER_TURN
from plan import OUR_PRODUCER

STANDBYS = ("b", "c")
# Leap 4.1, producer_plugin.cpp, when the producer API is told to resume.
RESUMED = re.compile(r"^info +(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}) .*?\] Producer resumed\.")


def cost(plan, fault_ms):
    """Lost and doubled blocks from the turn of the failure on, and how soon a standby was there."""
    first = phase.turn_start(phase.slot_at(fault_ms))
    counted = count.report(plan, plan.log("f"), count.stamp_of(first))
    before = count.report(plan, plan.log("f"), _first_turn(plan), count.stamp_of(first - 1))
    block = _first_block(plan, phase.slot_at(fault_ms))
    return {
        "lost": counted["blocks_lost"], "turns": counted["turns"], "doubled": counted["double_produced"],
        "doubled_alike": sum(d["identical"] for d in counted["doubles"]),
        "lost_before": before["blocks_lost"], "took_over": block[1] if block else None,
        "first_block_ms": round(block[0] * SLOT_MS + EPOCH_MS - fault_ms) if block else None,
        "resumed_ms": _resumed_ms(plan, fault_ms)}


def whole_turn(plan, node, since):
    """Whether the node signed the first and the last block of a turn that began at slot `since` or
    later. A block missing in between is counted as lost, not waited for."""
    slots = signed(plan, node)
    return any(s % SLOTS_PER_TURN == 0 and s >= since and s + SLOTS_PER_TURN - 1 in slots for s in slots)


def signed(plan, node):
    """Slots the node signed for our producer."""
    return {b[0] for b in count.blocks(plan.log(node), "Produced") if b[3] == OUR_PRODUCER}


def stamp(ms):
    """A moment as logs print it."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{int(ms % 1000):03d}"


def _first_turn(plan):
    """The time of the first turn that A began: before it the schedule was just changing."""
    starts = [s for s in signed(plan, "a") if s % SLOTS_PER_TURN == 0]
    return count.stamp_of(min(starts)) if starts else None


def _first_block(plan, since):
    """Slot and node of the first block that a standby signed from a slot on."""
    return min(((s, n) for n in STANDBYS for s in signed(plan, n) if s >= since), default=None)


def _resumed_ms(plan, fault_ms):
    """From the failure to the first standby that was made to sign, as its nodeos says."""
    found = []
    for node in STANDBYS:
        with open(plan.log(node), encoding="utf-8", errors="replace") as log:
            found += [moment(match[1]) - fault_ms for match in map(RESUMED.match, log) if match]
    return min((round(ms) for ms in found if ms >= 0), default=None)


def moment(text):
    """The inverse of `stamp`."""
    return count.slot_of(text[:20] + "000") * SLOT_MS + EPOCH_MS + int(text[20:23])
