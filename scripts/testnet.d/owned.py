"""Processes that end with the one that started them, however that ends."""

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent():
    """For `preexec_fn`: the kernel kills this process when the thread that started it ends. Its own
    session keeps an interrupt at the terminal from reaching it before the tidy end."""
    os.setsid()
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
