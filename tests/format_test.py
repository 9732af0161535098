# SPDX-License-Identifier: MIT
#
# docs/format.md proved by what it describes: the worked examples are cut out of the page, validated
# against both schemas and checked; and the page, the schemas and the source name the same kinds.
import json
import re

import jsonschema

import tap
from tap import SOURCE, same, weft

page = (SOURCE / "docs" / "format.md").read_text()
schemas = {name: jsonschema.Draft202012Validator(json.loads((SOURCE / "docs" / name).read_text()))
           for name in ("trace.schema.json", "trace.strict.schema.json")}
examples = {name: text for name, text in
            re.findall(r"^(\w+\.json): [^\n]*\n```\n(.*?)```\n", page, re.MULTILINE | re.DOTALL)}


def add_example(name):
    @tap.test(f"example_{name}_is_valid_and_sound")
    def _(folder):
        path = folder / name
        path.write_text(examples[name])
        for schema, validator in schemas.items():
            error = jsonschema.exceptions.best_match(
                validator.iter_errors(json.loads(examples[name])))
            assert not error, f"{schema}: {error.message}"
        got = weft("check", path)
        same((got.returncode, got.stdout, got.stderr), (0, "", ""))


for each in examples:
    if each != "dropped.json":
        add_example(each)


@tap.test("the_page_has_its_four_examples")
def _(folder):
    same(sorted(examples), ["buffered.json", "dropped.json", "hello.json", "select.json"])


@tap.test("example_dropped.json_is_read_with_its_warnings")
def _(folder):
    path = folder / "dropped.json"
    path.write_text(examples["dropped.json"].rstrip("\n"))
    got = weft("check", path)
    same((got.returncode, got.stderr), (0, ""))
    rules = sorted(set(re.findall(r" ([EW]\d\d): ", got.stdout)))
    same(rules, ["W01", "W02", "W04"], "the findings")


@tap.test("the_schema_and_the_page_name_the_kinds_of_event.h")
def _(folder):
    header = (SOURCE / "tracer" / "event.h").read_text()
    listed = re.search(r"#define WEFT_EV_LIST\(X\)(.*?)\n\n", header, re.DOTALL).group(1)
    kinds = set(re.findall(r'"([a-z]+)"', listed)) - {""}
    assert len(kinds) > 25, kinds
    schema = (SOURCE / "docs" / "trace.strict.schema.json").read_text()
    section = page[page.index("## 4. Records"):page.index("## 5. Order")]
    rows = set()
    for cell in re.findall(r"^\| ([a-z, ]+) \|", section, re.MULTILINE):
        rows.update(word.strip() for word in cell.split(","))
    same(sorted(k for k in kinds if f'"{k}"' not in schema), [], "not in the schema")
    same(sorted(kinds - rows), [], "not in the page")


tap.main()
