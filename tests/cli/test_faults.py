"""Platforms and machines that do not play along: a clear message, the right exit code, nothing half done."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

import pytest

from reconciler.localplatform.faults import FaultRule
from tests.cli.running import APP, Project
from tests.cli.stubs import answering

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform

REFUSALS = {
    401: "HUAWEICLOUD_SDK_AK",
    403: "the account may not do this",
    404: "does not exist",
    409: "in the way",
    429: "too many calls",
    500: "the platform failed",
    503: "the platform failed",
}


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"]], ids=["plan", "apply"])
@pytest.mark.parametrize(("status", "words"), REFUSALS.items())
def test_every_status(tmp_path: Path, status: int, words: str, command: list[str]) -> None:
    """Whatever the platform answers: exit 1, its own reason, what to do, and no pretence that all is well."""
    body = {"error_code": "X.0001", "error_msg": "because of \x1b[31m reasons"}
    with answering(status, body, {"Retry-After": "0"}) as url:
        project = Project(tmp_path / "project", url)
        project.greeting()
        ended = project.run(*command)
    assert ended.code == 1
    assert words in ended.said
    assert "X.0001" in ended.said
    assert "No changes" not in ended.said
    assert "3 resources could not be read" in ended.said
    assert "Traceback" not in ended.said
    assert "\x1b" not in ended.said
    assert project.remembered() == {}


def test_an_answer_that_is_none(tmp_path: Path) -> None:
    """A server that is something else altogether is found out."""
    with answering(200, "hello") as url:
        project = Project(tmp_path / "project", url)
        project.greeting()
        ended = project.run("plan")
    assert ended.code == 1
    assert "is the endpoint right?" in ended.said


def test_connection_refused(tmp_path: Path) -> None:
    """Nobody listens: the endpoint is named."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    project = Project(tmp_path / "project", url)
    project.greeting()
    ended = project.run("get")
    assert ended.code == 1
    assert url in ended.err


def test_missing_credentials(project: Project) -> None:
    """Without keys nothing is sent, and the variables are named."""
    project.greeting()
    project.variables = {}
    for command in (["plan"], ["apply", "--yes"]):
        ended = project.run(*command)
        assert ended.code == 1
        assert "HUAWEICLOUD_SDK_AK" in ended.err
    assert project.run("validate").code == 0


def test_missing_secret(project: Project, platform: Platform) -> None:
    """A secret without a value stops an apply before the first call, and names the variable."""
    project.greeting()
    project.write("app.yaml", APP.replace("echo hello", "echo $[[ secrets.db-token ]]"))
    assert project.run("plan").code == 0
    ended = project.run("apply", "--yes")
    assert ended.code == 1
    assert "RECONCILER_SECRET_DB_TOKEN" in ended.err
    assert [entry for entry in platform.log.report() if entry["method"] != "GET"] == []


def test_a_secret_is_never_shown(project: Project, platform: Platform) -> None:
    """The value reaches the platform and nobody else: no output, no plan, no memory, not even an error."""
    project.greeting()
    project.variables["RECONCILER_SECRET_TOKEN"] = "fake-canary-4711"
    project.write("app.yaml", APP.replace("echo hello", "echo $[[ secrets.TOKEN ]]"))
    said = project.run("plan", "-o", "p.plan").said + project.run("apply", "p.plan").said
    said += project.run("show", "App/greet@1.0.0").said + project.run("status", "--format", "json").said
    project.variables["RECONCILER_SECRET_TOKEN"] = "fake-other-0815"
    said += project.run("plan").said
    assert "canary" not in said
    kept = [path.read_bytes() for path in project.root.rglob("*") if path.is_file()]
    assert not any(b"canary" in data for data in kept)
    assert any("fake-canary-4711" in entry["body"] for entry in platform.log.report())


def test_a_job_that_prints_its_secret(project: Project) -> None:
    """What a job prints is masked too when we look at it."""
    project.greeting()
    project.variables["RECONCILER_SECRET_TOKEN"] = "fake-canary-4711"
    project.write("app.yaml", APP.replace("echo hello", "echo the token is $[[ secrets.TOKEN ]]"))
    assert project.run("apply", "--yes", "--wait").code == 0
    assert project.run("logs", "Job/hello").out == "greet[0] | the token is ***\n"
    there = project.root / "logs"
    assert project.run("logs", "Job/hello", "-o", str(there)).err.startswith("1 file(s) in ")
    assert [(file.name, file.read_text()) for file in there.iterdir()] == [("greet-0.log", "the token is ***\n")]
    assert project.run("logs", "Job/hello", "-o", str(there), "--tail", "1").code == 64


def test_a_failed_step_skips_what_needs_it(project: Project, platform: Platform) -> None:
    """What does not need the failed one goes on, what does is skipped with the reason, and exit 5 says so."""
    project.greeting()
    project.write("other.yaml", APP.replace("name: greet", "name: other"))
    platform.faults.add(
        FaultRule.parse({"fault": "throttle", "operation": "CreateWorkflow", "count": None, "retry_after": 0})
    )
    project.variables["RECONCILER_PARALLELISM"] = "1"
    ended = project.run("apply", "--yes")
    assert ended.code == 5
    assert "failed   create  ai4s/Workflow/demo/hello@1.0.0" in ended.out
    assert "skipped  create  ai4s/Job/demo/hello" in ended.out
    assert "Applied: 2 done, 1 failed, 1 skipped." in ended.out
    platform.faults.replace([])
    again = project.run("apply", "--yes")
    assert again.code == 0
    assert "Plan: 2 to create, 2 unchanged." in again.out


def test_a_lost_answer_submits_once(project: Project, platform: Platform) -> None:
    """An answer that never came is settled by searching; there is one run."""
    project.greeting()
    platform.faults.add(FaultRule.parse({"fault": "error", "when": "after", "operation": "CreateJob"}))
    assert project.run("apply", "--yes").code in {0, 6}
    assert project.run("apply", "--yes").code == 0
    assert len(json.loads(project.run("get", "Job", "--format", "json").out)["items"]) == 1


def test_a_failed_run(project: Project) -> None:
    """`--wait` and `wait` say 8 when a run failed; the next plan holds it and does not submit it again."""
    project.greeting()
    project.write("app.yaml", APP.replace("echo hello", "exit 3"))
    ended = project.run("apply", "--yes", "--wait")
    assert ended.code == 8
    assert ended.out.endswith("failed     ai4s/Job/demo/hello  exit-code: task greet: exit code 3\n")
    assert "reconciler logs ai4s/Job/demo/hello" in ended.err
    assert project.run("wait").code == 8
    assert "hold    ai4s/Job/demo/hello" in project.run("plan").out
    assert project.run("apply", "--yes").code == 0
    assert len(json.loads(project.run("get", "--format", "json").out)["items"]) == 1


def test_the_environment_is_locked(project: Project) -> None:
    """Somebody else is applying: exit 7, and who it is; unlocking needs a word."""
    from reconciler.operations.settings import Settings
    from reconciler.operations.wiring import open_store, open_workspace
    from reconciler.operations.workspace import Call

    project.greeting()
    store = open_store(open_workspace(Call(project.root, Settings(project.variables))))
    lease = store.lock("dev", "somebody@elsewhere")
    try:
        ended = project.run("apply", "--yes")
        assert ended.code == 7
        assert "somebody@elsewhere" in ended.err
        assert "somebody@elsewhere" in project.run("state", "list").err
        assert project.run("state", "unlock").code == 64
        assert project.run("state", "unlock", "--yes").code == 0
    finally:
        lease.release()
    assert project.run("apply", "--yes").code == 0


def test_a_folder_that_cannot_be_written(project: Project) -> None:
    """The work folder is no folder: exit 1 and its path, nothing sent."""
    project.greeting()
    (project.root / ".reconciler").write_text("in the way", encoding="utf-8")
    for command in (["plan"], ["apply", "--yes"], ["status"], ["state", "list"]):
        ended = project.run(*command)
        assert ended.code == 1, command
        assert ".reconciler" in ended.err
        assert "Traceback" not in ended.said


@pytest.mark.parametrize("place", ["nowhere/x.plan", "reconciler.yaml/x.plan"])
def test_a_plan_that_cannot_be_saved(project: Project, place: str) -> None:
    """The plan is shown, and the place that cannot be written is named."""
    project.greeting()
    ended = project.run("plan", "-o", place)
    assert ended.code == 1
    assert "Plan: 3 to create." in ended.out
    assert place in ended.err
    assert not [path for path in project.root.iterdir() if path.name.startswith("tmp")]


def test_a_damaged_memory_is_never_guessed_at(project: Project) -> None:
    """Half a state file stops everything and is left as it is."""
    project.greeting()
    assert project.run("apply", "--yes").code == 0
    head = project.root / ".reconciler" / "state" / "dev" / "head.json"
    head.write_bytes(head.read_bytes()[:40])
    before = head.read_bytes()
    for command in (["plan"], ["apply", "--yes"], ["destroy", "--yes"]):
        ended = project.run(*command)
        assert ended.code == 1
        assert "head.json" in ended.err
    assert head.read_bytes() == before


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda text: text.replace("testing", "renamed"), "project"),
        (lambda text: text + "policy: { max_deletes: 1 }\n", "policy"),
    ],
    ids=["project", "policy"],
)
def test_a_plan_of_another_time(project: Project, edit: object, words: str) -> None:
    """What the plan was bound to has moved: exit 4, nothing written, and what moved."""
    assert callable(edit)
    project.greeting()
    assert project.run("plan", "-o", "p.plan").code == 0
    file = project.root / "reconciler.yaml"
    file.write_text(edit(file.read_text(encoding="utf-8")), encoding="utf-8")
    ended = project.run("apply", "p.plan")
    assert ended.code == 4
    assert words in ended.err
    assert project.run("state", "list").out == ""


def test_a_policy_blocks(project: Project, platform: Platform) -> None:
    """More removals than the policy allows: exit 3, which limit, and nothing happens."""
    project.greeting()
    project.write("other.yaml", APP.replace("name: greet", "name: other"))
    assert project.run("apply", "--yes").code == 0
    project.configure(policy="{ max_deletes: 0 }")
    (project.root / "manifests" / "other.yaml").unlink()
    platform.log.clear()
    for command in (["plan"], ["apply", "--yes"], ["apply", "--yes", "--format", "json"]):
        ended = project.run(*command)
        assert ended.code == 3
        assert "max_deletes" in ended.said
    assert [entry for entry in platform.log.report() if entry["method"] != "GET"] == []


def test_an_edited_plan_is_refused(project: Project) -> None:
    """A plan that somebody touched is not what was reviewed."""
    project.greeting()
    assert project.run("plan", "-o", "p.plan").code == 0
    file = project.root / "p.plan"
    file.write_text(file.read_text(encoding="utf-8").replace("0.5G", "64G"), encoding="utf-8")
    ended = project.run("apply", "p.plan")
    assert ended.code == 4
    assert "edited or damaged" in ended.err


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    """The local platform says which port, and leaves nothing running."""
    project = Project(tmp_path / "project", "local")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = project.run("local", "start", "--port", port)
    assert ended.code == 1
    assert port in ended.err
    assert project.run("local", "status").code == 1


def test_a_second_local_platform(tmp_path: Path) -> None:
    """A folder has one: a second start finds the first, and another engine is refused while it runs."""
    project = Project(tmp_path / "project", "local")
    try:
        first = json.loads(project.run("local", "start", "--engine", "simulated", "--format", "json").out)["items"][0]
        again = project.run("local", "start", "--engine", "simulated", "--format", "json")
        assert json.loads(again.out)["items"][0]["pid"] == first["pid"]
        other = project.run("local", "start")
        assert other.code == 1
        assert "simulated" in other.err
    finally:
        assert project.run("local", "stop").code == 0
    assert project.run("local", "stop").err == "the local platform is not running\n"


def test_a_gpu_budget_blocks(project: Project) -> None:
    """Runs that would take more accelerator hours than the policy allows: exit 3, how many, and nothing is sent."""
    project.greeting()
    gpu = "resources: { cpu: 8C, memory: 64G, gpu: '4', gpu_type: GPU }"
    project.write("app.yaml", APP.replace("resources: { cpu: 0.5C, memory: 0.5G }", gpu))
    project.configure(policy="{ max_gpu_hours: 10 }")
    ended = project.run("plan")
    assert ended.code == 3, ended.said
    assert "max_gpu_hours" in ended.out
    assert "96 GPU-hours" in ended.out
    project.configure(policy="{ max_gpu_hours: 100 }")
    assert project.run("plan").code == 0
