"""One HTTP call to a node, with a deadline, and waiting for a condition, with a deadline."""

import json
import time
import urllib.error
import urllib.request

from plan import TestnetError

CALL_SECONDS = 3.0
MAX_BODY = 4 << 20


class CallFailed(TestnetError):
    """The node did not answer, or answered with an error; the text says which."""


def call(port, path, body=None, seconds=CALL_SECONDS, method="POST"):
    """Sends `body` as JSON and returns the parsed answer. nodeos answers 200, 201 or 202."""
    data = b"" if body is None else json.dumps(body).encode()
    data = data if method == "POST" else None
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=data, method=method)
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            return json.loads(answer.read(MAX_BODY))
    except urllib.error.HTTPError as error:
        raise CallFailed(f"{path} answered {error.code}: {_what(error)}") from None
    except (OSError, ValueError) as error:
        raise CallFailed(f"{path} on port {port}: {error}") from None


def _what(error):
    text = error.read(MAX_BODY).decode(errors="replace")
    try:
        reason = json.loads(text)["error"]
        details = "; ".join(d.get("message", "") for d in reason.get("details", []))
        return f"{reason.get('what')} ({details})"
    except (ValueError, KeyError, TypeError):
        return text[:300]


def wait_until(what, probe, seconds, pause=0.2, still_possible=None):
    """Calls `probe` until it returns something true, and returns that.

    A failed call counts as "not yet". `still_possible` may raise to end the wait early.
    """
    end = time.monotonic() + seconds
    last = "no answer yet"
    while True:
        try:
            found = probe()
            if found:
                return found
        except CallFailed as error:
            last = str(error)
        if still_possible:
            still_possible()
        if time.monotonic() >= end:
            raise TestnetError(f"waited {seconds:.0f} s for {what}: {last}")
        time.sleep(pause)
