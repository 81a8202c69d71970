"""The etcd of one run: three members on loopback, by `scripts/etcd-cluster`."""

import os
import subprocess
import sys

from plan import TestnetError

PROGRAM = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "etcd-cluster")
MEMBERS = (1, 2, 3)
# The program takes this many ports for each member: clients, peers.
PORTS_EACH = 2
ORDER_SECONDS = 90


class Cluster:
    """A cluster in a directory of its own."""

    def __init__(self, directory, port_base):
        self.directory, self.port_base = directory, port_base

    def start(self, owner=None):
        """Starts all members and waits until each answers; they end with the process `owner`, this one
        where none is given, and with none where it is 0."""
        owner = os.getpid() if owner is None else owner
        self._order("up", "--port-base", str(self.port_base), "--owner", str(owner))

    def leader(self):
        """Number of the member that leads."""
        return int(self._order("leader"))

    def kill(self, member):
        """SIGKILL to a member."""
        self._order("kill", str(member))

    def begin(self, member):
        """Starts a member that is down."""
        self._order("start", str(member))

    def freeze(self):
        """SIGSTOP to all members: nobody answers, and nobody refuses."""
        for member in MEMBERS:
            self._order("freeze", str(member))

    def thaw(self):
        """SIGCONT to all members."""
        for member in MEMBERS:
            self._order("thaw", str(member))

    def end(self):
        """Ends all members."""
        if os.path.isdir(self.directory):
            self._order("down")

    def _order(self, command, *words):
        try:
            done = subprocess.run([sys.executable, PROGRAM, command, *words, "--dir", self.directory],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                  timeout=ORDER_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise TestnetError(f"etcd-cluster {command}: no end within {ORDER_SECONDS} s") from None
        if done.returncode != 0:
            raise TestnetError(f"etcd-cluster {command}: {done.stderr.strip()[-600:]}")
        return done.stdout
