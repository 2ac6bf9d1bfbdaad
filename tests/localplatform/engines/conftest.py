"""A bench for engines: each engine, an ear for its news, and a way to wait."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from reconciler.localplatform.engines.dispatch import Settings
from reconciler.localplatform.engines.process import process_engine
from reconciler.localplatform.engines.scheduling import Capacity
from reconciler.localplatform.engines.simulated import SimulatedEngine
from reconciler.localplatform.engines.slurm.engine import slurm_engine
from reconciler.localplatform.engines.slurm.site import Site
from reconciler.localplatform.work import Instance, Limits, Script, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from reconciler.localplatform.engines.durable import DurableEngine
    from reconciler.localplatform.engines.protocol import Event, RunSnapshot
    from reconciler.localplatform.work import Run

PATIENCE = 30.0


def shell(*lines: str, seconds: str = "", environment: dict[str, str] | None = None, cpu: float = 0.1) -> Instance:
    """An instance of these lines. `seconds` is what a simulation takes it to last, where that differs."""
    simulated = {"SIMULATED_SECONDS": seconds} if seconds else {}
    return Instance(Script(lines), environment={**simulated, **(environment or {})}, limits=Limits(cpu=cpu))


def hanging(*before: str) -> Instance:
    """An instance that does not end by itself."""
    return shell(*before, "sleep 600", seconds="inf")


def failing_at_first(times: int) -> Instance:
    """An instance whose first attempts fail with exit code 1."""
    return shell(
        f'if [ "$RECONCILER_ATTEMPT" -le {times} ]; then false; fi', environment={"SIMULATED_FAILURES": str(times)}
    )


@dataclass
class Bench:
    """An engine under test and what it told."""

    engine: DurableEngine | SimulatedEngine
    news: list[Event] = field(default_factory=list)

    def run(self, run: Run) -> RunSnapshot:
        """Submits and waits for the end."""
        self.engine.submit(run)
        return self.ended(run.id)

    def ended(self, run_id: str) -> RunSnapshot:
        """The run once it has ended."""
        return self.until(run_id, lambda snapshot: snapshot.status.ended)

    def running(self, run_id: str, task: str, index: int = 0) -> RunSnapshot:
        """The run once that instance runs."""
        return self.until(run_id, lambda snapshot: snapshot.task(task).instances[index].status is Status.RUNNING)

    def until(self, run_id: str, holds: Callable[[RunSnapshot], bool]) -> RunSnapshot:
        """The first snapshot for which it holds."""
        end = time.monotonic() + PATIENCE
        while True:
            snapshot = self.engine.observe(run_id)
            if holds(snapshot):
                return snapshot
            assert time.monotonic() < end, f"waited in vain: {snapshot}"
            time.sleep(0.01)

    def output(self, run_id: str, task: str, index: int = 0) -> str:
        """All an instance wrote."""
        return self.engine.logs(run_id, task, index).text

    def wait_for(self, holds: Callable[[], bool]) -> None:
        """Returns once it holds."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.01)


def waited(look: Callable[[], object], wanted: object, *, patience: float = PATIENCE) -> None:
    """Returns once a look shows what is wanted."""
    end = time.monotonic() + patience
    while (seen := look()) != wanted:
        assert time.monotonic() < end, f"waited in vain for {wanted}: {seen}"
        time.sleep(0.1)


def process_bench(folder: Path, **settings: object) -> Bench:
    """A process engine with room for sixteen and a short grace."""
    bench = Bench(SimulatedEngine())
    chosen = {"capacity": Capacity(4.0, 4 * 1024**3, 16), "grace": 0.5, "poll": 0.1, **settings}
    bench.engine = process_engine(folder, bench.news.extend, settings=Settings(**chosen))  # type: ignore[arg-type]
    return bench


def simulated_bench() -> Bench:
    """A simulated engine that goes on at once."""
    bench = Bench(SimulatedEngine())
    bench.engine = SimulatedEngine(bench.news.extend)
    return bench


def slurm_bench(folder: Path, conf: str, **site: object) -> Bench:
    """A Slurm engine on the cluster of that slurm.conf, with a short grace and frequent questions."""
    bench = Bench(SimulatedEngine())
    chosen = {"shared": folder, "conf": conf, "grace": 0.5, "poll": 0.5, **site}
    bench.engine = slurm_engine(folder, bench.news.extend, Site(**chosen))  # type: ignore[arg-type]
    return bench


def following(config: pytest.Config) -> dict[str, str]:
    """What a site's description says about whom to ask about jobs."""
    return {"rest": config.getoption("--slurm-rest"), "rest_token": config.getoption("--slurm-token")}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each engine in turn; the one of a cluster where there is one."""
    if "bench_of" in metafunc.fixturenames:
        engines = ["process", "simulated", *(["slurm"] if metafunc.config.getoption("--slurm") else [])]
        metafunc.parametrize("bench_of", engines)


@pytest.fixture
def bench(bench_of: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    """Each engine in turn."""
    match bench_of:
        case "process":
            made = process_bench(tmp_path / "engine")
        case "slurm":
            made = slurm_bench(tmp_path / "engine", request.config.getoption("--slurm"), **following(request.config))
        case _:
            made = simulated_bench()
    yield made
    finish(made)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Bench]:
    """The process engine alone."""
    made = process_bench(tmp_path / "engine")
    yield made
    finish(made)


def finish(bench: Bench) -> None:
    """Leaves nothing running."""
    for run_id in bench.engine.recover():
        bench.engine.cancel(run_id, force=True)
        bench.ended(run_id)
    bench.engine.close()
