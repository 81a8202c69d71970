"""All runs: which there are, in what order, several side by side, each in a process of its own."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter

import table

from scenarios import BY_NAME, NOBODY

# A network's own ports, and those of keepers and etcd.
PORTS_PER_RUN = 100
LOOK_SECONDS = 0.5


def results_file(directory):
    """Where the results are."""
    return os.path.join(directory, "results.jsonl")


def specs(scenarios, modes, producers, runs, seed, common):
    """What to run: first one of every cell, then the second of every cell…, so that whatever was done
    by the time somebody looks covers all. Within a pass the order is shuffled."""
    found = []
    for run in range(runs):
        cells = [(s, m, p) for s in scenarios for m in modes for p in producers if m in BY_NAME[s].modes]
        random.Random(f"{seed}/{run}").shuffle(cells)
        for scenario, mode, size in cells:
            found.append({"id": f"{scenario}/{mode}/{size}/{seed}.{run}", "scenario": scenario, "mode": mode,
                          "producers": size, "run": run, "runs": runs, "seed": seed, **common})
    return found


def lacking(wanted, results, least):
    """Of the wanted runs those of cells that have fewer than `least`, whatever build made them."""
    def cell(run):
        return run["scenario"], run["mode"], run["producers"]

    there, found = Counter(cell(r) for r in results if not r.get("error")), []
    for spec in wanted:
        if there[cell(spec)] < least:
            there[cell(spec)] += 1
            found.append(spec)
    return found


def expected_seconds(spec):
    """About how long a run takes at most: what `--time-limit` reckons with."""
    # A round and a half until the schedule's blocks are final, and on average half a round more.
    rounds, begin = spec["producers"] * 6, 1 + max(1.5, spec["warm_up_rounds"])
    waits = 3 if BY_NAME[spec["scenario"]].outcome == NOBODY or spec["mode"] == "none" else 2
    return 40 + rounds * (begin + waits + (1.2 if BY_NAME[spec["scenario"]].after else 0))


def run_all(wanted, directory, jobs, port_base, end, again):
    """Makes all runs that are not there yet, `jobs` at a time."""
    os.makedirs(directory, exist_ok=True)
    # Results of another build of eoskeeper are of no use.
    done = set() if again else {(r["id"], r.get("program")) for r in table.load(results_file(directory))
                                if not r.get("error")}
    waiting = [spec for spec in wanted if (spec["id"], spec["program"]) not in done]
    print(f"{len(waiting)} runs to make, {len(wanted) - len(waiting)} are there already", flush=True)
    places, total, made = [None] * jobs, len(waiting), 0
    try:
        while waiting or any(places):
            for place, child in enumerate(places):
                if child and child.process.poll() is not None:
                    places[place], made = None, made + 1
                    child.finish(directory, f"{made}/{total}")
                if places[place] is None and (spec := _next(waiting, end)):
                    places[place] = Child(spec, directory, port_base + place * PORTS_PER_RUN)
            time.sleep(LOOK_SECONDS)
            if not any(places) and waiting and _next(list(waiting), end) is None:
                print(f"the time is up; {len(waiting)} runs were not begun", flush=True)
                return
    finally:
        for child in filter(None, places):
            child.end()


def _next(waiting, end):
    """Takes the next run that ends in time out of the list."""
    for index, spec in enumerate(waiting):
        if end is None or time.monotonic() + expected_seconds(spec) < end:
            return waiting.pop(index)
    return None


class Child:
    """The process of one run."""

    def __init__(self, spec, directory, port_base):
        self.spec, self.began = spec, time.monotonic()
        self.home = os.path.join(directory, spec["id"].replace("/", "_"))
        shutil.rmtree(self.home, ignore_errors=True)
        os.makedirs(self.home)
        self.out = os.path.join(self.home, "result.json")
        given = {"spec": spec, "directory": os.path.join(self.home, "net"), "port_base": port_base,
                 "out": self.out}
        with open(os.path.join(self.home, "run.log"), "wb") as log:
            self.process = subprocess.Popen([sys.executable, sys.argv[0], "_one", json.dumps(given)],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def finish(self, directory, progress):
        """Keeps the result and says it in a line. Logs of a run that did well go."""
        try:
            with open(self.out, encoding="utf-8") as told:
                result = json.load(told)
        except (OSError, ValueError):
            why = f"the run's process ended with {self.process.returncode}; see {self.home}/run.log"
            result = dict(self.spec, error=why)
        with open(results_file(directory), "a", encoding="utf-8") as out:
            out.write(json.dumps(result) + "\n")
        faults = table.targets.faults_of(result)
        if not faults:
            shutil.rmtree(self.home, ignore_errors=True)
        missed = f" MISSED: {'; '.join(faults)}" if faults else ""
        print(f"[{progress}] {self.line(result)}{missed}", flush=True)

    def line(self, result):
        """What came out, in a few words."""
        took = time.monotonic() - self.began
        if result.get("error"):
            return f"{result['id']} ({took:.0f} s)"
        resumed = result["resumed_ms"]
        after = "" if resumed is None else f", resumed after {resumed / 1000:.1f} s"
        who = result["took_over"] or "nobody"
        # Blocks that the network lost by itself: this machine is too slow for what is asked of it.
        noise = f", {result['lost_before']} lost before the failure" if result["lost_before"] else ""
        return (f"{result['id']} ({took:.0f} s): {result['lost']} lost, {result['doubled']} doubled, "
                f"{who} took over{after}{noise}")

    def end(self):
        """Ends the run; its own end takes its network down."""
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
