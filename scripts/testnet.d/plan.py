"""The fixed facts of one network: its nodes, names, ports, files. No process and no socket here."""

import json
import os
import string
from dataclasses import dataclass

# The public development key pair of EOSIO; every node of a test network signs with it.
PUBLIC_KEY = "EOS6MRyAjQq8ud7hVNYcfnVPJqcVpscN5So8BhtHuGYqET5GDW5CV"
PRIVATE_KEY = "5KQwrPbwdL6PhXujxW37FSSQZ1JiwsST4cqQzDeyXtP79zkvFD3"

OUR_PRODUCER = "eosstorebest"
# boot signs for all other producers; a, b, c carry our producer's key; f has no key and observes.
NODES = ("boot", "a", "b", "c", "f")
OURS = ("a", "b", "c")
STARTS_PAUSED = ("b", "c")

MAX_PRODUCERS = 21
DEFAULT_PORT_BASE = 18800
# Ports a network takes from its base on; networks side by side keep this distance.
PORTS_PER_NETWORK = 50
STATE_FILE = "network.json"


class TestnetError(Exception):
    """Something went wrong that the person at the terminal must read: cause and next step."""


def other_producers(total):
    """Names of the producers that boot signs for: all but ours."""
    return ["producer111" + letter for letter in string.ascii_lowercase[: total - 1]]


@dataclass
class Plan:
    """What `up` decided and every later command reads back."""

    dir: str
    port_base: int = DEFAULT_PORT_BASE
    producers: int = 4
    links_pid: int = 0
    pusher_pid: int = 0
    # The chain's first time, which makes its id another; nodeos's own where it is empty.
    genesis: str = ""

    @property
    def schedule(self):
        """Producer names in the order of the schedule, which is the order of names."""
        return sorted(other_producers(self.producers) + [OUR_PRODUCER])

    def _port(self, block, index):
        return self.port_base + 10 * block + index

    def http_port(self, node):
        """The node's own RPC port. Commands of the testnet use it; it cannot be muted."""
        return self._port(0, NODES.index(node))

    def p2p_port(self, node):
        """The node's own p2p port; nobody dials it directly, see `links`."""
        return self._port(1, NODES.index(node))

    def rpc_port(self, node):
        """The RPC port for the program under test: relayed, so that it can be muted."""
        return self._port(2, NODES.index(node))

    def control_port(self):
        """Where the relay process takes its orders."""
        return self._port(4, 0)

    def pairs(self):
        """Every pair of nodes once, as (dialler, listener, relay port): the later node dials."""
        found = []
        for j, dialler in enumerate(NODES):
            for listener in NODES[:j]:
                found.append((dialler, listener, self._port(3, len(found))))
        return found

    def all_ports(self):
        """Every TCP port the network listens on."""
        ports = [relay for _, _, relay in self.pairs()] + [self.control_port()]
        for node in NODES:
            ports += [self.http_port(node), self.p2p_port(node), self.rpc_port(node)]
        return sorted(ports)

    def path(self, *parts):
        """A path inside the network's directory."""
        return os.path.join(self.dir, *parts)

    def log(self, node):
        """The file a node's stdout and stderr go to."""
        return self.path(node + ".log")

    def save(self):
        """Writes the plan where `load` finds it; renamed into place, so never half there."""
        kept = {k: getattr(self, k) for k in ("port_base", "producers", "links_pid", "pusher_pid", "genesis")}
        temporary = self.path(STATE_FILE + ".new")
        with open(temporary, "w", encoding="utf-8") as out:
            json.dump(kept, out)
        os.replace(temporary, self.path(STATE_FILE))

    def genesis_file(self):
        """What nodeos reads its genesis from, where it is not its own."""
        return self.path("genesis.json")

    def save_genesis(self):
        """Writes it; what is not said in it is nodeos's own."""
        with open(self.genesis_file(), "w", encoding="ascii") as out:
            json.dump({"initial_timestamp": self.genesis, "initial_key": PUBLIC_KEY}, out)

    @classmethod
    def load(cls, directory):
        """The plan of the network in `directory`."""
        directory = os.path.abspath(directory)
        try:
            with open(os.path.join(directory, STATE_FILE), encoding="utf-8") as kept:
                return cls(dir=directory, **json.load(kept))
        except FileNotFoundError:
            raise TestnetError(
                f"there is no network in {directory}; start one with: "
                f"scripts/testnet up --dir {directory}"
            ) from None
        except (ValueError, TypeError) as error:
            raise TestnetError(f"{directory}/{STATE_FILE} is damaged ({error}); use up --fresh") from None


def known_node(name):
    """Checks a node's name for argparse."""
    if name not in NODES:
        raise TestnetError(f"no node {name!r}; the nodes are {', '.join(NODES)}")
    return name
