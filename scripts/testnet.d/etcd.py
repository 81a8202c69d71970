"""Three members of etcd on loopback, for one run of the failover matrix."""

import os
import shutil
import signal
import subprocess
import time

import owned
import rpc
from plan import TestnetError

MEMBERS = 3
START_SECONDS = 20


class Cluster:
    """The members' processes; `index` is 0..=2."""

    def __init__(self, directory, client_ports, peer_ports):
        self.directory, self.client_ports, self.peer_ports = directory, client_ports, peer_ports
        self.processes = [None] * MEMBERS

    def start(self):
        """Starts all members and waits until they have a leader."""
        if not shutil.which("etcd"):
            raise TestnetError("etcd is missing; as root: apt-get install etcd-server")
        for index in range(MEMBERS):
            self._launch(index)
        end = time.monotonic() + START_SECONDS
        while self.leader() is None:
            if time.monotonic() > end:
                raise TestnetError(f"etcd has no leader after {START_SECONDS} s; see {self.directory}")
            time.sleep(0.2)

    def _launch(self, index):
        home = os.path.join(self.directory, f"member{index}")
        os.makedirs(home, exist_ok=True)
        client, peer = (f"http://127.0.0.1:{p[index]}" for p in (self.client_ports, self.peer_ports))
        everybody = ",".join(f"m{i}=http://127.0.0.1:{p}" for i, p in enumerate(self.peer_ports))
        with open(os.path.join(home, "etcd.log"), "ab") as log:
            self.processes[index] = subprocess.Popen(
                ["etcd", "--name", f"m{index}", "--data-dir", os.path.join(home, "data"),
                 "--listen-client-urls", client, "--advertise-client-urls", client,
                 "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer,
                 "--initial-cluster", everybody, "--initial-cluster-state", "new"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=owned.die_with_parent)

    def leader(self):
        """Index of the member that leads, as a majority says, or None."""
        leaders = []
        members = {}
        for index, port in enumerate(self.client_ports):
            try:
                told = rpc.call(port, "/v3/maintenance/status", {}, seconds=1.0)
                members[told["header"]["member_id"]] = index
                leaders.append(told.get("leader"))
            except (rpc.CallFailed, KeyError):
                continue
        for leader in leaders:
            if leader in members and 2 * leaders.count(leader) > MEMBERS:
                return members[leader]
        return None

    def kill(self, index):
        """SIGKILL to a member."""
        self.processes[index].kill()
        self.processes[index].wait()

    def kill_leader(self):
        """SIGKILL to the member that leads."""
        index = self.leader()
        if index is None:
            raise TestnetError("etcd has no leader to kill")
        self.kill(index)

    def freeze(self):
        """SIGSTOP to all members: nobody answers, and nobody refuses."""
        for process in self.processes:
            process.send_signal(signal.SIGSTOP)

    def thaw(self):
        """SIGCONT to all members."""
        for process in self.processes:
            process.send_signal(signal.SIGCONT)

    def end(self):
        """Ends all members."""
        for process in filter(None, self.processes):
            process.kill()
            process.wait()
