# SPDX-License-Identifier: MIT
#
# memcheck reports the planted bugs of tests/memcheck.c, and nothing where there is none: it knows
# the coroutines' stacks. Prints TAP. WEFT_TEST_VALGRIND=0: this libweft does not tell it.
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from tap import BUILD, run

PROGRAM = BUILD / "tests" / "memcheck"
STATUS = 99
CASES = (
    ("clean", None),
    ("uninitialised", "depends on uninitialised value"),
    ("use-after-free", "Invalid read of size 4"),
    ("use-after-end", "Invalid read of size 4"),
)


def memcheck(argument, workers):
    done = run("valgrind", "--tool=memcheck", f"--error-exitcode={STATUS}", "--leak-check=no",
               PROGRAM, argument, env={"WEFT_WORKERS": workers}, timeout=120)
    return done.returncode, done.stdout + done.stderr


def register(argument, expected, workers):
    @tap.test(f"{argument}_on_{workers}_workers_is_{'reported' if expected else 'left_alone'}")
    def _(folder):
        status, text = memcheck(argument, workers)
        if "debuginfo reader: ensure_valid failed" in text:
            raise tap.Skip("this valgrind cannot read the compiler's debug information")
        assert "client switching stacks" not in text, text
        if expected:
            assert status == STATUS and expected in text, text
        else:
            assert status == 0 and "ERROR SUMMARY: 0 errors" in text, text


for bug, report in CASES:
    for n in ("1", "2"):
        register(bug, report, n)

if not shutil.which("valgrind"):
    print("1..0 # SKIP there is no valgrind (scripts/setup --test installs it)")
    sys.exit(0)
if os.environ.get("WEFT_TEST_VALGRIND") != "1":
    print("1..0 # SKIP libweft was built without Valgrind's headers")
    sys.exit(0)
if "__tsan" in run("nm", PROGRAM).stdout or "__asan" in run("nm", PROGRAM).stdout:
    print("1..0 # SKIP a sanitizer and valgrind exclude each other")
    sys.exit(0)
tap.main()
