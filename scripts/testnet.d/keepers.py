"""Real keepers beside nodes a, b and c: their configuration, ports, relays and processes."""

import os
import re
import secrets
import subprocess

import etcd
import hosts
import links
import owned
import rpc
import wheel
from plan import OUR_PRODUCER, TestnetError

HOSTS = ("a", "b", "c")
# Nodes that serve as references.
REFERENCES = ("boot", "f")
MODES = ("none", "peers", "etcd", "etcd+peers")
# Ports from the network's base on that keepers and etcd take; the network's own end below.
FIRST_PORT, PORTS = 50, 33
READY_SECONDS = 30

FENCE = """#!/bin/bash
# Kills nodeos of node {node} and says so once it is gone.
pid=$(cat '{pid_file}')
alive() {{ [[ $(tr '\\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") == *'{data}'* ]]; }}
alive && kill -KILL "$pid"
for _ in {{1..50}}; do alive || {{ echo 'nodeos is gone'; exit 0; }}; sleep 0.1; done
echo 'nodeos is still there'
exit 1
"""


class Ports:
    """Who listens where, counted from the network's port base."""

    def __init__(self, base):
        free = iter(range(base + FIRST_PORT, base + FIRST_PORT + PORTS))
        self.status = {h: next(free) for h in HOSTS}
        self.peer = {h: next(free) for h in HOSTS}
        self.peer_relay = {(h, p): next(free) for h in HOSTS for p in HOSTS if h != p}
        self.reference_relay = {(h, r): next(free) for h in HOSTS for r in REFERENCES}
        self.etcd_own = [next(free) for _ in range(etcd.PORTS_EACH * len(etcd.MEMBERS))]
        self.etcd_relay = {(h, m): next(free) for h in HOSTS for m in etcd.MEMBERS}

    def relays(self, plan):
        """Every relay a keeper speaks through: (name, port, target, its two hosts)."""
        found = [(f"{h}>{p}", port, self.peer[p], (h, p)) for (h, p), port in self.peer_relay.items()]
        found += [(f"{h}>{r} api", port, plan.http_port(r), (h, r))
                  for (h, r), port in self.reference_relay.items()]
        clients = dict(zip(etcd.MEMBERS, self.etcd_own[::etcd.PORTS_EACH]))
        found += [(f"{h}>etcd{m}", port, clients[m], (h, f"etcd{m}"))
                  for (h, m), port in self.etcd_relay.items()]
        return found


def config(plan, ports, host, mode, muted_api=False, lease=None, ttl=10, more=None):
    """The keeper's configuration as {section: {key: value}}. With `muted_api` it asks nodeos through
    the relay that `mute-api` silences, else directly, so that it finds nodeos's process. `more` adds
    keys, in the same form."""
    home = hosts.keeper_directory(plan, host)
    keys = {
        "global": {
            "role": host.upper(), "producer_name": OUR_PRODUCER, "log_file": plan.log(host),
            "http_port": (plan.rpc_port if muted_api else plan.http_port)(host), "node_name": host},
        "promotion": {"promote": "api", "demote": "api"},
        "references": {"urls": _urls(ports.reference_relay[host, r] for r in REFERENCES)},
        "status": {"listen": f"127.0.0.1:{ports.status[host]}"},
        "state": {"dir": os.path.join(home, "state")},
    }
    if host == "a":
        keys["promotion"]["fence"] = os.path.join(home, "fence.sh")
    if "peers" in mode:
        others = [f"{p}=http://127.0.0.1:{ports.peer_relay[host, p]}" for p in HOSTS if p != host]
        keys["peers"] = {"listen": f"127.0.0.1:{ports.peer[host]}", "nodes": ", ".join(others),
                         "secret_file": plan.path("peers.secret")}
    if "etcd" in mode:
        keys["lease"] = {"endpoints": _urls(ports.etcd_relay[host, m] for m in etcd.MEMBERS),
                         "ttl_seconds": ttl, **(lease or {})}
    for section, values in (more or {}).items():
        keys[section] = {**keys.get(section, {}), **values}
    return keys


def _urls(ports):
    return ", ".join(f"http://127.0.0.1:{port}" for port in ports)


def ini(keys):
    """The text of a configuration."""
    return "\n".join(f"[{section}]\n" + "".join(f"{k} = {v}\n" for k, v in values.items())
                     for section, values in keys.items())


def without_unknown(keys, example):
    """What is left of a configuration for an older eoskeeper, whose config.ini.example is given, and
    the names of what was dropped. Before there was a fence, role A promoted nobody."""
    known, section = set(), ""
    for line in example.splitlines():
        if head := re.match(r"\[(\w+)\]", line):
            section = head[1]
        elif key := re.match(r"#?([a-z_]+) = ", line):
            known.add((section, key[1]))
    dropped = [f"[{s}] {k}" for s, values in keys.items() for k in values if (s, k) not in known]
    old_a = keys["global"]["role"] == "A" and ("promotion", "fence") not in known
    kept = {s: {k: v for k, v in values.items() if (s, k) in known} for s, values in keys.items()
            if not (old_a and s == "promotion")}
    return {s: values for s, values in kept.items() if values}, dropped


class Keepers:
    """The keepers of one network."""

    def __init__(self, plan, binary, mode, drop_unknown=False, **options):
        self.plan, self.binary, self.mode, self.options = plan, binary, mode, options
        self.ports, self.drop_unknown = Ports(plan.port_base), drop_unknown
        self.processes, self.dropped = {}, []

    def prepare(self):
        """Relays, secret, scripts and configurations."""
        for name, port, target, ends in self.ports.relays(self.plan):
            links.send(self.plan, {"add": {"name": name, "port": port, "target": target, "ends": ends}})
        _write(self.plan.path("peers.secret"), secrets.token_hex(32) + "\n", 0o600)
        for host in HOSTS:
            home = hosts.keeper_directory(self.plan, host)
            os.makedirs(os.path.join(home, "state"), exist_ok=True)
            _write(os.path.join(home, "fence.sh"), FENCE.format(
                node=host, pid_file=self.plan.path(host + ".pid"), data=self.plan.path(host, "data")), 0o755)
            keys = config(self.plan, self.ports, host, self.mode, **self.options)
            if self.drop_unknown:
                with open(os.path.join(wheel.REPOSITORY, "config.ini.example"), encoding="utf-8") as text:
                    keys, dropped = without_unknown(keys, text.read())
                self.dropped += [d for d in dropped if d not in self.dropped]
            _write(hosts.keeper_config(self.plan, host), ini(keys), 0o600)

    def start(self, *which):
        """Starts keepers and waits until their status pages answer."""
        for host in which:
            with open(self.log(host), "ab") as log:
                process = subprocess.Popen(
                    [self.binary, "run", "-c", hosts.keeper_config(self.plan, host)],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=owned.die_with_parent)
            self.processes[host] = process
            _write(os.path.join(hosts.keeper_directory(self.plan, host), "pid"), str(process.pid), 0o644)
        for host in which:
            rpc.wait_until(f"the keeper beside {host}", lambda: self.status(host), READY_SECONDS,
                           still_possible=lambda: self._alive(host))

    def _alive(self, host):
        if self.processes[host].poll() is not None:
            with open(self.log(host), encoding="utf-8", errors="replace") as log:
                raise TestnetError(f"the keeper beside {host} ended:\n{log.read()[-2000:]}")

    def log(self, host):
        """The keeper's own log."""
        return os.path.join(hosts.keeper_directory(self.plan, host), "keeper.log")

    def status(self, host):
        """What its status page says."""
        return rpc.call(self.ports.status[host], "/api/status", method="GET")

    def kill(self, host):
        """SIGKILL."""
        self.processes[host].kill()
        self.processes[host].wait()

    def stop(self, host):
        """SIGTERM, as a service manager stops it; SIGKILL when it does not end."""
        self.processes[host].terminate()
        try:
            self.processes[host].wait(10)
        except subprocess.TimeoutExpired:
            self.kill(host)

    def command(self, host, *words, seconds):
        """Runs a command of eoskeeper with a host's configuration; returns its exit code and output."""
        try:
            done = subprocess.run([self.binary, *words, "-c", hosts.keeper_config(self.plan, host)],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            return None, f"no end within {seconds:.0f} s"
        return done.returncode, (done.stdout + done.stderr)[-2000:]

    def end(self):
        """Ends all keepers."""
        for host, process in self.processes.items():
            if process.poll() is None:
                self.kill(host)


def _write(path, text, mode):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
