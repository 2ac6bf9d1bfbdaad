"""Tables of what does here what a vendor's own command line tool does.

They come from docs/<name>.counterparts.yaml and stand between two comments of docs/<name>.md, whose rest is written by
hand.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SUFFIX: Final = ".counterparts.yaml"
BEGIN: Final = "<!-- counterparts: written by `make docs` -->"
END: Final = "<!-- end of counterparts -->"
_BETWEEN: Final = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)


def counterpart_pages(folder: Path) -> dict[str, str]:
    """The text of each page below `folder` that has such tables, by its name. Raises ValueError for one that has no
    place for them.
    """
    pages = {}
    for file in sorted(folder.glob(f"*{SUFFIX}")):
        name = f"{file.name.removesuffix(SUFFIX)}.md"
        tables = "\n".join([BEGIN, "", *_tables(yaml.safe_load(file.read_text(encoding="utf-8"))), END])
        text, found = _BETWEEN.subn(lambda _: tables, (folder / name).read_text(encoding="utf-8"))  # noqa: B023 - called at once
        if found != 1:
            msg = f"{name} has {found} places for its tables, want one"
            raise ValueError(msg)
        pages[name] = text
    return pages


def _tables(data: Mapping[str, Any]) -> Iterator[str]:
    tool = data["tool"]
    for section in data["sections"]:
        yield from (f"### {section['title']}", "", f"| `{tool}` | here |", "|---|---|")
        for command in section["commands"]:
            names = " or ".join(f"`{name.strip()}`" for name in command["command"].split(","))
            yield f"| **{names}** | {cell(command['here'])} |"
            for flag, here in command.get("flags", {}).items():
                yield f"| {_flag(flag)} | {cell(here)} |"
        yield ""
    yield from ("### Everywhere", "", f"| `{tool}` | here |", "|---|---|")
    for flag, here in data["common"].items():
        yield f"| {_flag(flag)} | {cell(here)} |"
    yield ""


def _flag(words: str) -> str:
    return "&nbsp;&nbsp;" + ", ".join(f"`{word}`" for word in words.split())


def cell(here: list[dict[str, str]]) -> str:
    """A counterpart in words: what one writes first, with its notes behind it."""
    said = ""
    for each in here:
        ((word, text),) = each.items()
        shown = _said(word, text).replace("|", "\\|")
        joint = " (" if word == "note" and said else "; " if said else ""
        said += f"{joint}{shown}{')' if joint == ' (' else ''}"
    return said


def _said(word: str, text: str) -> str:
    kind, _, path = text.partition(".")
    said = {
        "run": f"`reconciler {text}`",
        "field": f"`{path}` of `{kind}`",
        "kind": f"a manifest of kind `{text}`",
        "key": f"`{text}:` of the target",
        "metadata": f"`metadata.{text}` of the manifest",
        "variable": f"environment variable `{text}`",
        "code": f"finding [`{text}`](errors.md)",
    }
    return said.get(word, text)
