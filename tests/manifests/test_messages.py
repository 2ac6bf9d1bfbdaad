"""What people read when a manifest is wrong: place, sentence, advice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.manifests.validation import compiled, violations
from reconciler.model.codes import CODES
from reconciler.model.diagnostic import Severity
from tests.manifests.declared import brief, load_text

if TYPE_CHECKING:
    from pathlib import Path

APP = """\
apiVersion: ai4s/v1
kind: App
metadata: {name: align}
spec:
  version: '1.0.0'
  image: lab/align:2
  commands: [align]
"""

TABLE: list[tuple[str, str, str, str, str]] = [
    # lines added to the spec (2 spaces in) or a replacement `old -> new`; place, code, message, hint
    (
        "version: '1.0.0' -> version: 1.10",
        "5:12",
        "schema.type",
        "`spec.version` must be text, not the number 1.10",
        'put it in quotes, so that every reader takes it as written: "1.10"',
    ),
    (
        "version: '1.0.0' -> version: true",
        "5:12",
        "schema.type",
        "`spec.version` must be text, not the truth value true",
        'put it in quotes, so that every reader takes it as written: "true"',
    ),
    (
        "version: '1.0.0' -> version:",
        "5:3",
        "schema.type",
        "`spec.version` must be text, not empty",
        "write a value, or remove the line when the field is optional",
    ),
    (
        "version: '1.0.0' -> version: '1_0'",
        "5:12",
        "schema.pattern",
        (
            "`spec.version` must be 1 to 24 letters, digits, dots and hyphens, and start and end with a letter or a "
            'digit; it is "1_0"'
        ),
        "",
    ),
    (
        "image: lab/align:2 -> imge: lab/align:2",
        "6:3",
        "schema.unknown-key",
        "unknown key `imge` in `spec`",
        "did you mean `image`?",
    ),
    (
        "image: lab/align:2 -> image: lab",
        "6:10",
        "schema.length",
        "`spec.image` must have at least 5 characters; it has 3",
        "Image the commands run in, written `<space>/<repository>:<tag>`.",
    ),
    (
        "commands: [align] -> commands: align",
        "7:13",
        "schema.type",
        '`spec.commands` must be a list, not the text "align"',
        "write one item per line, each after `- `",
    ),
    (
        "commands: [align] -> commands: []",
        "7:13",
        "schema.length",
        "`spec.commands` must have at least 1 item; it has 0",
        (
            "Commands that run when the container starts, in order. Parameters are written `${parameter-name}` and are "
            "filled in by the platform."
        ),
    ),
    (
        "cpu: 1C",
        "8:3",
        "schema.unknown-key",
        "unknown key `cpu` in `spec`",
        "it belongs below `resources`; check the indentation",
    ),
    (
        "resources: {cpus: 1C}",
        "8:15",
        "schema.unknown-key",
        "unknown key `cpus` in `spec.resources`",
        "did you mean `cpu`?",
    ),
    (
        "resources: {gpuType: GPU}",
        "8:15",
        "schema.unknown-key",
        "unknown key `gpuType` in `spec.resources`",
        "did you mean `gpu_type`?",
    ),
    (
        "resources: {zzz: 1}",
        "8:15",
        "schema.unknown-key",
        "unknown key `zzz` in `spec.resources`",
        "choose from `cpu`, `cpu_type`, `gpu`, `gpu_type` and `memory`",
    ),
    (
        "resources: {gpu_type: gpu}",
        "8:25",
        "schema.choice",
        '`spec.resources.gpu_type` must be `GPU` or `Snt9` or left out, not "gpu"',
        "did you mean `GPU`?",
    ),
    (
        "resources: {gpu: 17}",
        "8:20",
        "schema.range",
        "`spec.resources.gpu` must be at most 16; it is 17",
        "Number of accelerators as text, 0 to 16; for Snt9 only 0, 1, 2, 4 or 8.",
    ),
    (
        "resources: {cpu: 2}",
        "8:20",
        "schema.type",
        "`spec.resources.cpu` must be text, not the number 2",
        'put it in quotes, so that every reader takes it as written: "2"',
    ),
    (
        "resources: 2C",
        "8:14",
        "schema.type",
        '`spec.resources` must be a mapping, not the text "2C"',
        "write `key: value` lines, indented below it",
    ),
    (
        "inputs: [{name: a, type: ENUM, required: true}]",
        "8:12",
        "schema.required",
        "`spec.inputs[0]` lacks `enum`",
        "The list an ENUM parameter is chosen from.",
    ),
    (
        "inputs: [{name: a, type: ENUM, required: True, enum: [b]}]",
        "8:44",
        "schema.type",
        '`spec.inputs[0].required` must be true or false, not the text "True"',
        "write true or false, in lower case and without quotes",
    ),
    (
        "kind: App -> kind: App\nlifecycle: {attempt: 010}",
        "3:22",
        "schema.type",
        '`lifecycle.attempt` must be a whole number, not the text "010"',
        "write a plain decimal number without quotes, such as 10",
    ),
    (
        "kind: App -> kind: App\nlifecycle: {attempt: 1_0.50}",
        "3:22",
        "schema.type",
        '`lifecycle.attempt` must be a whole number, not the text "1_0.50"',
        "write a plain decimal number without quotes, such as 10.50",
    ),
    (
        "kind: App -> kind: App\nlifecycle: {attempt: soon}",
        "3:22",
        "schema.type",
        '`lifecycle.attempt` must be a whole number, not the text "soon"',
        "write a plain decimal number without quotes",
    ),
    (
        "kind: App -> kind: App\nlifecycle: {attempt: 2.0}",
        "3:22",
        "schema.type",
        "`lifecycle.attempt` must be a whole number, not the number 2.0",
        "",
    ),
    (
        "kind: App -> kind: App\nlifecycle: {onChange: restart}",
        "3:23",
        "schema.choice",
        '`lifecycle.onChange` must be `refuseIfRunning`, `replace`, `queue` or `parallel`, not "restart"',
        (
            "A changed manifest whose earlier run is still active. `refuseIfRunning` blocks the plan; `replace` stops "
            "the old run and submits the new one; `queue` waits until the old one has ended; `parallel` lets both run."
        ),
    ),
    (
        "kind: App -> kind: App\nstatus: {}",
        "3:1",
        "schema.unknown-key",
        "unknown key `status` at the top of the document",
        "choose from `lifecycle`",
    ),
    (
        "metadata: {name: align} -> metadata: {name: align, labels: {'': x}}",
        "3:34",
        "schema.key",
        "the name `` must have at least 1 character; it has 0",
        "",
    ),
    (
        "metadata: {name: align} -> metadata: {}",
        "3:1",
        "schema.required",
        "`metadata` lacks `name`",
        "Name of the app. Together with the version it is unique in the space, and it can never be changed.",
    ),
]


@pytest.mark.parametrize(("edit", "place", "code", "message", "hint"), TABLE, ids=[row[0][:40] for row in TABLE])
def test_sentences(tmp_path: Path, edit: str, place: str, code: str, message: str, hint: str) -> None:
    """One mistake, one finding: where it is, what is wrong by which rule, and what to do."""
    old, arrow, new = edit.partition(" -> ")
    text = APP.replace(old, new) if arrow else f"{APP}  {edit}\n"
    assert text != APP
    found = load_text(tmp_path, text)
    assert found.manifests == ()
    told = [d for d in found.diagnostics if d.code == code]
    assert [(str(d.source), d.message, d.hint) for d in told] == [(f"m.yaml:{place}", message, hint)]
    assert len(found.diagnostics) <= 2
    assert code in CODES


def test_all_mistakes_of_a_document_at_once(tmp_path: Path) -> None:
    """A person corrects a file in one go."""
    text = (
        APP.replace("image: lab/align:2", "imag: x").replace("'1.0.0'", "1.0") + "  labels: [' a', b, c.d]\n  icon: 5\n"
    )
    assert brief(load_text(tmp_path, text).diagnostics) == [
        ("m.yaml:4:1", "schema.required"),
        ("m.yaml:5:12", "schema.type"),
        ("m.yaml:6:3", "schema.unknown-key"),
        ("m.yaml:8:12", "schema.pattern"),
        ("m.yaml:8:21", "schema.pattern"),
        ("m.yaml:9:9", "schema.type"),
    ]


def test_no_library_speaks_to_people(tmp_path: Path) -> None:
    """Messages never show the validator's own words, Python values or whole documents."""
    text = APP.replace("[align]", "{a: [1, {b: c}]}") + "  inputs: 5\n  outputs: [{x: y}]\n  labels: [[a]]\n"
    for found in load_text(tmp_path, text).diagnostics:
        for word in ("None", "True", "is not of type", "is not valid under", "Additional properties", "{'", "['"):
            assert word not in found.message + found.hint


def check(schema: dict[str, Any], value: Any) -> list[tuple[str, str, str]]:
    """Pointer, code and message of what is wrong with a value."""
    found = violations(compiled(schema), value, lambda _: None)
    assert all(f.severity is Severity.ERROR and f.code in CODES for f in found)
    return [(f.pointer, f.code, f.message) for f in found]


CHOICE = {
    "oneOf": [
        {
            "type": "object",
            "properties": {"kind": {"const": "disk"}, "size": {"type": "integer"}},
            "required": ["kind", "size"],
        },
        {
            "type": "object",
            "properties": {"kind": {"const": "net"}, "host": {"type": "string"}, "port": {"type": "integer"}},
            "required": ["kind", "host", "port"],
        },
        {"type": "string"},
    ]
}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"kind": "disk", "size": "x"}, [("/size", "schema.type", '`size` must be a whole number, not the text "x"')]),
        ({"kind": "net", "host": 5, "port": 1}, [("/host", "schema.type", "`host` must be text, not the number 5")]),
    ],
)
def test_of_several_alternatives_the_likeliest_is_explained(value: Any, expected: list[Any]) -> None:
    """Not every alternative's complaints, only those of the one the author nearly wrote."""
    assert check(CHOICE, value) == expected


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"type": "object"}, 5, "the document must be a mapping, not the number 5"),
        ({"maximum": 3}, 4, "the document must be at most 3; it is 4"),
        ({"exclusiveMinimum": 3}, 3, "the document must be more than 3; it is 3"),
        ({"maxProperties": 1}, {"a": 1, "b": 2}, "the document must have at most 1 entry; it has 2"),
        ({"minProperties": 2}, {"a": 1}, "the document must have at least 2 entries; it has 1"),
        ({"uniqueItems": True}, [1, 1], "the document breaks a rule of its schema: [1, 1] has non-unique elements"),
        ({"pattern": "^a$"}, "b", 'the document is not written as it must be; it is "b"'),
        ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {}, "the document needs one of `a` and `b`"),
        (
            {"properties": {"a": {"type": ["integer", "boolean"]}}},
            {"a": "x"},
            '`a` must be a whole number or true or false, not the text "x"',
        ),
        ({"properties": {"a": {"enum": [1, 2]}}}, {"a": 3}, "`a` must be `1` or `2`, not 3"),
        ({"properties": {"a": {"const": "x"}}}, {"a": []}, "`a` must be `x`, not a list or a mapping"),
    ],
)
def test_other_rules(schema: dict[str, Any], value: Any, message: str) -> None:
    """Every rule a plug-in's schema may use has a sentence."""
    assert [found[2] for found in check(schema, value)] == [message]


def test_a_secret_is_never_shown() -> None:
    """A finding about a secret field does not quote it."""
    schema = {"properties": {"token": {"type": "string", "maxLength": 3, "pattern": "^z$", "x-secret": "it is one"}}}
    for value in ("hunter2hunter2", 12345678):
        for _, _, message in check(schema, {"token": value}):
            assert "hunter2" not in message
            assert "12345678" not in message


def test_long_values_are_cut() -> None:
    """A message stays one line."""
    ((_, _, message),) = check({"enum": ["a"]}, "x" * 5000)
    assert len(message) < 200


def test_a_line_break_after_the_end_is_not_the_end() -> None:
    """In Python `$` would accept it."""
    assert check({"pattern": "^a$"}, "a") == []
    assert check({"pattern": "^a$"}, "a\n") != []
    assert check({"pattern": r"^a\$"}, "a$b") == []
