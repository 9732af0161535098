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
              *(f"share/man/man1/weft-{v}.1" for v in ("record", "view", "export", "info", "check")),
              "share/bash-completion/completions/weft", "share/zsh/site-functions/_weft",
              "share/fish/vendor_completions.d/weft.fish", "share/doc/weft/format.md",
              "share/doc/weft/trace.schema.json", "share/doc/weft/README.md",
              *(f"share/doc/weft/examples/{e}.c" for e in ("ping", "ring", "sieve", "worker-pool")),
              "share/weft/traces/README.md",
              *(f"share/weft/traces/{e}.json" for e in ("ping", "ring", "sieve", "worker-pool"))]
    missing = [w for w in wanted if not (prefix / w).exists()]
    same(missing, [], "missing")
    for name in ("libweft.a", "libweft.so", "libweft.so.0", "pkgconfig/weft.pc"):
        assert (libdir / name).exists(), f"missing: {name}"


def pkg_config(*args):
    env = {"PKG_CONFIG_PATH": str(libdir / "pkgconfig"), "PKG_CONFIG_SYSROOT_DIR": root.name}
    got = run("pkg-config", *args, "weft", env=env)
    same(got.returncode, 0, got.stderr)
    return got.stdout.split()


def try_program(folder, compiler, *flags, static=False):
    if not shutil.which(compiler):
        raise tap.Skip(f"no {compiler}")
    source = folder / ("first.cc" if compiler.endswith("++") else "first.c")
    source.write_text(program)
    libs = [str(libdir / "libweft.a"), "-pthread"] if static else pkg_config("--libs")
    sanitizers = options.get("b_sanitize", "none")
    if sanitizers != "none":
        raise tap.Skip("a sanitized library")
    got = run(compiler, *flags, "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", "-o",
              folder / "first", source, *pkg_config("--cflags"), *libs)
    same((got.returncode, got.stderr), (0, ""), "the compiler")
    got = run(folder / "first", env={"LD_LIBRARY_PATH": str(libdir)})
    same((got.returncode, got.stdout, got.stderr), (0, "ping\n", ""))


def add_compiler(compiler, *flags, static=False):
    how = "statically" if static else "dynamically"
    name = "_".join((compiler, *flags)).replace("=", "_")

    @tap.test(f"the_first_program_builds_and_runs_with_{name}_{how}")
    def _(folder):
        try_program(folder, compiler, *flags, static=static)


add_compiler("gcc", "-std=c11")
add_compiler("gcc", "-std=gnu17", "-O2", static=True)
add_compiler("clang", "-std=c11")
add_compiler("g++", "-std=c++11")
add_compiler("g++", "-std=c++20", "-O2", static=True)


@tap.test("the_first_program_has_at_most_20_lines")
def _(folder):
    lines = program.splitlines()
    assert len(lines) <= 20, f"{len(lines)} lines"


@tap.test("the_library_needs_libc_alone")
def _(folder):
    got = run("objdump", "-p", libdir / "libweft.so")
    needed = set(re.findall(r"NEEDED\s+(\S+)", got.stdout))
    if options.get("b_sanitize", "none") != "none":
        raise tap.Skip("a sanitized library")
    needed = {n for n in needed if not n.startswith("ld-linux")}  # libc's own
    same(needed, {"libc.so.6"}, "needed libraries")


@tap.test("the_library_shows_only_names_of_its_own")
def _(folder):
    if options.get("b_sanitize", "none") != "none":
        raise tap.Skip("a sanitized library")
    got = run("nm", "-D", "--defined-only", libdir / "libweft.so")
    names = [line.split()[2] for line in got.stdout.splitlines()]
    assert "weft_run" in names, names
    same([n for n in names if not n.startswith("weft_") or n.startswith("weft__")], [], "others")


@tap.test("the_installed_command_runs")
def _(folder):
    got = run(prefix / "bin" / "weft", "--version")
    same((got.returncode, got.stderr), (0, ""))
    for trace in sorted((prefix / "share" / "weft" / "traces").glob("*.json")):
        got = run(prefix / "bin" / "weft", "check", trace)
        same((got.returncode, got.stderr), (0, ""), trace.name)


@tap.test("the_man_pages_have_no_mistakes")
def _(folder):
    if not shutil.which("groff"):
        raise tap.Skip("no groff")
    for page in sorted((SOURCE / "man").glob("*.1")):
        got = run("groff", "-man", "-t", "-ww", "-Tutf8", "-z", page)
        same((got.returncode, got.stderr), (0, ""), page.name)


tap.main()
