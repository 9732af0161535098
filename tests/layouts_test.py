# SPDX-License-Identifier: MIT
#
# One trace in every layout that the format allows, and compressed: `weft info` and `weft check` say
# the same of all of them. What is cut is read as far as it goes, what is damaged is refused.
import gzip
import json
import os
import re
import subprocess

import tap
from tap import SOURCE, one_line, same, weft

CODECS = os.environ["WEFT_TEST_CODECS"].split()  # what this weft was built with
WHOLE = [SOURCE / "traces" / "ping.json", SOURCE / "traces" / "worker-pool.json"]
WHOLE += [SOURCE / "tests" / "data" / f for f in ("marks.json", "sync.json", "values.json")]
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s\[\]{}:,"]+')


def zstd(data, *options):
    return subprocess.run(["zstd", "-q", "-c", *options], input=data, stdout=subprocess.PIPE,
                          check=True).stdout


PACK = {"gzip": gzip.compress, "zstd": zstd}
SUFFIX = {"gzip": ".gz", "zstd": ".zst"}


def pretty(text):
    out = []
    for token in TOKEN.findall(text):
        out.append(token + {":": " "}.get(token, "\n" if token in "[]{}," else ""))
    return "".join(out)


def minified(text):
    return "".join(TOKEN.findall(text))


def sorted_keys(text):
    """The header stands around the records, and `weft` is not its first key."""
    return json.dumps(json.loads(text), sort_keys=True)


def lines(text):
    head, records = text.split("\n", 1)
    head = re.sub(r',"events":\[$', "}", head)
    return head + "\n" + records.replace("},\n", "}\n").replace("}\n]}\n", "}\n")


def jq(*arguments):
    def by_jq(text):
        return subprocess.run(["jq", *arguments], input=text, encoding="utf-8",
                              stdout=subprocess.PIPE, check=True).stdout
    return by_jq


LAYOUTS = {
    "pretty": pretty,
    "minified": minified,
    "sorted": sorted_keys,
    "JSON Lines": lines,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "no newline at the end": lambda text: text.rstrip("\n"),
    "blank lines": lambda text: text.replace("\n", "\n \t\n"),
    "blanks in records": lambda text: text.replace('","', '" , "').replace('":', '" :\t'),
    "jq": jq("."),
    "jq -c": jq("-c", "."),
    "jq -S": jq("-S", "."),
    "jq, JSON Lines": jq("-c", "del(.events), .events[]"),
}


def say(folder, data, name="trace.json"):
    """What info and check say of these bytes. The name is in their words, so it stays the same;
    that the lines have other numbers is what a layout is."""
    folder.mkdir()
    (folder / name).write_bytes(data)
    said = [weft(verb, "--format=json", name, cwd=folder) for verb in ("info", "check")]
    same(said[0].returncode, 0, f"the exit status ({said[0].stderr})")
    return [(s.returncode, re.sub('"line":[0-9]+', '"line":0', s.stdout), s.stderr) for s in said]


@tap.test("every_layout_is_the_same_trace")
def _(folder):
    for path in WHOLE:
        text = path.read_text(encoding="utf-8")
        wanted = say(folder / path.stem, text.encode())
        for layout, change in LAYOUTS.items():
            if path.stem == "values" and layout.startswith(("jq", "sorted")):
                continue  # these write some numbers in another way: 1e300 and 1E+300
            changed = change(text)
            assert changed != text, layout
            same(say(folder / f"{path.stem} {layout}", changed.encode()), wanted,
                 f"{path.name} as {layout}")


def skip_if_unbuilt(codec):
    if codec not in CODECS:
        raise tap.Skip(f"this weft has no {codec}")


def packed_is_same(folder, codec):
    pack = PACK[codec]
    for path in (WHOLE[0], WHOLE[-1], SOURCE / "tests" / "data" / "dropped.json"):
        data = path.read_bytes()
        wanted = say(folder / path.stem, data)
        half = data.index(b"\n", len(data) // 2)
        same(say(folder / f"{path.stem} packed", pack(data)), wanted, path.name)
        same(say(folder / f"{path.stem} in two pieces", pack(data[:half]) + pack(data[half:])),
             wanted, f"{path.name} in two pieces")
        if path in WHOLE:  # in these layouts it is read twice
            document = pretty(data.decode()).encode()
            same(say(folder / f"{path.stem} pretty", pack(document)), wanted,
                 f"{path.name}, pretty and packed")


def long_trace(records=50000):
    """Of many buffers, and not so regular that it packs to nothing."""
    text = '{"weft":1,"minor":0,"order":"time","caps":["life"],"events":[\n'
    text += '{"ev":"spawn","t":0,"new":1,"name":"main"},\n'
    for i in range(records):
        text += '{"ev":"note","t":%d,"co":1,"name":"%x"},\n' % (i, i * 2654435761 % 2**32)
    return (text + '{"ev":"eof","t":%d,"n":%d}\n]}\n' % (records, records + 1)).encode()


def cut_is_read_as_far_as_it_goes(folder, codec):
    """Wherever it is cut, a trace comes of it that is the beginning of the whole one."""
    packed = PACK[codec](long_trace())
    records = []
    for i in range(1, 20):
        path = folder / ("cut" + SUFFIX[codec])
        path.write_bytes(packed[:len(packed) * i // 20])
        r = weft("info", "--format=json", path)
        if r.returncode == 3:  # a block is there when it is there whole
            assert not records, r.stderr
            continue
        same(r.returncode, 0, "the exit status")
        assert re.search(r": W0[12]: ", one_line(r.stderr)), r.stderr
        records.append(json.loads(r.stdout)["records"])
    assert records == sorted(records) and len(records) > 10 and records[-1] > 30000, records


def damage_is_refused(folder, codec):
    packed = bytearray(PACK[codec](long_trace()))
    path = folder / ("damaged" + SUFFIX[codec])
    for place in (len(packed) // 2, len(packed) - 8):  # in the data, in its check sum
        damaged = bytearray(packed)
        for i in range(place, place + 8):
            damaged[i] ^= 0x5a
        path.write_bytes(damaged)
        for verb in ("info", "check"):
            r = weft(verb, path)
            same(r.returncode, 3, f"the exit status, damaged at {place}")
            same(one_line(r.stderr), f"weft: {path}: the {codec} data is damaged")


def what_is_not_built_is_named(folder, codec):
    if codec in CODECS:
        raise tap.Skip(f"this weft has {codec}")
    path = folder / ("trace.json" + SUFFIX[codec])
    path.write_bytes(PACK[codec](WHOLE[0].read_bytes()))
    r = weft("info", path)
    same(r.returncode, 3, "the exit status")
    same(one_line(r.stderr), f"weft: {path}: compressed with {codec}, and this weft was built "
                             f"without it: decompress it first ({codec} -d)")


for codec in PACK:
    def register(body, codec=codec, needs=True):
        @tap.test(f"{codec}_{body.__name__}")
        def _(folder):
            if needs:
                skip_if_unbuilt(codec)
            body(folder, codec)
    register(packed_is_same)
    register(cut_is_read_as_far_as_it_goes)
    register(damage_is_refused)
    register(what_is_not_built_is_named, needs=False)


@tap.test("a_pipe_may_be_compressed")
def _(folder):
    for codec in CODECS:
        path = folder / "packed"
        path.write_bytes(PACK[codec](WHOLE[0].read_bytes()))
        with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as cat:
            r = weft("info", "/dev/stdin", stdin=cat.stdout)
        same((r.returncode, r.stderr), (0, ""), codec)


@tap.test("a_zstd_window_beyond_reason_is_refused")
def _(folder):
    skip_if_unbuilt("zstd")
    path = folder / "wide.zst"
    # Without its size in the header, so that the window is as large as was asked for.
    path.write_bytes(zstd(long_trace(10), "--long=31", "--no-check"))
    r = weft("info", path)
    same(r.returncode, 3, "the exit status")
    assert "window of over 128 MiB" in one_line(r.stderr), r.stderr


tap.main()
