#!/usr/bin/env python3
"""A name server and an HTTPS front of nodeos on loopback, for scripts/package-check.

usage: names.py CERTIFICATE KEY SECONDS. reference.test is 127.0.0.1 by DNS (127.0.0.9:53);
https://reference.test:8443 and http on port 8080 are nodeos at http://127.0.0.1:8888, which itself
answers to no name. Ends by itself.
"""

import http.server
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.error
import urllib.request

KNOWN = "reference.test"
# Types and flags of RFC 1035.
A, IN, ANSWERED, NO_SUCH_NAME = 1, 1, 0x8580, 3


def answer(question):
    """The answer to a DNS question."""
    at, labels = 12, []
    while question[at]:
        labels.append(question[at + 1:at + 1 + question[at]].decode())
        at += question[at] + 1
    kind = struct.unpack(">H", question[at + 1:at + 3])[0]
    known = ".".join(labels).lower() == KNOWN
    count = 1 if known and kind == A else 0
    head = struct.pack(">HHHHH", ANSWERED if known else ANSWERED | NO_SUCH_NAME, 1, count, 0, 0)
    said = question[:2] + head + question[12:at + 5]
    if count:
        said += b"\xc0\x0c" + struct.pack(">HHIH", A, IN, 60, 4) + bytes([127, 0, 0, 1])
    return said


def serve_names():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.9", 53))
        while True:
            question, who = server.recvfrom(2048)
            server.sendto(answer(question), who)


class Front(http.server.BaseHTTPRequestHandler):
    """Passes questions on to nodeos."""

    protocol_version = "HTTP/1.1"

    def _pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = urllib.request.Request("http://127.0.0.1:8888" + self.path, data=body or None)
        try:
            with urllib.request.urlopen(asked, timeout=5) as said:
                code, text = said.status, said.read()
        except urllib.error.HTTPError as error:
            code, text = error.code, error.read()
        except OSError as error:
            code, text = 502, str(error).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = _pass_on


def main():
    certificate, key, seconds = sys.argv[1:]
    threading.Thread(target=serve_names, daemon=True).start()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 8443), Front)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    for one in (server, http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Front)):
        threading.Thread(target=one.serve_forever, daemon=True).start()
    time.sleep(float(seconds))


main()
