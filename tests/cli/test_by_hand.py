"""Looking at single things and removing them by hand, as a person types it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import time
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.localplatform.store import Query
from reconciler.state.file import FileStore

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform
    from tests.cli.running import Project

FAN_OUT = """\
app:
  name: greet
  version: 1.0.0
  image: demo/busybox:1.36
  commands: ['echo hello ${who}']
  inputs: [{ name: who, type: STRING, required: true, concurrent: vars_iter }]
---
workflow:
  name: hello
  version: 1.0.0
  tasks: [{ task_name: greet, app_id: 'greet::1.0.0', inputs: [{ name: who, values: [world] }] }]
---
job:
  name: hello
  labels: [nightly]
  workflow_id: hello::1.0.0
  output_dir: /results/hello
  tasks: [{ task_name: greet, inputs: [{ name: who, values: [ann, bob] }] }]
"""


@pytest.fixture
def applied(project: Project) -> Project:
    """A project whose job has run, in two instances."""
    project.write("all.yaml", FAN_OUT)
    assert project.run("apply", "--yes", "--wait").code == 0
    return project


def _rows(project: Project, *words: str) -> list[dict[str, Any]]:
    ended = project.run(*words, "--format", "json")
    assert ended.code == 0, ended.said
    items: list[dict[str, Any]] = json.loads(ended.out)["items"]
    return items


def _job(project: Project) -> str:
    return str(_rows(project, "get", "Job")[0]["id"])


def test_pages_of_a_list(applied: Project) -> None:
    """`--offset` leaves out the first rows, `--limit` what comes after; two pages are the whole."""
    applied.write("other.yaml", FAN_OUT.split("---")[2].replace("name: hello", "name: again", 1))
    assert applied.run("apply", "--yes", "--wait").code == 0
    whole = [row["id"] for row in _rows(applied, "get", "Job")]
    pages = [row["id"] for n in ("0", "1", "2") for row in _rows(applied, "get", "Job", "--limit", "1", "--offset", n)]
    assert len(whole) == 2
    assert pages == whole


def test_columns_in_which_nothing_stands_are_left_out(applied: Project) -> None:
    """An app has no status and no end; a job has its workflow, its labels, and not our mark among them."""
    app = applied.run("get", "App").out.splitlines()[0].split()
    assert not {"STATUS", "FINISHED"} & set(app)
    assert {"NAME", "SOURCE", "ID", "ADDRESS"} <= set(app)
    job = applied.run("get", "Job").out
    assert {"WORKFLOW", "VERSION", "LABELS"} <= set(job.splitlines()[0].split())
    assert "nightly" in job
    assert "rc-" not in job


def test_another_scope_is_asked_for_by_name(applied: Project) -> None:
    """`--scope` is where the thing is; one there is not is named."""
    ended = applied.run("get", "App", "--scope", "elsewhere")
    assert ended.code == 1
    assert "there is no space 'elsewhere'" in ended.err


def test_instances_of_a_task(applied: Project) -> None:
    """One row for each value of a concurrent input, or one row for an index."""
    rows = _rows(applied, "status", "Job/hello", "--task", "greet")
    assert [row["index"] for row in rows] == ["0", "1"]
    assert len({row["instance"] for row in rows}) == 2
    assert _rows(applied, "status", "Job/hello", "--task", "greet", "--index", "1") == rows[1:]
    ended = applied.run("status", "Job/hello", "--task", "greet", "--index", "2")
    assert (ended.code, "there is no instance 2" in ended.err) == (1, True)


def test_events_of_one_instance(applied: Project) -> None:
    """By index or by name; those of the other instance are not among them."""
    by_index = _rows(applied, "events", "Job/hello", "--task", "greet", "--index", "1")
    assert by_index
    assert not [row for row in by_index if "greet-0" in row["message"]]
    name = _rows(applied, "status", "Job/hello", "--task", "greet")[1]["instance"]
    assert _rows(applied, "events", "Job/hello", "--task", "greet", "--instance", name)
    ended = applied.run("events", "Job/hello", "--index", "1")
    assert (ended.code, "--task NAME" in ended.err) == (64, True)


def test_a_run_that_is_not_ours_by_its_id(applied: Project) -> None:
    """Its phase and its instances, though nothing is recorded of it here."""
    identifier = _job(applied)
    (applied.root / ".reconciler" / "state").rename(applied.root / "forgotten")
    ended = applied.run("status", "Job", "--id", identifier)
    assert ended.code == 0
    assert "succeeded" in ended.out
    assert ended.out.count("greet") == 2


def test_describe_writes_a_manifest_that_declares_the_same(applied: Project, tmp_path: Path) -> None:
    """An app by its name, into a file, in the platform's own form: planned, it changes nothing."""
    file = tmp_path / "app.yaml"
    assert applied.run("describe", "App", "--id", "greet@1.0.0", "-o", str(file)).code == 0
    text = file.read_text(encoding="utf-8")
    assert text.startswith("app:\n")
    applied.write("all.yaml", text + "---" + FAN_OUT.partition("---")[2])
    assert applied.run("plan").out == "No changes. 3 resources unchanged.\n"


def test_describe_tells_all_of_a_run(applied: Project) -> None:
    """With --detail also what only the platform knows, as JSON or YAML."""
    found = json.loads(applied.run("describe", "Job/hello", "--detail", "--format", "json").out)
    assert (found["status"], list(found["dag"])) == ("SUCCEEDED", ["greet"])
    assert "status: SUCCEEDED" in applied.run("describe", "Job", "--id", _job(applied), "--detail").out


def test_describe_several(applied: Project) -> None:
    """Documents of one file, which can be declared together; a list as JSON."""
    job = _job(applied)
    together = applied.run("describe", "Job", "--id", f"{job};{job}", "--id", job)
    assert together.out.count("job:\n") == 1
    (platform_id,) = [row["id"] for row in _rows(applied, "get", "App")]
    both = applied.run("describe", "App", "--id", platform_id, "--id", "greet@1.0.0")
    assert [text.split("\n")[0] for text in both.out.split("---\n")] == ["app:", "app:"]
    listed = json.loads(applied.run("describe", "App", "--id", f"{platform_id};greet@1.0.0", "--format", "json").out)
    assert [each["app"]["version"] for each in listed] == ["1.0.0", "1.0.0"]


def test_describe_one_instance(applied: Project) -> None:
    """The document of the cluster, which is a pod."""
    found = json.loads(applied.run("describe", "Job/hello", "--task", "greet", "--index", "1", "--format", "json").out)
    assert found["kind"] == "Pod"
    assert found["metadata"]["name"].endswith("-1")


def test_describe_what_is_not_there(applied: Project) -> None:
    """A name that is nearly right is corrected."""
    ended = applied.run("describe", "App", "--id", "gret@1.0.0")
    assert (ended.code, "Did you mean 'greet@1.0.0'?" in ended.err) == (1, True)


def test_what_is_declared_is_not_removed_by_hand(applied: Project, platform: Platform) -> None:
    """The removal of an app of ours belongs into a review; nothing is sent."""
    platform.log.clear()
    for words in (("App", "--id", "greet@1.0.0"), ("App/greet@1.0.0",)):
        ended = applied.run("delete", *words, "--yes")
        assert ended.code == 64
        assert "Remove its manifest and apply" in ended.err
    assert not [entry for entry in platform.log.report() if entry["method"] == "DELETE"]


def test_the_record_of_our_run_may_go(applied: Project) -> None:
    """Removed by hand, an ended run is not submitted again; a second removal finds nothing to do."""
    identifier = _job(applied)
    assert applied.run("delete", "Job", "--id", identifier, "--yes").code == 0
    assert applied.run("plan").out == "No changes. 3 resources unchanged.\n"
    again = applied.run("delete", "Job", "--id", identifier, "--yes")
    assert (again.code, "gone already" in again.err) == (0, True)


def test_nobody_is_asked_in_a_script(applied: Project) -> None:
    """Without --yes and without a terminal nothing is removed."""
    ended = applied.run("delete", "Job/hello")
    assert (ended.code, "Say --yes." in ended.err) == (64, True)
    assert len(_rows(applied, "get", "Job")) == 1


def test_an_active_run_is_cancelled_first(project: Project, platform: Platform) -> None:
    """Its record cannot be removed from under it."""
    platform.services.runs.choose("simulated-by-clock")
    try:
        project.write("all.yaml", FAN_OUT.replace("echo hello", "sleep 3000 #"))
        assert project.run("apply", "--yes").code == 0
        ended = project.run("delete", "Job/hello", "--yes")
        assert (ended.code, "reconciler cancel" in ended.err) == (64, True)
        assert project.run("cancel", "Job/hello", "--yes", "--force").code == 0
    finally:
        platform.services.runs.choose("simulated")


def test_what_carries_anothers_mark_stays(applied: Project) -> None:
    """A job of another project is removed only by force."""
    identifier = _job(applied)
    file = applied.root / "reconciler.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("name: testing", "name: another"), encoding="utf-8")
    (applied.root / ".reconciler" / "state").rename(applied.root / "forgotten")
    ended = applied.run("delete", "Job", "--id", identifier, "--yes")
    assert (ended.code, "mark of another project" in ended.err) == (64, True)
    assert applied.run("delete", "Job", "--id", identifier, "--yes", "--force").code == 0


def test_names_that_others_gave_cannot_act_on_a_terminal(applied: Project, platform: Platform) -> None:
    """Neither that of a thing on the platform, nor that of whoever holds the memory."""
    store, identifier = platform.services.store, _job(applied)
    found = store.first(Query("ai4s", "Job", ids=(identifier,)))
    assert found is not None
    store.update(replace(found, name="x\x1b[2J", body={**found.body, "name": "x\x1b[2J"}))
    FileStore(applied.root / ".reconciler" / "state", time.time).lock("dev", "y\x1b[2J")
    said = applied.run("state", "list").said + applied.run("state", "unlock").said
    (applied.root / ".reconciler" / "state").rename(applied.root / "forgotten")
    ended = applied.run("delete", "Job", "--id", identifier, "--yes")
    assert ended.code == 0, ended.err
    assert "removed Job x" in ended.err
    assert "\x1b" not in said + ended.said


def test_export_holds_yaml_and_a_table(applied: Project, tmp_path: Path) -> None:
    """Each run as a manifest, all of them as rows; the same runs give the same bytes."""
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    assert applied.run("export", "-o", str(first)).code == 0
    (tmp_path / "ids.txt").write_text(json.dumps({"ids": f"{_job(applied)};"}), encoding="utf-8")
    assert applied.run("export", "Job", "--ids-file", str(tmp_path / "ids.txt"), "-o", str(second)).code == 0
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as made:
        (row,) = csv.DictReader(io.StringIO(made.read("runs.csv").decode()))
        assert (row["name"], row["status"], row["labels"]) == ("hello", "SUCCEEDED", "nightly")
        assert made.read(row["file"]).startswith(b"job:\n  name: hello\n")


def test_export_leaves_out_what_is_not_there(applied: Project, tmp_path: Path) -> None:
    """One wrong id does not keep the others out, is told, and makes the exit code an error."""
    ended = applied.run("export", "Job", "--id", f"{_job(applied)};nowhere", "-o", str(tmp_path / "x.zip"))
    assert ended.code == 1
    assert "wrote 1 of 2 runs" in ended.err
    assert "nowhere" in ended.err


def test_export_replaces_no_archive_unasked(applied: Project, tmp_path: Path) -> None:
    """What stands there stays, unless --overwrite is said."""
    file = tmp_path / "x.zip"
    file.write_bytes(b"mine")
    assert applied.run("export", "-o", str(file)).code == 64
    assert file.read_bytes() == b"mine"
    assert applied.run("export", "-o", str(file), "--overwrite").code == 0
    assert file.read_bytes() != b"mine"


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}", '{"ids": ""}'])
def test_a_file_without_ids(project: Project, tmp_path: Path, text: str) -> None:
    """It is told, with how to write one."""
    file = tmp_path / "ids.txt"
    file.write_text(text, encoding="utf-8")
    ended = project.run("export", "Job", "--ids-file", str(file), "-o", str(tmp_path / "x.zip"))
    assert (ended.code, "holds no ids" in ended.err) == (64, True)


def test_what_nobody_declares_is_removed_by_name(applied: Project) -> None:
    """What was let go of can be removed; the platform's own refusal is told."""
    assert applied.run("forget", "App/greet@1.0.0", "--yes").code == 0
    ended = applied.run("delete", "App", "--id", "greet@1.0.0", "--yes")
    assert ended.code == 1
    assert "App greet@1.0.0" in ended.err
    assert "used by workflow hello" in ended.err


def test_a_kind_that_no_target_has(project: Project) -> None:
    """What this environment has is listed, not what the program knows."""
    ended = project.run("get", "TrainingJob")
    assert ended.code == 64
    assert "App" in ended.err
    assert "TrainingJobConfig" not in ended.err


def test_a_filter_that_only_one_kind_has(applied: Project) -> None:
    """Without a kind, those that lack the filter are left out; one that none has is an error."""
    assert [row["kind"] for row in _rows(applied, "get", "--filter", "labels=nightly")] == ["Job"]
    assert applied.run("get", "--filter", "lables=nightly").code == 64


STANDING = """\
apiVersion: ai4s/v1
kind: Notebook
metadata: { name: nb }
spec:
  flavor: { cpu: 1, gpu: 0, memory: 2 }
  image: { image_type: SYSTEM, image_info: { profile: PY3 } }
  storages: [{ path: 'demo:/' }]
---
apiVersion: ai4s/v1
kind: Label
metadata: { name: night }
spec: { description: at night }
"""


@pytest.fixture
def standing_things(project: Project) -> Project:
    """A project with a notebook and a label."""
    project.write("standing.yaml", STANDING)
    assert project.run("apply", "--yes").code == 0
    return project


def test_what_stands_is_stopped_and_started_by_hand(standing_things: Project) -> None:
    """The person is told that the manifest still says otherwise, and the next plan shows it."""
    ended = standing_things.run("suspend", "Notebook/nb")
    assert (ended.code, "the next apply undoes it" in ended.err) == (0, True)
    plan = standing_things.run("plan").out
    assert "/state" in plan
    assert "Plan: 1 to update" in plan
    assert standing_things.run("resume", "Notebook/nb").code == 0
    assert standing_things.run("plan").out.startswith("No changes.")


def test_the_way_into_what_stands(standing_things: Project) -> None:
    """The address of a notebook; the one that needs no login only when it is asked for."""
    plain = standing_things.run("links", "nb")
    assert "token=" not in plain.out
    assert "token=" in standing_things.run("links", "nb", "--shared").out


def test_things_of_the_whole_account(standing_things: Project, tmp_path: Path) -> None:
    """They stand in no scope: found by name, described, and not removed behind the manifest's back."""
    assert [row["name"] for row in _rows(standing_things, "get", "Label", "--filter", "level=1")] == ["night"]
    assert "kind: Label" in standing_things.run("describe", "Label", "--id", "night").out
    assert standing_things.run("delete", "Label", "--id", "night", "--yes").code == 64
    missing = standing_things.run("describe", "VendorConfig", "--id", "default", "--files", str(tmp_path))
    assert (missing.code, "there is no VendorConfig 'default'" in missing.err) == (1, True)


def test_the_files_that_something_holds(project: Project, tmp_path: Path) -> None:
    """A logo comes back byte for byte, under its own name, into the folder that is named."""
    logo = b"\x89PNG\r\n\x1a\n fake"
    (project.root / "logo.png").write_bytes(logo)
    digest = hashlib.sha256(logo).hexdigest()
    project.write("vendor.yaml", f"""\
apiVersion: ai4s/v1
kind: VendorConfig
metadata: {{ name: default }}
spec: {{ name: Fake, logo: {{ path: logo.png, sha256: {digest} }} }}
""")  # fmt: skip
    assert project.run("apply", "--yes").code == 0
    assert project.run("describe", "VendorConfig/default", "--files", str(tmp_path)).code == 0
    assert (tmp_path / "logo.png").read_bytes() == logo


def test_data_jobs_by_hand(project: Project, platform: Platform) -> None:
    """Listed by every filter, read, their output printed, their record removed; the next plan runs nothing again."""
    (platform.services.data.area("demo") / "in.txt").write_text("hi", encoding="utf-8")
    project.write("copy.yaml", """\
apiVersion: ai4s/v1
kind: DataJob
metadata: { name: copy }
spec: { type: CLONE_DATA, sub_paths: ['demo:/in.txt'], target_folder: 'demo:/there' }
""")  # fmt: skip
    assert project.run("apply", "--yes", "--wait").code == 0
    (row,) = _rows(project, "get", "DataJob", "--filter", "type=clone_data", "--filter", "created-after=2000-01-01")
    assert (row["status"], row["address"]) == ("SUCCEED", "ai4s/DataJob/demo/copy")
    assert project.run("logs", "DataJob", "--id", row["id"]).out == "copied demo:/in.txt\n"
    assert _rows(project, "get", "DataJob", "--filter", "status=Failed") == []
    assert _rows(project, "get", "DataJob", "--filter", "finished-before=2000-01-01") == []
    detail = json.loads(project.run("describe", "DataJob/copy", "--detail", "--format", "json").out)
    assert detail["destinations"] == ["demo:/there"]
    assert project.run("retry", "DataJob", "--id", row["id"]).code == 1
    assert project.run("delete", "DataJob/copy", "--yes").code == 0
    assert project.run("plan").out.startswith("No changes.")
