from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.manifests.documents import split
from reconciler.manifests.reader import Reader
from reconciler.manifests.schemas import Form, load_catalogue, schema_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

CATALOGUE = load_catalogue()
EDITORS = {key: Draft202012Validator(CATALOGUE.schema(*key)) for key in CATALOGUE.kinds}
EXPRESSIONS = ["$[[ vars.x ]]", "$[[secrets.X]]", "$[[ ref.App/a@1.0.0 ]]", "$[[ vars.n ]]C"]
EXAMPLES = sorted((schema_folder().parent / "examples").rglob("manifests/*.yaml"))

APP: dict[str, Any] = {
    "apiVersion": "ai4s/v1",
    "kind": "App",
    "metadata": {"name": "align"},
    "spec": {
        "version": "1.0.0",
        "image": "lab/align:2",
        "commands": ["align"],
        "labels": ["a"],
        "resources": {"cpu": "1C", "gpu": "1", "gpu_type": "GPU"},
        "inputs": [{"name": "reads", "type": "ENUM", "required": True, "enum": ["a"], "values": ["a"]}],
    },
}
JOB: dict[str, Any] = {
    "job": {
        "name": "first",
        "workflow_id": "map::1.0.0",
        "priority": 1,
        "timeout": 5,
        "tasks": [{"task_name": "t", "resources": {"memory": "1G"}, "io_acc_type": "SFS"}],
    }
}


def scalars(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every scalar below the body of a document."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from scalars(item, (*way, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from scalars(item, (*way, index))
    elif len(way) > 1 and way[0] in {"spec", "job"}:
        yield way


def replaced(document: dict[str, Any], way: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """A copy with another value in one place."""
    changed: Any = copy.deepcopy(document)
    holder = changed
    for step in way[:-1]:
        holder = holder[step]
    holder[way[-1]] = value
    return changed


CASES = [(("ai4s", "App"), APP, way) for way in scalars(APP)] + [(("ai4s", "Job"), JOB, way) for way in scalars(JOB)]


@pytest.mark.parametrize(("key", "document", "way"), CASES, ids=[".".join(map(str, way)) for _, _, way in CASES])
def test_an_expression_is_not_underlined(key: tuple[str, str], document: Any, way: tuple[Any, ...]) -> None:
    """Wherever a scalar may stand, an expression may, and what was wrong before is still wrong."""
    assert EDITORS[key].is_valid(document)
    for expression in EXPRESSIONS:
        assert EDITORS[key].is_valid(replaced(document, way, expression))
    assert not EDITORS[key].is_valid(replaced(document, way, {"wrong": 1}))


@pytest.mark.parametrize(
    ("way", "value"),
    [
        (("spec", "resources", "cpu"), "256C"),
        (("spec", "resources", "cpu"), "$[[ nothing ]]"),
        (("spec", "inputs", 0, "type"), "enum"),
        (("spec", "inputs", 0, "enum"), []),
        (("spec", "commands"), []),
        (("kind",), "$[[ vars.kind ]]"),
    ],
)
def test_editors_still_see_mistakes(way: tuple[Any, ...], value: Any) -> None:
    """Letting expressions in lets nothing else in."""
    assert not EDITORS["ai4s", "App"].is_valid(replaced(APP, way, value))


def test_there_are_examples() -> None:
    """The next test looks at something."""
    assert len(EXAMPLES) > 3


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_editors_accept_the_examples(file: Any) -> None:
    """Every example opens without a mark in the margin."""
    reader = Reader()
    for chunk in split(file.read_text("utf-8"), file.name):
        document, _ = reader.read_chunk(chunk)
        if document is not None:
            accepted = [key for key, validator in EDITORS.items() if validator.is_valid(document.value)]
            assert len(accepted) == 1, document.source


def test_loading_is_strict() -> None:
    """The validator that loading uses does not know expressions: it runs after they are filled in."""
    document = replaced(APP, ("spec", "resources", "cpu"), "$[[ vars.cpu ]]")
    assert not CATALOGUE.validator("ai4s", "App", Form.ENVELOPE).is_valid(document)
