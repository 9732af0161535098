# SPDX-License-Identifier: MIT
#
# The flight recorder (WEFT_TRACE_MODE=ring): what it writes, when, and what it leaves alone. Prints
# TAP. Arguments: the build's root, the source's root.
import json
import os
import signal
import subprocess

import jsonschema

import tap

WHOLE = jsonschema.Draft202012Validator(
    json.loads((tap.SOURCE / "docs" / "trace.strict.schema.json").read_text()))


def environment(folder, workers, mode="ring", buffer="1M", **more):
    env = {k: v for k, v in os.environ.items() if not k.startswith("WEFT_TRACE")}
    return env | {"WEFT_TRACE": str(folder / "f.json"), "WEFT_TRACE_MODE": mode, "WEFT_HOG": "0",
                  "WEFT_TRACE_BUFFER": buffer, "WEFT_WORKERS": str(workers)} | more


def take_signals():
    """What a shell in the background leaves ignored."""
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)


def fly(folder, how, rounds=20000, workers=1, file=(), **more):
    """Return code, output, and what stands on stderr of the recording."""
    done = subprocess.run([tap.BUILD / "tests" / "flight", str(rounds), how, *file],
                          env=environment(folder, workers, **more), capture_output=True, text=True,
                          timeout=60, preexec_fn=take_signals)
    said = [line for line in done.stderr.splitlines() if "recording" in line]
    return done.returncode, done.stdout, said


def load(path):
    check = tap.weft("check", path)
    assert check.returncode == 0, check.stdout[:400] + check.stderr[:200]
    whole = json.loads(path.read_text())
    # What stands for the past is special; the rest is as in any recording.
    WHOLE.validate(whole | {"events": whole["events"][:50]})
    return whole["events"]


def check_newest(path, why, rounds=20000, workers=1):
    """The last rounds in full, and who lived before them."""
    events = load(path)
    assert path.stat().st_size < 1 << 20, path.stat().st_size
    tap.same(events[0]["ev"], "drop")
    assert events[0]["n"] > rounds, events[0]
    before = [e for e in events if e.get("pre")]
    tap.same({e["name"] for e in before if e["ev"] == "spawn"}, {"main", "answer", "wait_for_ever"})
    tap.same(len([e for e in before if e["ev"] == "make" and e["type"] == "chan"]), 3)
    assert any(e["ev"] == "name" and e["name"] == "left" for e in events)
    states = {e["co"]: e for e in events if e["ev"] == "state"}
    tap.same(set(states), {1, 2, 3})
    assert sum(e["state"] == "running" for e in states.values()) <= workers
    sent = [e["value"] for e in events if e["ev"] == "send"]
    assert len(sent) > 200, len(sent)
    tap.same(sent[-1], rounds - 1)
    tap.same(sorted(sent), sent)
    tap.same((events[-1]["ev"], events[-1]["why"]), ("eof", why))


for workers in (1, 2):
    for how, code, why in (("segv", -signal.SIGSEGV, "signal"), ("abort", -signal.SIGABRT, "signal"),
                           ("quit", 2, "signal"), ("panic", -signal.SIGABRT, "crash"),
                           ("deadlock", 2, "deadlock")):
        @tap.test(f"{how}_is_written_on_{workers}")
        def _(folder, how=how, code=code, why=why, workers=workers):
            if how == "segv" and os.environ.get("WEFT_TEST_SANITIZED") == "1":
                raise tap.Skip("SIGSEGV is the sanitizer's")
            got, _, said = fly(folder, how, workers=workers)
            tap.same(got, code)
            tap.same(said, [f"weft: the recording is in {folder / 'f.json'}"])
            check_newest(folder / "f.json", why, workers=workers)


@tap.test("usr2_writes_and_the_program_goes_on")
def _(folder):
    program = subprocess.Popen([tap.BUILD / "tests" / "flight", "20000", "usr2"], text=True,
                               env=environment(folder, 2), stderr=subprocess.PIPE)
    for line in program.stderr:
        if "recording" in line:
            break
    tap.same(line, f"weft: the recording is in {folder / 'f.json'}\n")
    check_newest(folder / "f.json", "stop", workers=2)
    program.send_signal(signal.SIGUSR2)
    for line in program.stderr:
        if "recording" in line:
            break
    tap.same(line, f"weft: the recording is in {folder / 'f.2.json'}\n")
    check_newest(folder / "f.2.json", "stop", workers=2)
    assert program.poll() is None
    program.kill()
    program.communicate()


@tap.test("a_dump_to_a_named_file")
def _(folder):
    tap.same(fly(folder, "dump", file=[str(folder / "mine.json")]), (0, "0\n", []))
    check_newest(folder / "mine.json", "stop")
    tap.same(sorted(p.name for p in folder.iterdir()), ["mine.json"])


@tap.test("the_second_dump_has_a_number")
def _(folder):
    tap.same(fly(folder, "twice"), (0, "0 0\n", [f"weft: the recording is in {folder / n}"
                                                 for n in ("f.json", "f.2.json")]))
    for name in ("f.json", "f.2.json"):
        check_newest(folder / name, "stop")


@tap.test("what_ends_well_leaves_no_file_and_touches_none")
def _(folder):
    tap.same(fly(folder, "well"), (0, "", []))
    tap.same(list(folder.iterdir()), [])
    (folder / "f.json").write_text("of an earlier crash")
    tap.same(fly(folder, "well"), (0, "", []))
    tap.same((folder / "f.json").read_text(), "of an earlier crash")
    tap.same(fly(folder, "abort")[0], -signal.SIGABRT)
    check_newest(folder / "f.json", "signal")


@tap.test("a_short_run_is_complete")
def _(folder):
    fly(folder, "abort", rounds=3)
    events = load(folder / "f.json")
    assert not any(e["ev"] in ("drop", "state") or "pre" in e for e in events)
    tap.same([e["value"] for e in events if e["ev"] == "send"], [0, 0, 1, 1, 2, 2])


@tap.test("errors_of_a_dump")
def _(folder):
    tap.same(fly(folder, "dump", mode="lossless", rounds=3), (0, "-95\n", []))
    tap.same(fly(folder, "dump", rounds=3, file=[str(folder / "no" / "x.json")]), (0, "-2\n", []))
    tap.same(fly(folder, "dump", rounds=3, file=["/dev/full"]), (0, "-28\n", []))


@tap.test("everything_that_is_recorded_can_be_kept")
def _(folder):
    for workers in (1, 2, 4):
        done = subprocess.run([tap.BUILD / "tests" / "record_all", "100", "dump"], text=True,
                              env=environment(folder, workers, buffer="256K"), capture_output=True,
                              timeout=60)
        tap.same(done.returncode, 0)
        events = load(folder / "f.json")
        tap.same(events[0]["ev"], "drop")
        assert {"send", "acquire", "begin", "task", "timer", "cancel"} <= {e["ev"] for e in events}


tap.main()
