"""A receiver of the keepers' webhook messages that can refuse for a while."""

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MAX_BODY = 1 << 20


class Receiver:
    """Takes messages on a loopback port and keeps those it answered with 200, in their order."""

    def __init__(self, port):
        self.taken, self.refused, self.is_down = [], 0, False
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            """One POST."""

            timeout = 10

            def do_POST(self):  # noqa: N802, the name that http.server calls
                """Takes a message, or refuses it while the service is down."""
                length = min(int(self.headers.get("Content-Length") or 0), MAX_BODY)
                self.send_response(receiver.take(self.rfile.read(length)))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                """Nothing on the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, body):
        """The status for a message."""
        with self._lock:
            if self.is_down:
                self.refused += 1
                return 503
            try:
                self.taken.append((time.time(), json.loads(body)))
            except ValueError:
                return 400
            return 200

    def since(self, index):
        """What came from an index on."""
        with self._lock:
            return [message for _, message in self.taken[index:]]

    def __len__(self):
        with self._lock:
            return len(self.taken)

    def end(self):
        """Stops listening."""
        self._server.shutdown()
        self._server.server_close()


def faults_of(messages):
    """What of all messages of a run is lost or doubled, one sentence each."""
    found = [f"message {name} came {count} times" for name, count in
             Counter(message["id"] for message in messages).items() if count > 1]
    kinds = {}
    for message in messages:
        if message["incident"] and message["kind"] in ("raised", "resolved"):
            key = (message["node"], message["incident"])
            kinds.setdefault(key, []).append((message["kind"], message["cause"]))
    for (node, incident), came in kinds.items():
        for wanted in ("raised", "resolved"):
            count = sum(kind == wanted for kind, _ in came)
            if count != 1:
                found.append(f"{node}: {came[0][1]} ({incident}): {wanted} {count} times")
    return found
