"""Addresses that are misspelt, and steps that make no sense: what is true is said, and what was perhaps meant."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.running import APP, Project

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform

TYPO = "Job/helo"
MISSPELT = {
    "logs": ["logs", TYPO],
    "describe": ["describe", TYPO],
    "why": ["why", TYPO],
    "status": ["status", TYPO],
    "show": ["show", TYPO],
    "cancel": ["cancel", TYPO],
    "retry": ["retry", TYPO],
    "suspend": ["suspend", TYPO],
    "resume": ["resume", TYPO],
    "delete": ["delete", TYPO],
    "export": ["export", TYPO],
    "wait": ["wait", TYPO],
    "events": ["events", TYPO],
    "links": ["links", TYPO],
    "metrics": ["metrics", TYPO],
    "checks": ["checks", TYPO],
    "pods": ["pods", TYPO],
    "results": ["results", TYPO],
    "clusters --load": ["clusters", "--load", TYPO],
    "forget": ["forget", TYPO],
    "move": ["move", TYPO, "other"],
    "adopt": ["adopt", TYPO],
    "adopt --write": ["adopt", "--write", TYPO],
    "state list": ["state", "list", TYPO],
    "state show": ["state", "show", TYPO],
    "plan --only": ["plan", "--only", TYPO],
    "plan --except": ["plan", "--except", TYPO],
    "drift --only": ["drift", "--only", TYPO],
    "apply --only": ["apply", "--only", TYPO],
    "graph --only": ["graph", "--only", TYPO],
    "graph --tasks": ["graph", "--tasks", TYPO],
}


@pytest.mark.parametrize("words", MISSPELT.values(), ids=MISSPELT.keys())
def test_a_misspelt_address(applied: Project, words: list[str]) -> None:
    """Every command that takes an address says which one was perhaps meant, as it was written."""
    ended = applied.run(*words)
    assert (ended.code, ended.out) == (64, "")
    assert ended.err.endswith("hint: Did you mean Job/hello?\n")


def test_a_misspelt_address_of_what_is_live(applied: Project) -> None:
    """The same for what is on the platform and not here."""
    assert "hint: Did you mean App/greet@1.0.0?\n" in applied.run("import", "App/gret").err


def test_the_version_left_out(applied: Project) -> None:
    """A name without its version is close enough, however long the version is."""
    assert "hint: Did you mean greet@1.0.0?\n" in applied.run("status", "greet").err
    assert "hint: Did you mean ai4s/App/demo/greet@1.0.0?\n" in applied.run("status", "ai4s/app/demo/greet").err


def test_an_address_like_no_other(applied: Project) -> None:
    """Where nothing is close, it says where to look."""
    assert "hint: `reconciler status` lists what was applied" in applied.run("logs", "Task/zeppelin").err


def test_nothing_was_applied_yet(project: Project) -> None:
    """Before the first apply no address can be right, and that is what it says."""
    project.greeting()
    ended = project.run("logs", "Job/hello")
    assert ended.code == 64
    assert "nothing was applied in environment dev yet" in ended.err
    assert "reconciler apply" in ended.err


@pytest.mark.parametrize("word", ["logs", "retry", "cancel", "describe"])
def test_a_misspelt_kind_beside_an_id(applied: Project, word: str) -> None:
    """With an id the word is a kind, and the kind that was meant is named."""
    ended = applied.run(word, "Jbo", "--id", "x")
    assert ended.code == 64
    assert "hint: Did you mean Job?\n" in ended.err


def test_a_misspelt_kind_of_a_selection(applied: Project) -> None:
    """`--kind` is no exception."""
    assert "hint: Did you mean Workflow?\n" in applied.run("plan", "--kind", "workflows").err


def test_cancelling_what_has_ended(applied: Project, platform: Platform) -> None:
    """It looks before it asks: nobody is asked about a run that has ended, and nothing is sent."""
    platform.log.clear()
    for words in (["cancel", "Job/hello"], ["cancel", "Job/hello", "--yes"]):
        ended = applied.run(*words)
        assert (ended.code, ended.out) == (0, "")
        assert ended.err == "there is nothing to stop: ai4s/Job/demo/hello has ended already (succeeded)\n"
    assert [entry for entry in platform.log.report() if entry["method"] != "GET"] == []


def test_cancelling_what_is_gone(applied: Project) -> None:
    """A run of ours that the platform has forgotten needs no stop; an id that nothing has is an error."""
    assert applied.run("delete", "Job/hello", "--yes").code == 0
    ended = applied.run("cancel", "Job/hello")
    assert (ended.code, "any more" in ended.err) == (0, True)
    stranger = applied.run("cancel", "Job", "--id", "no-such-run")
    assert (stranger.code, "reconciler get Job" in stranger.err) == (1, True)


def test_running_a_success_again(applied: Project, platform: Platform) -> None:
    """What succeeded is not retried: nothing is sent, and it says how the work is submitted once more."""
    platform.log.clear()
    ended = applied.run("retry", "Job/hello")
    assert ended.code == 1
    assert "ai4s/Job/demo/hello has succeeded" in ended.err
    assert "raise `attempt` under `lifecycle` in its manifest" in ended.err
    assert [entry for entry in platform.log.report() if entry["method"] != "GET"] == []


def test_running_a_stranger_again(applied: Project) -> None:
    """A run without a manifest is submitted once more by writing one."""
    assert applied.run("forget", "Job/hello", "--yes").code == 0
    row = json.loads(applied.run("get", "--format", "json").out)["items"][0]
    ended = applied.run("retry", "Job", "--id", row["id"])
    assert ended.code == 1
    assert f"reconciler describe Job --id {row['id']}" in ended.err


def test_running_again_what_runs(project: Project, platform: Platform) -> None:
    """A run that has not ended is not asked to run again."""
    platform.services.runs.choose("simulated-by-clock")
    try:
        project.greeting()
        project.write("app.yaml", APP.replace("echo hello", "sleep 3000"))
        assert project.run("apply", "--yes").code == 0
        ended = project.run("retry", "Job/hello")
        assert ended.code == 1
        assert "only what has ended can be run again" in ended.err
        assert "reconciler cancel" in ended.err
        assert project.run("cancel", "Job/hello", "--yes").code == 0
    finally:
        platform.services.runs.choose("simulated")


def test_a_kind_that_cannot_be_steered(applied: Project) -> None:
    """Nobody is asked about what the kind cannot do anyway."""
    ended = applied.run("suspend", "Job/hello")
    assert (ended.code, "`reconciler kinds` lists what each kind can do" in ended.err) == (64, True)


@pytest.mark.parametrize(
    ("glob", "said"),
    [("Job/hello", "ai4s/Job/demo/hello is ours already"), ("*", "all 3 that match are ours already")],
)
def test_adopting_what_is_ours(applied: Project, glob: str, said: str) -> None:
    """What is recorded need not be declared again: it says that it is ours."""
    ended = applied.run("adopt", glob)
    assert ended.code == 64
    assert said in ended.err
    assert "Declare it first" not in ended.err


def test_adopting_again_what_is_partly_ours(applied: Project) -> None:
    """What is ours already does not keep the rest from being taken over."""
    assert applied.run("forget", "App/greet@1.0.0", "--yes").code == 0
    assert applied.run("adopt", "App/greet@1.0.0", "Job/hello", "--yes").code == 0
    assert applied.run("plan").out.startswith("No changes.")


@pytest.mark.parametrize("words", [["export", "App/greet@1.0.0"], ["wait", "App/*"], ["logs", "greet@1.0.0"]])
def test_what_stands_is_no_run(applied: Project, words: list[str]) -> None:
    """Where runs are meant, a standing thing is told from a run, and what shows it is named."""
    ended = applied.run(*words)
    assert ended.code == 64
    assert "what matches is no run" in ended.err
    assert "`reconciler describe ai4s/App/demo/greet@1.0.0`" in ended.err


def test_exporting_nothing(project: Project) -> None:
    """Without any run there is no archive, and that is said in words."""
    project.write("app.yaml", APP)
    assert project.run("apply", "--yes").code == 0
    ended = project.run("export")
    assert (ended.code, ended.err) == (1, "no run was applied in this environment: nothing was written\n")
    assert not (project.root / "runs.zip").exists()


@pytest.mark.parametrize(("word", "near"), [("Jobb", "Job"), ("ai4s/app", "ai4s/App"), ("project", "Project")])
def test_a_misspelt_schema(project: Project, word: str, near: str) -> None:
    """Of a kind, a kind of a platform, and the project file."""
    assert f"hint: Did you mean {near}?\n" in project.run("schema", word).err


@pytest.mark.parametrize(
    ("words", "near"),
    [(["plan", "-e", "dve"], "dev"), (["whoami", "--target", "ai4"], "ai4s"), (["login", "--target", "AI4S"], "ai4s")],
)
def test_a_misspelt_place(project: Project, words: list[str], near: str) -> None:
    """Environments and targets are words as well."""
    ended = project.run(*words)
    assert (ended.code, f"hint: Did you mean {near}?\n" in ended.err) == (64, True)
