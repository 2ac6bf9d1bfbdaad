"""The generated pages are current, and complete."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.cli.app import COMMANDS
from reconciler.cli.reference import PAGES
from reconciler.model.change import Action
from reconciler.model.codes import CODES

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_current(name: str) -> None:
    """`make docs` would change nothing."""
    assert (DOCS / name).read_text(encoding="utf-8") == PAGES[name](), "run `make docs`"


def test_every_command_and_code_is_there() -> None:
    """Nothing that can be called or printed is missing."""
    commands, errors = PAGES["commands.md"](), PAGES["errors.md"]()
    assert not [name for name in COMMANDS if f"## reconciler {name}\n" not in commands]
    assert not [code for code in CODES if f"`{code}`" not in errors]


def test_every_option_is_explained() -> None:
    """No row of the reference is empty."""
    rows = [line for line in PAGES["commands.md"]().splitlines() if line.startswith("| `")]
    assert len(rows) > 60
    assert not [row for row in rows if row.endswith("|  |")]


def test_the_decision_tables_say_what_decide_says() -> None:
    """Every action but the ones that need fields stands in a table, and no cell is empty but that of the calls."""
    page = PAGES["planning.md"]()
    rows = [line.split("|")[1:-1] for line in page.splitlines() if line.startswith("| ") and "---" not in line]
    assert len(rows) > 45
    assert not [row for row in rows if not (row[0].strip() and row[1].strip() and row[3].strip())]
    named = {row[1].split()[-1] for row in rows}
    assert {action.value for action in Action} <= named
