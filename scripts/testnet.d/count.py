"""What a fault cost, counted from the nodes' own logs: blocks lost, and slots signed twice.

Lost blocks come from an observer's `Received block` lines: of the twelve slots of each of our
turns, those without a block. Double production comes from each node's own `Produced block` lines,
because two signers on an idle chain make identical blocks that no observer can tell apart.

Caveat: a fork is judged by the order of the log. A block number that comes again replaces the
earlier block of that number and all that were built on it.
"""

import calendar
import re
import time

from plan import OUR_PRODUCER, OURS, TestnetError

SLOT_MS = 500
SLOTS_PER_TURN = 12
# Slots are counted from 2000-01-01T00:00:00Z.
EPOCH_MS = 946_684_800_000

# Leap 4.1, producer_plugin.cpp; `singer: NAME` and the counter after the number are this wheel's own.
BLOCK = re.compile(
    r"^(?:debug|info) +\S+ .*?\] (Received|Produced) block ([0-9a-f]{16})\.\.\. #(\d+)(?: \d+)? @ "
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}) (?:signed by|singer:) ([a-z1-5.]{1,13}) \[")


def slot_of(stamp):
    """The slot of a block time such as 2026-11-21T02:50:06.500."""
    seconds = calendar.timegm(time.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S"))
    return (seconds * 1000 + int(stamp[20:23]) - EPOCH_MS) // SLOT_MS


def stamp_of(slot):
    """The time of a slot, as nodeos prints it."""
    ms = slot * SLOT_MS + EPOCH_MS
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(ms // 1000)) + f".{ms % 1000:03d}"


def blocks(path, verb):
    """The (slot, number, id, signer) of each `verb` line of a log."""
    found = []
    try:
        with open(path, encoding="utf-8", errors="replace") as log:
            for line in log:
                match = BLOCK.match(line)
                if match and match[1] == verb:
                    found.append((slot_of(match[4]), int(match[3]), match[2], match[5]))
    except OSError as error:
        raise TestnetError(f"cannot read the log: {error}") from None
    return found


def final_chain(received):
    """The blocks that stayed, as {slot: (number, signer)}."""
    by_number = {}
    for slot, number, _, signer in received:
        for later in [n for n in range(number, number + 400) if n in by_number]:
            del by_number[later]
        by_number[number] = (slot, signer)
    return {slot: (number, signer) for number, (slot, signer) in by_number.items()}


def owner(schedule, slot):
    """The producer whose slot it is."""
    return schedule[slot % (len(schedule) * SLOTS_PER_TURN) // SLOTS_PER_TURN]


def turns(schedule, received, since=None, until=None):
    """Our producer's turns between two slots (default: the first and last block in the log), each
    with its start and how many of its 12 blocks came. A turn that the bounds cut is left out."""
    chain = final_chain(received)
    ours_or_scheduled = [s for s, (_, signer) in chain.items() if signer in schedule]
    if not ours_or_scheduled:
        raise TestnetError("the log names no block of the schedule's producers")
    first = max(since or 0, min(ours_or_scheduled))
    last = min(until or max(chain), max(chain))
    found = []
    slot = first + (-first) % SLOTS_PER_TURN
    while slot + SLOTS_PER_TURN - 1 <= last:
        if owner(schedule, slot) == OUR_PRODUCER:
            came = sum(chain.get(s, (0, ""))[1] == OUR_PRODUCER for s in range(slot, slot + SLOTS_PER_TURN))
            found.append({"start": stamp_of(slot), "produced": came, "lost": SLOTS_PER_TURN - came})
        slot += SLOTS_PER_TURN
    return found


def doubles(logs):
    """Slots that two nodes signed for our producer: [{time, numbers, nodes, identical}]."""
    signed = {}
    for node, path in logs.items():
        for slot, number, block_id, signer in blocks(path, "Produced"):
            if signer == OUR_PRODUCER:
                signed.setdefault(slot, {})[node] = (number, block_id)
    return [{"time": stamp_of(slot), "nodes": sorted(by), "numbers": sorted({n for n, _ in by.values()}),
             "identical": len({i for _, i in by.values()}) == 1}
            for slot, by in sorted(signed.items()) if len(by) > 1]


def report(plan, observer_log, since=None, until=None):
    """Everything counted, as one JSON-able value."""
    received = blocks(observer_log, "Received")
    ours = turns(plan.schedule, received, since and slot_of(since), until and slot_of(until))
    twice = doubles({n: plan.log(n) for n in OURS if _exists(plan.log(n))})
    twice = [d for d in twice if (not since or d["time"] >= since) and (not until or d["time"] <= until)]
    produced = {n: sum(b[3] == OUR_PRODUCER for b in blocks(plan.log(n), "Produced"))
                for n in OURS if _exists(plan.log(n))}
    return {"turns": ours, "blocks_lost": sum(t["lost"] for t in ours),
            "double_produced": len(twice), "doubles": twice, "produced_by": produced}


def _exists(path):
    try:
        with open(path, "rb"):
            return True
    except OSError:
        return False
