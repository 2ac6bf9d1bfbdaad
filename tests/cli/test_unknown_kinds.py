"""What another release, or a package that is not here, has applied: it is named, left alone, and can be let go of."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.model.address import Address
from reconciler.state.file import FileStore

if TYPE_CHECKING:
    from tests.cli.running import Project

STRANGE = Address("ai4s", "Gone", "demo", "x")


@pytest.fixture
def strange(project: Project) -> Project:
    """A project that was applied, and something of a kind that nobody here knows in its memory."""
    project.greeting()
    assert project.run("apply", "--yes", "--wait").code == 0
    store = FileStore(project.root / ".reconciler" / "state", time.time)
    lease = store.lock("dev", "another release")
    state = store.read("dev")
    known = next(each for address, each in state.resources.items() if address.kind == "App")
    kept = {**state.resources, STRANGE: replace(known, address=STRANGE, remote_id="gone-1")}
    store.commit("dev", replace(state, resources=kept), expected_serial=state.serial, lease=lease)
    lease.release()
    return project


@pytest.mark.parametrize(
    "words",
    [
        ["status"], ["status", "Gone/x"], ["state", "list"], ["state", "show", "Gone/x"], ["plan"], ["drift"],
        ["apply", "--yes"], ["wait"], ["export"], ["get"], ["get", "--mine"], ["show", "Gone/x"], ["why", "Gone/x"],
        ["import"], ["adopt", "--write"], ["destroy", "--yes"], ["state", "rebuild", "--yes"],
    ],
)  # fmt: skip
def test_every_command_goes_on(strange: Project, words: list[str]) -> None:
    """None of them stumbles over it."""
    ended = strange.run(*words)
    assert "unexpected" not in ended.err
    assert ended.code == 0


@pytest.mark.parametrize(
    "words",
    [
        ["logs", "Gone/x"],
        ["cancel", "Gone/x", "--yes"],
        ["wait", "Gone/x"],
        ["describe", "Gone/x"],
        ["delete", "Gone/x"],
    ],
)
def test_what_needs_to_know_the_kind_says_so(strange: Project, words: list[str]) -> None:
    """As a wrong use, not as a defect."""
    ended = strange.run(*words)
    assert ended.code == 64
    assert "unexpected" not in ended.err


def test_it_can_be_let_go_of(strange: Project) -> None:
    """Which is what the plan advises."""
    assert "or forget it" in strange.run("plan").out
    ended = strange.run("forget", "Gone/x", "--yes")
    assert ended.code == 0, ended.err
    assert "Gone" not in strange.run("state", "list").out


def test_it_can_be_moved(strange: Project) -> None:
    """A name is ours to give."""
    ended = strange.run("move", "Gone/x", "y", "--yes")
    assert ended.code == 0, ended.err
    assert "Gone/demo/y" in strange.run("state", "list").out
