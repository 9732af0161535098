# SPDX-License-Identifier: MIT
#
# With link-time optimisation the compiler sees the whole runtime at once, and must still not keep
# the address of a thread-local across a switch: a coroutine may wake on another thread. Builds the
# runtime and three of its test programs with -flto and runs those on 4 workers. Prints TAP.
# Arguments: the build's root, the source's root. WEFT_TEST_CC: the compiler.
import glob
import json
import os
import platform
import subprocess
import sys
import tempfile

BUILD, SOURCE = sys.argv[1], os.path.abspath(sys.argv[2])
CC = os.environ.get("WEFT_TEST_CC", "gcc").split()
TESTS = ("chan", "co", "timer")
FLAGS = ["-std=c11", "-O2", "-flto" if "clang" in CC[0] else "-flto=auto", "-D_GNU_SOURCE",
         "-DWEFT_VERSION=\"lto\"", "-pthread", "-w", "-fvisibility=hidden",
         "-I" + SOURCE, "-I" + os.path.join(SOURCE, "runtime", "include")]


def skip(why):
    print("1..0 # SKIP " + why)
    sys.exit(0)


def build(sources, output, *more):
    return subprocess.run([*CC, *FLAGS, *more, *sources, "-o", output, "-lm"],
                          capture_output=True, text=True)


def find_linker(folder):
    """None: whatever is the default; or lld; or nothing of the sort."""
    program = os.path.join(folder, "try.c")
    with open(program, "w") as f:
        f.write("int main(void)\n{\n\treturn 0;\n}\n")
    for flag in ([], ["-fuse-ld=lld"]):
        if build([program], os.path.join(folder, "try"), *flag).returncode == 0:
            return flag
    skip(f"{CC[0]} cannot link with -flto here")


with open(os.path.join(BUILD, "meson-info", "intro-buildoptions.json")) as f:
    OPTIONS = {o["name"]: o["value"] for o in json.load(f)}
if OPTIONS.get("b_sanitize", "none") != "none" or OPTIONS["context"] != "auto" or \
        not OPTIONS["trace"] or platform.machine() != "x86_64":
    skip("done in the plain build")

with tempfile.TemporaryDirectory() as folder:
    linker = find_linker(folder)
    sources = [s for s in glob.glob(os.path.join(SOURCE, "runtime", "*.c"))
               if not s.endswith("ctx_ucontext.c")]
    sources += [os.path.join(SOURCE, "runtime", "ctx_x86_64.S")]
    sources += glob.glob(os.path.join(SOURCE, "tracer", "record", "*.c"))
    sources += [os.path.join(SOURCE, "tests", "test.c")]
    print(f"1..{len(TESTS)}")
    done = subprocess.run([*CC, *FLAGS, "-c", *map(os.path.abspath, sources)], cwd=folder,
                          capture_output=True, text=True)
    for line in done.stderr.splitlines():
        print("# " + line)
    objects = glob.glob(os.path.join(folder, "*.o"))
    failed = 0
    for number, name in enumerate(TESTS, 1):
        program = os.path.join(folder, name)
        done = build([*objects, os.path.join(SOURCE, "tests", f"test_{name}.c")], program, *linker)
        if done.returncode == 0:
            done = subprocess.run([program, "/4"], capture_output=True, text=True)
        good = done.returncode == 0
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {CC[0]} -flto: test_{name} on 4 workers",
              flush=True)
        if not good:
            for line in (done.stdout + done.stderr).splitlines()[-40:]:
                print("# " + line)
sys.exit(1 if failed else 0)
