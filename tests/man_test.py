# SPDX-License-Identifier: MIT
#
# The man pages: each public name of weft.h is in the NAME of a page of section 3, prototypes are
# those of the header, macros are compiled by good.c, examples compile and run, references lead somewhere, and no tool complains.
import json
import re
import shutil
import sys

import tap
from tap import BUILD, SOURCE, run, same

sys.path.insert(0, str(SOURCE / "man"))
import links  # noqa: E402

# Groups whose pages are being written: must be empty at a release.
UNDOCUMENTED = set()

COMPILER = shutil.which("gcc") or shutil.which("cc")
HEADER = (SOURCE / "runtime" / "include" / "weft.h").read_text()
CODE = re.sub(r"/\*.*?\*/", lambda m: "" if "Below" not in m.group(0) else "@BELOW@", HEADER,
              flags=re.DOTALL)
assert CODE.count("@BELOW@") == 1, "the banner above what macros are made of"
PUBLIC = CODE.split("@BELOW@")[0]
SANITIZED = {o["name"]: o["value"] for o in
             json.loads((BUILD / "meson-info" / "intro-buildoptions.json").read_text())
             }.get("b_sanitize", "none") != "none"
PAGES = sorted((SOURCE / "man").glob("*.3"))
ALL_PAGES = PAGES + sorted((SOURCE / "man").glob("*.[17]"))
NAMES = {page: links.names(page) for page in PAGES}


def is_group(name, names):
    """Not a name of the header, but what the names of a page begin with: weft_time."""
    return name == names[0] and any(n.startswith(name + "_") for n in names)


def prototypes(code):
    """What is declared: its name, and all of it."""
    found = {}
    for text in re.findall(r"^WEFT_API\s+([^;]*);", code, re.MULTILINE):
        found[re.search(r"(\w+)\s*(?:\(|\[|$)", text).group(1)] = text
    return found


def macros(code):
    found = set(re.findall(r"^#define (weft_[a-z]\w*|WEFT_[A-Z]\w*)", code, re.MULTILINE))
    return found - {"WEFT_H", "WEFT_API"}


def section(page, title):
    """As it is printed, without bold and underlined letters."""
    got = run("mandoc", "-T", "ascii", "-O", "width=1000", page)
    text = re.sub(r".\x08", "", got.stdout)
    match = re.search(rf"^{title}\n(.*?)^\S", text, re.DOTALL | re.MULTILINE)
    return match.group(1) if match else ""


@tap.test("each_public_name_is_in_the_name_of_a_page")
def _(folder):
    wanted = set(prototypes(PUBLIC)) | macros(CODE)
    assert {"weft_run", "weft_go", "weft_recv", "WEFT_CHAN"} <= wanted, wanted
    text = "".join(page.read_text() for page in ALL_PAGES)
    documented = {name for names in NAMES.values() for name in names}
    # Constants need no page of their own: the text of one will do.
    documented |= {name for name in wanted if name.isupper() and re.search(rf"\b{name}\b", text)}
    same(sorted(wanted - documented - UNDOCUMENTED), [], "what has no page")
    same(sorted(UNDOCUMENTED & documented), [], "what has a page by now")
    same(sorted(UNDOCUMENTED - wanted), [], "what is no public name")


@tap.test("each_name_of_a_page_is_in_the_header_and_has_one_page")
def _(folder):
    seen = {}
    for page, names in NAMES.items():
        same(names[0].lower(), page.stem, f"the first name of {page.name}")
        for name in names:
            assert name not in seen, f"{name} is in {page.name} and {seen[name]}"
            assert re.search(rf"\b{name}\b", CODE) or is_group(name, names), f"{name} of {page.name} is not in weft.h"
            seen[name] = page.name


@tap.test("each_macro_is_compiled_by_good_c")
def _(folder):
    """compile_test.py compiles it as C and as C++."""
    with_arguments = set(re.findall(r"^#define (weft_[a-z]\w*|WEFT_[A-Z]\w*)\(", CODE, re.MULTILINE))
    assert "weft_go" in with_arguments, with_arguments
    good = (SOURCE / "tests" / "compile" / "good.c").read_text()
    same([m for m in sorted(with_arguments) if not re.search(rf"\b{m}\b", good)], [], "not in good.c")


@tap.test("prototypes_are_those_of_the_header")
def _(folder):
    if not shutil.which("mandoc"):
        raise tap.Skip("no mandoc")
    declared = prototypes(CODE)
    checked = 0
    for page in PAGES:
        source = ["#include <weft.h>"]
        for text in section(page, "SYNOPSIS").split(";"):
            text = re.sub(r"^\s*#include.*$", "", text, flags=re.MULTILINE).strip()
            match = re.search(r"(weft_\w+)\(", text)
            if match and match.group(1) in declared and match.group(1) not in macros(CODE):
                source.append(text + ";")
        (folder / "synopsis.c").write_text("\n".join(source) + "\n")
        got = run(COMPILER, "-fsyntax-only", "-I", SOURCE / "runtime" / "include",
                  folder / "synopsis.c")
        same((got.returncode, got.stderr), (0, ""), page.name)
        checked += len(source) - 1
    assert checked > 10, checked


@tap.test("each_name_stands_in_its_synopsis")
def _(folder):
    if not shutil.which("mandoc"):
        raise tap.Skip("no mandoc")
    for page, names in NAMES.items():
        text = section(page, "SYNOPSIS") + section(page, "DESCRIPTION")
        missing = [n for n in names if not re.search(rf"\b{n}\b", text)]
        same([n for n in missing if not is_group(n, names)], [], f"missing in {page.name}")


@tap.test("examples_compile_and_run")
def _(folder):
    examples = 0
    for page in ALL_PAGES:
        for text in re.findall(r"^\.EX\n(.*?)^\.EE", page.read_text(), re.DOTALL | re.MULTILINE):
            if "int main(" not in text:
                continue
            (folder / "example.c").write_text(text.replace("\\-", "-").replace("\\e", "\\"))
            command = [COMPILER, "-std=gnu11", "-Wall", "-Wextra", "-Wno-unused-parameter",
                       "-Werror", "-I", SOURCE / "runtime" / "include", folder / "example.c"]
            command += ["-fsyntax-only"] if SANITIZED else [
                "-o", folder / "example", BUILD / "runtime" / "libweft.a", "-pthread"]
            got = run(*command)
            same((got.returncode, got.stderr), (0, ""), page.name)
            if not SANITIZED:
                got = run(folder / "example", timeout=20)
                same(got.returncode, 0, page.name + ": " + got.stderr)
            examples += 1
    assert examples >= 5, examples


@tap.test("references_lead_to_pages_and_the_overview_has_them_all")
def _(folder):
    for page in ALL_PAGES:
        for name, number in re.findall(r"\b(weft[\w\\-]*) \((\d)\)", page.read_text()):
            name = name.replace("\\-", "-")
            found = (SOURCE / "man" / f"{name}.{number}").exists() or \
                number == "3" and any(name in names for names in NAMES.values())
            assert found, f"{page.name} refers to {name}({number})"
    overview = (SOURCE / "man" / "weft.7").read_text()
    same([p.stem for p in PAGES if f".BR {p.stem} (3)" not in overview], [], "not in weft(7)")


@tap.test("every_page_is_installed")
def _(folder):
    build = (SOURCE / "man" / "meson.build").read_text()
    same([p.name for p in ALL_PAGES if f"'{p.name}'" not in build], [], "not in man/meson.build")


@tap.test("mandoc_and_groff_find_no_mistakes")
def _(folder):
    for tool, *flags in (("mandoc", "-T", "lint", "-W", "warning"),
                         ("groff", "-man", "-t", "-ww", "-Tutf8", "-z")):
        if not shutil.which(tool):
            raise tap.Skip(f"no {tool}")
        for page in ALL_PAGES:
            got = run(tool, *flags, page)
            same((got.returncode, got.stdout, got.stderr), (0, "", ""), page.name)


tap.main()
