"""What a command is about, and why something is as it is."""

from __future__ import annotations

import json

from tests.cli.running import APP, JOB, Project
from tests.support.git_repository import Repository


def test_labels_and_kinds_select(project: Project) -> None:
    """Labels are the manifests' own; what is needed comes along."""
    project.greeting()
    project.write("job.yaml", "metadata: { labels: { team: qc } }\n" + JOB)
    assert "Plan: 3 to create." in project.run("plan", "--label", "team=q*").out
    assert "Plan: 1 to create." in project.run("plan", "--kind", "App").out


def test_why_tells_line_and_reason(applied: Project) -> None:
    """Unchanged, changed, refused: each with its fields, its line, and offline from a saved plan too."""
    unchanged = applied.run("why", "App/greet@1.0.0")
    assert (unchanged.code, "no-op" in unchanged.out, "does: nothing" in unchanged.out) == (0, True, True)
    applied.write("app.yaml", APP.replace("echo hello", "echo more"))
    assert applied.run("plan", "-o", "p").code == 0
    for words in (("why", "App/greet@1.0.0"), ("why", "App/greet@1.0.0", "--plan", "p")):
        told = applied.run(*words).out
        assert "/commands, which asks for: update" in told
        assert "from:     manifests/app.yaml:5" in told
        assert 'desired:  ["echo more"]' in told
    assert applied.run("why", "nope").code == 64
    document = json.loads(applied.run("why", "App/greet@1.0.0", "--format", "json").out)
    assert document["format"] == "reconciler.why/v1"
    assert document["fields"][0]["cause"]["place"] == "manifests/app.yaml:5"


def test_since_takes_what_changed_and_its_dependants(project: Project) -> None:
    """A changed app brings the workflow and the job; a changed job is alone but for what it needs."""
    project.greeting()
    project.write("other.yaml", APP.replace("greet", "other"))
    repository = Repository(project.root)
    repository.git("init", "--quiet", "--initial-branch=main")
    repository.git("add", ".")
    repository.git("commit", "-qm", "begin")
    assert project.run("plan", "--since", "HEAD").code == 0
    project.write("app.yaml", APP.replace("echo hello", "echo more"))
    assert "Plan: 3 to create." in project.run("plan", "--since", "HEAD").out
    repository.git("commit", "-qam", "say more")
    told = project.run("why", "App/greet@1.0.0").out
    assert "by Ada on" in told
    assert "say more" in told
    project.write("other.yaml", APP.replace("greet", "other").replace("hello", "x"))
    assert "Plan: 1 to create." in project.run("plan", "--since", "HEAD").out
