# SPDX-License-Identifier: MIT
#
# The example programs end to end: the same output on any number of workers, traced or not; every
# trace sound by our own checker and by the JSON Schema, which knows nothing of our code.
import collections
import json
import os
import signal
import subprocess
import time

import jsonschema

import tap
from tap import BUILD, SOURCE, run, same, weft

HAS_TRACE = os.environ.get("WEFT_TEST_TRACE", "1") == "1"
SLOW = float(os.environ.get("WEFT_TEST_SLOW", "1")) > 1  # a sanitizer: the short runs do
HAS_COMMAND = os.path.exists(tap.WEFT)

RUNS = {
    "ping": ("ping", [], "ping\n"),
    "ping-rounds": ("ping", ["--rounds", "20"], None),
    "echo": ("echo", [], "12 lines came back\n"),
    "echo-many": ("echo", ["--clients", "40", "--rounds", "20"], "800 lines came back\n"),
    "ring": ("ring", [], "12 hops\n"),
    "ring-laps": ("ring", ["--threads", "5", "--laps", "9"], "45 hops\n"),
    "worker-pool": ("worker-pool", [], None),
    "worker-pool-small": ("worker-pool", ["--pools", "2", "--workers", "1", "--jobs", "7"], None),
    "request-log": ("request-log", [],
                    "request 1: looks up 1, finds 1; looks up 2, finds 4; answers 5\n"
                    "request 2: looks up 2, finds 4; looks up 3, finds 9; answers 13\n"
                    "request 3: looks up 3, finds 9; looks up 4, finds 16; answers 25\n"),
    "request-log-many": ("request-log", ["--requests", "200"], None),
    "sensor": ("sensor", [], "10 readings, 22.0 degrees on average\n"),
    "sensor-much": ("sensor", ["--readings", "1000"], None),
    "screen": ("screen", [], ".:-=+*#% frame 1\n:-=+*#%. frame 2\n-=+*#%.: frame 3\n"
               "=+*#%.:- frame 4\n+*#%.:-= frame 5\n"),
    "screen-large": ("screen", ["--frames", "50", "--bands", "100"], None),
    "first-answer": ("first-answer", [], "question 1: replica 4 was first, 3 stopped\n"
                     "question 2: replica 3 was first, 3 stopped\n"
                     "question 3: no answer (deadline), 4 stopped\n"),
    "first-answer-many": ("first-answer", ["--replicas", "100", "--questions", "5"], None),
    "sieve": ("sieve", [], "2\n3\n5\n7\n11\n13\n17\n19\n23\n29\n31\n37\n"),
    "philosophers": ("philosophers", [],
                     "".join(f"philosopher {i}: 3 meals\n" for i in range(5))),
    "philosophers-many": ("philosophers", ["--philosophers", "20", "--meals", "10"], None),
    "bank": ("bank", [], "account 0: 99\naccount 1: 101\naccount 2: 101\naccount 3: 99\n"),
    "bank-busy": ("bank", ["--accounts", "3", "--clerks", "9", "--transfers", "20", "--auditors",
                           "20", "--audits", "4"], None),
    "life": ("life", [], "........\n..#.....\n...#....\n.###....\n" + "........\n" * 4),
    "life-long": ("life", ["--size", "20", "--generations", "80"], None),
    "mini-make": ("mini-make", [], "8 words, 3 kinds, mostly 3 rose\n5 commands\n"),
    "mini-make-alone": ("mini-make", ["--jobs", "1"], None),
    "blocks": ("blocks", [], "block 17 is broken\n"),
    "blocks-sound": ("blocks", ["--broken", "0", "--limit", "7"], "all 40 blocks are sound\n"),
    "heartbeat": ("heartbeat", [], "".join(f"beat {i}\n" for i in range(1, 6))
                  + "silence after 5 beats\n"),
    "heartbeat-of-none": ("heartbeat", ["--beats", "0", "--patience", "20"],
                          "silence after 0 beats\n"),
    "throttle": ("throttle", [], "".join(f"client {i}: 10 requests\n" for i in range(3))
                 + "all in no less than 125 ms\n"),
    "throttle-many": ("throttle", ["--clients", "20", "--rate", "100000", "--burst", "1"], None),
    "kitchen": ("kitchen", [], "6 meals served\n"),
    "kitchen-large": ("kitchen", ["--cooks", "20", "--orders", "60"], None),
    "watchdog": ("watchdog", [], "nothing moves:\n"
                 '  2 "to the right" waits for mutex "right"\n  3 "to the left" waits for mutex "left"\n'),
    "watchdog-in-order": ("watchdog", ["--in-order", "1", "--transfers", "200"], "400 transfers\n"),
    "whois": ("whois", [], "".join(f"{i} is {who}\n" for i, who in
                                   enumerate(["Ada", "Ben", "Cem", "Dua", "Eli", "Fay"]))),
    "sieve-long": ("sieve", ["--primes", "30"], None),
}

schema = json.loads((SOURCE / "docs" / "trace.strict.schema.json").read_text())
whole = jsonschema.Draft202012Validator(schema)
record = jsonschema.Draft202012Validator({"$defs": schema["$defs"], "$ref": "#/$defs/record"})


def example(name):
    return str(BUILD / "examples" / name)


def outline(value):
    """What the schema can tell of a value: among the numbers from 2 to 2^31 it knows no bound."""
    if isinstance(value, dict):
        return {key: outline(one) for key, one in value.items()}
    if isinstance(value, list):
        return [outline(one) for one in value]
    return 2 if type(value) is int and 2 < value < 2**31 else value


valid = set()  # the outlines that were seen to be, since the validator takes a millisecond for each


def validate(path, alike=None):
    """Every record by itself, then the header with the first and last of them as a document.

    `alike`: no more than so many with the same kind and fields.
    """
    document = json.loads(path.read_text())
    seen = collections.Counter()
    for number, one in enumerate(document["events"], 2):
        shape = (one["ev"], *sorted(one))
        seen[shape] += 1
        if alike and seen[shape] > alike:
            continue
        form = json.dumps(outline(one))
        if form in valid:
            continue
        error = jsonschema.exceptions.best_match(record.iter_errors(one))
        assert not error, f"line {number}: {error.message}: {json.dumps(one)}"
        valid.add(form)
    document["events"] = document["events"][:1] + document["events"][-1:]
    whole.validate(document)
    return document


def check(path):
    if not HAS_COMMAND:
        return
    got = weft("check", "--format=json", path)
    report = json.loads(got.stdout)[0]
    assert got.returncode == 0 and report["errors"] == 0, got.stdout[:2000]


wanted_output = {}


def expected(name):
    """What an example prints: as written above, else what it prints on one worker."""
    program, args, output = RUNS[name]
    if output is None and name not in wanted_output:
        got = run(example(program), *args, env={"WEFT_WORKERS": "1"})
        same(got.returncode, 0, "exit status")
        assert got.stdout, "no output"
        wanted_output[name] = got.stdout
    return output or wanted_output[name]


def add_run(name, workers):
    program, args, _ = RUNS[name]

    @tap.test(f"{name}_untraced_on_{workers}_workers")
    def _(folder):
        got = run(example(program), *args, env={"WEFT_WORKERS": workers})
        same((got.returncode, got.stdout, got.stderr), (0, expected(name), ""))

    if not HAS_TRACE:
        return

    @tap.test(f"{name}_traced_on_{workers}_workers_is_sound_and_valid")
    def _(folder):
        path = folder / "run.json"
        got = run(example(program), *args, env={"WEFT_WORKERS": workers, "WEFT_TRACE": str(path)})
        same((got.returncode, got.stdout, got.stderr), (0, expected(name), ""))
        document = validate(path, alike=10 if args else None)  # what is short is seen whole
        same(document["order"], "time", "order")
        same(document["events"][-1]["ev"], "eof", "last record")
        same(path.stat().st_mode & 0o777, 0o600, "mode")
        check(path)


for each, (_, options, _) in RUNS.items():
    for n in ("1", "2", "4"):
        if not (SLOW and options):
            add_run(each, n)


def need_trace():
    if not HAS_TRACE or not HAS_COMMAND:
        raise tap.Skip("built without the recorder or the command")


def events(path):
    return json.loads(path.read_text())["events"]


@tap.test("record_gives_the_same_trace_as_the_environment")
def _(folder):
    need_trace()
    one, other = folder / "one.json", folder / "other.json"
    run(example("ring"), env={"WEFT_TRACE": str(one), "WEFT_WORKERS": "1"})
    got = weft("record", "-o", other, "--", example("ring"), env={"WEFT_WORKERS": "1"})
    same((got.returncode, got.stdout, got.stderr), (0, "12 hops\n", ""))
    kinds = [[(e["ev"], e.get("co"), e.get("on"), e.get("msg")) for e in events(p)
              if e["ev"] not in ("tick", "worker")] for p in (one, other)]
    same(kinds[1], kinds[0], "what happened")


@tap.test("record_without_o_names_the_trace_after_the_program")
def _(folder):
    need_trace()
    got = weft("record", example("ping"), "--rounds", "2", cwd=folder)
    same((got.returncode, got.stderr), (0, ""))
    same(os.listdir(folder), ["ping.json"], "folder")
    check(folder / "ping.json")


@tap.test("record_into_a_name_with_the_pid")
def _(folder):
    need_trace()
    got = weft("record", "-o", "run-%p.json", example("ping"), cwd=folder)
    same((got.returncode, got.stderr), (0, ""))
    name = os.listdir(folder)[0]
    same(json.loads((folder / name).read_text())["pid"], int(name[4:-5]), "pid")


@tap.test("record_into_an_older_trace_replaces_it")
def _(folder):
    need_trace()
    path = folder / "t.json"
    weft("record", "-o", path, example("sieve"))
    got = weft("record", "-o", path, example("ping"))
    same((got.returncode, got.stderr), (0, ""))
    validate(path)
    assert path.stat().st_size < 10000, "the old end is still there"


@tap.test("a_program_on_a_full_disk_runs_on_and_one_line_says_so")
def _(folder):
    need_trace()
    for command in ([example("sieve")], [tap.WEFT, "record", "-o", "/dev/full", example("sieve")]):
        got = run(*command, env={"WEFT_TRACE": "/dev/full"})
        same((got.returncode, got.stdout), (0, expected("sieve")))
        line = tap.one_line(got.stderr)
        assert "incomplete" in line and "/dev/full" in line, line


@tap.test("a_program_whose_trace_goes_to_a_closed_pipe_runs_on")
def _(folder):
    need_trace()
    reader, writer = os.pipe()
    os.close(reader)
    got = run(example("sieve"), env={"WEFT_TRACE": f"/dev/fd/{writer}"}, pass_fds=[writer])
    os.close(writer)
    same((got.returncode, got.stdout), (0, expected("sieve")))
    assert "incomplete" in tap.one_line(got.stderr), got.stderr


@tap.test("a_trace_that_cannot_be_opened_is_one_line_and_the_program_runs")
def _(folder):
    need_trace()
    got = run(example("ping"), env={"WEFT_TRACE": str(folder / "no" / "such" / "t.json")})
    same((got.returncode, got.stdout), (0, "ping\n"))
    assert "No such file" in tap.one_line(got.stderr), got.stderr


def wait_until(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within 20 s"
        time.sleep(0.01)


@tap.test("a_killed_program_leaves_a_trace_that_opens")
def _(folder):
    need_trace()
    path = folder / "t.json"
    child = subprocess.Popen([example("sieve"), "--primes", "20000"],
                             env=dict(os.environ, WEFT_TRACE=str(path)),
                             stdout=subprocess.DEVNULL)
    wait_until(lambda: path.exists() and path.stat().st_size > 100000)
    child.send_signal(signal.SIGKILL)
    same(child.wait(), -signal.SIGKILL, "status")
    with open(path, "r+b") as f:  # the test needs no gigabyte
        f.truncate(min(path.stat().st_size, 3_000_000))
    got = weft("check", path)
    same(got.returncode, 0, got.stdout[:500] + got.stderr)
    assert "W01" in got.stdout, got.stdout[:500]
    got = weft("info", path)
    same(got.returncode, 0, got.stderr)
    assert "without its end" in got.stdout, got.stdout[:300]


@tap.test("a_deadlock_is_reported_with_status_2")
def _(folder):
    for workers in ("1", "2", "4"):
        got = run(BUILD / "tests" / "deadlock", env={"WEFT_WORKERS": workers})
        same((got.returncode, got.stdout), (2, ""))
        for word in ("deadlock", "waiter", "questions", "answers"):
            assert word in got.stderr, got.stderr


@tap.test("the_trace_of_a_deadlock_is_sound_and_says_who_waits")
def _(folder):
    need_trace()
    path = folder / "t.json"
    got = weft("record", "-o", path, BUILD / "tests" / "deadlock")
    same(got.returncode, 2)
    same(validate(path)["events"][-1]["why"], "deadlock", "eof")
    got = weft("check", path)
    same((got.returncode, got.stderr), (0, ""))
    assert got.stdout.count("W04") >= 1 and "waiter" in got.stdout, got.stdout


@tap.test("an_example_refuses_a_wrong_option")
def _(folder):
    for name in ("bank", "blocks", "heartbeat", "life", "mini-make", "philosophers", "ping", "ring",
                 "sieve", "throttle", "worker-pool"):
        for args in (["--nonsense"], ["--nonsense", "3"]):
            got = run(example(name), *args)
            same(got.returncode, 2, f"{name} {args}: exit status")
            assert tap.one_line(got.stderr), name
            same(got.stdout, "", "stdout")


tap.main()
