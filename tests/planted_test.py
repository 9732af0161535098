# SPDX-License-Identifier: MIT
#
# Planted bugs: the sanitizers must report those of tests/planted, and nothing where there is none.
# In a build without a sanitizer there is nothing to be tested, which is said. Prints TAP.
# Arguments: the build's root, the source's root (unused).
import os
import subprocess
import sys

FOLDER = os.path.join(sys.argv[1], "tests")
OPTIONS = {"thread": ("TSAN_OPTIONS", "halt_on_error=0"),
           "address": ("ASAN_OPTIONS", "detect_stack_use_after_return=1:detect_leaks=1")}

# program, argument, what the report says (None: there must be none)
CASES = {
    "thread": [
        ("planted_races", "race", "data race"),
        ("planted_races", "channel", None),
        ("planted_races", "buffer", None),
        ("planted_races", "join", None),
        ("planted_races", "waitgroup", None),
        ("planted_races", "close", None),
        ("planted_races", "mutex", None),
        ("planted_races", "try", None),
        ("planted_races", "rwlock", None),
        ("planted_races", "readers", "data race"),
        ("planted_races", "semaphore", None),
        ("planted_races", "condition", None),
        ("planted_races", "once", None),
    ],
    "address": [
        # Its frames are gone with it: a report of a bad address rather than of a dead frame.
        ("planted_memory", "use-after-end", "in use_after_end"),
        ("planted_memory", "use-after-return", "stack-use-after-return"),
        ("planted_memory", "use-after-free", "heap-use-after-free"),
        ("planted_memory", "stack-overflow", "stack-buffer-overflow"),
        ("planted_memory", "leak", "detected memory leaks"),
        ("planted_memory", "parked", None),
        ("planted_memory", "clean", None),
    ],
}
# A race on one worker and on several; one must be found wherever it is.
WORKERS = ("1", "2", "4")
# On several workers a race is seen in most runs, not in each, and an address that has just been mapped
# anew for another is a good one.
TRIES = 6


def run(program, argument, **more):
    done = subprocess.run([os.path.join(FOLDER, program), argument], text=True, timeout=120,
                          capture_output=True, env=dict(os.environ, **more))
    return done.returncode, done.stdout + done.stderr


def main():
    found = [run(p, "sanitizer")[1].strip() for p in ("planted_races", "planted_memory")]
    sanitizer = next((s for s in found if s != "none"), None)
    if not sanitizer:
        print("1..0 # SKIP no sanitizer in this build: planted bugs are looked for in asan, tsan")
        return 0
    cases = [(c, w) for c in CASES[sanitizer] for w in WORKERS]
    print(f"1..{len(cases)}")
    failed = 0
    for number, ((program, argument, expected), workers) in enumerate(cases, 1):
        name, value = OPTIONS[sanitizer]
        for _ in range(TRIES if expected else 1):
            status, text = run(program, argument, WEFT_WORKERS=workers, **{name: value})
            if "Sanitizer" in text:
                break
        if expected:
            good = status != 0 and "Sanitizer" in text and expected in text
            what = f"{argument} on {workers} workers is reported"
        else:
            good = status == 0 and "Sanitizer" not in text
            what = f"{argument} on {workers} workers is left alone"
        print(f"{'ok' if good else 'not ok'} {number} - {what}", flush=True)
        if not good:
            failed += 1
            print(f"# exit status {status}")
            for line in text.splitlines()[:40]:
                print("# " + line)
    return 1 if failed else 0


sys.exit(main())
