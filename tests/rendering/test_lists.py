"""Lists of texts are shown item by item."""

from __future__ import annotations

from typing import Any

from reconciler.model.address import Address
from reconciler.model.change import ABSENT, Action, Change, FieldChange
from reconciler.model.kind import Life, OnFieldChange
from reconciler.rendering.text import render_change


def _lines(recorded: Any, desired: Any, live: Any, *, secret: bool = False) -> list[str]:
    field = FieldChange("/commands", recorded, desired, live, OnFieldChange.UPDATE, "you edited it", secret)
    change = Change(Address("a", "App", "s", "x"), "p", Life.STANDING, Action.UPDATE, "", (field,))
    return [line.strip() for line in render_change(change).splitlines()[1:]]


def test_a_script_is_compared_line_by_line() -> None:
    """What went, what came, and one line around it: not two walls of JSON."""
    former = [f"step {n}" for n in range(20)]
    latter = [*former[:9], "step nine", *former[10:]]
    assert _lines(former, latter, former) == [
        "/commands   (you edited it)",
        "@@ -9,3 +9,3 @@",
        '"step 8"',
        '-"step 9"',
        '+"step nine"',
        '"step 10"',
    ]


def test_the_live_list_is_what_changes() -> None:
    """Where it moved on the platform, that is compared; where nothing is live, what was recorded."""
    former = ["a", "b", "c", "d"]
    assert "-x" in _lines(former, former, ["a", "x", "c", "d"])
    assert "-b" in _lines(former, ["a", "c", "d"], ABSENT)


def test_items_stay_on_their_lines() -> None:
    """A text with a line break, or an escape, is spelled out."""
    lines = _lines(["a", "b", "c", "d"], ["a", "b", "c", "x\n\x1b[31m"], ABSENT)
    assert lines[-1] == '+"x\\n\\u001b[31m"'


def test_short_and_secret_lists_are_no_diffs() -> None:
    """A few words stand on one line; what is secret is not shown."""
    assert _lines(["a"], ["b"], ["a"]) == ['/commands  ["a"] -> ["b"]   (you edited it)']
    assert "hush" not in "".join(_lines(["hush"] * 9, ["x"], ["hush"] * 9, secret=True))
