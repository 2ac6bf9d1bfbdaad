"""Tasks that really run: once on each node, with the environment the platform gives, through suspensions."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from reconciler.localplatform.assembly import assemble
from reconciler.localplatform.engines.dispatch import Settings
from reconciler.localplatform.engines.process import process_engine
from tests.localplatform.hai.caller import BASE, Caller, task
from tests.support.local_platform import ACCOUNT
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DATA = Path(__file__).resolve().parents[3] / "examples" / "hai" / "data"
PATIENCE = 30.0


@contextmanager
def really(folder: Path, *, keep: bool = False) -> Iterator[tuple[Caller, Path]]:
    """A caller of a platform that runs processes, and the shared storage. `keep`: what runs goes on afterwards."""

    def engines(listener: Any, clock: Any) -> dict[str, Any]:
        settings = Settings(grace=2.0)
        return {"process": process_engine(folder / "engine", listener, settings=settings, clock=clock.now)}

    platform = assemble(folder, ACCOUNT, engines, "process")
    try:
        with requests.Session() as session:
            session.trust_env = False
            session.mount(BASE, WsgiAdapter(platform.application))
            yield Caller(session), folder / "data"
    finally:
        if not keep:
            platform.services.runs.stop_all(patience=5.0)
        platform.close()


def until(caller: Caller, row: dict[str, Any], test: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Looks until it is so."""
    deadline = time.monotonic() + PATIENCE
    while not test(found := caller.show(row)):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def lines(caller: Caller, row: dict[str, Any], rank: int = 0) -> list[str]:
    """What a rank has written in all its lives."""
    told = caller.post("/query/task/log", chain_id=row["chain_id"], rank=rank, last_seen="null")["data"]
    return [line[29:] for line in told.splitlines()]


def test_the_environment_of_each_node(tmp_path: Path) -> None:
    """Rank, size, a place to meet, and values as the shell leaves them."""
    with really(tmp_path) as (caller, data):
        (data / "ws").mkdir(parents=True)
        program = 'echo "$RANK/$WORLD_SIZE $MASTER_IP:$MASTER_PORT $MARSV2_NB_NAME $A $B $C $*"; pwd'
        (data / "ws" / "tell.sh").write_text(program)
        environments = {"A": "1", "B": "'two words'", "C": "$A-more"}
        spec = {"workspace": "/ws", "entrypoint": "tell.sh", "parameters": "--x 'y z'", "environments": environments}
        row = caller.post("/operating/task/create", {**task("told", nodes=2), "spec": spec})["task"]
        found = until(caller, row, lambda row: row["chain_status"] == "finished")
        assert found["worker_status"] == "succeeded", lines(caller, row)
        told = [lines(caller, row, rank) for rank in (0, 1)]
        place = told[0][0].split()[1]
        assert place.startswith("127.0.0.1:")
        for rank in (0, 1):
            assert told[rank][0] == f"{rank}/2 {place} told 1 two words 1-more --x y z"
            assert Path(told[rank][1]).resolve() == (data / "ws").resolve()


def test_a_value_that_a_shell_breaks_breaks(tmp_path: Path) -> None:
    """Pasted without quotes, as on the platform: only the first word arrives."""
    with really(tmp_path) as (caller, data):
        (data / "ws").mkdir(parents=True)
        (data / "ws" / "tell.sh").write_text('echo "A is $A"')
        spec = {"workspace": "/ws", "entrypoint": "tell.sh", "environments": {"A": "two words"}}
        row = caller.post("/operating/task/create", {**task("told"), "spec": spec})["task"]
        until(caller, row, lambda row: row["chain_status"] == "finished")
        assert lines(caller, row) == ["A is two"]


def test_a_workspace_that_is_not_there_fails(tmp_path: Path) -> None:
    """The task is taken and fails, as on the platform; one that leads out of the storage too."""
    with really(tmp_path) as (caller, _):
        rows = [caller.create(f"t{i}", spec={"workspace": w}) for i, w in enumerate(("/none/there", "/a/../../etc"))]
        found = [until(caller, row, lambda row: row["chain_status"] == "finished") for row in rows]
        assert [row["worker_status"] for row in found] == ["failed", "failed"]


def test_the_checkpoint_example_survives_two_suspensions(tmp_path: Path) -> None:
    """It goes on where it was: no step is lost, none is done twice, and three lives are one task."""
    with really(tmp_path) as (caller, data):
        shutil.copytree(DATA, data / "demo", dirs_exist_ok=True)
        parameters = "--steps 60 --seconds-per-step 0.03"
        spec = {"workspace": "/demo/checkpoint", "entrypoint": "train.py", "parameters": parameters}
        row = caller.create("train", spec=spec)
        for life in (1, 2):
            begun = f"life {life} begins"
            until(caller, row, lambda _, begun=begun: any(line.startswith(begun) for line in lines(caller, row)))
            time.sleep(0.3)
            caller.post("/operating/task/suspend", chain_id=row["chain_id"])
            until(caller, row, lambda row, life=life: row["restart_count"] == life)
        found = until(caller, row, lambda row: row["chain_status"] == "finished")
        said = lines(caller, row)
        assert found["worker_status"] == "succeeded", said
        assert len(found["id_list"]) == 3
        assert said[-1] == f"done after 3 lives: sum {sum(range(61))}"
        assert [line.split(" at ")[0] for line in said if "gives way" in line] == ["gives way"] * 2


def test_a_task_outlives_the_server(tmp_path: Path) -> None:
    """Its processes go on, and the server that comes up again knows them; a stop ends them."""
    with really(tmp_path, keep=True) as (caller, data):
        (data / "ws").mkdir(parents=True)
        (data / "ws" / "long.sh").write_text("echo begun; sleep 60")
        spec = {"workspace": "/ws", "entrypoint": "long.sh", "environments": {}}
        row = caller.post("/operating/task/create", {**task("long"), "spec": spec})["task"]
        until(caller, row, lambda _: lines(caller, row) == ["begun"])
    with really(tmp_path) as (caller, _):
        found = caller.show(row)
        assert (found["chain_status"], found["id"]) == ("running", row["id"])
        caller.post("/operating/task/stop", chain_id=row["chain_id"])
        found = until(caller, row, lambda row: row["chain_status"] == "finished")
        assert (found["worker_status"], found["stop_code"]) == ("stopped", 1024)
