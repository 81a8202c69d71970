"""The nodeos processes of a network: start, stop, kill, freeze, and what they are doing now."""

import os
import shutil
import signal
import subprocess
import time

import rpc
import skew
import wheel
from plan import NODES, OUR_PRODUCER, OURS, TestnetError, other_producers

START_SECONDS = 60
STOP_SECONDS = 20
# A process shows its arguments a moment after its start; a busy machine makes the moment long.
STARTING_SECONDS = 2
# Present while the node's database was closed properly, or was never opened.
CLEAN = "clean"


def arguments(plan, node):
    """nodeos's command line. Plugins are initialised in this order, and chain_api must come
    before producer_api or this build crashes."""
    args = [
        "nodeos",
        "--config-dir", plan.path(node, "config"),
        "--data-dir", plan.path(node, "data"),
        "--http-server-address", f"127.0.0.1:{plan.http_port(node)}",
        "--p2p-listen-endpoint", f"127.0.0.1:{plan.p2p_port(node)}",
        # All peers share one address; with the default of 1 connections are closed again and again.
        "--p2p-max-nodes-per-host", "50",
        # Seconds until a lost peer is dialled again; the default of 30 is more than a round of 4.
        "--connection-cleanup-period", "2",
        # Below about 256 the guard trips and nodeos quits.
        "--chain-state-db-size-mb", "512",
        "--http-max-response-time-ms", "2000",
        # An observer refuses to start with read-only threads beside a long transaction time.
        "--read-only-threads", "0",
        # How full this machine's disk is (85 % by default) must not be part of a test.
        "--resource-monitor-space-threshold", "99",
        "--resource-monitor-not-shutdown-on-threshold-exceeded",
        "--plugin", "eosio::chain_api_plugin",
        "--plugin", "eosio::net_api_plugin",
    ]
    if plan.genesis:
        args += ["--genesis-json", plan.genesis_file()]
    if node != "f":
        args += ["--plugin", "eosio::producer_api_plugin"]
    if node == "boot":
        args += ["--plugin", "eosio::wallet_api_plugin", "--wallet-dir", plan.path("wallet")]
        # The default locks the wallet after 15 minutes; a day outlives every test.
        args += ["--unlock-timeout", "86400"]
        args += ["--enable-stale-production", "--producer-name", "eosio"]
        for name in other_producers(plan.producers):
            args += ["--producer-name", name]
    if node in OURS:
        args += ["--producer-name", OUR_PRODUCER]
        own = own_key(plan, node)
        if own:
            # Instead of the default, so that the node can sign with no other.
            args += ["--signature-provider", f"{own[0]}=KEY:{own[1]}"]
    for dialler, _, relay in plan.pairs():
        if dialler == node:
            args += ["--p2p-peer-address", f"127.0.0.1:{relay}"]
    return args


def own_key(plan, node):
    """The node's own key pair where `set-key` gave it one, else None."""
    try:
        with open(plan.path(node + ".key"), encoding="ascii") as kept:
            return kept.read().split()
    except FileNotFoundError:
        return None


def give_key(plan, node, pair):
    """Keeps a key pair for the node; it has it from its next start on."""
    with open(plan.path(node + ".key"), "w", encoding="ascii") as kept:
        kept.write(" ".join(pair))


def pid(plan, node):
    """The node's process id while it runs, else None.

    The pid file may outlive its process and the number may be given to another: only a process
    whose command line names this node's data directory is ours.
    """
    try:
        with open(plan.path(node + ".pid"), encoding="ascii") as kept:
            number = int(kept.read())
    except (OSError, ValueError):
        return None
    return number if is_ours(number, plan.path(node, "data")) else None


def is_ours(number, word):
    """Whether process `number` lives and has `word` as one of its arguments."""
    return word.encode() in command_line(number) and process_state(number) not in ("Z", "X", None)


def command_line(number):
    """The arguments of process `number`; none of one that has ended.

    For a moment after its start a process has none yet, and must not be taken for one that ended.
    """
    end = time.monotonic() + STARTING_SECONDS
    while True:
        try:
            with open(f"/proc/{number}/cmdline", "rb") as line:
                found = line.read()
        except OSError:
            return []
        if found or process_state(number) in ("Z", "X", None) or time.monotonic() > end:
            return found.split(b"\0")
        time.sleep(0.01)


def process_state(number):
    """The letter of /proc/PID/stat: R, S, D, T (stopped), Z (ended), or None."""
    try:
        with open(f"/proc/{number}/stat", encoding="utf-8", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return None


def state(plan, node):
    """`running`, `frozen` or `down`."""
    number = pid(plan, node)
    if number is None:
        return "down"
    return "frozen" if process_state(number) == "T" else "running"


def launch(plan, node, paused, clock=None):
    """Starts the process and returns at once. A node whose database was left dirty by a kill
    would refuse to start, so its state is dropped and replayed from the block log. `clock` is how
    far its clock is off, for example `+2.5s`."""
    if pid(plan, node):
        raise TestnetError(f"{node} runs already (pid {pid(plan, node)})")
    found = wheel.find()
    environment = dict(found.environment, **(skew.environment(clock) if clock else {}))
    args = arguments(plan, node) + (["--pause-on-startup"] if paused else [])
    if os.path.exists(plan.path(node, "data")) and not os.path.exists(plan.path(node, CLEAN)):
        shutil.rmtree(plan.path(node, "data", "state"), ignore_errors=True)
        args.append("--replay-blockchain")
    os.makedirs(plan.path(node, "config"), exist_ok=True)
    if os.path.exists(plan.path(node, CLEAN)):
        os.remove(plan.path(node, CLEAN))
    with open(plan.log(node), "ab") as log:
        process = subprocess.Popen([found.binary] + args, env=environment, stdout=log,
                                   stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
    with open(plan.path(node + ".pid"), "w", encoding="ascii") as kept:
        kept.write(str(process.pid))
    return process


def start(plan, node, paused, clock=None):
    """Starts the node and waits until its RPC answers."""
    process = launch(plan, node, paused, clock)
    wait_ready(plan, node, process)


def wait_ready(plan, node, process):
    """Waits for the node's get_info."""

    def alive():
        if process.poll() is not None:
            raise TestnetError(f"{node} ended with {process.returncode}; its last lines:\n"
                               + last_lines(plan.log(node)))

    rpc.wait_until(f"{node} to answer", lambda: info(plan, node), START_SECONDS, still_possible=alive)


def info(plan, node):
    """get_info of the node, from its own port."""
    return rpc.call(plan.http_port(node), "/v1/chain/get_info")


def last_lines(path, count=12):
    """The end of a log, for an error message."""
    try:
        with open(path, "rb") as log:
            log.seek(max(0, os.path.getsize(path) - 8192))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-count:])
    except OSError as error:
        return str(error)


def running_pid(plan, node):
    """The pid, or an error that says the node is down."""
    number = pid(plan, node)
    if number is None:
        raise TestnetError(f"{node} is down; start it with: scripts/testnet start {node} --dir {plan.dir}")
    return number


def freeze(plan, node):
    """SIGSTOP: ports stay open, nothing answers."""
    os.kill(running_pid(plan, node), signal.SIGSTOP)


def thaw(plan, node):
    """SIGCONT."""
    os.kill(running_pid(plan, node), signal.SIGCONT)


def kill(plan, node):
    """SIGKILL, and waits until the process is gone. The database is left dirty."""
    number = running_pid(plan, node)
    os.kill(number, signal.SIGKILL)
    _wait_gone(plan, node, 5)


def stop(plan, node):
    """SIGTERM, and waits until nodeos has closed its database."""
    number = running_pid(plan, node)
    os.kill(number, signal.SIGCONT)
    os.kill(number, signal.SIGTERM)
    _wait_gone(plan, node, STOP_SECONDS)
    with open(plan.path(node, CLEAN), "w", encoding="ascii"):
        pass


def _wait_gone(plan, node, seconds):
    end = time.monotonic() + seconds
    while pid(plan, node):
        if time.monotonic() > end:
            raise TestnetError(f"{node} (pid {pid(plan, node)}) did not end within {seconds} s")
        time.sleep(0.05)


def kill_all(plan):
    """SIGKILL to every node that runs; returns their names."""
    ended = []
    for node in NODES:
        number = pid(plan, node)
        if number:
            os.kill(number, signal.SIGKILL)
            ended.append(node)
    for node in ended:
        _wait_gone(plan, node, 5)
    return ended


def pause(plan, node):
    """Producer API: stop producing."""
    rpc.call(plan.http_port(node), "/v1/producer/pause")


def resume(plan, node):
    """Producer API: produce."""
    rpc.call(plan.http_port(node), "/v1/producer/resume")
