# SPDX-License-Identifier: MIT
#
# gdb/weft-gdb.py in a running program and in its core file: the list, a backtrace of one that is
# parked, of one that computes, and of all. Prints TAP.
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from tap import BUILD, SOURCE, same

PROGRAM = BUILD / "tests" / "debugged"
SCRIPT = SOURCE / "gdb" / "weft-gdb.py"
ENV = {"WEFT_WORKERS": "2", "DEBUGINFOD_URLS": ""}


def gdb(*arguments):
    command = ["gdb", "-nx", "-batch", "-iex", "set debuginfod enabled off", *arguments]
    done = tap.run(*command, env=ENV, timeout=120)
    return done.stdout + done.stderr


def ex(*commands):
    return [word for command in commands for word in ("-ex", command)]


def part(text, start, end):
    """Between two lines of "echo"."""
    assert start in text and end in text, text
    return text.split(start, 1)[1].split(end, 1)[0]


COMMANDS = ex(f"source {SCRIPT}", "echo <list>\\n", "info coroutines", "echo <parked>\\n",
              "coroutine 2 bt", "echo <select>\\n", "coroutine 3 bt", "echo <runs>\\n",
              "coroutine 4 bt", "echo <all>\\n", "coroutine all bt", "echo <thread>\\n", "bt",
              "echo <none>\\n", "coroutine 99 bt")


def look(text):
    listed = part(text, "<list>\n", "<parked>")
    lines = listed.splitlines()
    same([line.split(" ", 1)[0] for line in lines], ["1", "2", "3", "4"], "the list")
    assert '2 "consumer" parked: recv "jobs" (made at debugged.c:' in listed, listed
    assert ", spawned in app at debugged.c:" in lines[1], listed
    assert '3 "selector" parked: select "jobs"' in listed, listed
    assert '4 "glutton" running on thread ' in listed, listed

    frames = part(text, "<parked>\n", "<select>")
    places = [frames.find(f" {name} ") for name in ("innermost", "in_between", "consumer")]
    assert -1 not in places and places == sorted(places), frames
    assert " main (" not in frames and "glutton" not in frames, frames
    assert " selector " in part(text, "<select>\n", "<runs>"), text
    assert " glutton " in part(text, "<runs>\n", "<all>"), text
    everything = part(text, "<all>\n", "<thread>")
    for name in ("app", "innermost", "selector", "glutton"):
        assert f" {name} " in everything, f"{name}: {everything}"
    # What was shown before leaves no trace in the thread's own frames.
    assert "innermost" not in part(text, "<thread>\n", "<none>"), text
    assert "no coroutine 99" in text.split("<none>", 1)[1], text


@tap.test("in_a_running_program")
def _(folder):
    program = subprocess.Popen([PROGRAM], stdout=subprocess.PIPE, env={**os.environ, **ENV})
    try:
        same(program.stdout.readline(), b"ready\n", "its word")
        text = gdb("-p", str(program.pid), *COMMANDS)
        if "ptrace: Operation not permitted" in text:
            raise tap.Skip("gdb may not attach here")
        look(text)
        assert program.poll() is None, "it has ended"
    finally:
        program.kill()
        program.wait()
        program.stdout.close()


@tap.test("in_a_core_file_of_the_kernel")
def _(folder):
    pattern = pathlib.Path("/proc/sys/kernel/core_pattern").read_text().strip()
    if "/" in pattern or pattern.startswith("|") or not pattern:
        raise tap.Skip(f"core files go elsewhere: {pattern}")
    done = tap.run(PROGRAM, "crash", env=ENV, cwd=folder, preexec_fn=lambda: resource.setrlimit(
        resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2))
    cores = list(folder.glob("core*"))
    if not cores:
        raise tap.Skip("the kernel wrote no core file")
    same(done.returncode, -signal.SIGABRT, "the exit status")
    look(gdb(*COMMANDS, PROGRAM, cores[0]))


# gdb gives up a mapping at its first page that cannot be read, so the guards must be mappings.
@tap.test("in_a_core_file_of_gdb")
def _(folder):
    code = pathlib.Path(PROGRAM).read_bytes()
    if b"__asan_init" in code or b"__tsan_init" in code:
        raise tap.Skip("a sanitizer's shadow makes a core of terabytes")
    core = folder / "core"
    text = gdb(*ex("set environment WEFT_GUARD=mprotect", "handle SIGABRT stop", "run crash",
                   f"generate-core-file {core}"), PROGRAM)
    if "ptrace: Operation not permitted" in text or "Could not trace" in text:
        raise tap.Skip("gdb may not start a program here")
    assert core.exists(), text
    look(gdb(*COMMANDS, PROGRAM, core))


@tap.test("before_the_run_it_says_so")
def _(folder):
    text = gdb(*ex(f"source {SCRIPT}", "info coroutines"), PROGRAM)
    assert "weft_run has not begun yet" in text or "no process" in text, text


if not shutil.which("gdb"):
    print("1..0 # SKIP there is no gdb (scripts/setup --test installs it)")
    sys.exit(0)
tap.main()
