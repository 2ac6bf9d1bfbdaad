"""Events however they are paged, links, measurements, instances, filters, and signing in."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import Unauthenticated, UsageError
from reconciler.localplatform.history import Sample
from reconciler.localplatform.measuring import CPU
from reconciler.localplatform.platforms.modelarts_work import WORK
from reconciler.manifests.schemas import load_catalogue
from reconciler.model.resource import Phase
from reconciler.providers.modelarts.place import Place
from reconciler.providers.modelarts.story_v1 import measurements
from reconciler.providers.modelarts.story_v2 import EVENTS_A_PAGE, events, ways_in, without_tokens
from tests.providers.modelarts.opened import KEYS, at, config_v1, desired, job_v1, job_v2, opened

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.exchange import Call
    from reconciler.providers.modelarts.connection import ModelArtsConnection


class _Paged:
    """A session that serves events and counts `offset` in its own way."""

    def __init__(self, total: int, unit: int) -> None:
        self.rows = [{"message": f"event {n}", "level": "Info", "time": 1000 + n, "source": "x"} for n in range(total)]
        self.unit = unit
        self.calls = 0

    def call(self, call: Call) -> dict[str, Any]:
        """One page."""
        self.calls += 1
        start, limit = int(str(call.query["offset"])) * self.unit, int(str(call.query["limit"]))
        return {"total": len(self.rows), "events": self.rows[start : start + limit]}


@pytest.mark.parametrize("unit", [1, EVENTS_A_PAGE])
@pytest.mark.parametrize("total", [0, 1, 99, 100, 101, 200, 201, 350])
def test_every_event_once(total: int, unit: int) -> None:
    """Whether `offset` counts events or pages of them shows in the second answer, and none is lost or told twice."""
    session = _Paged(total, unit)
    found = [event.message for event in events(Place("t", session, lambda: "p"), "id")]  # type: ignore[arg-type]
    assert found == [row["message"] for row in session.rows]
    assert session.calls <= total // EVENTS_A_PAGE + 3


def test_what_a_job_tells(connection: ModelArtsConnection) -> None:
    """Parts with their ends, and a link for each machine."""
    jobs: Any = connection.handler("TrainingJobV2")
    spec = job_v2("a", seconds="0")
    spec["spec"]["resource"]["node_count"] = 2
    wanted = desired("TrainingJobV2", spec)
    made = jobs.create(wanted)
    assert jobs.read(wanted.address, made.remote_id).phase is Phase.SUCCEEDED
    assert [(part.name, part.detail) for part in jobs.parts(wanted.address, made.remote_id)] == [
        ("worker-0", "exit code 0"),
        ("worker-1", "exit code 0"),
    ]
    links = jobs.links(wanted.address, made.remote_id)
    assert [link.name for link in links] == ["log of worker-0", "log of worker-1"]
    assert all(link.secret and link.url for link in links)
    assert next(iter(jobs.events(wanted.address, made.remote_id))).type == "Normal"
    assert list(jobs.logs(wanted.address, made.remote_id, task="worker-1", index=0)) == []


@pytest.mark.parametrize(("kind", "make"), [("TrainingJob", job_v1), ("TrainingJobV2", job_v2)])
def test_measurements(platform: Platform, connection: ModelArtsConnection, kind: str, make: Any) -> None:
    """By name, oldest first, the last minutes asked for; what was not measured is no series. Both APIs tell them."""
    jobs: Any = connection.handler(kind)
    wanted = desired(kind, make("a"))
    made = jobs.create(wanted)
    assert jobs.metrics(wanted.address, made.remote_id) == ()
    run = made.remote_id if kind == "TrainingJobV2" else f"version-{made.remote_id.rpartition('/')[2]}"
    values = (1.5, 2.25, 4.0)
    history = platform.services.runs.history
    history.measure([Sample(run, WORK, 0, CPU, float(at), value) for at, value in enumerate(values)])
    (series,) = jobs.metrics(wanted.address, made.remote_id)
    assert (series.metric, [value for _, value in series.points]) == ("cpuUsage", list(values))
    assert [round(second - first) for (first, _), (second, _) in pairwise(series.points)] == [60, 60]
    (last,) = jobs.metrics(wanted.address, made.remote_id, name="cpuUsage", minutes=2)
    assert [value for _, value in last.points] == [2.25, 4.0]
    assert jobs.metrics(wanted.address, made.remote_id, name="gpuUtil") == ()


def test_measurements_of_v1_in_each_form() -> None:
    """As an object or as the text of one; texts are numbers; what a model is worth stands beside; nothing breaks."""
    used = {"cpuUsage": ["0", "3.10", "5.76"], "memUsage": [], "odd": ["x"], "interval": 5}
    worth = {"total_metric": {"total_metric_values": {"recall": 0.5, "id": 0}}, "metric": []}
    for form in (lambda value: value, json.dumps):
        row = {"system_metric_list": form(used), "model_metric_list": json.dumps(worth)}
        cpu, identifier, recall = measurements(row, 1000.0, 60)
        assert cpu.points == ((400.0, 0.0), (700.0, 3.1), (1000.0, 5.76))
        assert (identifier.metric, recall.metric, recall.points) == ("id", "recall", ((1000.0, 0.5),))
    for nothing in ({}, {"system_metric_list": ""}, {"system_metric_list": "{", "model_metric_list": None}):
        assert list(measurements(nothing, 0.0, 60)) == []


def test_the_whole_record(connection: ModelArtsConnection) -> None:
    """`describe --detail` prints what the platform shows of a run, with its tags."""
    jobs: Any = connection.handler("TrainingJobV2")
    wanted = desired("TrainingJobV2", {**job_v2("a"), "tags": [{"key": "team", "value": "x"}]})
    record = jobs.detail(wanted.address, jobs.create(wanted).remote_id)
    assert record["status"]["phase"]
    assert record["tags"] == [{"key": "team", "value": "x"}]
    old: Any = connection.handler("TrainingJob")
    of_v1 = desired("TrainingJob", job_v1("a"))
    record = old.detail(of_v1.address, old.create(of_v1).remote_id)
    assert record["version_name"] == "V0001"
    assert "is_success" not in record


def test_ways_into_a_job() -> None:
    """What runs beside it, with its token as a secret; where its machines answer; the record holds no token."""
    beside = {"url": "https://lab.example/x", "token": "fake token"}
    ssh = {"key_pair_names": ["k"], "task_urls": [{"task": "worker-0", "url": "ssh://worker-0.example:22"}]}
    row = {"endpoints": {"jupyter_lab": beside, "tensorboard": {"url": "https://board.example"}, "ssh": ssh}}
    lab, board, shell = ways_in(row)
    assert (lab.name, lab.url, lab.secret) == ("JupyterLab", "https://lab.example/x?token=fake%20token", True)
    assert (board.name, board.url, board.secret) == ("TensorBoard", "https://board.example", False)
    assert (shell.name, shell.url) == ("ssh to worker-0", "ssh://worker-0.example:22")
    assert "fake token" not in json.dumps(without_tokens(row))
    assert without_tokens(row)["jupyter_lab"] == {"url": "https://lab.example/x"}
    assert list(ways_in({})) == []


def test_versions_of_a_job(platform: Platform, connection: ModelArtsConnection) -> None:
    """All of them, newest first, each with what it was derived from; one is deleted alone, the last with its job."""
    jobs: Any = connection.handler("TrainingJob")
    made = []
    for attempt in (1, 2, 3):
        made.append(jobs.create(desired("TrainingJob", job_v1("a", seconds="0"), attempt=attempt)).remote_id)
        jobs.read(at("TrainingJob", "a"), made[-1])
    rows = list(jobs.browse("-", {"job": "a"}, 9))
    assert [row.remote_id for row in rows] == made[::-1]
    assert [dict(row.facts) for row in rows[::2]] == [
        {"version": "V0003", "derived from": "V0002"},
        {"version": "V0001", "derived from": ""},
    ]
    assert [row.mark is not None for row in rows] == [True, False, False]
    assert list(jobs.browse("-", {"job": "a", "status": "failed"}, 9)) == []
    assert list(jobs.browse("-", {"job": "of-nobody"}, 9)) == []
    for remote_id in (made[1], made[1], made[2], made[0], made[0]):
        jobs.delete(at("TrainingJob", "a"), remote_id)
    deleted = [e["path"].split("/", 3)[3] for e in platform.log.report() if e["method"] == "DELETE"]
    assert deleted == ["training-jobs/1/versions/3", "training-jobs/1/versions/4", "training-jobs/1"]
    assert list(jobs.browse("-", {}, 9)) == []


def test_samples_are_shown_and_described(connection: ModelArtsConnection) -> None:
    """Configurations of the platform itself are rows of their own, and come as a manifest to begin with."""
    configs: Any = connection.handler("TrainingJobConfig")
    configs.create(desired("TrainingJobConfig", config_v1("ours")))
    rows = {kind: list(configs.browse("-", {"type": kind}, 9)) for kind in ("custom", "sample")}
    assert [(row.remote_id, row.status) for row in rows["custom"]] == [("ours", "")]
    assert [(row.remote_id, row.status) for row in rows["sample"]] == [("sample:sample-linear", "sample")]
    assert [row.name for row in configs.browse("-", {}, 9)] == ["ours"]
    assert list(configs.browse("-", {"type": "sample", "name": "x*"}, 9)) == []
    with pytest.raises(UsageError, match="no type 'smaple'"):
        list(configs.browse("-", {"type": "smaple"}, 9))
    address = at("TrainingJobConfig", "x")
    manifest = configs.describe(address, "sample:sample-linear")
    assert load_catalogue().validator("modelarts", "TrainingJobConfig").is_valid(manifest)
    assert manifest["metadata"] == {"name": "sample-linear"}
    assert configs.describe(address, "ours")["spec"]["app_url"] == "/lab/code/"
    assert configs.read(address, "sample:sample-linear") is None


def test_filters(connection: ModelArtsConnection) -> None:
    """Statuses by word or number in any case; an unknown filter or status is told with what was perhaps meant."""
    new: Any = connection.handler("TrainingJobV2")
    new.create(desired("TrainingJobV2", job_v2("a", seconds="0")))
    assert [row.name for row in new.browse("-", {"status": "completed"}, 5)] == ["a"]
    assert list(new.browse("-", {"status": "Failed", "name": "a"}, 5)) == []
    old: Any = connection.handler("TrainingJob")
    made = old.create(desired("TrainingJob", job_v1("a", seconds="0")))
    old.read(at("TrainingJob", "a"), made.remote_id)
    for status in ("10", "completed", "JOBSTAT_COMPLETED"):
        assert [row.name for row in old.browse("-", {"status": status}, 5)] == ["a"]
    for handler in (old, new):
        with pytest.raises(UsageError, match="no filter"):
            list(handler.browse("-", {"stauts": "x"}, 5))
        with pytest.raises(UsageError, match="no status"):
            list(handler.browse("-", {"status": "complete-d"}, 5))


def test_a_wrong_key_is_told_as_one(platform: Platform) -> None:
    """The platform says 403 with a code; people hear which variables to look at."""
    with opened(platform, {**KEYS, "secret_key": "wrong-fake-key"}) as connection:
        with pytest.raises(Unauthenticated) as refused:
            connection.quota()
        assert "HUAWEICLOUD_SDK_SK" in refused.value.hint
