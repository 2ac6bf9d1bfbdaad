"""From manifests to a run and back, as a person types it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.cli.running import APP, JOB, Project

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform


def _writes(platform: Platform) -> list[str]:
    """What was sent that may change something."""
    return [entry["operation"] for entry in platform.log.report() if entry["method"] != "GET"]


def test_validate_counts(project: Project) -> None:
    """Good files are counted, and nothing goes to standard output."""
    project.greeting()
    ended = project.run("validate")
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == "3 manifests in 3 files: fine\n"


def test_plan_writes_nothing(project: Project, platform: Platform) -> None:
    """A plan sends only reads, and leaves no file behind."""
    project.greeting()
    ended = project.run("plan")
    assert ended.code == 0
    assert "Plan: 3 to create." in ended.out
    assert _writes(platform) == []
    assert project.remembered() == {}


def test_detailed_exit_code(project: Project) -> None:
    """Exit 2 says that there are changes; 0 that there are none."""
    project.greeting()
    assert project.run("plan", "--detailed-exitcode").code == 2
    assert project.run("apply", "--yes").code == 0
    assert project.run("plan", "--detailed-exitcode").code == 0


def test_apply_then_plan_is_empty(applied: Project) -> None:
    """What was applied needs nothing more."""
    assert applied.run("plan").out == "No changes. 3 resources unchanged.\n"


def test_apply_twice_submits_once(applied: Project, platform: Platform) -> None:
    """A second apply sends nothing that may change anything."""
    platform.log.clear()
    assert applied.run("apply", "--yes", "--wait").code == 0
    assert _writes(platform) == []


def test_apply_prints_the_plan_the_table_and_the_end_of_runs(project: Project) -> None:
    """The result says what was planned, how each step ended, and how the run ended."""
    project.greeting()
    ended = project.run("apply", "--yes", "--wait")
    assert ended.out.index("+ create  ai4s/App/demo/greet@1.0.0") < ended.out.index("Plan: 3 to create.")
    assert "done     create  ai4s/Job/demo/hello" in ended.out
    assert ended.out.endswith("Applied: 3 done.\nsucceeded  ai4s/Job/demo/hello\n")


def test_one_edited_field_is_all_that_shows(applied: Project) -> None:
    """The plan names the field, both values, and nothing else."""
    applied.write("app.yaml", APP.replace("memory: 0.5G", "memory: 2G"))
    out = applied.run("plan").out
    assert "/resources/memory  0.5G -> 2G" in out
    assert "Plan: 1 to update, 2 unchanged." in out
    assert out.count(" -> ") == 1


def test_status_logs_events_and_get(applied: Project) -> None:
    """A run can be looked at from every side, by the end of its address."""
    assert "ai4s/Job/demo/hello" in applied.run("status").out
    one = applied.run("status", "Job/hello").out
    assert "output_dir: /results/hello" in one
    assert "succeeded" in one
    assert "greet" in one
    assert applied.run("logs", "Job/hello").code == 0
    assert "Submitted" in applied.run("events", "hello").out
    assert "ai4s/Job/demo/hello" in applied.run("get", "Job").out
    assert applied.run("get", "--mine", "--format", "json").out.count('"address": "ai4s/Job/demo/hello"') == 1


def test_wait(applied: Project) -> None:
    """Waiting for what has ended ends at once."""
    ended = applied.run("wait", "Job/*")
    assert (ended.code, ended.out) == (0, "succeeded  ai4s/Job/demo/hello\n")


def test_json_everywhere(applied: Project) -> None:
    """Every command that prints results can print them for programs, and only them."""
    commands = (["plan"], ["validate"], ["status"], ["get"], ["events", "hello"], ["state", "list"], ["kinds"])
    for command in commands:
        ended = applied.run(*command, "--format", "json")
        assert ended.code == 0, command
        assert json.loads(ended.out)["format"].startswith("reconciler."), command


def test_apply_json_is_one_document(project: Project) -> None:
    """`apply --format json` prints the report and nothing else on standard output."""
    project.greeting()
    report = json.loads(project.run("apply", "--yes", "--wait", "--format", "json").out)
    assert report["complete"] is True
    assert [outcome["verb"] for outcome in report["outcomes"]] == ["create"] * 3


def test_destroy(applied: Project, platform: Platform) -> None:
    """Dependants go first, the ended run is forgotten, and nothing is left."""
    platform.log.clear()
    ended = applied.run("destroy", "--yes")
    assert ended.code == 0
    assert ended.out.index("ai4s/Workflow/demo/hello@1.0.0  ") < ended.out.rindex("ai4s/App/demo/greet@1.0.0  ")
    assert applied.run("state", "list", "--format", "json").out.count("address") == 0
    assert applied.run("plan").out.endswith("Plan: 2 to create, 1 to adopt.\n")


def test_removing_a_manifest_deletes_only_it(applied: Project) -> None:
    """A file that is gone is the wish to remove what it declared."""
    (applied.root / "manifests" / "job.yaml").unlink()
    out = applied.run("plan").out
    assert "forget  ai4s/Job/demo/hello" in out
    assert out.endswith("Plan: 1 to forget, 2 unchanged.\n")


def test_a_selection_never_removes(applied: Project) -> None:
    """With --only, --except or a path, what is not declared any more stays."""
    (applied.root / "manifests" / "job.yaml").unlink()
    for words in (["--only", "App/*"], ["--except", "Workflow/*"], ["manifests/app.yaml"]):
        out = applied.run("plan", *words).out
        assert "forget" not in out, words
        assert "No changes." in out, words


def test_a_selection_brings_what_it_needs(project: Project) -> None:
    """Planning only the job plans its workflow and the app too."""
    project.greeting()
    out = project.run("plan", "--only", "Job/hello").out
    assert "Plan: 3 to create." in out
    assert "because others need them" in out


def test_a_cosmetic_edit_is_no_new_run(applied: Project) -> None:
    """The description of a job is not its meaning."""
    applied.write("job.yaml", JOB + "  description: other words\n")
    assert "No changes." in applied.run("plan").out


def test_saved_plan(applied: Project) -> None:
    """A saved plan does what it says once, and refuses a second time without writing anything."""
    applied.write("app.yaml", APP.replace("memory: 0.5G", "memory: 2G"))
    assert applied.run("plan", "-o", "next.plan").code == 0
    assert "memory" in applied.run("show", "next.plan").out
    assert applied.run("apply", "next.plan").code == 0
    head = applied.root / ".reconciler" / "state" / "dev" / "head.json"
    before = head.read_bytes()
    again = applied.run("apply", "next.plan")
    assert again.code == 4
    assert "applied already: 1 step of it done" in again.err
    assert head.read_bytes() == before


def test_show_an_address(applied: Project) -> None:
    """Desired, recorded and what would happen, with the reason."""
    out = applied.run("show", "Job/hello").out
    assert "no-op   ai4s/Job/demo/hello" in out
    assert "desired:  manifests/job.yaml:1:1" in out
    assert "needs:    ai4s/Workflow/demo/hello@1.0.0" in out


def test_graph(project: Project) -> None:
    """The dependency graph and the tasks of a workflow, offline."""
    project.greeting()
    assert "n0 --> n2" in project.run("graph").out
    assert '"greet"' in project.run("graph", "--tasks", "Workflow/*", "--format", "dot").out
    assert project.run("graph", "--format", "svg").out.startswith("<svg")


def test_cancel_asks(project: Project, platform: Platform) -> None:
    """Nobody there to answer for a run that is active: it says what to say instead."""
    platform.services.runs.choose("simulated-by-clock")
    try:
        project.greeting()
        project.write("app.yaml", APP.replace("echo hello", "sleep 3000"))
        assert project.run("apply", "--yes").code == 0
        ended = project.run("cancel", "Job/hello")
        assert ended.code == 64
        assert "--yes" in ended.err
        assert project.run("cancel", "Job/hello", "--yes").code == 0
    finally:
        platform.services.runs.choose("simulated")


def test_state_show_and_settle(applied: Project) -> None:
    """The memory of an address as JSON; settling what is settled is refused."""
    assert json.loads(applied.run("state", "show", "Job/hello").out)["items"][0]["attempt"] == 1
    refused = applied.run("state", "settle", "Job/hello", "--not-submitted")
    assert refused.code == 64
    assert "nothing is unsettled" in refused.err


def test_standing_things_can_be_listed(applied: Project) -> None:
    """`get KIND` lists what is on the platform, ours named by its address; a glob filters."""
    out = applied.run("get", "App").out
    assert "ai4s/App/demo/greet@1.0.0" in out
    assert applied.run("get", "App", "--filter", "name=other*").err == "nothing found\n"


def test_any_run_by_its_id(applied: Project) -> None:
    """A run that is not ours is looked at by its kind and id, with the same words."""
    row = json.loads(applied.run("get", "--format", "json").out)["items"][0]
    ours = applied.run("logs", "Job/hello").out
    assert applied.run("logs", "Job", "--id", row["id"]).out == ours
    assert "Submitted" in applied.run("events", "ai4s/Job", "--id", row["id"]).out
    gone = applied.run("logs", "Job", "--id", "no-such-run")
    assert gone.code == 1
    assert "forgotten" in gone.err


def test_apply_json_names_the_runs(project: Project) -> None:
    """With --wait the report says how each run ended."""
    project.greeting()
    report = json.loads(project.run("apply", "--yes", "--wait", "--format", "json").out)
    assert report["runs"] == [{"address": "ai4s/Job/demo/hello", "phase": "succeeded", "detail": ""}]


def test_follow_ends_with_the_run(applied: Project) -> None:
    """Following the output of a run that has ended prints it once and ends."""
    assert applied.run("logs", "Job/hello", "--follow").out == applied.run("logs", "Job/hello").out


def test_a_lost_memory_is_rebuilt_from_marks(applied: Project, platform: Platform) -> None:
    """With the memory damaged, everything of ours is found again; nothing is sent that changes anything."""
    (applied.root / ".reconciler" / "state" / "dev" / "head.json").write_text("damaged", encoding="utf-8")
    assert applied.run("plan").code == 1
    platform.log.clear()
    ended = applied.run("state", "rebuild", "--yes")
    assert ended.code == 0
    assert "dev.set-aside-1" in ended.err
    assert "Applied: 3 done." in ended.out
    assert _writes(platform) == []
    assert applied.run("plan").out == "No changes. 3 resources unchanged.\n"


def test_rebuilding_creates_nothing(applied: Project, platform: Platform) -> None:
    """What is declared and not there yet stays a plan; what is there and not declared is named."""
    applied.write("other.yaml", APP.replace("name: greet", "name: other"))
    (applied.root / "manifests" / "job.yaml").unlink()
    ended = applied.run("state", "rebuild", "--yes")
    assert ended.code == 0
    assert "Applied: 2 done." in ended.out
    assert "App/demo/other" not in ended.out
    assert "Plan: 1 to create, 2 unchanged." in applied.run("plan").out


def test_retry(project: Project) -> None:
    """A failed run is run again by the platform, under its id, and nothing is submitted."""
    project.greeting()
    project.write("app.yaml", APP.replace("echo hello", "exit 3"))
    assert project.run("apply", "--yes", "--wait").code == 8
    before = project.run("get", "--format", "json").out
    ended = project.run("retry", "Job/hello")
    assert (ended.code, ended.out) == (0, "")
    assert json.loads(project.run("get", "--format", "json").out)["items"][0]["id"] in before
    assert project.run("wait", "Job/hello").code == 8


def test_waiting_gives_up(project: Project, platform: Platform) -> None:
    """With a run that does not end, `wait --timeout` says so and exits 1; nothing is cancelled."""
    platform.services.runs.choose("simulated-by-clock")
    try:
        project.greeting()
        project.write("app.yaml", APP.replace("echo hello", "sleep 3000"))
        assert project.run("apply", "--yes").code == 0
        ended = project.run("wait", "--timeout", "0")
        assert ended.code == 1
        assert "time is up" in ended.err
        assert "to create" not in project.run("plan").out
        edited = project.write("job.yaml", JOB + "  priority: 7\n")
        assert edited.exists()
        assert project.run("plan").code == 3
        assert project.run("cancel", "hello", "--yes").code == 0
    finally:
        platform.services.runs.choose("simulated")


def test_local_platform_by_hand(tmp_path: Path) -> None:
    """Started, looked at, filled, emptied and stopped by hand."""
    project = Project(tmp_path / "project", "local")
    (project.root / "data").mkdir()
    (project.root / "data" / "a.txt").write_text("a", encoding="utf-8")
    try:
        assert "simulated" in project.run("local", "start", "--engine", "simulated").out
        assert project.run("local", "upload", "data", "demo:/in").err == "copied 1 file to demo:/in\n"
        assert (project.root / ".reconciler/local/data/demo/in/a.txt").is_file()
        status = project.run("local", "status").out
        assert "active runs:    0" in status
        assert project.run("local", "reset", "--yes").code == 0
        assert not (project.root / ".reconciler/local/data/demo/in/a.txt").exists()
    finally:
        project.run("local", "stop")
    assert project.run("local", "status").code == 1


def test_stopping_says_what_ends_with_it(tmp_path: Path) -> None:
    """Runs are processes of the local platform: stopping it tells how many it takes along."""
    project = Project(tmp_path / "project", "local")
    project.greeting()
    project.write("app.yaml", APP.replace("echo hello", "sleep 600"))
    try:
        assert project.run("apply", "--yes").code == 0
    finally:
        ended = project.run("local", "stop")
    assert ended.err == "stopped the local platform, and with it 1 run that had not ended\n"
    assert project.run("local", "stop").err == "the local platform is not running\n"


def test_kinds_and_schemas_as_text(project: Project) -> None:
    """People get tables, editors get files."""
    assert ["ai4s/v1", "Job", "run", "job"] in [line.split()[:4] for line in project.run("kinds").out.splitlines()]
    assert json.loads(project.run("schema", "ai4s/App").out)["$schema"]
    assert project.run("schema", "--export", "here").code == 0
    assert (project.root / "here" / "project.schema.json").is_file()


def test_files_that_declare_nothing_delete_nothing(applied: Project) -> None:
    """Where every file is commented out, nothing is planned to be removed, and it says so; one of several counts."""
    job = applied.root / "manifests" / "job.yaml"
    job.write_text("".join(f"# {line}\n" for line in job.read_text(encoding="utf-8").splitlines()), encoding="utf-8")
    ended = applied.run("plan")
    assert "manifests/job.yaml:1:1: note: the file holds nothing but comments" in ended.out
    assert "Plan: 1 to forget, 2 unchanged." in ended.out
    for name in ("app.yaml", "workflow.yaml"):
        applied.write(name, "")
    ended = applied.run("plan")
    assert ended.code == 3
    assert "no manifest was found, while 3 recorded resource(s) exist: nothing is removed" in ended.out
