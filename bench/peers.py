# SPDX-License-Identifier: MIT
"""Builds the benchmark programs, ours and theirs, and runs them."""

import json
import os
import re
import resource
import shutil
import subprocess
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUT = os.path.join(TOP, "build-bench")


class Failed(Exception):
    pass


def _command(args, **more):
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=TOP,
                          **more)
    if done.returncode != 0:
        raise Failed("%s failed:\n%s" % (" ".join(args), done.stdout.strip()))
    return done.stdout.strip()


def _sources(folder, suffix):
    folder = os.path.join(TOP, "bench", folder)
    return sorted(os.path.join(folder, f) for f in os.listdir(folder) if f.endswith(suffix))


def build_weft(name="weft", *options):
    build = os.path.join(OUT, name)
    if not os.path.exists(os.path.join(build, "build.ninja")):
        _command(["meson", "setup", build, "--buildtype=release", "-Dtests=false",
                  "-Dviewer=disabled", *options])
    _command(["ninja", "-C", build, "bench/bench", "bench/echo-client", "bench/echo-epoll"])
    return os.path.join(build, "bench", "bench")


def build_reading():
    """What reads and writes traces; gives the folder of the build."""
    build_weft()
    _command(["ninja", "-C", os.path.join(OUT, "weft"), "cli/weft", "examples/ping",
              "bench/json-lines"])
    return os.path.join(OUT, "weft")


def build_go():
    out = os.path.join(OUT, "go")
    env = dict(os.environ, GO111MODULE="off", GOFLAGS="", GOCACHE=os.path.join(OUT, "go-cache"))
    _command(["go", "build", "-o", out] + _sources("go", ".go"), env=env)
    return out


def build_boost():
    out = os.path.join(OUT, "boost")
    newest = max(os.path.getmtime(f) for f in _sources("boost", "pp"))
    if not os.path.exists(out) or os.path.getmtime(out) < newest:
        _command(["g++", "-std=c++17", "-O3", "-DNDEBUG", "-pthread", "-o", out] +
                 _sources("boost", ".cpp") + ["-lboost_fiber", "-lboost_context"])
    return out


def _first_match(pattern, command):
    try:
        found = re.search(pattern, _command(command))
    except (Failed, OSError):
        return None
    return found.group(1) if found else None


def _boost_version():
    text = "#include <boost/version.hpp>\nwanted BOOST_LIB_VERSION\n"
    return _first_match(r'wanted\s+"(\S+)"',
                        ["sh", "-c", "printf '%s' '" + text + "' | g++ -E -P -x c++ -"])


def build_all(say, wanted=("go", "boost")):
    """Gives {peer: program}, {peer: version}, and a list of what is missing and why."""
    os.makedirs(OUT, exist_ok=True)
    say("building weft")
    programs = {"weft": build_weft()}
    commit = _first_match(r"^(\w+)", ["git", "describe", "--always", "--dirty"])
    versions = {"weft": commit or "unknown", "cc": _first_match(r"(.*)", ["cc", "--version"])}
    missing = []
    for peer, tool, build, version in (
            ("go", "go", build_go, lambda: _first_match(r"go(\d\S*)", ["go", "version"])),
            ("boost", "g++", build_boost, _boost_version)):
        if peer not in wanted:
            continue
        versions[peer] = version() if shutil.which(tool) else None
        if not versions[peer]:
            missing.append("%s: not installed (scripts/setup --bench)" % peer)
            continue
        say("building %s" % peer)
        try:
            programs[peer] = build()
        except Failed as why:
            missing.append("%s: %s" % (peer, why))
    programs["epoll"] = os.path.join(OUT, "weft", "bench", "echo-epoll")
    return programs, versions, missing


def environment(workers):
    env = {k: v for k, v in os.environ.items()
           if not k.startswith(("WEFT_", "GO")) or k == "GOROOT"}
    return dict(env, WEFT_WORKERS=str(workers), GOMAXPROCS=str(workers))


def _line(text, command):
    try:
        return json.loads(text.strip().splitlines()[-1])
    except (IndexError, ValueError):
        raise Failed("%s printed no JSON: %r" % (" ".join(command), text))


def _children_cpu_s():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run_plain(program, run, n, more_environment=None):
    """The program's line, with the whole process's wall clock and CPU time."""
    command = [program, run.row, str(n)] + ([str(run.size)] if run.size is not None else [])
    env = dict(environment(run.workers), **(more_environment or {}))
    began, cpu_s = time.monotonic(), _children_cpu_s()
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=env, timeout=300)
    except subprocess.TimeoutExpired:
        raise Failed("%s: still running after 300 s" % " ".join(command))
    if done.returncode != 0:
        raise Failed("%s: exit status %d: %s" % (" ".join(command), done.returncode,
                                                 done.stderr.split("\n")[0]))
    sample = _line(done.stdout, command)
    sample["process_s"] = time.monotonic() - began
    sample["process_cpu_s"] = _children_cpu_s() - cpu_s
    return sample


def run_echo(program, run, n):
    """The server on CPU 0, and on CPU 1 the same client for every server: it ends the server by
    closing its connections. What is reported is the client's line, with the server's CPU time."""
    cpus = sorted(os.sched_getaffinity(0))

    def pin(cpu):
        return lambda: os.sched_setaffinity(0, {cpu})

    command = [program, "echo", "64"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                              env=environment(run.workers), preexec_fn=pin(cpus[0]))
    try:
        port = str(_line(server.stdout.readline(), command)["port"])
        client = [os.path.join(OUT, "weft", "bench", "echo-client"), port, "64", str(n)]
        done = subprocess.run(client, stdout=subprocess.PIPE, text=True, timeout=300,
                              preexec_fn=pin(cpus[-1]))
        if done.returncode != 0:
            raise Failed("%s: exit status %d" % (" ".join(client), done.returncode))
        sample = _line(done.stdout, client)
        sample["server_cpu_s"] = _line(server.stdout.read(), command)["cpu_s"]
        if server.wait(timeout=30) != 0:
            raise Failed("%s: exit status %d" % (" ".join(command), server.returncode))
        return sample
    except subprocess.TimeoutExpired:
        raise Failed("%s: client or server hangs" % " ".join(command))
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()
        server.stdout.close()


def run_once(program, run, n):
    if not isinstance(program, str):
        return program.run(run, n)
    return (run_echo if run.row == "echo" else run_plain)(program, run, n)
