"""Diagnostics for people, for GitHub and for code scanners."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Severity, Source
from reconciler.rendering.findings import render_diagnostics
from reconciler.rendering.github import neutral_line, render_annotations
from reconciler.rendering.sarif import render_sarif
from tests.rendering.strategies import DIAGNOSTICS

TEXT = "app:\n  name: fastqc\n  comands: [ls]\n"
UNKNOWN = Diagnostic(
    Severity.ERROR,
    "schema.unknown-key",
    "unknown key 'comands'",
    Source("apps/a.yaml", 3, 3),
    "/app/comands",
    "did you mean 'commands'?",
)
WARNING = Diagnostic(Severity.WARNING, "x.y", "look", address=Address("t", "App", "s", "n"))


def test_place_line_caret_and_hint() -> None:
    """A finding names its place as editors understand it, quotes the line and points at the column."""
    assert render_diagnostics([UNKNOWN], {"apps/a.yaml": TEXT}) == (
        "apps/a.yaml:3:3: error: unknown key 'comands' [schema.unknown-key]\n"
        "    3 |   comands: [ls]\n"
        "      |   ^\n"
        "  hint: did you mean 'commands'?\n"
        "1 error in 1 file.\n"
    )


def test_a_file_is_taken_apart_once() -> None:
    """However many findings are about it: a file of thousands of documents may have one in each."""

    class Text(str):
        __slots__ = ()
        taken_apart = 0

        def split(self, *words: Any, **named: Any) -> list[str]:
            Text.taken_apart += 1
            return super().split(*words, **named)

    shown = render_diagnostics([UNKNOWN, replace(UNKNOWN, code="x.y")], {"apps/a.yaml": Text(TEXT)})
    assert shown.count("    3 |   comands: [ls]\n") == 2
    assert Text.taken_apart == 1


def test_without_the_text_no_line_is_quoted() -> None:
    """A file whose text is not at hand still gets its message."""
    assert "|" not in render_diagnostics([UNKNOWN])


def test_without_a_file_the_address_is_named() -> None:
    """Findings about no file name what they are about."""
    assert render_diagnostics([WARNING]) == "t/App/s/n: warning: look [x.y]\n1 warning.\n"


def test_file_order_and_summary() -> None:
    """Findings come in the order of files and lines, whatever order they were found in."""
    later = Diagnostic(Severity.ERROR, "a", "second", Source("b.yaml", 2))
    lines = render_diagnostics([later, WARNING, UNKNOWN]).splitlines()
    assert [line.split(" ")[0] for line in lines] == ["t/App/s/n:", "apps/a.yaml:3:3:", "", "b.yaml:2:", "2"]
    assert lines[-1] == "2 errors and 1 warning in 2 files."


def test_nothing_to_say() -> None:
    """No findings, no text."""
    assert render_diagnostics([]) == render_annotations([]) == ""


def test_a_long_line_is_cut_around_the_caret() -> None:
    """The caret stands below its column even when the line had to be cut."""
    place = Diagnostic(Severity.ERROR, "c", "m", Source("a", 1, 501))
    quoted, caret = render_diagnostics([place], {"a": "x" * 500 + "Y" + "x" * 500}).splitlines()[1:3]
    assert len(quoted) < 130
    assert quoted[caret.index("^")] == "Y"


def test_the_caret_stands_below_wide_and_control_characters() -> None:
    """Wide characters take two columns, spelled-out ones as many as their spelling."""
    place = Diagnostic(Severity.ERROR, "c", "m", Source("a", 1, 4))
    quoted, caret = render_diagnostics([place], {"a": "名\t\x1bY"}).splitlines()[1:3]
    assert quoted.endswith(r"名\t\x1bY")
    assert len(caret) - 1 == quoted.index("Y") + 1


@given(DIAGNOSTICS, st.text(max_size=40))
def test_no_finding_drives_the_terminal(diagnostic: Diagnostic, text: str) -> None:
    """Neither the message nor the quoted file can write control characters."""
    sources = {diagnostic.source.file: text} if diagnostic.source else {}
    assert all(c.isprintable() or c.isspace() for c in render_diagnostics([diagnostic], sources))


def test_annotation() -> None:
    """A finding is a workflow command with its place as properties."""
    assert render_annotations([UNKNOWN]) == (
        "::error file=apps/a.yaml,line=3,col=3,title=schema.unknown-key"
        "::unknown key 'comands' (did you mean 'commands'?)\n"
    )


@given(DIAGNOSTICS)
def test_one_finding_is_one_command(diagnostic: Diagnostic) -> None:
    """No text breaks out of its line, its property or its command."""
    text = render_annotations([diagnostic])
    assert len(text.splitlines()) == 1
    command, _, _message = text[2:].partition("::")
    properties = command.partition(" ")[2].split(",")
    assert {p.partition("=")[0] for p in properties} <= {"file", "line", "col", "title"}


def test_annotation_escapes() -> None:
    """Percent signs, line breaks, colons and commas travel as the runner's own escapes."""
    d = Diagnostic(Severity.NOTE, "c", "50%\n::error::x\r\ny", Source("a,b:c%.yaml", 1))
    assert render_annotations([d]) == "::notice file=a%2Cb%3Ac%25.yaml,line=1,title=c::50%25%0A::error::x%0Ay\n"


@pytest.mark.parametrize("line", ["::add-mask::x", "  ::set-env::y", "a ##[group]b"])
def test_foreign_lines_are_no_commands(line: str) -> None:
    """Output of a job that looks like a command for the runner is not obeyed."""
    assert neutral_line(line) == f"| {line}"
    assert neutral_line("plain :: text") == "plain :: text"


def test_sarif() -> None:
    """Rules, results, places and stable fingerprints as SARIF 2.1.0 wants them."""
    document = json.loads(render_sarif([UNKNOWN, WARNING]))
    assert document["version"] == "2.1.0"
    run = document["runs"][0]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["schema.unknown-key", "x.y"]
    about_address, about_file = run["results"]
    assert about_file["level"] == "error"
    assert about_file["ruleIndex"] == 0
    assert about_file["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "apps/a.yaml"},
        "region": {"startLine": 3, "startColumn": 3},
    }
    assert about_address["locations"] == [{"logicalLocations": [{"fullyQualifiedName": "t/App/s/n"}]}]


def test_sarif_fingerprint_survives_moving_lines() -> None:
    """The same finding further down in the file keeps its fingerprint; another one has another."""
    moved = Diagnostic(Severity.ERROR, UNKNOWN.code, UNKNOWN.message, Source("apps/a.yaml", 9, 3), UNKNOWN.pointer)
    prints = re.findall(r'"finding/v1": "([0-9a-f]+)"', render_sarif([UNKNOWN, moved, WARNING]))
    assert len(prints) == 3
    assert len(set(prints)) == 2


def test_a_file_name_that_is_no_text_has_a_place_for_code_scanners() -> None:
    """Its bytes, percent-encoded, as in any URI."""
    odd = replace(UNKNOWN, source=Source(b"apps/\xff.yaml".decode("utf-8", "surrogateescape"), 1))
    result = json.loads(render_sarif([odd]))["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "apps/%FF.yaml"
