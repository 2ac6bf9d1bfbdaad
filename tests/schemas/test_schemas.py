from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.manifests.bundling import definition
from reconciler.manifests.schemas import load_catalogue, schema_folder
from reconciler.model.kind import Ability, Life, OnFieldChange
from reconciler.operations.wiring import able_kinds
from reconciler.providers.discovery import providers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER = schema_folder()
FILES = sorted(FOLDER.rglob("*.schema.json"))
OURS = [file for file in FILES if file.parent != FOLDER or file.name.split(".")[0] in {"envelope", "project", "meta"}]
KINDS = [file for file in OURS if file.parent != FOLDER]
CATALOGUE = load_catalogue()


def read(file: Path) -> dict[str, Any]:
    """A schema file."""
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


META = Draft202012Validator(read(FOLDER / "meta.schema.json"))


def subschemas(schema: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema in a schema, itself included."""
    if not isinstance(schema, dict):
        return
    yield where, schema
    for keyword in ("properties", "patternProperties", "$defs"):
        for name, part in schema.get(keyword, {}).items():
            yield from subschemas(part, f"{where}/{keyword}/{name}")
    for keyword in ("items", "additionalProperties", "propertyNames", "if", "then", "else", "not", "contains"):
        yield from subschemas(schema.get(keyword), f"{where}/{keyword}")
    for keyword in ("allOf", "anyOf", "oneOf", "prefixItems"):
        for index, part in enumerate(schema.get(keyword, [])):
            yield from subschemas(part, f"{where}/{keyword}/{index}")


def test_there_are_schemas() -> None:
    """The tests below look at something."""
    assert len(KINDS) >= 3
    assert len(OURS) >= 6


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.name)
def test_keeps_the_rules_of_the_schema_of_schemas(file: Path) -> None:
    """Standard keywords are used rightly, misspelt ones are refused, every fact has a reason."""
    assert [(error.json_path, error.message) for error in META.iter_errors(read(file))] == []


BAD: list[tuple[str, dict[str, Any]]] = [
    ("a misspelt keyword", {"properties": {"a": {"maxLenght": 1}}}),
    ("an unknown fact", {"items": {"x-imutable": "because it is so"}}),
    ("a fact without its reason", {"properties": {"a": {"x-immutable": True}}}),
    ("a default without its reason", {"properties": {"a": {"x-server-default": {"value": 1}}}}),
    ("a pattern without words", {"properties": {"a": {"pattern": "^a$"}}}),
    ("words that are no rule", {"pattern": "^a$", "patternErrorMessage": "a letter"}),
    ("a kind without a life", {"$id": "urn:x", "title": "t", "description": "ddd", "x-kind": "A", "x-platform": "p"}),
    ("a life that is none", {"x-life": "eternal"}),
    ("a wrong standard keyword", {"properties": {"a": {"type": "text"}}}),
    ("a fact deep inside", {"allOf": [{"then": {"properties": {"a": {"items": {"x-secret": ""}}}}}]}),
]


@pytest.mark.parametrize("schema", [bad for _, bad in BAD], ids=[name for name, _ in BAD])
def test_the_schema_of_schemas_refuses(schema: dict[str, Any]) -> None:
    """A schema of schemas that accepts everything would check nothing."""
    assert not META.is_valid(schema)


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.name)
def test_identifiers_are_stable_and_tell_the_path(file: Path) -> None:
    """An identifier is a promise: it follows from the path and the version, and nothing is ever fetched by it."""
    expected = f"https://gitops-reconciler.example/schemas/v1/{file.relative_to(FOLDER).as_posix()}"
    assert read(file)["$id"] == expected
    assert read(file)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("key", sorted(CATALOGUE.kinds), ids="/".join)
def test_every_property_is_described(key: tuple[str, str]) -> None:
    """Editors show the description of the field under the cursor, in every form and at every depth."""
    schema = CATALOGUE.schemas[key]
    for form in {"envelope", "native"} & schema["$defs"].keys():
        for where, part in subschemas(definition(schema, form)):
            if "/if/" in where or where[-3:] == "/if":
                continue
            for name, field in part.get("properties", {}).items():
                if isinstance(field, dict):
                    assert len(field.get("description", "")) > 10, f"{form}{where}/{name}"
            for keyword in ("items", "additionalProperties"):
                if isinstance(part.get(keyword), dict):
                    assert len(part[keyword].get("description", "")) > 7, f"{form}{where}/{keyword}"


def test_every_property_of_the_project_file_is_described() -> None:
    """The same for the project file."""
    for where, part in subschemas(CATALOGUE.project):
        for name, field in part.get("properties", {}).items():
            target = CATALOGUE.project["$defs"].get(field.get("$ref", "").rpartition("/")[2], {})
            assert len({**target, **field}.get("description", "")) > 10, f"{where}/{name}"


@pytest.mark.parametrize("file", OURS, ids=lambda file: file.name)
def test_patterns_mean_the_same_in_every_language(file: Path) -> None:
    """No class that depends on the alphabet of the regex engine, both ends fixed, and it compiles."""
    for where, part in subschemas(read(file)):
        if (pattern := part.get("pattern")) is not None and where != "/properties/patternErrorMessage":
            re.compile(pattern)
            assert not re.search(r"\\[dDwWb]", pattern), where
            assert pattern.startswith("^"), where
            assert pattern.endswith("$"), where


@pytest.mark.parametrize("file", KINDS, ids=lambda file: file.name)
def test_every_object_is_closed(file: Path) -> None:
    """A misspelt field is an error, never ignored; a map that knows some of its keys describes the others."""
    for where, part in subschemas(read(file)):
        if "properties" in part and "/if" not in where and "/then" not in where and "$ref" not in part:
            others = part.get("additionalProperties")
            assert others is False or (isinstance(others, dict) and others.get("description")), where


@pytest.mark.parametrize("file", KINDS, ids=lambda file: file.name)
def test_examples_and_defaults_are_valid(file: Path) -> None:
    """What an editor offers must be accepted."""
    schema = CATALOGUE.schemas[read(file)["x-platform"], read(file)["x-kind"]]
    count = 0
    for where, part in subschemas(definition(schema, "envelope")):
        for example in [*part.get("examples", []), *([part["default"]] if "default" in part else [])]:
            count += 1
            assert Draft202012Validator(part).is_valid(example), f"{where}: {example!r}"
    assert count > 5


@pytest.mark.parametrize("file", KINDS, ids=lambda file: file.name)
def test_no_definition_is_left_over(file: Path) -> None:
    """Every definition is used."""
    text = json.dumps(read(file))
    for name in read(file)["$defs"]:
        assert f'"#/$defs/{name}"' in text, name


def test_the_life_and_identity_of_the_kinds() -> None:
    """What the rest of the program knows about each kind comes from here."""
    kinds = {name: kind for (platform, name), kind in CATALOGUE.kinds.items() if platform == "ai4s"}
    assert {name: (kind.life, kind.identity, kind.native_key) for name, kind in kinds.items()} == {
        "App": (Life.STANDING, ("name", "version"), "app"),
        "Workflow": (Life.STANDING, ("name", "version"), "workflow"),
        "Job": (Life.RUN, ("name",), "job"),
        "Space": (Life.STANDING, ("name",), ""),
        "Member": (Life.STANDING, ("user",), ""),
        "Label": (Life.STANDING, ("name",), ""),
        "Image": (Life.STANDING, ("name",), ""),
        "Notebook": (Life.STANDING, ("name",), ""),
        "PerformanceResource": (Life.STANDING, ("name",), ""),
        "VendorConfig": (Life.STANDING, ("profile",), ""),
        "DataJob": (Life.RUN, ("name",), ""),
    }


def rules(kind: str) -> dict[str, Any]:
    """The rules of a kind by path."""
    return {rule.path: rule for rule in CATALOGUE.kinds["ai4s", kind].rules}


def test_defaults_are_the_app_s_alone() -> None:
    """The resources of an app have defaults; those of workflows and jobs are inherited, so none is filled in."""
    app = {path: rule.server_default for path, rule in rules("App").items() if rule.has_server_default}
    assert app == {
        "resources.cpu_type": "X86",
        "resources.cpu": "1C",
        "resources.memory": "1G",
        "resources.gpu": "0",
    }
    workflow = {path: rule.server_default for path, rule in rules("Workflow").items() if rule.has_server_default}
    assert workflow == {"timeout": 1440, "tasks[].inputs[].source": "MANUAL", "tasks[].outputs[].source": "MANUAL"}
    job = {path: rule.server_default for path, rule in rules("Job").items() if rule.has_server_default}
    assert job == {
        "timeout": 1440,
        "priority": 0,
        "tasks[].inputs[].source": "MANUAL",
        "tasks[].outputs[].source": "MANUAL",
    }


def test_other_facts() -> None:
    """A sample of each fact, at the path where planning will look for it."""
    app, workflow, job = rules("App"), rules("Workflow"), rules("Job")
    assert app["name"].on_change is app["version"].on_change is OnFieldChange.REPLACE
    assert app["description"].cosmetic
    assert app["inputs[].description"].cosmetic
    assert not app["description"].on_change
    assert app["labels"].unordered
    assert app["inputs"].list_key == app["outputs"].list_key == "name"
    assert workflow["tasks"].list_key == job["tasks"].list_key == "task_name"
    assert workflow["tasks[].inputs"].list_key == "name"
    assert app["resources.cpu"].quantity == job["tasks[].resources.cpu"].quantity == "C"
    assert workflow["tasks[].resources.memory"].quantity == "G"
    assert workflow["tasks[].app_id"].refers_to.kind == "App"
    assert job["tool_id"].refers_to.kinds == ("Workflow", "App")
    assert job["tool_id"].refers_to.form == "{name}::{version}::{scope}"
    assert app["resources.gpu_type"].empty_is_absent
    assert all(rule.reason for rule in (*app.values(), *workflow.values(), *job.values()))
    assert CATALOGUE.integer_texts["ai4s", "App"] == ("resources.gpu",)
    assert CATALOGUE.integer_texts["ai4s", "Job"] == ("tasks[].resources.gpu",)


def test_exported_schemas_stand_alone() -> None:
    """An editor needs one file: every reference of an exported schema leads into itself."""
    for platform, kind in CATALOGUE.kinds:
        exported = CATALOGUE.schema(platform, kind)
        Draft202012Validator.check_schema(exported)
        for where, part in subschemas(exported):
            if reference := part.get("$ref"):
                assert reference.startswith("#/$defs/"), where
                assert reference.rpartition("/")[2] in exported["$defs"], where
    assert all("$ref" not in part or part["$ref"].startswith("#") for _, part in subschemas(CATALOGUE.project))


def test_what_no_create_brings_about_can_be_updated() -> None:
    """It stands at the root of a standing thing whose handler updates, and may change in place: an update follows."""
    late = {
        (kind.platform, kind.name, rule.path): (kind, rule)
        for kind in able_kinds(CATALOGUE.kinds, providers()).values()
        for rule in kind.rules
        if rule.after_create
    }
    assert {("ai4s", "Notebook", "state"), ("pai-dlc", "Tensorboard", "State")} <= late.keys()
    for kind, rule in late.values():
        assert (kind.life, "." in rule.path or "[" in rule.path) == (Life.STANDING, False)
        assert rule.on_change is None
        assert Ability.UPDATE in kind.can
