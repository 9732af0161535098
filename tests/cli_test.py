# SPDX-License-Identifier: MIT
#
# The weft command end to end: every wrong use and every bad input, each with its exit status, its
# one line on stderr, and nothing left behind; and that help, man pages and completions agree.
import json
import os
import re
import signal
import subprocess
import time

import tap
from tap import SOURCE, run, same, weft

HAS_VIEWER = os.environ.get("WEFT_TEST_VIEWER", "1") == "1"
VERBS = ("record", "view", "export", "convert", "info", "check")
READERS = (("view", "export") if HAS_VIEWER else ()) + ("convert", "info", "check")

HEAD = ('{"weft":1,"minor":0,"order":"time","unit":"ns",'
        '"caps":["sched","life","msg","value","wake"],"events":[\n')
LINES = [
    {"ev": "spawn", "t": 0, "new": 1, "name": "main"},
    {"ev": "run", "t": 1, "w": 0, "co": 1},
    {"ev": "make", "t": 2, "w": 0, "co": 1, "on": 1, "type": "chan", "name": "c", "cap": 0},
    {"ev": "spawn", "t": 3, "w": 0, "co": 1, "new": 2, "name": "child"},
    {"ev": "block", "t": 10, "w": 0, "co": 1, "why": "recv", "on": 1},
    {"ev": "run", "t": 11, "w": 0, "co": 2},
    {"ev": "send", "t": 20, "w": 0, "co": 2, "on": 1, "msg": 1, "value": "ping", "via": "hand"},
    {"ev": "unblock", "t": 21, "w": 0, "co": 2, "to": 1, "on": 1, "msg": 1, "why": "recv"},
    {"ev": "exit", "t": 30, "w": 0, "co": 2},
    {"ev": "run", "t": 31, "w": 0, "co": 1},
    {"ev": "recv", "t": 32, "w": 0, "co": 1, "on": 1, "msg": 1, "from": 2},
    {"ev": "exit", "t": 1500000, "w": 0, "co": 1},
]


def trace_text(lines, end=True):
    text = HEAD + "".join(json.dumps(line, separators=(",", ":")) + ",\n" for line in lines)
    if end:
        text += '{"ev":"eof","t":%d,"n":%d}\n]}\n' % (lines[-1]["t"], len(lines))
    return text


def good(folder, name="good.json"):
    path = folder / name
    path.write_text(trace_text(LINES))
    return path


def with_error(folder):
    """Contradictory: a message is received that nobody sent."""
    lines = list(LINES)
    lines.insert(11, {"ev": "recv", "t": 33, "w": 0, "co": 1, "on": 1, "msg": 99})
    path = folder / "error.json"
    path.write_text(trace_text(lines))
    return path


def with_warning(folder):
    path = folder / "cut.json"
    path.write_text(trace_text(LINES, end=False) + '{"ev":"exit","t":15')
    return path


def command(verb, path, folder):
    if verb == "export":
        return [verb, path, "-o", folder / "out.png"]
    if verb == "convert":
        return [verb, path, "-o", folder / "out.csv"]
    return [verb, path]


def fails(folder, status, *args, words=(), stdout="", **more):
    """The command ends with `status`, one line on stderr that holds `words`, and no new file."""
    before = sorted(os.listdir(folder))
    got = weft(*args, **more)
    same(got.returncode, status, f"exit status of {args} ({got.stderr!r})")
    line = tap.one_line(got.stderr)
    assert line.startswith("weft: "), line
    for word in line.split(": "):  # "weft: FILE: FILE: reason" says it twice
        same(line.split(": ").count(word), 1, f"how often {word!r} is in {line!r}")
    for word in words:
        assert str(word) in line, f"no {word!r} in {line!r}"
    if stdout is not None:
        same(got.stdout, stdout, "stdout")
    same(sorted(os.listdir(folder)), before, "the folder")
    return line


# ---- Bad input ----------------------------------------------------------------------------------

UNREADABLE = {
    "empty": b"",
    "only_a_newline": b"\n",
    "binary": bytes(range(256)) * 40,
    "not_json": b"this is not a trace\n" * 10,
    "json_of_something_else": b'{"name":"weft","version":"1.0.0","dependencies":{}}\n',
    "json_list_of_numbers": b"[1,2,3]\n",
    "higher_major": b'{"weft":2,"minor":0,"order":"time","events":[\n{"ev":"eof","t":0,"n":0}\n]}\n',
    "unknown_need": b'{"weft":1,"minor":0,"order":"time","need":["quantum"],"events":[\n'
                    b'{"ev":"eof","t":0,"n":0}\n]}\n',
    "header_cut": b'{"weft":1,"minor":0,"order":"ti',
    "one_gigantic_line": b'{"weft":1,"minor":0,"order":"time","title":"' + b"x" * 3_000_000,
    "zeros": bytes(100_000),
}

# A trace by its form, but there is nobody in it: the checker may well like it.
NOBODY = {
    "no_records": HEAD.encode() + b'{"ev":"eof","t":0,"n":0}\n]}\n',
    "header_only": HEAD.encode(),
    "no_line_is_json": HEAD.encode() + b"rubbish\n" * 5,
}


def add_unreadable(name, verb):
    @tap.test(f"{verb}_refuses_{name}")
    def _(folder):
        path = folder / "bad.json"
        path.write_bytes(UNREADABLE[name])
        fails(folder, 3, *command(verb, path, folder), words=[path], stdout=None)


for each in READERS:
    for bad in UNREADABLE:
        add_unreadable(bad, each)


def add_nobody(name, verb):
    @tap.test(f"{verb}_refuses_a_trace_without_a_thread_{name}")
    def _(folder):
        path = folder / "bad.json"
        path.write_bytes(NOBODY[name])
        fails(folder, 3, *command(verb, path, folder), words=[path])


for each in READERS:
    for bad in NOBODY:
        if each != "check":
            add_nobody(bad, each)


def add_paths(verb):
    @tap.test(f"{verb}_of_a_missing_file_gives_3")
    def _(folder):
        path = folder / "none.json"
        fails(folder, 3, *command(verb, path, folder), words=[path, "No such file"])

    @tap.test(f"{verb}_of_a_folder_gives_3")
    def _(folder):
        fails(folder, 3, *command(verb, folder, folder), words=[folder])

    @tap.test(f"{verb}_without_permission_gives_3")
    def _(folder):
        if os.geteuid() == 0:
            raise tap.Skip("root may read everything")
        path = good(folder)
        path.chmod(0)
        fails(folder, 3, *command(verb, path, folder), words=[path, "Permission denied"])


for each in READERS:
    add_paths(each)


@tap.test("a_gigantic_line_in_the_middle_is_one_finding")
def _(folder):
    path = folder / "t.json"
    lines = trace_text(LINES).split("\n")
    lines.insert(5, '{"ev":"note","t":3,"name":"' + "x" * 2_000_000 + '"},')
    path.write_text("\n".join(lines))
    got = weft("check", path)
    same(got.returncode, 2)
    assert "E02" in got.stdout and len(got.stdout) < 5000, got.stdout[:500]
    same(weft("info", path).returncode, 0)


def warns(folder, path, *words):
    """info, and export, open it with one line of warning."""
    got = weft("info", path)
    same(got.returncode, 0, got.stderr)
    for word in (path, *words):
        assert str(word) in tap.one_line(got.stderr), got.stderr
    assert "main" in got.stdout, got.stdout
    if HAS_VIEWER:
        out = folder / "out.png"
        got = weft("export", path, "-o", out)
        same(got.returncode, 0, got.stderr)
        tap.one_line(got.stderr)
        same(out.read_bytes()[:8], b"\x89PNG\r\n\x1a\n", "the picture's start")


@tap.test("a_contradictory_trace_opens_with_one_line_of_warning")
def _(folder):
    warns(folder, with_error(folder))


@tap.test("a_truncated_trace_opens_with_one_line_of_warning")
def _(folder):
    warns(folder, with_warning(folder))


@tap.test("a_trace_can_drive_no_terminal")
def _(folder):
    lines = json.loads(json.dumps(LINES))
    lines[0]["name"] = "main\x1b[2J\x1b]0;title\x07"
    lines[6]["value"] = "\x1b[31mred"
    path = folder / "t.json"
    path.write_text(trace_text(lines))
    for got in (weft("info", path), weft("check", "--color=no", path)):
        assert "\x1b" not in got.stdout + got.stderr and "\x07" not in got.stdout, got.stdout


BROKEN = re.findall(r"^\| (\S+\.json) \| ([^|]+) \| (\d) \| (\S+) \|",
                    (SOURCE / "traces" / "broken" / "README.md").read_text(), re.MULTILINE)


@tap.test("every_broken_trace_is_in_the_table_and_there")
def _(folder):
    assert len(BROKEN) > 30, BROKEN
    same(sorted(row[0] for row in BROKEN),
         sorted(p.name for p in (SOURCE / "traces" / "broken").glob("*.json")))


@tap.test("check_of_every_broken_trace_gives_its_status_and_rule")
def _(folder):
    for name, rule, status, line in BROKEN:
        path = SOURCE / "traces" / "broken" / name
        got = weft("check", path)
        same(got.returncode, int(status), f"{name}: exit status")
        if status != "3":
            where = f"{path}:{line}: " if line != "-" else f"{path}:"
            for one in rule.split():
                assert any(found.startswith(where) and f" {one}: " in found
                           for found in got.stdout.splitlines()), f"{name}: {one}: {got.stdout}"
        if status != "0":
            tap.one_line(got.stderr)


@tap.test("every_broken_trace_opens_with_one_line_or_is_refused")
def _(folder):
    out = folder / "o.png"
    for name, rule, status, _ in BROKEN:
        path = SOURCE / "traces" / "broken" / name
        for args in ([["info", path]] +
                     ([["export", path, "-o", out, "--size=200x200"]] if HAS_VIEWER else [])):
            got = weft(*args)
            same(got.returncode, 3 if status == "3" else 0, f"{args[0]} {name}: {got.stderr!r}")
            if status != "0":
                assert tap.one_line(got.stderr).startswith(f"weft: {path}: "), got.stderr
            else:
                assert got.stderr.count("\n") <= 1, got.stderr


# ---- Wrong use ----------------------------------------------------------------------------------

WRONG = {
    "no_verb": ([], ["no verb"]),
    "unknown_verb": (["explode"], ["explode", "unknown verb"]),
    "misspelt_verb": (["chekc"], ["did you mean check?"]),
    "unknown_global_option": (["--nonsense"], ["--nonsense", "unknown option"]),
    "info_without_file": (["info"], ["no trace"]),
    "check_without_file": (["check", "--strict"], ["no trace"]),
    "record_without_program": (["record"], ["no program"]),
    "record_without_program_after_dashes": (["record", "-o", "x.json", "--"], ["no program"]),
    "record_with_an_empty_name": (["record", "-o", "", "true"], ["empty"]),
    "info_of_two_files": (["info", "GOOD", "b.json"], ["b.json", "one trace"]),
    "unknown_option": (["info", "--nonsense", "GOOD"], ["--nonsense", "unknown option of info"]),
    "misspelt_option": (["check", "--stirct", "GOOD"], ["did you mean --strict?"]),
    "unknown_letter": (["info", "-x", "GOOD"], ["-x", "unknown option"]),
    "record_unknown_option": (["record", "--outptu=x", "true"], ["did you mean --output?"]),
    "missing_value": (["record", "-o"], ["--output", "needs a value"]),
    "missing_value_at_the_end": (["info", "GOOD", "--format"], ["--format", "needs a value"]),
    "value_where_none_is": (["check", "--strict=yes", "GOOD"], ["--strict", "no value"]),
    "unknown_format": (["info", "--format=xml", "GOOD"], ["--format xml", "text, json or csv"]),
    "unknown_format_of_check": (["check", "--format=csv", "GOOD"], ["--format csv", "text or json"]),
    "unknown_table": (["info", "--format=csv", "--table=rows", "GOOD"], ["--table rows", "threads"]),
    "table_without_csv": (["info", "--table=locks", "GOOD"], ["--table", "--format=csv"]),
    "top_no_number": (["info", "--top=many", "GOOD"], ["--top many", "whole number"]),
    "top_negative": (["info", "--top=-1", "GOOD"], ["--top -1"]),
    "top_too_many": (["info", "--top", "1000001", "GOOD"], ["--top 1000001", "1000000"]),
    "top_of_twenty_digits": (["info", "--top", "9" * 20, "GOOD"], ["whole number"]),
    "from_without_unit": (["info", "--from=5", "GOOD"], ["--from 5", "unit"]),
    "from_after_to": (["info", "--from=2ms", "--to=1ms", "GOOD"], ["--to 1.00 ms", "2.00 ms"]),
    "an_empty_range": (["info", "--from=1ms", "--to=1ms", "GOOD"], ["not after"]),
    "from_after_the_end": (["info", "--from=3ms", "GOOD"], ["--from 3.00 ms", "1.50 ms"]),
    "to_before_the_first_thread": (["info", "--to=0ns", "GOOD"], ["--to 0 ns"]),
    "no_such_thread": (["info", "--thread=nobody", "GOOD"], ["--thread nobody", "no such thread"]),
    "no_such_channel": (["info", "--channel=#7", "GOOD"], ["--channel #7", "no such channel"]),
    "unknown_color": (["check", "--color=blue", "GOOD"], ["--color blue", "auto, yes or no"]),
}

EXPORT = ["export", "GOOD"]
PNG = ["export", "GOOD", "-o", "DIR/o.png"]
GIF = ["export", "GOOD", "-o", "DIR/o.gif"]
WRONG_VIEWER = {
    "view_without_file": (["view"], ["no trace"]),
    "view_with_a_wrong_theme": (["view", "GOOD", "--theme=pink"], ["--theme pink", "classic"]),
    "view_with_a_wrong_axis": (["view", "GOOD", "--axis", "z"], ["--axis z", "squeezed"]),
    "view_with_a_wrong_speed": (["view", "GOOD", "--speed", "0"], ["--speed 0"]),
    "view_with_no_number_as_speed": (["view", "GOOD", "--speed=fast"], ["--speed fast"]),
    "view_with_an_impossible_size": (["view", "GOOD", "--size=0x0"], ["--size 0x0"]),
    "export_without_output": (EXPORT, ["no output", "png"]),
    "export_without_trace": (["export", "-o", "DIR/o.png"], ["no trace"]),
    "export_of_two": (EXPORT + ["c.json", "-o", "DIR/o.png"], ["c.json"]),
    "unknown_suffix": (EXPORT + ["-o", "DIR/o.xyz"], ["o.xyz", "png, gif"]),
    "no_suffix": (EXPORT + ["-o", "DIR/out"], ["out", "png, gif"]),
    "size_0x0": (PNG + ["--size", "0x0"], ["0x0"]),
    "size_too_large": (PNG + ["--size", "99999999x1"], ["99999999x1"]),
    "size_too_many_digits": (PNG + ["--size", "9" * 40 + "x1"], ["--size"]),
    "size_of_too_many_pixels": (GIF + ["--size", "8192x8192"], ["8192x8192"]),
    "size_negative": (PNG + ["--size=-5x100"], ["-5x100"]),
    "size_without_x": (PNG + ["--size=1280"], ["1280"]),
    "size_with_more": (PNG + ["--size=640x480x2"], ["640x480x2"]),
    "size_empty": (PNG + ["--size="], ["--size"]),
    "fps_0": (GIF + ["--fps", "0"], ["0 frames a second"]),
    "fps_1000": (GIF + ["--fps", "1000"], ["1000 frames a second"]),
    "fps_nan": (GIF + ["--fps", "nan"], ["--fps nan"]),
    "duration_0": (GIF + ["--duration", "0"], ["duration"]),
    "duration_of_a_year": (GIF + ["--duration", "31536000"], ["duration"]),
    "duration_negative": (GIF + ["--duration=-1"], ["duration"]),
    "duration_no_number": (GIF + ["--duration", "long"], ["--duration long"]),
    "duration_with_a_wrong_unit": (GIF + ["--duration", "3h"], ["--duration 3h"]),
    "at_without_unit": (PNG + ["--at", "5"], ["--at 5", "unit"]),
    "at_negative": (PNG + ["--at=-5ms"], ["--at -5ms"]),
    "at_after_the_end": (PNG + ["--at", "3ms"], ["--at 3.00 ms", "1.50 ms"]),
    "at_too_long": (PNG + ["--at", "1e300s"], ["--at 1e300s"]),
    "wrong_theme": (PNG + ["--theme", "neon"], ["--theme neon", "dark"]),
    "wrong_axis": (PNG + ["--axis", "up"], ["--axis up", "order"]),
    "wrong_scale": (PNG + ["--scale", "100"], ["--scale 100"]),
}


def add_wrong(name, args, words):
    @tap.test(f"wrong_use_{name}_gives_2")
    def _(folder):
        path = good(folder)
        real = [a.replace("GOOD", str(path)).replace("DIR", str(folder)) for a in args]
        fails(folder, 2, *real, words=words, cwd=folder)


for each, (arguments, needed) in {**WRONG, **(WRONG_VIEWER if HAS_VIEWER else {})}.items():
    add_wrong(each, arguments, needed)


# ---- Outputs ------------------------------------------------------------------------------------

def need_viewer():
    if not HAS_VIEWER:
        raise tap.Skip("built without the viewer")


@tap.test("export_into_a_missing_folder_gives_1")
def _(folder):
    need_viewer()
    path = good(folder)
    for suffix in ("png", "gif"):
        out = folder / "no" / f"o.{suffix}"
        fails(folder, 1, "export", path, "-o", out, words=[out, "No such file"])


@tap.test("export_onto_a_folder_gives_1")
def _(folder):
    need_viewer()
    path = good(folder)
    (folder / "dir.png").mkdir()
    fails(folder, 1, "export", path, "-o", folder / "dir.png", words=["dir.png"])


@tap.test("export_into_a_folder_that_takes_no_files_gives_1")
def _(folder):
    need_viewer()
    path = good(folder)
    fails(folder, 1, "export", path, "-o", "/proc/o.png", words=["/proc/o.png"])


@tap.test("an_export_that_fails_leaves_the_old_file")
def _(folder):
    need_viewer()
    path, old = good(folder), folder / "o.png"
    old.write_text("old")
    fails(folder, 2, "export", path, "-o", old, "--size=0x0")
    fails(folder, 3, "export", folder / "none.json", "-o", old)
    same(old.read_text(), "old", "the old file")


@tap.test("a_trace_is_not_exported_over_itself")
def _(folder):
    need_viewer()
    path, link = good(folder, "good.png"), folder / "link.png"
    link.symlink_to(path)
    before = path.read_bytes()
    fails(folder, 2, "export", path, "-o", path, words=[path, "the trace itself"])
    fails(folder, 2, "export", path, "-o", link, words=[link, "the trace itself"])
    same(path.read_bytes(), before)


@tap.test("an_export_that_is_interrupted_leaves_nothing")
def _(folder):
    need_viewer()
    path = good(folder)
    child = subprocess.Popen([tap.WEFT, "export", path, "-o", folder / "o.gif", "--size=1920x1080",
                              "--duration=600"], stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    deadline = time.monotonic() + 20
    while len(os.listdir(folder)) < 2:
        assert time.monotonic() < deadline and child.poll() is None, "nothing is being written"
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=30)
    same((child.returncode, err), (130, b""))
    same(os.listdir(folder), ["good.json"], "the folder")


@tap.test("export_writes_a_picture_and_an_animation_and_says_nothing")
def _(folder):
    need_viewer()
    path = good(folder)
    for name, start in (("o.png", b"\x89PNG"), ("o.gif", b"GIF89a")):
        got = weft("export", path, "-o", folder / name, "--size=320x200", "--duration=0.4",
                   "--fps=5")
        same((got.returncode, got.stdout, got.stderr), (0, "", ""))
        assert (folder / name).read_bytes().startswith(start), name
    got = weft("export", path, "-o", folder / "at.png", "--at", "20us", "--axis=wall",
               "--theme=dark", "--no-labels", "--scale=1")
    same((got.returncode, got.stderr), (0, ""))
    same(sorted(os.listdir(folder)), ["at.png", "good.json", "o.gif", "o.png"])


@tap.test("what_cannot_be_printed_gives_1")
def _(folder):
    path = good(folder)
    for args in (["info", path], ["info", "--format=json", path], ["check", "--format=json", path],
                 ["--help"], ["info", "--help"], ["--version"]):
        with open("/dev/full", "w") as full:
            got = weft(*args, stdout=full)
        same(got.returncode, 1, f"{args}: exit status")
        assert "No space left" in tap.one_line(got.stderr), got.stderr


@tap.test("view_without_a_display_gives_1")
def _(folder):
    need_viewer()
    path = good(folder)
    got = weft("view", path, env={"DISPLAY": "", "WAYLAND_DISPLAY": "", "SDL_VIDEODRIVER": "x11"})
    same((got.returncode, got.stdout), (1, ""))
    assert tap.one_line(got.stderr).startswith(f"weft: {path}: "), got.stderr


@tap.test("without_the_viewer_view_and_export_say_so")
def _(folder):
    if HAS_VIEWER:
        raise tap.Skip("built with the viewer")
    path = good(folder)
    for args in (["view", path], ["export", path, "-o", folder / "o.png"]):
        fails(folder, 1, *args, words=["-Dviewer=enabled"])
        same(weft(args[0], "--help").returncode, 0)


def open_terminal():
    try:
        return os.openpty()
    except OSError as error:
        raise tap.Skip("no terminals here") from error


# ---- check and info -----------------------------------------------------------------------------

@tap.test("check_of_a_sound_trace_gives_0_and_is_silent")
def _(folder):
    got = weft("check", "--strict", good(folder))
    same((got.returncode, got.stdout, got.stderr), (0, "", ""))


@tap.test("check_of_errors_gives_2_with_findings_and_a_summary")
def _(folder):
    path = with_error(folder)
    got = weft("check", path)
    same(got.returncode, 2)
    assert re.search(rf"^{re.escape(str(path))}:13: E18: ", got.stdout, re.MULTILINE), got.stdout
    assert "1 error" in tap.one_line(got.stderr), got.stderr


@tap.test("check_of_warnings_gives_0_and_with_strict_1")
def _(folder):
    path = with_warning(folder)
    got = weft("check", path)
    same((got.returncode, got.stderr), (0, ""))
    assert "W01" in got.stdout, got.stdout
    same(weft("check", "--strict", path).returncode, 1)
    same(weft("check", path, "--strict").returncode, 1)


@tap.test("check_of_several_gives_the_highest_status_and_checks_all")
def _(folder):
    files = [with_error(folder), folder / "none.json", with_warning(folder)]
    got = weft("check", *files)
    same(got.returncode, 3)
    assert "E18" in got.stdout and "W01" in got.stdout, got.stdout
    same(got.stderr.count("\n"), 2, "lines on stderr")


@tap.test("check_as_json_is_json")
def _(folder):
    files = [with_error(folder), good(folder), folder / "none.json"]
    got = weft("check", "--format=json", *files)
    same(got.returncode, 3)
    one, two, three = json.loads(got.stdout)
    same((one["errors"], one["findings"][0]["rule"], one["findings"][0]["line"], one["exit"]),
         (1, "E18", 13, 2))
    same((two["findings"], two["errors"], two["threads"], two["exit"]), ([], 0, 2, 0))
    assert "No such file" in three["error"] and three["exit"] == 3, three


@tap.test("colours_only_when_asked_for")
def _(folder):
    path = with_error(folder)
    for args, env, coloured in (([], {}, False), (["--color=yes"], {}, True),
                                (["--color=no"], {}, False),
                                (["--color=yes"], {"NO_COLOR": "1"}, True)):
        got = weft("check", *args, path, env=env)
        same("\x1b[31m" in got.stdout, coloured, f"{args} {env}")


def terminal_of_info(path, env):
    """What weft info writes to a terminal that is its stderr."""
    ours, theirs = open_terminal()
    got = weft("info", path, env=env, stderr=theirs)
    os.close(theirs)
    text = b""
    try:
        while block := os.read(ours, 65536):
            text += block
    except OSError:  # as Linux says that the other end is closed
        pass
    os.close(ours)
    same(got.returncode, 0)
    return text.decode()


@tap.test("reading_shows_its_progress_on_a_terminal_and_takes_it_away")
def _(folder):
    path = folder / "long.json"
    step = {"ev": "note", "t": 5, "co": 1, "name": "x" * 200}
    path.write_text(trace_text(LINES[:4] + [step] * 2000 + [{"ev": "exit", "t": 9, "w": 0, "co": 1}]))
    text = terminal_of_info(path, {"TERM": "xterm", "WEFT_TEST_PATIENCE_MS": "0"})
    assert re.match(r"\r\x1b\[Kweft: reading long.json: \d+ %", text), text
    assert text.split("%")[-1].startswith("\r\x1b[K"), text
    for env in ({"TERM": "dumb", "WEFT_TEST_PATIENCE_MS": "0"},  # it can take nothing away
                {"TERM": "xterm", "WEFT_TEST_PATIENCE_MS": "999999"}):
        assert "reading" not in terminal_of_info(path, env), env
    got = weft("info", path, env={"TERM": "xterm", "WEFT_TEST_PATIENCE_MS": "0"})
    assert "reading" not in got.stderr, got.stderr


@tap.test("on_a_terminal_colours_unless_NO_COLOR")
def _(folder):
    path = with_error(folder)
    for env, coloured in (({"TERM": "xterm"}, True), ({"NO_COLOR": "1"}, False),
                          ({"TERM": "dumb"}, False)):
        leader, terminal = open_terminal()
        weft("check", path, env=env, stdout=terminal)
        os.close(terminal)
        text = os.read(leader, 10000)
        os.close(leader)
        same(b"\x1b[31m" in text, coloured, str(env))


@tap.test("a_file_whose_name_begins_with_a_dash_comes_after_two")
def _(folder):
    good(folder, "-odd.json")
    same(weft("check", "--", "-odd.json", cwd=folder).returncode, 0)
    same(weft("check", "-odd.json", cwd=folder).returncode, 2)


# ---- record -------------------------------------------------------------------------------------

NOT_WEFT = "not a weft program"


@tap.test("record_passes_on_the_exit_status")
def _(folder):
    for status in (0, 1, 7, 255):
        got = weft("record", "-o", folder / "t.json", "sh", "-c", f"exit {status}")
        same(got.returncode, status)
        assert NOT_WEFT in tap.one_line(got.stderr), got.stderr
    same(os.listdir(folder), [], "the folder")


@tap.test("record_gives_128_plus_the_signal")
def _(folder):
    for sig in (signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGINT):
        got = weft("record", "-o", folder / "t.json", "sh", "-c", f"kill -{int(sig)} $$")
        same(got.returncode, 128 + sig)


@tap.test("record_of_what_is_not_there_gives_127")
def _(folder):
    fails(folder, 127, "record", "-o", folder / "t.json", "no-such-program-here",
          words=["no-such-program-here", "No such file"])
    fails(folder, 127, "record", "-o", folder / "t.json", "./none", words=["./none"], cwd=folder)


@tap.test("record_of_what_cannot_run_gives_126")
def _(folder):
    (folder / "text").write_text("just text")
    fails(folder, 126, "record", "-o", folder / "t.json", folder / "text",
          words=["Permission denied"])
    fails(folder, 126, "record", "-o", folder / "t.json", folder, words=["Permission denied"])


@tap.test("record_into_a_place_that_cannot_be_gives_125_and_runs_nothing")
def _(folder):
    touch = ["touch", folder / "ran"]
    fails(folder, 125, "record", "-o", folder / "no" / "t.json", *touch, words=["No such file"])
    fails(folder, 125, "record", "-o", folder, *touch, words=["directory"])


@tap.test("record_leaves_an_old_file_alone_when_the_program_is_not_wefts")
def _(folder):
    old = good(folder)
    text, when = old.read_text(), old.stat().st_mtime_ns
    got = weft("record", "-o", old, "true")
    same(got.returncode, 0)
    assert NOT_WEFT in tap.one_line(got.stderr), got.stderr
    same((old.read_text(), old.stat().st_mtime_ns), (text, when), "the old file")


@tap.test("record_takes_no_other_file_for_an_old_trace_unless_named")
def _(folder):
    (folder / "true.json").write_text('{"name": "somebody else\'s"}')
    fails(folder, 125, "record", "true", words=["true.json", "not a weft trace"], cwd=folder)
    same(weft("record", "-o", "true.json", "true", cwd=folder).returncode, 0)


@tap.test("record_hands_on_arguments_input_and_output")
def _(folder):
    got = weft("record", "-o", folder / "t.json", "sh", "-c", 'cat; echo "$@" >&2; echo $WEFT_TRACE',
               "x", "-o", "--help", "--", stdin=None, input="from outside\n")
    same((got.returncode, got.stdout), (0, f"from outside\n{folder}/t.json\n"))
    assert got.stderr.startswith("-o --help --\n"), got.stderr


@tap.test("record_hands_on_the_signals_it_is_sent")
def _(folder):
    for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
        child = subprocess.Popen(
            [tap.WEFT, "record", "-o", folder / "t.json", "sh", "-c",
             f"trap 'exit 9' {int(sig)}; echo ready; while :; do sleep 0.05; done"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(sig, signal.SIG_DFL))  # a shell can't trap it under nohup
        same(child.stdout.readline(), b"ready\n")
        child.send_signal(sig)
        child.communicate(timeout=20)
        same(child.returncode, 9, f"exit status after {sig.name}")


@tap.test("record_survives_a_signal_to_the_whole_group")
def _(folder):
    leader, terminal = open_terminal()
    child = subprocess.Popen(
        [tap.WEFT, "record", "-o", folder / "t.json", "sh", "-c",
         "trap 'n=$((n + 1))' 2; echo ready; while [ -z $n ]; do sleep 0.05; done; sleep 0.1; "
         "exit $((10 + n))"],
        stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: (os.setsid(), __import__("fcntl").ioctl(0, 0x540E, 0)))
    os.close(terminal)
    same(child.stdout.readline(), b"ready\n")
    os.write(leader, b"\x03")
    child.communicate(timeout=20)
    os.close(leader)
    same(child.returncode, 11, "exit status: the program's, which saw Ctrl+C once")


# ---- Help, man pages, completions ---------------------------------------------------------------

@tap.test("version_is_mesons")
def _(folder):
    wanted = re.search(r"version: '([^']*)'", (SOURCE / "meson.build").read_text()).group(1)
    for option in ("--version", "-V"):
        got = weft(option)
        same((got.returncode, got.stdout, got.stderr), (0, f"weft {wanted}\n", ""))


@tap.test("help_names_every_verb")
def _(folder):
    for args in (["--help"], ["-h"], ["help"]):
        got = weft(*args)
        same((got.returncode, got.stderr), (0, ""))
        for verb in VERBS:
            assert re.search(rf"^  {verb} ", got.stdout, re.MULTILINE), got.stdout


def options_of(verb):
    return sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", weft(verb, "--help").stdout
                                 .split("\noptions:\n")[1].split("\nexit status:\n")[0])))


def add_help(verb):
    @tap.test(f"{verb}_help_says_usage_options_and_exit_status")
    def _(folder):
        for args in ([verb, "--help"], [verb, "-h"], ["help", verb]):
            got = weft(*args)
            same((got.returncode, got.stderr), (0, ""))
            for word in (f"usage: weft {verb}", "options:", "exit status:", "--help"):
                assert word in got.stdout, got.stdout
            assert max(len(line) for line in got.stdout.splitlines()) <= 100, "lines too long"

    @tap.test(f"{verb}_options_are_in_the_man_page_and_the_completions")
    def _(folder):
        if not HAS_VIEWER and verb in ("view", "export"):
            raise tap.Skip("built without the viewer")
        man = (SOURCE / "man" / f"weft-{verb}.1").read_text().replace("\\-", "-")
        bash = (SOURCE / "completion" / "weft.bash").read_text()
        zsh = (SOURCE / "completion" / "_weft").read_text()
        fish = (SOURCE / "completion" / "weft.fish").read_text()
        options = options_of(verb)
        assert "--help" in options, options
        for option in options:
            for name, text in (("man", man), ("bash", bash), ("zsh", zsh)):
                assert option in text, f"{option} is not in {name}"
            assert f"-l {option[2:]}" in fish, f"{option} is not in fish"


for each in VERBS:
    add_help(each)


@tap.test("bash_completes_verbs_options_and_values")
def _(folder):
    script = ('source "$1"; COMP_WORDS=("${@:2}"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); '
              'compopt() { :; }; _weft; printf "%s\\n" "${COMPREPLY[@]}"')
    good(folder)
    for words, wanted in ((["weft", "ex"], "export"), (["weft", "check", "--st"], "--strict"),
                          (["weft", "export", "--theme", "da"], "dark"),
                          (["weft", "info", "go"], "good.json")):
        got = run("bash", "-c", script, "x", SOURCE / "completion" / "weft.bash", *words, cwd=folder)
        same(got.stdout.split(), [wanted], f"completion of {words}")


tap.main()
