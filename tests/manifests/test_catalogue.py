from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.manifests.bundling import bundle, definition
from reconciler.manifests.schemas import Form, load_catalogue
from tests.manifests.declared import DEV, brief, catalogue, load_text

if TYPE_CHECKING:
    from pathlib import Path

TOY: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://plug-in.example/toy/box.schema.json",
    "title": "Box",
    "description": "A thing of a plug-in.",
    "x-platform": "toy",
    "x-kind": "Box",
    "x-life": "run",
    "x-identity": ["name", "edition"],
    "$defs": {
        "envelope": {
            "type": "object",
            "properties": {
                "metadata": {
                    "$ref": "https://gitops-reconciler.example/schemas/v1/envelope.schema.json#/$defs/metadata"
                },
                "spec": {"$ref": "#/$defs/spec"},
            },
        },
        "spec": {
            "type": "object",
            "properties": {
                "edition": {"type": "string", "description": "Which one.", "x-immutable": "it names the box"},
                "size": {"$ref": "#/$defs/small", "maximum": 5, "description": "How large, at most five."},
            },
            "additionalProperties": False,
        },
        "small": {"type": "integer", "maximum": 9, "description": "A small number."},
    },
}
TOYS = replace(DEV, targets={"toy": replace(DEV.targets["ai4s"], name="toy", platform="toy")})
BOX = "apiVersion: toy/v1\nkind: Box\nmetadata: {name: b}\nspec: "


def plug_in(folder: Path, schema: Any = TOY, name: str = "box.schema.json") -> Path:
    """A folder with the schema of a plug-in."""
    (folder / "schemas").mkdir(exist_ok=True)
    text = schema if isinstance(schema, str) else json.dumps(schema)
    (folder / "schemas" / name).write_text(text, "utf-8")
    return folder / "schemas"


def test_a_plug_in_brings_its_kinds(tmp_path: Path) -> None:
    """They stand beside the built-in ones, may refer to shared definitions, and are loaded like them."""
    known = load_catalogue([plug_in(tmp_path)])
    assert known.kinds["toy", "Box"].identity == ("name", "edition")
    assert set(known.kinds) > {("ai4s", "App"), ("toy", "Box")}
    assert set(known.platforms()) >= {"ai4s", "toy"}
    found = load_text(tmp_path, BOX + "{edition: '1'}", environment=TOYS, known=known)
    assert [str(m.address) for m in found.manifests] == ["toy/Box/demo/b@1"]


def test_every_part_of_the_name_is_needed(tmp_path: Path) -> None:
    """Also where a schema forgot to say so, and a number is no name."""
    known = load_catalogue([plug_in(tmp_path)])
    found = load_text(tmp_path, BOX + "{}", environment=TOYS, known=known)
    assert brief(found.diagnostics) == [("m.yaml:4:1", "manifest.identity")]
    assert "`edition` is missing" in found.diagnostics[0].message


def test_rules_beside_a_reference_are_added_to_it(tmp_path: Path) -> None:
    """Both limits hold; the words beside the reference replace its own."""
    known = load_catalogue([plug_in(tmp_path)])
    size = definition(known.schemas["toy", "Box"], "spec")["properties"]["size"]
    assert size["description"] == "How large, at most five."
    validator = known.validator("toy", "Box", Form.ENVELOPE)
    assert [validator.is_valid({"spec": {"size": n}}) for n in (5, 6, 9, 10, "5")] == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ("{", "not a readable schema"),
        ("[]", "an object with an $id"),
        ({"title": "no id"}, "an object with an $id"),
        ({**TOY, "x-life": "eternal"}, "'eternal' is not one of"),
        ({**TOY, "$defs": {**TOY["$defs"], "spec": {"propertis": {}}}}, "propertis"),
        ({**TOY, "x-platform": "ai4s", "x-kind": "App"}, "kind App of ai4s is defined twice"),
        ({**TOY, "$defs": {**TOY["$defs"], "envelope": {"items": {"$ref": "gone.schema.json"}}}}, "leads nowhere"),
    ],
)
def test_a_wrong_schema_of_a_plug_in_is_refused(tmp_path: Path, schema: Any, words: str) -> None:
    """With the file and the reason, before anything is loaded."""
    folder = plug_in(tmp_path, schema)
    with pytest.raises(ValueError, match=r"schema") as caught:
        load_catalogue([folder])
    assert words in str(caught.value)
    assert "schema.json" in str(caught.value)


def test_a_reference_that_leads_nowhere() -> None:
    """Inside a schema and out of it."""
    with pytest.raises(ValueError, match="leads nowhere"):
        definition({"$id": "urn:x", "$defs": {"a": {"$ref": "#/$defs/b"}}}, "a")
    with pytest.raises(ValueError, match="leads nowhere"):
        bundle({"$id": "https://x.example/a", "allOf": [{"$ref": "b#/$defs/c"}]}, {})


def test_validators_are_compiled_once() -> None:
    """Compiling costs more than checking."""
    known = catalogue()
    assert known.validator("ai4s", "App") is known.validator("ai4s", "App")
    assert known.validator("ai4s", "App") is not known.validator("ai4s", "App", Form.NATIVE)


def test_unknown_kinds() -> None:
    """Asking for one is a mistake of the caller."""
    for ask in (catalogue().schema, catalogue().validator):
        with pytest.raises(KeyError):
            ask("ai4s", "Spaceship")


def test_native_keys() -> None:
    """Each leads to its kind; no key to none."""
    assert [kind.name for kind in catalogue().native_kinds("workflow")] == ["Workflow"]
    assert catalogue().native_kinds("") == ()
    assert catalogue().native_kinds("services") == ()
