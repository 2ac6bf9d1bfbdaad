"""Spelling, widths and tables."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.rendering.tables import render_table, render_words, rows_to_json
from reconciler.rendering.words import columns, counted, duration, fit, listed, printable, value


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text", "plain text"),
        ("生物信息 数据", "生物信息 数据"),
        ("a\nb\tc\r", r"a\nb\tc\r"),
        ("\x1b[0m\x9b", r"\x1b[0m\x9b"),
        ("\u202e\u2066\u200b\ufeff", r"\u202e\u2066\u200b\ufeff"),
        ("\U000e0041", r"\U000e0041"),
        ("\ud800", r"\ud800"),
        ("a\u3000b\u00a0c", "a\u3000b\u00a0c"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    """Text stays as it is, everything that is not text is spelled out."""
    assert printable(text) == shown


@given(st.text(st.characters(codec=None)))
def test_printable_is_one_line_of_text(text: str) -> None:
    """What comes out cannot break a line or encode badly, and making it printable again changes nothing."""
    shown = printable(text)
    assert len(shown.splitlines()) <= 1
    assert printable(shown) == shown
    shown.encode()


@given(st.text(), st.integers(0, 40))
def test_fit(text: str, width: int) -> None:
    """Never wider than asked for, and untouched when it fits."""
    shown = printable(text)
    cut = fit(shown, width)
    assert columns(cut) <= width
    assert cut == shown or columns(shown) > width


@pytest.mark.parametrize(
    ("side", "shown"),
    [
        ("16G", "16G"),
        ("1", '"1"'),
        (1, "1"),
        ("true", '"true"'),
        (True, "true"),
        ("", '""'),
        ("a b", '"a b"'),
        (None, "null"),
    ],
)
def test_value(side: object, shown: str) -> None:
    """A string that could be taken for a number, a boolean or null is quoted; plain words are not."""
    assert value(side) == shown


def test_value_of_structures_and_control_characters() -> None:
    """Structures are JSON; what JSON does not escape is spelled out."""
    assert value({"b": [1], "a": "\x9b"}) == r'{"a":"\x9b","b":[1]}'


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.04, "0.0s"), (9.94, "9.9s"), (12.4, "12s"), (185, "3m 05s"), (7620, "2h 07m")]
)
def test_duration(seconds: float, shown: str) -> None:
    """Short times with a tenth, long ones without what nobody needs."""
    assert duration(seconds) == shown


def test_counting() -> None:
    """Numbers and lists as in a sentence."""
    assert counted(1, "error") == "1 error"
    assert counted(2, "query", "queries") == "2 queries"
    assert [listed(["a"]), listed(["a", "b", "c"]), listed([])] == ["a", "a, b and c", ""]


def test_table() -> None:
    """Columns are as wide as they need; trailing space is not printed."""
    rows = [["a", "1"], ["生物", ""]]
    assert render_table(["name", "count"], rows) == "NAME  COUNT\na     1\n生物\n"
    assert render_table(["name"], []) == ""


def test_a_narrow_table_cuts_its_widest_column() -> None:
    """The terminal's width is kept, as long as every column stays readable; width 0 cuts nothing."""
    rows = [["x" * 50, "y" * 10]]
    assert max(len(line) for line in render_table(["name", "z"], rows, width=40).splitlines()) <= 40
    assert "x" * 50 in render_table(["name", "z"], rows, width=0)
    assert render_table(["name", "z"], [["x" * 50, ""]], width=40).splitlines() == ["NAME", "x" * 37 + "..."]


def test_a_narrow_table_cuts_the_first_column_last() -> None:
    """What a row is about, and what one types next, is whole while others can give way; empty columns go first."""
    address, number = "ai4s/Workflow/demo/hello@1.0.0", "29e526b4-a923-4ee9-9c30-e9402ddce2e9"
    head, row = render_table(
        ["address", "phase", "id", "detail"], [[address, "ready", number, ""]], width=60
    ).splitlines()
    assert head.split() == ["ADDRESS", "PHASE", "ID"]
    assert row.startswith(f"{address}  ready  29e526b4-")
    assert row.endswith("...")
    assert len(row) == 60
    assert "DETAIL" in render_table(["address", "detail"], [[address, ""]], width=80)


def test_a_table_cannot_be_broken_by_a_cell() -> None:
    """A line break in a cell is spelled out."""
    assert render_table(["a"], [["x\ny"]]).splitlines()[1] == r"x\ny"


def test_rows_to_json() -> None:
    """Rows for programs carry the version of their shape."""
    assert json.loads(rows_to_json("runs", [{"b": 1}])) == {"format": "reconciler.runs/v1", "items": [{"b": 1}]}


@pytest.mark.parametrize("width", [20, 38, 60, 100, 0])
def test_lists_of_words_are_never_cut(width: int) -> None:
    """Beside the other cells where there is room, else below them: every word whole, every line within the width."""
    rows = [["pai-dlc/v1", "Job", "create delete events find links logs metrics read stop update"], ["x", "y", ""]]
    text = render_words(["version", "kind", "abilities"], rows, width=width)
    assert [word for word in text.split() if word in rows[0][2].split()] == rows[0][2].split()
    assert not width or max(map(columns, text.splitlines())) <= width
    assert ("ABILITIES" in text) == (width not in {20, 38})
    assert render_words(["version", "kind"], [], width=width) == ""
