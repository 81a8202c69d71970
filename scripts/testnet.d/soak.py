"""Hours of faults on one network with real keepers, and what must hold at the end: no line of a log and
no message lost or doubled, memory and handles flat, every fault told by an incident, and none told
where nothing was wrong."""

import os
import random
import shutil
import subprocess
import sys
import time

import count
import measure
import nodes
import phase
import receiver
import rpc
from etcd import Cluster
from keepers import HOSTS, Keepers
from onerun import TESTNET
from plan import Plan, TestnetError
from troubles import ALL, BY_NAME
from vitals import Vitals

UP_SECONDS = 240
# All is well again this long after a fault at the latest, rounds.
CALM_ROUNDS = 8
# A keeper has read what nodeos wrote before it stood still, and asked for more.
READ_SECONDS = 1.5
# A message that waits for its channel comes within its longest pause between tries.
LATE_SECONDS = 90
# An incident ends so long after its cause; that is doubled for what comes again within the hour, up to
# 32 times.
RESOLVE_SECONDS = 5
# The receiver of messages listens behind everything else of the network.
RECEIVER_OFFSET = 95


class Soak:
    """One network, its keepers, and what was seen."""

    def __init__(self, options, directory, say):
        self.options, self.directory, self.say = options, directory, say
        self.random = random.Random(options.seed)
        self.plan = self.keepers = self.etcd = self.receiver = self.etcd_member = None
        self.vitals, self.faults, self.done = Vitals(), [], []
        self.lines, self.cut_lines, self.compared = {}, dict.fromkeys(HOSTS, 0), 0

    def carry_out(self):
        """Does it all; returns the result."""
        began = time.time()
        try:
            self._set_up()
            self._calm(phase.slot_at(time.time() * 1000))
            for host in HOSTS:
                self.begin_lines(host)
            first = count.stamp_of(phase.turn_start(phase.slot_at(time.time() * 1000)))
            while not self.done or time.time() - began < 60 * self.options.minutes:
                self._trouble(BY_NAME[self._next()])
            for host in list(self.lines):
                self.forget_lines(host)
            return self._result(began, first)
        finally:
            self._take_down()

    def _set_up(self):
        base = self.options.port_base
        done = subprocess.run(
            [sys.executable, TESTNET, "up", "--fresh", "--transactions", "--dir", self.directory, "--producers",
             str(self.options.producers), "--port-base", str(base), "--owner", str(os.getpid())],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=UP_SECONDS, check=False)
        if done.returncode != 0:
            raise TestnetError(f"the network did not start: {done.stderr.strip()}")
        self.plan = Plan.load(self.directory)
        self.receiver = receiver.Receiver(base + RECEIVER_OFFSET)
        # The host is this machine: how busy it is must not be part of it.
        more = {"host": {"watch": "no"}, "alarm": {"resolve_after_seconds": RESOLVE_SECONDS},
                "webhook": {"url": f"http://127.0.0.1:{base + RECEIVER_OFFSET}/", "reports": "no"},
                "promotion": {"max_promotions": 100}}
        self.keepers = Keepers(self.plan, self.options.eoskeeper, self.options.mode, more=more)
        if "etcd" in self.options.mode:
            self.etcd = Cluster(self.plan.path("etcd"), self.keepers.ports.etcd_own[0])
            self.etcd.start()
        self.keepers.prepare()
        self.keepers.start("a")
        self.keepers.start("b", "c")

    def _next(self):
        """Each kind once, in an order of chance, before any comes again."""
        usable = [t.name for t in ALL if self.etcd or not t.needs_etcd]
        usable = [name for name in usable if name in self.options.troubles]
        at = len(self.done) % len(usable)
        if at == 0:
            self.order = self.random.sample(usable, len(usable))
        return self.order[at]

    def _trouble(self, trouble):
        index, began = len(self.receiver), time.time()
        lasts = self.random.uniform(20, 20 + self.options.longest)
        self.say(f"{trouble.name}: {trouble.sentence}, {lasts:.0f} s")
        trouble.begin(self)
        time.sleep(lasts)
        trouble.end(self)
        is_calm = self._calm(phase.slot_at(time.time() * 1000))
        found = [] if is_calm else [f"not well again after {CALM_ROUNDS} rounds: {self._unwell()}"]
        # A channel that was down gets what waits for it a while after it is back.
        end = time.monotonic() + LATE_SECONDS
        while trouble.told and self._told(trouble, self.receiver.since(index)) and time.monotonic() < end:
            time.sleep(1)
        messages = self.receiver.since(index)
        found += self._told(trouble, messages)
        self.done.append({"trouble": trouble.name, "began": measure.stamp(began * 1000), "seconds": round(lasts),
                          "well_after": round(time.time() - began - lasts), "faults": found,
                          "told": sorted({f"{m['node']}:{m['cause']}" for m in messages})})
        self.faults += [f"{trouble.name}: {text}" for text in found]
        self.say("  " + ("; ".join(found) or f"told and well again after {self.done[-1]['well_after']} s"))

    def _told(self, trouble, messages):
        """Whether people heard of it, and of nothing else where nothing was wrong."""
        raised = [m for m in messages if m["kind"] in ("raised", "told")]
        if not trouble.told:
            return [f"{m['node']} raised {m['cause']} although nothing was wrong: {m['title']}" for m in raised]
        found = []
        for host, causes in trouble.told.items():
            if not any(m["node"] == host and m["cause"] in causes for m in raised):
                heard = sorted({m["cause"] for m in raised if m["node"] == host})
                found.append(f"the keeper of {host} told none of {', '.join(causes)}; it told {heard or 'nothing'}")
        return found

    def _calm(self, slot):
        """Waits until A signs whole turns and nobody has anything to say; makes A sign again."""
        seconds = CALM_ROUNDS * phase.round_ms(self.plan.schedule) / 1000 + LATE_SECONDS
        end, ordered = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            for host in HOSTS:
                self.vitals.sample(host, self.keepers.processes[host].pid)
            unwell = self._unwell()
            if not unwell and measure.whole_turn(self.plan, "a", slot):
                return True
            if "a does not sign" in unwell and time.monotonic() > ordered:
                self.keepers.command("a", "failback", "--yes", seconds=60)
                ordered = time.monotonic() + 20
            time.sleep(1)
        return False

    def _unwell(self):
        """What is not as it should be, in words; empty when all is well."""
        found = []
        for host in HOSTS:
            try:
                status = self.keepers.status(host)
                firing = [f["rule"] for f in status["findings"] if f["state"] == "firing"]
                found += [f"{host} says {rule}" for rule in firing]
                # What comes again soon joins it: it would not be told anew.
                found += [f"the incident {one['id']} of {host} is open"
                          for one in status["alarms"]["incidents"]]
            except (rpc.CallFailed, KeyError) as error:
                found.append(f"{host}: {error}")
            try:
                paused = rpc.call(self.plan.http_port(host), "/v1/producer/paused")
                if paused is (host == "a"):
                    found.append(f"{host} does not sign" if paused else f"{host} could sign")
            except rpc.CallFailed as error:
                found.append(f"{host}: {error}")
        return found

    # Lines of logs: compared while nodeos stands still, so that none is on its way.

    def _counted(self, host):
        """Lines that nodeos wrote, and lines that its keeper read."""
        nodes.freeze(self.plan, host)
        try:
            time.sleep(READ_SECONDS)
            with open(self.plan.log(host), "rb") as log:
                written = sum(piece.count(b"\n") for piece in iter(lambda: log.read(1 << 20), b""))
            node = self.keepers.status(host)["node"]
        finally:
            nodes.thaw(self.plan, host)
        return written + self.cut_lines[host], node["log_events"] + node["log_others"]

    def begin_lines(self, host):
        """From here on every line that nodeos writes must reach the keeper."""
        self.lines[host] = self._counted(host)

    def forget_lines(self, host):
        """Compares what was written since with what was read, before the keeper ends."""
        before = self.lines.pop(host)
        after = self._counted(host)
        written, read = (b - a for a, b in zip(before, after))
        self.compared += written
        if written != read:
            self.faults.append(f"the keeper of {host} read {read} of {written} lines")

    def cut_log(self, host):
        """As logrotate's copytruncate does it, at a moment when nothing is written."""
        nodes.freeze(self.plan, host)
        try:
            time.sleep(READ_SECONDS)
            log = self.plan.log(host)
            with open(log, "rb") as whole:
                self.cut_lines[host] += whole.read().count(b"\n")
            shutil.copyfile(log, f"{log}.{len(self.done)}")
            os.truncate(log, 0)
        finally:
            nodes.thaw(self.plan, host)

    def _result(self, began, first):
        messages = self._all_messages()
        self.faults += receiver.faults_of(messages) + self.vitals.faults()
        cost = count.report(self.plan, self.plan.log("f"), first)
        if self.options.mode != "none" and cost["double_produced"]:
            self.faults.append(f"{cost['double_produced']} slots were signed twice")
        return {
            "minutes": round((time.time() - began) / 60, 1), "seed": self.options.seed, "mode": self.options.mode,
            "producers": self.options.producers, "troubles": self.done, "messages": len(messages),
            "refused_deliveries": self.receiver.refused, "lines_compared": self.compared,
            "turns": len(cost["turns"]), "blocks_lost": cost["blocks_lost"],
            "double_produced": cost["double_produced"], "keepers": self.vitals.figures(), "faults": self.faults}

    def _all_messages(self):
        """Waits until what was raised is resolved, or long enough."""
        end = time.monotonic() + LATE_SECONDS
        while receiver.faults_of(self.receiver.since(0)) and time.monotonic() < end:
            time.sleep(1)
        return self.receiver.since(0)

    def _take_down(self):
        if self.keepers:
            self.keepers.end()
        if self.etcd:
            self.etcd.end()
        if self.receiver:
            self.receiver.end()
        if os.path.exists(self.directory):
            subprocess.run([sys.executable, TESTNET, "down", "--dir", self.directory], stdin=subprocess.DEVNULL,
                           capture_output=True, timeout=60, check=False)
        for node in ("boot", *HOSTS, "f"):
            shutil.rmtree(os.path.join(self.directory, node), ignore_errors=True)
