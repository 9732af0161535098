# SPDX-License-Identifier: MIT
#
# Values of every C type go through a channel, the recorder and a JSON parser, and come out with the same
# bits (docs/format.md, section 10). Only of a NaN the payload is given up, and of a struct what is behind
# its first 64 bytes.
import base64
import collections
import fractions
import json
import math
import platform
import struct
import sys

import tap
from tap import BUILD, run, same, weft

INTEGERS = {"signed char": (1, True), "unsigned char": (1, False), "short": (2, True),
            "unsigned short": (2, False), "int": (4, True), "unsigned": (4, False), "long": (8, True),
            "unsigned long": (8, False), "long long": (8, True), "unsigned long long": (8, False),
            "int128": (16, True), "uint128": (16, False), "enum colour": (4, True)}
REALS = {"float": "f", "double": "d"}
CHAR_IS_SIGNED = platform.machine() not in ("aarch64", "armv7l", "ppc64le", "s390x")


def integer(value):
    if isinstance(value, dict):
        assert abs(int(value["int"])) > 2**53 - 1, f"a tag for {value}"
        return int(value["int"])
    assert isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53, value
    return value


def check_integer(kind, data, value):
    size, signed = (1, CHAR_IS_SIGNED) if kind == "char" else INTEGERS[kind]
    same(len(data), size, f"the size of {kind}")
    same(integer(value), int.from_bytes(data, sys.byteorder, signed=signed), kind)


def check_real(kind, data, value):
    wanted = struct.unpack(REALS[kind], data)[0]
    if math.isnan(wanted):
        same(value, {"float": "nan"}, kind)
    elif math.isinf(wanted):
        same(value, {"float": "inf" if wanted > 0 else "-inf"}, kind)
    else:
        assert isinstance(value, float), value
        same(struct.pack(REALS[kind], value), data, kind)


def check_long_double(text, value):
    digits, exponent = text.removeprefix("-").removeprefix("0x").split("p")
    whole, _, rest = digits.partition(".")
    exact = fractions.Fraction(int(whole + rest, 16)) * fractions.Fraction(2) ** (int(exponent) - 4 * len(rest))
    exact = -exact if text.startswith("-") else exact
    if isinstance(value, dict):
        same(value["type"], "long double")
        value = value["str"]
        step = fractions.Fraction(2) ** (math.floor(math.log2(abs(exact.numerator))
                                                    - math.log2(exact.denominator)) - 63)
        assert abs(fractions.Fraction(value) - exact) * 2 < step, (text, value)
    else:
        same(fractions.Fraction(value), exact, "a long double that is a double")
        same(math.copysign(1, value), -1.0 if text.startswith("-") else 1.0, "its sign")


def check_bytes(kind, data, value):
    same((base64.b64decode(value["base64"]), value["len"], value["type"]), (data[:64], len(data), kind), kind)


def check_string(data, value):
    if isinstance(value, dict):
        try:
            data.decode()
            raise AssertionError(f"{data} is text, and not written as such")
        except UnicodeDecodeError:
            same((base64.b64decode(value["base64"]), value["len"]), (data, len(data)), "a string")
    else:
        same(value.encode(), data, "a string")


def check(kind, text, value):
    if kind == "long_double":
        check_long_double(text, value)
        return
    data = bytes.fromhex(text)
    if kind == "char" or kind in INTEGERS:
        check_integer(kind, data, value)
    elif kind in REALS:
        check_real(kind, data, value)
    elif kind == "bool":
        assert value is (data == b"\x01"), value
    elif kind == "unit":
        assert value is None, value
    elif kind == "void *":
        same((int(value["ptr"], 16), value["type"]), (int.from_bytes(data, sys.byteorder), kind), kind)
    elif kind == "string":
        check_string(data, value)
    else:
        check_bytes(kind, data, value)


@tap.test("values_of_every_type_come_out_with_the_same_bits")
def _(folder):
    path = folder / "t.json"
    got = run(BUILD / "tests" / "record_values", env={"WEFT_TRACE": str(path), "WEFT_WORKERS": "1"})
    same((got.returncode, got.stderr), (0, ""))
    sent = [line.rsplit(" ", 1) for line in got.stdout.split("\n")[:-1]]
    sends = [e for e in json.loads(path.read_text())["events"] if e["ev"] == "send"]
    same(len(sends), len(sent), "the number of sends")
    for (kind, text), event in zip(sent, sends):
        assert "value" in event, (kind, text)
        check(kind, text, event["value"])
    kinds = collections.Counter(kind for kind, _ in sent)
    assert len(kinds) == 23 and kinds["string"] > 500, kinds
    got = weft("check", path)
    same((got.returncode, got.stdout), (0, ""))


tap.main()
