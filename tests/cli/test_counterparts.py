"""Every counterpart of a vendor's own command that the documentation names is a real one."""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer
import yaml

from reconciler.cli.app import root_command
from reconciler.cli.reference_counterparts import BEGIN, END, SUFFIX, cell, counterpart_pages
from reconciler.manifests.schemas import load_catalogue
from reconciler.model.codes import CODES
from reconciler.operations import settings
from reconciler.providers.ai4s import data_job, job_rows, standing_rows
from reconciler.providers.discovery import providers
from reconciler.providers.protocol import Browses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CLICK_ERROR: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
DOCS = Path(__file__).resolve().parents[2] / "docs"
FILES = sorted(DOCS.glob(f"*{SUFFIX}"))
CATALOGUE = load_catalogue()
COMMON_TARGET_KEYS = {"endpoint", "region", "platform"}
STANDING = ("name", "status", "user", "created-after", "created-before")
FILTERS: dict[str, Callable[[], tuple[str, ...]]] = {
    "Job": lambda: job_rows.FILTERS,
    "DataJob": lambda: data_job.FILTERS.names,
    "App": lambda: _columns(standing_rows.tool),
    "Workflow": lambda: _columns(standing_rows.tool),
    "Image": lambda: _columns(standing_rows.image),
}


def _columns(row: Any) -> tuple[str, ...]:
    return (*STANDING, *dict(row({"id": "x"}).facts))


@cache
def _data(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def _rows() -> Iterator[tuple[str, str, str, list[dict[str, str]]]]:
    """(platform, command, flags, counterparts) of every row."""
    for file in FILES:
        data, platform = _data(file), file.name.removesuffix(SUFFIX)
        for flag, here in data["common"].items():
            yield platform, "everywhere", flag, here
        for section in data["sections"]:
            for command in section["commands"]:
                yield platform, command["command"], "", command["here"]
                for flag, here in command.get("flags", {}).items():
                    yield platform, command["command"], flag, here


ROWS = list(_rows())


def _wrong(platform: str, word: str, text: str) -> str:
    """What is wrong with one counterpart, "" for nothing."""
    if word == "run":
        return _wrong_command(platform, shlex.split(text))
    if word == "field":
        kind, _, path = text.partition(".")
        return _wrong_field(platform, kind, path)
    if word in {"note", "why"}:
        return "" if len(text) > 10 else "says nothing"
    known = _known(platform).get(word)
    return f"{word!r} is no kind of counterpart" if known is None else "" if text in known else f"no such {word}"


@cache
def _known(platform: str) -> dict[str, set[str]]:
    """Every name there is, by the word that a counterpart calls it with."""
    provider = providers()[platform]
    envelope = yaml.safe_load((DOCS.parent / "schemas" / "envelope.schema.json").read_text(encoding="utf-8"))
    ours = re.findall(r"^ +(RECONCILER_[A-Z_]+) ", settings.__doc__ or "", re.MULTILINE)
    return {
        "kind": {kind for of, kind in CATALOGUE.kinds if of == platform},
        "key": {*provider.settings, *COMMON_TARGET_KEYS, provider.scope_key},
        "metadata": set(envelope["$defs"]["metadata"]["properties"]),
        "variable": {*ours, *(name for each in provider.credentials for name in each.variables)},
        "code": set(CODES),
    }


def _wrong_command(platform: str, words: list[str]) -> str:
    """Whether each word is a command, an option of it, a value, or a kind that can do it."""
    root = root_command()
    if words == ["--help"]:
        return ""
    command = root.get_command(None, words[0])
    if command is None:
        return f"no command {words[0]}"
    try:
        parsed = command.make_context(words[0], words[1:]).params
    except CLICK_ERROR as error:
        return f"{words[0]}: {error.format_message()}"
    kind = next((word for word in words[1:] if word[0].isupper() and not word.isupper()), "")
    kind = "" if "=" in kind else kind
    if kind and (platform, kind) not in CATALOGUE.kinds:
        return f"no kind {kind}"
    filters = [text.partition("=")[0] for text in parsed.get("where") or ()]
    unknown = [name for name in filters if name not in FILTERS[kind]()]
    return f"{kind} has no filter {unknown[0]}" if unknown else ""


def _wrong_field(platform: str, kind: str, path: str) -> str:
    """Whether the schema of a kind has a field: `tasks[].inputs[].values` names members of list items."""
    if (platform, kind) not in CATALOGUE.kinds:
        return f"no kind {kind}"
    definitions = CATALOGUE.schema(platform, kind)["$defs"]
    node = _resolved(definitions["spec"], definitions)
    for part in path.split("."):
        name, listed = part.removesuffix("[]"), part.endswith("[]")
        if name not in node.get("properties", {}):
            return f"{kind} has no field {path} ({name})"
        node = _resolved(node["properties"][name], definitions)
        node = _resolved(node["items"], definitions) if listed else node
    return ""


def _resolved(node: Any, definitions: Any) -> Any:
    while "$ref" in node:
        node = {**definitions[node["$ref"].rpartition("/")[2]], **{k: v for k, v in node.items() if k != "$ref"}}
    return node


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}: {row[1]} {row[2]}".strip())
def test_a_counterpart_is_real(row: tuple[str, str, str, list[dict[str, str]]]) -> None:
    """Every command, option, filter, kind, field, key and variable that it names is there; and it is not empty."""
    platform, _, _, here = row
    problems = [f"{word} {text}: {wrong}" for each in here for word, text in each.items()
                if (wrong := _wrong(platform, word, text))]  # fmt: skip
    assert not problems
    assert any(word != "note" for each in here for word in each) or any("only" in text for text in here[0].values())
    assert len(cell(here)) > 10


def test_every_command_is_there_once() -> None:
    """No command stands in two sections, no flag twice at one command, and there are as many as the manual has."""
    for file in FILES:
        names = [n.strip() for s in _data(file)["sections"] for c in s["commands"] for n in c["command"].split(",")]
        assert len(names) == len(set(names))
    commands = {(platform, command) for platform, command, _, _ in ROWS}
    assert (len(commands) - 1, len(ROWS)) == (52, 204)


def test_the_pages_are_current() -> None:
    """`make docs` would change nothing, and every row is in the page."""
    for name, text in counterpart_pages(DOCS).items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, "run `make docs`"
        assert text[text.index(BEGIN) : text.index(END)].count("\n| ") > 200


def test_a_page_without_a_place_is_told(tmp_path: Path) -> None:
    """A page whose comments are gone must not quietly stay as it is."""
    (tmp_path / f"x{SUFFIX}").write_text("tool: x\nsections: []\ncommon: {}\n", encoding="utf-8")
    (tmp_path / "x.md").write_text("# X\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"x\.md has 0 places"):
        counterpart_pages(tmp_path)


def test_what_is_not_real_is_found() -> None:
    """The checks above can fail."""
    platform = ROWS[0][0]
    for word, text in (
        ("run", "gett Job"),
        ("run", "get Job --limt 3"),
        ("run", "get Job --limit many"),
        ("run", "apply a.yaml b.yaml"),
        ("run", "get Jop"),
        ("run", "get Job --filter stauts=x"),
        ("kind", "Jop"),
        ("field", "Job.tasks[].input"),
        ("key", "regoin"),
        ("metadata", "scop"),
        ("variable", "HW_PASSWORD_OF_USER"),
        ("code", "no.such"),
        ("why", ""),
        ("wyh", "some text that is long"),
    ):
        assert _wrong(platform, word, text), (word, text)


def test_standing_kinds_have_the_filters_they_are_said_to_have() -> None:
    """Where a table names filters, the handler lists rows by itself."""
    assert [kind for kind in FILTERS if not issubclass(providers()["ai4s"].kinds[kind], Browses)] == []
