from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest
import requests

from reconciler.errors import Conflict, NotFound, Refused, Throttled, UsageError
from reconciler.localplatform.faults import FaultRule
from reconciler.localplatform.store import Query
from reconciler.model.mark import Owner
from reconciler.model.resource import Phase
from reconciler.providers.hai.browsing import tagged
from tests.providers.hai.opened import TARGET, at, desired, opened, spec
from tests.support.local_platform import ACCOUNT
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform
    from reconciler.localplatform.clock import Clock
    from reconciler.providers.hai.connection import HaiConnection
    from reconciler.providers.hai.task import Task


def phase(tasks: Task, name: str, remote_id: str) -> Phase:
    """Where it is now."""
    live = tasks.read(at(name), remote_id)
    assert live is not None
    return live.phase


def sent(platform: Platform, operation: str) -> int:
    """How many requests of an operation arrived."""
    return len(platform.log.report(operation=operation))


def test_what_is_submitted_is_read_back(tasks: Task) -> None:
    """In manifest shape, to the letter, with our mark taken out and found."""
    given = spec("t", priority=20, options={"tags": ["b", "a"], "profile": {"time": 1}, "py_venv": "202111"})
    wanted = desired(given)
    made = tasks.create(wanted)
    live = tasks.read(wanted.address, made.remote_id)
    assert live is not None
    assert live.mark == wanted.mark
    assert live.spec == {**given, "options": {**given["options"], "tags": ["a", "b"]}}
    assert live.phase is Phase.RUNNING
    assert live.status == "running"


def test_without_tags_of_its_own_no_options_are_invented(tasks: Task) -> None:
    """The mark is the only tag, and leaves nothing behind when it is taken out."""
    made = tasks.create(desired(spec("t")))
    live = tasks.read(at("t"), made.remote_id)
    assert live is not None
    assert live.spec == spec("t")


def test_what_is_not_there_is_none(tasks: Task) -> None:
    """Said inside a 200 by the query, and as 401 by the operations."""
    assert tasks.read(at("t"), "c0ffee00-0000-4000-8000-000000000000") is None
    tasks.stop(at("t"), "c0ffee00-0000-4000-8000-000000000000")
    with pytest.raises(NotFound):
        tasks.suspend(at("t"), "c0ffee00-0000-4000-8000-000000000000")


def test_a_taken_name_is_a_conflict(tasks: Task, platform: Platform) -> None:
    """Only among unfinished tasks, and sent once; any other refusal is only that."""
    first = tasks.create(desired(spec("t")))
    with pytest.raises(Conflict):
        tasks.create(desired(spec("t"), attempt=2))
    assert sent(platform, "CreateTask") == 2
    with pytest.raises(Refused) as refused:
        tasks.create(desired(spec("x", resource={"image": "a/b"})))
    assert type(refused.value) is Refused
    tasks.stop(at("t"), first.remote_id)
    assert tasks.create(desired(spec("t"), attempt=2)).remote_id != first.remote_id


def test_a_finished_name_used_by_somebody_else_is_not_ours(tasks: Task) -> None:
    """We know a chain, not a name: what has the name now is neither read nor found in its place."""
    ours = desired(spec("t", seconds="0"))
    made = tasks.create(ours)
    assert phase(tasks, "t", made.remote_id) is Phase.SUCCEEDED
    theirs = tasks.create(desired(spec("t"), owner=Owner("others", "dev")))
    assert phase(tasks, "t", made.remote_id) is Phase.SUCCEEDED
    assert [live.remote_id for live in tasks.find(ours.address, ours.mark)] == [made.remote_id]
    assert theirs.remote_id != made.remote_id
    assert tasks.find(ours.address, desired(spec("t"), attempt=2).mark) == ()


def test_found_by_tag_and_by_name(tasks: Task, platform: Platform) -> None:
    """A server that died before it put the tags on has left the mark in the submitted body only."""
    wanted = desired(spec("t"))
    made = tasks.create(wanted)
    chain = platform.services.store.get("hai", "Chain", made.remote_id)
    assert chain is not None
    platform.services.store.update(replace(chain, body={**chain.body, "tags": []}))
    (found,) = tasks.find(wanted.address, wanted.mark)
    assert (found.remote_id, found.mark) == (made.remote_id, wanted.mark)


def test_found_on_a_later_page(tasks: Task) -> None:
    """A mark that many tasks carry, which must never be, is seen on every page."""
    wanted = desired(spec("t", seconds="0"))
    for _ in range(53):
        tasks.create(wanted)
        tasks.read(wanted.address, "none")
    assert len(tasks.find(wanted.address, wanted.mark)) == 53


def test_what_moves_while_it_is_looked_for_is_found(platform: Platform) -> None:
    """A task that gets a new number between two pages jumps to the front of a list by number; ours is by another."""
    wanted = desired(spec("t", seconds="0"))

    class Restarting(WsgiAdapter):
        """Starts the oldest task again as soon as the first page was read."""

        def send(self, request: requests.PreparedRequest, *rest: Any, **more: Any) -> requests.Response:
            """As inherited, and then a new life."""
            answer = super().send(request, *rest, **more)
            if "/query/task/list?" in str(request.url) and "page=1&" in str(request.url):
                super().send(requests.Request("POST", f"{TARGET.endpoint}{again}").prepare(), *rest, **more)
            return answer

    with opened(platform, adapter=Restarting(platform.application)) as connection:
        tasks: Any = connection.handler("Task")
        ids = []
        for _ in range(53):
            ids.append(tasks.create(wanted).remote_id)
            tasks.read(wanted.address, "none")
        again = f"/operating/task/resume?chain_id={ids[0]}&token={ACCOUNT.secret_key}"
        assert {row["chain_id"] for row in tagged(tasks._place, str(wanted.mark))} == set(ids)


def test_three_suspensions_are_one_run(tasks: Task) -> None:
    """Suspended is healthy, the id stays, and the output of all lives is there."""
    program = "\necho step"
    given = spec("t")
    given["spec"] |= {"entrypoint": "x", "entrypoint_executable": True, "parameters": program}
    made = tasks.create(desired(given))
    for _ in range(3):
        assert phase(tasks, "t", made.remote_id) is Phase.RUNNING
        tasks.suspend(at("t"), made.remote_id)
        assert phase(tasks, "t", made.remote_id) is Phase.SUSPENDED
    live = tasks.read(at("t"), made.remote_id)
    assert live is not None
    assert live.phase is Phase.RUNNING
    assert live.detail == "suspended 3 times"
    assert [line.text for line in tasks.logs(at("t"), made.remote_id)] == ["step"] * 4
    tasks.resume(at("t"), made.remote_id)
    assert phase(tasks, "t", made.remote_id) is Phase.RUNNING


def test_an_end_that_is_no_success_is_looked_at_twice(tasks: Task, platform: Platform) -> None:
    """Between two lives a chain looks finished; a success needs no second look."""
    for name, code, looks in (("bad", "1", 2), ("good", "0", 1)):
        made = tasks.create(desired(spec(name, seconds="0", environments={"SIMULATED_EXIT_CODE": code})))
        before = sent(platform, "ShowTask")
        tasks.read(at(name), made.remote_id)
        assert sent(platform, "ShowTask") - before == looks


@pytest.mark.parametrize(
    ("environments", "options", "expected", "detail"),
    [
        ({"SIMULATED_EXIT_CODE": "0"}, {}, Phase.SUCCEEDED, ""),
        ({"SIMULATED_EXIT_CODE": "3"}, {}, Phase.FAILED, "failed; rank 0: exit code 3"),
        ({"SIMULATED_SECONDS": "99"}, {"timeout": 5}, Phase.FAILED, "its time was over"),
    ],
)
def test_success_comes_from_the_worker(
    tasks: Task, environments: dict[str, str], options: dict[str, Any], expected: Phase, detail: str
) -> None:
    """`finished` says nothing; what the platform stopped by itself has failed."""
    made = tasks.create(desired(spec("t", seconds="0", environments=environments, options=options)))
    live = tasks.read(at("t"), made.remote_id)
    assert live is not None
    assert (live.phase, live.detail) == (expected, detail)


def test_a_stop_is_a_cancellation(tasks: Task) -> None:
    """In the queue as well as while it runs; again it is no error."""
    wide = tasks.create(desired(spec("wide", resource={"node_count": 4})))
    waits = tasks.create(desired(spec("waits")))
    assert phase(tasks, "waits", waits.remote_id) is Phase.PENDING
    for name, made in (("waits", waits), ("wide", wide)):
        tasks.stop(at(name), made.remote_id)
        tasks.stop(at(name), made.remote_id)
        assert phase(tasks, name, made.remote_id) is Phase.CANCELLED


def test_a_retry_is_a_new_life_under_the_same_id(tasks: Task) -> None:
    """For a failed task, and as `resume` for any that has ended."""
    made = tasks.create(desired(spec("t")))
    for again in (tasks.retry, tasks.resume):
        tasks.stop(at("t"), made.remote_id)
        assert phase(tasks, "t", made.remote_id) is Phase.CANCELLED
        again(at("t"), made.remote_id)
        assert phase(tasks, "t", made.remote_id) is Phase.RUNNING


def test_tags_and_priority_change_in_place(tasks: Task, platform: Platform, clock: Clock) -> None:
    """Only what differs is sent; our mark and what the platform put on stay; a second priority has to wait."""
    given = spec("t", priority=20, options={"tags": ["a", "b"], "shared_in_group": True})
    made = tasks.create(desired(given))
    changed = {**given, "priority": 40, "options": {"tags": ["b", "c"], "shared_in_group": True}}
    for _ in range(2):
        tasks.update(made.remote_id, desired(changed))
    assert [sent(platform, name) for name in ("TagTask", "UntagTask", "UpdateTaskPriority")] == [1, 1, 1]
    chain = platform.services.store.get("hai", "Chain", made.remote_id)
    assert chain is not None
    assert set(chain.body["tags"]) == {"b", "c", "_shared_in_local", str(desired(given).mark)}
    assert chain.body["priority"] == 40
    with pytest.raises(Throttled) as throttled:
        tasks.update(made.remote_id, desired({**changed, "priority": 30}))
    assert throttled.value.retry_after == 10
    clock.advance(10)
    tasks.update(made.remote_id, desired({**changed, "priority": 30}))


def test_a_finished_task_keeps_its_priority(tasks: Task, platform: Platform) -> None:
    """The platform refuses a new one, and it means nothing any more; tags still change."""
    made = tasks.create(desired(spec("t", seconds="0")))
    tasks.read(at("t"), made.remote_id)
    tasks.update(made.remote_id, desired(spec("t", seconds="0", priority=40, options={"tags": ["done"]})))
    assert sent(platform, "UpdateTaskPriority") == 0
    live = tasks.read(at("t"), made.remote_id)
    assert live is not None
    assert live.spec["options"] == {"tags": ["done"]}


def test_artifacts_are_mapped_and_change_in_place(tasks: Task, platform: Platform) -> None:
    """With the submission, later, and away again; one without a version has the default one."""
    made = tasks.create(desired(spec("t", artifacts={"input": "demo:v1"})))
    tasks.update(made.remote_id, desired(spec("t", artifacts={"output": "demo"})))
    chain = platform.services.store.get("hai", "Chain", made.remote_id)
    assert chain is not None
    assert chain.body["artifacts"] == {"input": "", "output": "demo:default"}
    before = sent(platform, "MapTaskArtifact")
    tasks.update(made.remote_id, desired(spec("t", artifacts={"output": "demo"})))
    assert sent(platform, "MapTaskArtifact") == before


def test_an_artifact_that_could_not_be_mapped_is_said(tasks: Task) -> None:
    """The task exists by then: it is found by its mark, and its status says what is missing."""
    wanted = desired(spec("t", artifacts={"input": "missing:v1"}))
    with pytest.raises(Exception, match=r"submitted as .* but its artifacts are not mapped"):
        tasks.create(wanted)
    (found,) = tasks.find(wanted.address, wanted.mark)
    assert found.detail == "not mapped: input artifact missing:v1"


def test_parts_and_ranks(tasks: Task) -> None:
    """One part per node; logs by rank, and a rank that is not there is said with those that are."""
    given = spec("t", resource={"node_count": 3})
    given["spec"] |= {"entrypoint": "x", "entrypoint_executable": True, "parameters": "\necho $RANK of $WORLD_SIZE"}
    made = tasks.create(desired(given))
    parts = tasks.parts(at("t"), made.remote_id)
    assert [(part.name, part.index, part.status) for part in parts] == [("rank", i, "running") for i in range(3)]
    assert all(part.started.endswith("Z") and part.finished == "" for part in parts)
    lines = list(tasks.logs(at("t"), made.remote_id))
    assert [(line.task, line.index, line.text) for line in lines] == [("rank", i, f"{i} of 3") for i in range(3)]
    assert [line.text for line in tasks.logs(at("t"), made.remote_id, index=1)] == ["1 of 3"]
    with pytest.raises(NotFound, match="no rank 3"):
        list(tasks.logs(at("t"), made.remote_id, index=3))
    with pytest.raises(NotFound, match="no align"):
        list(tasks.logs(at("t"), made.remote_id, task="align"))


def test_nothing_written_yet_is_no_line(tasks: Task) -> None:
    """The platform's sentence for an empty log is not output."""
    made = tasks.create(desired(spec("t")))
    assert list(tasks.logs(at("t"), made.remote_id)) == []


def test_a_task_that_prints_our_token_does_not_show_it(tasks: Task) -> None:
    """The platform hands the token to every task; the lines are there, it is not."""
    given = spec("t")
    given["spec"] |= {
        "entrypoint": "x",
        "entrypoint_executable": True,
        "parameters": f"\necho got {ACCOUNT.secret_key}",
    }
    made = tasks.create(desired(given))
    assert [line.text for line in tasks.logs(at("t"), made.remote_id)] == ["got ***"]


def test_described_as_it_can_be_submitted(tasks: Task) -> None:
    """Without our mark, and the platform takes it again."""
    given = spec("t", seconds="0", options={"tags": ["a"], "profile": {"time": 1, "log_dir": "/x"}}, services=[])
    made = tasks.create(desired(given))
    document = tasks.describe(at("t"), made.remote_id)
    assert document["options"] == {"tags": ["a"], "profile": {"time": 1}}
    tasks.read(at("t"), made.remote_id)
    assert tasks.create(desired(document, attempt=2)).remote_id != made.remote_id


def test_browsing(tasks: Task) -> None:
    """Newest first, filtered again here where the platform takes `_` for anything."""
    for name in ("a_1", "ab1", "c"):
        tasks.create(desired(spec(name, seconds="0", options={"tags": [name]})))
    rows = list(tasks.browse("-", {}, 2))
    assert [row.name for row in rows] == ["c", "ab1"]
    assert all(row.mark is not None and row.created.endswith("Z") for row in rows)
    assert [row.name for row in tasks.browse("-", {"name": "a_1"}, 9)] == ["a_1"]
    assert [row.name for row in tasks.browse("-", {"tag": "c,ab1"}, 9)] == ["c", "ab1"]
    assert list(tasks.browse("-", {"status": "failed"}, 9)) == []
    with pytest.raises(UsageError, match="no filter"):
        tasks.browse("-", {"nam": "c"}, 9)
    with pytest.raises(UsageError, match="go together"):
        tasks.browse("-", {"created-after": "2026-01-01T00:00:00"}, 9)


def test_browsing_many(tasks: Task) -> None:
    """Pages are fetched as they are needed."""
    for number in range(60):
        tasks.create(desired(spec(f"t{number}", seconds="0")))
    assert [row.name for row in tasks.browse("-", {}, 60)] == [f"t{n}" for n in reversed(range(60))]
    assert len(list(islice(tasks.browse("-", {}, 1000), 55))) == 55


def test_the_account_and_the_machines(connection: HaiConnection) -> None:
    """Nodes, identity without its token, quota, and a change of it."""
    assert [node.name for node in connection.nodes()] == ["local-0", "local-1", "local-2", "local-3"]
    identity = connection.whoami()
    assert identity.user == "local"
    assert "FAKESECRET" not in repr(identity)
    connection.set_quota("training/HIGH", 2)
    limits = {limit.name: (limit.limit, limit.used) for limit in connection.quota()}
    assert limits["training/HIGH"] == (2, 0)
    for wrong in ("HIGH", "training/HIGHEST", ""):
        with pytest.raises(UsageError):
            connection.set_quota(wrong, 1)


@pytest.mark.parametrize("fault", ["lost", "truncate"])
def test_a_create_leaves_once(tasks: Task, platform: Platform, fault: str) -> None:
    """Whatever happens to its answer, it is not repeated; the task is found by its mark."""
    platform.faults.replace([FaultRule.parse({"fault": fault, "operation": "CreateTask"})])
    wanted = desired(spec("t"))
    with pytest.raises(Exception, match="submit task t"):
        tasks.create(wanted)
    assert sent(platform, "CreateTask") == 1
    assert len(tasks.find(wanted.address, wanted.mark)) == 1
    assert len(platform.services.store.find(Query("hai", "Chain")).entities) == 1


@pytest.mark.parametrize("fault", ["throttle", "error", "lost", "truncate"])
def test_reads_and_harmless_calls_are_repeated(tasks: Task, platform: Platform, fault: str) -> None:
    """Although every one of them is a POST."""
    made = tasks.create(desired(spec("t")))
    for operation in ("ShowTask", "StopTask"):
        rule = {"fault": fault, "operation": operation, "retry_after": 0}
        platform.faults.replace([FaultRule.parse(rule)])
        tasks.stop(at("t"), made.remote_id)
        assert phase(tasks, "t", made.remote_id) is Phase.CANCELLED
