"""Events however they are paged, links, measurements, instances, filters, and signing in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import Unauthenticated, UsageError
from reconciler.model.resource import Phase
from reconciler.providers.modelarts.place import Place
from reconciler.providers.modelarts.story_v2 import EVENTS_A_PAGE, events
from tests.providers.modelarts.opened import KEYS, at, desired, job_v1, job_v2, opened

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
    """Parts with their ends, measurements by name, a link for each machine."""
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
    assert {series.metric for series in jobs.metrics(wanted.address, made.remote_id)} == {"cpuUsage", "memUsage"}
    links = jobs.links(wanted.address, made.remote_id)
    assert [link.name for link in links] == ["log of worker-0", "log of worker-1"]
    assert all(link.secret and link.url for link in links)
    assert next(iter(jobs.events(wanted.address, made.remote_id))).type == "Normal"
    assert list(jobs.logs(wanted.address, made.remote_id, task="worker-1", index=0)) == []


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
