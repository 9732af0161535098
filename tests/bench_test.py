# SPDX-License-Identifier: MIT
#
# The benchmarks measure what they say and print what scripts/bench reads; and scripts/bench, with made-up
# programs, clocks and samples: what counts, what is taken again, and how bars are judged. No times are
# measured here.
import importlib.machinery
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import xml.dom.minidom

import tap
from tap import BUILD, SOURCE, Skip, run, same

sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("bench", str(SOURCE / "scripts" / "bench"))
bench = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench", loader))
loader.exec_module(bench)
gates, peers, rows, table, reading = (bench.gates, bench.peers, bench.rows, bench.table,
                                      bench.reading)
import plot  # noqa: E402 (its folder is known to Python only now)
import trace_cost  # noqa: E402

OURS = str(BUILD / "bench" / "bench")
# Work enough to pass through every line; sizes that differ from the usual ones.
TINY = {"yield": "1000", "pingpong": "1000", "ring": "3000", "buffered": "1000", "select": "1000",
        "sieve": "1", "bursts": "100", "stamp": "1000", "spawn": "2000", "parked": "300", "mutex": "1000", "mutex-yield": "1000",
        "sleepers": "100", "jobs": "2", "wake": "3", "wait-pair": "20", "wait-yield": "20",
        "wait-compute": "30", "touch": "100", "stops": "20", "wake-bare": "3", "moment-bare": "3"}
KEYS = {"parked": {"create_ns", "wake_ns", "bytes"},
        "bursts": {"worker_ns"}, "stamp": {"counter_ns", "clock_ns"},
        "sleepers": {"late_ns", "late_p50", "late_p99"}, "wake": {"wake_p50", "wake_p99"},
        "wait-pair": {"wait_p50", "wait_p99", "waits"},
        "wait-yield": {"wait_p50", "wait_p99", "waits"},
        "wait-compute": {"wait_p50", "wait_p99", "waits"},
        "stops": {"stops_per_s", "stopped"}, "wake-bare": {"wake_p50", "wake_p99"},
        "moment-bare": {"wait_p50", "wait_p99"}}
ALWAYS = {"row", "n", "size", "wall_s", "cpu_s", "ns"}


# ---- the programs

def check_row(program, row, workers, size=None):
    command = [program, row, TINY[row]] + ([str(size)] if size else [])
    got = run(*command, env={"WEFT_WORKERS": str(workers), "GOMAXPROCS": str(workers)})
    same(got.returncode, 0, f"{command}: {got.stderr}: exit status")
    sample = json.loads(tap.one_line(got.stdout))
    same(set(sample), ALWAYS | KEYS.get(row, set()), "its keys")
    same((sample["row"], sample["n"]), (row, int(TINY[row])))
    assert sample["wall_s"] > 0 and sample["cpu_s"] >= 0 and sample["ns"] > 0, sample
    if size:
        same(sample["size"], size, "size")


def check_all_rows(program, peer):
    for each in rows.RUNS:
        if each.row in TINY and each.has(peer):
            check_row(program, each.row, each.workers,
                      each.size or {"ring": 50, "pingpong": 6, "jobs": 2}.get(each.row))


@tap.test("each_row_of_ours_prints_its_line")
def _(folder):
    check_all_rows(OURS, "weft")
    check_row(OURS, "pingpong", 4, size=100)
    check_row(OURS, "sieve", 2, size=7)
    check_row(OURS, "bursts", 1, size=3)
    check_row(OURS, "stamp", 1)
    for each in (rows.TOUCH, rows.STOPS, *rows.BARE.values()):
        check_row(OURS, each.row, each.workers)


@tap.test("each_row_in_go_prints_the_same_line")
def _(folder):
    if not shutil.which("go"):
        raise Skip("no go")
    out = folder / "go"
    env = dict(os.environ, GO111MODULE="off", GOFLAGS="", GOCACHE=str(folder / "cache"))
    subprocess.run(["go", "build", "-o", out] + sorted((SOURCE / "bench" / "go").glob("*.go")),
                   env=env, check=True)
    check_all_rows(out, "go")
    check_row(out, "sieve", 2, size=7)
    recorded = trace_cost.Recorded(str(out), "BENCH_TRACE").run(rows.Run("ring", 1, 1, size=50), 1000)
    assert recorded["bytes"] > 1000, recorded


@tap.test("each_row_in_boost_prints_the_same_line")
def _(folder):
    if not os.path.exists("/usr/include/boost/fiber/all.hpp") or not shutil.which("g++"):
        raise Skip("no Boost.Fiber")
    out = folder / "boost"
    subprocess.run(["g++", "-std=c++17", "-O1", "-pthread", "-o", out] +
                   sorted((SOURCE / "bench" / "boost").glob("*.cpp")) +
                   ["-lboost_fiber", "-lboost_context"], check=True)
    check_all_rows(out, "boost")


@tap.test("every_row_of_the_table_is_tried_here")
def _(folder):
    same({r.row for r in rows.RUNS} - set(TINY), {"echo"})


@tap.test("a_row_that_is_not_there_and_no_work_are_refused")
def _(folder):
    for args in (["nosuch", "1"], ["yield", "0"], ["yield", "x"], ["yield"], []):
        got = run(OURS, *args)
        same((got.returncode, got.stdout), (2, ""), str(args))
        assert got.stderr, args


def echo_through(server_command):
    server = subprocess.Popen(server_command, stdout=subprocess.PIPE, encoding="utf-8",
                              env=dict(os.environ, WEFT_WORKERS="1", GOMAXPROCS="1"))
    try:
        port = str(json.loads(server.stdout.readline())["port"])
        got = run(BUILD / "bench" / "echo-client", port, "8", "500")
        same(got.returncode, 0, got.stderr)
        sample = json.loads(tap.one_line(got.stdout))
        same((sample["n"], sample["size"]), (500, 8))
        assert sample["per_s"] > 0 and 0 < sample["answer_p50"] <= sample["answer_p99"], sample
        assert json.loads(tap.one_line(server.stdout.read()))["cpu_s"] > 0
        same(server.wait(timeout=30), 0, "the server's exit status")
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


@tap.test("the_client_echoes_through_ours_and_the_bare_loop_and_ends_them")
def _(folder):
    echo_through([OURS, "echo", "8"])
    echo_through([BUILD / "bench" / "echo-epoll", "echo", "8"])


# ---- the gate

STAT = "cpu  100 10 50 9000 77 3 4 5 60 7\ncpu0 1 2 3 4 5 6 7 8 9 10\n"


@tap.test("stolen_time_counts_as_busy_and_waiting_for_disks_as_idle")
def _(folder):
    same(gates.busy_ticks(STAT), 100 + 10 + 50 + 3 + 4 + 5)


@tap.test("foreign_load_is_what_is_busy_less_our_own")
def _(folder):
    before, after = gates.Reading(10.0, 1000, 2.0), gates.Reading(12.0, 1260, 4.2)
    assert abs(gates.foreign_cores(before, after, 100) - 0.2) < 1e-9
    same(gates.foreign_cores(gates.Reading(0.0, 0, 0.0), gates.Reading(1.0, 50, 1.0), 100), 0.0)
    same(gates.foreign_cores(before, before, 100), 0.0, "of no time at all")


class Machine:
    """Time that passes only by sleeping and measuring, and foreign load as it is told to be."""

    def __init__(self, loads):
        self.loads = loads  # of the samples, one after the other; the last goes on
        self.now, self.ticks, self.taken, self.slept = 0.0, 0.0, 0, 0

    def read(self):
        return gates.Reading(self.now, self.ticks, 0.0)

    def sleep(self, seconds):
        self.now += seconds
        self.slept += 1

    def measure(self):
        load = self.loads[min(self.taken, len(self.loads) - 1)]
        self.taken += 1
        self.now += 1.0
        self.ticks += load * gates.TICK
        return {"ns": self.taken}

    def gate(self, **more):
        return gates.Gate(read=self.read, sleep=self.sleep, clock=lambda: self.now, **more)


@tap.test("a_quiet_sample_counts_at_once")
def _(folder):
    m = Machine([0.05])
    same(m.gate().take(m.measure), {"ns": 1, "foreign": 0.05, "quiet": True})
    same((m.taken, m.slept), (1, 0))


@tap.test("a_disturbed_sample_is_taken_again_until_one_is_quiet")
def _(folder):
    m = Machine([0.5, 0.08, 0.02])
    gate = m.gate()
    same(gate.take(m.measure), {"ns": 3, "foreign": 0.02, "quiet": True})
    same(gate.repeated, 2, "repeated")


@tap.test("of_samples_that_never_were_quiet_the_least_disturbed_is_kept_and_marked")
def _(folder):
    m = Machine([0.9, 0.3, 0.5])
    same(m.gate(tries=3).take(m.measure), {"ns": 2, "foreign": 0.3, "quiet": False})
    same(m.taken, 3, "tries")


@tap.test("without_a_gate_a_disturbed_sample_counts_but_is_marked")
def _(folder):
    m = Machine([0.9])
    same(m.gate(enabled=False).take(m.measure), {"ns": 1, "foreign": 0.9, "quiet": False})


@tap.test("when_time_is_up_nothing_is_taken_again")
def _(folder):
    m = Machine([0.9])
    m.gate(end=0.5).take(m.measure)
    same(m.taken, 1, "tries")


def busy_all_the_time(**more):
    m = Machine([0.9])
    gate, sleep = m.gate(**more), m.sleep
    gate.sleep = lambda s: (sleep(s), setattr(m, "ticks", m.ticks + s * gates.TICK))
    return m, gate


@tap.test("waiting_for_quiet_is_bounded")
def _(folder):
    m, gate = busy_all_the_time(tries=2, patience=3.0)
    gate.take(m.measure)
    same((m.taken, m.slept), (2, 6))


@tap.test("what_is_spent_on_waiting_in_all_is_bounded_too")
def _(folder):
    m, gate = busy_all_the_time(tries=9, patience=3.0, spare=10.0)
    for _ in range(20):
        assert not gate.take(m.measure)["quiet"]
    same((m.taken, m.slept, gate.repeated), (20 + 2, 16, 2))


# ---- the table

def made(values, quiet=True, key="ns"):
    return [None if v is None else {key: v, "quiet": quiet} for v in values]


def result(weft, go, bar=0.5, goal=0.25, kind="ratio", quiet=True, **more):
    figure = rows.Figure("work", rows.Run("r", 1, 1), "ns", bar, goal, kind=kind, **more)
    return table.Result(figure, {"r/1": {"weft": made(weft, quiet), "go": made(go)}})


@tap.test("spreads_know_median_and_extent")
def _(folder):
    s = table.Spread([9.0, 10.0, 14.0])
    same((s.median, s.low, s.high, s.percent()), (10.0, 9.0, 14.0, 25.0))


@tap.test("ratios_are_taken_round_by_round")
def _(folder):
    r = result([10, 40, 30], [100, 100, 60])  # 0.1, 0.4, 0.5
    same((r.ratios.median, r.ratios.low, r.ratios.high, r.verdict()), (0.4, 0.1, 0.5, "bar"))
    same(result([10, None, 30], [100, 100, None]).ratios.n, 1, "rounds with both")


@tap.test("bars_and_goals_are_judged_in_the_right_direction")
def _(folder):
    same([result([v], [100]).verdict() for v in (25, 26, 50, 51)], ["goal", "bar", "bar", "NO"])
    rate = [result([v], [100], 1.15, 1.35, "rate").verdict() for v in (135, 134, 115, 114)]
    same(rate, ["goal", "bar", "bar", "NO"])
    size = [result([v], [1], 4600, 4224, "bytes").verdict() for v in (4224, 4600, 4601)]
    same(size, ["goal", "bar", "NO"])
    same(result([1], []).verdict(), "-", "without Go")


@tap.test("a_speed_up_is_one_worker_over_two_and_not_below_gos")
def _(folder):
    base = rows.Run("r", 1, 1)
    figure = rows.Figure("jobs", rows.Run("r", 2, 1), "ns", 1.85, 1.95, kind="speedup", base=base)

    def judged(ours, theirs):
        r = table.Result(figure, {"r/1": {"weft": made([200]), "go": made([200])},
                                  "r/2": {"weft": made([ours]), "go": made([theirs])}})
        return round(r.judged(), 2), r.verdict()

    same(judged(100, 100), (2.0, "goal"))
    same(judged(106, 106), (1.89, "bar"))
    same(judged(106, 100), (1.89, "NO"), "below Go's")
    same(judged(120, 150), (1.67, "NO"), "below the bar")


@tap.test("a_disturbed_sample_marks_the_row")
def _(folder):
    text = table.terminal([result([25], [100], quiet=False), result([25], [100])])
    same([line.endswith("~") for line in text.splitlines()], [False, True, False])


@tap.test("the_table_fits_a_terminal_and_markdown_has_a_cell_for_each_column")
def _(folder):
    worst = [table.Result(f, {r.name: {p: made([123456, 234567, 345678], False, f.key)
                                       for p in ("weft", "go", "boost")} for r in rows.RUNS})
             for f in rows.FIGURES if f.kind == "ratio" and f.scale <= 1e-3]
    assert worst and max(len(x) for x in table.terminal(worst).splitlines()) <= 100
    for line in table.markdown(worst).splitlines():
        same(line.count("|"), len(table.HEAD) + 1, line)


@tap.test("numbers_have_three_digits_that_count")
def _(folder):
    same([table.number(x) for x in (0.123, 4.567, 12.34, 123.4, 12345.6, None)],
         ["0.12", "4.57", "12.3", "123", "12,346", "-"])


@tap.test("twice_the_median_is_steady_and_more_is_not")
def _(folder):
    figure = rows.Figure("work", rows.Run("r", 2, 1), "ns", 1.0, 0.5, scale=0.5)
    same(bench.steadiness(figure, made([10, 10, 20])), ["work", "3", "5.00", "2.00", "steady"])
    same(bench.steadiness(figure, made([10, 10, 20.1]))[-1], "NOT STEADY")


@tap.test("a_table_goes_into_its_section_and_nothing_else_changes")
def _(folder):
    path = folder / "page.md"
    path.write_text("a\n<!-- bench: table -->\nold\n<!-- bench: end -->\nb\n"
                    "<!-- bench: steady -->\nx\n<!-- bench: end -->\n")
    bench.put_into(path, "table", "new")
    same(path.read_text(), "a\n<!-- bench: table -->\nnew\n<!-- bench: end -->\nb\n"
         "<!-- bench: steady -->\nx\n<!-- bench: end -->\n")
    try:
        bench.put_into(path, "other", "new")
        assert False, "no error"
    except peers.Failed as why:
        assert "no section other" in str(why), why


@tap.test("a_file_that_cannot_take_the_table_is_told_before_the_measuring")
def _(folder):
    for path, what in ((folder / "none.md", "No such file"), (folder / "empty.md", "no section table")):
        (folder / "empty.md").write_text("")
        sys.argv = ["bench", "--into", str(path)]
        built, peers.build_all = peers.build_all, lambda say: 1 / 0
        try:
            bench.main()
            assert False, "no error"
        except peers.Failed as why:
            assert what in str(why), why
        finally:
            peers.build_all = built


# ---- reading

def read_size(rate, json_rate, anonymous, size_bytes=1000):
    size = reading.Size(size_bytes)
    for factor in (0.9, 1.0, 1.3):
        for peer, r in (("weft", rate), ("json-c", json_rate)):
            size.add(peer, {"records": 10, "cpu_s": 10 / (r * factor), "anonymous": anonymous,
                            "quiet": True})
    return size


@tap.test("reading_is_measured_on_traces_of_our_own")
def _(folder):
    found = reading.programs(str(BUILD))
    if not os.path.exists(found["weft"]):
        raise Skip("no weft command")
    large = 200000  # who reads it is there for long enough to be seen
    results = reading.measure(found, (1000, large), 2, gates.Gate(enabled=False).take)
    same(sorted(results), [1000, large])
    for wanted, size in results.items():
        assert wanted <= size.records < wanted + 50, size.records
        for peer in reading.PEERS:
            same([s["records"] for s in size.samples[peer]], [size.records] * 2, peer)
            assert all(s["cpu_s"] > 0 for s in size.samples[peer]), peer
    assert results[large].memory() > 0
    same([len(r) for r in reading.rows(results)], [len(reading.HEAD)] * 3)


@tap.test("reading_is_judged_by_rate_ratio_and_memory")
def _(folder):
    same(read_size(11e6, 1e6, 750).verdict(), "goal")
    same(read_size(7e6, 0.8e6, 750).verdict(), "bar")
    same(read_size(6.9e6, 0.1e6, 0).verdict(), "NO")
    same(read_size(11e6, 1.4e6, 0).verdict(), "NO")
    same(read_size(11e6, 1e6, 751).verdict(), "NO")
    both = {10: read_size(1e6, 1e6, 9999), 20: read_size(11e6, 1e6, 1)}
    same([r[-1] for r in reading.rows(both)[1:]], ["-", "goal"])


# ---- the run

def fake_bench(run_once, programs=("weft", "go"), **more):
    peers.run_once = run_once
    return bench.Bench({p: p for p in programs}, gates.Gate(enabled=False),
                       more.get("sample_s", 1.0), more.get("end", float("inf")))


@tap.test("work_is_scaled_until_a_sample_is_long_enough")
def _(folder):
    b = fake_bench(lambda program, r, n: {"ns": 10.0, "wall_s": n * 10e-9})
    taken = b.sample(rows.Run("r", 1, 1000), "weft")
    assert 1.0 <= taken["wall_s"] < 1.5, taken
    fixed = b.sample(rows.Run("f", 1, 1000, fixed=True), "weft")
    assert abs(fixed["wall_s"] - 1e-5) < 1e-12, fixed
    b.shrink = 10
    fixed = b.sample(rows.Run("f", 1, 1000, fixed=True), "weft")
    assert abs(fixed["wall_s"] - 1e-6) < 1e-12, fixed


@tap.test("ours_and_theirs_take_turns_and_each_is_first_once")
def _(folder):
    order = []

    def once(program, r, n):
        order.append((r.row, program))
        return {"ns": 1.0, "wall_s": 1.0}

    runs = [rows.Run("a", 1, 1, fixed=True), rows.Run("b", 1, 1, fixed=True)]
    samples, rounds = bench.measure(fake_bench(once), runs, 2)
    same(order, [("a", "weft"), ("a", "go"), ("b", "weft"), ("b", "go"),
                 ("a", "go"), ("a", "weft"), ("b", "go"), ("b", "weft")])
    same((rounds, len(samples["a/1"]["go"])), (2, 2))


@tap.test("a_program_that_fails_is_named_and_not_run_again")
def _(folder):
    calls = []

    def once(program, r, n):
        calls.append(program)
        if program == "go":
            raise peers.Failed("no luck")
        return {"ns": 1.0, "wall_s": 1.0}

    b = fake_bench(once)
    samples, _ = bench.measure(b, [rows.Run("a", 1, 1, fixed=True)], 3)
    same((calls.count("weft"), calls.count("go")), (3, 1))
    same(bench.failures(b), ["failed: a/1 of go: no luck"])
    figure = rows.Figure("a", rows.Run("a", 1, 1), "ns", 1.0, 0.5)
    same(table.Result(figure, samples).verdict(), "-")


@tap.test("a_run_ends_in_time_with_the_rounds_it_has")
def _(folder):
    b = fake_bench(lambda program, r, n: {"ns": 1.0, "wall_s": 1.0}, end=0.0)
    same(bench.measure(b, [rows.Run("a", 1, 1, fixed=True)], 5), ({"a/1": {}}, 0))


# ---- what recording costs

@tap.test("a_recorded_run_says_what_is_in_its_trace_and_leaves_nothing")
def _(folder):
    tempfile.tempdir = str(folder)
    try:
        ours = trace_cost.Recorded(OURS, "WEFT_TRACE",
                                   lambda path: {"records": trace_cost.records_in(path)})
        s = ours.run(rows.Run("pingpong", 1, 1), 100)
    finally:
        tempfile.tempdir = None
    assert 1000 <= s["records"] < 1100 and 50 < s["bytes"] / s["records"] < 90, s
    assert s["process_s"] >= s["wall_s"] and s["process_cpu_s"] >= 0, s
    same(list(folder.iterdir()), [])


@tap.test("sites_are_counted_without_their_callers")
def _(folder):
    listing = folder / "listing"
    listing.write_text("ob=/bin/ours\nfn=a\n0x10 1 5\n0x14 1 5\ncalls=1 0x90 0\n0x18 1 999\n"
                       "ob=/bin/other\nfn=b\n0x10 0 7\n")
    same(trace_cost.count(listing, "/bin/ours", {0x10}), (17, 5))


def trace_samples(rounds=3):
    """Of a machine where a stamp takes 10 ns and a record 15, a program 100 and 10 records more."""
    def line(**more):
        return dict({"n": 1000, "process_s": 1e-3, "process_cpu_s": 1e-3, "quiet": True}, **more)

    on = line(worker_ns=250, records=10000 * trace_cost.BURSTS.size)
    flood = line(worker_ns=250, records=10000, bytes=700000, process_s=2e-3, process_cpu_s=1.25e-3)
    samples = {trace_cost.STAMP.name: {"weft": [line(counter_ns=10, clock_ns=20)] * rounds},
               trace_cost.BURSTS.name: {"weft": [line(worker_ns=100)] * rounds,
                                        "weft recorded": [on] * rounds},
               trace_cost.FLOOD.name: {"weft recorded": [flood] * rounds}}
    for _, run in trace_cost.SLOWED:
        samples[run.name] = {peer: [line(process_s=s * 1e-3)] * rounds
                             for peer, s in zip(trace_cost.WANTED, (2, 6, 2, 5, 50))}
    return samples


@tap.test("the_costs_of_recording_are_worked_out_and_judged")
def _(folder):
    costs, slow, figures = trace_cost.tables(trace_samples(), {"yield": (5.0, 2.0)}, {"gzip -6": 17.0})
    same([(f.title, round(f.spread.median, 3), f.held) for f in figures if f.bar],
         [("instructions a site, off, yield (2 sites)", 2.5, "bar"),
          ("a record, on, ns of the program's CPU", 15.0, "bar"),
          ("the same in time stamps of the same round", 1.5, "bar"),
          ("records a second beyond the buffer, millions", 5.0, "bar"),
          ("bytes a record, JSON", 70.0, "goal"), ("bytes a record, gzip -6", 17.0, "NO")])
    same([round(f.spread.median, 3) for f in figures if f.title.startswith("the collector's")],
         [100.0, 0.5])
    same(slow[1][4:9], ["3.00 3.00-3.00", "5,000", "50,000", "10.00 10.00-10.00", "1.00 1.00-1.00"])
    for rows_of in (costs, slow):
        assert len({len(row) for row in rows_of}) == 1, rows_of
        assert max(len(x) for x in table.terminal_of(rows_of).splitlines()) <= 120


@tap.test("what_could_not_be_measured_is_a_dash")
def _(folder):
    empty = {run.name: {} for run in trace_cost.RUNS}
    costs, slow, _ = trace_cost.tables(empty, {}, {})
    same({row[-1] for row in costs[1:]} | {row[-1] for row in slow[1:]}, {"-"})


@tap.test("labels_keep_apart_and_the_picture_is_xml")
def _(folder):
    placed = sorted(plot.spread_out([10, 11, 12, 50], 15))
    assert all(b - a >= 15 - 1e-3 for a, b in zip(placed, placed[1:])), placed
    same(plot.ticks(30, 600), [50, 100, 200, 500])
    samples = {r.name: {p: made([100 + r.size / 1000, 120, 130]) for p in ("weft", "go")}
               for r in rows.growth_runs()}
    about = {"cpu": "A & B", "cpus": 2, "date": "today", "versions": {}}
    picture = xml.dom.minidom.parseString(plot.growth(samples, about, True))
    same(len(picture.getElementsByTagName("polyline")), 2 * 2 * 3)
    same(len(picture.getElementsByTagName("circle")), 2 * 2 * 3 * 3)


tap.main()
