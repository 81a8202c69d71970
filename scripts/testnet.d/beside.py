"""Where the keeper beside a node keeps its things, and which process it is."""

import os
import signal

import nodes
from plan import NODES


def keeper_directory(plan, node):
    """Where the keeper beside a node keeps its configuration, state and log."""
    return plan.path("keeper-" + node)


def keeper_config(plan, node):
    """The keeper's configuration file."""
    return os.path.join(keeper_directory(plan, node), "config.ini")


def keeper_pid(plan, node):
    """The keeper's process id while it runs, else None; known by its file's name in the arguments."""
    try:
        with open(os.path.join(keeper_directory(plan, node), "pid"), encoding="ascii") as kept:
            number = int(kept.read())
    except (OSError, ValueError):
        return None
    return number if nodes.is_ours(number, keeper_config(plan, node)) else None


def kill_keepers(plan):
    """SIGKILL to every keeper that runs; returns the nodes they were beside."""
    ended = [node for node in NODES if keeper_pid(plan, node)]
    for node in ended:
        os.kill(keeper_pid(plan, node), signal.SIGKILL)
    return ended
