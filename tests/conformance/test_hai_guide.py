"""docs/hai.md: every command of the platform's own client has a counterpart here, or a written reason why not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.cli.app import COMMANDS

PAGE = (Path(__file__).parents[2] / "docs" / "hai.md").read_text("utf-8")
GUIDE = (
    *("bash", "exec", "python", "run"),
    *("describe", "list", "logs", "ssh", "status", "stop"),
    *("monitor", "nodes", "prof", "validate", "version"),
    *("init", "whoami"),
    *("haienv create", "haienv list", "haienv remove"),
)
"""Every command that the hai-cli guide names."""
OPEN_CLIENT = (
    "images list",
    *(f"artifact {word}" for word in ("set", "get", "list", "remove", "map", "unmap", "showmapped")),
    "haiworkspace",
)
"""Those that only the open client has."""
ROWS = dict(re.findall(r"^\| `([a-z ]+)` \| (.*) \|$", PAGE, re.MULTILINE))


@pytest.mark.parametrize("command", [*GUIDE, *OPEN_CLIENT])
def test_every_command_has_a_row(command: str) -> None:
    """A command of ours that exists, or `none` with a reason of more than a few words."""
    counterpart, _, remark = ROWS[command].partition(" | ")
    if counterpart == "none":
        assert len(remark) > 10 or remark == "the same"
    else:
        assert re.fullmatch(r"`reconciler [a-z]+`", counterpart)
        assert counterpart.strip("`").split()[1] in COMMANDS


def test_no_row_is_made_up() -> None:
    """The table names nothing that the client does not have."""
    assert set(ROWS) == {*GUIDE, *OPEN_CLIENT}


def test_every_command_shown_exists() -> None:
    """Also those in the text."""
    shown = set(re.findall(r"`reconciler ([a-z]+)", PAGE))
    assert len(shown) > 12
    assert shown <= set(COMMANDS)
