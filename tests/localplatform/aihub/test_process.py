"""Trainings and pipelines that really run: their commands as processes, with mounted storages and a place to meet."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import requests

from reconciler.localplatform.assembly import assemble
from reconciler.localplatform.engines.dispatch import Settings
from reconciler.localplatform.engines.process import process_engine
from tests.invariants.world import served
from tests.localplatform.aihub.caller import BASE, RUNS, SEARCHES, TASKS, TRAININGS, Caller
from tests.support.local_platform import ACCOUNT
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform


@contextmanager
def really(folder: Path) -> Iterator[tuple[Caller, Platform]]:
    """A caller of a platform that runs processes."""

    def engines(listener: Any, clock: Any) -> dict[str, Any]:
        settings = Settings(grace=2.0)
        return {"process": process_engine(folder / "engine", listener, settings=settings, clock=clock.now)}

    platform = assemble(folder, ACCOUNT, engines, "process")
    try:
        with requests.Session() as session:
            session.trust_env = False
            session.mount(BASE, WsgiAdapter(platform.application))
            yield Caller(session), platform
    finally:
        platform.services.runs.stop_all(patience=5.0)
        platform.close()


def test_a_command_runs_in_every_instance(tmp_path: Path) -> None:
    """With its rank, its variables, and the storage at the path that the platform mounts it at."""
    with really(tmp_path) as (caller, platform):
        command = (
            'echo "$RANK of $WORLD_SIZE: $MODE at $MASTER_ADDR" > /mnt/models/out-$RANK.txt; test -n "$MASTER_PORT"'
        )
        envs = [{"key": "MODE", "value": "full"}]
        number = caller.work(TRAININGS, command=command, instances=2, storage_ids=[2], envs=envs)
        caller.until(lambda: caller.status(TRAININGS, number) >= 3)
        assert caller.status(TRAININGS, number) == 3
        folder = platform.services.data.area("models")
        told = sorted(file.read_text().strip() for file in folder.glob("out-*.txt"))
        assert told == ["0 of 2: full at 127.0.0.1", "1 of 2: full at 127.0.0.1"]
        failing = caller.work(TASKS, command="exit 3")
        caller.until(lambda: caller.status(TASKS, failing) == 4)


def test_a_running_task_stops_in_the_end(tmp_path: Path) -> None:
    """A quota task shows that it is stopping, or has stopped by then; its pods are gone."""
    with really(tmp_path) as (caller, _):
        number = caller.work(TASKS, command="sleep 60")
        caller.until(lambda: caller.status(TASKS, number) == 2)
        caller.data("POST", f"{TASKS}/{number}/stop")
        assert caller.status(TASKS, number) in {5, 6}
        caller.until(lambda: caller.status(TASKS, number) == 5)
        assert caller.data("GET", f"{TASKS}/{number}/pods")["data"][0]["status"] == "Deleted"


def test_a_pipeline_counts_what_a_search_has_found(tmp_path: Path) -> None:
    """The sample of the document from end to end: its first node fetches the file with the params of the run."""
    with really(tmp_path) as (caller, platform), served(platform) as url:
        search = caller.data("POST", SEARCHES, {"name": "s", "type": 1, "sql": "select label from meta limit 7"})["id"]
        caller.until(lambda: caller.status(SEARCHES, search) == 3)
        table = caller.data("GET", f"{SEARCHES}/{search}")["result_url"].replace(BASE, url)
        params = [{"name": "table", "value": table}]
        body = {"name": "r", "pipeline_id": 1, "pipeline_version_id": 1, "params": params}
        number = caller.data("POST", RUNS, body)["id"]
        caller.until(lambda: caller.status(RUNS, number) >= 3)
        shown = caller.data("GET", f"{RUNS}/{number}")
        assert (shown["status"], [node["status"] for node in shown["task_nodes"]]) == (3, [3, 3])
        output = platform.services.runs.logs(f"aihub-WorkflowRun-{number}", "count", 0, limit=1000).text
        assert output == "7 rows of label\n"


def test_a_node_that_fails_ends_the_run(tmp_path: Path) -> None:
    """What depends on it is not begun."""
    with really(tmp_path) as (caller, _):
        body = {"name": "r", "pipeline_id": 1, "pipeline_version_id": 1, "params": [{"name": "table", "value": "x"}]}
        number = caller.data("POST", RUNS, body)["id"]
        caller.until(lambda: caller.status(RUNS, number) >= 3)
        shown = caller.data("GET", f"{RUNS}/{number}")
        assert (shown["status"], [node["status"] for node in shown["task_nodes"]]) == (4, [4, 5])


def test_what_waits_survives_a_restart(tmp_path: Path) -> None:
    """It was in no engine yet: the next platform lets it run when there is room, once."""
    with really(tmp_path) as (caller, platform):
        first = caller.work(TASKS, virtual_cluster_id=2, sku_cnt=4, command="sleep 60")
        second = caller.work(TASKS, virtual_cluster_id=2, sku_cnt=4, command='echo "ran $RANK"')
        assert caller.status(TASKS, second) == 1
        assert platform.services.runs.history.get(f"aihub-QuotaTask-{second}") is None
    with really(tmp_path) as (caller, platform):
        assert caller.status(TASKS, first) == 5
        caller.until(lambda: caller.status(TASKS, second) == 3)
        output = platform.services.runs.logs(f"aihub-QuotaTask-{second}", "pods", 0, limit=100).text
        assert output == "ran 0\n"
