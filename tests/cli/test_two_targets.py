"""Two targets, one of which cannot be reached, with something left there: the other one goes on."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest

from reconciler.model.address import Address
from reconciler.model.mark import Mark, Owner
from reconciler.model.plan import Verb
from reconciler.operations.settings import Settings
from reconciler.operations.wiring import open_store, open_workspace
from reconciler.operations.workspace import Call
from reconciler.state.journal import Intent
from tests.cli.running import APP, JOB, WORKFLOW, reconciler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.localplatform.assembly import Platform
    from tests.cli.running import Project

LEFT = Address("far", "Job", "demo", "left")


@pytest.fixture
def nowhere() -> Iterator[str]:
    """An address on which nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def at(text: str, target: str) -> str:
    """The manifest, at a target."""
    return f"{text}metadata: {{ target: {target} }}\n"


@pytest.fixture
def divided(project: Project, nowhere: str) -> Project:
    """Everything at both targets; the far one is gone since an apply that was killed while it submitted a job there."""
    near = f"near: {{ platform: ai4s, endpoint: '{project.endpoint}', space: demo }}"
    far = f"far: {{ platform: ai4s, endpoint: '{nowhere}', space: demo }}"
    file = project.root / "reconciler.yaml"
    lines = [line for line in file.read_text().splitlines() if not line.startswith("environments:")]
    file.write_text("\n".join([*lines, f"environments: {{ dev: {{ {near}, {far} }} }}"]) + "\n")
    for target in ("near", "far"):
        for name, text in (("app", APP), ("workflow", WORKFLOW), ("job", JOB)):
            project.write(f"{target}/{name}.yaml", at(text, target))
    project.write("far/left.yaml", at(JOB.replace("name: hello", "name: left"), "far"))
    mark = Mark.of_run(Owner("testing", "dev"), LEFT, "v1:0", 1)
    store = open_store(open_workspace(Call(project.root, Settings(project.variables))))
    lease = store.lock("dev", "killed")
    intent = Intent("1.1.p", "p", 1, LEFT, "ai4s", Verb.CREATE, time.time(), mark, digest="v1:0", spec={})
    store.append("dev", intent, lease)
    lease.release()
    return project


def test_the_target_that_answers_goes_on(divided: Project, platform: Platform) -> None:
    """All of it is applied there; exit 6 names what is not settled elsewhere, with the command that settles it."""
    begun = time.monotonic()
    ended = divided.run("apply", "--yes")
    assert time.monotonic() - begun < 55.0
    assert ended.code == 6, ended.said
    for what in ("App/demo/greet@1.0.0", "Workflow/demo/hello@1.0.0", "Job/demo/hello"):
        assert f"near/{what}" in ended.out
    assert "Applied: 3 done." in ended.out
    assert "far/Job/demo/left" in ended.said
    assert (
        "reconciler state settle far/Job/demo/left --environment dev --submitted ID (or --not-submitted)" in ended.said
    )
    assert [entry["path"].rpartition("/")[2] for entry in platform.log.report() if entry["method"] == "POST"] == [
        "apps",
        "workflows",
        "jobs",
    ]
    again = divided.run("state", "settle", "far/Job/demo/left", "--not-submitted")
    assert again.code == 0, again.said
    after = divided.run("apply", "--yes")
    assert after.code not in {0, 6}, after.said


def test_a_result_at_the_other_target_is_looked_at(project: Project, platform: Platform) -> None:
    """A job waits for data that is copied at a target where nothing is left to do."""
    both = (f"{name}: {{ platform: ai4s, endpoint: '{project.endpoint}', space: demo }}" for name in ("near", "far"))
    file = project.root / "reconciler.yaml"
    lines = [line for line in file.read_text().splitlines() if not line.startswith("environments:")]
    file.write_text("\n".join([*lines, f"environments: {{ dev: {{ {', '.join(both)} }} }}"]) + "\n")
    platform.services.switches.turn({"data_job_seconds": 3600})
    spec = "{ type: CLONE_DATA, sub_paths: [/samples/reads.txt], target_folder: /in }"
    head = "apiVersion: ai4s/v1\nkind: DataJob\nmetadata: { name: fetch, target: far }\n"
    project.write("far/fetch.yaml", f"{head}spec: {spec}\n")
    for name, text in (("app", APP), ("workflow", WORKFLOW)):
        project.write(f"near/{name}.yaml", at(text, "near"))
    assert project.run("apply", "--yes").code == 0
    project.write("near/job.yaml", at(f"{JOB}  description: '$[[ ref.far/DataJob/demo/fetch.folder ]]'\n", "near"))
    ended = reconciler(project.root, "apply", "--yes", variables={**project.variables, "RECONCILER_RESULTS": "0"})
    assert ended.code == 1, ended.said
    assert "far/DataJob/demo/fetch is still running" in ended.said
    platform.services.switches.turn({"data_job_seconds": 0})
    assert project.run("apply", "--yes").code == 0
