"""Budgets that keep files and functions readable (style.md, rule 2)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "reconciler").rglob("*.py"))
FILE_LINES = 400
FUNCTION_LINES = 60
ORCHESTRATOR_LINES = 40


def _functions(path: Path) -> list[tuple[str, int]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        (node.name, (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_there_are_sources() -> None:
    """The checks below look at something."""
    assert len(SOURCES) > 50


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_file_and_function_sizes(path: Path) -> None:
    """No file over 400 lines, no function over 60, no function of an orchestrator over 40."""
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= FILE_LINES, f"{path.name} has {lines} lines"
    limit = ORCHESTRATOR_LINES if path.parent.name == "operations" else FUNCTION_LINES
    long = [(name, size) for name, size in _functions(path) if size > limit]
    assert not long, f"functions over {limit} lines in {path.name}: {long}"
