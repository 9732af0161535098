# SPDX-License-Identifier: MIT
#
# weft info end to end: the report as kept in tests/data/info, the JSON against its schema, every
# table as CSV, the filters, and what terminals of other widths and locales get to see.
#
# WEFT_TEST_UPDATE=1 writes the kept reports anew; read them before you commit them.
import csv
import fcntl
import io
import json
import os
import re
import struct
import termios

import jsonschema

import tap
from tap import SOURCE, run, same, weft

DATA = SOURCE / "tests" / "data"
DINNER = DATA / "dinner.json"
schema = json.loads((SOURCE / "docs" / "info.schema.json").read_text())
validator = jsonschema.Draft202012Validator(schema)
TABLES = ("threads", "channels", "locks", "pairs", "waits", "messages", "left", "held", "lost",
          "parallelism")
SOUND = sorted([*(SOURCE / "traces").glob("*.json"), *DATA.glob("*.json"),
                *(DATA / "gotrace").glob("*")])


def report(*args, columns=80, **env):
    got = weft("info", *args, env={"COLUMNS": str(columns), **env}, cwd=SOURCE)
    same((got.returncode, got.stderr), (0, ""))
    return got.stdout


def document(*args):
    got = weft("info", "--format=json", *args)
    same(got.returncode, 0, got.stderr)
    read = json.loads(got.stdout)
    error = jsonschema.exceptions.best_match(validator.iter_errors(read))
    assert not error, f"{args}: {error.json_path}: {error.message}"
    return read


def table(name, *args):
    got = weft("info", "--format=csv", f"--table={name}", *args)
    same(got.returncode, 0, got.stderr)
    return list(csv.reader(io.StringIO(got.stdout), strict=True))


def trace(folder, records, name="t.json", end=True, caps='"sched","life","msg","wake"'):
    """A file of these records, with an end."""
    path = folder / name
    lines = [json.dumps(r, separators=(",", ":"), ensure_ascii=False) for r in records]
    if end:
        lines.append(json.dumps({"ev": "eof", "t": records[-1]["t"], "n": len(records)}))
    path.write_text('{"weft":1,"minor":0,"order":"time","unit":"ns","caps":[' + caps +
                    '],"events":[\n' + ",\n".join(lines) + "\n]}\n", encoding="utf-8")
    return path


# ---- Kept reports -------------------------------------------------------------------------------

KEPT = {
    "dinner-80": (["tests/data/dinner.json"], 80, {}),
    "dinner-ascii-72": (["tests/data/dinner.json"], 72, {"LC_ALL": "C"}),
    "worker-pool-120": (["traces/worker-pool.json"], 120, {}),
    "worker-pool-part-80": (["traces/worker-pool.json", "--thread=pool *", "--from=100us",
                             "--to=500us", "--top=3"], 80, {}),
}


def add_kept(name, args, columns, env):
    @tap.test(f"report_{name}_is_as_kept")
    def _(folder):
        got = report(*args, columns=columns, **env)
        path = DATA / "info" / f"{name}.txt"
        if os.environ.get("WEFT_TEST_UPDATE"):
            path.write_text(got)
        same(got, path.read_text(), "the report")
        for line in got.splitlines()[2:]:
            assert len(line) <= columns, f"too wide: {line}"
            same(line, line.rstrip(), "a line without blanks at its end")


for each, how in KEPT.items():
    add_kept(each, *how)


@tap.test("the_report_in_the_readme_is_what_it_prints")
def _(folder):
    got = report("traces/philosophers.json", columns=84)
    shown = "".join(f"    {line}".rstrip() + "\n" for line in
                    got[:got.index("\n\nthreads, by")].splitlines())
    assert shown in (SOURCE / "README.md").read_text(), shown


# ---- JSON and CSV -------------------------------------------------------------------------------

@tap.test("the_schema_is_one_and_has_every_table")
def _(folder):
    jsonschema.Draft202012Validator.check_schema(schema)
    assert set(TABLES) <= set(schema["required"]), schema["required"]


@tap.test("json_of_every_trace_is_valid")
def _(folder):
    assert len(SOUND) > 10, SOUND
    for path in SOUND:
        if path.suffix == ".md":
            continue
        read = document(path)
        same(read["file"], str(path))
        for args in (["--all"], ["--top=0"], ["--from=1ns"], [f"--to={read['length_ns'] // 2 + 1}ns"],
                     ["--from=5ns", f"--to={read['length_ns']}ns", "--thread=*", "--channel=*"]):
            if read["length_ns"] > 5 and (args[-1] != "--channel=*" or read["channels"]):
                document(path, *args)


@tap.test("json_of_every_broken_trace_is_valid_or_refused")
def _(folder):
    refused = 0
    for path in sorted((SOURCE / "traces" / "broken").glob("*.json")):
        got = weft("info", "--format=json", path)
        if got.returncode == 3:
            refused += 1
            continue
        same(got.returncode, 0, got.stderr)
        error = jsonschema.exceptions.best_match(validator.iter_errors(json.loads(got.stdout)))
        assert not error, f"{path.name}: {error.message}"
    assert 0 < refused < 20, refused


@tap.test("json_holds_the_numbers_of_the_dinner")
def _(folder):
    read = document(DINNER)
    same((read["complete"], read["ended_by"], read["length_ns"], read["records"], read["workers"]),
         (True, "deadlock", 20000, 28, 2))
    same(read["cycles"], [[2, 3]])
    main, ada, bob = read["threads"]
    same((ada["name"], ada["parent"], ada["parent_name"], ada["fn"], ada["spawned_at"]),
         ("ada", 1, "main", "philosopher", "dinner.c:40"))
    same(main["blocked_by_ns"], {"send": 1100, "join": 7000})
    same((main["born_ns"], main["died_ns"], bob["latest_start_ns"]), (0, None, 5500))
    left = read["left"][0]
    same((left["thread_name"], left["why"], left["on_name"], left["holder_name"], left["where"]),
         ("ada", "lock", "right fork", "bob", "dinner.c:23"))
    same(read["left"][1]["of_name"], "ada")
    same([(h["on_name"], h["thread_name"], h["since_ns"]) for h in read["held"]],
         [("left fork", "ada", 10000), ("right fork", "bob", 11000)])
    same([(m["on_name"], m["messages"], m["value"]) for m in read["lost"]], [("orders", 1, "wine")])
    same((read["channels"][0]["cap"], read["channels"][0]["fullest"]), (2, 2))
    same(sum(s["running_ns"] for s in read["parallelism"]), read["totals"]["running_ns"])
    same(read["totals"]["most_running"], 2)


@tap.test("an_open_select_lists_its_cases")
def _(folder):
    path = trace(folder, [
        {"ev": "spawn", "t": 0, "new": 1},
        {"ev": "run", "t": 1, "w": 0, "co": 1},
        {"ev": "make", "t": 2, "w": 0, "co": 1, "on": 1, "type": "chan", "name": "a,\"b\""},
        {"ev": "make", "t": 2, "w": 0, "co": 1, "on": 2, "type": "chan", "name": "quit"},
        {"ev": "block", "t": 3, "w": 0, "co": 1, "why": "select",
         "cases": [{"on": 1, "dir": "send"}, {"on": 2, "dir": "recv"}]}])
    same([(c["dir"], c["on_name"]) for c in document(path)["left"][0]["cases"]],
         [("send", 'a,"b"'), ("recv", "quit")])
    assert 'select: send to a,"b", receive from quit' in report(path, columns=120)
    head, row = table("left", path)
    same(row[head.index("cases")], "send #1 recv #2")
    same(table("channels", path)[1][1], 'a,"b"')


@tap.test("every_table_is_csv_with_the_keys_of_the_json")
def _(folder):
    for path in (DINNER, SOURCE / "traces" / "worker-pool.json"):
        read = document(path)
        for name in TABLES:
            head, *rows = table(name, path)
            same(len(rows), len(read[name]), f"rows of {name}")
            for row, item in zip(rows, read[name]):
                same(len(row), len(head), f"fields of {name}")
                for key, value in zip(head, row):
                    if key in item and key != "cases":
                        wanted = item[key]
                        wanted = ("" if wanted is None else str(wanted).lower()
                                  if isinstance(wanted, bool) else str(wanted))
                        if isinstance(item[key], float):
                            value, wanted = float(value), item[key]
                        same(value, wanted, f"{name}.{key}")
            keys = set(read[name][0]) if read[name] else set()
            assert keys - {"blocked_by_ns"} <= set(head), f"{name}: {keys - set(head)}"


@tap.test("a_table_without_rows_has_its_head")
def _(folder):
    path = trace(folder, [{"ev": "spawn", "t": 0, "new": 1}, {"ev": "exit", "t": 0, "co": 1}])
    for name in TABLES:
        full, *_ = table(name, DINNER)
        rows = table(name, path)
        same(rows[0], full, f"the head of {name}")
        same(len(rows), 2 if name == "threads" else 1, f"rows of {name}")


@tap.test("the_man_page_has_every_column")
def _(folder):
    man = (SOURCE / "man" / "weft-info.1").read_text().replace("\\-", "-")
    for name in TABLES:
        for column in table(name, DINNER)[0]:
            base = re.sub(r"_name$", "", column)
            base = re.sub(r"^(queue|hold)_.*_ns$", r"\1_", base)
            base = re.sub(r"^blocked_(?!ns).*_ns$", "blocked_", base)
            assert base in man, f"{name}: no {column} in the man page"


# ---- Filters ------------------------------------------------------------------------------------

@tap.test("patterns_choose_by_name_and_id_and_add_up")
def _(folder):
    pool = SOURCE / "traces" / "worker-pool.json"
    names = [t["name"] for t in document(pool, "--thread=pool [12]", "--thread=#1")["threads"]]
    same(sorted(names), ["main", "pool 1", "pool 2"])
    same(len(document(pool)["channels"]), 7)
    same(len(document(pool, "--thread=worker 1.1")["channels"]), 2)  # its pool's and the results'
    read = document(pool, "--channel=*:44")
    same({c["name"] for c in read["channels"]}, {"worker-pool.c:44"})
    same(read["filter"]["channels"], ["*:44"])


@tap.test("the_parts_of_a_trace_add_up_to_the_whole")
def _(folder):
    for path in (DINNER, SOURCE / "traces" / "worker-pool.json", SOURCE / "traces" / "sieve.json"):
        whole = document(path)
        cuts = [0, whole["length_ns"] // 3, whole["length_ns"] // 2]
        parts = [document(path, f"--from={a}ns", *([f"--to={b}ns"] if b else []))
                 for a, b in zip(cuts, cuts[1:] + [None])]
        for key in ("running_ns", "ready_ns", "blocked_ns", "sent", "received", "starts"):
            same(sum(p["totals"][key] for p in parts), whole["totals"][key], f"{path.name}: {key}")
        for i, thread in enumerate(whole["threads"]):
            for key in ("running_ns", "blocked_ns", "sent", "received"):
                same(sum(p["threads"][i][key] for p in parts if i < len(p["threads"])), thread[key],
                     f"{path.name}: {thread['name']}: {key}")


@tap.test("each_thread_alone_has_what_it_has_among_all")
def _(folder):
    path = SOURCE / "traces" / "worker-pool.json"
    whole = document(path)
    for thread in whole["threads"][:5]:
        alone = document(path, f"--thread=#{thread['id']}")
        same(alone["threads"], [thread])
        same(alone["totals"]["running_ns"], thread["running_ns"])


@tap.test("the_end_of_the_range_is_where_threads_are_left")
def _(folder):
    read = document(DINNER, "--to=9us")
    same([(t["thread_name"], t["state"], t["since_ns"]) for t in read["left"]],
         [("ada", "ready", 4000), ("bob", "ready", 5000), ("main", "blocked", 8500)])
    assert "alive at 9.00 us: 3 threads" in report(DINNER, "--to=9us")
    assert "3 messages on the way at 9.00 us" in report(DINNER, "--to=9us")


# ---- Terminals ----------------------------------------------------------------------------------

ODD = [
    {"ev": "spawn", "t": 0, "new": 1, "name": "größer als sonst und überall länger als breit"},
    {"ev": "run", "t": 1, "w": 0, "co": 1},
    {"ev": "make", "t": 2, "w": 0, "co": 1, "on": 1, "type": "chan", "name": "漢字の通路"},
    {"ev": "spawn", "t": 3, "w": 0, "co": 1, "new": 2, "name": "\x1b[31mred\u009b2J"},
    {"ev": "block", "t": 10, "w": 0, "co": 1, "why": "recv", "on": 1},
    {"ev": "run", "t": 5_000_000_000, "w": 0, "co": 2},
]


@tap.test("no_line_is_wider_than_the_terminal")
def _(folder):
    path = trace(folder, ODD, end=False)
    for file in (path, DINNER, *(SOURCE / "traces").glob("*.json")):
        for columns in (72, 80, 100, 120, 200):
            text = weft("info", file, env={"COLUMNS": str(columns)}).stdout
            for line in text.splitlines()[1:]:
                wide = sum(2 if "\u3000" <= c <= "\u9fff" else 1 for c in line)
                assert wide <= columns, f"{columns}: {wide}: {line}"


@tap.test("without_a_terminal_nothing_is_cut")
def _(folder):
    text = weft("info", trace(folder, ODD, end=False)).stdout
    assert ODD[0]["name"] in text and "…" not in text, text


@tap.test("wide_characters_take_two_columns")
def _(folder):
    lines = weft("info", trace(folder, ODD, end=False), env={"COLUMNS": "100"}).stdout.splitlines()
    row = next(line for line in lines if re.match(r" +1  漢字の通路", line))
    head = next(line for line in lines if re.match(r" +id  channel", line))
    end = head.index("messages") + len("messages")
    same(row[:end - 5].split()[-1], "0", f"messages in {row!r}")


@tap.test("a_locale_without_utf8_gets_ascii")
def _(folder):
    path = trace(folder, ODD, end=False)
    for file in (path, DINNER, SOURCE / "traces" / "worker-pool.json"):
        for env in ({"LC_ALL": "C"}, {"LC_ALL": "", "LANG": "C"}, {"LC_ALL": "POSIX"}):
            got = weft("info", file, env={"COLUMNS": "80", **env})
            assert got.stdout.isascii() and got.stderr.isascii(), got.stdout
            same(got.returncode, 0)
    assert "gr??er als" in weft("info", path, env={"LC_ALL": "C"}).stdout  # one for each character


@tap.test("a_trace_can_drive_no_terminal")
def _(folder):
    path = trace(folder, ODD, end=False)
    for args in ([], ["--format=json"], ["--all"]):
        text = weft("info", *args, path).stdout
        assert "\x1b" not in text and "\x9b" not in text.replace("\\u009b", ""), repr(text)


def on_terminal(*args, columns=80, **env):
    """What a terminal of this width gets."""
    leader, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    weft("info", *args, env={"TERM": "xterm", **env}, stdout=terminal)
    os.close(terminal)
    text = b""
    while True:
        try:
            more = os.read(leader, 65536)
        except OSError:
            break
        if not more:
            break
        text += more
    os.close(leader)
    return text.decode()


@tap.test("a_terminal_gets_colours_and_its_width")
def _(folder):
    text = on_terminal(DINNER, columns=72)
    assert "\x1b[31m" in text and "DEADLOCK" in text, text
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert max(len(line.rstrip("\r")) for line in plain.split("\n")[1:]) <= 72, plain
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in on_terminal(DINNER, **env)
    assert "\x1b" not in on_terminal("--color=no", DINNER)
    assert "\x1b[31m" in weft("info", "--color=yes", DINNER).stdout


# ---- Many and none ------------------------------------------------------------------------------

def sieve(folder, count):
    """A chain of threads, each waiting for a channel of its own: a sieve at rest."""
    records = [{"ev": "spawn", "t": 0, "new": 1, "name": "main", "fn": "main"},
               {"ev": "run", "t": 1, "w": 0, "co": 1}]
    for i in range(count):
        records += [{"ev": "make", "t": i + 2, "w": 0, "co": 1, "on": i + 1, "type": "chan",
                     "name": "sieve.c:46", "cap": 0},
                    {"ev": "spawn", "t": i + 2, "w": 0, "co": 1, "new": i + 2,
                     "name": f"filter {i}", "fn": "filter"}]
    for i in range(count):
        t = 10_000 + 10 * i
        records += [{"ev": "run", "t": t, "w": 1, "co": i + 2},
                    {"ev": "block", "t": t + 5, "w": 1, "co": i + 2, "why": "recv", "on": i + 1}]
    return trace(folder, records)


@tap.test("two_thousand_threads_make_a_short_report")
def _(folder):
    text = report(sieve(folder, 2000))
    assert len(text.splitlines()) < 70, text
    assert re.search(r"^ +2,000  filter 0 and 1,999 more  receive from different ones", text,
                     re.MULTILINE), text
    assert "and 1,991 more, running 9.96 us in sum; --all shows them" in text, text
    assert "sieve.c:46 #1" in text, text  # a name that many have comes with its id
    everything = report(sieve(folder, 2000), "--all")
    for i in (0, 999, 1999):
        assert re.search(rf"filter {i}\b", everything)
    assert "--all shows them" not in everything


@tap.test("top_says_how_many_rows")
def _(folder):
    path = sieve(folder, 50)
    text = report(path, "--top=3")
    rows = text[text.index("threads, by time running"):].split("\n\n")[0].splitlines()
    same(len(rows), 2 + 3 + 1, text)
    same(len(document(path, "--top=3")["waits"]), 3)
    same(len(document(path, "--all")["waits"]), 50)
    assert "threads" in report(path, "--top=0")


@tap.test("a_trace_of_one_thread_that_does_nothing_is_short")
def _(folder):
    path = trace(folder, [{"ev": "spawn", "t": 0, "new": 1}, {"ev": "exit", "t": 0, "co": 1}],
                 caps='"life"')
    text = report(path)
    assert "every thread ended\n" in text, text
    assert "\nchannels" not in text and "\n\n\n" not in text and "latency" not in text and "nan" not in text, text
    same(document(path)["totals"]["threads"], 1)


@tap.test("a_trace_without_scheduling_says_no_more_than_it_knows")
def _(folder):
    path = trace(folder, [
        {"ev": "spawn", "t": 0, "new": 1}, {"ev": "spawn", "t": 1, "new": 2},
        {"ev": "make", "t": 2, "on": 1, "type": "chan"},
        {"ev": "send", "t": 3, "co": 1, "on": 1, "msg": 1},
        {"ev": "recv", "t": 9, "co": 2, "on": 1, "msg": 1, "from": 1},
        {"ev": "exit", "t": 10, "co": 1}, {"ev": "exit", "t": 11, "co": 2}], caps='"life","msg"')
    text = report(path)
    assert "unknown 20 ns (100%)" in text and "running  " not in text.split("threads, by")[0], text
    assert "6 ns" in text, text


@tap.test("an_empty_trace_is_refused_with_one_line")
def _(folder):
    path = folder / "empty.json"
    for text in ("", "\n", '{"weft":1,"minor":0,"order":"time","events":[\n]}\n'):
        path.write_text(text)
        for args in ([], ["--format=json"], ["--format=csv"], ["--thread=x"]):
            got = weft("info", *args, path)
            same((got.returncode, got.stdout), (3, ""))
            tap.one_line(got.stderr)


# ---- As before ----------------------------------------------------------------------------------

@tap.test("the_report_comes_in_one_piece_through_a_pipe")
def _(folder):
    got = run("sh", "-c", f'cat "$1" | "{tap.WEFT}" info --thread="p*" /dev/stdin', "x",
              SOURCE / "traces" / "worker-pool.json")
    same((got.returncode, got.stderr), (0, ""))
    assert "5 threads on 2 workers" in got.stdout, got.stdout


tap.main()
