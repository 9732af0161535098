#!/usr/bin/python3
# SPDX-License-Identifier: MIT
#
# Sums up what meson's test logs say, test by test rather than program by program:
#
#     scripts/sum-tests.py BUILD...
#
# A program that crashed, that ended before its plan was fulfilled, or that printed no TAP at all
# counts as (one more) failure, and so does a build that did not succeed: BUILD.failed says so and
# BUILD.log why. Prints what the failing ones said; the last line is "N passed, N failed".

import json
import os
import re
import sys

LINE = re.compile(r"^(not )?ok\b[ \d]*(?:- )?(.*)$")
PLAN = re.compile(r"^1\.\.(\d+)\s*(#\s*SKIP.*)?$", re.IGNORECASE)
SKIP = re.compile(r"#\s*SKIP\b", re.IGNORECASE)


def read_tap(text):
    """The counts of one program's output, and its plan (None: it has none)."""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    plan = None
    for line in text.splitlines():
        match = PLAN.match(line)
        if match:
            plan = int(match.group(1))
            continue
        match = LINE.match(line)
        if not match:
            continue
        if SKIP.search(match.group(2)):
            counts["skipped"] += 1
        elif match.group(1):
            counts["failed"] += 1
        else:
            counts["passed"] += 1
    return counts, plan


def read_program(test):
    """Counts of one entry of meson's log, and why it has failed otherwise than by "not ok"."""
    counts, plan = read_tap(test.get("stdout") or "")
    reason = None
    if plan is None:
        reason = "it printed no plan: no TAP, or it died first"
    elif sum(counts.values()) != plan:
        reason = f"{sum(counts.values())} results of {plan} that were planned"
    elif test["result"] in ("TIMEOUT", "INTERRUPT"):
        reason = test["result"].lower()
    elif test["result"] not in ("OK", "SKIP", "EXPECTEDFAIL") and not counts["failed"]:
        reason = f"{test['result']}, exit status {test['returncode']}"
    if reason:
        counts["failed"] += 1
    return counts, reason


def show(name, test, reason):
    print(f"--- {name}" + (f": {reason}" if reason else ""))
    lines = (test.get("stdout") or "").splitlines() + (test.get("stderr") or "").splitlines()
    lines = [line for line in lines if not re.match(r"^ok\b", line)]
    for line in lines[-120:]:
        print("    " + line)


def sum_build(build, total):
    variant = os.path.basename(build)
    path = os.path.join(build, "meson-logs", "testlog.json")
    if os.path.exists(build + ".failed") or not os.path.exists(path):
        print(f"--- {variant}: it did not build, or no test ran")
        with open(build + ".log", errors="replace") as log:
            for line in log.read().splitlines()[-60:]:
                print("    " + line)
        total["failed"] += 1
        return
    sums = {"passed": 0, "failed": 0, "skipped": 0}
    programs = 0
    with open(path, errors="replace") as log:
        for line in log:
            test = json.loads(line)
            counts, reason = read_program(test)
            if counts["failed"]:
                show(f"{variant}: {test['name']}", test, reason)
            for key in sums:
                sums[key] += counts[key]
            programs += 1
    if not programs:
        print(f"--- {variant}: no test ran")
        sums["failed"] += 1
    print(f"{variant}: {programs} programs, {sums['passed']} passed, {sums['failed']} failed, "
          f"{sums['skipped']} skipped")
    for key in total:
        total[key] += sums[key]


def main():
    total = {"passed": 0, "failed": 0, "skipped": 0}
    for build in sys.argv[1:]:
        sum_build(build, total)
    if len(sys.argv) < 2:
        print("no build was tested")
        total["failed"] += 1
    if total["skipped"]:
        print(f"{total['skipped']} skipped")
    print(f"{total['passed']} passed, {total['failed']} failed")
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
