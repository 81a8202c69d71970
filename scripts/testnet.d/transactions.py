"""Transactions, so that blocks differ.

Two nodes with one key and an idle chain make byte-identical blocks, and nobody can see that there
are two. A block with a transaction carries the CPU time its producer measured, so with a steady
flow of transactions two signers' blocks of one slot differ.
"""

import calendar
import hashlib
import os
import struct
import time

import nodes
import rpc
from plan import PUBLIC_KEY

EXPIRY_SECONDS = 60
NAME_LETTERS = ".12345abcdefghijklmnopqrstuvwxyz"


def name_value(text):
    """An account name as the chain's 64-bit number: 5 bits a letter, from the top."""
    return sum(NAME_LETTERS.index(c) << (59 - 5 * i) for i, c in enumerate(text))


def push(plan, node, count=1):
    """Pushes `count` transactions to `node`; returns their ids."""
    return [_push_one(plan, node) for _ in range(count)]


def keep_pushing(plan, node, pause):
    """Pushes one transaction each `pause` seconds until killed; a failure is printed and skipped."""
    while True:
        try:
            _push_one(plan, node)
        except rpc.CallFailed as error:
            print(time.strftime("%H:%M:%S"), error, flush=True)
        time.sleep(pause)


def _push_one(plan, node):
    info = nodes.info(plan, node)
    packed = pack(info, os.urandom(8)).hex()
    # The wallet lives on boot. It fills in nothing: it signs the digest of what it is given.
    digest = _digest(info["chain_id"], packed)
    signature = rpc.call(plan.http_port("boot"), "/v1/wallet/sign_digest", [digest, PUBLIC_KEY])
    sent = rpc.call(plan.http_port(node), "/v1/chain/push_transaction", {
        "signatures": [signature], "compression": "none",
        "packed_context_free_data": "", "packed_trx": packed})
    return sent["transaction_id"]


def pack(info, data):
    """One action `eosio::note` with arbitrary bytes, which `setprods.wat` accepts and ignores."""
    head_time = calendar.timegm(time.strptime(info["head_block_time"][:19], "%Y-%m-%dT%H:%M:%S"))
    head_id = bytes.fromhex(info["head_block_id"])
    number = struct.unpack(">I", head_id[:4])[0] & 0xFFFF
    prefix = struct.unpack("<I", head_id[8:12])[0]
    header = struct.pack("<IHI", head_time + EXPIRY_SECONDS, number, prefix) + b"\0\0\0"
    eosio, active = name_value("eosio"), name_value("active")
    action = struct.pack("<QQ", eosio, name_value("note"))
    action += b"\1" + struct.pack("<QQ", eosio, active) + bytes([len(data)]) + data
    # No context-free actions, one action, no extensions.
    return header + b"\0" + b"\1" + action + b"\0"


def _digest(chain_id, packed):
    text = bytes.fromhex(chain_id) + bytes.fromhex(packed) + bytes(32)
    return hashlib.sha256(text).hexdigest()
