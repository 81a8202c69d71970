"""The services of the channels on loopback: each takes what it is sent, and keeps the first of it."""

import base64
import email
import email.policy
import gzip
import http.server
import json
import os
import time
import urllib.parse

# What must be told here; the mail and the script have files of their own.
CHANNELS = ("telegram", "wecom", "discord", "slack", "pagerduty", "webhook", "cloudwatch")


class Service(http.server.ThreadingHTTPServer):
    """The server; `told` names the channels that were told of the beginning."""

    def __init__(self, directory):
        super().__init__(("127.0.0.1", 0), Handler)
        self.directory = directory
        self.told = set()
        self.pictures = {}

    def keep(self, name, value):
        """Keeps the first text of a channel."""
        if name not in self.told:
            with open(os.path.join(self.directory, name + ".json"), "w", encoding="utf-8") as file:
                json.dump(value, file, indent=1, ensure_ascii=False)
            self.told.add(name)

    def keep_picture(self, name, png):
        """Keeps a picture of a channel: NAME-1.png, NAME-2.png."""
        number = self.pictures[name] = self.pictures.get(name, 0) + 1
        with open(os.path.join(self.directory, f"{name}-{number}.png"), "wb") as file:
            file.write(png)


class Handler(http.server.BaseHTTPRequestHandler):
    """One request."""

    def do_POST(self):
        """Sorts it by its path."""
        body = self.body()
        first = self.path.split("?")[0].strip("/").split("/")[0]
        if first.startswith("bot"):
            self.telegram(body)
        elif first == "cgi-bin":
            self.wecom(json.loads(body))
        elif first == "discord":
            self.discord(body)
        elif not first:
            self.cloudwatch(body)
        elif first in CHANNELS:
            self.server.keep(first, {"headers": dict(self.headers.items()), "body": json.loads(body)})
            self.answer({"status": "success"}, 202 if first == "pagerduty" else 200)
        else:
            self.answer({}, 404)

    def do_PATCH(self):
        """An edit."""
        self.body()
        self.answer({"id": "1175829384756"})

    def body(self):
        """The body, whole."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while True:
                size = int(self.rfile.readline().strip() or b"0", 16)
                parts.append(self.rfile.read(size))
                self.rfile.readline()
                if not size:
                    return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def form(self, body):
        """The fields of a form: name, and bytes."""
        head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
        form = email.message_from_bytes(head + body, policy=email.policy.HTTP)
        return [(part.get_param("name", header="content-disposition"), part.get_filename(),
                 part.get_payload(decode=True)) for part in form.iter_parts()]

    def telegram(self, body):
        """Texts and photos of the chat."""
        method = self.path.rsplit("/", 1)[-1]
        if method in ("sendPhoto", "sendMediaGroup"):
            for name, file, content in self.form(body):
                if file:
                    self.server.keep_picture("telegram", content)
                elif name == "caption" and method == "sendPhoto":
                    self.server.keep("telegram", {"text": content.decode()})
        elif method == "sendMessage":
            self.server.keep("telegram", json.loads(body))
        message = {"message_id": 7, "date": int(time.time()),
                   "chat": {"id": -1001234, "type": "supergroup", "title": "alarms"}}
        self.answer({"ok": True, "result": [message] if method == "sendMediaGroup" else message})

    def wecom(self, body):
        """Markdown and images of the group."""
        if body["msgtype"] == "image":
            self.server.keep_picture("wecom", base64.b64decode(body["image"]["base64"]))
        else:
            self.server.keep("wecom", body)
        self.answer({"errcode": 0, "errmsg": "ok"})

    def discord(self, body):
        """A message with its files."""
        if self.headers["Content-Type"].startswith("multipart"):
            for name, file, content in self.form(body):
                if file:
                    self.server.keep_picture("discord", content)
                elif name == "payload_json":
                    self.server.keep("discord", json.loads(content))
        else:
            self.server.keep("discord", json.loads(body))
        self.answer({"id": "1175829384756"})

    def cloudwatch(self, body):
        """Amazon's query protocol; an alarm that is set is what tells people."""
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        form = dict(urllib.parse.parse_qsl(body.decode()))
        action = form.get("Action", "")
        is_page = form.get("AlarmName", "").endswith("/page")
        if action == "SetAlarmState" and form.get("StateValue") == "ALARM" and is_page:
            self.server.keep("cloudwatch", form)
        space = "http://monitoring.amazonaws.com/doc/2010-08-01/"
        text = (f'<{action}Response xmlns="{space}"><ResponseMetadata><RequestId>1</RequestId>'
                f"</ResponseMetadata></{action}Response>")
        self.send(200, "text/xml", text.encode())

    def answer(self, value, status=200):
        """Answers with JSON."""
        self.send(status, "application/json", json.dumps(value).encode())

    def send(self, status, kind, body):
        """Answers."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing."""
