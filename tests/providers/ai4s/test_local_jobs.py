"""Jobs on the local platform: submitted once, found again, followed, ended, run again, forgotten."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import NotFound, Refused, Unanswered
from reconciler.localplatform.clock import Clock
from reconciler.localplatform.faults import FaultKind, FaultRule, When
from reconciler.model.address import Address
from reconciler.model.mark import Mark
from reconciler.model.resource import Phase
from tests.providers.ai4s.opened import desired, make, opened
from tests.support.local_platform import local_platform

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.ai4s.connection import Ai4sConnection

IMAGE = "demo/busybox:1.36"
SAY = {
    "name": "say",
    "version": "1.0.0",
    "image": IMAGE,
    "commands": ["echo first ${word}", "echo", "echo last"],
    "inputs": [{"name": "word", "type": "STRING", "required": True, "concurrent": "vars_iter"}],
    "outputs": [{"name": "out", "type": "FILE", "required": True, "values": ["/out.txt"]}],
}
THEN = {
    "name": "then",
    "version": "1.0.0",
    "image": IMAGE,
    "commands": ["echo then"],
    "inputs": [{"name": "in", "type": "FILE", "required": True}],
}
WORKFLOW = {
    "name": "talk",
    "version": "1.0.0",
    "tasks": [
        {"task_name": "then", "app_id": "then::1.0.0", "inputs": [{"name": "in", "values": ["${say.out}"]}]},
        {"task_name": "say", "app_id": "say::1.0.0"},
    ],
}
JOB = {
    "name": "run",
    "tool_id": "talk::1.0.0::demo",
    "tool_type": "workflow",
    "tasks": [{"task_name": "say", "inputs": [{"name": "word", "values": ["one", "two"]}]}],
}
RUN = Address("ai4s", "Job", "demo", "run")


def prepare(connection: Ai4sConnection, commands: list[str] | None = None) -> Any:
    """Makes the apps and the workflow; the handler of jobs."""
    make(connection, "App", {**SAY, "commands": commands or SAY["commands"]})
    make(connection, "App", THEN)
    make(connection, "Workflow", WORKFLOW)
    return connection.handler("Job")


@pytest.fixture
def jobs(connection: Ai4sConnection) -> Any:
    """The handler of jobs, on a platform where work is over at once."""
    return prepare(connection)


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[tuple[Any, Clock]]:
    """The handler of jobs, on a platform where work takes its time, and the clock of that time."""
    clock = Clock()
    clock.freeze()
    with local_platform(tmp_path, engine="simulated-by-clock", clock=clock) as platform, opened(platform) as made:
        yield prepare(made, ["sleep 100"]), clock


def test_run_that_succeeds(jobs: Any) -> None:
    """Phase, mark, outputs and parts of a run that is over."""
    wanted = desired(RUN, JOB)
    created = jobs.create(wanted)
    assert (created.phase, created.mark) == (Phase.PENDING, wanted.mark)
    live = jobs.read(RUN, created.remote_id)
    assert (live.phase, live.status, live.mark) == (Phase.SUCCEEDED, "SUCCEEDED", wanted.mark)
    assert live.outputs == {"output_dir": f"/run-{created.remote_id}"}
    assert live.spec["tool_id"] == "talk::1.0.0::demo"
    parts = jobs.parts(RUN, created.remote_id)
    assert sorted((part.name, part.index, part.status) for part in parts) == [
        ("say", 0, "SUCCEEDED"),
        ("say", 1, "SUCCEEDED"),
        ("then", 0, "SUCCEEDED"),
    ]
    assert all(part.started <= part.finished for part in parts)


def test_logs_of_all_of_one_task_and_of_one_instance(jobs: Any) -> None:
    """Every line, blank ones too, with task and index."""
    remote_id = jobs.create(desired(RUN, JOB)).remote_id
    lines = list(jobs.logs(RUN, remote_id))
    assert [line.text for line in lines if (line.task, line.index) == ("say", 1)] == ["first two", "", "last"]
    assert {(line.task, line.index) for line in lines} == {("say", 0), ("say", 1), ("then", 0)}
    assert [line.text for line in jobs.logs(RUN, remote_id, task="say", index=0)] == ["first one", "", "last"]
    assert {line.index for line in jobs.logs(RUN, remote_id, task="say")} == {0, 1}
    assert all(line.at.endswith("Z") for line in lines)
    with pytest.raises(NotFound, match="no task 'sya'") as caught:
        jobs.logs(RUN, remote_id, task="sya")
    assert "did you mean 'say'?" in caught.value.hint


def test_events_tell_each_thing_once(jobs: Any) -> None:
    """The run's events and its tasks', without the doubles that the platform gives."""
    remote_id = jobs.create(desired(RUN, JOB)).remote_id
    events = list(jobs.events(RUN, remote_id))
    told = [(event.reason, event.message, event.first) for event in events]
    assert len(set(told)) == len(told)
    assert {event.task for event in events} == {"", "say", "then"}
    assert {event.task for event in jobs.events(RUN, remote_id, task="then")} == {"then"}


def test_run_that_fails_and_is_retried(connection: Ai4sConnection) -> None:
    """A failed run keeps its id when it is retried."""
    jobs = prepare(connection, ["exit 3"])
    remote_id = jobs.create(desired(RUN, JOB)).remote_id
    live = jobs.read(RUN, remote_id)
    assert live.phase is Phase.FAILED
    assert live.detail
    assert {part.name: part.status for part in jobs.parts(RUN, remote_id)}["say"] == "FAILED"
    jobs.retry(RUN, remote_id)
    assert jobs.read(RUN, remote_id).remote_id == remote_id
    with pytest.raises(NotFound):
        jobs.retry(RUN, "no-such-job")


def test_retrying_success_is_refused(jobs: Any) -> None:
    """The platform's word on it comes through."""
    remote_id = jobs.create(desired(RUN, JOB)).remote_id
    with pytest.raises(Refused, match="retry job run"):
        jobs.retry(RUN, remote_id)


@pytest.mark.parametrize("force", [False, True])
def test_stopping(slow: tuple[Any, Clock], force: bool) -> None:
    """A running run is asked to end, ends, and can be asked again without harm."""
    jobs, clock = slow
    remote_id = jobs.create(desired(RUN, JOB)).remote_id
    clock.advance(1)
    assert jobs.read(RUN, remote_id).phase is Phase.RUNNING
    assert jobs.parts(RUN, remote_id)[0].status.upper() == "PENDING"
    jobs.stop(RUN, remote_id, force=force)
    assert jobs.read(RUN, remote_id).phase in {Phase.STOPPING, Phase.CANCELLED}
    clock.advance(60)
    assert jobs.read(RUN, remote_id).phase is Phase.CANCELLED
    jobs.stop(RUN, remote_id, force=force)
    jobs.delete(RUN, remote_id)
    assert jobs.read(RUN, remote_id) is None
    jobs.stop(RUN, remote_id)
    jobs.delete(RUN, remote_id)


def test_active_run_is_not_deleted(slow: tuple[Any, Clock]) -> None:
    """The platform wants it ended first, and says so."""
    jobs, clock = slow
    remote_id = jobs.create(desired(RUN, JOB)).remote_id
    clock.advance(1)
    with pytest.raises(Refused, match="cancel it first"):
        jobs.delete(RUN, remote_id)


@pytest.mark.parametrize("labels", [[], list("abcd"), list("abcde")])
@pytest.mark.parametrize("fault", [FaultKind.LOST, FaultKind.TRUNCATE, FaultKind.RESET, FaultKind.ERROR])
def test_lost_submission_is_found_exactly_once(
    platform: Platform, jobs: Any, fault: FaultKind, labels: list[str]
) -> None:
    """However the answer is lost and wherever the mark stands: one POST, one run, found by its mark."""
    wanted = desired(RUN, {**JOB, "labels": labels, "description": "why"})
    platform.faults.replace([FaultRule(fault, operation="ExecuteJob", when=When.AFTER, count=None)])
    with pytest.raises(Unanswered):
        jobs.create(wanted)
    platform.faults.replace([])
    assert len(platform.log.report(operation="ExecuteJob")) == 1
    (found,) = jobs.find(RUN, wanted.mark)
    assert (found.mark, found.spec["name"]) == (wanted.mark, "run")
    assert found.spec.get("labels", []) == labels
    assert found.spec["description"] == "why"
    assert jobs.find(RUN, Mark("0" * 8, "0" * 20)) == ()


def test_duplicates_are_all_found(jobs: Any) -> None:
    """Two runs with one mark are two: nobody decides here which is the right one."""
    wanted = desired(RUN, JOB)
    ids = {jobs.create(wanted).remote_id for _ in range(2)}
    jobs.create(desired(RUN, {**JOB, "priority": 5}))
    assert {live.remote_id for live in jobs.find(RUN, wanted.mark)} == ids


def test_search_is_not_fooled_by_a_stale_list(platform: Platform, jobs: Any) -> None:
    """A list that lags behind says nothing; that is for the caller to wait out, not for us to invent."""
    wanted = desired(RUN, JOB)
    remote_id = jobs.create(wanted).remote_id
    platform.faults.replace([FaultRule(FaultKind.STALE, operation="ListJob", seconds=60, count=2)])
    assert jobs.find(RUN, wanted.mark) == ()
    assert [live.remote_id for live in jobs.find(RUN, wanted.mark)] == [remote_id]


def test_browsing(jobs: Any) -> None:
    """Rows newest first, with marks; filters narrow; the limit holds."""
    wanted = [desired(Address("ai4s", "Job", "demo", f"run-{n}"), {**JOB, "name": f"run-{n}"}) for n in range(5)]
    ids = [jobs.create(one).remote_id for one in wanted]
    rows = list(jobs.browse("demo", {}, 10))
    assert {row.remote_id: row.mark for row in rows} == {i: one.mark for i, one in zip(ids, wanted, strict=True)}
    assert [row.created for row in rows] == sorted((row.created for row in rows), reverse=True)
    assert {row.detail for row in rows} == {"talk::1.0.0"}
    assert len(list(jobs.browse("demo", {}, 2))) == 2
    assert [row.name for row in jobs.browse("demo", {"name": "run-3"}, 10)] == ["run-3"]
    assert [row.remote_id for row in jobs.browse("demo", {"labels": str(wanted[1].mark)}, 10)] == [ids[1]]
    assert len(list(jobs.browse("demo", {"status": "succeeded", "workflow": "talk"}, 10))) == 5
    assert list(jobs.browse("demo", {"status": "running"}, 10)) == []
    assert list(jobs.browse("demo", {"created-after": "2100-01-01"}, 10)) == []
    assert len(list(jobs.browse("demo", {"finished-before": "2100-01-01T00:00:00Z"}, 10))) == 5


def test_unknown_workflow_is_refused(jobs: Any) -> None:
    """Nothing is submitted, and the platform's words say what is missing."""
    with pytest.raises(Refused, match="submit job run"):
        jobs.create(desired(RUN, {**JOB, "tool_id": "nothing::1.0.0"}))
    assert list(jobs.browse("demo", {}, 10)) == []


def test_one_connection_for_many_threads(platform: Platform, jobs: Any) -> None:
    """Forty submissions from eight threads, some throttled on the way to being read: each once, none lost."""
    platform.faults.replace(
        [FaultRule(FaultKind.THROTTLE, method="GET", retry_after=0.01, probability=0.2, count=None)]
    )
    todo = [desired(Address("ai4s", "Job", "demo", f"run-{n}"), {**JOB, "name": f"run-{n}"}) for n in range(40)]
    wanted = list(todo)
    done: dict[str, Mark] = {}
    lock = threading.Lock()

    def work() -> None:
        while True:
            with lock:
                if not todo:
                    return
                one = todo.pop()
            remote_id = jobs.create(one).remote_id
            live = jobs.read(one.address, remote_id)
            with lock:
                done[remote_id] = live.mark

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, done.values())) == sorted(str(one.mark) for one in wanted)
