"""One run: a network of its own, keepers beside it, one failure, and what it cost."""

import os
import random
import shutil
import subprocess
import sys
import time

import measure
import nodes
import phase
import rpc
import targets
from count import SLOTS_PER_TURN
from etcd import MEMBERS, Cluster
from keepers import HOSTS, Keepers
from plan import Plan, TestnetError
from scenarios import BY_NAME, EITHER, NOBODY

TESTNET = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "testnet")
UP_SECONDS = 240
# A block has reached the observer's log this long after its slot.
SETTLE_SECONDS = 3
# Of each keeper's log, from just before the fault on.
LOG_LINES = 80
LOG_CHARS = 400


class Run:
    """What a scenario works with, and the order of a run's steps."""

    def __init__(self, spec, directory, port_base):
        self.spec, self.directory, self.port_base = spec, directory, port_base
        self.scenario = BY_NAME[spec["scenario"]]
        self.random = random.Random(f"{spec['seed']}/{spec['id']}")
        self.plan = self.etcd = self.keepers = self.told = None
        self.fault_ms = 0

    # For scenarios.

    @property
    def round_seconds(self):
        """Length of a round."""
        return phase.round_ms(self.plan.schedule) / 1000

    def draw(self, low, high):
        """A number between two, from the seed."""
        return self.random.uniform(low, high)

    def choose(self, among):
        """One of several, from the seed."""
        return self.random.choice(among)

    def sleep(self, seconds):
        """Waits."""
        time.sleep(seconds)

    def strike(self):
        """Now is the moment of the failure: for those that first look something up."""
        self.fault_ms = time.time() * 1000

    # The run.

    def carry_out(self):
        """Does it all; returns the result, in which an error of the harness is told too."""
        result = dict(self.spec, took_over=None, settled=None, lost=None, doubled=None, unpaused=[])
        try:
            self._set_up()
            self._warm_up()
            self._wait_for_phase()
            result.update(self._break_and_watch())
        except TestnetError as error:
            result["error"] = str(error)[-1500:]
        finally:
            result["keeper_logs"] = self._keeper_logs()
            try:
                self._take_down()
            except TestnetError as error:
                result.setdefault("error", str(error)[-1500:])
        result["faults"] = targets.faults_of(result)
        return result

    def _set_up(self):
        done = _run([sys.executable, TESTNET, "up", "--fresh", "--transactions", "--dir", self.directory,
                     "--producers", str(self.spec["producers"]), "--port-base", str(self.port_base),
                     "--owner", str(os.getpid())], UP_SECONDS)
        if done.returncode != 0:
            raise TestnetError(f"the network did not start: {done.stderr.strip()}")
        self.plan = Plan.load(self.directory)
        self.keepers = Keepers(
            self.plan, self.spec["eoskeeper"], self.spec["mode"], self.spec["drop_unknown"],
            muted_api=self.scenario.muted_api, lease=self.scenario.lease, ttl=self.spec["ttl_seconds"])
        if "etcd" in self.spec["mode"]:
            self.etcd = Cluster(self.plan.path("etcd"), self.keepers.ports.etcd_own[0])
            self.etcd.start()
        self.keepers.prepare()
        # The one that signs comes first: a lease is for the one that asks first.
        self.keepers.start("a")
        self.keepers.start("b", "c")

    def _warm_up(self):
        """All keepers see a whole turn of A, and a round or more as asked, on a chain that becomes
        final: with a new schedule the last irreversible block stands for a round and a half."""
        least = time.time() + self.spec["warm_up_rounds"] * self.round_seconds
        began, head = phase.slot_at(time.time() * 1000), nodes.info(self.plan, "f")["head_block_num"]

        def warm():
            final = nodes.info(self.plan, "f")["last_irreversible_block_num"]
            return final > head and measure.whole_turn(self.plan, "a", began)

        rpc.wait_until("a whole turn of A, and blocks of the schedule to be final", warm,
                       4 * self.round_seconds + 60, pause=1)
        time.sleep(max(0, least - time.time()))
        if (producing := self._unpaused()) != ["a"]:
            raise TestnetError(f"A is meant to sign before the failure; able to: {producing or 'nobody'}")

    def _wait_for_phase(self):
        schedule = self.plan.schedule
        if self.scenario.in_turn:
            wanted = phase.after_block(self.random.randint(1, SLOTS_PER_TURN - 1), self.random.random())
        else:
            wanted = phase.spread(schedule, self.spec["run"], self.spec["runs"], self.random.random())
        at = phase.next_ms(schedule, time.time() * 1000 + 500, wanted)
        time.sleep(at / 1000 - time.time())

    def _break_and_watch(self):
        schedule = self.plan.schedule
        ready = self._decision("b")
        self.strike()
        self.scenario.act(self)
        settled = self._wait_for_outcome(phase.slot_at(self.fault_ms), phase.slot_at(time.time() * 1000))
        after_ms = None
        if self.scenario.after:
            after_ms = time.time() * 1000
            self.scenario.after(self)
            time.sleep(1.2 * self.round_seconds)
        time.sleep(SETTLE_SECONDS)
        return {
            "b_before": ready, "fault_at": measure.stamp(self.fault_ms),
            "phase_ms": round(phase.phase_ms(schedule, self.fault_ms)),
            "in_turn": phase.in_turn(schedule, self.fault_ms),
            "after_at": measure.stamp(after_ms) if after_ms else None, "settled": settled,
            **measure.cost(self.plan, self.fault_ms), "unpaused": self._unpaused(), "told": self.told}

    def _wait_for_outcome(self, fault_slot, act_slot):
        """Waits for a whole turn of whoever is to sign; the node that signed it, or None."""
        rounds = self.round_seconds
        if self.scenario.outcome == NOBODY:
            # A standby would promote itself after two rounds and their grace.
            time.sleep(max(0, self.fault_ms / 1000 + 3 * rounds + 20 - time.time()))
            return None
        among, since = (HOSTS, act_slot) if self.scenario.outcome == EITHER else (("b", "c"), fault_slot)
        end = time.monotonic() + 4 * rounds + 60
        while time.monotonic() < end:
            for node in among:
                if measure.whole_turn(self.plan, node, since):
                    return node
            time.sleep(1)
        return None

    def _decision(self, host):
        """What a keeper says that it does, and why."""
        try:
            return self.keepers.status(host)["decision"]
        except (rpc.CallFailed, KeyError) as error:
            return str(error)

    def _unpaused(self):
        """The nodes that would sign in our next turn."""
        able = []
        for node in HOSTS:
            try:
                if rpc.call(self.plan.http_port(node), "/v1/producer/paused") is False:
                    able.append(node)
            except rpc.CallFailed:
                pass  # Down or frozen.
        return able

    def _keeper_logs(self):
        """What each keeper said from two seconds before the failure on."""
        if not self.keepers:
            return {}
        since = measure.stamp(self.fault_ms - 2000) if self.fault_ms else ""
        told = {}
        for host in HOSTS:
            try:
                with open(self.keepers.log(host), encoding="utf-8", errors="replace") as log:
                    lines = [line.rstrip()[:LOG_CHARS] for line in log if line[:23] >= since]
            except OSError:
                continue
            told[host] = lines[:LOG_LINES] if self.fault_ms else lines[-LOG_LINES:]
        return told

    def _take_down(self):
        if self.keepers:
            self.keepers.end()
        if self.etcd:
            self.etcd.end()
        if os.path.exists(self.directory):
            _run([sys.executable, TESTNET, "down", "--dir", self.directory], 60)
        # Block logs and state are large; the logs are what a person looks into.
        for node in ("boot", *HOSTS, "f"):
            shutil.rmtree(os.path.join(self.directory, node), ignore_errors=True)
        for member in MEMBERS:
            shutil.rmtree(os.path.join(self.directory, "etcd", f"{member}.data"), ignore_errors=True)


def _run(command, seconds):
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise TestnetError(f"{command[1]} {command[2]}: no end within {seconds} s") from None
