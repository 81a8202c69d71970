"""Lets a node of a real network die and keeps what its keeper sends to every channel."""

import os
import shutil
import subprocess
import threading
import time

from service import CHANNELS, Service

# The pictures of an incident cover five minutes.
WATCH_SECONDS = 310
# How long everything may take that is not waited for on purpose.
PATIENCE_SECONDS = 120


class Failed(Exception):
    """Why nothing was taken."""


def take(root, directory, eoskeeper, port_base):
    """All of it; the network and the keeper end with it."""
    if not os.access(eoskeeper, os.X_OK):
        raise Failed(f"there is no {eoskeeper}; cargo build, or --eoskeeper")
    directory = os.path.abspath(directory)
    for inner in ("net", "sent", "mails", "state"):
        shutil.rmtree(os.path.join(directory, inner), ignore_errors=True)
    os.makedirs(os.path.join(directory, "sent"))
    os.makedirs(os.path.join(directory, "mails"))
    testnet = [os.path.join(root, "scripts", "testnet")]
    net = ["--dir", os.path.join(directory, "net")]
    run(testnet + ["up"] + net + ["--producers", "4", "--port-base", str(port_base), "--fresh",
                                 "--owner", str(os.getpid())])
    service = Service(os.path.join(directory, "sent"))
    threading.Thread(target=service.serve_forever, daemon=True).start()
    smtp = subprocess.Popen([os.path.join(root, "scripts", "smtp-server"), "run", "--dir",
                             os.path.join(directory, "mails")],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    keeper = None
    try:
        line = smtp.stdout.readline()
        if not line.startswith("listening on "):
            raise Failed("no SMTP server; scripts/smtp-server install")
        config = configure(directory, service.server_address[1], int(line.split()[-1]), port_base)
        with open(os.path.join(directory, "keeper.log"), "w", encoding="utf-8") as log:
            # Keys of no account: CloudWatch is played here too.
            env = dict(os.environ, AWS_ACCESS_KEY_ID="AKIAEXAMPLE", AWS_SECRET_ACCESS_KEY="none")
            keeper = subprocess.Popen([eoskeeper, "run", "-c", config], stdout=log, stderr=log, env=env)
        print(f"a keeper watches for {WATCH_SECONDS} s, so that its pictures are full", flush=True)
        try:
            keeper.wait(WATCH_SECONDS)
            raise Failed(f"the keeper ended; see {directory}/keeper.log")
        except subprocess.TimeoutExpired:
            pass
        run(testnet + ["kill", "a"] + net)
        wait(service, directory)
    finally:
        if keeper:
            keeper.terminate()
            keeper.wait(20)
        smtp.stdin.close()
        smtp.wait(10)
        service.shutdown()
        run(testnet + ["down"] + net)
    print(f"kept in {directory}: {', '.join(sorted(os.listdir(os.path.join(directory, 'sent'))))}")


def run(command):
    """Runs a command; its complaint is the failure's."""
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise Failed(f"{' '.join(command)}: {done.stderr.strip()}")


def wait(service, directory):
    """Waits until every channel was told of the beginning."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        missing = [name for name in CHANNELS if name not in service.told]
        if not os.path.exists(os.path.join(directory, "mails", "1.json")):
            missing.append("email")
        if not os.path.exists(os.path.join(directory, "sent", "script.json")):
            missing.append("script")
        if not missing:
            # Pictures follow their text.
            time.sleep(5)
            return
        time.sleep(1)
    raise Failed(f"not told within {PATIENCE_SECONDS} s: {', '.join(missing)}; see keeper.log")


def secret(directory, name, text):
    """A file that only its owner may read."""
    path = os.path.join(directory, name)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return path


def configure(directory, http, smtp, port_base):
    """Writes the keeper's configuration, with every channel."""
    url = f"http://127.0.0.1:{http}"
    script = os.path.join(directory, "notify.sh")
    sent = os.path.join(directory, "sent", "script.json")
    with open(script, "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\n[ \"$EOSKEEPER_KIND\" = raised ] || exit 0\ncat >'{sent}.part'\n"
                   f"mv '{sent}.part' '{sent}'\n")
    os.chmod(script, 0o755)
    text = f"""[global]
role = A
producer_name = eosstorebest
node_name = tokyo-1
http_port = {port_base + 21}
log_file = {directory}/net/a.log
[status]
listen = 127.0.0.1:{port_base + 41}
[state]
dir = {directory}/state
[references]
urls = http://127.0.0.1:{port_base + 20}, http://127.0.0.1:{port_base + 24}
[telegram]
token_file = {secret(directory, 'telegram.token', '123456:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw')}
chat_id = -1001234
api_url = {url}
bot = no
levels = page
[wecom]
key_file = {secret(directory, 'wecom.key', '693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa')}
api_url = {url}
mentioned = zhangsan
levels = page
[discord]
url_file = {secret(directory, 'discord.url', url + '/discord')}
levels = page
[slack]
url_file = {secret(directory, 'slack.url', url + '/slack')}
levels = page
[pagerduty]
url = {url}/pagerduty
routing_key_file = {secret(directory, 'pagerduty.key', '0123456789abcdef0123456789abcdef')}
levels = page
[webhook]
url = {url}/webhook
secret_file = {secret(directory, 'webhook.secret', 'a secret of these pictures alone, of no use elsewhere')}
levels = page
[script]
path = {script}
levels = page
[email]
smtp = 127.0.0.1:{smtp}
security = none
from = eoskeeper <eoskeeper@example.org>
to = ops@example.org
levels = page
[cloudwatch]
chain = eos
region = eu-central-1
endpoint_url = {url}
"""
    path = os.path.join(directory, "config.ini")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path
