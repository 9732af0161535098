# SPDX-License-Identifier: MIT
"""How fast traces are read, and in how much memory: `weft info` beside json-c line by line, on traces
that our recorder wrote of a ping-pong. Times are CPU time, of one core, from the page cache."""

import json
import os
import subprocess
import tempfile
import threading
import time

import peers
import table

SIZES = (10**5, 10**6, 10**7)
RATE_BAR, RATE_GOAL = 7e6, 10e6  # records a second; these are about the largest trace
RATIO_BAR = 8  # times json-c
MEMORY_BAR = 0.75  # anonymous memory over the file's size
PER_ROUND = 10  # records that a round of ping makes: two messages, each with five
PEERS = ("weft", "json-c")
HEAD = ["records", "MB", "weft info, M/s", "json-c, M/s", "weft/json-c", "MB anonymous", "of the file",
        "held"]


def programs(build):
    """What a build folder has, by name."""
    return {"ping": os.path.join(build, "examples", "ping"),
            "weft": os.path.join(build, "cli", "weft"),
            "json-c": os.path.join(build, "bench", "json-lines")}


def record(program, records, path):
    done = subprocess.run([program, "--rounds", str(max(1, records // PER_ROUND))],
                          env=dict(os.environ, WEFT_TRACE=path, WEFT_WORKERS="1"),
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise peers.Failed("%s: %s" % (program, done.stderr.strip()))


def anonymous(pid):
    """Bytes of anonymous memory that a process has now, 0 while it begins; None if it is gone."""
    try:
        with open("/proc/%d/status" % pid) as f:
            for line in f:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def run(command):
    """{"cpu_s", "anonymous", "records"} of a program that prints what it has counted as JSON."""
    peak = [0]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def watch():
        while True:
            now = anonymous(child.pid)
            if now is None:
                return
            peak[0] = max(peak[0], now)
            time.sleep(0.002)

    watcher = threading.Thread(target=watch)
    watcher.start()
    text = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    watcher.join()
    if child.returncode != 0:
        raise peers.Failed("%s: exit status %d" % (" ".join(command), child.returncode))
    return {"cpu_s": usage.ru_utime + usage.ru_stime, "anonymous": peak[0],
            "records": json.loads(text)["records"]}


def command_of(found, peer, path):
    more = ["info", "--format=json"] if peer == "weft" else []
    return [found[peer]] + more + [path]


class Size:
    """The samples on one trace; sample i of both was taken in round i."""

    def __init__(self, size_bytes):
        self.bytes = size_bytes
        self.records = 0
        self.samples = {peer: [] for peer in PEERS}

    def add(self, peer, sample):
        self.samples[peer].append(sample)
        self.records = self.records or sample["records"]

    def rates(self, peer):
        return [s["records"] / s["cpu_s"] for s in self.samples[peer]]

    def ratio(self):
        return table.Spread([a / b for a, b in zip(self.rates("weft"), self.rates("json-c"))])

    def memory(self):
        return max(s["anonymous"] for s in self.samples["weft"])

    def noisy(self):
        return any(not s["quiet"] for taken in self.samples.values() for s in taken)

    def verdict(self):
        rate = table.Spread(self.rates("weft")).median
        if (rate < RATE_BAR or self.ratio().median < RATIO_BAR or
                self.memory() > MEMORY_BAR * self.bytes):
            return "NO"
        return "goal" if rate >= RATE_GOAL else "bar"


def measure(found, sizes, rounds, take, over=lambda: False, say=lambda text: None):
    """{records wanted: Size}. `take` is a gate's."""
    results = {}
    with tempfile.TemporaryDirectory(prefix="weft-bench-") as folder:
        for wanted in sizes:
            path = os.path.join(folder, "%d.json" % wanted)
            say("recording %d" % wanted)
            record(found["ping"], wanted, path)
            size = Size(os.path.getsize(path))
            for i in range(rounds):
                if over() and i > 0:
                    break
                for peer in PEERS[i % 2:] + PEERS[:i % 2]:
                    say("reading %d: %s" % (wanted, peer))
                    size.add(peer, take(lambda peer=peer: run(command_of(found, peer, path))))
            results[wanted] = size
            os.unlink(path)
    return results


def millions(rates):
    spread = table.Spread([r / 1e6 for r in rates])
    return "%s ±%.0f%%" % (table.number(spread.median), spread.percent())


def row(size, judged):
    ratio = size.ratio()
    held = size.verdict() + (" ~" if size.noisy() else "") if judged else "-"
    return ["{:,}".format(size.records), table.number(size.bytes / 1e6), millions(size.rates("weft")),
            millions(size.rates("json-c")),
            "%.1f %.1f-%.1f" % (ratio.median, ratio.low, ratio.high),
            table.number(size.memory() / 1e6), "%.3f" % (size.memory() / size.bytes), held]


def rows(results):
    """Bars are about the largest trace."""
    return [HEAD] + [row(size, n == max(results)) for n, size in sorted(results.items())]


def as_json(results):
    return {str(n): {"bytes": size.bytes, "records": size.records, "samples": size.samples,
                     "held": size.verdict()} for n, size in results.items()}
