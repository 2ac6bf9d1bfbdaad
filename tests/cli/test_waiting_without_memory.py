"""Waiting for runs where what is seen cannot be written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.running import Project


def test_who_waits_is_told_how_runs_end_whatever_becomes_of_the_memory(project: Project) -> None:
    """A full disk, or a git remote that is away for a moment, ends no wait of hours: the next plan sees the same."""
    project.greeting()
    assert project.run("apply", "--yes").code == 0
    lock = project.root / ".reconciler" / "state" / "dev" / "lock"
    lock.unlink()
    lock.mkdir()
    ended = project.run("wait")
    assert ended.code == 0, ended.err
    assert "succeeded" in ended.out
    assert "not written down: cannot write" in ended.err
    lock.rmdir()
    assert project.run("plan").code == 0
