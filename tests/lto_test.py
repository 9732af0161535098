# SPDX-License-Identifier: MIT
#
# With link-time optimisation the compiler sees the whole runtime at once, and must still not keep
# the address of a thread-local across a switch: a coroutine may wake on another thread. Builds the
# runtime and three of its test programs with -flto and runs their tests on 4 workers. Prints TAP.
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


def compile_in(folder, *arguments):
    return subprocess.run([*CC, *FLAGS, "-c", *arguments], cwd=folder, capture_output=True, text=True)


def tell(done):
    """Whether it is well; what it printed is a failure's comment."""
    for line in (done.stdout + done.stderr).splitlines()[-40:] if done.returncode else []:
        print("# " + line)
    return done.returncode == 0


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
    program = os.path.join(folder, "lto")
    # One program of them all, since linking is what takes long: it has one main.
    good = tell(compile_in(folder, *sources))
    for name in TESTS:
        main = [] if name == TESTS[0] else [f"-Dmain=main_of_{name}"]
        good = good and tell(compile_in(folder, *main, os.path.join(SOURCE, "tests", f"test_{name}.c")))
    good = good and tell(build(glob.glob(os.path.join(folder, "*.o")), program, *linker))
    if not good:
        print(f"1..1\nnot ok 1 - {CC[0]} -flto builds the runtime and tests")
        sys.exit(1)
    sys.stdout.flush()
    sys.exit(subprocess.run([program, "/4"]).returncode)
