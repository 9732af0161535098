# SPDX-License-Identifier: MIT
"""What recording costs: scripts/bench --trace.

Our programs recorded and not, and built without the recorder; Go's with its own tracer and without;
all in turns, as the other rows. Files go to the page cache, and are removed when they have been
looked at.
"""

import os
import re
import shutil
import subprocess
import tempfile

import peers
import rows
import table

WANTED = ("weft", "weft recorded", "weft bare", "go", "go recorded")


def _run(row, workers, n, **more):
    return rows.Run(row, workers, n, **more)


SLOWED = [(title, _run(row, workers, n, size=size))
          for title, row, n, size in (("ping-pong, ns a round trip", "pingpong", 200000, None),
                                      ("ring of 1,000, ns a hop", "ring", 500000, None),
                                      ("sieve, 500 primes, us", "sieve", 4, 500))
          for workers in (1, 2)]
SCALES = {"sieve": 1e-3}
NOT_THERE = ("go", "go recorded", "weft bare")  # who has no part in these rows
STAMP = _run("stamp", 1, 10000000, fixed=True, without=NOT_THERE + ("weft recorded",))
BURSTS = _run("bursts", 1, 40000, size=10, fixed=True, without=NOT_THERE)
FLOOD = _run("bursts", 1, 600000, size=1, fixed=True, without=NOT_THERE + ("weft",))
RUNS = [STAMP, BURSTS, FLOOD] + [run for _, run in SLOWED]

# A time stamp took 9.8 ns where the bar of 20 ns and the goal of 12 were set.
STAMP_NS = 9.8


def records_in(path):
    """What the trace itself says in its last record."""
    with open(path, "rb") as f:
        f.seek(max(0, os.path.getsize(path) - 200))
        found = re.search(rb'"ev":"eof".*"n":(\d+)', f.read())
    if not found:
        raise peers.Failed("%s: the trace has no end" % path)
    return int(found.group(1))


class Recorded:
    """A program that writes a trace, which `look` is shown before it is removed."""

    def __init__(self, path, variable, look=None):
        self.path, self.variable, self.look = path, variable, look

    def run(self, run, n):
        more = {"WEFT_TRACE_BUFFER": "64M"} if run is BURSTS else {}
        with tempfile.TemporaryDirectory(prefix="weft-bench-") as folder:
            path = os.path.join(folder, "trace")
            sample = peers.run_plain(self.path, run, n, dict(more, **{self.variable: path}))
            sample["bytes"] = os.path.getsize(path)
            if self.look:
                sample.update(self.look(path))
        return sample


def programs(found, say):
    """From peers.build_all's programs to those of this table."""
    say("building weft without the recorder")
    made = {"weft": found["weft"], "weft bare": peers.build_weft("bare", "-Dtrace=false"),
            "weft recorded": Recorded(found["weft"], "WEFT_TRACE",
                                      lambda path: {"records": records_in(path)})}
    if "go" in found:
        made["go"], made["go recorded"] = found["go"], Recorded(found["go"], "BENCH_TRACE")
    return made


# ---- what is counted, not timed

def _instructions(program, row, n, folder):
    """count() of the first thread, the one worker: what others do depends on the time."""
    out = os.path.join(folder, "callgrind")
    command = ["valgrind", "--tool=callgrind", "--dump-instr=yes", "--separate-threads=yes",
               "--compress-pos=no",
               "--compress-strings=no", "--callgrind-out-file=" + out, program, row, str(n)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          env=peers.environment(1))
    if done.returncode != 0:
        raise peers.Failed("%s: exit status %d" % (" ".join(command), done.returncode))
    code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", program], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    sites = {int(m.group(1), 16)
             for m in re.finditer(r"^ *([0-9a-f]+):.*<weft__rec_events>", code, re.M)}
    return count(out + "-01", os.path.realpath(program), sites)


def count(listing, program, sites):
    """Instructions in callgrind's listing, and how often the program was at one of `sites`."""
    total = passed = 0
    called = ours = False
    with open(listing) as f:
        for line in f:
            if line.startswith("ob="):
                ours = line[3:].strip() == program
            elif line.startswith("calls="):
                called = True  # the next line has what the call cost, which is counted elsewhere
            elif line.startswith("0x"):
                if not called:
                    address, _, count = line.split()
                    total += int(count)
                    passed += int(count) if ours and int(address, 16) in sites else 0
                called = False
    return total, passed


def sites(found, say):
    """{row: (instructions more than without the recorder, sites passed)}, of one piece of work."""
    few, many, counted = 2000, 12000, {}
    with tempfile.TemporaryDirectory(prefix="weft-bench-") as folder:
        for row in ("pingpong", "yield"):
            cost = {}
            for peer in ("weft", "weft bare"):
                say("%s of %s by callgrind" % (row, peer))
                a, b = (_instructions(found[peer], row, n, folder) for n in (few, many))
                cost[peer] = [(y - x) / (many - few) for x, y in zip(a, b)]
            counted[row] = (cost["weft"][0] - cost["weft bare"][0], cost["weft"][1])
    return counted


def compressed(found, say):
    """{compressor: bytes a record} of a trace of ping-pong."""
    def look(path):
        sample = {"records": records_in(path)}
        for name, level in (("zstd", "-3"), ("gzip", "-6")):
            if shutil.which(name):
                say("%s %s" % (name, level))
                with open(path, "rb") as f, open(path + ".out", "wb") as out:
                    subprocess.run([name, level, "-c"], stdin=f, stdout=out, check=True)
                sample[name + " " + level] = os.path.getsize(path + ".out") / sample["records"]
        return sample

    taken = Recorded(found["weft"], "WEFT_TRACE", look).run(FLOOD, 100000)
    return {name: taken[name] for name in ("zstd -3", "gzip -6") if name in taken}


# ---- the tables

def _spread(samples, run, peer, value):
    values = [value(s) for s in samples.get(run.name, {}).get(peer, []) if s]
    return table.Spread(values) if values else None


def _rounds(samples, run, over, under, value):
    """The rounds' ratios of one peer's value to another's."""
    pairs = zip(samples.get(run.name, {}).get(over, []), samples.get(run.name, {}).get(under, []))
    values = [value(a) / value(b) for a, b in pairs if a and b]
    return table.Spread(values) if values else None


def _whole_ns(sample):
    """From the start of the program to its end, when the trace is in its file."""
    return sample["process_s"] * 1e9 / sample["n"]


def _times(spread):
    return "%.2f %.2f-%.2f" % (spread.median, spread.low, spread.high) if spread else "-"


def _noisy(samples, runs):
    return any(s and not s["quiet"] for run in runs for taken in samples.get(run.name, {}).values()
               for s in taken)


SLOW_HEAD = ["work", "w", "weft", "recorded", "times", "Go", "recorded", "times", "with/without"]


def slow_rows(samples):
    lines = [SLOW_HEAD]
    for title, run in SLOWED:
        def cell(peer):
            scale = SCALES.get(run.row, 1)
            spread = _spread(samples, run, peer, lambda s: _whole_ns(s) * scale)
            return table.number(spread.median) if spread else "-"

        lines.append([title, str(run.workers), cell("weft"), cell("weft recorded"),
                      _times(_rounds(samples, run, "weft recorded", "weft", _whole_ns)),
                      cell("go"), cell("go recorded"),
                      _times(_rounds(samples, run, "go recorded", "go", _whole_ns)),
                      _times(_rounds(samples, run, "weft", "weft bare", _whole_ns)) +
                      (" ~" if _noisy(samples, [run]) else "")])
    return lines


def _record_costs(samples):
    """ns of the recorded program's CPU a record, one for each round."""
    taken = samples.get(BURSTS.name, {})
    return [(on["worker_ns"] - off["worker_ns"]) * on["n"] * BURSTS.size / on["records"]
            for on, off in zip(taken.get("weft recorded", []), taken.get("weft", [])) if on and off]


def _times_within(samples):
    spread = _rounds(samples, BURSTS, "weft recorded", "weft", lambda s: s["worker_ns"])
    return [spread.low, spread.median, spread.high] if spread else []


def _in_stamps(samples):
    stamps = samples.get(STAMP.name, {}).get("weft", [])
    return [cost / s["counter_ns"] for cost, s in zip(_record_costs(samples), stamps) if s]


def _collector_s(sample):
    """All CPU time that was not the worker's."""
    return sample["process_cpu_s"] - sample["worker_ns"] * sample["n"] * 1e-9


def _judge(value, bar, goal, higher=False):
    sign = -1 if higher else 1
    if goal is not None and sign * value <= sign * goal:
        return "goal"
    return "bar" if sign * value <= sign * bar else "NO"


class Cost:
    """A row of the second table: a Spread or None, and what it must be."""

    def __init__(self, title, values, bar=None, goal=None, higher=False, runs=()):
        values = [v for v in values if v is not None]
        self.title, self.bar, self.goal, self.runs = title, bar, goal, runs
        self.spread = table.Spread(values) if values else None
        self.held = _judge(self.spread.median, bar, goal, higher) if self.spread and bar else ""

    def as_json(self):
        spread = self.spread
        return {"work": self.title, "bar": self.bar, "goal": self.goal, "held": self.held or None,
                "median": spread and spread.median, "low": spread and spread.low,
                "high": spread and spread.high, "rounds": spread and spread.n}

    def cells(self, samples):
        spread = self.spread
        return [self.title, table.number(spread.median) if spread else "-",
                "%s-%s" % (table.number(spread.low), table.number(spread.high)) if spread else "-",
                "" if self.bar is None else table.number(self.bar),
                "" if self.goal is None else table.number(self.goal),
                (self.held if spread else "-") + (" ~" if _noisy(samples, self.runs) else "")]


def costs(samples, counted, packed):
    def of(run, peer, value):
        return [value(s) for s in samples.get(run.name, {}).get(peer, []) if s]

    def flood(value):
        return of(FLOOD, "weft recorded", value)

    found = [Cost("instructions a site, off, %s (%.0f sites)" % (row, passed),
                  [more / passed], 3, None)
             for row, (more, passed) in counted.items() if passed]
    found += [
        Cost("a time stamp: the processor's counter, ns",
             of(STAMP, "weft", lambda s: s["counter_ns"]), runs=[STAMP]),
        Cost("a time stamp: clock_gettime, ns", of(STAMP, "weft", lambda s: s["clock_ns"]),
             runs=[STAMP]),
        Cost("a record, on, ns of the program's CPU", _record_costs(samples), 20, 12,
             runs=[BURSTS]),
        Cost("the same in time stamps of the same round", _in_stamps(samples), 20 / STAMP_NS,
             12 / STAMP_NS, runs=[BURSTS, STAMP]),
        Cost("ping-pong within the buffer, times the CPU", _times_within(samples), runs=[BURSTS]),
        Cost("records a second beyond the buffer, millions",
             flood(lambda s: s["records"] / s["process_s"] * 1e-6), 5, None, True, [FLOOD]),
        Cost("the collector's CPU for them, ns a record",
             flood(lambda s: _collector_s(s) / s["records"] * 1e9), runs=[FLOOD]),
        Cost("the collector's CPU for them, CPUs",
             flood(lambda s: _collector_s(s) / s["process_s"]), runs=[FLOOD]),
        Cost("bytes a record, JSON", flood(lambda s: s["bytes"] / s["records"]), 90, 75),
    ]
    return found + [Cost("bytes a record, " + name, [packed[name]], 16) for name in packed]


COST_HEAD = ["recording", "", "least-most", "bar", "goal", "held"]


def tables(samples, counted, packed):
    """Rows of cells, the first the heads: what recording costs, and what it slows down."""
    found = costs(samples, counted, packed)
    return [COST_HEAD] + [c.cells(samples) for c in found], slow_rows(samples), found


FOOT = ("Medians, and least to most, of the rounds. Recorded: from the start of the program until the "
        "trace is in\nits file, the page cache, beyond the buffer, nothing lost. with/without: not "
        "recorded, and built without the\nrecorder. ~ marks rows that never had the machine to themselves.")
