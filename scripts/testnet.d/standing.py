"""Keepers, and an etcd where the mode has one, that stay after the command that started them: for
drills. What a person orders is in doc/drills.md."""

import os
import shutil
import signal
import subprocess

import beside
import etcd
import rpc
import wheel
from keepers import HOSTS, READY_SECONDS, Keepers
from plan import TestnetError

END_SECONDS = 10


def program(given):
    """The eoskeeper to run: the one that was given, else the one in PATH, else the one built here."""
    built = [os.path.join(wheel.REPOSITORY, "target", kind, "eoskeeper") for kind in ("release", "debug")]
    for found in [given] if given else [shutil.which("eoskeeper"), *built]:
        if found and os.access(found, os.X_OK):
            return os.path.abspath(found)
    raise TestnetError(f"no eoskeeper at {given}" if given else
                       "no eoskeeper in PATH or target/; build it: cargo build --release")


def start(plan, mode, binary, owner):
    """Prepares everything and starts all three keepers, the one that signs first: a lease is for the
    one that asks first."""
    if any(beside.keeper_pid(plan, host) for host in HOSTS):
        raise TestnetError("keepers run already; start a single one with: testnet start-keeper NODE")
    keepers = Keepers(plan, program(binary), mode)
    if "etcd" in mode:
        etcd.Cluster(plan.path("etcd"), keepers.ports.etcd_own[0]).start(owner)
    keepers.prepare()
    for host in HOSTS:
        start_one(plan, host, binary)


def start_one(plan, host, binary):
    """Starts one keeper with the configuration it has, and waits until its status page answers."""
    config = beside.keeper_config(plan, host)
    if not os.path.exists(config):
        raise TestnetError(f"{host} has no keeper; start them with: testnet keepers")
    if beside.keeper_pid(plan, host):
        raise TestnetError(f"the keeper of {host} runs already")
    home = beside.keeper_directory(plan, host)
    with open(os.path.join(home, "keeper.log"), "ab") as log:
        process = subprocess.Popen([program(binary), "run", "-c", config], stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=log, start_new_session=True)
    with open(os.path.join(home, "pid"), "w", encoding="ascii") as kept:
        kept.write(str(process.pid))
    port = Keepers(plan, "", "none").ports.status[host]

    def alive():
        if process.poll() is not None:
            with open(os.path.join(home, "keeper.log"), encoding="utf-8", errors="replace") as log:
                raise TestnetError(f"the keeper of {host} ended:\n{log.read()[-2000:]}")

    rpc.wait_until(f"the keeper of {host}", lambda: rpc.call(port, "/api/status", method="GET"),
                   READY_SECONDS, still_possible=alive)
    print(f"{host}: eoskeeper -c {config}, page http://127.0.0.1:{port}/")


def end_one(plan, host):
    """SIGKILL to a keeper."""
    number = beside.keeper_pid(plan, host)
    if not number:
        raise TestnetError(f"the keeper of {host} does not run")
    os.kill(number, signal.SIGKILL)


def end(plan):
    """Ends all keepers and the etcd of a network; returns what was running."""
    ended = beside.kill_keepers(plan)
    for host in ended:
        rpc.wait_until(f"the keeper of {host} to end", lambda h=host: not beside.keeper_pid(plan, h), END_SECONDS)
    if os.path.exists(plan.path("etcd", "cluster.json")):
        etcd.Cluster(plan.path("etcd"), 0).end()
    return ["keeper-" + host for host in ended]
