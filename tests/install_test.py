# SPDX-License-Identifier: MIT
#
# What `meson install` puts on a machine: everything that README speaks of is there, and README's
# first program builds against it with gcc, clang and g++, linked dynamically and statically, and
# prints what it should.
import json
import os
import pathlib
import re
import shutil
import tempfile

import tap
from tap import BUILD, SOURCE, run, same

root = tempfile.TemporaryDirectory(prefix="weft-install-")
options = {o["name"]: o["value"] for o in
           json.loads((BUILD / "meson-info" / "intro-buildoptions.json").read_text())}
prefix = pathlib.Path(root.name + options["prefix"])
libdir = prefix / options["libdir"]
installed = run("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", root.name)

readme = (SOURCE / "README.md").read_text()
program = re.search(r"```c\n(.*?)```", readme, re.DOTALL).group(1)


@tap.test("install_puts_everything_in_its_place")
def _(folder):
    same(installed.returncode, 0, installed.stderr)
    wanted = ["bin/weft", "include/weft.h", "share/man/man1/weft.1",
              "share/man/man7/weft.7",
              *(f"share/man/man3/weft_{n}.3" for n in ("run", "go", "chan", "select", "send", "recv")),
              *(f"share/man/man1/weft-{v}.1" for v in ("record", "view", "export", "info", "check")),
              "share/bash-completion/completions/weft", "share/zsh/site-functions/_weft",
              "share/fish/vendor_completions.d/weft.fish", "share/doc/weft/format.md", "share/doc/weft/debugging.md",
              "share/weft/weft-gdb.py",
              "share/doc/weft/trace.schema.json", "share/doc/weft/info.schema.json", "share/doc/weft/README.md",
              *(f"share/doc/weft/examples/{e}" for e in (
                  "README.md", "options.h", "bank.c", "blocks.c", "echo.c", "first-answer.c", "heartbeat.c",
                  "life.c", "mini-make.c", "kitchen.c", "philosophers.c", "ping.c", "request-log.c", "ring.c", "screen.c", "sensor.c", "sieve.c",
                  "throttle.c", "watchdog.c", "whois.c", "worker-pool.c")),
              "share/weft/traces/README.md",
              *(f"share/weft/traces/{e}.json" for e in ("philosophers", "ping", "ring", "sieve", "worker-pool"))]
    missing = [w for w in wanted if not (prefix / w).exists()]
    same(missing, [], "missing")
    for name in ("libweft.a", "libweft.so", "libweft.so.0", "pkgconfig/weft.pc"):
        assert (libdir / name).exists(), f"missing: {name}"


def pkg_config(*args):
    env = {"PKG_CONFIG_PATH": str(libdir / "pkgconfig"), "PKG_CONFIG_SYSROOT_DIR": root.name}
    got = run("pkg-config", *args, "weft", env=env)
    same((got.returncode, got.stderr), (0, ""))
    return got.stdout.split()


def not_sanitized():
    if options.get("b_sanitize", "none") != "none":
        raise tap.Skip("a sanitized library")


# How a program may be linked: all through pkg-config.
LINKS = {
    "dynamically": lambda: pkg_config("--libs"),
    "with_the_static_library": lambda: ["-l:libweft.a" if flag == "-lweft" else flag
                                        for flag in pkg_config("--static", "--libs")],
    "statically": lambda: ["-static", *pkg_config("--static", "--libs")],
}


def try_program(folder, compiler, flags, how):
    if not shutil.which(compiler):
        raise tap.Skip(f"no {compiler}")
    not_sanitized()
    source = folder / ("first.cc" if compiler.endswith("++") else "first.c")
    source.write_text(program)
    got = run(compiler, *flags, "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-o",
              folder / "first", source, *pkg_config("--cflags"), *LINKS[how]())
    same((got.returncode, got.stderr), (0, ""), "the compiler")
    got = run(folder / "first", env={"LD_LIBRARY_PATH": str(libdir)})
    same((got.returncode, got.stdout, got.stderr), (0, "ping\n", ""))
    got = run("objdump", "-p", folder / "first")
    same("libweft.so.0" in got.stdout, how == "dynamically", "needs libweft.so.0")


def add_compiler(compiler, *flags, how="dynamically"):
    name = "_".join((compiler, *flags)).replace("=", "_")

    @tap.test(f"the_first_program_builds_and_runs_with_{name}_{how}")
    def _(folder):
        try_program(folder, compiler, flags, how)


add_compiler("gcc", "-std=c11")
add_compiler("gcc", "-std=gnu17", "-O2", how="with_the_static_library")
add_compiler("gcc", "-std=c11", how="statically")
add_compiler("clang", "-std=c11")
add_compiler("g++", "-std=c++11")
add_compiler("g++", "-std=c++20", "-O2", how="with_the_static_library")
add_compiler("clang++", "-std=c++17")


@tap.test("each_example_compiles_where_it_is_installed")
def _(folder):
    examples = sorted((prefix / "share" / "doc" / "weft" / "examples").glob("*.c"))
    assert len(examples) >= 16, examples
    for example in examples:
        got = run("gcc", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-fsyntax-only", example,
                  *pkg_config("--cflags"))
        same((got.returncode, got.stderr), (0, ""), example.name)


for compiler in ("gcc", "g++"):
    @tap.test(f"macros_evaluate_their_arguments_once_with_{compiler}")
    def _(folder, compiler=compiler):
        not_sanitized()
        language = "c++" if compiler == "g++" else "c"
        got = run(compiler, "-o", folder / "once", "-x", language,
                  SOURCE / "tests" / "compile" / "once.c", "-x", "none",
                  *pkg_config("--cflags"), *LINKS["with_the_static_library"]())
        same((got.returncode, got.stderr), (0, ""), "the compiler")
        got = run(folder / "once")
        same((got.returncode, got.stdout, got.stderr), (0, "", ""))


@tap.test("the_first_program_has_at_most_20_lines")
def _(folder):
    lines = program.splitlines()
    assert len(lines) <= 20, f"{len(lines)} lines"


@tap.test("the_library_needs_libc_alone")
def _(folder):
    not_sanitized()
    got = run("objdump", "-p", libdir / "libweft.so")
    needed = set(re.findall(r"NEEDED\s+(\S+)", got.stdout))
    needed = {n for n in needed if not n.startswith("ld-linux")}  # libc's own
    same(needed, {"libc.so.6"}, "needed libraries")


@tap.test("the_library_shows_what_the_header_declares_and_nothing_else")
def _(folder):
    not_sanitized()
    header = (SOURCE / "runtime" / "include" / "weft.h").read_text()
    header = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    declared = set()
    for text in re.findall(r"^WEFT_API\s+([^;]*);", header, re.MULTILINE):
        declared.add(re.search(r"(\w+)\s*(?:\(|\[|$)", text).group(1))
    assert "weft_run" in declared, declared
    declared.add("weft_debug")  # for debuggers: runtime/debug.h
    got = run("nm", "-D", "--defined-only", "--with-symbol-versions", libdir / "libweft.so")
    shown = {line.split()[2] for line in got.stdout.splitlines()} - {"WEFT_0.1"}
    same(sorted(shown), sorted(f"{name}@@WEFT_0.1" for name in declared), "what is shown")


@tap.test("the_static_library_defines_only_names_that_begin_with_weft")
def _(folder):
    not_sanitized()
    got = run("nm", "--defined-only", "--extern-only", "--no-sort", libdir / "libweft.a")
    names = [line.split()[2] for line in got.stdout.splitlines() if len(line.split()) == 3]
    assert "weft_run" in names, names
    same([n for n in names if not n.startswith("weft_")], [], "others")


@tap.test("names_of_calls_lead_to_their_man_pages")
def _(folder):
    pages = list((prefix / "share" / "man" / "man3").iterdir())
    for page in pages:
        text = page.read_text()
        if text.startswith(".so "):
            same(text, f".so man3/{(page.parent.parent / text[4:-1]).name}\n")
            assert (page.parent.parent / text[4:-1]).exists(), text
    same((prefix / "share" / "man" / "man3" / "weft_send.3").read_text(), ".so man3/weft_chan.3\n")


@tap.test("the_installed_command_runs")
def _(folder):
    got = run(prefix / "bin" / "weft", "--version")
    same((got.returncode, got.stderr), (0, ""))
    for trace in sorted((prefix / "share" / "weft" / "traces").glob("*.json")):
        got = run(prefix / "bin" / "weft", "check", trace)
        same((got.returncode, got.stderr), (0, ""), trace.name)


tap.main()
