"""The plan as people read it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.change import ABSENT, Action, Change
from reconciler.model.diagnostic import Diagnostic, Severity, Source
from reconciler.model.kind import Life
from reconciler.model.plan import Plan
from reconciler.rendering.text import render_change, render_plan
from reconciler.rendering.words import columns
from tests.rendering.plans import BASE, address, field, refusal, sample_plan
from tests.rendering.strategies import PLANS

WORK = """\
Work at risk: local/Job/demo/again (running, since when is not known; its GPU-hours are not known) would be stopped \
and submitted anew
1 new run: GPU-hours not known

"""
EXPECTED = """\
error: 1 delete is more than the limit of 0 [policy.max-deletes]
  hint: raise policy.max_deletes

Danger: 1 active run would be stopped, 1 resource would be deleted and 1 resource would be replaced.

  - delete  local/App/demo/gone@1.0.0                        not declared any more
-/+ replace local/Job/demo/again                             edited (live: running)
  . forget  local/Job/demo/forgotten                         ended and not declared any more

  ~ update  local/App/demo/fastqc@1.0.0   a.yaml:1
      /resources/memory   8G -> 16G
      /summary            null -> "Quality control"
      /resources/cpu      recorded 1C, live 4C -> 2C
      /commands/0
        @@ -1,2 +1,2 @@
        -fastqc a
        +fastqc b
         ls
      /env/[TOKEN]/value  (secret) -> "$[[ secrets.token ]]"
      why: edited

  + create  local/App/demo/align@1.0.0   apps/align.yaml:1   new
  < adopt   local/Job/demo/mine                              carries our mark
  ? hold    local/Job/demo/failed                            unchanged (live: failed)

Plan: 1 to create, 1 to update, 1 to replace, 1 to delete, 1 to adopt, 1 to forget, 1 held, 1 unchanged.
Blocked: this plan cannot be applied as it is.
"""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def test_the_whole_plan() -> None:
    """What blocks comes first, then what cannot be taken back, then the rest by severity, then the counts."""
    assert render_plan(sample_plan(diagnostics=(refusal(),)), width=100, colour=False) == WORK + EXPECTED


def test_colour_only_adds_colour() -> None:
    """The coloured plan is the plain one with colours in it."""
    plan = sample_plan(diagnostics=(refusal(),))
    coloured = render_plan(plan, width=100, colour=True)
    assert coloured != WORK + EXPECTED
    assert _COLOUR.sub("", coloured) == WORK + EXPECTED


@given(PLANS, st.integers(1, 200))
def test_nothing_can_drive_the_terminal(plan: Plan, width: int) -> None:
    """No text of a manifest or a platform reaches the terminal as a control, bidirectional or hidden character."""
    for line in render_plan(plan, width=width).split("\n"):
        assert all(c.isprintable() or c.isspace() for c in line)
        assert not {"\r", "\t", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"} & set(line)


def test_escape_sequences_are_spelled_out() -> None:
    """A colour, a bell, a line break and a reading direction in a name or value become visible text."""
    change = Change(
        address("App", "a\x1b[31m"),
        "p",
        Life.STANDING,
        Action.UPDATE,
        "b\n- delete",
        (field("/x", "\u202e1", "2\x07", ABSENT),),
    )
    text = render_change(change)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert r"b\n- delete" in text
    assert r"\u202e1" in text
    assert r"\u0007" in text


def test_a_field_too_wide_takes_a_line_a_side() -> None:
    """Long values are never cut: each side gets its own line."""
    change = Change(
        address("App", "a"), "p", Life.STANDING, Action.UPDATE, "", (field("/image", "x" * 60, "x" * 60 + "2", ABSENT),)
    )
    lines = render_change(change, width=80).splitlines()
    assert lines[2] == f"        - {'x' * 60}"
    assert lines[3] == f"        + {'x' * 60}2"


def test_a_removed_and_an_added_field() -> None:
    """A side without the field says so."""
    fields = (field("/a", 1, ABSENT, 1), field("/b", ABSENT, "1", ABSENT))
    lines = render_change(Change(address("App", "a"), "p", Life.STANDING, Action.UPDATE, "", fields)).splitlines()
    assert lines[1:] == ["      /a  1 -> (absent)", '      /b  (absent) -> "1"']


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        ([], "No changes.\n"),
        ([Action.NO_OP] * 2, "No changes. 2 resources unchanged.\n"),
        ([Action.NO_OP, Action.HOLD], "No changes. 1 resource unchanged. 1 held.\n"),
    ],
)
def test_no_changes(actions: list[Action], words: str) -> None:
    """A plan without steps says so in one line, and still counts what stays as it is."""
    changes = tuple(Change(address("App", f"a{i}"), "p", Life.STANDING, a, "") for i, a in enumerate(actions))
    assert render_plan(Plan(BASE, changes, ())).endswith(words)


def test_a_narrow_terminal_gets_blocks() -> None:
    """What does not fit on one line gets its reason on a line of its own, and nothing is cut."""
    text = render_plan(sample_plan(), width=70)
    assert "  . forget  local/Job/demo/forgotten\n      why: ended and not declared any more\n\n" in text


def test_wide_characters_keep_columns_aligned() -> None:
    """Chinese text counts two columns a character."""
    fields = (field("/名称", 1, 2, 1), field("/summary", 1, 2, 1))
    change = Change(address("App", "a"), "p", Life.STANDING, Action.UPDATE, "", fields)
    first, second = render_change(change).splitlines()[1:]
    assert columns(first.split("  1 ->")[0]) == columns(second.split("  1 ->")[0])


def test_a_refused_change_blocks() -> None:
    """A refusal alone, without a diagnostic, is enough to say that the plan is blocked."""
    change = replace(sample_plan().changes[4], action=Action.REFUSE)
    text = render_plan(Plan(BASE, (change,), ()))
    assert text.startswith("  ! refuse  local/Job/demo/again")
    assert text.endswith("Plan: 1 refused.\nBlocked: this plan cannot be applied as it is.\n")


def test_findings_about_files_are_told_together() -> None:
    """The same finding about several files names each place, and no address where there is none."""
    notes = [Diagnostic(Severity.NOTE, "file.empty", "is empty", Source(f"{name}.yaml", 1, 1)) for name in "ab"]
    text = render_plan(Plan(BASE, (), (), tuple(notes)))
    assert text.startswith("note: is empty [file.empty]\n  a.yaml:1:1\n  b.yaml:1:1\n\n")
