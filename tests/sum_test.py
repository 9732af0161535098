# SPDX-License-Identifier: MIT
#
# scripts/sum-tests.py counts truly: tests, not programs, and every way in which a program can fail
# without saying "not ok".
import json

import tap
from tap import SOURCE, run, same

CASES = {
    "all_pass": ("1..2\nok 1 - a\nok 2 - b\n", "OK", 0, "2 passed, 0 failed"),
    "one_fails": ("1..2\nok 1 - a\n# why\nnot ok 2 - b\n", "FAIL", 1, "1 passed, 1 failed"),
    "skips_are_neither": ("1..2\nok 1 - a # SKIP no\nok 2 - b\n", "OK", 0, "1 passed, 0 failed"),
    "a_crash_before_the_plan": ("", "ERROR", -11, "0 passed, 1 failed"),
    "a_crash_in_the_middle": ("1..3\nok 1 - a\n", "ERROR", -11, "1 passed, 1 failed"),
    "a_crash_after_the_last": ("1..1\nok 1 - a\n", "ERROR", -6, "1 passed, 1 failed"),
    "a_time_out": ("1..2\nok 1 - a\n", "TIMEOUT", -9, "1 passed, 1 failed"),
    "no_tap_at_all": ("hello\n", "ERROR", 0, "0 passed, 1 failed"),
    "a_plan_at_the_end": ("ok 1 - a\nok 2 - b\n1..2\n", "OK", 0, "2 passed, 0 failed"),
    "comments_are_no_results": ("1..1\n# not ok 1 - x\nok 1 - a\n", "OK", 0, "1 passed, 0 failed"),
}


def sum_of(folder, text, result, status):
    build = folder / "variant"
    (build / "meson-logs").mkdir(parents=True)
    log = build / "meson-logs" / "testlog.json"
    log.write_text(json.dumps({"name": "t", "stdout": text, "result": result,
                               "returncode": status}) + "\n")
    return run("/usr/bin/python3", SOURCE / "scripts" / "sum-tests.py", build)


def add(name, text, result, status, wanted):
    @tap.test(name)
    def _(folder):
        got = sum_of(folder, text, result, status)
        same(got.stdout.splitlines()[-1], wanted, "last line")
        same(got.returncode, 0 if wanted.endswith(" 0 failed") else 1, "exit status")


for each, case in CASES.items():
    add(each, *case)


@tap.test("a_build_that_failed")
def _(folder):
    (folder / "variant").mkdir()
    (folder / "variant.failed").touch()
    (folder / "variant.log").write_text("error: no semicolon\n")
    got = run("/usr/bin/python3", SOURCE / "scripts" / "sum-tests.py", folder / "variant")
    same((got.returncode, got.stdout.splitlines()[-1]), (1, "0 passed, 1 failed"))
    assert "no semicolon" in got.stdout, got.stdout


@tap.test("what_a_failing_test_said_is_shown")
def _(folder):
    got = sum_of(folder, "1..1\n# 2 is not 3\nnot ok 1 - sums\n", "FAIL", 1)
    assert "2 is not 3" in got.stdout and "not ok 1 - sums" in got.stdout, got.stdout


tap.main()
