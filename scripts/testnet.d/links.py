"""The wires between the nodes, as TCP relays in one background process.

Nodes dial each other through a relay per pair, and the program under test reaches each node's RPC
through one more. A relay is `open`, `closed` (connections are ended and refused: a cable pulled
out) or `silent` (connections stay and nothing passes: packets dropped). What was sent into a
silent relay arrives when it opens, as after a short real partition.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys

import nodes
import rpc
from plan import NODES, Plan, TestnetError

MODES = ("open", "closed", "silent")
CHUNK = 1 << 16
DIAL_SECONDS = 2.0
WATCH_SECONDS = 1.0


class Relay:
    """One listening port, one target port, one mode."""

    def __init__(self, port, target):
        self.port, self.target, self.mode = port, target, "open"
        self.passing = asyncio.Event()
        self.passing.set()
        self.writers = set()

    async def listen(self):
        """Takes the port."""
        return await asyncio.start_server(self.serve, "127.0.0.1", self.port)

    def set_mode(self, mode):
        """Changes what happens to connections, at once for those that exist."""
        self.mode = mode
        if mode == "silent":
            self.passing.clear()
        else:
            self.passing.set()
        if mode == "closed":
            for writer in list(self.writers):
                writer.transport.abort()

    async def serve(self, reader, writer):
        """One connection: dial the target, pass bytes both ways until either end is done."""
        self.writers.add(writer)
        far = None
        try:
            await self.passing.wait()
            if self.mode == "closed":
                return
            far_reader, far = await asyncio.wait_for(
                asyncio.open_connection("127.0.0.1", self.target), DIAL_SECONDS)
            self.writers.add(far)
            both = [asyncio.ensure_future(self.pump(reader, far)),
                    asyncio.ensure_future(self.pump(far_reader, writer))]
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in both:
                task.cancel()
        except (OSError, asyncio.TimeoutError):
            pass  # The target is down or has hung up: the caller sees its connection end.
        finally:
            for end in filter(None, (writer, far)):
                self.writers.discard(end)
                end.transport.abort() if self.mode == "closed" else end.close()

    async def pump(self, reader, writer):
        """Passes bytes one way; a silent relay holds one chunk and stops reading."""
        try:
            while data := await reader.read(CHUNK):
                await self.passing.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass  # The other end has gone; `serve` closes both.


class Relays:
    """All relays of a network and the port they take orders on."""

    def __init__(self, plan):
        self.plan = plan
        self.wires = {(d, n): Relay(port, plan.p2p_port(n)) for d, n, port in plan.pairs()}
        self.fronts = {n: Relay(plan.rpc_port(n), plan.http_port(n)) for n in NODES}

    def order(self, command):
        """Carries out one order and returns the modes of all relays that are not open."""
        mode, node, peer = command.get("mode"), command.get("node"), command.get("peer")
        if mode is not None:
            if mode not in MODES:
                raise ValueError(f"mode {mode!r} is none of {MODES}")
            for relay in self.chosen(command["what"], node, peer):
                relay.set_mode(mode)
        wires = {f"{d}-{n}": r.mode for (d, n), r in self.wires.items() if r.mode != "open"}
        fronts = {n: r.mode for n, r in self.fronts.items() if r.mode != "open"}
        return {"wires": wires, "rpc": fronts}

    def chosen(self, what, node, peer):
        """The relays an order is about."""
        if what == "rpc":
            return [self.fronts[node]]
        ends = {node, peer} if peer else {node}
        return [relay for pair, relay in self.wires.items() if ends <= set(pair)]

    async def control(self, reader, writer):
        """One order a connection: a line of JSON in, a line of JSON out."""
        try:
            line = await asyncio.wait_for(reader.readline(), DIAL_SECONDS)
            answer = self.order(json.loads(line))
        except (ValueError, KeyError, asyncio.TimeoutError) as error:
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
        nodes.kill_all(self.plan)
        end_pusher(self.plan)


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
                told = json.loads(answer.readline(CHUNK) or "{}")
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
