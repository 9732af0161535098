# SPDX-License-Identifier: MIT
#
# The rules of docs/format.md, section 8, a second time: slow, obvious, and written from that page alone.
# It shares no idea with tracer/trace/check*.c: the whole file is in memory, and each rule is one function
# that walks through all records by itself and remembers only what its own sentence speaks of.
# tests/agree_test.py compares the two.
#
#     python3 tests/rules.py FILE...         prints FILE:LINE: RULE, sorted
#
# What a generator yields are the records at fault. `drops` marks the rules that are silent about what a
# drop hides; they forget what they know when they meet one.
import gzip
import json
import pathlib
import re
import sys

import jsonschema

DOCS = pathlib.Path(__file__).resolve().parent.parent / "docs"
MINOR = 0  # the newest that this page describes
MOST = 2**53 - 1
LINE_MOST = 1 << 20
DEPTH_MOST = 16
WHOLE, RULES = {}, {}


class NoTrace(Exception):
    """A file that cannot be read as a trace. Its rule is E01 if it is JSON."""

    def __init__(self, rule=None):
        super().__init__(rule)
        self.rule = rule


class Record(dict):
    """A record with its fields, and where it stands."""
    line = 0
    place = 0

    def __hash__(self):
        return id(self)


# ---- Reading: section 2 ----------------------------------------------------------------------------

def strict(pairs):
    keys = [k for k, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("a key twice")
    return dict(pairs)


def refuse(word):
    raise ValueError(word)


DECODER = json.JSONDecoder(object_pairs_hook=strict, parse_constant=refuse)


def check_strings(value):
    if isinstance(value, str):
        value.encode()  # half a surrogate pair is no text
        if "\0" in value:
            raise ValueError("NUL")
    elif isinstance(value, dict):
        for key, inner in value.items():
            check_strings(key)
            check_strings(inner)
    elif isinstance(value, list):
        for inner in value:
            check_strings(inner)


def depth(value):
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth, value), default=0)
    return 0


def parse(text):
    """One JSON value, or ValueError. `text` is bytes."""
    try:
        value = DECODER.decode(text.decode().strip(" \t\r\n"))
    except RecursionError as error:
        raise ValueError("deep") from error
    check_strings(value)
    return value


class Reader:
    """A file's header and records, and what is wrong with its form: findings (rule, line)."""

    def __init__(self, data):
        self.findings = []
        self.records = []  # (line, value or None)
        self.has_end = self.has_eof = False
        self.end_line = 1
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        if data[:3] == b"\xef\xbb\xbf":
            data = data[3:]
        self.data = data
        lines = data.split(b"\n")
        self.ends_whole = lines[-1] == b""  # the last line has its \n
        self.lines = lines[:-1] if self.ends_whole else lines
        first = self.lines[0].strip(b" \t\r") if self.lines else b""
        self.header = self.line_header(first)
        if self.header is not None:
            self.read_lines(commas=True)
            return
        self.header = self.json_lines_header(first)
        if self.header is not None:
            self.has_end = True  # it has no other than eof
            self.read_lines(commas=False)
            return
        self.read_document()

    @staticmethod
    def line_header(first):
        if not first.endswith(b"["):
            return None
        try:
            header = parse(first + b"]}")
        except ValueError:
            return None
        if not isinstance(header, dict) or list(header)[-1:] != ["events"] or "weft" not in header:
            return None
        return header if header["events"] == [] else None

    @staticmethod
    def json_lines_header(first):
        try:
            header = parse(first)
        except ValueError:
            return None
        found = isinstance(header, dict) and "weft" in header and "events" not in header
        return header if found else None

    def read_lines(self, commas):
        no_json, last_comma, ended = [], None, None
        for number, text in enumerate(self.lines[1:], 2):
            text = text.strip(b" \t\r")
            if not text:
                continue
            if self.has_end and commas:
                self.findings.append(("E29", number))
                return self.reread(no_json)
            self.end_line = number
            if commas and text == b"]}":
                self.has_end = True
                if last_comma:
                    self.findings.append(("E29", last_comma))
                continue
            comma = text.endswith(b",")
            bare = text[:-1] if comma else text
            bad = len(text) > LINE_MOST
            value = None
            try:
                value = None if bad else parse(bare)
                bad = bad or depth(value) > DEPTH_MOST
            except ValueError:
                if number == len(self.lines) and not self.ends_whole:
                    if text != b"]":  # of that nothing is lost
                        self.findings.append(("W02", number))
                    break
                if not bad:
                    no_json.append(number)
                bad = True
            if ended and commas:
                self.findings.append(("E29", ended))
            if comma and not commas:
                self.findings.append(("E29", number))
            if bad and value is None:  # of rubbish it cannot be said
                last_comma = ended = None
            else:
                last_comma = number if comma else None
                ended = None if comma else number
            if bad:
                self.findings.append(("E02", number))
            self.records.append((number, None if bad else value))
        return self.reread(no_json)

    def reread(self, no_json):
        """A line that is not JSON may be a part of a record that somebody wrapped."""
        if no_json:
            kept = (self.findings, self.records, self.has_end)
            try:
                self.read_document()
            except NoTrace:
                self.findings, self.records, self.has_end = kept

    def read_document(self):
        """One JSON document in any layout; only the commas between its records may be wrong (E29)."""
        if not self.data.strip():
            raise NoTrace()
        try:
            text = self.data.decode()
            first, last, elements, flaws = split(text)
            head = text[:first] + text[last:]
            document, end = DECODER.raw_decode(head, len(head) - len(head.lstrip(" \t\r\n")))
            check_strings(document)
        except (ValueError, IndexError, RecursionError):
            raise self.refusal() from None
        if "weft" not in document:
            raise NoTrace("E01")
        self.header, self.records, self.has_end = document, [], True
        self.findings = [("E29", line) for line in flaws]
        self.end_line = elements[-1][0] if elements else 1
        if head[end:].strip(" \t\r\n"):
            behind = len(head) - len(head[end:].lstrip(" \t\r\n")) + last - first
            self.findings.append(("E29", text.count("\n", 0, behind) + 1))
        for line, value, length in elements:
            bad = depth(value) > DEPTH_MOST or length > LINE_MOST
            if bad:
                self.findings.append(("E02", line))
            self.records.append((line, None if bad else value))

    def refusal(self):
        """E01 if it is JSON of something else, else a file that cannot be read."""
        try:
            parse(self.data)
        except ValueError:
            return NoTrace()
        return NoTrace("E01")


def split(text):
    """The elements of the outermost "events": where they begin and end, (line, value, length) of each,
    and the lines where a comma is missing or too many."""
    at = text.index('"events"')
    while not text[at + 8:].lstrip().startswith(":") or "[" not in text[at:]:
        at = text.index('"events"', at + 8)
    first = at = text.index("[", at) + 1
    elements, flaws, line = [], [], 0
    while True:
        commas = 0
        while text[at] in " \t\r\n,":
            commas += text[at] == ","
            if commas > bool(elements) and text[at] == ",":
                flaws.append(text.count("\n", 0, at) + 1)
            at += 1
        if text[at] == "]":
            return first, at, elements, flaws + [line] * (commas > 0)
        if elements and not commas:
            flaws.append(line)
        line = text.count("\n", 0, at) + 1
        value, end = DECODER.raw_decode(text, at)
        check_strings(value)
        elements.append((line, value, end - at))
        at = end


# ---- The schema: section 4 -------------------------------------------------------------------------

def wordless(schema):
    """The schema without its lists of words: what is wrong by these, but not by it, is an unknown word."""
    if isinstance(schema, list):
        return [wordless(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    return {"type": "string"} if "enum" in schema else {k: wordless(v) for k, v in schema.items()}


INTEGERS = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
    "integer", lambda _, v: isinstance(v, int) and not isinstance(v, bool))  # 1.0 is none
VALIDATOR = jsonschema.validators.extend(jsonschema.Draft202012Validator, type_checker=INTEGERS)
OPEN = json.loads((DOCS / "trace.schema.json").read_text())
EV = re.compile(OPEN["$defs"]["record"]["properties"]["ev"]["pattern"])
KINDS = {one["if"]["properties"]["ev"]["const"]: one["then"]
         for one in OPEN["$defs"]["record"]["allOf"]}
FIELDS = {kind: {"ev"} | set(then["properties"]) for kind, then in KINDS.items()}


def validators(schema):
    """A validator for each field of each kind."""
    defs = schema["$defs"]
    return {(one["if"]["properties"]["ev"]["const"], field): VALIDATOR({"$defs": defs, **field_schema})
            for one in defs["record"]["allOf"]
            for field, field_schema in one["then"]["properties"].items()}


FITS = validators(OPEN)
FITS_BUT_WORD = validators(wordless(OPEN))
verdicts = {}


def alike(value):
    """A value as the schema sees it: one small integer is like another."""
    if isinstance(value, bool) or not isinstance(value, (int, dict, list)):
        return repr(value)
    if isinstance(value, int):
        return "1" if 1 <= value < 2**31 - 1 else str(value)
    if isinstance(value, list):
        return f"[{','.join(sorted({alike(v) for v in value}))}]"
    return "{" + ",".join(f"{k!r}:{alike(v)}" for k, v in sorted(value.items())) + "}"


def fits(kind, field, value):
    """Whether a field obeys E02: "yes", "no", or "word" if its word is unknown and nothing else is wrong."""
    key = (kind, field, alike(value))
    if key not in verdicts:
        # What no schema says: a plain integer above 2^53 - 1 is no value.
        large = isinstance(value, int) and abs(value) > MOST
        ok = FITS[kind, field].is_valid(value) and not large
        word = not ok and isinstance(value, str) and FITS_BUT_WORD[kind, field].is_valid(value)
        verdicts[key] = "yes" if ok else "word" if word else "no"
    return verdicts[key]


# ---- A trace ---------------------------------------------------------------------------------------

class Trace:
    def __init__(self, reader):
        self.header = reader.header
        self.order = self.header["order"]
        claimed = self.header.get("caps")
        self.caps = set(claimed) if isinstance(claimed, list) else set()
        self.findings = list(reader.findings)
        self.file = []  # the usable records, in the order of the file
        self.has_eof = False
        self.count = 0
        self.eofs = []  # (record, how many stand before it)
        self.last_line = reader.records[-1][0] if reader.records else 1
        self.t = 0  # of the record before
        for line, value in reader.records:
            after, usable = self.has_eof, len(self.file)
            self.add(line, value)
            if after and len(self.file) > usable:
                self.findings.append(("E03", line))
            self.count += 1
        if not (self.has_eof and reader.has_end):
            self.findings.append(("W01", reader.end_line))
        self.merged = self.file if self.order == "time" else merge(self)
        for place, record in enumerate(self.merged):
            record.place = place
        self.drops = [r for r in self.merged if r["ev"] == "drop"]

    def add(self, line, value):
        if value is None:
            return
        kind = value.get("ev") if isinstance(value, dict) else None
        if not isinstance(kind, str) or not EV.match(kind):
            self.findings.append(("E02", line))
            return
        record = Record(self.usable(kind, line, value))
        record.line = line
        required = KINDS.get(kind, {"required": []})["required"]
        if any(field not in record for field in required):
            self.findings.append(("E02", line))
            return
        if kind == "name" and sum(field in record for field in ("co", "on", "w")) != 1:
            self.findings.append(("E02", line))
            if not {"co", "on", "w"} & set(record):
                return
        self.t = record.get("t", self.t)
        self.file.append(record)
        if kind == "eof":
            self.has_eof = True
            self.eofs.append((record, self.count))

    def usable(self, kind, line, value):
        """The fields of a record that are known and right."""
        yield "ev", kind
        if kind not in FIELDS:
            if not kind.startswith("x."):
                self.findings.append(("W05", line))
            for field in ("t", "w"):  # it still has a place in time
                if fits("tick", field, value.get(field)) == "yes":
                    yield field, value[field]
            return
        for field, inner in value.items():
            if field not in FIELDS[kind]:
                if not field.startswith("x_"):
                    self.findings.append(("W05", line))
            elif field != "ev":
                verdict = fits(kind, field, inner)
                if verdict == "word":
                    later = self.header["minor"] > MINOR
                    self.findings.append(("W05" if later else "E02", line))
                elif verdict == "no" and field != "t":
                    self.findings.append(("E02", line))
                if verdict == "no" and field == "t":
                    self.findings.append(("E04", line))
                    yield "t", self.t
                elif verdict == "yes":
                    yield field, inner
                elif verdict == "word" and fits(kind, field, "other") == "yes":
                    yield field, "other"


def merge(trace):
    """Order `worker`: by (t, w, position), holding back what cannot be yet (section 5). A tick lets go what
    is before it, so a record that breaks its promise comes too late."""
    world, held, merged, t = World(trace), [], [], 0
    for position, r in enumerate(trace.file):
        if r["ev"] in ("loc", "stack"):
            merged.append(r)
            continue
        t = r.get("t", t)
        held.append((r["ev"] == "eof", t, r.get("w", -1), position, r))
        if r["ev"] == "tick":
            merged += let_go(world, [h for h in held if not h[0] and h[1] < t])
            held = [h for h in held if h[0] or h[1] >= t]
    return merged + list(let_go(world, held))


def let_go(world, held):
    held = sorted(held, key=lambda h: h[:4])
    while held:
        of_this_instant = [h for h in held if h[:2] == held[0][:2]]
        firsts = {}  # of each worker
        for h in of_this_instant:
            firsts.setdefault(h[2], h)
        chosen = next((h for h in firsts.values() if world.may_be(h[4])), held[0])
        held.remove(chosen)
        world.add(chosen[4])
        yield chosen[4]


def coroutines_of(r):
    """The coroutines that a record names: E08."""
    fields = ["co", "to", "of", "by"] + (["from"] if r["ev"] in ("recv", "acquire", "release") else [])
    return [r[f] for f in fields if f in r] + r.get("cos", [])


def objects_of(r):
    """The objects that a record uses; `make` does not use, it makes."""
    if r["ev"] == "make":
        return []
    return ([r["on"]] if "on" in r else []) + [c["on"] for c in r.get("cases", [])]


# ---- The rules: section 8 --------------------------------------------------------------------------

def over_the_file(name):
    """A rule that walks through the trace by itself and yields the records at fault."""
    def register(body):
        WHOLE[name] = body
        return body
    return register


def rule(name, caps=(), drops=False):
    """A rule that says of one record, and of what was before it, whether it is at fault."""
    def register(body):
        RULES[name] = (body, set(caps), drops)
        return body
    return register


@over_the_file("E05")
def _(trace):
    """order time: t never decreases. Both orders: after `tick` at T no later t < T"""
    last = promised = 0
    for r in trace.file:
        t = r.get("t")
        if t is None:
            continue
        if t < promised or (trace.order == "time" and t < last):
            yield r
        last = t
        if r["ev"] == "tick":
            promised = t


@over_the_file("E06")
def _(trace):
    """order worker: per worker, t never decreases"""
    last = {}
    for r in trace.file:
        if trace.order == "worker" and "w" in r and "t" in r:
            if r["t"] < last.get(r["w"], 0) and r["ev"] != "drop":
                yield r
            last[r["w"]] = r["t"]


@over_the_file("E07")
def _(trace):
    """`at` and `stack` refer to a `loc` and `stack` earlier in the file"""
    locs, stacks = set(), set()
    for r in trace.file:
        if r["ev"] == "loc":
            locs.add(r["loc"])
            continue
        places = r["at"] if r["ev"] == "stack" else [r["at"]] if "at" in r else []
        if any(isinstance(p, int) and p not in locs for p in places):
            yield r
        if r["ev"] == "stack":
            stacks.add(r["stack"])
        elif "stack" in r and r["stack"] not in stacks:
            yield r


@over_the_file("E10")
def _(trace):
    """ids in new, make, loc and stack are new. After a drop, spawn and make with `pre` may repeat a
    live id"""
    ids = {"spawn": "new", "make": "on", "loc": "loc", "stack": "stack"}
    ends = {"exit": ("spawn", "co"), "free": ("make", "on")}
    used, over_, dropped = set(), set(), False
    for r in trace.merged:
        dropped = dropped or r["ev"] == "drop"
        if r["ev"] in ids:
            one = (r["ev"], r[ids[r["ev"]]])
            if one in used and not (dropped and r.get("pre") and one not in over_):
                yield r
            used.add(one)
            over_.discard(one)
        elif r["ev"] in ends:
            over_.add((ends[r["ev"]][0], r[ends[r["ev"]][1]]))


@over_the_file("E28")
def _(trace):
    """eof's n is the number of records before it"""
    for r, before in trace.eofs[:1]:
        if r["n"] != before:
            yield r


# ---- What the records say has happened -------------------------------------------------------------

class Coroutine:
    def __init__(self):
        self.spawned = self.sys = False
        self.state = None  # ready, running, blocked, ended; None: unknown
        self.worker = None  # where it runs
        self.wait = None  # the record it waits since
        self.since = None  # the record of its state; None behind a drop
        self.woken = None  # the stamp of the unblock that it has not run after
        self.regions = []  # names, outermost first
        self.owes = False  # the outcome of a select


class Object:
    def __init__(self, make=None):
        make = make or {"pre": True}
        self.made = "on" in make
        self.type = make.get("type", "other")
        self.freed = False
        self.pre, self.merged = make.get("pre", False), make.get("merged", False)
        # A channel.
        self.cap = make.get("cap")
        self.counted = self.made and not self.pre and not self.merged
        self.held = 0  # how many messages
        self.waiting = []  # the messages of who waits to send, the next first
        self.closed = False
        self.last = {}  # (sender, receiver) -> number
        # A lock, a semaphore, a wait group.
        self.holder, self.depth, self.readers = None, 0, 0
        self.count = None if self.pre else make.get("n", 0 if self.type == "waitgroup" else None)


    def blurred(self):
        """What of it a drop leaves known."""
        one = Object({"on": 0, "type": self.type, "pre": True, "merged": self.merged})
        one.made, one.freed, one.last = self.made, self.freed, self.last
        return one


class Message:
    def __init__(self):
        self.send = None
        self.over = False  # received or taken back
        self.hidden = False  # by a drop: it may have arrived in there
        self.counted = False  # what its channel held was known when it was sent


class World:
    """Each record is first held against the rules, then taken at its word: add()."""

    def __init__(self, trace):
        self.order, self.caps = trace.order, trace.caps
        self.co, self.runs, self.on, self.msg = {}, {}, {}, {}
        self.tasks, self.tasks_ended = set(), set()
        self.said = set()  # of whom E09 was said
        self.early = {}  # the recvs that came before their send
        self.lost = False  # a drop was seen
        self.sent = set()  # in a file of order worker: what is sent anywhere, so perhaps later
        if self.order == "worker":
            self.sent = {r["msg"] for r in trace.file if r["ev"] == "send"}

    # -- questions

    def wakes_joiner(self, r):
        """The unblock that E09 allows to who has ended: it wakes who joins it."""
        if r["ev"] != "unblock" or "co" not in r or r["to"] not in self.co:
            return False
        wait = self.co[r["to"]].wait
        if "why" in r or not wait:
            return r.get("why", "join") == "join"
        return wait.get("why") == "join" and wait.get("of", r["co"]) == r["co"]

    def ended(self, id_):
        return id_ in self.co and self.co[id_].state == "ended"

    def ghosts(self, r):
        """Who has ended, and acts in it or is run or woken by it."""
        acting = [r.get("by")]
        if r["ev"] not in ("name", "count") and not self.wakes_joiner(r):
            acting.append(r.get("co"))
        if r["ev"] == "unblock":
            acting.append(r["to"])
        return {id_ for id_ in acting if self.ended(id_)}

    def actor(self, r):
        """Who E14 says must be running on w."""
        if r["ev"] in ("run", "yield", "block", "sleep", "exit", "name", "count", "state"):
            return None
        if "co" not in r or "w" not in r:
            return None
        who = r.get("by", r["co"])
        return None if self.ended(who) else who

    def is_elsewhere(self, r):
        """Whether E14 finds it."""
        co = self.co.get(self.actor(r))
        if not co or co.state in (None, "ended"):
            return False
        return co.state != "running" or co.worker not in (None, r["w"])

    def may_be(self, r):
        """Whether a merge may put it next."""
        kind = r["ev"]
        named = [r[f] for f in ("co", "to", "of", "by") if f in r] + r.get("cos", [])
        if not self.lost:
            if any(id_ not in self.co for id_ in named):
                return False
            if kind != "make" and "on" in r and r["on"] not in self.on:
                return False
        one = self.on.get(r.get("on"), Object())
        if kind == "run":
            co = self.co.get(r["co"], Coroutine())
            return co.state in (None, "ended") or (co.state == "ready" and r["w"] not in self.runs)
        if kind == "unblock":
            return self.co.get(r["to"], Coroutine()).state in (None, "ended", "blocked")
        if kind == "recv" and r.get("ok") is False:
            return one.pre or one.freed or one.closed
        if kind == "recv" and "msg" in r:
            message = self.msg.get(r["msg"], Message())
            return self.lost or (message.send is not None and not message.over)
        if kind == "acquire" and r.get("ok", True) and not one.pre:
            if one.type == "semaphore":
                return one.count is None or one.count >= r.get("n", 1)
            if one.type in ("mutex", "rwlock"):
                return one.holder in (None, r["co"]) and (reads(r, one) or one.readers == 0)
        return True

    def is_stray(self, r):
        """Whether E17 or E18 finds it."""
        message = self.msg.get(r.get("msg"), Message())
        send = message.send
        if r["ev"] == "send":
            return send is not None
        if r["ev"] == "unsend":
            return message.over or (send is None and not self.lost)
        if r["ev"] != "recv":
            return False
        if r.get("ok") is False:
            return "msg" in self.caps and "msg" in r
        if "msg" not in r:
            return "msg" in self.caps
        if message.over:
            return True
        if send is None:
            return "msg" in self.caps and not self.lost and r["msg"] not in self.sent
        return send["on"] != r["on"] or r.get("from", send["co"]) != send["co"]

    def chan(self, r):
        """The channel of a send, recv or close that nothing is wrong with."""
        if r["ev"] not in ("send", "recv", "close"):
            return None
        if self.is_stray(r) and r.get("ok") is not False:
            return None
        chan = self.on.get(r["on"])
        return chan if chan and chan.made and not chan.freed and not chan.merged else None

    def was_held(self, r):
        """Whether a recv takes its message out of the buffer."""
        send = self.msg[r["msg"]].send if r.get("msg") in self.msg else None
        if not send or send.get("guess") or send.get("via") == "hand":
            return False
        return self.msg[r["msg"]].counted and r["msg"] not in self.on[r["on"]].waiting

    def held_after(self, r):
        """How many messages the channel of a send or recv holds after it."""
        chan = self.on[r["on"]]
        if r["ev"] == "send":
            return chan.held + (r.get("via") == "buffer")
        if self.was_held(r) and not chan.waiting:
            return chan.held - 1
        return chan.held

    # -- at its word

    def add(self, r):
        kind = r["ev"]
        lost_track = self.is_elsewhere(r)
        self.said |= self.ghosts(r)
        for id_ in coroutines_of(r):
            self.co.setdefault(id_, Coroutine())
        if lost_track:
            actor = self.co[self.actor(r)]
            if self.runs.get(actor.worker) == self.actor(r):
                del self.runs[actor.worker]
            actor.state = actor.worker = None
        if kind == "drop":
            self.add_drop()
        elif kind == "spawn":
            self.add_spawn(r)
        elif kind in ("send", "recv", "unsend", "close"):
            self.add_message(r)
        elif kind == "task":
            self.tasks.add(r["id"])
            if r["op"] == "end":
                self.tasks_ended.add(r["id"])
        self.add_object(r)
        self.add_life(r)

    def add_drop(self):
        self.lost = True
        self.runs.clear()
        for id_, one in self.on.items():
            self.on[id_] = one.blurred()
        for message in self.msg.values():
            message.hidden = True
        for co in self.co.values():
            if co.state != "ended":
                spawned, sys_ = co.spawned, co.sys
                co.__init__()
                co.spawned, co.sys = spawned, sys_

    def add_spawn(self, r):
        co = self.co.setdefault(r["new"], Coroutine())
        if self.runs.get(co.worker) == r["new"]:
            del self.runs[co.worker]
        if co.state == "ended":
            co.__init__()
        co.state = co.worker = co.wait = None
        co.spawned, co.sys, co.since = True, r.get("sys", False), r
        if not r.get("pre"):
            co.state = "ready"

    def set(self, id_, state, r, worker=None):
        co = self.co[id_]
        if co.state == "ended":
            return  # E09 has said it
        if self.runs.get(co.worker) == id_:
            del self.runs[co.worker]
        if worker is not None:
            if worker in self.runs:  # nobody knows what that one does now
                other = self.co[self.runs[worker]]
                other.state = other.worker = None
            self.runs[worker] = id_
        co.state, co.worker, co.since = state, worker, r
        co.wait = r if state == "blocked" else None

    def add_life(self, r):
        kind = r["ev"]
        co = self.co.get(r.get("co"))
        if kind == "run":
            self.set(r["co"], "running", r, r["w"])
            co.woken = None
        elif kind == "yield":
            self.set(r["co"], "ready", r)
        elif kind in ("block", "sleep"):
            self.set(r["co"], "blocked", r)
            co.owes = "cases" in r
        elif kind == "exit":
            self.set(r["co"], "ended", r)
            co.regions.clear()
        elif kind == "unblock":
            woken = self.co[r["to"]].state in ("blocked", None) or "sched" not in self.caps
            self.set(r["to"], "ready" if woken else None, r)
            if woken:
                self.co[r["to"]].woken = r["t"]
        elif kind == "state":
            self.set(r["co"], r["state"], r, r.get("w") if r["state"] == "running" else None)
        if kind in ("select", "send", "recv", "exit"):
            co.owes = False
        if kind == "begin":
            co.regions.append(r["name"])
        elif kind == "end" and r["name"] in co.regions:
            while co.regions.pop() != r["name"]:
                pass

    def add_message(self, r):
        stray = self.is_stray(r)
        chan = self.chan(r)
        if chan:
            self.add_chan(r, chan)
        elif r["ev"] in ("send", "recv"):  # E17, E18
            send = self.msg.get(r.get("msg"), Message()).send
            for one in (r, send or r):
                if one["on"] in self.on:
                    self.on[one["on"]].counted = False
        if "msg" not in r:
            return
        message = self.msg.setdefault(r["msg"], Message())
        if r.get("ok") is False:
            return
        if r["ev"] == "recv" and not message.send:
            self.early.setdefault(r["msg"], r)
        if r["ev"] == "send":
            if not message.send:
                message.send, message.counted = r, bool(chan) and chan.counted
            return
        if r["ev"] == "unsend" and not stray and message.send:
            chan = self.on.get(message.send["on"])
            if chan and r["msg"] in chan.waiting:
                chan.waiting.remove(r["msg"])
            elif chan and message.counted and message.send.get("via") != "hand":
                chan.held -= 1
        message.over = True

    def add_chan(self, r, chan):
        if r["ev"] == "close":
            chan.closed = True
        elif r["ev"] == "send":
            if self.msg.get(r["msg"], Message()).over or r.get("guess"):
                chan.counted = False
            chan.held = self.held_after(r)
            if r.get("via") == "select":
                chan.waiting.insert(0, r["msg"])  # its peer is about to make room for it
            elif r.get("via") == "wait":
                chan.waiting.append(r["msg"])
            elif "via" not in r:
                chan.counted = False
        elif r.get("ok") is False:
            return
        elif "msg" not in r:
            chan.counted = False
        else:
            held = self.held_after(r)
            if self.was_held(r):
                chan.waiting[:1] = []
            elif r["msg"] in chan.waiting:
                chan.waiting.remove(r["msg"])
            chan.held = held
            if r["msg"] not in self.msg or not self.msg[r["msg"]].counted:
                chan.counted = False
            pair = (self.sender(r), r["co"])
            if not r.get("guess") and pair[0] is not None:
                chan.last[pair] = r["msg"]
        if "len" in r and not self.was_handed(r) and not r.get("guess"):
            chan.held = r["len"]
        if over(chan.held, chan.cap, r):
            chan.counted = False

    def was_handed(self, r):
        send = self.msg[r["msg"]].send if r["ev"] == "recv" and r.get("msg") in self.msg else None
        return bool(send) and send.get("via") == "hand"

    def sender(self, r):
        send = self.msg[r["msg"]].send if r["msg"] in self.msg else None
        return send["co"] if send else None

    def add_object(self, r):
        kind = r["ev"]
        for id_ in objects_of(r):
            if id_ not in self.on or (self.on[id_].freed and r["ev"] not in ("name", "note", "count")):
                self.on[id_] = Object()
        if kind == "make":
            self.on[r["on"]] = Object(r)
        elif kind == "free":
            self.on[r["on"]].freed = True
        elif kind in ("acquire", "release") and r.get("ok", True):
            self.add_lock(r, self.on[r["on"]])
        elif kind == "add":
            self.on[r["on"]].count = r.get("value")

    def add_lock(self, r, lock):
        taken = r["ev"] == "acquire"
        if lock.type == "semaphore" and lock.count is not None:
            lock.count += -r.get("n", 1) if taken else r.get("n", 1)
        elif reads(r, lock):
            lock.readers = max(0, lock.readers + (1 if taken else -1))
        elif taken:
            lock.depth = lock.depth + 1 if lock.holder == r["co"] else 1
            lock.holder = r["co"]
        else:
            lock.depth -= 1
            if lock.depth <= 0 or lock.holder != r.get("from", r["co"]):
                lock.holder, lock.depth = None, 0


def over(held, cap, r):
    return r.get("via") == "buffer" and cap is not None and held > cap


def reads(r, lock):
    """Whether it is taken or given up by a reader; a release need not say."""
    told = r.get("mode", "read" if r["ev"] == "release" and not lock.holder else "write")
    return lock.type == "rwlock" and told == "read"


# ---- The rules about what happened -----------------------------------------------------------------

@rule("E08", drops=True)
def _(r, world):
    """each coroutine named by co, to, of, by, cos, or from in recv, acquire and
    release, was spawned before"""
    return not world.lost and any(id_ not in world.co for id_ in coroutines_of(r))


@rule("E09")
def _(r, world):
    """a coroutine does nothing after its exit, save waking its joiners; nobody runs or unblocks it.
    (To be joined, named or cancelled is allowed.)"""
    return bool(world.ghosts(r) - world.said)  # once of each


@rule("E11", caps=["sched", "wake"], drops=True)
def _(r, world):
    """a blocked coroutine runs only after an unblock"""
    return r["ev"] == "run" and r["co"] in world.co and world.co[r["co"]].state == "blocked"


@rule("E12", caps=["sched"], drops=True)
def _(r, world):
    """a worker runs at most one coroutine, a coroutine runs on at most one worker"""
    if r["ev"] != "run" or world.ended(r["co"]):
        return False
    co = world.co.get(r["co"], Coroutine())
    return world.runs.get(r["w"], r["co"]) != r["co"] or (co.state == "running"
                                                           and co.worker not in (None, r["w"]))


@rule("E13", caps=["sched"], drops=True)
def _(r, world):
    """yield, block, sleep and exit only by the coroutine that runs, on the worker that runs it (exit
    with why killed is free)"""
    if r["ev"] not in ("yield", "block", "sleep", "exit") or r.get("why") == "killed":
        return False
    co = world.co.get(r["co"])
    if not co or co.state in (None, "ended"):
        return False
    return co.state != "running" or (co.worker is not None and r.get("w", co.worker) != co.worker)


@rule("E14", caps=["sched"], drops=True)
def _(r, world):
    """in every other record with co and w, co (or `by`, if there) is running on w. Not in name, count,
    state; nor in the unblock of E09"""
    return world.is_elsewhere(r)


@rule("E15", caps=["sched"], drops=True)
def _(r, world):
    """only a blocked coroutine is unblocked"""
    if r["ev"] != "unblock" or r["to"] not in world.co:
        return False
    if world.actor(r) == r["to"] and world.is_elsewhere(r):
        return False  # E14 has found it
    return world.co[r["to"]].state in ("ready", "running")


FITTING = {"send": "chan io", "recv": "chan io", "close": "chan io", "add": "waitgroup", "signal": "cond",
           "acquire": "mutex rwlock semaphore once", "release": "mutex rwlock semaphore once",
           "timer": "timer"}


@rule("E16", drops=True)
def _(r, world):
    """an object is used only between its make and its free, by kinds that fit its type: send, recv,
    close: chan, io; acquire, release: mutex, rwlock, semaphore, once; add: waitgroup; signal: cond;
    timer: timer; all: other"""
    mention = r["ev"] in ("name", "note", "count")
    for id_ in objects_of(r):
        one = world.on.get(id_)
        if one and one.freed and mention:
            continue
        if not one:
            if not world.lost:
                return True
        elif one.freed or one.type not in FITTING.get(r["ev"], one.type).split() + ["other"]:
            return True
    return False


@rule("E17")
def _(r, world):
    """a message is sent once"""
    return r["ev"] == "send" and world.is_stray(r)


@rule("E18", drops=True)
def _(r, world):
    """[msg] a recv has a msg that was sent before it, or ok false and no msg. Always: same object, `from`
    is the sender, received at most once, not after unsend; unsend only of a message on its way"""
    return r["ev"] in ("recv", "unsend") and world.is_stray(r)


@rule("E19")
def _(r, world):
    """order worker: t(recv) >= t(send). (Order time has it by E05 and E18.)"""
    early = world.early.get(r.get("msg")) if r["ev"] == "send" else None
    return world.order == "worker" and early is not None and early["t"] < r["t"]


@rule("E20", drops=True)
def _(r, world):
    """no send after close, one close at most; recv with ok false only after close and when the buffer is
    empty"""
    chan = world.chan(r)
    if not chan:
        return False
    if r["ev"] in ("send", "close"):
        return chan.closed
    return r.get("ok") is False and not chan.pre and (not chan.closed or (chan.counted and chan.held))


@rule("E21", drops=True)
def _(r, world):
    """the buffer never holds more than cap, nothing is sent via buffer where cap is 0, `len` tells the
    truth"""
    chan = world.chan(r)
    if not chan or not chan.counted or r["ev"] == "close" or r.get("ok") is False:
        return False
    if r.get("guess") or world.was_handed(r):
        return False
    if r["ev"] == "send" and ("via" not in r or world.msg.get(r["msg"], Message()).over):
        return False
    if r["ev"] == "recv" and ("msg" not in r or not world.msg.get(r["msg"], Message()).counted):
        return False
    held = world.held_after(r)
    return over(held, chan.cap, r) or r.get("len", held) != held


@rule("E22")
def _(r, world):
    """between one sender and one receiver of a channel the numbers rise"""
    chan = world.chan(r)
    if not chan or r["ev"] != "recv" or "msg" not in r or r.get("ok") is False or r.get("guess"):
        return False
    return r["msg"] < chan.last.get((world.sender(r), r["co"]), 0)


@rule("E23", caps=["sync"], drops=True)
def _(r, world):
    """a mutex has one holder (who may take it again), release is by the holder, or names it in `from`; an
    rwlock has one writer or readers; a semaphore never falls below 0"""
    lock = world.on.get(r.get("on"))
    if not lock or lock.pre or lock.merged or lock.freed:
        return False
    if r["ev"] not in ("acquire", "release") or r.get("ok") is False:
        return False
    taken = r["ev"] == "acquire"
    if lock.type == "semaphore":
        return taken and lock.count is not None and lock.count < r.get("n", 1)
    who = r["co"] if taken else r.get("from", r["co"])
    if lock.type == "mutex":
        return lock.holder != who and not (taken and lock.holder is None)
    if lock.type != "rwlock":
        return False
    if reads(r, lock):
        return lock.holder is not None if taken else lock.readers == 0
    if taken:
        return lock.holder is not None or lock.readers > 0
    return lock.holder != who


@rule("E24", drops=True)
def _(r, world):
    """add: value is the value before + delta, and never negative"""
    group = world.on.get(r.get("on"))
    if r["ev"] != "add" or "value" not in r or not group or group.pre or group.merged:
        return False
    return (group.count is not None and r["value"] != group.count + r["delta"]) or r["value"] < 0


@rule("E25", caps=["user"], drops=True)
def _(r, world):
    """end names the innermost open region of its coroutine"""
    if r["ev"] != "end" or world.ended(r["co"]):
        return False
    regions = world.co[r["co"]].regions if r["co"] in world.co else []
    return regions[-1:] != [r["name"]] and not (world.lost and r["name"] not in regions)


@rule("E26", caps=["user"], drops=True)
def _(r, world):
    """tasks begin once, end once, their parent and the task of a region are known"""
    if world.lost:
        return False
    if r["ev"] == "begin":
        return "task" in r and r["task"] not in world.tasks
    if r["ev"] != "task":
        return False
    if r["op"] == "begin":
        return r["id"] in world.tasks or ("parent" in r and r["parent"] not in world.tasks)
    return r["id"] not in world.tasks or r["id"] in world.tasks_ended


@rule("E27", drops=True)
def _(r, world):
    """after a block with `cases` comes select, send, recv or exit of that coroutine before its next block
    or sleep"""
    if r["ev"] not in ("block", "sleep") or r["co"] not in world.co or world.ended(r["co"]):
        return False
    return world.co[r["co"]].owes


@rule("W03")
def _(r, world):
    """a region is open at exit"""
    if r["ev"] != "exit" or r["co"] not in world.co or world.ended(r["co"]):
        return False
    return bool(world.co[r["co"]].regions)


@rule("W07")
def _(r, world):
    """over 1 s from send to recv, or over 100 ms from unblock to run"""
    if r["ev"] == "recv" and r.get("msg") in world.msg and r.get("ok", True):
        send = None if world.msg[r["msg"]].over else world.msg[r["msg"]].send
        return send is not None and r["t"] - send["t"] > 1_000_000_000
    if r["ev"] != "run" or r["co"] not in world.co or world.ended(r["co"]):
        return False
    woken = world.co[r["co"]].woken
    return woken is not None and r["t"] - woken > 100_000_000


def left(world):
    """W04: coroutines alive (not `sys`) or messages on their way at the end"""
    if "life" in world.caps:
        yield from (co.since for co in world.co.values()
                    if co.spawned and co.since and co.state != "ended" and not co.sys)
    if "msg" in world.caps:
        yield from (m.send for m in world.msg.values() if m.send and not m.over and not m.hidden)


@over_the_file("W06")
def _(trace):
    """a coarse clock: over 1 % of a worker's `run` records, of at least 1,000, carry the stamp of its
    `run` before"""
    runs = {}
    for r in trace.merged:
        if r["ev"] == "run":
            runs.setdefault(r["w"], []).append(r)
    for mine in runs.values():
        again = [b for a, b in zip(mine, mine[1:]) if a["t"] == b["t"]]
        if len(mine) >= 1000 and len(again) * 100 > len(mine):
            yield again[0]


# ---- All of them -----------------------------------------------------------------------------------

def header_is_sound(header):
    return (header["weft"] == 1 and not isinstance(header["weft"], bool)
            and isinstance(header.get("minor"), int) and header["minor"] >= 0
            and header.get("order") in ("time", "worker") and not header.get("need"))


def hidden(trace, r):
    """Whether a drop behind a record hides it."""
    behind = 0  # t of the drop before: since then, if it does not say
    for d in trace.drops:
        if d.place > r.place and r.get("t", 0) >= d.get("since", behind):
            return True
        behind = d["t"]
    return False


def check(path):
    """The exit status of `weft check FILE` and the set of its findings (rule, line)."""
    try:
        reader = Reader(pathlib.Path(path).read_bytes())
        if not header_is_sound(reader.header):
            raise NoTrace("E01")
    except NoTrace as no:
        return 3, {(no.rule, 1)} if no.rule else set()
    trace = Trace(reader)
    found = set(trace.findings)
    for name, body in WHOLE.items():
        found |= {(name, r.line) for r in body(trace)}
    world = World(trace)
    for r in trace.merged:
        for name, (body, caps, drops) in RULES.items():
            if caps <= trace.caps and body(r, world) and not (drops and hidden(trace, r)):
                found.add((name, r.line))
        world.add(r)
    found |= {("W04", r.line) for r in left(world)}
    return 2 if any(name[0] == "E" for name, _ in found) else 0, found


def first_lines(found):
    """Each rule that was broken, with the line of its first finding."""
    return {name: min(line for n, line in found if n == name) for name, _ in found}


if __name__ == "__main__":
    for each in sys.argv[1:]:
        for rule_name, at in sorted(check(each)[1], key=lambda f: (f[1], f[0])):
            print(f"{each}:{at}: {rule_name}")
