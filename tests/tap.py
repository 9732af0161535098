# SPDX-License-Identifier: MIT
#
# What the end-to-end tests share: tests as functions, TAP as output, and running programs.
#
#     @tap.test("missing_file_gives_exit_3")
#     def _(folder): ...
#
#     tap.main()
#
# Each test gets an empty folder of its own. A failed assertion is "not ok" with its message.
import os
import pathlib
import subprocess
import sys
import tempfile
import traceback

BUILD = pathlib.Path(sys.argv[1]).resolve()
SOURCE = pathlib.Path(sys.argv[2]).resolve()
WEFT = str(BUILD / "cli" / "weft")
tests = []


class Skip(Exception):
    pass


def test(name):
    def register(body):
        tests.append((name, body))
        return body
    return register


def run(*command, env=None, timeout=60, **more):
    """Runs a program to its end; the result has returncode, stdout and stderr as text."""
    merged = {k: v for k, v in os.environ.items()
              if k not in ("WEFT_TRACE", "WEFT_WORKERS", "NO_COLOR")}
    merged.update(LC_ALL="C.UTF-8")
    merged.update(env or {})
    more.setdefault("stdin", subprocess.DEVNULL)
    if "stdout" not in more:
        more["stdout"] = subprocess.PIPE
    if "stderr" not in more:
        more["stderr"] = subprocess.PIPE
    return subprocess.run([str(c) for c in command], env=merged, timeout=timeout,
                          encoding="utf-8", errors="replace", check=False, **more)


def weft(*args, **more):
    return run(WEFT, *args, **more)


def same(got, wanted, what="it"):
    assert got == wanted, f"{what} is {got!r}, not {wanted!r}"


def one_line(text):
    """The only line of a text."""
    assert text.endswith("\n") and text.count("\n") == 1, f"not one line: {text!r}"
    return text[:-1]


def main():
    selected = [t for t in tests if len(sys.argv) < 4 or any(a in t[0] for a in sys.argv[3:])]
    failed = 0
    print(f"1..{len(selected)}", flush=True)
    for number, (name, body) in enumerate(selected, 1):
        with tempfile.TemporaryDirectory(prefix="weft-test-") as folder:
            try:
                body(pathlib.Path(folder))
            except Skip as reason:
                print(f"ok {number} - {name} # SKIP {reason}", flush=True)
            except Exception as error:  # whatever it is, the other tests go on
                failed += 1
                where = traceback.extract_tb(error.__traceback__)
                line = [f.lineno for f in where if f.name == "_"] or [0]
                for text in f"{type(error).__name__}, line {line[-1]}: {error}".splitlines():
                    print(f"# {text[:1000]}")
                print(f"not ok {number} - {name}", flush=True)
            else:
                print(f"ok {number} - {name}", flush=True)
    sys.exit(1 if failed else 0)
