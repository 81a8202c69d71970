"""The table of what the failures cost, from the results of all runs."""

import json
import statistics

import targets
from keepers import MODES
from plan import TestnetError
from scenarios import ALL

# Names of the two parts of the document that are written by this program.
TABLE, FAILURES = "failover-matrix", "failures"
# What is kept of a result.
KEPT = ("id", "scenario", "mode", "producers", "ttl_seconds", "program", "fault_at", "phase_ms", "in_turn",
        "after_at", "lost_before", "lost", "doubled", "doubled_alike", "took_over", "settled", "resumed_ms",
        "first_block_ms", "unpaused")
# Fewer runs than this have no median worth judging.
RUNS_OF_A_MEDIAN = 3


def load(path):
    """The results, the last one of each id; a line that was cut by a crash is left out."""
    found = {}
    try:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                try:
                    result = json.loads(line)
                    found[result["id"]] = result
                except (ValueError, KeyError):
                    continue
    except FileNotFoundError:
        return []
    return list(found.values())


def merged(before, now):
    """All results, the newer one of each id; in a steady order, so that a change shows as one."""
    found = {r["id"]: r for r in before} | {r["id"]: r for r in now}
    return sorted(found.values(), key=lambda r: (r.get("fault_at") or "", r["id"]))


def kept(result):
    """The line of a result that is kept: what the table is made of, without logs and paths."""
    return json.dumps({key: result[key] for key in KEPT if key in result}) + "\n"


def cell(results):
    """`min/median/max · doubled · time · runs` of the runs of one failure with one help, and what
    stands against it as sentences."""
    whole = [r for r in results if not r.get("error")]
    # Why a run broke off is in its log and in its result; the document is no place for paths.
    against = [f"{fault.partition(':')[0] if r.get('error') else fault} (run {r['id']})"
               for r in results for fault in targets.faults_of(r)]
    if not whole:
        return "not run to its end", against
    lost = sorted(r["lost"] for r in whole)
    median = statistics.median(lost)
    bounds = targets.target(whole[0]["scenario"], whole[0]["mode"], whole[0]["ttl_seconds"])
    # One or two moments are no median: a kill within our turn may cost a block.
    if bounds.lost_median is not None and len(lost) >= RUNS_OF_A_MEDIAN and median > bounds.lost_median:
        against.append(f"median of lost {median:g}, at most {bounds.lost_median} allowed")
    times = [r["resumed_ms"] for r in whole if r["resumed_ms"] is not None]
    took = _time(statistics.median(times)) if times else "–"
    text = (f"{lost[0]}/{median:g}/{lost[-1]} · {sum(r['doubled'] for r in whole)} · {took} · {len(whole)}")
    return (f"**{text}**" if against else text), against


def _time(ms):
    """Milliseconds where that says more."""
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"


def tables(results):
    """The Markdown of all results, and every miss as a sentence."""
    lines, misses = [], []
    for producers in sorted({r["producers"] for r in results}, reverse=True):
        mine = [r for r in results if r["producers"] == producers]
        modes = [m for m in MODES if any(r["mode"] == m for r in mine)]
        lines += [f"### {producers} producers, rounds of {producers * 6} s", "",
                  "| failure | " + " | ".join(modes) + " |", "|---" * (len(modes) + 1) + "|"]
        for scenario in ALL:
            row = [[r for r in mine if r["scenario"] == scenario.name and r["mode"] == m] for m in modes]
            if not any(row):
                continue
            cells = [cell(results) if results else ("", []) for results in row]
            lines.append(f"| `{scenario.name}` | " + " | ".join(text for text, _ in cells) + " |")
            for mode, (_, against) in zip(modes, cells):
                misses += [f"`{scenario.name}`, {producers} producers, {mode}: {what}" for what in against]
        lines.append("")
    lines += [origin(results), ""]
    if misses:
        lines += ["What missed its target:", ""] + [f"- {miss}." for miss in misses] + [""]
    return "\n".join(lines), misses


def origin(results):
    """When the runs were made and with which builds of eoskeeper, as one sentence."""
    days = sorted(r["fault_at"][:10] for r in results if r.get("fault_at")) or ["an unknown day"]
    when = days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"
    builds = sorted({r.get("program") or "unknown" for r in results})
    return f"{len(results)} runs of {when}, eoskeeper with SHA-256 {', '.join(f'`{b}…`' for b in builds)}."


def put(text, name, part):
    """The document with `part` between the markers of that name."""
    begin, end = markers(name)
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise TestnetError(f"the document needs {begin} and then {end}, once each")
    return text[:text.index(begin) + len(begin)] + "\n\n" + part.strip() + "\n\n" + text[text.index(end):]


def markers(name):
    """What stands before and after a part that is written by this program."""
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def failures():
    """The list of failures, as Markdown."""
    return "\n".join(f"- `{s.name}`: {s.sentence}; {s.outcome}." for s in ALL)
