# SPDX-License-Identifier: MIT
"""What is measured: the runs, and the figures that are read off them, with bar and goal of each.

A Run is one command line of the benchmark programs, the same for all languages. A Figure is a row of
the table: one value of a run, ours beside theirs. Some runs give several figures, and the speed-up of
a second worker is read off two runs.
"""

PEERS = ("go", "boost", "epoll")


class Run:
    def __init__(self, row, workers, n, size=None, fixed=False, without=()):
        self.row = row  # the programs' name for it
        self.workers = workers
        self.n = n  # work to begin calibration with; about a tenth of a second in weft
        self.size = size
        self.fixed = fixed  # n is part of what is measured: not calibrated
        self.without = without  # peers that have no such thing
        self.name = "%s%s/%d" % (row, "" if size is None else "-%d" % size, workers)

    def has(self, peer):
        if peer == "boost" and self.workers > 1:
            return False  # its two threads are not measured: bench/boost/main.cpp
        return peer not in self.without and (peer != "epoll" or self.row == "echo")


class Figure:
    def __init__(self, title, run, key, bar, goal, scale=1.0, kind="ratio", base=None):
        self.title = title  # ends with its unit
        self.run = run
        self.key = key  # of the program's JSON
        self.bar = bar
        self.goal = goal
        self.scale = scale  # from the program's unit to the table's
        self.kind = kind  # "ratio" and "rate" to Go's (rate: higher is better); "bytes"; "speedup"
        self.base = base  # of a speed-up: the run with one worker


def _runs():
    runs = []

    def run(row, n, workers=(1, 2), **more):
        made = [Run(row, w, n, **more) for w in workers]
        runs.extend(made)
        return made

    return runs, run


def _table():
    runs, run = _runs()
    figures = []

    def figure(title, run_list, key, bars, goals, **more):
        for i, r in enumerate(run_list):
            figures.append(Figure(title, r, key, bars[i % len(bars)], goals[i % len(goals)],
                                  **more))

    figure("yield, ns a switch", run("yield", 5000000, (1,)), "ns", [0.30], [0.20])
    figure("ping-pong, ns a round trip", run("pingpong", 1000000), "ns",
           [0.36, 0.36], [0.25, 0.22])
    figure("buffered 128, 1 to 1, ns an item", run("buffered", 3000000, size=1), "ns",
           [0.62, 0.65], [0.42, 0.40])
    figure("buffered 128, 4 to 4, ns an item", run("buffered", 3000000, size=4), "ns",
           [0.62, 0.65], [0.42, 0.40])
    figure("ring of 1,000, ns a hop", run("ring", 2000000), "ns", [0.26, 0.32], [0.16, 0.20])
    figure("sieve, 2,000 primes, ms", run("sieve", 1), "ns", [0.55, 0.60], [0.42, 0.40],
           scale=1e-6)
    figure("spawn + join, 1,000 alive, ns", run("spawn", 1000000), "ns", [0.18, 0.20],
           [0.12, 0.12])
    figure("select over 4, ns an item", run("select", 500000, without=("boost",)), "ns",
           [0.28, 0.30], [0.20, 0.20])
    figure("mutex, uncontended, ns", run("mutex", 20000000, size=1), "ns", [1.0], [0.6])
    figure("mutex, 8 contending, ns", run("mutex", 5000000, (2,), size=8), "ns", [1.0], [0.5])
    figure("mutex, 8, yield while holding, ns", run("mutex-yield", 500000, (2,)), "ns", [0.6],
           [0.3])
    sleepers = run("sleepers", 100000, (2,), fixed=True)
    figure("100,000 sleepers, CPU ms", sleepers, "cpu_s", [1.0], [0.5], scale=1e3)
    figure("100,000 sleepers, mean late us", sleepers, "late_ns", [1.0], [0.5], scale=1e-3)
    figure("TCP echo, 64 connections, 1000/s", run("echo", 20000, (1,), without=("boost",)),
           "per_s", [1.15], [1.35], scale=1e-3, kind="rate")
    parked = run("parked", 1000000, (1,), fixed=True)
    figure("a parked coroutine, bytes", parked, "bytes", [4600], [4224], kind="bytes")
    figure("1,000,000 parked, create, ns", parked, "create_ns", [0.75], [0.60])
    figure("1,000,000 parked, wake + join, ns", parked, "wake_ns", [0.40], [0.25])
    jobs = run("jobs", 1000, without=("boost",))
    figures.append(Figure("1,000 jobs of 100 us, speed-up", jobs[1], "ns", 1.85, 1.95,
                          kind="speedup", base=jobs[0]))
    wake = run("wake", 4000, (2,), fixed=True)
    figure("send to idle worker, p50 us", wake, "wake_p50", [1.0], [0.5], scale=1e-3)
    figure("send to idle worker, p99 us", wake, "wake_p99", [1.0], [0.5], scale=1e-3)
    figure("yield beside ping-pong, p99 us", run("wait-yield", 1500, (1,), fixed=True), "wait_p99",
           [1.0], [0.5], scale=1e-3)
    figure("timer beside ping-pong, p99 us", run("wait-pair", 4000, fixed=True), "wait_p99",
           [1.0], [0.5], scale=1e-3)
    figure("timer beside 10 ms jobs, p99 us", run("wait-compute", 2500, fixed=True),
           "wait_p99", [1.0], [0.5], scale=1e-3)
    return runs, figures


RUNS, FIGURES = _table()


# No row: what the machine takes for the first touch of a page, of which each coroutine has one.
TOUCH = Run("touch", 1, 1000000, fixed=True, without=PEERS)
# Nor this: how often, and for how long in all, the machine stops who runs.
STOPS = Run("stops", 1, 1000, fixed=True, without=PEERS)
# Nor these, for which nobody has a row: a wake-up between two threads, beside the row "wake", and a
# moment that a loop waits for, beside "wait-pair".
WAKE_BARE = Run("wake-bare", 2, 4000, fixed=True, without=PEERS)
MOMENT_BARE = Run("moment-bare", 1, 4000, fixed=True, without=PEERS)
BARE = {"wake": WAKE_BARE, "wait-pair": MOMENT_BARE}
BARE_FIGURES = [Figure("wake of a bare thread, %s us" % p, WAKE_BARE, "wake_" + p, None, None,
                       scale=1e-3) for p in ("p50", "p99")]
BARE_FIGURES.append(Figure("a moment seen by a bare loop, p99 us", MOMENT_BARE, "wait_p99", None,
                           None, scale=1e-3))
LATENCIES = ("wake", "wait-pair", "wait-yield", "wait-compute")  # the rows that feel it


def growth_runs():
    """The ring, and pairs that play ping-pong, with more and more coroutines."""
    return [Run(row, workers, 1000000, size=size, without=("boost",))
            for row in ("ring", "pingpong")
            for workers in (1, 2, 4)
            for size in (10, 1000, 100000)]
