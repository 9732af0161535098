# SPDX-License-Identifier: MIT
#
# A real program recorded with clocks that are off by a microsecond a worker (and worse): every
# effect must stand behind its cause. Rules of docs/format.md, section 8, written a second time and
# from nobody's code, then `weft check` if it is built. Prints TAP.
# Arguments: the build's root, the source's root.
import json
import os
import subprocess
import sys
import tempfile

BUILD = sys.argv[1]
FOLDER = tempfile.TemporaryDirectory()
WEFT = os.path.join(BUILD, "cli", "weft")


def record(workers, skew, buffer, events):
    path = os.path.join(FOLDER.name, "t.json")
    env = dict(os.environ, WEFT_TRACE=path, WEFT_WORKERS=str(workers), SKEW=str(skew),
               WEFT_TRACE_BUFFER=buffer, WEFT_TRACE_EVENTS=events)
    done = subprocess.run([os.path.join(BUILD, "tests", "record_skew")], env=env,
                          capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "900 42\n", ""), done
    with open(path, encoding="utf-8") as f:
        return path, json.load(f)["events"]


class Lives:
    """Who exists, who runs where, what is on its way."""

    def __init__(self):
        self.state, self.runs = {}, {}
        self.objects, self.messages, self.last = {}, {}, {}
        self.stacks = set()
        self.t = 0

    def feed(self, e):
        kind = e["ev"]
        if kind == "loc":
            return
        if kind == "stack":
            self.stacks.add(e["stack"])
            return
        assert "stack" not in e or e["stack"] in self.stacks, "E07"
        assert e["t"] >= self.t, "E05"
        self.t = e["t"]
        for key in ("co", "to", "of", "by"):
            assert key not in e or e[key] in self.state, "E08"
        assert all(co in self.state for co in e.get("cos", [])), "E08"
        if "co" in e and "w" in e and kind not in ("run", "unblock"):
            who = e.get("by", e["co"])
            assert self.runs.get(e["w"]) == who, ("E13, E14", self.runs)
        if "on" in e and kind != "make":
            assert e["on"] in self.objects, "E16"
        getattr(self, "on_" + kind, lambda e: None)(e)

    def on_spawn(self, e):
        assert e["new"] not in self.state, "E10"
        self.state[e["new"]] = "ready"

    def on_make(self, e):
        assert e["on"] not in self.objects, "E10"
        self.objects[e["on"]] = {"cap": e.get("cap"), "closed": False}

    def on_free(self, e):
        del self.objects[e["on"]]

    def on_run(self, e):
        assert self.state[e["co"]] == "ready", ("E11, E12", self.state[e["co"]])
        assert e["w"] not in self.runs, "E12"
        self.state[e["co"]] = "running"
        self.runs[e["w"]] = e["co"]

    def leave(self, e, state):
        self.state[e["co"]] = state
        del self.runs[e["w"]]

    def on_yield(self, e):
        self.leave(e, "ready")

    def on_block(self, e):
        self.leave(e, "blocked")

    on_sleep = on_block

    def on_exit(self, e):
        self.leave(e, "gone")

    def on_unblock(self, e):
        assert self.state[e["to"]] == "blocked", ("E15", self.state[e["to"]])
        self.state[e["to"]] = "ready"

    def on_send(self, e):
        assert e["msg"] not in self.messages, "E17"
        assert not self.objects[e["on"]]["closed"], "E20"
        assert e["msg"] > self.last.get(e["on"], 0), "E22"
        assert e["by" if "by" in e else "co"], e
        self.last[e["on"]] = e["msg"]
        self.messages[e["msg"]] = (e["on"], e["co"])

    def on_recv(self, e):
        if e.get("ok") is False:
            assert self.objects[e["on"]]["closed"] and "msg" not in e, "E18, E20"
            return
        assert self.messages.get(e["msg"], 0) == (e["on"], e["from"]), "E18"
        self.messages[e["msg"]] = None

    def on_unsend(self, e):
        assert self.messages[e["msg"]], "E18"
        self.messages[e["msg"]] = None

    def on_close(self, e):
        assert not self.objects[e["on"]]["closed"], "E20"
        self.objects[e["on"]]["closed"] = True


def check(workers, skew, buffer, wanted):
    path, events = record(workers, skew, buffer, wanted)
    lives = Lives()
    for e in events:
        try:
            lives.feed(e)
        except AssertionError as err:
            raise AssertionError(f"{err} in {e}") from err
    assert sum(e["ev"] == "send" for e in events) >= 1800
    # What refers to a stack comes behind it, whoever was there first.
    bare = [e for e in events if e["ev"] in ("send", "note") and "stack" not in e]
    assert wanted == "all" or not bare, ("E07", bare[:3])
    if os.path.exists(WEFT):
        done = subprocess.run([WEFT, "check", path], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, (done.stdout[:500], done.stderr)


count = 0
for workers in (1, 2, 4):
    for skew in (0, 1000, -1000, 10000000):
        for buffer, wanted in (("16M", "all"), ("1", "all"), ("16M", "all,stack")):
            count += 1
            name = f"{workers} workers, clocks off by {skew} ns each, buffer {buffer}, {wanted}"
            try:
                check(workers, skew, buffer, wanted)
                print(f"ok {count} - {name}")
            except Exception as err:
                print(f"not ok {count} - {name}")
                print("# " + f"{type(err).__name__}: {err}".replace("\n", "\n# "))
print(f"1..{count}")
