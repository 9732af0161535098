# SPDX-License-Identifier: MIT
#
# Typed channels are checked by the compiler: what is right compiles without a word in each standard
# under STRICT, what is wrong is diagnosed without any flag; with gcc, clang, g++ and clang++. Prints
# TAP.
# Arguments: the build's root (unused), the source's root.
import os
import shutil
import subprocess
import sys

SOURCE = sys.argv[2]
FOLDER = os.path.join(SOURCE, "tests", "compile")
INCLUDE = "-I" + os.path.join(SOURCE, "runtime", "include")

COMPILERS = {
    "gcc": ["gcc", "-x", "c"],
    "clang": ["clang", "-x", "c"],
    "g++": ["g++", "-x", "c++"],
    "clang++": ["clang++", "-x", "c++"],
}

STANDARDS = {"c": ["c11", "gnu11", "c17"], "c++": ["c++11", "c++17", "c++20"]}

STRICT = ["-Wall", "-Wextra", "-pedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow",
          "-Wcast-qual", "-Wundef", "-Wpointer-arith"]
STRICT_C = ["-Wstrict-prototypes", "-Wmissing-prototypes"]
STRICT_CXX = ["-Wold-style-cast", "-Wextra-semi", "-Wnon-virtual-dtor"]

BAD = {
    "a double constant on a channel of int": "weft_send(ints, 1.5)",
    "a double variable on a channel of int": "weft_send(ints, real)",
    "a float on a channel of int": "weft_send(ints, 1.5f)",
    "a double tried on a channel of int": "weft_try_send(ints, real)",
    "a double with a deadline on a channel of int": "weft_send_until(ints, real, WEFT_NEVER)",
    "a string on a channel of int": 'weft_send(ints, "text")',
    "a pointer on a channel of int": "weft_send(ints, &n)",
    "a wrong pointer on a channel of pointers": "weft_send(ptrs, &other)",
    "a string on a channel of pointers": "weft_send(ptrs, string)",
    "an int on a channel of strings": "weft_send(strings, n)",
    "a pointer to int on a channel of strings": "weft_send(strings, &n)",
    "a wrong struct": "weft_send(pairs, other)",
    "an int on a channel of structs": "weft_send(pairs, n)",
    "a pointer on a channel of structs": "weft_send(pairs, &pair)",
    "a receive into a wrong pointer": "weft_recv(ints, &real)",
    "a receive into the value itself": "weft_recv(ints, n)",
    "a receive of a struct into another": "weft_recv(pairs, &other)",
    "a receive with a deadline into a wrong pointer": "weft_recv_until(strings, &n, WEFT_NEVER)",
    "a try to receive into a wrong pointer": "weft_try_recv(ints, &string)",
    "a wrong argument of weft_go": "weft_go(detached, &other)",
    "a wrong argument of weft_go_copy": "weft_go_copy(detached, &other)",
    "a wrong argument of weft_spawn": "weft_spawn(joined, &real)",
    "weft_spawn of a void function": "weft_spawn(detached, &pair)",
    "an argument that is too large to be copied": "weft_go_copy(use_huge, &huge)",
    "a wrong argument of weft_once": "weft_once(&once, detached, &other)",
    "a wrong argument of weft_group_go": "weft_group_go(&group, joined, &real)",
    "weft_group_go of a void function": "weft_group_go(&group, detached, &pair)",
    "a group's argument that is too large to be copied":
        "weft_group_go_copy(&group, use_huge_too, &huge)",
    "a once that is a mutex": "weft_once(&mutex, detached, &pair)",
    "the name of what is no mutex or its kin": 'weft_sync_name(&pair, "pair")',
    "a send on what is no channel": "weft_send(&pair, 1)",
    "a send on an int": "weft_send(n, 1)",
    "a receive from what is no channel": "weft_recv(string, &n)",
    "a close of what is no channel": "weft_close(&pair)",
    "a select that sends a double on a channel of int": "weft_select(weft_on_send(ints, real))",
    "a select that sends a wrong pointer": "weft_select(weft_on_send(ptrs, &other))",
    "a select that receives into a wrong pointer": "weft_select(weft_on_recv(ints, &real))",
    "a select whose ok is no bool": "weft_select(weft_on_recv_ok(ints, &n, &n))",
    "a channel of one type used as one of another": "ints = weft_make(string_chan, 0)",
}
count = 0


def standards(compiler):
    return STANDARDS[COMPILERS[compiler][-1]]


def compile_file(compiler, standard, name, *flags):
    done = subprocess.run([*COMPILERS[compiler], "-std=" + standard, *flags, INCLUDE, "-fsyntax-only",
                           os.path.join(FOLDER, name)], capture_output=True, text=True)
    return done.returncode, done.stderr


def result(good, name, text):
    global count
    count += 1
    print(f"{'ok' if good else 'not ok'} {count} - {name}", flush=True)
    if not good:
        for line in text.splitlines()[:20]:
            print("# " + line)


def silent(compiler, standard, name, *flags):
    status, text = compile_file(compiler, standard, name, *flags)
    result(status == 0 and text == "", f"{compiler} -std={standard}: {name} compiles without a word",
           text)


found = [c for c in COMPILERS if shutil.which(COMPILERS[c][0])]
for missing in set(COMPILERS) - set(found):
    print(f"# {missing} is not installed: not tested")
print(f"1..{sum(len(standards(c)) + 1 + len(BAD) for c in found)}")
for compiler in found:
    more = STRICT_CXX if compiler.endswith("++") else STRICT_C
    for standard in standards(compiler):
        silent(compiler, standard, "good.c", *STRICT, *more)
    oldest = standards(compiler)[0]
    silent(compiler, oldest, "bad.c", "-Wall", "-Wextra")  # without any case: that is what is bad
    for name, case in BAD.items():
        status, text = compile_file(compiler, oldest, "bad.c", f"-DCASE={case}")
        result(status != 0 or text != "", f"{compiler}: {name} is diagnosed", case)
sys.exit(0)
