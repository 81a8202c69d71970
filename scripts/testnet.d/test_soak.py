"""What a soak makes of messages, samples and lines."""

import json
import unittest
from types import SimpleNamespace
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from receiver import Receiver, faults_of
from soak import Soak
from troubles import ALL, BY_NAME
from vitals import grown


def message(kind, number, node="b", cause="api_down", incident="i1"):
    """A message as the webhook has it."""
    return {"id": f"m{number}", "kind": kind, "node": node, "cause": cause, "incident": incident, "title": "t"}


class Messages(unittest.TestCase):
    """Lost and doubled messages."""

    def test_each_kind_of_fault_is_named(self):
        """An incident has one beginning and one end, and no message comes twice."""
        whole = [message("raised", 1), message("reminder", 2), message("resolved", 3)]
        told = message("told", 9, incident="")
        for name, messages, wanted in (
                ("whole", [*whole, told], []),
                ("two incidents", [*whole, message("raised", 4, incident="i2"), message("resolved", 5, incident="i2")], []),
                ("one message twice", [*whole, whole[1]], ["message m2 came 2 times"]),
                ("no end", whole[:1], ["b: api_down (i1): resolved 0 times"]),
                ("no beginning", whole[2:], ["b: api_down (i1): raised 0 times"]),
                ("two beginnings", [message("raised", 7), *whole], ["b: api_down (i1): raised 2 times"])):
            with self.subTest(name):
                self.assertEqual(faults_of(messages), wanted)

    def test_the_receiver_refuses_while_it_is_down(self):
        """What it refused is counted and not kept."""
        receiver = Receiver(0)
        address = "http://127.0.0.1:%d/" % receiver._server.server_address[1]
        try:
            receiver.is_down = True
            with self.assertRaises(HTTPError) as refused:
                urlopen(Request(address, b"{}"), timeout=5)
            refused.exception.close()
            receiver.is_down = False
            with urlopen(Request(address, json.dumps({"id": "x"}).encode()), timeout=5) as answer:
                self.assertEqual(answer.status, 200)
            with self.assertRaises(HTTPError) as odd:
                urlopen(Request(address, b"{"), timeout=5)
            odd.exception.close()
            self.assertEqual((odd.exception.code, receiver.refused, receiver.since(0)), (400, 1, [{"id": "x"}]))
        finally:
            receiver.end()


class Growth(unittest.TestCase):
    """Memory and handles."""

    def test_only_lasting_growth_is_named(self):
        """The beginning is left out, and few samples say nothing."""
        flat = [(20_000, 30)] * 20
        for name, samples, wanted in (
                ("flat", flat, []),
                ("warming up", [(5_000, 10)] * 5 + flat, []),
                ("few", [(1_000, 1), (90_000, 90)], []),
                ("memory", flat + [(40_000, 30)] * 10, ["the keeper of a grew from 20000 to 40000 KiB"]),
                ("handles", flat + [(20_000, 60)] * 10, ["the keeper of a went from 30 to 60 open files"])):
            with self.subTest(name):
                self.assertEqual(grown("a", samples), wanted)


class Told(unittest.TestCase):
    """Whether people heard of a fault."""

    def told(self, trouble, messages):
        """What a soak says."""
        return Soak(SimpleNamespace(seed=1), "", print)._told(BY_NAME[trouble], messages)

    def test_a_fault_must_be_told_by_its_node(self):
        """By another node, or of another cause, is not enough."""
        self.assertEqual(self.told("b_killed", [message("raised", 1)]), [])
        self.assertIn("told nothing", self.told("b_killed", [message("raised", 1, node="c")])[0])
        self.assertIn("['clock_skew']", self.told("b_killed", [message("raised", 1, cause="clock_skew")])[0])
        self.assertIn("told nothing", self.told("b_killed", [message("resolved", 1)])[0])

    def test_nothing_may_be_told_where_nothing_is_wrong(self):
        """A false alarm is a fault."""
        self.assertEqual(self.told("quiet", []), [])
        self.assertEqual(self.told("quiet", [message("raised", 1)]),
                         ["b raised api_down although nothing was wrong: t"])

    def test_every_kind_comes_before_any_comes_again(self):
        """And those that need etcd only where there is one."""
        soak = Soak(SimpleNamespace(seed=3, troubles=list(BY_NAME)), "", print)
        names = []
        for _ in range(2 * (len(ALL) - 1)):
            names.append(soak._next())
            soak.done.append(names[-1])
        half = len(names) // 2
        wanted = sorted(t.name for t in ALL if not t.needs_etcd)
        self.assertEqual((sorted(names[:half]), sorted(names[half:])), (wanted, wanted))


if __name__ == "__main__":
    unittest.main()
