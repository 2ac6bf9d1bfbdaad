"""How runs go, in the comment of their review; what moved, in one issue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.address import Address
from reconciler.model.resource import Phase
from reconciler.rendering.progress import STATUS_LIMIT, RunProgress, render_refusal, render_runs_status
from reconciler.rendering.sides import Profile
from tests.cli.running import APP, Project
from tests.review.test_story import SECOND_JOB, story

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.review.story import Story

__all__ = ["story"]


def test_the_state_of_runs_comes_back(story: Story) -> None:
    """The same comment says how the runs of the merged change went; nothing is rewritten when nothing is new."""
    story.branch(edit={"job2.yaml": ("", SECOND_JOB)})
    assert story.review().code == 0
    story.merge()
    assert story.apply().code == 0
    ended = story.run("report", "--pr", "1")
    assert ended.code == 0, ended.said
    (comment,) = story.model.ours()
    assert "Applied at" in comment.body
    assert "Runs: 1 succeeded." in comment.body
    assert "### Plan" in comment.body
    assert story.model.statuses[-1][0] == story.model.merge
    statuses, body = len(story.model.statuses), comment.body
    assert story.run("report", "--pr", "1").code == 0
    assert (len(story.model.statuses), comment.body) == (statuses, body)


def test_nothing_is_said_of_what_was_not_applied(story: Story) -> None:
    """A review alone has no runs."""
    story.branch(edit={"job2.yaml": ("", SECOND_JOB)})
    assert story.review().code == 0
    before = story.model.comments[0].body
    assert story.run("report", "--pr", "1").code == 0
    assert story.model.comments[0].body == before


def test_drift_has_one_issue(story: Story, tmp_path: Path) -> None:
    """Opened when something moved, rewritten when it moved on, closed when nothing differs, opened again."""
    assert story.run("report", "--drift").code == 0
    assert story.model.issues == []
    other = Project(tmp_path / "other", story.project.endpoint)

    def move(memory: str) -> None:
        other.write("app.yaml", APP.replace("0.5G", memory))
        assert other.run("apply", "--yes").code == 0
        assert story.run("report", "--drift").code == 0

    move("4G")
    (issue,) = story.model.issues
    assert issue.open
    assert "4G" in issue.body
    move("8G")
    assert (len(story.model.issues), issue.open) == (1, True)
    assert "8G" in issue.body
    move("0.5G")
    assert (len(story.model.issues), issue.open) == (1, False)
    move("4G")
    assert (len(story.model.issues), issue.open) == (1, True)


def _run(name: str, phase: Phase | None, **more: object) -> RunProgress:
    return RunProgress(Address("t", "Job", "s", name), phase, **more)  # type: ignore[arg-type]


def test_the_status_is_as_it_was(golden: Callable[[str, str], None]) -> None:
    """Failures first, with time, reason and last lines; nothing of it can act."""
    runs = (
        _run("a", Phase.SUCCEEDED, seconds=3_700.0),
        _run("b", Phase.RUNNING, seconds=61.0),
        _run("c", Phase.PENDING),
        _run("d", Phase.FAILED, seconds=5.0, reason="@all exit 1", log=("```", "\x1b[31m::error::x", "</details>")),
        _run("e", None),
    )
    text = render_runs_status(runs, Profile.FULL)
    golden("runs.md", text)
    assert text.index("**failed**") < text.index("**running**")
    hidden = render_runs_status(runs, Profile.REDACTED)
    assert "exit 1" not in hidden
    assert "::error" not in hidden


def test_a_status_is_short() -> None:
    """However much there is to say, with how much is missing."""
    log = tuple("x" * 500 for _ in range(12))
    runs = [_run(f"r{n}", Phase.FAILED, reason="y" * 900, log=log) for n in range(400)]
    text = render_runs_status(runs, Profile.FULL)
    assert len(text) <= STATUS_LIMIT
    assert text.count("- **failed**") + int(text.split("**And ")[1].split(" ")[0]) == 400
    assert len(render_refusal(["z" * 500] * 400, "hint")) <= STATUS_LIMIT + 100
