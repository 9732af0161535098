# SPDX-License-Identifier: MIT
#
# `weft check` against tests/rules.py, which was written from docs/format.md alone: for each file both must
# find the same rules broken, each for the first time in the same line, and give the same exit status.
# The files: the broken ones, traces of the examples and of the stress program, and thousands of sound
# traces with something changed, dropped, doubled or moved. What differs is a bug of one of the two, or a
# gap in the page.
import json
import os
import random

import rules
import tap
from tap import BUILD, SOURCE, run, same, weft

HAS_TRACE = os.environ.get("WEFT_TEST_TRACE", "1") == "1"
SLOW = float(os.environ.get("WEFT_TEST_SLOW", "1")) > 1
MUTANTS = int(os.environ.get("WEFT_TEST_MUTANTS", "300" if SLOW else "2000"))
SEED = int(os.environ.get("WEFT_TEST_SEED", "1"))


def ours(paths):
    """What `weft check` says of each file, as rules.check: exit status, rule -> first line. The line is
    None if not all findings of the rule have one ("and 7 more ...")."""
    for at in range(0, len(paths), 500):
        got = weft("check", "--format=json", *paths[at:at + 500])
        for report in json.loads(got.stdout):
            lines = {}
            for finding in report["findings"]:
                lines.setdefault(finding["rule"], []).append(finding["line"])
            yield report["exit"], {r: None if None in n else min(n) for r, n in lines.items()}


def agree(paths):
    differ = []
    for path, (status, first) in zip(paths, ours(paths)):
        theirs, found = rules.check(path)
        wanted = {name: line if first.get(name, line) else None
                  for name, line in rules.first_lines(found).items()}
        if (status, first) != (theirs, wanted):
            differ.append(f"{path}: weft check: {status} {first}; rules.py: {theirs} {wanted}")
    assert not differ, "\n".join([f"{len(differ)} of {len(paths)} differ"] + differ[:10])


def files(*folder):
    return sorted(str(p) for p in SOURCE.joinpath(*folder).glob("*.json"))


@tap.test("the_two_agree_on_every_file_in_the_tree")
def _(folder):
    agree(files("traces", "broken") + files("traces") + files("tests", "data"))


@tap.test("every_rule_has_a_file_that_breaks_it_and_nothing_else")
def _(folder):
    broken = {}
    for path in files("traces", "broken"):
        found = {name for name, _ in rules.check(path)[1]}
        if len(found) == 1:
            broken.setdefault(found.pop(), path)
    every = {f"E{n:02}" for n in range(1, 30)} | {f"W{n:02}" for n in range(1, 8)}
    same(sorted(every - set(broken)), ["W02"], "without a file")  # which always comes with W01


def need_trace():
    if not HAS_TRACE:
        raise tap.Skip("built without the recorder")


def add_examples(workers):
    @tap.test(f"the_two_agree_on_the_examples_on_{workers}_workers")
    def _(folder):
        need_trace()
        paths = []
        for program in sorted(p for p in (BUILD / "examples").iterdir()
                              if p.is_file() and os.access(p, os.X_OK)):
            paths.append(str(folder / f"{program.name}.json"))
            run(program, env={"WEFT_WORKERS": workers, "WEFT_TRACE": paths[-1]}, timeout=120)
        assert len(paths) > 10, paths
        agree(paths)
        for path, (status, _) in zip(paths, ours(paths)):
            same(status, 0, path)


for n in ("1", "2", "4"):
    add_examples(n)


def stress_traces(folder, seeds):
    """Short traces of the stress program: its --check takes any program."""
    keep = folder / "keep"
    keep.write_text(f'#!/bin/sh\nmv "$2" "{folder}/$(basename "$2")"\n')
    keep.chmod(0o755)
    for seed in seeds:
        workers = str(1 << seed % 3)
        got = run(BUILD / "tests" / "stress", "--rounds", "2", "--seed", str(seed), "--workers",
                  workers, "--check", keep, timeout=300)
        same(got.returncode, 0, got.stdout + got.stderr)
    return sorted(str(p) for p in folder.glob("*.json"))


@tap.test("the_two_agree_on_traces_of_the_stress_program")
def _(folder):
    need_trace()
    paths = stress_traces(folder, range(1, 3 if SLOW else 7))
    agree(paths)
    for path, (status, _) in zip(paths, ours(paths)):
        same(status, 0, path)


# ---- Mutations -------------------------------------------------------------------------------------

ID_FIELDS = ("co", "on", "msg", "to", "new", "w", "by", "from", "of", "id", "task", "parent", "len", "n",
             "loc", "at", "stack", "value", "delta", "cap", "since")
WORD_FIELDS = ("why", "via", "op", "mode", "type", "state", "ev", "name", "pick")
ODD = {"ok": [False, True], "from": [1, 2], "msg": [1, 2], "w": [0, 1], "co": [1, 2], "guess": [True], "pre": [True],
       "merged": [True], "sys": [True], "by": [1, 2], "cases": [[{"on": 1, "dir": "recv"}]], "at": [3],
       "len": [0, 1], "via": ["hand", "buffer", "wait", "select"], "zz": [1], "x_zz": [1],
       "value": [1, {"int": "5"}, {"int": 5}, {"int": "0x5"}, 2**60, 1.0, 1e300, {"float": "x"}, [1],
                 {"ptr": "beef"}, {"len": 3}],
       "t": [-1, 2**53, 1.5, "1", None], "args": [{"deep": {"er": []}}, []], "mode": ["read", "write"]}
NEW = [{"ev": "drop", "n": 3}, {"ev": "drop", "n": 3, "w": 0}, {"ev": "tick"}, {"ev": "x.a.b", "w": 0},
       {"ev": "later", "co": 9}, {"ev": "Later"}, {"ev": "state", "co": 1, "state": "blocked"},
       {"ev": "state", "co": 2, "state": "running", "w": 0},
       {"ev": "spawn", "new": 1, "pre": True}, {"ev": "make", "on": 1, "type": "chan", "pre": True},
       {"ev": "make", "on": 77, "type": "mutex"}, {"ev": "acquire", "co": 1, "on": 77},
       {"ev": "release", "co": 2, "on": 77}, {"ev": "free", "on": 1}, {"ev": "name", "on": 1, "name": "n"},
       {"ev": "close", "co": 1, "on": 1}, {"ev": "close", "on": 1}]


def mutate(rng, records):
    """One change to a list of records."""
    if not records:
        return
    i, j = rng.randrange(len(records)), rng.randrange(len(records))
    one = records[i] = dict(records[i])
    kind = rng.choice(("remove", "swap", "double", "move", "id", "id", "t", "word", "odd", "lose", "new"))
    if kind == "remove":
        del records[i]
    elif kind == "swap":
        records[i], records[j] = records[j], records[i]
    elif kind == "double":
        records.insert(rng.choice((i, j)), dict(one))
    elif kind == "move":
        records.insert(max(0, i + rng.randint(-3, 3)), records.pop(i))
    elif kind == "t" and isinstance(one.get("t"), int):
        one["t"] = max(0, one["t"] + rng.choice((-1, 1, -50, 50, -10**5, 2 * 10**8, 2 * 10**9)))
    elif kind in ("id", "word"):
        fields = [f for f in (ID_FIELDS if kind == "id" else WORD_FIELDS) if f in one]
        if fields:
            field = rng.choice(fields)
            others = [r[field] for r in records if field in r]
            if kind == "id":
                others += [99, one[field] + 1 if isinstance(one[field], int) else 7]
            one[field] = rng.choice(others + ["zork"] * (kind == "word"))
    elif kind == "odd":
        field = rng.choice(list(ODD))
        one[field] = rng.choice(ODD[field])
    elif kind == "lose":
        del one[rng.choice(list(one))]
    elif kind == "new":
        new = dict(rng.choice(NEW), t=one.get("t", 0))
        if new["ev"] == "drop" and rng.random() < 0.7:
            new["since"] = max(0, records[j].get("t") or 0)
        records.insert(i, new)


def mutate_header(rng, header):
    kind = rng.randrange(6)
    if kind == 0 and header.get("caps"):
        header["caps"] = rng.sample(header["caps"], rng.randrange(len(header["caps"])))
    elif kind == 1:
        header["caps"] = ["sched", "life", "msg", "value", "wake", "sync", "user"]
    elif kind == 2:
        header["order"] = rng.choice(("time", "worker", "worker"))
    elif kind == 3:
        header["minor"] = rng.choice((0, 1, 7))


def write(rng, path, header, records):
    """In the line form mostly, with a flaw sometimes; else in another layout."""
    head = json.dumps(dict(header, events=[]), separators=(",", ":"))[:-2]
    lines = [json.dumps(r, separators=(",", ":")) for r in records]
    layout = rng.randrange(20)
    if layout == 0:
        text = json.dumps(dict(header, events=records), indent=rng.choice((None, 1)))
    elif layout == 1:
        text = "\n".join([json.dumps(header)] + lines) + "\n"
    else:
        if layout == 2 and lines:
            at = rng.randrange(len(lines))
            lines[at] = rng.choice((lines[at][:-1], lines[at] + ",", "rubbish", "", lines[at] + "\r"))
        text = head + "\n" + ",\n".join(lines) + rng.choice(("", "", "", ",") if layout == 3 else ("",))
        text += "\n]}\n"
        if layout == 4:
            text = text[:rng.randrange(len(head) + 2, len(text))]
        elif layout == 5:
            text += rng.choice(("\n", "x\n", "{}\n", "]}\n"))
    path.write_text(text)


def sound_traces(folder):
    names = files("tests", "data") + files("traces")[:2] + files("traces", "broken")
    if HAS_TRACE:
        names += [p for p in stress_traces(folder, [1, 2]) if os.path.getsize(p) < 3_000_000][:2]
    for name in names:
        if "too-deep" in name:  # what follows in such a line nobody has to look at
            continue
        try:
            whole = json.loads(open(name, encoding="utf-8").read())
        except ValueError:
            continue
        if isinstance(whole, dict) and isinstance(whole.get("events"), list):
            records = whole.pop("events")
            if 0 < len(records) < 300:
                yield os.path.basename(name), whole, records
            elif records:  # its beginning does
                yield os.path.basename(name), whole, records[:300]


@tap.test("the_two_agree_on_thousands_of_mutations")
def _(folder):
    rng = random.Random(SEED)
    sources = list(sound_traces(folder))
    assert len(sources) > 50, len(sources)
    paths = []
    for n in range(MUTANTS):
        name, header, records = rng.choice(sources)
        header, records = dict(header), list(records)
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            mutate(rng, records)
        if rng.random() < 0.3:
            mutate_header(rng, header)
        path = folder / f"{n:05}-{name}"
        write(rng, path, header, records)
        paths.append(str(path))
    agree(paths)


if __name__ == "__main__":
    tap.main()
