# SPDX-License-Identifier: MIT
#
# What the recorder writes, seen from outside: every line against the strict schema, order, ticks,
# message numbers, counts, on any number of workers, with skewed clocks and with rings that are far
# too small. Prints TAP. Arguments: the build's root, the source's root.
import json
import os
import struct
import subprocess
import sys
import tempfile

import jsonschema

BUILD, SOURCE = sys.argv[1], sys.argv[2]
FOLDER = tempfile.TemporaryDirectory()
with open(os.path.join(SOURCE, "docs", "trace.strict.schema.json")) as f:
    SCHEMA = json.load(f)
RECORD = jsonschema.Draft202012Validator(
    {"$defs": SCHEMA["$defs"], "$ref": "#/$defs/record"})
WHOLE = jsonschema.Draft202012Validator(SCHEMA)
count = 0


def test(name, body):
    global count
    count += 1
    try:
        body()
        print(f"ok {count} - {name}", flush=True)
    except Exception as e:  # a failed assertion, or whatever the program under test provoked
        print(f"not ok {count} - {name}", flush=True)
        for line in f"{type(e).__name__}: {e}".splitlines():
            print(f"# {line[:300]}", flush=True)


def run(program, *args, trace="t.json", buffer=None):
    path = os.path.join(FOLDER.name, trace)
    env = dict(os.environ, WEFT_TRACE=path)
    if buffer:
        env["WEFT_TRACE_BUFFER"] = buffer
    done = subprocess.run([os.path.join(BUILD, "tests", program), *map(str, args)], env=env,
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, (done.returncode, done.stderr)
    assert done.stderr == "", done.stderr
    return done.stdout, path


def load(path):
    """The header and the records; the line form is checked on the way."""
    with open(path, encoding="utf-8", newline="") as f:
        text = f.read()
    lines = text.split("\n")
    assert lines[-2:] == ["]}", ""], lines[-3:]
    records = lines[1:-2]
    assert lines[0].startswith('{"weft":1,') and lines[0].endswith(',"events":[')
    assert all(line.endswith("},") for line in records[:-1])
    assert records[-1].startswith('{"ev":"eof"') and records[-1].endswith("}")
    whole = json.loads(text)
    assert whole["events"] == [json.loads(line.rstrip(",")) for line in records]
    return whole, whole["events"]


def check_stream(events):
    last, last_of, tick = 0, {}, 0
    for e in events:
        if "t" not in e:
            continue
        assert e["t"] >= last, ("time goes back", e)
        assert e["t"] >= tick, ("a tick's promise is broken", e)
        last = e["t"]
        if "w" in e:
            assert e["t"] >= last_of.get(e["w"], 0)
            last_of[e["w"]] = e["t"]
        if e["ev"] == "tick":
            tick = e["t"]
    assert events[-1]["ev"] == "eof" and events[-1]["n"] == len(events) - 1


def check_messages(events):
    """Sends and receives of queues of 8, each under its lock: their order is the queue's."""
    queues, seen, last = {}, set(), {}
    for e in events:
        if e["ev"] == "send":
            assert e["msg"] not in seen, ("number used twice", e)
            assert e["msg"] > last.get(e["on"], 0), ("numbers fall along a channel", e)
            seen.add(e["msg"])
            last[e["on"]] = e["msg"]
            queues.setdefault(e["on"], []).append(e["msg"])
            assert len(queues[e["on"]]) == e["len"], e
        elif e["ev"] == "recv":
            assert queues[e["on"]].pop(0) == e["msg"], e
            assert len(queues[e["on"]]) == e["len"], e


def check_play(workers, rounds, *more, buffer=None):
    _, path = run("record_play", workers, rounds, *more, buffer=buffer)
    whole, events = load(path)
    check_stream(events)
    check_messages(events)
    for w in range(workers):
        mine = [e for e in events if e.get("w") == w and e["ev"] in ("send", "recv")]
        assert len(mine) == rounds, ("records are lost", w, len(mine))
        values = [e["value"] for e in mine if e["ev"] == "send"]
        assert values == sorted(values), "a worker's own order is lost"
    locs = [e for e in events if e["ev"] == "loc"]
    assert [e["loc"] for e in locs] == list(range(1, len(locs) + 1))
    assert len({(e["fn"], e["file"], e["line"]) for e in locs}) == len(locs) == 3
    return whole, events


def matches_the_schema():
    whole, events = check_play(2, 30)
    WHOLE.validate(whole)
    for e in events:
        RECORD.validate(e)
    assert list(whole) == ["weft", "minor", "order", "unit", "clock", "t0", "wall", "id", "pid",
                           "exe", "argv", "host", "tool", "sched", "caps", "x_guard", "events"]
    assert whole["sched"] == {"model": "m:n", "workers": 2}
    assert whole["argv"][1:] == ["2", "30"]
    assert whole["tool"]["name"] == "weft" and whole["x_guard"] == "none"
    last = [e for e in events if "co" in e][-1]  # where rounds are slow, a tick comes behind it
    assert list(last)[:4] == ["ev", "t", "w", "co"]


KINDS = [
    {"ev": "worker", "w": 1, "op": "start", "tid": 4711, "cpu": 3},
    {"ev": "spawn", "w": 1, "new": 1, "name": "main", "fn": "main"},
    {"ev": "run", "w": 1, "co": 1, "cpu": 2},
    {"ev": "run", "w": 1, "co": 1},
    {"ev": "loc", "loc": 1, "fn": "main", "file": "src/a.c", "line": 7},
    {"ev": "spawn", "w": 1, "co": 1, "new": 2, "name": "filter", "fn": "filter",
     "stack_bytes": 65536, "at": 1},
    {"ev": "spawn", "w": 1, "co": 1, "new": 3, "name": "three", "fn": "filter",
     "stack_bytes": 65536, "at": 1},
    {"ev": "yield", "w": 1, "co": 1, "why": "sched"},
    {"ev": "yield", "w": 1, "co": 1},
    {"ev": "exit", "w": 1, "co": 2, "code": 3},
    {"ev": "exit", "w": 1, "co": 3, "code": -1, "why": "cancel"},
    {"ev": "join", "w": 1, "co": 1, "of": 2, "value": 3},
    {"ev": "name", "co": 2, "name": "new name"},
    {"ev": "name", "on": 1, "name": "numbers"},
    {"ev": "name", "on": 1, "name": "numbers"},
    {"ev": "steal", "w": 1, "from": 1, "cos": [4, 5, 6]},
    {"ev": "log", "w": 1, "co": 1, "text": 'panic: "send" on a closed channel', "level": "error"},
    {"ev": "cancel", "w": 1, "co": 1, "to": 2, "why": "too late"},
    {"ev": "cancel", "to": 2},
    {"ev": "loc", "loc": 2, "fn": "main", "file": "src/a.c", "line": 9},
    {"ev": "make", "w": 1, "co": 1, "on": 1, "type": "chan", "name": "n", "cap": 4, "elem": "int",
     "size": 4, "at": 2},
    {"ev": "make", "w": 1, "co": 1, "on": 2, "type": "chan", "name": "a.c:9", "cap": 0,
     "elem": "const char *", "size": 8, "at": 2},
    {"ev": "loc", "loc": 3, "fn": "main", "file": "src/a.c", "line": 10},
    {"ev": "make", "w": 1, "co": 1, "on": 3, "type": "waitgroup", "name": "all", "n": 2, "at": 3},
    {"ev": "make", "w": 1, "on": 4, "type": "timer"},
    {"ev": "add", "w": 1, "co": 1, "on": 3, "delta": -1, "value": 1},
    {"ev": "free", "w": 1, "co": 1, "on": 3},
    {"ev": "free", "w": 1, "on": 4},
    {"ev": "send", "w": 1, "co": 1, "on": 1, "msg": 8, "value": 42, "via": "buffer", "len": 1},
    {"ev": "send", "w": 1, "co": 1, "on": 1, "msg": 16, "via": "select", "by": 2, "case": 0},
    {"ev": "send", "w": 1, "co": 1, "on": 2, "msg": 24,
     "value": "hello, this is longer than eight bytes", "via": "hand"},
    {"ev": "send", "w": 1, "co": 1, "on": 2, "msg": 32,
     "value": {"ptr": "0x0", "type": "const char *"}, "via": "wait"},
    {"ev": "recv", "w": 1, "co": 2, "on": 1, "msg": 8, "from": 1, "len": 0},
    {"ev": "recv", "w": 1, "co": 2, "on": 2, "msg": 24, "case": 1},
    {"ev": "recv", "w": 1, "co": 2, "on": 2, "ok": False},
    {"ev": "unsend", "w": 1, "co": 1, "msg": 32, "why": "timeout"},
    {"ev": "close", "w": 1, "co": 1, "on": 2, "woke": 3},
    {"ev": "select", "w": 1, "co": 1, "pick": 2, "n": 3},
    {"ev": "select", "w": 1, "co": 1, "pick": "default", "n": 1},
    {"ev": "select", "w": 1, "co": 1, "pick": "timeout", "n": 1},
    {"ev": "select", "w": 1, "co": 1, "pick": "cancel", "n": 1},
    {"ev": "block", "w": 1, "co": 1, "why": "recv", "on": 1},
    {"ev": "block", "w": 1, "co": 1, "why": "join", "of": 2},
    {"ev": "block", "w": 1, "co": 1, "why": "select",
     "cases": [{"on": 1, "dir": "send"}, {"on": 2, "dir": "recv"}], "until": None},
    {"ev": "block", "w": 1, "co": 1, "why": "forever"},
    {"ev": "sleep", "w": 1, "co": 1, "until": None},
    {"ev": "unblock", "w": 1, "co": 2, "to": 1, "on": 1, "msg": 8, "why": "recv"},
    {"ev": "unblock", "to": 1, "why": "timer"},
    {"ev": "unblock", "w": 1, "co": 2, "to": 1, "on": 2, "why": "close"},
    {"ev": "worker", "w": 1, "op": "park"},
    {"ev": "worker", "w": 1, "op": "unpark"},
    {"ev": "worker", "w": 1, "op": "stop"},
    {"ev": "make", "w": 1, "co": 1, "on": 20, "type": "mutex", "name": "m"},
    {"ev": "make", "w": 1, "co": 1, "on": 21, "type": "rwlock", "name": "rw", "pre": True},
    {"ev": "make", "w": 1, "co": 1, "on": 22, "type": "semaphore", "name": "s", "n": 3},
    {"ev": "make", "w": 1, "co": 1, "on": 26, "type": "semaphore", "n": 2**53 - 1},
    {"ev": "make", "w": 1, "co": 1, "on": 23, "type": "io", "fd": 7},
    {"ev": "make", "w": 1, "co": 1, "on": 24, "type": "timer"},
    {"ev": "acquire", "w": 1, "co": 1, "on": 20},
    {"ev": "acquire", "w": 1, "co": 2, "on": 20, "ok": False},
    {"ev": "release", "w": 1, "co": 1, "on": 20},
    {"ev": "acquire", "w": 1, "co": 2, "on": 20, "from": 1},
    {"ev": "release", "w": 1, "co": 3, "on": 20, "from": 2},
    {"ev": "acquire", "w": 1, "co": 3, "on": 20, "from": 2},
    {"ev": "acquire", "w": 1, "co": 1, "on": 21, "mode": "read"},
    {"ev": "acquire", "w": 1, "co": 2, "on": 21, "mode": "read"},
    {"ev": "release", "w": 1, "co": 1, "on": 21, "mode": "read"},
    {"ev": "release", "w": 1, "co": 2, "on": 21, "mode": "read"},
    {"ev": "acquire", "w": 1, "co": 3, "on": 21, "mode": "write", "from": 2},
    {"ev": "acquire", "w": 1, "co": 1, "on": 22, "n": 2},
    {"ev": "release", "w": 1, "co": 1, "on": 22, "n": 2},
    {"ev": "signal", "w": 1, "co": 1, "on": 25, "n": 1},
    {"ev": "signal", "w": 1, "co": 1, "on": 25, "n": 3, "all": True},
    {"ev": "timer", "w": 1, "co": 1, "on": 24, "op": "set", "every": 1000},
    {"ev": "timer", "on": 24, "op": "fire"},
    {"ev": "timer", "w": 1, "co": 1, "on": 24, "op": "stop"},
    {"ev": "log", "w": 1, "co": 1, "text": "a\nb", "level": "trace"},
    {"ev": "log", "w": 1, "co": 1, "text": ""},
    {"ev": "note", "w": 1, "co": 1, "name": "here"},
    {"ev": "task", "w": 1, "co": 1, "op": "begin", "id": 1, "name": "order"},
    {"ev": "task", "w": 1, "co": 1, "op": "begin", "id": 2, "name": "part", "parent": 1},
    {"ev": "begin", "w": 1, "co": 1, "name": "parse", "task": 2},
    {"ev": "begin", "w": 1, "co": 1, "name": "inner"},
    {"ev": "end", "w": 1, "co": 1, "name": "inner"},
    {"ev": "end", "w": 1, "co": 1, "name": "parse"},
    {"ev": "task", "w": 1, "co": 1, "op": "end", "id": 2},
    {"ev": "count", "w": 1, "co": 1, "name": "load", "value": 0.1},
    {"ev": "loc", "loc": 4, "fn": "worker", "file": "src/b.c", "line": 12},
    {"ev": "send", "w": 1, "co": 1, "on": 1, "msg": 40, "via": "hand", "len": 3, "at": 4},
    {"ev": "loc", "loc": 5, "fn": "helper"},
    {"ev": "recv", "w": 1, "co": 1, "on": 1, "msg": 40, "at": 5},
    {"ev": "recv", "w": 1, "co": 1, "on": 1, "ok": False, "at": 4},
    {"ev": "sleep", "w": 1, "co": 1, "until": None},
    {"ev": "block", "w": 1, "co": 1, "why": "recv", "on": 1},
    {"ev": "block", "w": 1, "co": 1, "why": "recv", "on": 1, "at": 4},
    {"ev": "close", "w": 1, "co": 1, "on": 1, "woke": 0, "at": 4},
    {"ev": "select", "w": 1, "co": 1, "pick": 0, "n": 1, "at": 4},
    {"ev": "join", "w": 1, "co": 1, "of": 2, "value": 3, "at": 4},
    {"ev": "cancel", "w": 1, "co": 1, "to": 2, "at": 4},
    {"ev": "acquire", "w": 1, "co": 1, "on": 20, "from": 2, "at": 4},
    {"ev": "release", "w": 1, "co": 1, "on": 20, "at": 5},
    {"ev": "add", "w": 1, "co": 1, "on": 3, "delta": 1, "value": 1, "at": 4},
    {"ev": "signal", "w": 1, "co": 1, "on": 25, "n": 1, "at": 4},
    {"ev": "timer", "w": 1, "co": 1, "on": 24, "op": "stop", "at": 4},
    {"ev": "log", "w": 1, "co": 1, "text": "x", "level": "info", "at": 4},
    {"ev": "note", "w": 1, "co": 1, "name": "x", "at": 4},
    {"ev": "begin", "w": 1, "co": 1, "name": "x", "at": 4},
    {"ev": "end", "w": 1, "co": 1, "name": "x", "at": 4},
    {"ev": "task", "w": 1, "co": 1, "op": "end", "id": 1, "at": 4},
    {"ev": "count", "w": 1, "co": 1, "name": "x", "value": 0.0, "at": 4},
    {"ev": "yield", "w": 1, "co": 1},
    {"ev": "exit", "w": 1, "co": 1, "code": 0},
    {"ev": "drop", "w": 1, "since": 0, "n": 1},
    {"ev": "eof", "n": None, "why": "deadlock"},
]


def every_kind_has_its_line():
    _, path = run("record_kinds")
    whole, events = load(path)
    WHOLE.validate(whole)
    check_stream(events)
    events = [e for e in events if e["ev"] != "tick"]
    hour = 3600 * 10**9
    for got, want in zip(events, KINDS):
        RECORD.validate(got)
        if "until" in got:
            assert hour < got["until"] - got["t"] + 10**9 < 2 * hour, got
        got = {k: None if k == "until" or (k == "n" and got["ev"] == "eof") else v
               for k, v in got.items() if k != "t"}
        assert got == want, (got, want)
    assert len(events) == len(KINDS)


def order_holds_for_any_number_of_workers():
    for workers in (1, 2, 3, 4, 8):
        check_play(workers, 4000, workers)


def order_holds_without_membarrier():
    for workers in (1, 4):
        check_play(workers, 4000, 5, 0, "strong")


def order_holds_with_skewed_clocks():
    for skew in (1000, -1000, 50000000):
        check_play(4, 4000, 7, skew)


def ticks_hold_with_clocks_that_are_late():
    for skew in (-1000, -50000000):
        for strong in ("weak", "strong"):
            events = check_play(4, 8000, 11, skew, strong, buffer="64K")[1]
            assert sum(e["ev"] == "tick" for e in events) > 3


def a_full_ring_loses_nothing():
    for workers in (1, 4):
        check_play(workers, 20000, 9, buffer="64K")


def a_bad_buffer_size_is_said_and_passed_over():
    for size in ("0", "7X", "-1", "16MB", "99999999999999999999"):
        env = dict(os.environ, WEFT_TRACE=os.path.join(FOLDER.name, "b.json"),
                   WEFT_TRACE_BUFFER=size)
        done = subprocess.run([os.path.join(BUILD, "tests", "record_play"), "1", "10"], env=env,
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and done.stderr.count("\n") == 1, done
        assert f"WEFT_TRACE_BUFFER={size}" in done.stderr, done.stderr


def shortest_digits(bits, width):
    """The fewest digits that read back, by another road than the recorder's."""
    if width == 8:
        return len(repr(struct.unpack(">d", bytes.fromhex(bits))[0]).split("e")[0]
                   .replace(".", "").replace("-", "").strip("0"))
    value = struct.unpack(">f", bytes.fromhex(bits))[0]
    for n in range(1, 10):
        try:
            if struct.pack(">f", float(f"{value:.{n}g}")).hex() == bits:
                return len(f"{abs(value):.{n - 1}e}".split("e")[0].replace(".", "").strip("0"))
        except OverflowError:
            continue
    raise AssertionError(bits)


def numbers_are_exact_and_shortest():
    done = subprocess.run([os.path.join(BUILD, "tests", "real_print"), "12000"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert len(lines) > 20000, len(lines)
    for line in lines:
        kind, bits, text = line.split()
        assert "." in text or "e" in text, line
        value = json.loads(text)
        if kind == "d":
            assert struct.pack(">d", value).hex() == bits, line
        else:
            assert struct.pack(">f", value).hex() == bits, line
        digits = text.split("e")[0].replace(".", "").replace("-", "").strip("0")
        assert len(digits) <= shortest_digits(bits, 8 if kind == "d" else 4), line


for body in (matches_the_schema, every_kind_has_its_line, order_holds_for_any_number_of_workers,
             order_holds_without_membarrier, order_holds_with_skewed_clocks,
             ticks_hold_with_clocks_that_are_late,
             a_full_ring_loses_nothing, a_bad_buffer_size_is_said_and_passed_over,
             numbers_are_exact_and_shortest):
    test(body.__name__, body)
print(f"1..{count}")
