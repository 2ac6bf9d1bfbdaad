"""A pull request from its opening to its merge, on a real repository and on each host's API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from tests.cli.running import APP, Project
from tests.review.hosts import ADA, APIS, EVE, ROBOT, TOKEN, served
from tests.review.story import Story

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.localplatform.assembly import Platform

MORE = ("0.5G", "2G")
_SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"
SECOND_JOB = "job:\n  name: second\n  workflow_id: hello::1.0.0\n  output_dir: /results/second\n"


_ON_ONE = pytest.mark.parametrize("story", ["github"], indirect=True)
"""For what no host has a part in."""


@pytest.fixture(params=sorted(APIS))
def story(request: pytest.FixtureRequest, project: Project, tmp_path: Path) -> Iterator[Story]:
    """An applied project on the main branch, and nothing else yet."""
    with served(request.param) as (model, url):
        made = Story(request.param, url, model, project, tmp_path)
        project.greeting()
        made.git.commit("first")
        assert project.run("apply", "--yes").code == 0
        yield made


def writes(platform: Platform) -> list[str]:
    """The requests that change something, sign-ins left out."""
    return [e["path"] for e in platform.log.report() if e["method"] != "GET" and "auth" not in e["path"]]


def test_from_opening_to_merge(story: Story) -> None:
    """One comment through two pushes; what it shows is applied, once; how it went stands in it."""
    first = story.branch(edit={"app.yaml": MORE})
    ended = story.review()
    assert ended.code == 0, ended.said
    assert [said.author for said in story.model.comments] == [ROBOT]
    assert "**1 to update.**" in story.model.comments[0].body
    assert story.model.statuses[-1][0] == first
    assert story.model.statuses[-1][1]["state"] == "success"

    story.push({"job2.yaml": ("", SECOND_JOB)})
    assert story.review().code == 0
    assert len(story.model.comments) == 1
    body = story.model.comments[0].body
    assert "**1 to create, 1 to update.**" in body
    assert first[:12] in body
    assert "Earlier pushes" in body

    before = body
    assert story.review().code == 0
    assert story.model.comments[0].body == before

    story.merge()
    ended = story.apply()
    assert ended.code == 0, ended.said
    assert "second" in story.project.run("status").out
    assert len(story.model.comments) == 1
    assert "Applied at" in story.model.comments[0].body
    assert story.model.statuses[-1][0] == story.model.merge

    again = story.apply()
    assert again.code == 0
    assert again.out == "No changes. 4 resources unchanged.\n"
    assert story.project.run("plan", "--detailed-exitcode").code == 0


def test_a_live_change_stops_it(story: Story, platform: Platform, tmp_path: Path) -> None:
    """Somebody changed the app between review and merge: exit 4, nothing written, the difference told and posted."""
    story.branch(edit={"app.yaml": MORE})
    assert story.review().code == 0
    story.merge()
    other = Project(tmp_path / "other", story.project.endpoint)
    other.write("app.yaml", APP.replace("0.5G", "4G"))
    assert other.run("apply", "--yes").code == 0
    platform.log.clear()
    ended = story.apply()
    assert ended.code == 4
    assert "the live object has changed since the review" in ended.err
    assert writes(platform) == []
    body = story.model.ours()[-1].body
    assert "Not applied: nothing was written." in body
    assert "the live object has changed since the review" in body
    assert story.model.statuses[-1][1]["state"] == "failure"


def test_another_push_voids_the_review(story: Story, platform: Platform) -> None:
    """What was pushed after the review, and merged without another one, is not applied."""
    story.branch(edit={"app.yaml": MORE})
    assert story.review().code == 0
    story.push({"job2.yaml": ("", SECOND_JOB)})
    story.merge()
    platform.log.clear()
    ended = story.apply()
    assert ended.code == 4
    assert "what was reviewed is" in ended.err
    assert writes(platform) == []


@_ON_ONE
def test_a_late_review_of_an_old_push_is_not_posted(story: Story) -> None:
    """A job that was overtaken by a newer push says nothing."""
    old = story.branch(edit={"app.yaml": MORE})
    story.push({"job2.yaml": ("", SECOND_JOB)})
    assert story.review().code == 0
    body = story.model.comments[0].body
    newest, story.model.head = story.model.head, old
    variables = story._variables(on_merge=False)
    story.model.head = newest
    ended = story._run(variables, "review", "--base", "main", "--head", old, "--post")
    assert "a newer push is there" in ended.err
    assert story.model.comments[0].body == body


@_ON_ONE
def test_merges_in_between_do_not_matter(story: Story) -> None:
    """Another commit and another apply that touch something else leave a review good."""
    story.branch(edit={"app.yaml": MORE})
    assert story.review().code == 0
    story.git.git("checkout", "--quiet", "main")
    story.project.write("job2.yaml", SECOND_JOB)
    story.git.commit("another")
    assert story.project.run("apply", "--yes").code == 0
    story.merge()
    ended = story.apply()
    assert ended.code == 0, ended.said


@_ON_ONE
def test_drift_is_shown_apart(story: Story, tmp_path: Path) -> None:
    """What moved on the platform before is not this change's doing, field by field; the apply does both."""
    other = Project(tmp_path / "other", story.project.endpoint)
    other.write("app.yaml", APP.replace("0.5G", "4G"))
    assert other.run("apply", "--yes").code == 0
    story.branch(edit={"app.yaml": ("echo hello", "echo there"), "job2.yaml": ("", SECOND_JOB)})
    ended = story.review("--format", "json")
    found = json.loads(ended.out)
    app, job = "ai4s/App/demo/greet@1.0.0", "ai4s/Job/demo/second"
    assert (found["mine"], found["before"]) == ([app, job], [app])
    mine, _, anyway = story.model.comments[0].body.partition("would happen anyway</summary>")
    assert "/resources/memory" not in mine
    assert "there" in mine
    assert "/resources/memory" in anyway
    assert "there" not in anyway
    jsonschema.validate(found, json.loads((_SCHEMAS / "review.schema.json").read_text(encoding="utf-8")))
    story.merge()
    assert story.apply().code == 0


@_ON_ONE
def test_what_is_no_longer_needed_is_said(story: Story, tmp_path: Path) -> None:
    """A change that takes what moved into the manifests makes an update unnecessary, and does nothing itself."""
    other = Project(tmp_path / "other", story.project.endpoint)
    other.write("app.yaml", APP.replace("0.5G", "4G"))
    assert other.run("apply", "--yes").code == 0
    story.branch(edit={"app.yaml": ("0.5G", "4G")})
    found = json.loads(story.review("--format", "json").out)
    assert found["settled"] == ["ai4s/App/demo/greet@1.0.0"]
    assert "no longer needed" in story.model.comments[0].body


def test_nobody_can_speak_for_us(story: Story) -> None:
    """A comment by somebody else is not believed, whatever it copies; ours goes on."""
    story.branch(edit={"app.yaml": MORE})
    assert story.review().code == 0
    forged = story.model.comments[0].body
    story.model.say(EVE, forged)
    story.model.comments[0].body = "edited away"
    story.merge()
    assert story.apply().code == 4
    story.model.comments[0].body = forged
    assert story.apply().code == 0


def test_two_of_ours_become_one(story: Story) -> None:
    """Two jobs at once may both have commented: the last one stays, the other one is folded."""
    story.branch(edit={"app.yaml": MORE})
    assert story.review().code == 0
    story.model.say(ADA, "looks good")
    story.model.say(ROBOT, story.model.comments[0].body)
    assert story.review().code == 0
    first = story.model.comments[0]
    assert first.folded or "Superseded" in first.body
    assert sum("reconciler:review:" in said.body for said in story.model.ours()) == 1


def test_approval_is_for_a_commit(story: Story) -> None:
    """With --approved: by somebody else, and of the very last commit where the host tells."""
    old = story.branch(edit={"app.yaml": MORE})
    story.push({"job2.yaml": ("", SECOND_JOB)})
    assert story.review().code == 0
    story.merge()
    assert story.apply("--approved").code == 4
    story.model.approvals = [(ADA, story.model.head)]
    assert story.apply("--approved").code == 4
    story.model.approvals = [(EVE, old)]
    assert story.apply("--approved").code == (0 if story.name == "gitlab" else 4)
    story.model.approvals = [(EVE, story.model.head)]
    assert story.apply("--approved").code == 0


def test_a_fork_gets_no_look_at_the_platform(story: Story, platform: Platform) -> None:
    """Files are compared with files, without credentials; nothing can be applied by that."""
    story.model.fork = True
    story.branch(edit={"app.yaml": MORE})
    platform.log.clear()
    variables = {k: v for k, v in story._variables(on_merge=False).items() if v != TOKEN}
    story.project.variables = variables
    ended = story.project.run("review", "--base", "main")
    assert ended.code == 0, ended.said
    assert "/resources/memory" in ended.out
    assert "the platforms were not read" in ended.out
    assert platform.log.report() == []


@_ON_ONE
def test_the_public_sees_no_values(story: Story) -> None:
    """In a public repository addresses and fields are shown, values are not."""
    story.public = True
    story.branch(edit={"app.yaml": ("0.5G", "31G")})
    ended = story.review("--html", "review.html", "-o", "plan.json")
    assert ended.code == 0, ended.said
    page = (story.project.root / "review.html").read_text(encoding="utf-8")
    for text in (ended.said, story.model.comments[0].body, page):
        assert "/resources/memory" in text or text is ended.said
        assert "31G" not in text
        assert "0.5G" not in text
    assert not (story.project.root / "plan.json").exists()


@_ON_ONE
def test_a_secret_reaches_nobody(story: Story, platform: Platform) -> None:
    """Not where an author wrote it down, nor the token, nor a key: not in comment, status, page, summary or log."""
    canary, key = "canary-of-a-secret", story.credentials["HUAWEICLOUD_SDK_SK"]
    edit = {"app.yaml": ("echo hello", f"echo {canary} {key} {TOKEN}")}
    story.branch(edit=edit)
    variables = story._variables(on_merge=False) | {"RECONCILER_SECRET_TOKEN": canary}
    ended = story._run(variables, "review", "--base", "main", "--post", "--html", "page.out")
    assert ended.code == 0, ended.said
    story.merge()
    variables = story._variables(on_merge=True) | {"RECONCILER_SECRET_TOKEN": canary}
    applied = story._run(variables, "apply", "--reviewed", "merged")
    assert applied.code == 0, applied.said
    summary = story.folder / "summary.md"
    shown = [ended.said, applied.said, (story.project.root / "page.out").read_text(encoding="utf-8")]
    shown += [summary.read_text(encoding="utf-8")] if summary.exists() else []
    shown += [said.body for said in story.model.comments] + [str(status) for _, status in story.model.statuses]
    for text in shown:
        assert canary not in text
        assert key not in text
    assert all(TOKEN not in said.body for said in story.model.comments)
    assert "***" in story.model.comments[0].body


@_ON_ONE
def test_wrong_files_are_said_in_the_pull_request(story: Story) -> None:
    """Findings instead of a plan, in the same comment, and a failing status; then it is right again."""
    story.branch(edit={"app.yaml": ("memory", "memmory")})
    assert story.review().code == 65
    assert "not valid" in story.model.comments[0].body
    assert story.model.statuses[-1][1]["state"] == "failure"
    story.push({"app.yaml": ("memmory: 0.5G", "memory: 2G")})
    assert story.review().code == 0
    assert len(story.model.comments) == 1
    assert story.model.statuses[-1][1]["state"] == "success"


def test_a_busy_host_is_asked_again(story: Story) -> None:
    """Reads are repeated; a comment is not sent twice."""
    story.branch(edit={"app.yaml": MORE})
    story.model.failures = [503, 429]
    assert story.review().code == 0
    assert len(story.model.comments) == 1


@_ON_ONE
def test_the_work_tree_is_left_alone(story: Story) -> None:
    """Uncommitted edits, the index and HEAD are what they were, and do not count."""
    story.branch(edit={"app.yaml": MORE})
    story.project.write("app.yaml", "half written: [")
    story.project.write("new.yaml", "also: [")
    story.git.git("add", "manifests/new.yaml")
    before = (story.git.git("status", "--porcelain=v2", "--branch"), story.git.git("stash", "list"))
    ended = story.review()
    assert ended.code == 0, ended.said
    assert (story.git.git("status", "--porcelain=v2", "--branch"), story.git.git("stash", "list")) == before


@_ON_ONE
def test_limits_come_from_the_base(story: Story) -> None:
    """A pull request cannot lift the limit that it breaks; that it tries is said."""
    story.project.configure(policy="{ max_deletes: 0 }")
    story.git.commit("limit")
    story.git.git("checkout", "--quiet", "-B", "change")
    story.project.configure(policy="{ max_deletes: 9 }")
    (story.project.root / "manifests" / "job.yaml").unlink()
    (story.project.root / "manifests" / "workflow.yaml").unlink()
    story.model.head = story.git.commit("more")
    ended = story.review()
    assert ended.code == 3, ended.said
    body = story.model.comments[0].body
    assert "review.policy-changed" in body
    assert "Blocked" in body
    assert story.model.statuses[-1][1]["state"] == "failure"
