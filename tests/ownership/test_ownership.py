"""Whose is it: drift, import, adoption, moves and guards, on the local platform as a person types it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from requests.adapters import HTTPAdapter

from tests.cli.running import APP, WORKFLOW, Project, reconciler
from tests.localplatform.client import Client
from tests.support.local_platform import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.localplatform.assembly import Platform

UNCHANGED = "No changes. 3 resources unchanged.\n"

_IMAGES = 2
"""How many images a new space of the local platform comes with."""


def _writes(platform: Platform) -> list[str]:
    """What was sent that may change something."""
    return [entry["operation"] for entry in platform.log.report() if entry["method"] != "GET"]


@pytest.fixture
def api(project: Project) -> Iterator[Client]:
    """Somebody else, who talks to the platform by its own interface."""
    with Client(HTTPAdapter(), ACCOUNT, project.endpoint) as client:
        yield client


def _edit_live(api: Client, name: str, **fields: Any) -> None:
    """Somebody changes one field of an app on the platform, without us."""
    apps = api.call("GET", f"{api.space}/apps").json()["apps"]
    (identifier,) = [app["id"] for app in apps if app["name"] == name]
    shown = api.show("apps", identifier)
    shown = shown.get("app", shown)
    body = {key: shown[key] for key in _BODY if key in shown}
    answer = api.call("PUT", f"{api.space}/apps/{identifier}", {**body, **fields})
    assert answer.status_code == 200, answer.text


def _delete_live(api: Client, plural: str) -> None:
    """Somebody deletes all of a kind on the platform."""
    for item in api.call("GET", f"{api.space}/{plural}").json()[plural]:
        assert api.call("DELETE", f"{api.space}/{plural}/{item['id']}").status_code < 300


_BODY = ("name", "version", "labels", "image", "commands", "resources", "inputs", "outputs", "node_labels")


# -- drift -------------------------------------------------------------------------------------------------------------


def test_drift_shows_exactly_the_field_that_moved(applied: Project, platform: Platform, api: Client) -> None:
    """One live field is edited: that one and nothing else, exit 2; nothing is sent, nothing is written."""
    assert applied.run("drift").code == 0
    _edit_live(api, "greet", commands=["echo bye"])
    before, platform_log = applied.remembered(), len(_writes(platform))
    ended = applied.run("drift")
    assert ended.code == 2
    assert ended.out.splitlines()[0].startswith("  ~ ai4s/App/demo/greet@1.0.0   changed on the platform")
    assert '/commands  ["echo hello"] -> ["echo bye"]' in ended.out
    assert "Drift: 1 of 2 resources moved." in ended.out
    found = json.loads(applied.run("drift", "--format", "json").out)
    ((moved,),) = ([found["moved"]],)
    assert [(f["path"], f["whose"]) for f in moved[0]["fields"]] == [("/commands", "declared")]
    assert applied.remembered() == before
    assert len(_writes(platform)) == platform_log
    again = applied.run("plan", "--refresh-only")
    assert (again.code, "Drift: 1 of 2" in again.out) == (0, True)
    assert applied.run("plan", "--refresh-only", "--detailed-exitcode").code == 2


@pytest.mark.parametrize("form", ["text", "json"])
def test_drift_shows_no_values_where_the_public_reads_along(applied: Project, api: Client, form: str) -> None:
    """What moved and which field; to the team, and where somebody says so, everything."""
    _edit_live(api, "greet", commands=["echo telling-value"])
    applied.variables = {**applied.variables, "CI": "true", "GITHUB_ACTIONS": "true"}
    ended = applied.run("drift", "--format", form)
    assert (ended.code, "telling-value" in ended.said) == (2, False)
    assert "App/demo/greet@1.0.0" in ended.out
    assert "commands" in ended.out
    assert "telling-value" in applied.run("drift", "--format", form, "--profile", "full").out
    assert "telling-value" not in applied.run("plan", "--refresh-only", "--format", form).said


def test_a_default_that_changed_is_drift_and_not_our_change(applied: Project, api: Client) -> None:
    """Nobody declared it: told apart from what an author wrote, and never written into a file."""
    _edit_live(api, "greet", resources={"cpu": "0.5C", "memory": "0.5G", "cpu_type": "ARM"})
    ended = applied.run("drift")
    assert ended.code == 2
    assert "a default of the platform, declared nowhere" in ended.out
    refused = applied.run("adopt", "--write")
    assert refused.code == 1
    assert "nobody declares it" in refused.err


def test_a_default_that_nobody_knew_is_remembered(applied: Project, platform: Platform, api: Client) -> None:
    """What the platform filled in counts as it was after our write: no plan would touch it, and it is drift when it
    changes, until a person takes it as it is.
    """
    assert applied.run("drift").code == 0
    _edit_live(api, "greet", description="by somebody", node_labels=["big"])
    applied.configure(ignore="[{ path: /description, kind: App, reason: for people }]")
    assert applied.run("plan").out == UNCHANGED
    ended = applied.run("drift")
    assert (ended.code, '/node_labels  (absent) -> ["big"]' in ended.out) == (2, True)
    assert "/description" not in ended.out
    before = len(_writes(platform))
    taken = applied.run("adopt", "--write")
    assert (taken.code, "noted: ai4s/App/demo/greet@1.0.0 /node_labels" in taken.err) == (0, True)
    assert applied.run("drift").code == 0
    _edit_live(api, "greet", node_labels=[])
    before += 1
    ended = applied.run("drift", "--format", "json")
    ((moved,),) = ([json.loads(ended.out)["moved"]],)
    (field,) = moved[0]["fields"]
    assert (field["path"], field["whose"], "recorded" in field) == ("/node_labels", "default", False)
    assert len(_writes(platform)) == before


def test_an_edit_that_was_not_applied_is_no_drift(applied: Project) -> None:
    """Only what moved on the platform counts."""
    applied.write("app.yaml", APP.replace("echo hello", "echo more"))
    assert applied.run("drift").code == 0
    assert applied.run("plan", "--detailed-exitcode").code == 2


def test_what_is_gone_is_drift(applied: Project, api: Client) -> None:
    """Missing objects are named; what is selected is all that is looked at."""
    _delete_live(api, "workflows")
    ended = applied.run("drift")
    assert (ended.code, "gone from the platform" in ended.out) == (2, True)
    assert applied.run("drift", "--only", "App/*").code == 0


def test_what_moved_is_taken_into_the_files(applied: Project, platform: Platform, api: Client) -> None:
    """The smallest edit, comments stay; the next plan changes memory alone, and after that nothing."""
    file = applied.write("app.yaml", "# ours\n" + APP.replace("commands:", "# hello\n  commands:"))
    _edit_live(api, "greet", commands=["echo bye"])
    ended = applied.run("adopt", "--write")
    assert ended.code == 0, ended.err
    assert file.read_text() == "# ours\n" + APP.replace("commands: ['echo hello']", "# hello\n  commands: ['echo bye']")
    count = len(_writes(platform))
    assert applied.run("apply", "--yes").code == 0
    assert len(_writes(platform)) == count
    assert applied.run("drift").code == 0
    assert "No changes." in applied.run("plan").out


def test_an_ignored_field_needs_a_reason(applied: Project, api: Client) -> None:
    """With one, what moves there is nobody's business."""
    _edit_live(api, "greet", commands=["echo bye"])
    applied.configure(ignore="[{ path: /commands, kind: App }]")
    assert applied.run("plan").code == 65
    applied.configure(ignore="[{ path: /commands, kind: App, reason: tuned by the operators }]")
    assert applied.run("plan").out == UNCHANGED
    assert applied.run("drift").code == 0


# -- import and adoption -----------------------------------------------------------------------------------------------


def _seed(api: Client, count: int) -> None:
    """Apps and workflows that somebody else made."""
    for number in range(count // 2):
        app = {"name": f"app-{number}", "version": "1.0.0", "image": "demo/busybox:1.36"}
        small = {"cpu": "0.5C", "memory": "0.5G"}
        api.create("apps", {**app, "commands": [f"echo hello {number}"], "resources": small})
        task = {"task_name": "t", "app_id": f"app-{number}::1.0.0"}
        api.create("workflows", {"name": f"flow-{number}", "version": "1.0.0", "tasks": [task]})


def test_a_space_of_200_objects_is_imported(project: Project, platform: Platform, api: Client) -> None:
    """One file each, no server noise, nothing sent, and the next plan is empty."""
    _seed(api, 200)
    platform.log.clear()
    ended = project.run("import")
    assert ended.code == 0, ended.err[-2000:]
    files = sorted((project.root / "manifests").rglob("*.yaml"))
    assert len(files) == 200 + _IMAGES
    assert _writes(platform) == []
    text = (project.root / "manifests" / "apps" / "app-7-1.0.0.yaml").read_text()
    assert text == (
        "app:\n  name: app-7\n  version: 1.0.0\n  image: demo/busybox:1.36\n  commands:\n    - echo hello 7\n"
        "  resources:\n    cpu: 0.5C\n    memory: 0.5G\n"
    )
    plan = project.run("plan", "--detailed-exitcode")
    assert (plan.code, plan.out) == (0, f"No changes. {200 + _IMAGES} resources unchanged.\n")
    assert project.run("drift").code == 0
    again = project.run("import")
    assert (again.code, "nothing new to import" in again.err) == (0, True)


def test_a_selection_is_imported_into_the_envelope(project: Project, api: Client) -> None:
    """Only what is meant, in the other form; a typo is no success."""
    _seed(api, 4)
    assert project.run("import", "App/nope*").code == 64
    ended = project.run("import", "App/app-1@*", "--form", "envelope")
    assert ended.code == 0, ended.err
    (file,) = (project.root / "manifests").rglob("*.yaml")
    assert file.read_text().startswith(
        "apiVersion: ai4s/v1\nkind: App\nmetadata:\n  name: app-1\nspec:\n  version: 1.0.0\n"
    )
    assert project.run("plan").out == "No changes. 1 resource unchanged.\n"


def test_a_project_starts_from_what_exists(project: Project, api: Client) -> None:
    """The project file, the manifests, the memory: the next plan is empty."""
    _seed(api, 4)
    where = project.root.parent / "new"
    where.mkdir()
    words = ("--set", f"endpoint={project.endpoint}", "--set", "space=demo")
    assert reconciler(where, "init", *words).code == 64
    assert reconciler(where, "init", "--from-live", "--set", "colour=red").code == 64
    ended = reconciler(where, "init", "--from-live", *words)
    assert ended.code == 0, ended.err
    assert len(list((where / "manifests").rglob("*.yaml"))) == 4 + _IMAGES
    assert reconciler(where, "plan").out == f"No changes. {4 + _IMAGES} resources unchanged.\n"


def test_what_another_owner_marked_is_left_alone(project: Project) -> None:
    """Not imported, not adopted, not overwritten."""
    other = Project(project.root.parent / "other", project.endpoint)
    (other.root / "reconciler.yaml").write_text(
        (other.root / "reconciler.yaml").read_text().replace("testing", "other")
    )
    other.write("app.yaml", APP)
    assert other.run("apply", "--yes").code == 0
    ended = project.run("import")
    assert ended.code == 1
    assert "carries the mark of another owner" in ended.err
    project.write("app.yaml", APP)
    assert project.run("adopt", "App/*", "--yes").code == 3


def test_a_declared_object_is_adopted(project: Project, platform: Platform, api: Client) -> None:
    """By hand, or by a reviewed line in the project file; nothing else is sent than what differs."""
    _seed(api, 2)
    project.write("app.yaml", APP.replace("greet", "app-0").replace("hello", "hello 0"))
    refused = project.run("plan")
    assert (refused.code, "decide.conflict" in refused.out) == (3, True)
    project.configure(adopt="[ai4s/App/demo/app-0@1.0.0]")
    assert "1 to adopt" in project.run("plan").out
    project.configure()
    platform.log.clear()
    assert project.run("adopt", "App/app-0@*", "--yes").code == 0
    assert _writes(platform) == []
    assert project.run("plan").out == "No changes. 1 resource unchanged.\n"
    assert project.run("adopt", "App/app-0@*", "--yes").code == 64


def _submit(api: Client, name: str, output: str) -> str:
    """Somebody submits a run by the platform's own interface; its id."""
    body = {"name": name, "tool_id": "flow-0::1.0.0", "tool_type": "workflow", "output_dir": output}
    return api.create("jobs", body)


def test_runs_are_imported_by_kind(project: Project, platform: Platform, api: Client) -> None:
    """Only when their kind is named; of one name the newest; and what was imported is never submitted again."""
    _seed(api, 2)
    older, newer = (_submit(api, "nightly", f"/results/{each}") for each in ("older", "newer"))
    assert project.run("import").code == 0
    assert not (project.root / "manifests" / "jobs").exists()
    platform.log.clear()
    ended = project.run("import", "--kind", "Job")
    assert ended.code == 0, ended.err
    (file,) = (project.root / "manifests" / "jobs").iterdir()
    assert "output_dir: /results/newer\n" in file.read_text()
    assert newer in project.run("state", "show", "Job/nightly").out
    assert project.run("plan").out == f"No changes. {3 + _IMAGES} resources unchanged.\n"
    assert project.run("apply", "--yes").code == 0
    assert project.run("forget", "Job/nightly", "--yes").code == 0
    file.write_text(file.read_text().replace("newer", "older"))
    assert project.run("adopt", "Job/nightly", "--id", older, "--yes").code == 0
    assert older in project.run("state", "show", "Job/nightly").out
    assert project.run("plan").out == f"No changes. {3 + _IMAGES} resources unchanged.\n"
    assert _writes(platform) == []


def test_one_id_is_not_several_runs(project: Project) -> None:
    """An id says which live object is meant, so only one address can be."""
    project.greeting()
    ended = project.run("adopt", "*", "--id", "4f0c", "--yes")
    assert (ended.code, "3 addresses match" in ended.err) == (64, True)


# -- moves -------------------------------------------------------------------------------------------------------------


def _rename(project: Project) -> None:
    """The app in another file under another name, the workflow refers to it."""
    (project.root / "manifests" / "app.yaml").unlink()
    project.write("welcome.yaml", APP.replace("name: greet", "name: welcome"))
    project.write("workflow.yaml", WORKFLOW.replace("greet::1.0.0", "welcome::1.0.0"))


def test_a_rename_with_moved_sends_nothing(applied: Project, platform: Platform) -> None:
    """File and name change, the project file says so: zero writes, then nothing, with and without the entry."""
    _rename(applied)
    proposed = applied.run("plan")
    assert proposed.code == 3
    assert '{ from: "ai4s/App/demo/greet@1.0.0", to: "ai4s/App/demo/welcome@1.0.0" }' in proposed.out
    applied.configure(moved='[{ from: "ai4s/App/demo/greet@1.0.0", to: "ai4s/App/demo/welcome@1.0.0" }]')
    platform.log.clear()
    ended = applied.run("apply", "--yes")
    assert ended.code == 0, ended.said
    assert _writes(platform) == []
    assert applied.run("plan").out == UNCHANGED
    applied.configure()
    assert applied.run("plan").out == UNCHANGED
    assert applied.run("drift").code == 0


def test_move_and_forget_change_memory_alone(applied: Project, platform: Platform) -> None:
    """Both are asked about, and nothing is sent."""
    platform.log.clear()
    assert applied.run("move", "App/greet@1.0.0", "welcome@1.0.0").code == 64
    assert applied.run("move", "App/greet@1.0.0", "welcome@1.0.0", "--yes").code == 0
    _rename(applied)
    assert applied.run("plan").out == UNCHANGED
    assert applied.run("move", "Job/hello", "ai4s/App/demo/x", "--yes").code == 64
    assert applied.run("move", "Job/hello", "hello", "--yes").code == 64
    assert applied.run("forget", "Job/hello", "--yes").code == 0
    assert "Job" not in applied.run("state", "list").out
    assert _writes(platform) == []


def test_a_finished_run_that_is_gone_stays_done(applied: Project, platform: Platform, api: Client) -> None:
    """Deleted on the platform: the plan is empty for ever, and nothing is submitted again."""
    assert applied.run("apply", "--yes").code == 0
    _delete_live(api, "jobs")
    platform.log.clear()
    for _ in range(2):
        assert applied.run("plan").out == UNCHANGED
        assert applied.run("apply", "--yes").code == 0
    assert _writes(platform) == []


# -- never everything by accident --------------------------------------------------------------------------------------


def _deletes(project: Project, *words: str) -> tuple[int, str, list[str]]:
    """Exit code, what was said, and what the plan would take away."""
    told = project.run("plan", *words)
    made = project.run("plan", "--format", "json", *words)
    changes = json.loads(made.out)["changes"] if made.out else []
    return told.code, told.said, [c["address"] for c in changes if c["action"] in {"delete", "replace", "forget"}]


def test_an_empty_folder_deletes_nothing(applied: Project) -> None:
    """The render step that made the files failed."""
    for file in (applied.root / "manifests").iterdir():
        file.unlink()
    code, said, gone = _deletes(applied)
    assert (code, gone) == (0, [])
    assert "the folder holds no manifest" in said


def test_a_missing_folder_deletes_nothing(applied: Project) -> None:
    """It is listed in the project file."""
    shutil.rmtree(applied.root / "manifests")
    code, said, gone = _deletes(applied)
    assert (code, gone) == (65, [])
    assert "listed in the project file and missing" in said


def test_files_without_documents_delete_nothing(applied: Project) -> None:
    """An empty render: the files are there, and say nothing."""
    for file in (applied.root / "manifests").iterdir():
        file.write_text("")
    code, said, gone = _deletes(applied)
    assert (code, gone) == (3, [])
    assert "no manifest was found, while 3 recorded resource(s) exist" in said


@pytest.mark.parametrize(
    "words", [("--only", "Job/helo"), ("--kind", "Jobb"), ("--label", "team=x"), ("--since", "nope"), ("elsewhere",)]
)
def test_a_wrong_selector_deletes_nothing(applied: Project, words: tuple[str, ...]) -> None:
    """A typo is an error, and never a smaller world."""
    (applied.root / "manifests" / "job.yaml").unlink()
    code, _, gone = _deletes(applied, *words)
    assert (code, gone) == (64, [])


def test_a_right_selector_deletes_nothing_either(applied: Project) -> None:
    """And says what it left out."""
    (applied.root / "manifests" / "job.yaml").unlink()
    code, said, gone = _deletes(applied, "--kind", "App")
    assert (code, gone) == (0, [])
    assert "2 left out" in said


def test_a_wrong_working_directory_deletes_nothing(applied: Project) -> None:
    """Another folder is another project, which owns nothing."""
    elsewhere = applied.root.parent / "elsewhere"
    elsewhere.mkdir()
    ended = reconciler(elsewhere, "plan", "--environment", "dev", variables=applied.variables)
    assert ended.code == 64
    assert applied.run("plan").out == UNCHANGED


def test_most_of_everything_never_goes_unasked(project: Project) -> None:
    """A lost folder beside one that stands: blocked, with the way to allow it by name until a day."""
    for number in range(9):
        project.write(f"team/app-{number}.yaml", APP.replace("greet", f"app-{number}").replace("hello", f"{number}"))
    project.write("app.yaml", APP)
    assert project.run("apply", "--yes").code == 0
    shutil.rmtree(project.root / "manifests" / "team")
    blocked = project.run("apply", "--yes")
    assert (blocked.code, "guard.mass-removal" in blocked.out) == (3, True)
    names = ", ".join(f"ai4s/App/demo/app-{number}@1.0.0" for number in range(9))
    entry = f"[{{ what: delete, addresses: [{names}], until: '%s', reason: the team left }}]"
    project.configure(allow=entry % "2020-01-01")
    expired = project.run("plan")
    assert (expired.code, "ended with 2020-01-01" in expired.out) == (3, True)
    project.configure(allow=entry % "2999-12-31")
    assert project.run("apply", "--yes").code == 0


def test_headroom_is_told_in_every_plan(applied: Project) -> None:
    """Also where nothing changes."""
    applied.configure(policy="{ max_deletes: 5, max_gpu_hours: 7 }")
    assert "limits: 0 of 5 (max_deletes), 0 of 7 GPU-hours (max_gpu_hours)" in applied.run("plan").out
