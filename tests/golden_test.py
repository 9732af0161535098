# SPDX-License-Identifier: MIT
#
# The promise of docs/format.md, section 9: what was a trace once can be read for ever, and means the same.
# tests/data/golden/MAJOR.MINOR/ has small traces of every minor version, with each kind, field and word that
# it knew; NAME.info has what `weft info` said of NAME.json then. Neither is ever changed, and a new minor
# version gets a new folder; `weft info` may say more than it did.
import json
import pathlib
import re

import jsonschema

import rules
import tap
from tap import SOURCE, same, weft

GOLDEN = SOURCE / "tests" / "data" / "golden"
MINOR = int(re.search(r"#define WEFT_FORMAT_MINOR (\d+)",
                      (SOURCE / "tracer" / "event.h").read_text()).group(1))
SCHEMAS = [jsonschema.Draft202012Validator(json.loads((SOURCE / "docs" / name).read_text()))
           for name in ("trace.schema.json", "trace.strict.schema.json")]


def missing(wanted, got, where="info"):
    """Where `got` does not say what `wanted` says."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        for key, value in wanted.items():
            yield from missing(value, got.get(key), f"{where}.{key}")
    elif isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        for i, value in enumerate(wanted):
            yield from missing(value, got[i], f"{where}[{i}]")
    elif wanted != got:
        yield f"{where} is {got!r}, not {wanted!r}"


def add(path):
    name = f"{path.parent.name}_{path.stem}"

    @tap.test(f"golden_{name}_is_valid_and_sound")
    def _(folder):
        document = json.loads(path.read_text())
        for schema in SCHEMAS:
            error = jsonschema.exceptions.best_match(schema.iter_errors(document))
            assert not error, error.message
        got = weft("check", path)
        same((got.returncode, got.stdout, got.stderr), (0, "", ""))

    @tap.test(f"golden_{name}_has_the_same_records_as_ever")
    def _(folder):
        out = folder / "out.json"
        got = weft("convert", path, "--to", "weft", "-o", out)
        same((got.returncode, got.stderr), (0, ""))
        document, written = json.loads(path.read_text()), json.loads(out.read_text())
        if document["order"] == "worker":  # it is written in the order of time
            merged = rules.Trace(rules.Reader(path.read_bytes())).merged
            document = dict(document, order="time", events=[dict(r) for r in merged])
        same(written, document)

    @tap.test(f"golden_{name}_means_what_it_meant")
    def _(folder):
        got = weft("info", "--format=json", path)
        same((got.returncode, got.stderr), (0, ""))
        wanted = json.loads(path.with_suffix(".info").read_text())
        same(list(missing(wanted, json.loads(got.stdout))), [])


for each in sorted(GOLDEN.glob("*/*.json")):
    add(each)


@tap.test("every_minor_version_has_its_folder")
def _(folder):
    same(sorted(p.name for p in GOLDEN.iterdir()), [f"1.{minor}" for minor in range(MINOR + 1)])


def words_of(schema, defs):
    """The words that a field may be."""
    if "$ref" in schema:
        return words_of(defs[schema["$ref"].rsplit("/", 1)[1]], defs)
    inner = [word for one in schema.get("anyOf", []) for word in words_of(one, defs)]
    return schema.get("enum", []) + inner


@tap.test("each_kind_field_and_word_stands_in_a_golden_file")
def _(folder):
    seen = set()
    for path in GOLDEN.glob("*/*.json"):
        for record in json.loads(path.read_text())["events"]:
            for field, value in record.items():
                seen |= {(record["ev"], field), ("any", field)}
                if isinstance(value, str):
                    seen.add((record["ev"], field, value))
    defs = SCHEMAS[1].schema["$defs"]
    wanted = set()
    for one in defs["record"]["allOf"]:
        kind = one["if"]["properties"]["ev"]["const"]
        for field, schema in one["then"]["properties"].items():
            wanted.add(("any" if field in ("w", "at", "stack") else kind, field))
            if schema is not True:
                wanted |= {(kind, field, word) for word in words_of(schema, defs)}
    same(sorted(wanted - seen), [], "without a golden file")


tap.main()
