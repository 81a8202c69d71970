"""When in a round something is done. A round begins here with our producer's first slot.

A block of slot S is made in the half second before the slot's time, so a producer's turn is from
half a second before its first slot to its last.
"""

from count import EPOCH_MS, SLOT_MS, SLOTS_PER_TURN
from plan import OUR_PRODUCER


def round_ms(schedule):
    """Length of a round."""
    return len(schedule) * SLOTS_PER_TURN * SLOT_MS


def turn_offset_ms(schedule):
    """From the beginning of a round of the chain to our first slot."""
    return schedule.index(OUR_PRODUCER) * SLOTS_PER_TURN * SLOT_MS


def phase_ms(schedule, now_ms):
    """How far a moment (Unix time) is past our last first slot."""
    return (now_ms - EPOCH_MS - turn_offset_ms(schedule)) % round_ms(schedule)


def next_ms(schedule, after_ms, phase):
    """The first moment not before `after_ms` that has the phase."""
    return after_ms + (phase - phase_ms(schedule, after_ms)) % round_ms(schedule)


def in_turn(schedule, now_ms):
    """Whether our producer is making blocks at that moment."""
    return (phase_ms(schedule, now_ms) + SLOT_MS) % round_ms(schedule) < SLOTS_PER_TURN * SLOT_MS


def spread(schedule, run, runs, fraction):
    """The phase of run 0..runs-1: each takes its own part of the round, at a random place in it, so
    that few runs already cover the round."""
    return round_ms(schedule) * (run % runs + fraction) / runs


def after_block(block, fraction):
    """The phase between the k-th block of our turn (1..=11) and the next one."""
    return (block - 1) * SLOT_MS + fraction * 400


def turn_start(slot):
    """First slot of the turn, anybody's, that has the slot."""
    return slot - slot % SLOTS_PER_TURN


def slot_at(now_ms):
    """The first slot that is not over at that moment."""
    return -((EPOCH_MS - int(now_ms)) // SLOT_MS)
