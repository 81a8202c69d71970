"""What was sent to each service, as it reads: by the service's rules of markup, in a plain frame."""

import base64
import html
import json
import os
import re

STYLE = """body{margin:0;padding:14px;background:#fff;color:#1b1f24;font:15px/1.45 'DejaVu Sans',sans-serif}
.label{font-size:12px;color:#59636e;margin:0 0 8px}
.frame{border:1px solid #c8ced5;border-radius:6px;padding:12px 14px;margin:0 0 10px;overflow-wrap:anywhere}
img{display:block;width:100%;border:1px solid #c8ced5;margin:8px 0 0}
blockquote{margin:0;padding:0 0 0 10px;border-left:3px solid #8b949e}
pre{margin:0;font:12.5px/1.4 'DejaVu Sans Mono',monospace;white-space:pre-wrap;overflow-wrap:anywhere}
table{border-collapse:collapse;font-size:13.5px}td{padding:2px 12px 2px 0;vertical-align:top}
td:first-child{color:#59636e;white-space:nowrap}h4{margin:0 0 6px;font-size:17px}
.bar{border-left:5px solid;padding-left:10px}.name{font-weight:700;margin-top:8px}.small{font-size:12.5px;color:#59636e}
p{margin:6px 0}"""

LABELS = {
    "telegram": "A message in Telegram, as it reads",
    "wecom": "Messages in a WeCom group, as they read",
    "discord": "A message in Discord, as it reads",
    "slack": "A message in Slack, as it reads",
    "pagerduty": "The event that PagerDuty is sent",
    "webhook": "What the webhook is sent",
    "script": "What the script is given on its standard input",
    "cloudwatch": "What CloudWatch is told of the alarm (SetAlarmState)",
}


def page(name, sent):
    """The page of a channel, from the folder of what was sent."""
    with open(os.path.join(sent, name + ".json"), encoding="utf-8") as file:
        payload = json.load(file)
    pictures = []
    while os.path.exists(path := os.path.join(sent, f"{name}-{len(pictures) + 1}.png")):
        with open(path, "rb") as file:
            pictures.append(f'<img src="data:image/png;base64,{base64.b64encode(file.read()).decode()}">')
    body = globals()[name](payload, pictures)
    return (f"<!DOCTYPE html><html><head><meta charset=\"utf-8\"><style>{STYLE}</style></head><body>"
            f"<p class=\"label\">{LABELS[name]}</p>{body}</body></html>")


def frame(content):
    """A plain box."""
    return f'<div class="frame">{content}</div>'


def telegram(payload, pictures):
    """Telegram's HTML is a part of HTML; lines end where they end."""
    text = payload.get("text", "").replace("\n", "<br>").replace("</blockquote><br>", "</blockquote>")
    return frame(text) + (frame("".join(pictures)) if pictures else "")


def wecom(payload, pictures):
    """Three colours by name, bold, quotes, and calls."""
    colours = {"info": "#1a7f37", "comment": "#6e7781", "warning": "#c4570c"}
    lines = []
    for line in payload["markdown"]["content"].split("\n"):
        quote = line.startswith("> ")
        line = html.escape(line[2:] if quote else line, quote=False)
        line = re.sub(r'&lt;font color="(\w+)"&gt;(.*?)&lt;/font&gt;',
                      lambda m: f'<span style="color:{colours[m[1]]}">{m[2]}</span>', line)
        line = re.sub(r"\*\*(.*?)\*\*", r"<b>\1</b>", line)
        line = re.sub(r"&lt;@(\w+)&gt;", r"<b>@\1</b>", line)
        lines.append(f"<blockquote>{line}</blockquote>" if quote else f"<div>{line}</div>")
    return frame("".join(lines)) + "".join(frame(picture) for picture in pictures)


def marked(text):
    """Discord's markdown as far as it is used: bold, code, and what is escaped."""
    text = html.escape(text, quote=False)
    text = re.sub(r"\\([^A-Za-z0-9\s])", r"\1", text)
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", text)
    return text.replace("\n", "<br>")


def discord(payload, pictures):
    """The first embed has the text; each picture is in one."""
    first = payload["embeds"][0]
    parts = [f"<h4>{marked(first.get('title', ''))}</h4>", f"<p>{marked(first.get('description', ''))}</p>"]
    for field in first.get("fields", []):
        parts.append(f'<div class="name">{marked(field["name"])}</div><div>{marked(field["value"])}</div>')
    footer = first.get("footer", {}).get("text", "")
    parts += pictures
    parts.append(f'<p class="small">{html.escape(footer)}</p>')
    return frame(f'<div class="bar" style="border-color:#{first.get("color", 0):06x}">{"".join(parts)}</div>')


def mrkdwn(text):
    """Slack's: stars are bold, and three characters come escaped."""
    text = html.escape(html.unescape(text), quote=False)
    text = re.sub(r"(?<!\w)\*(.+?)\*(?!\w)", r"<b>\1</b>", text)
    return re.sub(r"`(.+?)`", r"<code>\1</code>", text).replace("\n", "<br>")


def slack(payload, _pictures):
    """Blocks, one below the other."""
    def text(block):
        value = block["text"] if isinstance(block["text"], dict) else block
        return html.escape(value["text"]) if value["type"] == "plain_text" else mrkdwn(value["text"])

    def blocks(all_of_them):
        parts = []
        for block in all_of_them:
            if block["type"] == "header":
                parts.append(f"<h4>{text(block)}</h4>")
            elif block["type"] == "context":
                parts.append('<p class="small">' + " ".join(text(part) for part in block["elements"]) + "</p>")
            elif block["type"] == "section":
                fields = "".join(f"<p>{text(field)}</p>" for field in block.get("fields", []))
                parts.append((f"<p>{text(block)}</p>" if "text" in block else "") + fields)
        return "".join(parts)

    body = payload["body"]
    content = blocks(body.get("blocks", []))
    for part in body.get("attachments", []):
        colour = html.escape(part.get("color", "#8b949e"))
        content += f'<div class="bar" style="border-color:{colour}">{blocks(part.get("blocks", []))}</div>'
    return frame(content)


def rows(pairs):
    """Names and values."""
    def value(of):
        if isinstance(of, dict):
            return rows(of.items())
        if isinstance(of, list):
            return "<br>".join(value(one) for one in of)
        return html.escape(str(of)).replace("\n", "<br>")

    return "<table>" + "".join(f"<tr><td>{html.escape(str(name))}</td><td>{value(of)}</td></tr>"
                               for name, of in pairs if of not in ("", None, [], {})) + "</table>"


def pagerduty(payload, _pictures):
    """The event, but for the key."""
    event = dict(payload["body"], routing_key="…")
    return frame(rows(event.items()))


def shown(value):
    """JSON, as a person reads it; paths of the day the picture was made are cut."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return html.escape(re.sub(r'"/tmp/eoskeeper-\w+/', '"/tmp/eoskeeper-…/', text), quote=False)


def webhook(payload, _pictures):
    """The headers that matter, and the body."""
    wanted = ("content-type", "x-eoskeeper-delivery", "x-eoskeeper-signature")
    headers = [f"{name}: {value}" for name, value in payload["headers"].items() if name.lower() in wanted]
    return frame(f"<pre>{html.escape(chr(10).join(headers), quote=False)}\n\n{shown(payload['body'])}</pre>")


def script(payload, _pictures):
    """Its standard input."""
    return frame(f"<pre>{shown(payload)}</pre>")


def cloudwatch(payload, _pictures):
    """The alarm, its state and why."""
    fields = {name: payload[name] for name in ("AlarmName", "StateValue", "StateReason") if name in payload}
    if "StateReasonData" in payload:
        fields["StateReasonData"] = json.loads(payload["StateReasonData"])
    return frame(rows(fields.items()))
