"""The wires between the nodes, as TCP relays in one background process that takes orders.

Nodes dial each other through a relay per pair, and the program under test reaches each node's RPC
through one more. Keepers reach their peers, etcd and references through relays that `add` brings.
Every relay knows the two hosts at its ends, so that a whole host can be cut off: what its node and
its keeper say. What a relay can do is in `relay`.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys

import beside
import nodes
import rpc
from plan import NODES, Plan, TestnetError
from relay import MODES, Relay

# Which way a relay is silent, as seen from the node the order names.
WAYS = ("out", "in")
MAX_DELAY_MS = 60_000
ORDER_SECONDS = 2.0
MAX_ANSWER = 1 << 16
WATCH_SECONDS = 1.0


class Relays:
    """All relays of a network and the port they take orders on."""

    def __init__(self, plan):
        self.plan = plan
        self.wires = {(d, n): Relay(port, plan.p2p_port(n), (d, n)) for d, n, port in plan.pairs()}
        self.fronts = {n: Relay(plan.rpc_port(n), plan.http_port(n), ("", n)) for n in NODES}
        self.added = {}

    async def order(self, command):
        """Carries out one order and returns all relays that are not simply open."""
        if "add" in command:
            await self.add(**command["add"])
        if "mode" in command:
            self.set_mode(**command["mode"])
        if "delay" in command:
            self.delay(**command["delay"])
        wires = {f"{d}-{n}": r.told() for (d, n), r in self.wires.items() if r.told()}
        fronts = {n: r.told() for n, r in self.fronts.items() if r.told()}
        added = {name: r.told() for name, r in self.added.items() if r.told()}
        return {"wires": wires, "rpc": fronts, "hosts": added}

    async def add(self, name, port, target, ends):
        """Brings one more relay between two hosts."""
        if name in self.added or len(ends) != 2:
            raise ValueError(f"relay {name!r} with ends {ends!r} is there already, or not between two")
        relay = Relay(port, target, tuple(ends))
        await relay.listen()
        self.added[name] = relay

    def set_mode(self, what, node, mode, peer=None, way=None):
        """Opens, closes or silences relays."""
        if mode not in MODES or way not in (None, *WAYS) or (way and mode == "closed"):
            raise ValueError(f"mode {mode!r} is none of {MODES}, or {way!r} is no way for it")
        for relay in self.chosen(what, node, peer):
            other = relay.ends[relay.ends[0] == node]
            relay.set_mode(mode, {None: None, "out": node, "in": other}[way])

    def delay(self, node, delay_ms):
        """Makes everything on the wires of a node late; 0 ends it."""
        if not 0 <= delay_ms <= MAX_DELAY_MS:
            raise ValueError(f"{delay_ms} ms is not 0..{MAX_DELAY_MS}")
        for relay in self.chosen("wires", node, None):
            relay.delay_seconds = delay_ms / 1000

    def chosen(self, what, node, peer):
        """The relays an order is about: the front of a node (`rpc`), its wires to all or to one peer
        (`wires`), or its wires and all that its keeper says (`host`)."""
        if what == "rpc":
            return [self.fronts[node]]
        ends = {node, peer} if peer else {node}
        relays = list(self.wires.values()) + (list(self.added.values()) if what == "host" else [])
        return [relay for relay in relays if ends <= set(relay.ends)]

    async def control(self, reader, writer):
        """One order a connection: a line of JSON in, a line of JSON out."""
        try:
            line = await asyncio.wait_for(reader.readline(), ORDER_SECONDS)
            answer = await self.order(json.loads(line))
        except (ValueError, KeyError, TypeError, OSError, asyncio.TimeoutError) as error:
            answer = {"error": str(error)}
        writer.write(json.dumps(answer).encode() + b"\n")
        writer.close()

    async def run(self, owner):
        """Serves until killed, or until the owner process is gone: then ends the network."""
        for relay in [*self.wires.values(), *self.fronts.values()]:
            await relay.listen()
        await asyncio.start_server(self.control, "127.0.0.1", self.plan.control_port())
        while not owner or os.path.exists(f"/proc/{owner}"):
            await asyncio.sleep(WATCH_SECONDS)
        beside.kill_keepers(self.plan)
        nodes.kill_all(self.plan)
        # It was started later than this process read its plan.
        end_pusher(Plan.load(self.plan.dir))


def serve(plan, owner):
    """The body of the background process."""
    asyncio.run(Relays(plan).run(owner))


def spawn(plan, command, *extra):
    """Starts this program again in the background with an internal command; returns its pid."""
    with open(plan.path(command.strip("_") + ".log"), "ab") as log:
        return subprocess.Popen(
            [sys.executable, sys.argv[0], command, "--dir", plan.dir, *extra],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


def start(plan, owner):
    """Starts the relays and waits until they take orders."""
    process = spawn(plan, "_links", "--owner", str(owner or 0))
    plan.links_pid = process.pid
    plan.save()

    def alive():
        if process.poll() is not None:
            raise TestnetError("the relays did not start:\n" + nodes.last_lines(plan.path("links.log")))

    rpc.wait_until("the relays", lambda: _reachable(plan), 10, pause=0.05, still_possible=alive)


def _reachable(plan):
    try:
        return send(plan, {}) is not None
    except TestnetError:
        return False


def send(plan, command):
    """Gives the relays an order and returns their answer."""
    try:
        with socket.create_connection(("127.0.0.1", plan.control_port()), timeout=3) as control:
            control.sendall(json.dumps(command).encode() + b"\n")
            with control.makefile("r", encoding="utf-8") as answer:
                told = json.loads(answer.readline(MAX_ANSWER) or "{}")
    except (OSError, ValueError) as error:
        raise TestnetError(f"the relays of {plan.dir} do not answer ({error}); use down, then up") from None
    if "error" in told:
        raise TestnetError(f"the relays refused: {told['error']}")
    return told


def end_pusher(plan):
    """Ends the process that pushes transactions, if there is one."""
    _end(plan, plan.pusher_pid, "_pusher")


def end(plan):
    """Ends the relay process."""
    _end(plan, plan.links_pid, "_links")


def _end(plan, number, command):
    if number and nodes.is_ours(number, plan.dir) and nodes.is_ours(number, command):
        os.kill(number, signal.SIGKILL)


def load_and_serve(directory, owner):
    """Entry of the internal command."""
    serve(Plan.load(directory), owner)
