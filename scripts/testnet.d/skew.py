"""A clock that is off, for one process: libfaketime (Debian package `faketime`) shifts what the
process reads as the time of day. Its monotonic clock stays, as on a host whose clock was set wrong."""

import glob
import re

from plan import TestnetError

LIBRARY = "/usr/lib/*-linux-gnu/faketime/libfaketimeMT.so.1"


def shift(text):
    """Checks a shift such as `+2.5s` or `-1s`, for argparse."""
    if not re.fullmatch(r"[+-]\d{1,6}(\.\d{1,3})?s", text):
        raise TestnetError(f"{text!r} is no shift of a clock; write +2.5s or -1s")
    return text


def environment(clock):
    """What a process needs in its environment to live with that shift."""
    found = glob.glob(LIBRARY)
    if not found:
        raise TestnetError("libfaketime is missing; as root: apt-get install faketime")
    # Versions of libfaketime differ in the name of the switch that leaves the monotonic clock alone.
    return {"LD_PRELOAD": found[0], "FAKETIME": clock, "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
