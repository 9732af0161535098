# SPDX-License-Identifier: MIT
#
# weft convert end to end. What is written is checked by rules that are written down here once more,
# from the trace's own records: Chrome's slices nest and its arrows have both ends, a CSV reader
# finds every message, a diagram has the first of them.
import collections
import csv
import gzip
import hashlib
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import time

import tap
from tap import SOURCE, same, weft

SAMPLES = sorted((SOURCE / "traces").glob("*.json")) + [
    SOURCE / "tests" / "data" / f"{name}.json"
    for name in ("dropped", "marks", "select", "sync", "values", "worker")]
FORMATS = {"chrome": "chrome.json", "csv": "csv", "mermaid": "mmd", "shiviz": "shiviz", "weft": "weft.json"}
HEAD = '{"weft":1,"minor":0,"order":"time","unit":"ns","caps":["sched","life","msg","wake"],"events":[\n'


def convert(path, out, *args, status=0, warning=None):
    got = weft("convert", path, "-o", out, *args)
    same((got.returncode, got.stdout), (status, ""), f"converting {path}: {got.stderr!r}")
    if warning is None:
        warning = path.name == "dropped.json"
    same(got.stderr.count("\n"), int(warning), f"lines of warning: {got.stderr!r}")
    return out.read_bytes().decode() if out.exists() else None


converted = {}


def convert_sample(path, out):
    """The same for a file of the tree, done once: it gives the same bytes each time (a test of its own)."""
    key = path, out.name.split(".", 1)[1]
    if path not in SAMPLES:
        return convert(path, out)
    if key not in converted:
        converted[key] = convert(path, out)
    return converted[key]


def records(folder, path):
    """The trace's records in the order of time, as weft itself puts them."""
    text = convert_sample(path, folder / "time.weft.json")
    return json.loads(text)["events"]


def made(folder, lines, name="made.json", head=HEAD):
    path = folder / name
    eof = {"ev": "eof", "t": lines[-1]["t"], "n": len(lines)}
    path.write_text(head + ",\n".join(json.dumps(one) for one in [*lines, eof]) + "\n]}\n")
    return path


# ---- Chrome -------------------------------------------------------------------------------------

def ns(number):
    """Microseconds with exactly three digits, as text."""
    assert re.fullmatch(r"\d+\.\d{3}", number), number
    return int(number.replace(".", ""))


def chrome(folder, path):
    text = convert_sample(path, folder / "out.chrome.json")
    document = json.loads(text, parse_float=str)
    return document["traceEvents"], document


def track(event):
    return event["pid"], event["tid"]


def check_chrome(events):
    """What Perfetto's importer asks for; it says of itself what it loses, but only in a table."""
    stacks = collections.defaultdict(list)
    starts, ends = {}, collections.Counter()
    last = 0
    for i, event in enumerate(events):
        if event["ph"] == "M":
            continue
        t = ns(event["ts"])
        assert t >= last, f"not sorted: {event}"
        last = t
        stack = stacks[track(event)]
        if event["ph"] == "X":
            while stack and stack[-1] <= t:
                stack.pop()
            end = t + ns(event["dur"])
            assert not stack or end <= stack[-1], f"overlaps: {event}"
            stack.append(end)
        elif event["ph"] in "sf":
            slice_ = events[i - 1]
            same((slice_["ph"], track(slice_), slice_["ts"]), ("X", track(event), event["ts"]),
                 f"what stands before {event}")
            key = event["cat"], event["name"], event["id"]
            same(event["name"], event["cat"])
            if event["ph"] == "s":
                assert key not in starts, f"a second start: {event}"
                starts[key] = i
            else:
                same(event["bp"], "e")
                assert key in starts, f"an end without its start: {event}"
                ends[key] += 1
    same(sorted(starts), sorted(ends), "arrows with both ends")
    for key, count in ends.items():
        assert count == 1 or key[0] == "close", f"{count} ends: {key}"
    return collections.Counter(key[0] for key in ends.elements())


def wanted_arrows(rows):
    """How many arrows there should be, from the records."""
    sent, closed, spawned, holder = set(), set(), set(), {}
    count = collections.Counter()
    for row in rows:
        if row["ev"] == "send":
            sent.add(row["msg"])
        elif row["ev"] == "recv" and row.get("ok", True):
            count["msg"] += row["msg"] in sent
        elif row["ev"] == "recv":
            count["close"] += row["on"] in closed
        elif row["ev"] == "close" and "co" in row:
            closed.add(row["on"])
        elif row["ev"] == "spawn" and row["new"] not in spawned:
            spawned.add(row["new"])
            count["spawn"] += "co" in row
        elif row["ev"] == "unblock":
            count["wake"] += "co" in row and "msg" not in row
        elif row["ev"] == "release":
            holder[row["on"]] = row["co"]
        elif row["ev"] == "acquire" and "from" in row and row.get("ok", True):
            count["lock"] += holder.pop(row["on"], None) is not None
    return +count


def add_chrome(path):
    @tap.test(f"chrome_of_{path.stem}_nests_and_has_every_arrow")
    def _(folder):
        events, _ = chrome(folder, path)
        same(check_chrome(events), wanted_arrows(records(folder, path)), "the arrows")

    @tap.test(f"chrome_of_{path.stem}_has_every_message_with_its_value")
    def _(folder):
        events, _ = chrome(folder, path)
        rows = records(folder, path)
        for kind in ("send", "recv"):
            def fields(t, co, args):
                return {"t": t, "co": co} | {key: args[key] for key in
                                             ("on", "msg", "value", "via", "len", "from", "by")
                                             if key in args}
            got = [fields(ns(e["ts"]), e["tid"], e["args"]) for e in events
                   if e.get("cat") == kind and e["ph"] == "X"]
            same(got, [fields(r["t"], r["co"], json.loads(json.dumps(r), parse_float=str))
                       for r in rows if r["ev"] == kind], kind)


for each in SAMPLES:
    add_chrome(each)


@tap.test("chrome_states_tile_the_lives_of_threads")
def _(folder):
    for path in SAMPLES:
        rows = records(folder, path)
        if path.stem in ("dropped", "values"):  # they do not claim to know all states
            continue
        events, _ = chrome(folder, path)
        end = max(row["t"] for row in rows if "t" in row)
        lives = {row["new"]: [row["t"], end] for row in rows if row["ev"] == "spawn"}
        for row in rows:
            if row["ev"] == "exit":
                lives[row["co"]][1] = row["t"]
        at = {co: life[0] for co, life in lives.items()}
        for event in events:
            if event["ph"] == "X" and event["pid"] == 1 and \
                    event["cat"] in ("run", "ready", "block", "life"):
                same(ns(event["ts"]), at[event["tid"]], f"{path}: where this begins: {event}")
                at[event["tid"]] += ns(event["dur"])
        same(at, {co: life[1] for co, life in lives.items()}, f"{path}: ends of lives")


@tap.test("chrome_workers_show_the_same_runs_as_threads")
def _(folder):
    for path in SAMPLES:
        events, _ = chrome(folder, path)
        runs = [e for e in events if e.get("cat") == "run" and e["ph"] == "X"]
        of_threads = sorted((e["ts"], e["dur"], e["tid"], e["args"]["worker"]) for e in runs
                            if e["pid"] == 1 and ns(e["dur"]))
        of_workers = sorted((e["ts"], e["dur"], e["args"]["co"], e["tid"] - 1) for e in runs
                            if e["pid"] == 2)
        same(of_workers, of_threads, str(path))


@tap.test("chrome_has_every_kind_of_record")
def _(folder):
    cats = set()
    note = made(folder, [{"ev": "spawn", "t": 0, "new": 1, "name": "main"},
                         {"ev": "note", "t": 1, "co": 1, "name": "here", "args": {"x": 1}},
                         {"ev": "count", "t": 2, "name": "n", "value": 0.5, "unit": "kg"}])
    for path in [*SAMPLES, note]:
        cats |= {(e["ph"], e.get("cat")) for e in chrome(folder, path)[0]}
    for kind in ("acquire", "release", "add", "signal", "timer", "cancel", "join", "note", "log",
                 "send", "recv", "unsend", "select", "close", "spawn", "wake", "run", "ready",
                 "block", "life", "steal", "worker", "drop"):
        assert ("X", kind) in cats, f"no slice of {kind}"
    for found in (("b", "region"), ("e", "region"), ("b", "task"), ("e", "task"), ("C", "count"),
                  ("i", "drop"), ("i", "timer")):
        assert found in cats, found


@tap.test("chrome_names_threads_in_the_order_of_birth")
def _(folder):
    events, document = chrome(folder, SOURCE / "traces" / "sieve.json")
    meta = [e for e in events if e["ph"] == "M"]
    names = {e["tid"]: e["args"]["name"] for e in meta
             if e["name"] == "thread_name" and e["pid"] == 1}
    same((names[1], names[2]), ("main", "generate"))
    order = [e["args"]["sort_index"] for e in meta
             if e["name"] == "thread_sort_index" and e["pid"] == 1]
    same(order, sorted(order))
    same([e["args"]["name"] for e in meta if e["name"] == "process_name"],
         [f"threads: {document['metadata']['title']}", "workers"])
    same(document["metadata"]["tool"]["name"], "weft")


@tap.test("chrome_times_are_exact_to_the_last_nanosecond")
def _(folder):
    last = 2**53 - 1
    path = made(folder, [
        {"ev": "spawn", "t": 7, "new": 1, "name": "main"},
        {"ev": "run", "t": 1001, "w": 0, "co": 1},
        {"ev": "note", "t": last - 1, "w": 0, "co": 1, "name": "late"},
        {"ev": "exit", "t": last, "w": 0, "co": 1}])
    text = convert(path, folder / "o.chrome.json")
    assert '"ts":0.007,"cat":"ready","name":"ready","dur":0.994' in text, text
    assert '"ts":9007199254740.990,"cat":"note"' in text, text
    assert '"ts":1.001,"cat":"run","name":"run","dur":9007199254739.990' in text, text


@tap.test("chrome_threads_with_large_ids_are_numbered_by_birth")
def _(folder):
    path = made(folder, [
        {"ev": "spawn", "t": 0, "new": 2**40, "name": "main"},
        {"ev": "run", "t": 1, "w": 0, "co": 2**40},
        {"ev": "spawn", "t": 2, "w": 0, "co": 2**40, "new": 5, "name": "child"},
        {"ev": "exit", "t": 3, "w": 0, "co": 2**40}])
    events, _ = chrome(folder, path)
    same({e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"
          and e["pid"] == 1}, {1: "main", 2: "child"})
    same(check_chrome(events), {"spawn": 1})


@tap.test("chrome_operations_that_took_time_end_before_the_next_act")
def _(folder):
    path = made(folder, [
        {"ev": "spawn", "t": 0, "new": 1, "name": "main"},
        {"ev": "run", "t": 0, "w": 0, "co": 1},
        {"ev": "make", "t": 1, "w": 0, "co": 1, "on": 1, "type": "chan", "name": "c", "cap": 9},
        {"ev": "send", "t": 10, "w": 0, "co": 1, "on": 1, "msg": 1, "via": "buffer", "dur": 5},
        {"ev": "send", "t": 20, "w": 0, "co": 1, "on": 1, "msg": 2, "via": "buffer", "dur": 50},
        {"ev": "recv", "t": 30, "w": 0, "co": 1, "on": 1, "msg": 1, "dur": 1000},
        {"ev": "recv", "t": 40, "w": 0, "co": 1, "on": 1, "msg": 2, "dur": 1000},
        {"ev": "exit", "t": 45, "w": 0, "co": 1}])
    events, _ = chrome(folder, path)
    same(check_chrome(events), {"msg": 2})
    same([e["dur"] for e in events if e.get("cat") in ("send", "recv")],
         ["0.005", "0.010", "0.010", "0.005"])


@tap.test("chrome_arrows_of_one_instant_have_their_start_first")
def _(folder):
    lines = [
        {"ev": "spawn", "t": 5, "new": 1, "name": "main"},
        {"ev": "run", "t": 5, "w": 0, "co": 1},
        {"ev": "make", "t": 5, "w": 0, "co": 1, "on": 1, "type": "chan", "name": "c", "cap": 0},
        {"ev": "spawn", "t": 5, "w": 0, "co": 1, "new": 2, "name": "child"},
        {"ev": "block", "t": 5, "w": 0, "co": 1, "why": "recv", "on": 1},
        {"ev": "run", "t": 5, "w": 0, "co": 2},
        {"ev": "send", "t": 5, "w": 0, "co": 2, "on": 1, "msg": 1, "via": "hand"},
        {"ev": "unblock", "t": 5, "w": 0, "co": 2, "to": 1, "on": 1, "msg": 1},
        {"ev": "exit", "t": 5, "w": 0, "co": 2},
        {"ev": "run", "t": 5, "w": 0, "co": 1},
        {"ev": "recv", "t": 5, "w": 0, "co": 1, "on": 1, "msg": 1, "from": 2},
        {"ev": "exit", "t": 5, "w": 0, "co": 1}]
    events, _ = chrome(folder, made(folder, lines))
    same(check_chrome(events), {"msg": 1, "spawn": 1})


@tap.test("chrome_who_is_woken_and_never_runs_has_an_arrow_to_being_ready")
def _(folder):
    for more in ([], [{"ev": "note", "t": 50, "name": "later"}]):
        path = made(folder, [
            {"ev": "spawn", "t": 0, "new": 1, "name": "main"},
            {"ev": "run", "t": 1, "w": 0, "co": 1},
            {"ev": "spawn", "t": 2, "w": 0, "co": 1, "new": 2, "name": "child"},
            {"ev": "run", "t": 3, "w": 1, "co": 2},
            {"ev": "block", "t": 4, "w": 1, "co": 2, "why": "sync"},
            {"ev": "unblock", "t": 9, "w": 0, "co": 1, "to": 2, "why": "sync"}, *more])
        events, _ = chrome(folder, path)
        same(check_chrome(events), {"spawn": 1, "wake": 1})


@tap.test("chrome_lost_records_are_a_slice_over_the_gap")
def _(folder):
    events, _ = chrome(folder, SOURCE / "tests" / "data" / "dropped.json")
    lost = [e for e in events if e.get("cat") == "drop"]
    same([(e["ph"], e["ts"], e["name"]) for e in lost],
         [(ph, t, f"{n} records lost") for t, n in (("0.005", 900), ("0.010", 37)) for ph in "Xi"])
    same([e.get("dur", e.get("s")) for e in lost], ["0.000", "g", "0.040", "g"])


# ---- CSV ----------------------------------------------------------------------------------------

def table(text):
    assert "\r\n" in text and text.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


@tap.test("csv_has_a_row_for_each_message")
def _(folder):
    for path in SAMPLES:
        rows = records(folder, path)
        sends = [row for row in rows if row["ev"] == "send"]
        recvs = {row["msg"]: row for row in rows if row["ev"] == "recv" and "msg" in row}
        gone = {row["msg"] for row in rows if row["ev"] == "unsend"}
        got = table(convert(path, folder / "o.csv"))
        same(len(got), len(sends), f"{path}: rows")
        for row, send in zip(got, sends):
            recv = recvs.get(send["msg"], {})
            same((int(row["message"]), int(row["channel_id"]), int(row["sender_id"]),
                  int(row["sent_ns"]), row["via"]),
                 (send["msg"], send["on"], send["co"], send["t"], send.get("via", "")))
            same((row["receiver_id"], row["received_ns"]),
                 (str(recv.get("co", "")), str(recv.get("t", ""))))
            same(row["transit_ns"], str(recv["t"] - send["t"]) if recv else "")
            same(row["state"], "received" if recv else
                 "withdrawn" if send["msg"] in gone else "pending")


@tap.test("csv_quotes_what_rfc_4180_wants_quoted")
def _(folder):
    lines = [
        {"ev": "spawn", "t": 0, "new": 1, "name": 'a "b", c'},
        {"ev": "make", "t": 0, "on": 1, "type": "chan", "name": "plain", "cap": 9}]
    values = ['"', ",", "two\nlines", "\r", " blanks ", "", "=1+1", "é🧵", "x" * 5000]
    for i, value in enumerate(values):
        lines.append({"ev": "send", "t": i, "co": 1, "on": 1, "msg": i + 1, "value": value})
    got = table(convert(made(folder, lines), folder / "o.csv"))
    same([row["value"] for row in got], values)
    same({row["sender"] for row in got}, {'a "b", c'})


@tap.test("csv_values_are_plain_text")
def _(folder):
    got = table(convert(SOURCE / "tests" / "data" / "values.json", folder / "o.csv"))
    values = [row["value"] for row in got]
    same(values[:6], ["3", "-1", "0.25", "3.0", "false", "plain"])
    for wanted in ("-9223372036854775808", "inf", "0xbeef", "Tom", '{"name":"Tom","lives":[9]}',
                   "tab\tand\nline"):
        assert wanted in values, f"{wanted} is not in {values}"


@tap.test("csv_can_be_limited")
def _(folder):
    text = convert(SOURCE / "traces" / "sieve.json", folder / "o.csv", "--limit=3")
    same(len(table(text)), 3)


# ---- Mermaid ------------------------------------------------------------------------------------

@tap.test("mermaid_has_the_first_messages_and_counts_the_rest")
def _(folder):
    path = SOURCE / "traces" / "sieve.json"
    rows = records(folder, path)
    sends = [row for row in rows if row["ev"] == "send"]
    to = {row["msg"]: row["co"] for row in rows if row["ev"] == "recv" and "msg" in row}
    for limit, args in ((50, []), (7, ["--limit", "7"]), (10**6, ["--limit=1000000"])):
        text = convert(path, folder / "o.mmd", *args)
        lines = text.splitlines()
        same(lines[0], "sequenceDiagram")
        arrows = re.findall(r"^    t(\d+)(?:->>|-\))t(\d+): (.*)$", text, re.MULTILINE)
        received = [s for s in sends[:limit] if s["msg"] in to]
        same([(int(a), int(b)) for a, b, _ in arrows],
             [(s["co"], to[s["msg"]]) for s in received])
        for (_, _, label), send in zip(arrows, received):
            same(label, str(send["value"]))  # its channels have no names
        drawn = {int(t) for t in re.findall(r"^    participant t(\d+) as ", text, re.MULTILINE)}
        same(drawn, {s["co"] for s in sends[:limit]} | {to[s["msg"]] for s in received})
        more = re.search(r"and (\d+) more messages", text)
        same(int(more.group(1)) if more else 0, max(len(sends) - limit, 0), "the rest")


@tap.test("mermaid_has_the_names_of_channels_that_have_one")
def _(folder):
    text = convert(SOURCE / "traces" / "ping.json", folder / "o.mmd")
    assert "t2->>t1: answers: ping\n" in text, text


@tap.test("mermaid_in_the_readme_is_what_the_command_writes")
def _(folder):
    page = (SOURCE / "README.md").read_text()
    command = re.search(r"^    weft convert traces/(\S+) (.*) -o \S+$", page, re.MULTILINE)
    assert command, "the command in the README"
    text = convert(SOURCE / "traces" / command.group(1), folder / "o.md", *command.group(2).split())
    assert text in page, text


@tap.test("mermaid_of_markdown_is_fenced")
def _(folder):
    text = convert(SOURCE / "traces" / "ping.json", folder / "o.md")
    assert text.startswith("```mermaid\nsequenceDiagram\n") and text.endswith("\n```\n"), text
    same(text[len("```mermaid\n"):-len("```\n")],
         convert(SOURCE / "traces" / "ping.json", folder / "o.mmd"))


@tap.test("mermaid_names_cannot_end_a_line_or_begin_a_comment")
def _(folder):
    name = 'a;b #1 <b> 100%% $$x$$ A@{} "q" end'
    path = made(folder, [
        {"ev": "spawn", "t": 0, "new": 1, "name": name},
        {"ev": "spawn", "t": 0, "new": 2, "name": " "},
        {"ev": "make", "t": 0, "on": 1, "type": "chan", "name": "c;d", "cap": 9},
        {"ev": "send", "t": 1, "co": 1, "on": 1, "msg": 1, "via": "buffer", "value": "one\ntwo;"},
        {"ev": "recv", "t": 2, "co": 2, "on": 1, "msg": 1},
        {"ev": "send", "t": 3, "co": 1, "on": 1, "msg": 2, "via": "buffer"}])
    text = convert(path, folder / "o.mmd")
    same(text.count("\n"), 5, "lines")
    plain = re.sub(r"#(\d+);", lambda m: chr(int(m.group(1))), text)
    assert f" as {name}\n" in plain and "t1-)t2: c;d: one two;\n" in plain, plain
    assert "Note over t1: c;d, never received" in plain, plain
    assert not re.search(r"[;%<$@]", re.sub(r"#\d+;", "", text)), text


@tap.test("mermaid_of_a_trace_without_messages_shows_its_threads")
def _(folder):
    text = convert(SOURCE / "tests" / "data" / "sync.json", folder / "o.mmd")
    same(text, "sequenceDiagram\n    participant t1 as main\n    participant t2 as guest\n")


# ---- weft's own ---------------------------------------------------------------------------------

@tap.test("weft_keeps_records_and_header_as_they_are")
def _(folder):
    for path in SAMPLES:
        if path.stem in ("dropped", "worker"):  # these are in order of workers
            continue
        same(convert(path, folder / "o.weft.json"), path.read_text(), str(path))


@tap.test("weft_puts_a_trace_by_workers_into_the_order_of_time")
def _(folder):
    path = SOURCE / "tests" / "data" / "worker.json"
    before = json.loads(path.read_text())
    after = json.loads(convert(path, folder / "o.weft.json"))
    same(after["order"], "time")

    def key(row):
        return json.dumps(row, sort_keys=True)
    same(sorted(map(key, after["events"])), sorted(map(key, before["events"])))
    times = [row["t"] for row in after["events"]]
    same(times, sorted(times))
    same(weft("check", "--strict", folder / "o.weft.json").stdout, "")


@tap.test("weft_of_any_layout_is_the_line_form")
def _(folder):
    source = SOURCE / "traces" / "ping.json"
    document = json.loads(source.read_text())
    pretty = folder / "pretty.json"
    pretty.write_text(json.dumps(document, indent=2))
    same(json.loads(convert(pretty, folder / "o.weft.json")), document)
    same((folder / "o.weft.json").read_text().count("\n"), source.read_text().count("\n"))


@tap.test("weft_of_gotrace_is_sound_and_the_same_each_time")
def _(folder):
    for path in sorted((SOURCE / "tests" / "data" / "gotrace").glob("*.js*")):
        odd = path.name in ("odd.json", "tie.json", "t-is-receive.json")
        got = weft("convert", path, "-o", folder / "o.weft.json")
        same(got.returncode, 0, got.stderr)
        assert odd or got.stderr == "", got.stderr
        text = (folder / "o.weft.json").read_text()
        same(json.loads(text)["src"]["format"], "gotrace")
        check = weft("check", folder / "o.weft.json")
        assert check.returncode == 0 and "W05" not in check.stdout, f"{path}: {check.stdout}"
        weft("convert", path, "-o", folder / "again.weft.json")
        same((folder / "again.weft.json").read_text(), text, "the second time")


# ---- ShiViz -------------------------------------------------------------------------------------

def shiviz(folder, path):
    """The events as ShiViz's own regular expression finds them: text, host, clock."""
    text = convert(path, folder / "o.shiviz")
    first, rest = text.split("\n\n", 1)
    same(first, r"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})")
    found = re.findall(first.replace("?<", "?P<"), rest)
    same(rest, "".join(f"{event}\n{host} {clock}\n" for event, host, clock in found), "the log")
    return [(event, host, json.loads(clock)) for event, host, clock in found]


@tap.test("shiviz_clocks_count_each_threads_events_and_go_back_nowhere")
def _(folder):
    for path in SAMPLES:
        before = {}
        for event, host, clock in shiviz(folder, path):
            last = before.get(host, {})
            same(clock[host], last.get(host, 0) + 1, f"{path}: {event}")
            for other, count in last.items():
                assert clock[other] >= count, f"{path}: {event} of {host} forgets {other}"
            for other, count in clock.items():
                assert other == host or count <= before[other][other], f"{event} knows the future"
            before[host] = clock


@tap.test("shiviz_knows_what_the_sender_knew")
def _(folder):
    for path in SAMPLES:
        rows = records(folder, path)
        sends = [r["msg"] for r in rows if r["ev"] == "send"]
        recvs = [r["msg"] for r in rows if r["ev"] == "recv" and "msg" in r]
        log = shiviz(folder, path)
        sent = dict(zip(sends, [one for one in log if one[0].startswith("send ")]))
        for msg, (_, host, clock) in zip(recvs, [one for one in log if one[0].startswith("recv ")]):
            for other, count in (sent[msg][2] if msg in sent else {}).items():
                assert clock[other] >= count, f"{path}: the receive of {msg} by {host}"


@tap.test("shiviz_events_are_those_of_the_trace")
def _(folder):
    same([event for event, *_ in shiviz(folder, SOURCE / "tests" / "data" / "sync.json")][:4],
         ["start", "spawn guest", "start", "acquire lock"])
    log = shiviz(folder, SOURCE / "traces" / "ping.json")
    same([(event, host) for event, host, _ in log if event.startswith(("send", "recv"))],
         [("send answers: ping", "greet"), ("recv answers: ping", "main")])


@tap.test("shiviz_hosts_are_words_and_no_two_the_same")
def _(folder):
    names = ["a b", "a_b", "a b", "a_b#3", '"q"', "two\nlines", "\\"]
    path = made(folder, [{"ev": "spawn", "t": 0, "new": i + 1, "name": name}
                         for i, name in enumerate(names)])
    hosts = [host for _, host, _ in shiviz(folder, path)]
    same(hosts, ["a_b", "a_b#2", "a_b#3", "a_b#3#4", '"q"', "two_lines", "\\"])


# ---- SQLite -------------------------------------------------------------------------------------

HAS_SQLITE = os.environ.get("WEFT_TEST_SQLITE", "1") == "1"


def need_sqlite():
    if not HAS_SQLITE:
        raise tap.Skip("built without SQLite")


def database(folder, path):
    need_sqlite()
    out = folder / "o.db"
    out.unlink(missing_ok=True)
    got = weft("convert", path, "-o", out)
    same(got.returncode, 0, got.stderr)
    return sqlite3.connect(f"file:{out}?mode=ro", uri=True)


@tap.test("sqlite_says_what_it_is_and_is_sound")
def _(folder):
    db = database(folder, SOURCE / "traces" / "sieve.json")
    same(db.execute("PRAGMA application_id").fetchone()[0], 0x57454654)
    same(db.execute("PRAGMA user_version").fetchone()[0], 1)
    same(db.execute("PRAGMA integrity_check").fetchone()[0], "ok")
    page = (SOURCE / "docs" / "sqlite.md").read_text()
    for table, columns in re.findall(r"^\| (\w+) \| [^|]* \| ([^|]*) \|$", page, re.MULTILINE):
        if table == "table":
            continue
        wanted = [c.strip() for c in re.sub(r"\([^)]*\)", "", columns).split(",")]
        same([row[1] for row in db.execute(f"PRAGMA table_info({table})")], wanted, table)
    same(os.listdir(folder), ["o.db"], "the folder")


@tap.test("sqlite_has_every_record")
def _(folder):
    for path in SAMPLES:
        rows = records(folder, path)
        key = {"on": "obj", "at": "loc"}
        db = database(folder, path)
        got = []
        for _id, t, w, co, ev, obj, msg, loc, rest in db.execute("SELECT * FROM event"):
            row = {"ev": ev, "t": t, "w": w, "co": co, "obj": obj, "msg": msg, "loc": loc}
            got.append({k: v for k, v in row.items() if v is not None} | json.loads(rest or "{}"))
        wanted = [{(key.get(k, k) if k != "at" or isinstance(v, int) else k): v
                   for k, v in row.items()} for row in rows]
        for one in [*got, *wanted]:
            if one["ev"] == "name":
                one.pop("t", None)  # it need not have one
        same(sorted(map(repr, (sorted(r.items()) for r in got))),
             sorted(map(repr, (sorted(r.items()) for r in wanted))), str(path))


@tap.test("sqlite_has_every_message")
def _(folder):
    for path in SAMPLES:
        wanted = table(convert(path, folder / "o.csv"))
        db = database(folder, path)
        got = list(db.execute("SELECT msg, obj, sender, receiver, t_send, t_recv, via, value "
                              "FROM message ORDER BY t_send, msg"))
        want = sorted(([row[k] for k in ("message", "channel_id", "sender_id", "receiver_id",
                                         "sent_ns", "received_ns", "via", "value")]
                       for row in wanted), key=lambda row: (int(row[4]), int(row[0])))
        same([["" if v is None else str(v) for v in row] for row in got], want, str(path))


@tap.test("sqlite_slices_are_those_of_chrome")
def _(folder):
    states = {"run": "running", "ready": "ready", "block": "blocked"}
    for path in SAMPLES:
        events, _ = chrome(folder, path)
        wanted = sorted((e["tid"], ns(e["ts"]), ns(e["dur"]), states[e["cat"]],
                         e.get("args", {}).get("why"), e.get("args", {}).get("on"))
                        for e in events if e["ph"] == "X" and e["pid"] == 1
                        and e["cat"] in states and ns(e["dur"]))
        db = database(folder, path)
        same(sorted(db.execute("SELECT co, t, dur, state, why, obj FROM slice"), key=repr),
             sorted(wanted, key=repr), str(path))


@tap.test("sqlite_wakes_have_who_when_and_when_it_ran")
def _(folder):
    for path in SAMPLES:
        rows = records(folder, path)
        wanted = []
        for i, row in enumerate(rows):
            if row["ev"] != "unblock":
                continue
            ran = next((r["t"] for r in rows[i:] if r["ev"] == "run" and r["co"] == row["to"]), None)
            wanted.append((row["t"], row.get("co"), row["to"], row.get("on"), row.get("why"), ran))
        db = database(folder, path)
        same(sorted(db.execute("SELECT t, waker, woken, obj, why, t_run FROM wake"), key=repr),
             sorted(wanted, key=repr), str(path))


@tap.test("sqlite_has_lives_regions_counters_logs_and_findings")
def _(folder):
    path = made(folder, [
        {"ev": "worker", "t": 0, "w": 1, "op": "start", "tid": 77},
        {"ev": "spawn", "t": 0, "new": 1, "name": "main", "fn": "app"},
        {"ev": "spawn", "t": 1, "co": 1, "new": 2, "name": "kid", "sys": True},
        {"ev": "begin", "t": 2, "co": 1, "name": "out"}, {"ev": "begin", "t": 3, "co": 1, "name": "in"},
        {"ev": "count", "t": 4, "co": 1, "name": "n", "value": 0.5, "unit": "kg"},
        {"ev": "log", "t": 5, "co": 1, "level": "warn", "text": "hot", "args": {"deg": 90}},
        {"ev": "end", "t": 6, "co": 1, "name": "in"}, {"ev": "exit", "t": 9, "co": 2, "code": -3}])
    db = database(folder, path)
    same(list(db.execute("SELECT co, name, fn, parent, depth, born, died, code, sys FROM thread")),
         [(1, "main", "app", None, 0, 0, None, None, 0), (2, "kid", None, 1, 1, 1, 9, -3, 1)])
    same(list(db.execute("SELECT co, name, t, dur, depth FROM region ORDER BY id")),
         [(1, "out", 2, None, 0), (1, "in", 3, 3, 1)])
    same(list(db.execute("SELECT * FROM counter")), [(4, "n", 1, None, 0.5, "kg")])
    same(list(db.execute("SELECT * FROM log")), [(5, 1, "warn", "hot", '{"deg":90}')])
    same(list(db.execute("SELECT * FROM worker")), [(0, None, None), (1, 77, None)])
    found = weft("check", path).stdout.splitlines()
    same([f"{path}:{f'{line}:' if line else ''} {rule}: {text}" for rule, line, text in
          db.execute("SELECT * FROM finding")], found)
    assert found


@tap.test("the_sqlite3_program_answers_the_questions_of_the_page")
def _(folder):
    need_sqlite()
    database(folder, SOURCE / "traces" / "worker-pool.json")
    page = (SOURCE / "docs" / "sqlite.md").read_text()
    questions = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    assert len(questions) >= 5, questions
    for question in questions:
        got = tap.run("sqlite3", "-readonly", "-header", folder / "o.db", question)
        same((got.returncode, got.stderr), (0, ""), question)
        if "'select'" not in question:  # there is none in this trace
            assert got.stdout.count("\n") > 1, f"no answer to {question}"
    rows = records(folder, SOURCE / "traces" / "worker-pool.json")
    got = tap.run("sqlite3", "-readonly", folder / "o.db",
                  "SELECT sum(n), sum(pending) FROM channel_stats")
    sent = [r["msg"] for r in rows if r["ev"] == "send"]
    received = [r["msg"] for r in rows if r["ev"] == "recv" and "msg" in r]
    same(got.stdout, f"{len(sent)}|{len(sent) - len(received)}\n")


@tap.test("sqlite_needs_a_file")
def _(folder):
    got = weft("convert", SOURCE / "traces" / "ping.json", "-o", "-", "--to=sqlite")
    same((got.returncode, got.stdout), (1, ""))
    wanted = "needs a file" if HAS_SQLITE else "-Dsqlite=enabled"
    assert wanted in tap.one_line(got.stderr), got.stderr


# ---- Chrome, read -------------------------------------------------------------------------------

def messages(rows):
    """All that a message is, by its number; names instead of numbers where an import may differ."""
    threads = {row["new"]: row.get("name", row.get("fn")) for row in rows if row["ev"] == "spawn"}
    objects = {row["on"]: row.get("name") for row in rows if row["ev"] == "make"}
    for row in rows:
        if row["ev"] == "name":
            (threads if "co" in row else objects)[row.get("co", row.get("on"))] = row["name"]
    found = {}
    for row in rows:
        if row["ev"] == "send":
            found[row["msg"]] = {key: json.dumps(row.get(key, "none"))
                                 for key in ("t", "co", "on", "value", "via", "by", "len", "case")}
            found[row["msg"]] |= {"sender": threads.get(row["co"]), "channel": objects[row["on"]]}
        elif row["ev"] == "recv" and "msg" in row:
            one = found.setdefault(row["msg"], {})
            one |= {key + " of recv": row.get(key) for key in ("t", "co", "on", "from", "len")}
            one["receiver"] = threads.get(row["co"], f"#{row['co']}")
        elif row["ev"] == "unsend":
            found[row["msg"]]["unsend"] = row["t"], row["why"]
    return found


def there_and_back(folder, path, warning=None):
    rows = records(folder, path)
    convert(path, folder / "there.chrome.json", warning=warning)
    back = convert(folder / "there.chrome.json", folder / "back.weft.json", warning=False)
    same(weft("check", folder / "back.weft.json").returncode, 0)
    again = json.loads(back)["events"]
    same(messages(again), messages(rows), "the messages")
    same(sum(r["ev"] == "close" for r in again), sum(r["ev"] == "close" for r in rows), "closes")
    same({(r["co"], r["t"]) for r in again if r["ev"] == "exit"},
         {(r["co"], r["t"]) for r in rows if r["ev"] == "exit"}, "exits")
    return rows, again


def add_round_trip(path):
    @tap.test(f"chrome_and_back_keeps_every_message_of_{path.stem}")
    def _(folder):
        rows, again = there_and_back(folder, path)
        same({(r["new"], r.get("co")) for r in again if r["ev"] == "spawn"},
             {(r["new"], r.get("co")) for r in rows if r["ev"] == "spawn"} |
             ({(3, None)} if path.stem == "dropped" else set()), "threads and their parents")


for each in SAMPLES:
    add_round_trip(each)


def stacks(rows):
    """What has a call stack: when, whose, and the functions and lines of it."""
    locs = {r["loc"]: (r["fn"], r.get("file"), r.get("line")) for r in rows if r["ev"] == "loc"}
    calls = {r["stack"]: [locs[at] for at in r["at"]] for r in rows if r["ev"] == "stack"}
    return [(r["t"], r["co"], calls[r["stack"]]) for r in rows
            if "stack" in r and r["ev"] != "stack"]


@tap.test("chrome_and_back_keeps_call_stacks")
def _(folder):
    at = {"w": 0, "co": 1}
    path = made(folder, [
        {"ev": "loc", "loc": 1, "fn": "main", "file": "a \"b\".c", "line": 9},
        {"ev": "loc", "loc": 2, "fn": "f", "file": "c:1"}, {"ev": "loc", "loc": 5, "fn": "g"},
        {"ev": "stack", "stack": 9, "at": [2, 1]}, {"ev": "stack", "stack": 3, "at": [1]},
        {"ev": "stack", "stack": 4, "at": [5, 2, 2, 1]},
        {"ev": "spawn", "t": 0, "new": 1, "name": "main"}, {"ev": "run", "t": 1, **at},
        {"ev": "make", "t": 2, "on": 1, "type": "chan", "name": "c", "cap": 2},
        {"ev": "spawn", "t": 3, **at, "new": 2, "name": "child", "stack": 3, "at": 1},
        {"ev": "send", "t": 4, **at, "on": 1, "msg": 1, "via": "buffer", "stack": 9, "value": 5},
        {"ev": "recv", "t": 5, **at, "on": 1, "msg": 1, "stack": 4},
        {"ev": "note", "t": 6, **at, "name": "here", "stack": 4},
        {"ev": "begin", "t": 7, **at, "name": "part", "stack": 9},
        {"ev": "end", "t": 8, **at, "name": "part"},
        {"ev": "block", "t": 9, **at, "why": "recv", "on": 1, "stack": 3},
        {"ev": "run", "t": 11, "w": 0, "co": 2}, {"ev": "close", "t": 12, "w": 0, "co": 2, "on": 1},
        {"ev": "unblock", "t": 13, "w": 0, "co": 2, "to": 1, "why": "close", "stack": 9},
        {"ev": "exit", "t": 14, "w": 0, "co": 2}])
    rows, again = there_and_back(folder, path)
    same(len(stacks(rows)), 7)
    same(stacks(again), stacks(rows), "the call stacks")


@tap.test("chrome_call_stacks_of_others_are_read")
def _(folder):
    def mark(name, **more):
        return event("i", 1, name=name, s="t", **more)
    rows = imported(folder, json.dumps({
        "stackFrames": {"5": {"category": "libc.so", "name": "open", "parent": "x"},
                        "x": {"name": "main"}, "round": {"name": "r", "parent": "round"},
                        "lone": {}, "none": 7},
        "traceEvents": [
            event("X", 1, dur=5, name="a", sf=5), mark("b", sf="5"), mark("c", sf="x"),
            mark("d", stack=["main", "f", "g"]), mark("e", stack=["main", "f"]),
            mark("f", sf="what"), mark("g", stack=[]), mark("h", sf="lone"), mark("i", sf="none")]}))
    main, other = ("main", None, None), ("?", None, None)
    same([calls for _, _, calls in stacks(rows)],
         [[("open", "libc.so", None), main]] * 2 + [[main]] +
         [[("g", None, None), ("f", None, None), main], [("f", None, None), main], [other]])
    same(sum(r["ev"] == "loc" for r in rows), 5)
    rows = imported(folder, json.dumps({
        "traceEvents": [mark("a", sf="round")],
        "stackFrames": {"round": {"name": "r", "parent": "round"}}}))
    calls, = (calls for _, _, calls in stacks(rows))
    assert 1 <= len(calls) <= 256 and set(calls) == {("r", None, None)}, calls


EXAMPLES = {
    "ping": ["--rounds", "20"], "ring": [], "worker-pool": [], "request-log": [], "sensor": [],
    "screen": [], "kitchen": [], "watchdog": [], "whois": [], "first-answer": [], "sieve": [], "philosophers": [], "bank": [], "life": [],
    "mini-make": [], "blocks": [], "heartbeat": [], "throttle": [], "echo": [],
}


def add_example(name):
    @tap.test(f"chrome_of_the_example_{name}_nests_and_comes_back_whole")
    def _(folder):
        if os.environ.get("WEFT_TEST_TRACE", "1") != "1":
            raise tap.Skip("built without the recorder")
        path = folder / f"{name}.json"
        tap.run(tap.BUILD / "examples" / name, *EXAMPLES[name],
                env={"WEFT_TRACE": str(path), "WEFT_WORKERS": "4"}, cwd=folder)
        rows, _ = there_and_back(folder, path, warning=False)
        events = json.loads((folder / "there.chrome.json").read_text(),
                            parse_float=str)["traceEvents"]
        same(check_chrome(events), wanted_arrows(rows), "the arrows")


for each in EXAMPLES:
    add_example(each)


def imported(folder, text, findings=()):
    """The records that a Chrome trace becomes, without the end; and what was left out is said."""
    path = folder / "in.json"
    path.write_text(text)
    got = weft("convert", path, "-o", folder / "o.weft.json")
    same(got.returncode, 0, got.stderr)
    for finding in findings:
        assert finding in got.stderr, got.stderr
    assert findings or got.stderr == "", got.stderr
    check = weft("check", folder / "o.weft.json")
    assert check.returncode == 0 and "W05" not in check.stdout, check.stdout
    rows = json.loads((folder / "o.weft.json").read_text())["events"]
    same(rows[-1], {"ev": "eof", "t": rows[-1]["t"], "n": len(rows) - 1})
    return rows[:-1]


def event(ph, ts, **more):
    return {"ph": ph, "ts": ts, "pid": 1, "tid": 1, **more}


def listed(*events):
    return json.dumps({"traceEvents": list(events)})


WRAPPINGS = {
    "object": '{"traceEvents":[%s,%s]}',
    "object_with_more": '{"displayTimeUnit":"ns","otherData":{"x":[1,{"y":"]}"}]},'
                        '"traceEvents":[%s,%s],"samples":[]}',
    "list": "[%s,%s]",
    "list_without_end": "[%s,%s",
    "list_with_a_comma_too_many": "[%s,%s,]",
    "list_without_end_but_a_comma": "[%s,\n%s,\n",
    "with_empty_events": "[{},%s,%s,{}]",
    "with_a_byte_order_mark": "\ufeff[%s,%s]",
}


def add_wrapping(name, form):
    @tap.test(f"chrome_in_{name}_is_read")
    def _(folder):
        one, two = event("X", 10, dur=5, name="a"), event("i", "12.5", name="b", s="t")
        rows = imported(folder, form % (json.dumps(one), json.dumps(two)))
        same(rows, [{"ev": "spawn", "t": 0, "new": 1, "name": "1", "pre": True,
            "x_pid": 1, "x_tid": 1},
                    {"ev": "begin", "t": 0, "co": 1, "name": "a"},
                    {"ev": "note", "t": 2500, "co": 1, "name": "b"},
                    {"ev": "end", "t": 5000, "co": 1, "name": "a"}])


for each, wrapping in WRAPPINGS.items():
    add_wrapping(each, wrapping)


@tap.test("chrome_in_single_quotes_is_read")
def _(folder):
    rows = imported(folder, "[{'ph':'X','pid':1,'tid':'main','ts':1,'dur':1,'name':'a'}]")
    same([row["ev"] for row in rows], ["spawn", "begin", "end"])
    same(rows[0]["name"], "main")


@tap.test("chrome_cut_in_an_object_is_read_with_a_warning")
def _(folder):
    rows = imported(folder, '{"traceEvents":[%s,{"ph":"X"' % json.dumps(event("i", 1, name="a")),
                    ["W01"])
    same([row["ev"] for row in rows], ["spawn", "note"])


@tap.test("chrome_times_are_read_to_the_nanosecond")
def _(folder):
    rows = imported(folder, '[{"ph":"i","pid":1,"tid":1,"ts":-0.001,"name":"a"},'
                    '{"ph":"i","pid":1,"tid":1,"ts":9007199254739.989,"name":"b"},'
                    '{"ph":"i","pid":1,"tid":1,"ts":1.0005,"name":"c"},'
                    '{"ph":"i","pid":1,"tid":1,"ts":1e3,"name":"d"},'
                    '{"ph":"i","pid":1,"tid":1,"ts":"7","name":"e"}]')
    same({row["name"]: row["t"] for row in rows[1:]},
         {"a": 0, "b": 9007199254739990, "c": 1002, "d": 1000001, "e": 7001})


@tap.test("chrome_slices_nest_and_ends_have_their_names")
def _(folder):
    rows = imported(folder, listed(
        event("X", 0, dur=10, name="outer"), event("X", 5, dur=5, name="inner", args={"k": [1]}),
        event("X", 10, dur=2, name="next"), event("X", 11, dur=0, name="empty"),
        event("B", 20, name="b"), event("E", 21), event("E", 22, name="nobody")),
        ["1 event left out: an end without its beginning"])
    same([(row["ev"], row["t"], row["name"]) for row in rows[1:]],
         [("begin", 0, "outer"), ("begin", 5000, "inner"), ("end", 10000, "inner"),
          ("end", 10000, "outer"), ("begin", 10000, "next"), ("note", 11000, "empty"),
          ("end", 12000, "next"), ("begin", 20000, "b"), ("end", 21000, "b")])
    same(rows[2]["args"], {"k": [1]})


@tap.test("chrome_threads_have_their_names_and_order")
def _(folder):
    def name(what, args, **more):
        return {"ph": "M", "name": what, "args": args, **more}
    events = [
        event("i", 1, name="x", pid=7, tid=3), event("i", 2, name="x", pid="b", tid="late"),
        event("i", 3, name="x", pid=7, tid=4),
        name("thread_name", {"name": "third"}, pid=7, tid=3),
        name("thread_sort_index", {"sort_index": 9}, pid=7, tid=3),
        name("process_name", {"name": "seven"}, pid=7, tid=0),
        name("process_sort_index", {"sort_index": -1}, pid="b"),
        name("thread_name", {"name": "has no events"}, pid=7, tid=99)]
    rows = imported(folder, listed(*events))
    same([(r["new"], r["name"]) for r in rows if r["ev"] == "spawn"],
         [(1, "late"), (2, "seven/4"), (3, "seven/third")])
    same([r["co"] for r in rows if r["ev"] == "note"], [3, 1, 2])


def arrows(rows):
    sent = {r["msg"]: r for r in rows if r["ev"] == "send"}
    names = {r["on"]: r["name"] for r in rows if r["ev"] == "make"}
    for r in rows:
        if r["ev"] == "recv":
            same((r["from"], r["on"]), (sent[r["msg"]]["co"], sent[r["msg"]]["on"]))
    return sorted((names[sent[r["msg"]]["on"]], sent[r["msg"]]["co"], sent[r["msg"]]["t"],
                   r["co"], r["t"]) for r in rows if r["ev"] == "recv")


@tap.test("chrome_flows_are_messages")
def _(folder):
    flow = {"cat": "c", "name": "n", "id": 1}
    slices = [event("X", 0, dur=9, name="a", tid=1), event("X", 0, dur=9, name="b", tid=2),
              event("X", 7, dur=1, name="c", tid=3)]
    rows = imported(folder, listed(
        *slices, event("s", 1, **flow), event("t", 3, tid=2, **flow),
        event("f", 5, tid=3, **flow)))
    # From 1 to 2, and from 2 to the slice of 3 that begins next.
    same(arrows(rows), [("c/n", 1, 1000, 2, 3000), ("c/n", 2, 3000, 3, 7000)])
    rows = imported(folder, listed(*slices, event("s", 1, **flow),
                                   event("f", 5, tid=2, bp="e", **flow)))
    same(arrows(rows), [("c/n", 1, 1000, 2, 5000)])
    make = [r for r in rows if r["ev"] == "make"]
    same(make, [{"ev": "make", "t": 0, "on": 1, "type": "chan", "name": "c/n", "pre": True,
                 "merged": True}])


@tap.test("chrome_flows_with_several_ends_are_several_messages")
def _(folder):
    flow = {"cat": "c", "name": "c", "id": "0x1f"}
    rows = imported(folder, listed(
        event("X", 0, dur=9, name="a"), event("s", 1, **flow),
        *(event("f", 2 + i, tid=2 + i, bp="e", **flow) for i in range(3))))
    same(arrows(rows), [("c", 1, 1000, 2 + i, 2000 + 1000 * i) for i in range(3)])


@tap.test("chrome_flows_within_a_thread_are_messages_to_itself")
def _(folder):
    flow = {"cat": "c", "name": "c", "id": 1}
    rows = imported(folder, listed(event("X", 0, dur=9, name="a"), event("s", 1, **flow),
                                   event("f", 2, bp="e", **flow)))
    same(arrows(rows), [("c", 1, 1000, 1, 2000)])


@tap.test("chrome_flows_of_the_second_kind_are_messages")
def _(folder):
    rows = imported(folder, listed(
        event("X", 0, dur=2, name="a", bind_id="0x7", flow_out=True),
        event("X", 3, dur=2, name="b", tid=2, bind_id="0x7", flow_in=True, flow_out=True),
        event("X", 6, dur=2, name="c", tid=3, bind_id="0x7", flow_in=True)))
    same(arrows(rows), [("flow", 1, 0, 2, 3000), ("flow", 2, 3000, 3, 6000)])


@tap.test("chrome_flows_without_a_partner_are_counted")
def _(folder):
    rows = imported(folder, listed(
        event("X", 0, dur=9, name="a"), event("s", 1, cat="c", name="c", id=1),
        event("f", 2, cat="c", name="c", id=2, bp="e")),
        ["1 event left out: the end of an arrow without its start"])
    same((len([r for r in rows if r["ev"] == "send"]), arrows(rows)), (1, []))


@tap.test("chrome_counters_tasks_and_states_are_read")
def _(folder):
    task = {"cat": "io", "id2": {"local": "0x1"}}
    rows = imported(folder, listed(
        event("C", 0, name="mem", args={"value": 1, "peak": 2.5, "text": "no"}),
        event("b", 1, name="outer", **task), event("b", 2, name="inner", **task),
        event("e", 3, name="inner", **task), event("e", 4, name="outer", **task),
        event("T", 5, name="Running", dur=1, args={"cpu": 3}), event("T", 6, name="R", dur=1),
        event("T", 7, name="S", dur=1), event("O", 8, name="object", id=1)),
        ["1 event left out, of a phase that weft does not read"])
    same([{k: v for k, v in r.items() if k != "t"} for r in rows[1:]], [
        {"ev": "count", "name": "mem", "value": 1}, {"ev": "count", "name": "mem peak",
                                                     "value": 2.5},
        {"ev": "task", "op": "begin", "id": 1, "name": "outer"},
        {"ev": "task", "op": "begin", "id": 2, "name": "inner"},
        {"ev": "task", "op": "end", "id": 2}, {"ev": "task", "op": "end", "id": 1},
        {"ev": "run", "w": 3, "co": 1}, {"ev": "state", "co": 1, "state": "ready"},
        {"ev": "state", "co": 1, "state": "blocked", "why": "other"}])


@tap.test("chrome_fields_are_read_however_they_are_written")
def _(folder):
    rows = imported(folder, r"""[
        {"ph":"i","ts":"1.5","pid":1,"tid":"a\u00e9","name":"\u00fcber \ud83e\uddf5\n\"","s":"t"},
        { "ph" : "i" , "ts" : 2e0 , "pid" : 1 , "tid" : "aé" , "name":"x", "name" : "last" ,
          "args" : { "list" : [ 1 , { "k" : null } ] , "s" : "\"" } , "s" : "t" },
        {'ph':'i','ts':3,'pid':1,'tid':'aé','name':'single','s':'t','args':[1]},
        {"ph":"i","ts":4,"pid":1,"tid":"aé","name":"a	tab","s":"t"}]""")
    same([row["name"] for row in rows], ["aé", 'über 🧵\n"', "last", "single", "a\ttab"])
    same([row.get("args") for row in rows[1:]],
         [None, {"list": [1, {"k": None}], "s": '"'}, None, None])
    same([row["t"] for row in rows[1:]], [0, 500, 1500, 2500])


@tap.test("chrome_threads_keep_their_pid_and_tid")
def _(folder):
    rows = imported(folder, """[
        {"ph":"i","ts":1,"pid":17,"tid":-3,"name":"a","s":"t"},
        {"ph":"i","ts":2,"pid":"main","tid":"\\u00fc","name":"b","s":"t"},
        {"ph":"i","ts":3,"tid":12345678901234567890,"name":"c","s":"t"},
        {"ph":"i","ts":4,"pid":[1],"tid":null,"name":"d","s":"t"}]""")
    same([{k: v for k, v in r.items() if k.startswith("x_")} for r in rows if r["ev"] == "spawn"],
         [{"x_pid": 17, "x_tid": -3}, {"x_pid": "main", "x_tid": "ü"},
          {"x_tid": "12345678901234567890"}, {}])


@tap.test("chrome_that_is_nonsense_is_refused_or_counted")
def _(folder):
    path = folder / "in.json"
    for text in ('[{"ph":"i","name":"no time","pid":1,"tid":1}]', '[{"ph":"X"', "[]",
                 '{"traceEvents":[]}', '{"traceEvents":5}', '{"traceEvents":[1,2,3]}',
                 '[{"ph":"i","ts":1,"pid":1,"tid":1},{"ph":"i","ts":1e300,"pid":1,"tid":1},',
                 '[{"ph":"i","ts":-9e12,"pid":1,"tid":1},{"ph":"i","ts":9e12,"pid":1,"tid":1}]'):
        path.write_text(text)
        got = weft("convert", path, "-o", folder / "o.weft.json")
        assert got.returncode in (0, 3), f"{text}: {got.returncode} {got.stderr}"
        tap.one_line(got.stderr)


# ---- The command --------------------------------------------------------------------------------

@tap.test("plain_json_is_chrome_for_weft_and_weft_for_others")
def _(folder):
    assert "traceEvents" in convert(SOURCE / "traces" / "ping.json", folder / "o.json")
    other = SOURCE / "tests" / "data" / "gotrace" / "array.json"
    assert convert(other, folder / "o.json").startswith('{"weft":1,')


@tap.test("standard_input_and_output_are_a_dash")
def _(folder):
    path = SOURCE / "traces" / "sieve.json"
    wanted = convert(path, folder / "o.chrome.json")
    wanted = wanted.replace("sieve.json", "standard input")
    with path.open() as file:  # a file can be read again, a pipe is copied
        got = weft("convert", "-", "-o", "-", "--to=chrome", stdin=file)
    same((got.returncode, got.stderr), (0, ""))
    same(got.stdout, wanted)
    with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as cat:
        got = weft("convert", "-", "-o", "-", "--to=chrome", stdin=cat.stdout)
    same((got.returncode, got.stdout, got.stderr), (0, wanted, ""))


@tap.test("an_imported_trace_is_known_by_the_digest_of_its_input")
def _(folder):
    if os.environ.get("WEFT_TEST_CRYPTO", "1") != "1":
        raise tap.Skip("built without libcrypto")
    chrome_json = folder / "in.chrome.json"
    convert(SOURCE / "traces" / "sieve.json", chrome_json)
    for path in (SOURCE / "tests" / "data" / "gotrace" / "array.json", chrome_json):
        wanted = hashlib.sha256(path.read_bytes()).hexdigest()[:32]
        packed = folder / "packed.gz"
        packed.write_bytes(gzip.compress(path.read_bytes()))
        for one in [path] + [packed] * ("gzip" in os.environ.get("WEFT_TEST_CODECS", "gzip")):
            same(json.loads(convert(one, folder / "o.weft.json"))["id"], wanted, f"id of {one}")


@tap.test("the_same_trace_gives_the_same_bytes")
def _(folder):
    for path in SAMPLES:
        for suffix in FORMATS.values():
            same(convert(path, folder / f"a.{suffix}"), convert(path, folder / f"b.{suffix}"))
        if HAS_SQLITE:
            database(folder, path).close()
            first = (folder / "o.db").read_bytes()
            database(folder, path).close()
            assert first == (folder / "o.db").read_bytes(), f"the database of {path}"


@tap.test("broken_traces_are_converted_with_a_line_or_refused")
def _(folder):
    for path in sorted((SOURCE / "traces" / "broken").glob("*.json")):
        for suffix in FORMATS.values():
            got = weft("convert", path, "-o", folder / f"o.{suffix}")
            assert got.returncode in (0, 3), f"{path} to {suffix}: {got.returncode} {got.stderr}"
            assert got.stderr.count("\n") <= 1, got.stderr
            same((folder / f"o.{suffix}").exists(), got.returncode == 0)
            if got.returncode == 0 and suffix == "chrome.json":
                json.loads((folder / f"o.{suffix}").read_text())
            (folder / f"o.{suffix}").unlink(missing_ok=True)
        same(os.listdir(folder), [], "what is left")


@tap.test("a_trace_is_not_converted_over_itself")
def _(folder):
    path, link = folder / "t.json", folder / "link.csv"
    path.write_bytes((SOURCE / "traces" / "ping.json").read_bytes())
    link.symlink_to(path)
    for out in (path, link):
        got = weft("convert", path, "-o", out)
        same(got.returncode, 2)
        assert "the trace itself" in tap.one_line(got.stderr), got.stderr
    same(path.read_bytes(), (SOURCE / "traces" / "ping.json").read_bytes())


@tap.test("a_conversion_that_fails_leaves_the_old_file")
def _(folder):
    old = folder / "o.csv"
    old.write_text("old")
    for args, status in (([folder / "none.json"], 3), ([SOURCE / "meson.build"], 3),
                         ([SOURCE / "traces" / "ping.json", "--limit=0"], 2)):
        same(weft("convert", *args, "-o", old).returncode, status)
    same((old.read_text(), os.listdir(folder)), ("old", ["o.csv"]))


@tap.test("what_cannot_be_written_gives_1")
def _(folder):
    path = SOURCE / "traces" / "ping.json"
    (folder / "dir.csv").mkdir()
    for out in (folder / "no" / "o.csv", folder / "dir.csv", "/proc/o.csv"):
        got = weft("convert", path, "-o", out)
        same(got.returncode, 1)
        assert str(out) in tap.one_line(got.stderr), got.stderr
    with open("/dev/full", "w") as full:
        got = weft("convert", path, "-o", "-", "--to=csv", stdout=full)
    same(got.returncode, 1)
    assert "No space left" in tap.one_line(got.stderr), got.stderr


@tap.test("a_conversion_that_is_interrupted_leaves_nothing")
def _(folder):
    lines = [{"ev": "spawn", "t": 0, "new": 1, "name": "main"}]
    lines += [{"ev": "note", "t": i, "co": 1, "name": "n"} for i in range(300_000)]
    path = made(folder, lines)
    child = subprocess.Popen([tap.WEFT, "convert", path, "-o", folder / "o.chrome.json"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while len(os.listdir(folder)) < 2:
        assert time.monotonic() < deadline and child.poll() is None, "nothing is being written"
        time.sleep(0.001)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    same((child.returncode, err), (130, b""))
    same(os.listdir(folder), ["made.json"], "the folder")


WRONG = {
    "without_trace": (["-o", "x.csv"], "no trace"),
    "without_output": (["GOOD"], "no output"),
    "of_two": (["GOOD", "b.json", "-o", "x.csv"], "one trace"),
    "unknown_suffix": (["GOOD", "-o", "x.xyz"], "names no format"),
    "no_suffix": (["GOOD", "-o", "-"], "names no format"),
    "unknown_to": (["GOOD", "-o", "x.csv", "--to=yaml"], "unknown; choose one of weft, chrome"),
    "unknown_from": (["GOOD", "-o", "x.csv", "--from=yaml"], "unknown; choose one of weft, gotrace, chrome"),
    "to_what_is_only_read": (["GOOD", "-o", "x.csv", "--to=gotrace"], "only read"),
    "from_what_is_only_written": (["GOOD", "-o", "x.csv", "--from=csv"], "only written"),
    "limit_of_none": (["GOOD", "-o", "x.csv", "--limit=0"], "--limit 0"),
    "limit_of_what_is_complete": (["GOOD", "-o", "x.db", "--limit=5"], "always complete"),
    "limit_of_half": (["GOOD", "-o", "x.csv", "--limit=1.5"], "--limit 1.5"),
}


def add_wrong(name, args, words):
    @tap.test(f"wrong_use_{name}_gives_2")
    def _(folder):
        real = [a.replace("GOOD", str(SOURCE / "traces" / "ping.json")) for a in args]
        got = weft("convert", *real, cwd=folder)
        same(got.returncode, 2)
        assert words in tap.one_line(got.stderr), got.stderr
        same(os.listdir(folder), [])


for each, (arguments, needed) in WRONG.items():
    add_wrong(each, arguments, needed)

tap.main()
