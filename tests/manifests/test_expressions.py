from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.manifests.interpolation import fill
from reconciler.manifests.schemas import Catalogue, load_catalogue
from tests.manifests.declared import DEV, brief, catalogue, load_text, only

if TYPE_CHECKING:
    from pathlib import Path

APP = """\
app:
  name: align
  version: '1'
  image: lab/$[[ vars.image ]]:2
  commands:
  - echo ${reads} $(date) $[[vars.image]] '$[[ vars.image ]]'
"""
JOB = """\
job:
  name: first
  workflow_id: map::1
"""


def test_variables_are_filled_in_and_nothing_else_is_touched(tmp_path: Path) -> None:
    """`${...}` and `$(...)` belong to the platform and the shell."""
    spec = only(load_text(tmp_path, APP, variables={"image": "star"})).spec
    assert spec["image"] == "lab/star:2"
    assert spec["commands"] == ["echo ${reads} $(date) star 'star'"]


def test_the_call_s_variables_win(tmp_path: Path) -> None:
    """Command line over environment (which is over the project)."""
    environment = replace(DEV, vars={"image": "one", "other": "x"})
    assert only(load_text(tmp_path, APP, environment=environment)).spec["image"] == "lab/one:2"
    found = only(load_text(tmp_path, APP, environment=environment, variables={"image": "two"}))
    assert found.spec["image"] == "lab/two:2"


def test_a_missing_variable(tmp_path: Path) -> None:
    """Each use is reported, with the nearest name."""
    found = load_text(tmp_path, APP, variables={"imag": "x"})
    assert brief(found.diagnostics) == [
        ("m.yaml:4:10", "expression.unknown-variable"),
        ("m.yaml:6:5", "expression.unknown-variable"),
    ]
    assert found.diagnostics[0].message == "there is no variable `image`"
    assert found.diagnostics[0].hint == "did you mean `imag`?"
    assert "--var" in load_text(tmp_path, APP).diagnostics[0].hint


@pytest.mark.parametrize(
    "text",
    [
        "$[[ ]]",
        "$[[ x ]]",
        "$[[ env.X ]]",
        "$[[ vars. ]]",
        "$[[ secrets ]]",
        "$[[ ref.App ]]",
        "$[[ ref.App/ ]]",
        "$[[ vars.image",
        "a $[[ vars.image ]] $[[",
    ],
)
def test_malformed_expressions(tmp_path: Path, text: str) -> None:
    """What looks like an expression and is none is refused, not passed on to the platform."""
    found = load_text(tmp_path, f"{JOB}  description: '{text}'\n", variables={"image": "x"})
    assert found.manifests == ()
    assert brief(found.diagnostics) == [("m.yaml:4:16", "expression.syntax")]
    assert found.diagnostics[0].hint


def test_an_expression_hidden_in_an_escape_is_seen(tmp_path: Path) -> None:
    """Escapes are undone before expressions are looked for."""
    found = load_text(tmp_path, JOB + '  description: "\\x24[[ vars.nobody ]]"\n')
    assert brief(found.diagnostics) == [("m.yaml:4:16", "expression.unknown-variable")]


def test_secrets_and_references_stay(tmp_path: Path) -> None:
    """They are filled in at the moment of the call; how they will be spelt is not judged before."""
    text = APP.replace("$[[ vars.image ]]:2", "$[[ secrets.TAG ]]").replace("$[[vars.image]]", "$[[ ref.Job/x.out ]]")
    spec = only(load_text(tmp_path, text, variables={"image": "x"})).spec
    assert spec["image"] == "lab/$[[ secrets.TAG ]]"
    assert "$[[ ref.Job/x.out ]]" in spec["commands"][0]
    spec = only(load_text(tmp_path, JOB + "  output_dir: $[[ secrets.DIR ]]\n")).spec
    assert spec["output_dir"] == "$[[ secrets.DIR ]]"


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (JOB.replace("first", "j-$[[ secrets.X ]]"), ["m.yaml:2:9"]),
        (JOB.replace("first", "$[[ ref.App/x ]]"), ["m.yaml:2:9"]),
        (
            JOB + "metadata: {scope: '$[[ secrets.X ]]', labels: {a: '$[[ ref.App/x ]]'}}\n",
            ["m.yaml:4:19", "m.yaml:4:51"],
        ),
    ],
)
def test_names_and_places_must_be_known_when_planning(tmp_path: Path, text: str, places: list[str]) -> None:
    """What makes the address cannot wait for the call."""
    found = load_text(tmp_path, text)
    assert found.manifests == ()
    assert brief(found.diagnostics) == [(place, "expression.not-here") for place in places]


def test_variables_may_stand_in_names_and_places(tmp_path: Path) -> None:
    """They are known when planning."""
    text = JOB.replace("first", "run-$[[ vars.n ]]") + "metadata: {scope: '$[[ vars.space ]]'}\n"
    found = only(load_text(tmp_path, text, variables={"n": "7", "space": "lab"}))
    assert str(found.address) == "ai4s/Job/lab/run-7"


TYPED: list[tuple[str, str, Any]] = [
    ("timeout: $[[ vars.x ]]", "60", 60),
    ("timeout: ' $[[ vars.x ]] '", " 60 ", None),
    ("timeout: 6$[[ vars.x ]]", "0", None),
    ("timeout: $[[ vars.x ]]", "060", None),
    ("timeout: $[[ vars.x ]]", "0", None),
    ("timeout: $[[ vars.x ]]", "soon", None),
    ("timeout: $[[ vars.x ]]", ".inf", None),
    ("description: $[[ vars.x ]]", "60", "60"),
    (
        "tasks: [{task_name: t, resources: {gpu: '$[[ vars.x ]]'}}]",
        "4",
        [{"task_name": "t", "resources": {"gpu": "4"}}],
    ),
]


@pytest.mark.parametrize(("line", "variable", "expected"), TYPED)
def test_a_whole_variable_takes_the_type_its_field_wants(
    tmp_path: Path, line: str, variable: str, expected: Any
) -> None:
    """Variables are text; one that is the whole value becomes a number where text would be refused."""
    found = load_text(tmp_path, f"{JOB}  {line}\n", variables={"x": variable})
    if expected is None:
        assert found.manifests == ()
        assert all(d.code.startswith("schema.") for d in found.diagnostics)
    else:
        assert only(found).spec[line.split(":", maxsplit=1)[0]] == expected


def test_a_variable_is_plain_text(tmp_path: Path) -> None:
    """An expression in a variable would come to life one stage later, so it is refused."""
    found = load_text(tmp_path, JOB, variables={"x": "$[[ secrets.X ]]", "y": "fine"})
    assert [d.code for d in found.diagnostics] == ["expression.in-variable"]
    assert "`x`" in found.diagnostics[0].message


def test_mistakes_after_filling_in_are_placed(tmp_path: Path) -> None:
    """The finding points at the expression, and shows what it became."""
    found = load_text(tmp_path, APP, variables={"image": "空"})
    assert brief(found.diagnostics) == [("m.yaml:4:10", "schema.pattern"), ("m.yaml:6:5", "schema.pattern")]
    assert "lab/空:2" in found.diagnostics[0].message


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=4), st.text(max_size=8).filter(lambda t: "$[[" not in t), max_size=4))
def test_a_document_without_expressions_is_not_changed(document: dict[str, str]) -> None:
    """Filling in does nothing where there is nothing to fill in."""
    assert fill(document, {"a": "b"}).value == document


@settings(deadline=None)
@given(st.text(max_size=10).filter(lambda t: "$[[" not in t))
def test_what_is_filled_in_is_not_read_again(text: str) -> None:
    """A variable's value is text, whatever it looks like."""
    assert fill({"a": ["x $[[ vars.v ]] y"]}, {"v": text}).value == {"a": [f"x {text} y"]}


@pytest.fixture(scope="module")
def with_secrets(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """A catalogue with a kind of a made-up platform that has secret fields."""
    folder = tmp_path_factory.mktemp("schemas")
    secret = {"type": "string", "description": "A secret thing.", "x-secret": "the platform hides it from everyone"}
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://plug-in.example/box.schema.json",
        "title": "Box",
        "description": "A box with a lock.",
        "x-platform": "toy",
        "x-kind": "Box",
        "x-life": "standing",
        "x-identity": ["name"],
        "$defs": {
            "envelope": {"type": "object"},
            "spec": {
                "type": "object",
                "properties": {
                    "lock": {"type": "object", "properties": {"code": secret}},
                    "env": {"type": "object", "additionalProperties": secret},
                    "keys": {"type": "array", "items": secret},
                },
            },
        },
    }
    import json

    (folder / "box.schema.json").write_text(json.dumps(schema), "utf-8")
    return load_catalogue([folder])


BOX = "apiVersion: toy/v1\nkind: Box\nmetadata: {name: b}\nspec:\n  "
TOY = replace(DEV, targets={"toy": replace(DEV.targets["ai4s"], name="toy", platform="toy")})


@pytest.mark.parametrize(
    ("line", "places"),
    [
        ("lock: {code: '$[[ secrets.CODE ]]'}", []),
        ("lock: {code: ''}", []),
        ("env: {A: '$[[secrets.A]]', B: '$[[ secrets.B ]]'}", []),
        ("env: {A: '$[[ secrets.A ]]$[[ secrets.B ]]'}", []),
        ("lock: {code: hunter2}", ["5:16"]),
        ("lock: {code: 'x$[[ secrets.CODE ]]'}", ["5:16"]),
        ("lock: {code: '$[[ ref.Box/b ]]'}", ["5:16"]),
        ("lock: {code: '$[[ vars.code ]]'}", ["5:16"]),
        ("env: {A: '$[[ secrets.A ]]', B: plain}", ["5:35"]),
        ("keys: ['$[[ secrets.A ]]', plain, other]", ["5:30", "5:37"]),
    ],
)
def test_a_plain_value_in_a_secret_field_is_refused(
    tmp_path: Path, with_secrets: Catalogue, line: str, places: list[str]
) -> None:
    """Only references to secrets may stand there, not even variables; the value itself is not repeated."""
    found = load_text(tmp_path, BOX + line, environment=TOY, known=with_secrets, variables={"code": "hunter2"})
    assert brief(found.diagnostics) == [(f"m.yaml:{place}", "expression.plain-secret") for place in places]
    assert all("hunter2" not in d.message + d.hint for d in found.diagnostics)
    assert len(found.manifests) == (not places)


def test_facts_of_maps_and_lists(with_secrets: Catalogue) -> None:
    """The members of a map and the items of a list have rules of their own."""
    assert [rule.path for rule in with_secrets.kinds["toy", "Box"].rules] == ["lock.code", "env.*", "keys[]"]
    assert catalogue().kinds.keys() < with_secrets.kinds.keys()
