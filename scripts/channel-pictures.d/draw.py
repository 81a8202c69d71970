"""Draws what was sent, with Chromium."""

import base64
import email
import email.policy
import os
import re
import subprocess
import tempfile

import pages
import png

# Pixels: a column that reads well in a document.
WIDTH = 680
BYTES_MAX = 60_000


class Failed(Exception):
    """Why nothing was drawn."""


def draw(directory, out, chromium):
    """Every channel's picture."""
    sent = os.path.join(directory, "sent")
    mail = os.path.join(directory, "mails", "1.eml")
    if not os.path.isdir(sent) or not os.path.exists(mail):
        raise Failed(f"{directory} holds nothing that was sent; take first")
    os.makedirs(out, exist_ok=True)
    every = {"email": html_of(mail)}
    for name in sorted(os.listdir(sent)):
        if name.endswith(".json"):
            every[name[:-5]] = pages.page(name[:-5], sent)
    for name, page in every.items():
        path = os.path.join(out, f"alarm-{name}.png")
        picture = png.small(shot(page, chromium))
        if len(picture) > BYTES_MAX:
            raise Failed(f"{path} would have {len(picture)} bytes, and a document takes {BYTES_MAX}")
        with open(path, "wb") as file:
            file.write(picture)
        print(f"{path}: {len(picture)} bytes")


def html_of(path):
    """The HTML of a mail, with its pictures in it as a mail program shows them."""
    with open(path, "rb") as file:
        mail = email.message_from_bytes(file.read(), policy=email.policy.default)
    pictures = {part["Content-ID"].strip("<>"): part.get_content() for part in mail.walk()
                if part.get_content_maintype() == "image"}
    html = next(part.get_content() for part in mail.walk() if part.get_content_type() == "text/html")

    def inline(match):
        return f"src=\"data:image/png;base64,{base64.b64encode(pictures[match[1]]).decode()}\""

    return re.sub(r'src="cid:([^"]+)"', inline, html)


def shot(page, chromium):
    """A picture of a page, as high as the page is."""
    with tempfile.TemporaryDirectory() as scratch:
        measured = os.path.join(scratch, "measured.html")
        with open(measured, "w", encoding="utf-8") as file:
            file.write(page + "<script>document.documentElement.dataset.high = "
                       "document.documentElement.scrollHeight</script>")
        dom = run(chromium, scratch, ["--window-size=%d,200" % WIDTH, "--dump-dom", measured])
        found = re.search(r'data-high="(\d+)"', dom)
        if not found:
            raise Failed("Chromium says no height")
        path = os.path.join(scratch, "page.html")
        with open(path, "w", encoding="utf-8") as file:
            file.write(page)
        size = f"--window-size={WIDTH},{found[1]}"
        run(chromium, scratch, [size, f"--screenshot={scratch}/page.png", path])
        with open(os.path.join(scratch, "page.png"), "rb") as file:
            return file.read()


def run(chromium, scratch, arguments):
    """Runs the browser on a page of ours: it asks nobody."""
    command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
               "--force-device-scale-factor=1", f"--user-data-dir={scratch}/profile"]
    try:
        done = subprocess.run(command + arguments, check=False, capture_output=True, text=True, timeout=60)
    except FileNotFoundError as error:
        raise Failed(f"no {chromium}; install it, or --chromium") from error
    except subprocess.TimeoutExpired as error:
        raise Failed("Chromium does not end within 60 s") from error
    if done.returncode:
        raise Failed(f"{chromium}: {done.stderr.strip()[-300:]}")
    return done.stdout
