# SPDX-License-Identifier: MIT
#
# What a user asks of the recorder (WEFT_TRACE_EVENTS, _VALUES, _MODE), seen in the file: each set of
# events alone is sound and holds no other, values are as short as wished, and what a full buffer
# loses is counted. Prints TAP. Arguments: the build's root, the source's root.
import itertools
import json
import os
import re
import subprocess

import jsonschema

import tap

PROGRAM = tap.BUILD / "tests" / "record_all"
WHOLE = jsonschema.Draft202012Validator(
    json.loads((tap.SOURCE / "docs" / "trace.strict.schema.json").read_text()))

CLASSES = {
    "life": {"exit", "join", "cancel"},
    "sched": {"run", "yield", "block", "sleep", "exit", "select"},
    "msg": {"send", "recv", "unsend", "close", "select"},
    "wake": {"unblock"},
    "sync": {"acquire", "release", "add", "signal", "timer"},
    "worker": {"worker", "steal"},
    "user": {"note", "begin", "end", "task", "count"},
    "loc": {"loc"},
}
ALWAYS = {"spawn", "make", "free", "name", "tick", "eof", "log"}
# What one worker in one round is sure to leave behind.
SURE = {
    "life": {"exit", "join", "cancel"},
    "sched": {"run", "block", "exit", "select"},  # (a sleep may be over before it begins)
    "msg": {"send", "recv", "unsend", "close", "select"},
    "wake": {"unblock"},
    "sync": {"acquire", "release", "add", "signal", "timer"},
    "worker": {"worker"},
    "user": {"note", "begin", "end", "task", "count", "log"},
    "loc": {"loc"},
}


def environment(path, workers, **wishes):
    env = {k: v for k, v in os.environ.items() if not k.startswith("WEFT_TRACE")}
    env |= {"WEFT_TRACE": str(path), "WEFT_WORKERS": str(workers), "WEFT_HOG": "0"}
    return env | {f"WEFT_TRACE_{k.upper()}": v for k, v in wishes.items()}


def run(path, workers=1, **wishes):
    """What it said on stderr."""
    done = tap.run(PROGRAM, 1, env=environment(path, workers, **wishes), timeout=100)
    assert done.returncode == 0, (done.returncode, done.stderr)
    return done.stderr


def load(path):
    """The header and the records of a sound trace."""
    check = tap.weft("check", path)
    assert check.returncode == 0, check.stdout[:300] + check.stderr[:300]
    whole = json.loads(path.read_text())
    return whole, whole["events"]


def kinds(events):
    return {e["ev"] for e in events}


def record(folder, **kw):
    path = folder / "trace.json"
    said = run(path, **kw)
    assert said == "", said
    return load(path)


@tap.test("everything_is_there_unless_it_is_left_out")
def _(folder):
    for workers in (1, 2, 4):
        whole, events = record(folder, workers=workers)
        WHOLE.validate(whole)
        assert set(whole["caps"]) == set(CLASSES) | {"value"}, whole["caps"]
        missing = set().union(*SURE.values()) - kinds(events)
        assert not missing, missing


@tap.test("every_set_of_events_is_sound_and_holds_no_other")
def _(folder):
    names = list(CLASSES)
    for n in range(1, len(names) + 1):
        for some in itertools.combinations(names, n):
            whole, events = record(folder, events=",".join(some), workers=1 + n % 2)
            caps = set(whole["caps"]) - {"value"}
            assert caps == set(some), (caps, some)
            allowed = ALWAYS.union(*(CLASSES[c] for c in some))
            assert kinds(events) <= allowed, (some, kinds(events) - allowed)
            sure = set().union(*(SURE[c] for c in some))
            assert sure <= kinds(events), (some, sure - kinds(events))
            if "loc" not in some:
                assert not any("at" in e for e in events)


# What stands in the source where such a record is made. A wait may be of any of them.
CALLS = {
    "send": r"weft_(send|select)", "recv": r"weft_(recv|try_recv|select)", "close": "weft_close", "select": "weft_select",
    "sleep": "weft_sleep", "join": "weft_join", "cancel": "weft_scope_cancel",
    "acquire": r"weft_(mutex_lock|rwlock_[rw]lock|semaphore_acquire|once|cond_wait)",
    "release": r"weft_(mutex_unlock|rwlock_[rw]unlock|semaphore_release|once|cond_wait)",
    "add": "weft_waitgroup", "signal": "weft_cond_broadcast", "timer": r"weft_(ticker|time_stop)",
    "note": "weft_note", "log": "weft_log", "begin": "weft_region_begin", "end": "weft_region_end",
    "task": "weft_task", "count": "weft_count",
    "block": r"weft_(send|recv|select|mutex_lock|rwlock|cond_wait|waitgroup_wait|semaphore_acquire|join|io_read|accept|once)",
}
TEXT = (tap.SOURCE / "tests" / "record_all.c").read_text().splitlines()


def function_at(line):
    """The one around a line of the source, in kernel layout."""
    for text in reversed(TEXT[:line]):
        found = re.match(r"static .*?(\w+)\(", text)
        if found:
            return found[1]
    raise AssertionError(line)


def statement_at(line):
    """A call may go on for some lines, and have the number of any."""
    first = line - 1
    while first > 0 and not re.search(r"[;{}]$", TEXT[first - 1]):
        first -= 1
    last = line - 1
    while not re.search(r"[;{}]$", TEXT[last]):
        last += 1
    return "\n".join(TEXT[first:last + 1])


@tap.test("every_call_has_its_line")
def _(folder):
    for workers in (1, 2, 4):
        _, events = record(folder, workers=workers)
        locs = {e["loc"]: e for e in events if e["ev"] == "loc"}
        seen = set()
        for e in events:
            # What timers do stands nowhere in the program.
            if e["ev"] not in CALLS or "w" not in e:
                continue
            assert "at" in e, e
            loc = locs[e["at"]]
            assert loc["file"].endswith("tests/record_all.c"), loc
            assert loc["fn"] == function_at(loc["line"]), (loc, function_at(loc["line"]))
            assert re.search(CALLS[e["ev"]], statement_at(loc["line"])), (e, loc, statement_at(loc["line"]))
            seen.add(e["ev"])
        assert seen == set(CALLS), set(CALLS) - seen


@tap.test("every_call_has_its_stack_if_that_is_asked_for")
def _(folder):
    for workers in (1, 2, 4):
        whole, events = record(folder, workers=workers, events="all,stack")
        WHOLE.validate(whole)
        assert set(whole["caps"]) == set(CLASSES) | {"value", "stack"}, whole["caps"]
        locs = {e["loc"]: e for e in events if e["ev"] == "loc"}
        stacks = {e["stack"]: [locs[at] for at in e["at"]] for e in events if e["ev"] == "stack"}
        deepest, seen = 0, set()
        for e in events:
            if e["ev"] not in set(CALLS) | {"spawn", "make"} or "w" not in e or e.get("new") == 1:
                continue
            frames = stacks[e["stack"]]
            assert locs[e["at"]]["fn"] == frames[0]["fn"], (e, frames)
            # Each was called by the next.
            for inner, outer in zip(frames, frames[1:]):
                assert outer["fn"] == function_at(outer["line"]), outer
                assert re.search(r"\b%s\(" % inner["fn"], statement_at(outer["line"])), (inner, outer)
            deepest = max(deepest, len(frames))
            seen.add(e["ev"])
        assert seen == set(CALLS) | {"spawn", "make"}, seen
        assert deepest >= 3, deepest
    whole, _ = record(folder, events="msg,stack")
    tap.same(set(whole["caps"]), {"msg", "value", "loc", "stack"})


@tap.test("the_flight_recorder_keeps_the_stacks_of_what_it_keeps")
def _(folder):
    path = folder / "flight.json"
    done = tap.run(PROGRAM, 40, "dump", timeout=100,
                   env=environment(path, 2, events="all,stack", mode="ring", buffer="256K"))
    tap.same(done.returncode, 0)
    _, events = load(path)
    drop = next(i for i, e in enumerate(events) if e["ev"] == "drop")
    assert events[drop]["n"] > 1000, events[drop]
    known = {e["stack"] for e in events if e["ev"] == "stack"}
    # In rounds like those before it: all but the newest are older than what is kept.
    used = [e["stack"] for e in events if e["ev"] in CALLS and "w" in e]
    assert len(used) > 100 and set(used) <= known, (len(used), set(used) - known)


@tap.test("without_line_tables_there_are_functions_and_without_symbols_nothing")
def _(folder):
    for what, known in (("--strip-debug", True), ("--strip-all", False)):
        path, program = folder / "stripped.json", folder / "stripped"
        subprocess.run(["strip", what, "-o", program, PROGRAM], check=True)
        done = tap.run(program, 1, env=environment(path, 1), timeout=100)
        tap.same((done.returncode, done.stderr), (0, ""))
        whole, events = load(path)
        WHOLE.validate(whole)
        macros = {e["at"] for e in events if "at" in e and (e["ev"] == "spawn" or e.get("type") == "chan")}
        others = [e for e in events if e["ev"] == "loc" and e["loc"] not in macros]
        assert not any("file" in e or "line" in e for e in others), others
        assert {"send_some", "locks", "change"} <= {e["fn"] for e in others} if known else not others, others


@tap.test("values_are_off_short_or_full")
def _(folder):
    def values(**kw):
        whole, events = record(folder, **kw)
        return whole["caps"], [e["value"] for e in events if e["ev"] == "send" and "value" in e]

    caps, full = values()
    assert "value" in caps and "a text that is longer than sixteen bytes" in full, full
    assert any(isinstance(v, dict) and v.get("len") == 40 and len(v.get("base64", "")) == 56 for v in full), full
    caps, short = values(values="short")
    assert "value" in caps and {"str": "a text that is l", "len": 40} in short, short
    assert any(isinstance(v, dict) and v.get("len") == 40 and len(v.get("base64", "")) == 24 for v in short), short
    assert 2 in short
    caps, off = values(values="off")
    assert "value" not in caps and "msg" in caps and off == [], off


@tap.test("dropped_records_are_counted")
def _(folder):
    for workers in (1, 2, 4):
        fifo, path = folder / f"fifo{workers}", folder / "drop.json"
        os.mkfifo(fifo)
        keeps_it_open = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        program = subprocess.Popen([PROGRAM, "100"], stdout=subprocess.PIPE, text=True,
                                   env=environment(fifo, workers, mode="drop", buffer="64K"))
        # Nobody reads until all has been done: the pipe, the collector and the rings are full.
        tap.same(program.stdout.readline(), "done\n")
        os.set_blocking(keeps_it_open, True)
        with os.fdopen(keeps_it_open, "rb") as f:
            path.write_bytes(f.read())
        tap.same(program.wait(timeout=60), 0)
        _, events = load(path)
        drops = [e for e in events if e["ev"] == "drop"]
        assert drops and all(e["n"] > 0 and e["since"] <= e["t"] for e in drops), drops[:3]
        assert {e["w"] for e in drops} <= set(range(workers))


@tap.test("a_stack_that_was_dropped_is_recorded_when_there_is_room")
def _(folder):
    fifo, path = folder / "fifo", folder / "late.json"
    os.mkfifo(fifo)
    keeps_it_open = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    program = subprocess.Popen([PROGRAM, "100", "late"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                               env=environment(fifo, 1, mode="drop", buffer="64K", events="all,stack"))
    # By then nothing has had room for long, the first call of late() neither.
    tap.same(program.stdout.readline(), "done\n")
    os.set_blocking(keeps_it_open, True)
    late = 0
    with open(keeps_it_open, "rb") as f, open(path, "wb") as out:
        for line in f:
            out.write(line)
            late += b'"name":"late"' in line
            if late == 3 and not program.stdin.closed:
                program.stdin.close()
    tap.same(program.wait(timeout=60), 0)
    _, events = load(path)
    assert any(e["ev"] == "drop" for e in events)
    stacks = {e["stack"] for e in events if e["ev"] == "stack"}
    notes = [e for e in events if e["ev"] == "note" and e["name"] == "late"]
    assert len(notes) >= 3 and all(e.get("stack") in stacks and "at" in e for e in notes), notes[:3]


@tap.test("deadlines_and_stamps_are_of_one_clock")
def _(folder):
    _, events = record(folder)
    asleep, woken = {}, 0
    for e in events:
        if e["ev"] == "sleep" and "until" in e:
            asleep[e["co"]] = e
        elif e["ev"] == "unblock" and e["to"] in asleep:
            until = asleep.pop(e["to"])["until"]
            if e["why"] == "timer":
                assert e["t"] >= until - 5000, (e, until)
                woken += 1
    assert woken, "nobody was woken by a timer"


@tap.test("nothing_is_dropped_where_there_is_room")
def _(folder):
    _, events = record(folder, mode="drop")
    assert "drop" not in kinds(events)


@tap.test("bad_wishes_are_said_and_passed_over")
def _(folder):
    path = folder / "bad.json"
    for name, value, part in (("events", "msg,lief", "life, sched"), ("events", ",", "life, sched"),
                              ("values", "some", "off, short or full"),
                              ("mode", "fast", "lossless")):
        said = run(path, **{name: value})
        assert said.startswith(f"weft: WEFT_TRACE_{name.upper()}={value} is not ") and part in said, said
        assert said.count("\n") == 1, said
        whole, _ = load(path)
        assert set(whole["caps"]) == set(CLASSES) | {"value"}


tap.main()
