# SPDX-License-Identifier: MIT
#
# File and line of frames, whatever the program was built with: test_source.c looks itself up as each
# compiler and version of the format has it, and dumps are read of programs that are stripped, hide
# their tables, or load a library. Prints TAP.
import json
import os
import platform
import re
import shutil
import subprocess
import sys

import tap
from tap import BUILD, SOURCE, run, same

options = {o["name"]: o["value"] for o in
           json.loads((BUILD / "meson-info" / "intro-buildoptions.json").read_text())}
LIBRARY = BUILD / "runtime" / "libweft.a"
INCLUDE = [f"-I{SOURCE}", f"-I{SOURCE / 'runtime' / 'include'}", "-D_GNU_SOURCE"]
# What handlers may call: signal-safety(7), and mmap and its kin, which are system calls alone. What
# compilers make of loops and comparisons is among them.
SAFE = {"bcmp", "close", "fstat", "memchr", "memcmp", "memcpy", "memmove", "memset", "mmap", "mremap",
        "munmap", "open", "pread",
        "strcmp", "strlen", "__errno_location"}

if options["b_sanitize"] != "none" or platform.machine() != "x86_64":
    print("1..0 # SKIP done in the plain build")
    sys.exit(0)


def compile_to(program, *arguments, cc="gcc", **more):
    done = run(cc, *arguments, "-o", program, **more)
    assert done.returncode == 0, f"{cc} {' '.join(map(str, arguments))}: {done.stderr}"
    return program


# ---- Compilers and formats

WAYS = {
    "gcc": ["-g -O0", "-gdwarf-2 -O2", "-gdwarf-3 -gstrict-dwarf -O1", "-gdwarf-4 -O2", "-gdwarf-5 -O2",
            "-gdwarf-5 -gdwarf64 -O2", "-g -O2 -no-pie -fno-pie", "-g -O2 -static", "-g -O2 -static-pie",
            "-g -O3 -flto=auto", "-g1 -O2", "-g -Os -gno-as-loc-support", "-g -gsplit-dwarf -O2",
            "-g -O2 -ffunction-sections -Wl,--gc-sections -fno-asynchronous-unwind-tables"],
    "clang": ["-g -O0", "-gdwarf-2 -O2", "-gdwarf-4 -O2", "-gdwarf-5 -O2", "-gdwarf-5 -gdwarf64 -O2",
              "-g -O2 -no-pie -fno-pie", "-g1 -O3",
              "-g -O2 -ffunction-sections -Wl,--gc-sections"],
}
for compiler, ways in WAYS.items():
    for way in ways:
        @tap.test(f"{compiler} {way}")
        def _(folder, compiler=compiler, way=way):
            if not shutil.which(compiler):
                raise tap.Skip(f"there is no {compiler}")
            program = compile_to("looks", *way.split(), "-pthread", *INCLUDE,
                                 SOURCE / "tests" / "test_source.c", SOURCE / "tests" / "test.c",
                                 LIBRARY, cc=compiler, cwd=folder)
            # Elsewhere than it was compiled: names are as they were given, not looked for.
            done = run(folder / program, "call", "name", "code", "copy", cwd="/")
            assert done.returncode == 0 and done.stdout.count("\nok ") >= 6, \
                done.stdout + done.stderr


# ---- Each address

LISTS = r"""#include <stdio.h>

#include "runtime/source.h"

int main(int argc, char **argv)
{
	struct weft__modules modules;
	struct weft__sources *sources;
	struct weft__source at;
	const struct weft__module *m;

	weft__modules_get(&modules);
	sources = weft__sources_open(&modules);
	m = &modules.list[0];
	for (uintptr_t pc = m->text; pc < m->text_end; pc += 3) {
		printf("0x%zx ", (size_t)(pc - m->bias));
		if (weft__sources_find(sources, pc + 1, &at))
			printf("%s:%d\n", at.file, at.line);
		else
			printf("?\n");
	}
	weft__sources_close(sources);
	weft__modules_put(&modules);
	return 0;
}
"""


def as_told(place):
    """addr2line's FILE:LINE (discriminator N), without the folder, as LISTS has it."""
    name, _, number = place.split(" (")[0].rpartition(":")
    return "?" if number in ("?", "0") else f"{os.path.basename(name)}:{number}"


for compiler, way in (("gcc", "-gdwarf-5 -O2"), ("gcc", "-gdwarf-4 -O0 -no-pie -fno-pie"),
                      ("clang", "-gdwarf-5 -O2"), ("clang", "-gdwarf-4 -O1 -ffunction-sections")):
    @tap.test(f"each_address_is_told_as_addr2line_does: {compiler} {way}")
    def _(folder, compiler=compiler, way=way):
        if not shutil.which(compiler):
            raise tap.Skip(f"there is no {compiler}")
        (folder / "lists.c").write_text(LISTS)
        sources = [SOURCE / "runtime" / f"{n}.c" for n in ("source", "dwarf", "elf")]
        program = folder / compile_to("lists", *way.split(), *INCLUDE, "lists.c", *sources,
                                      LIBRARY, "-pthread", cc=compiler, cwd=folder)
        ours = [line.split(" ", 1) for line in run(program).stdout.splitlines()]
        told = run("addr2line", "-e", program, input="".join(f"{a}\n" for a, _ in ours),
                   stdin=None).stdout.splitlines()
        same(len(told), len(ours), "how many")
        known = 0
        for (address, place), other in zip(ours, told):
            place = os.path.basename(place)
            same(place, as_told(other), address)
            known += place != "?"
        assert known > 1000, f"{known} of {len(ours)}"


# ---- Dumps

PROGRAM = r"""#include <dlfcn.h>
#include <stdio.h>
#include <weft.h>

static volatile int work;

static __attribute__((noinline)) void innermost(void)
{
	weft_dump(1); /* INNERMOST */
	work++;
}

static int app(int argc, char **argv)
{
	void (*call)(void (*)(void)) = NULL;

	if (argc > 1)
		*(void **)&call = dlsym(dlopen(argv[1], RTLD_NOW), "call");
	if (argc > 2)
		rename(argv[2], argv[1]);
	if (call)
		call(innermost); /* CALL */
	else
		innermost(); /* DIRECT */
	work++;
	return 0;
}

int main(int argc, char **argv)
{
	return weft_run(app, argc, argv);
}
"""
PLUGIN = r"""static volatile int work;

void call(void (*back)(void))
{
	work++;
	back(); /* BACK */
	work++;
}
"""


def number_of(text, mark):
    return 1 + text.split(mark)[0].count("\n")


def frames(text, *names):
    """The lines of these functions, in that order and nothing else of the program."""
    lines = [line.strip() for line in text.splitlines() if re.match(r"      \S", line)]
    found = [line for line in lines if not line.startswith("weft")]
    same([re.match(r"\w+", line).group() for line in found], list(names), text)
    return found


def build(folder, *flags, sources=("lined.c",)):
    (folder / "lined.c").write_text(PROGRAM)
    (folder / "plugin.c").write_text(PLUGIN)
    return folder / compile_to("lined", "-O1", *flags, *INCLUDE, *sources, LIBRARY, "-pthread",
                               cwd=folder)


def dump(*command):
    done = run(*command, env={"WEFT_WORKERS": "1"})
    assert done.returncode == 0 and "weft: end of dump\n" in done.stdout, done.stdout + done.stderr
    return done.stdout


@tap.test("a_dump_tells_the_lines_of_calls")
def _(folder):
    program = build(folder, "-g")
    inner, app = frames(dump(program), "innermost", "app")
    place = re.fullmatch(r"innermost at lined\.c:(\d+) \((\S+)\+0x([0-9a-f]+)\)", inner)
    assert place and place[2] == str(program.resolve()), inner
    same(int(place[1]), number_of(PROGRAM, "INNERMOST"), inner)
    assert f"app at lined.c:{number_of(PROGRAM, 'DIRECT')} (" in app, app
    # What the manual says of it.
    told = run("addr2line", "-e", program, hex(int(place[3], 16) - 1)).stdout
    assert told.split(" ")[0].strip().endswith(f"lined.c:{place[1]}"), told


@tap.test("a_dump_tells_the_lines_of_a_library_that_was_loaded_meanwhile")
def _(folder):
    program = build(folder, "-g")
    library = folder / compile_to("plugin.so", "-g", "-O1", "-fPIC", "-shared", "plugin.c",
                                  cwd=folder)
    inner, call, app = frames(dump(program, library), "innermost", "call", "app")
    assert call.startswith(f"call at plugin.c:{number_of(PLUGIN, 'BACK')} ({library}+0x"), call
    assert f"app at lined.c:{number_of(PROGRAM, 'CALL')} (" in app, app
    # A library without lines in a program with them.
    same(run("strip", "-g", library).returncode, 0)
    inner, call, app = frames(dump(program, library), "innermost", "call", "app")
    assert call.startswith("call+0x"), call
    assert f"app at lined.c:{number_of(PROGRAM, 'CALL')} (" in app, app


@tap.test("of_a_library_that_was_replaced_meanwhile_nothing_wrong_is_told")
def _(folder):
    program = build(folder, "-g")
    library = folder / compile_to("plugin.so", "-g", "-O1", "-fPIC", "-shared", "plugin.c",
                                  cwd=folder)
    (folder / "new.c").write_text("int more(void)\n{\n\treturn 1;\n}\n\n" + PLUGIN)
    new = folder / compile_to("new.so", "-g", "-O1", "-fPIC", "-shared", "new.c", cwd=folder)
    text = dump(program, library, new)
    assert not new.exists() and f"\n      ({library}+0x" in text, text
    assert "plugin.c" not in text and "new.c" not in text and "call" not in text, text
    assert f"app at lined.c:{number_of(PROGRAM, 'CALL')} (" in text, text


def no_lines(program):
    for frame in frames(dump(program), "innermost", "app"):
        assert re.fullmatch(r"\w+\+0x[0-9a-f]+ \(\S+\+0x[0-9a-f]+\)", frame), frame


@tap.test("without_tables_a_dump_has_offsets")
def _(folder):
    no_lines(build(folder, "-g0"))


@tap.test("stripped_of_its_tables_a_dump_has_offsets")
def _(folder):
    program = build(folder, "-g")
    same(run("strip", "-g", program).returncode, 0)
    no_lines(program)


@tap.test("with_tables_in_a_file_of_their_own_a_dump_has_offsets")
def _(folder):
    program = build(folder, "-g")
    for arguments in (["--only-keep-debug", program, program.with_suffix(".debug")],
                      ["--strip-debug", program],
                      [f"--add-gnu-debuglink={program.with_suffix('.debug')}", program]):
        done = run("objcopy", *arguments, cwd=folder)
        same(done.returncode, 0, done.stderr)
    no_lines(program)


@tap.test("with_compressed_tables_a_dump_has_offsets")
def _(folder):
    program = build(folder, "-g")
    for how in ("zlib-gabi", "zlib-gnu"):
        packed = folder / how
        done = run("objcopy", f"--compress-debug-sections={how}", program, packed)
        same(done.returncode, 0, done.stderr)
        no_lines(packed)


@tap.test("stripped_of_all_a_dump_has_addresses")
def _(folder):
    program = build(folder, "-g")
    same(run("strip", "-g", program).returncode, 0)
    same(run("strip", program).returncode, 0)
    assert re.search(r"\n      \(\S+/lined\+0x[0-9a-f]+\)\n", dump(program)), dump(program)


# ---- Signal safety

@tap.test("nothing_is_called_that_a_signal_handler_may_not")
def _(folder):
    called = {}
    member = None
    for line in subprocess.run(["nm", "--undefined-only", LIBRARY], capture_output=True, text=True,
                               check=True).stdout.splitlines():
        if line.endswith(":"):
            member = line.split(".")[0].split("_")[-1]
        elif line.strip():
            called.setdefault(member, set()).add(line.split()[-1])
    for name in ("source", "dwarf", "elf"):
        assert name in called, f"no {name}.c in {sorted(called)}"
        others = {f for f in called[name] if not f.startswith(("weft__", "_GLOBAL_", "__stack_chk"))}
        # As they are called with _FORTIFY_SOURCE, and with large files.
        others = {re.sub(r"^__(\w+)_(chk|2)$", r"\1", f) for f in others}
        others = {re.sub(r"64$", "", f) for f in others}
        assert others <= SAFE, f"{name}.c calls {sorted(others - SAFE)}"


tap.main()
