# SPDX-License-Identifier: MIT
#
# What happens to a trace when the program or the system fails: a SIGKILL at any moment, a full disk, a folder
# that cannot be written, too few descriptors, fork and exec. The program runs on in each case that leaves
# it alive, says one line, and the file can be read.
import json
import os
import random
import resource
import shutil
import signal
import struct
import subprocess
import time

import tap
from tap import BUILD, run, same, weft

PROGRAM = str(BUILD / "tests" / "record_fail")
SLOW = float(os.environ.get("WEFT_TEST_SLOW", "1"))


def record(path, *args, **more):
    env = {"WEFT_TRACE": str(path)} | more.pop("env", {})
    return run(PROGRAM, *args, env=env, **more)


def rules_of(path):
    """The rules that a trace breaks; it must be readable and without errors."""
    got = weft("check", "--format=json", path)
    report = json.loads(got.stdout)[0]
    assert got.returncode == 0, (got.returncode, report, got.stderr)
    return {finding["rule"] for finding in report["findings"]}


def whole(path):
    """The header and the records of a complete, sound trace."""
    same(rules_of(path), set(), f"what is wrong with {path.name}")
    document = json.loads(path.read_text())
    return document, document["events"]


# ---- SIGKILL ---------------------------------------------------------------------------------------

def kill_after(path, seconds, workers):
    """Kills it some time after the collector has begun, and returns when (ns)."""
    env = dict(os.environ, WEFT_TRACE=str(path), WEFT_WORKERS=workers)
    child = subprocess.Popen([PROGRAM, "last"], env=env, stdout=subprocess.PIPE)
    os.read(child.stdout.fileno(), 1 << 16)
    until = time.monotonic() + seconds
    while time.monotonic() < until or path.stat().st_size == 0:
        assert time.monotonic() < until + 60, "not even a header"
        os.read(child.stdout.fileno(), 1 << 16)
    child.send_signal(signal.SIGKILL)
    died = time.monotonic_ns()
    child.stdout.close()
    same(child.wait(), -signal.SIGKILL, "status")
    return died


@tap.test("a_kill_at_any_moment_leaves_what_happened_100_ms_before")
def _(folder):
    rng, behind = random.Random(4711), []
    for n in range(9):
        path = folder / f"{n}.json"
        died = kill_after(path, rng.uniform(0.02, 0.25), str(1 << n % 3))
        got = rules_of(path)
        # Who lives is W04. The kernel may stop in the middle of a large write(2): W02.
        assert {"W01"} <= got <= {"W01", "W02", "W04", "W07"}, got
        lines = path.read_bytes().split(b"\n")
        assert bool(lines[-1]) == ("W02" in got), (lines[-1], got)
        header = json.loads(lines[0] + b"]}")
        last = json.loads(lines[-2].rstrip(b","))["t"] if len(lines) > 2 else 0
        behind.append((died - int(header["t0"]) - last) / 1e6)
        path.unlink()
    # A collector that had to wait for a core may be late once; not most of the time.
    print("# ms behind:", *(round(b) for b in sorted(behind)))
    middle = sorted(behind)[len(behind) // 2]
    assert middle < 150 * SLOW, f"ms between the last record and the end: {behind}"


@tap.test("what_was_told_long_before_a_kill_is_in_the_file")
def _(folder):
    path = folder / "t.json"
    env = dict(os.environ, WEFT_TRACE=str(path), WEFT_WORKERS="2")
    child = subprocess.Popen([PROGRAM, "last"], env=env, stdout=subprocess.PIPE)
    told = struct.unpack("q", os.read(child.stdout.fileno(), 8))[0]
    deadline, seen = time.monotonic() + 60, b""
    with open(path, "rb") as file:
        while f'"value":{told},'.encode() not in seen:  # while it runs, and before it ends
            assert time.monotonic() < deadline, f"the message of {told} is not in the file"
            os.read(child.stdout.fileno(), 1 << 16)
            seen = seen[-100:] + file.read(1 << 20)
    child.kill()
    child.stdout.close()
    child.wait()


# ---- The file cannot take it -----------------------------------------------------------------------

def without_space(folder):
    """A command that runs another on a folder of 256 kB, and copies the trace out; or None."""
    small = folder / "small"
    small.mkdir()
    script = folder / "on-tmpfs"
    script.write_text(f"""#!/bin/sh
mount -t tmpfs -o size=256k none {small} || exit 99
WEFT_TRACE={small}/t.json "$@"
status=$?
cp {small}/t.json {folder}/t.json
exit $status
""")
    script.chmod(0o755)
    command = ["unshare", "-Urm", script]
    try:
        return command if run(*command, "true").returncode != 99 and shutil.which("unshare") else None
    except FileNotFoundError:
        return None


@tap.test("a_full_disk_ends_the_recording_at_a_whole_line_and_the_program_runs_on")
def _(folder):
    wrap = without_space(folder)
    reason = "No space left on device" if wrap else "File too large"
    if wrap:
        got = run(*wrap, PROGRAM, "plain", "20000")
    else:  # no mounts for users here: a limit on the file's size is the next best
        print("# no tmpfs may be mounted: RLIMIT_FSIZE instead")
        got = record(folder / "t.json", "plain", "20000",
                     preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (256000, 256000)))
    same((got.returncode, got.stdout), (0, "200010000\n"))
    line = tap.one_line(got.stderr)
    assert "incomplete" in line and reason in line, line
    path = folder / "t.json"
    assert path.read_bytes().endswith(b",\n"), path.read_bytes()[-100:]
    got = rules_of(path)
    assert {"W01"} <= got <= {"W01", "W04"}, got


def as_nobody():
    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)


@tap.test("a_folder_that_cannot_be_written_is_one_line_and_the_program_runs")
def _(folder):
    folder.chmod(0o555)
    got = record(folder / "t.json", "plain", "10", preexec_fn=as_nobody)
    folder.chmod(0o755)
    same((got.returncode, got.stdout), (0, "55\n"))
    line = tap.one_line(got.stderr)
    assert "Permission denied" in line and "t.json" in line, line
    same(os.listdir(folder), [], "the folder")


@tap.test("with_too_few_descriptors_the_program_runs_as_it_does_untraced")
def _(folder):
    def limited(n):
        return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (n, n))

    def runs(n):
        got = run(PROGRAM, "plain", "10", preexec_fn=limited(n))
        return (got.returncode, got.stdout) == (0, "55\n")

    least = next(n for n in range(3, 64) if runs(n))
    recorded = 0
    for n in range(least, least + 8):
        path = folder / f"{n}.json"
        got = record(path, "plain", "10", preexec_fn=limited(n))
        same((got.returncode, got.stdout), (0, "55\n"), f"with {n} descriptors it")
        if got.stderr:
            assert "Too many open files" in tap.one_line(got.stderr), got.stderr
            assert not path.exists() or not path.read_bytes(), "half a trace, and a warning"
        else:
            whole(path)
            recorded += 1
    assert recorded > 0, "never recorded"


# ---- Other programs --------------------------------------------------------------------------------

@tap.test("a_program_in_the_place_of_another_writes_a_file_of_its_own")
def _(folder):
    path = folder / "t.json"
    got = record(path, "exec")
    same((got.returncode, got.stdout, got.stderr), (0, "55\n", ""))
    document, events = whole(path)
    same(document["argv"][1:], ["plain", "10"], "whose trace it is")
    same(sum(e["ev"] == "send" for e in events), 10, "its messages")


@tap.test("a_child_that_would_write_into_its_parents_file_does_not")
def _(folder):
    path = folder / "t.json"
    got = record(path, "child")
    same((got.returncode, got.stdout), (0, "55\n5050\n"))
    assert "t.json" in tap.one_line(got.stderr), got.stderr
    document, events = whole(path)
    same(document["argv"][1:], ["child"], "whose trace it is")
    same(sum(e["ev"] == "send" for e in events), 100, "its messages")
    same(os.listdir(folder), ["t.json"], "the folder")


@tap.test("with_the_pid_in_the_name_each_program_has_its_file")
def _(folder):
    for mode, wanted in (("child", 2), ("exec", 1)):  # exec keeps the pid
        inner = folder / mode
        inner.mkdir()
        got = record(inner / "t-%p.json", mode)
        same((got.returncode, got.stderr), (0, ""))
        paths = sorted(inner.iterdir())
        same(len(paths), wanted, f"files of {mode}")
        for path in paths:
            same(path.name, f"t-{whole(path)[0]['pid']}.json", "the name")


@tap.test("many_programs_at_once_write_no_line_into_anothers_file")
def _(folder):
    path = folder / "t.json"
    env = dict(os.environ, WEFT_TRACE=str(path))
    children = [subprocess.Popen([PROGRAM, "plain", "3000"], env=env, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE) for _ in range(6)]
    said = [child.communicate(timeout=120)[1] for child in children]
    same([child.returncode for child in children], [0] * 6, "statuses")
    assert said.count(b"") >= 1, said
    document, events = whole(path)
    same(sum(e["ev"] == "send" for e in events), 3000, "the messages of one")


tap.main()
