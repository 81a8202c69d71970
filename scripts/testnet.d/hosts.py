"""A host is a node and the keeper beside it. Both are frozen, lost or cut off together here."""

import os
import signal

import links
import nodes
from beside import keeper_config, keeper_directory, keeper_pid  # noqa: F401
from plan import TestnetError


def signal_all(plan, node, number):
    """Sends a signal to the node and its keeper, one right after the other."""
    found = [pid for pid in (keeper_pid(plan, node), nodes.pid(plan, node)) if pid]
    if not found:
        raise TestnetError(f"neither {node} nor its keeper runs")
    for pid in found:
        os.kill(pid, number)


def freeze(plan, node):
    """SIGSTOP for both: a suspended machine."""
    signal_all(plan, node, signal.SIGSTOP)


def thaw(plan, node):
    """SIGCONT for both."""
    signal_all(plan, node, signal.SIGCONT)


def lose(plan, node):
    """SIGKILL for both and every wire dropped: no power."""
    cut(plan, node, "silent")
    signal_all(plan, node, signal.SIGKILL)


def cut(plan, node, mode="closed"):
    """The network of a host is gone; node and keeper live on and reach each other."""
    links.send(plan, {"mode": {"what": "host", "node": node, "mode": mode}})


def heal(plan, node):
    """The network of a host is back."""
    cut(plan, node, "open")
