"""At most one job per submission key on the real wire, where only a search tells, whatever dies or gets lost."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.execution.context import Context, Patience, Silence
from reconciler.execution.executor import execute
from reconciler.execution.settle import settle
from reconciler.localplatform.clock import Clock
from reconciler.localplatform.store import Query
from reconciler.manifests.schemas import load_catalogue
from reconciler.model.mark import Mark
from reconciler.model.plan import Base, Plan, Step, Verb
from reconciler.model.secret import Redactor
from reconciler.operations.wiring import able_kinds
from reconciler.providers.discovery import providers
from reconciler.providers.pai_dlc.marks import TAG
from reconciler.state.memory import MemoryStore
from tests.providers.pai_dlc.opened import OWNER, at, opened, spec
from tests.support.crashing import Fault, Faults, KillableStore, Killed
from tests.support.local_platform import local_platform
from tests.support.time import ManualClock
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import requests

    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.pai_dlc.connection import PaiDlcConnection

KINDS = able_kinds(load_catalogue().kinds, providers())
PATIENCE = Patience(horizon=60.0, first=1.0, longest=10.0)
GIVEN = spec("t")
MARK = Mark.of_run(OWNER, at("t"), "v1:digest", 1)
_LIVES = 30


class Weather(WsgiAdapter):
    """A network on which every request is a boundary on both sides."""

    def __init__(self, platform: Platform, faults: Faults) -> None:
        super().__init__(platform.application)
        self._faults = faults

    def send(self, request: requests.PreparedRequest, *rest: Any, **more: Any) -> requests.Response:
        """One request and its answer."""
        path = str(request.path_url).partition("?")[0]
        self._faults.cross(f"before:{path}")
        answer = super().send(request, *rest, **more)
        self._faults.cross(f"after:{path}")
        return answer


@dataclass
class Bench:
    """One job to submit, and who applies it, process after process."""

    platform: Platform
    connection: PaiDlcConnection
    faults: Faults
    clock: ManualClock = field(default_factory=ManualClock)

    def __post_init__(self) -> None:
        self.store = KillableStore(MemoryStore(self.clock), self.faults)

    def apply(self) -> bool:
        """Settles what was left, then submits what is not recorded. Whether all is done."""
        lease = self.store.lock("dev", "test")
        settle(self.context(lease)).require()
        if at("t") in self.store.read("dev").resources:
            lease.release()
            return True
        step = Step(1, at("t"), "pai-dlc", Verb.CREATE, desired=GIVEN, digest="v1:digest", mark=MARK)
        report = execute(Plan(Base("tests", "dev", "test"), (), (step,)), self.context(lease))
        lease.release()
        return report.complete

    def converge(self) -> None:
        """Applies until it is done, a new process after each death."""
        for _ in range(_LIVES):
            try:
                if self.apply():
                    return
            except Killed:
                self.faults.revive()
            self.clock.advance(700.0)
        msg = f"not done after {_LIVES} lives: {self.faults.seen[-20:]}"
        raise AssertionError(msg)

    def context(self, lease: Any) -> Context:
        """What executing acts through."""
        return Context(
            store=self.store,
            lease=lease,
            environment="dev",
            connections={"pai-dlc": self.connection},
            kinds=KINDS,
            recorded=self.store.read("dev").resources,
            secrets={}.__getitem__,
            redactor=Redactor(),
            parallelism=1,
            progress=Silence(),
            clock=self.clock,
            stop=threading.Event(),
            plan_id="plan",
            read_at=None,
            patience=PATIENCE,
            pause=self.clock.pause,
        )


@contextmanager
def bench_of(folder: Path, planned: dict[int, Fault]) -> Iterator[Bench]:
    """A fresh world."""
    clock, faults = Clock(), Faults(planned)
    clock.freeze()
    folder.mkdir()
    with (
        local_platform(folder, clock=clock) as platform,
        opened(platform, adapter=Weather(platform, faults)) as connection,
    ):
        yield Bench(platform, connection, faults)


def check(folder: Path, planned: dict[int, Fault]) -> int:
    """Runs one schedule and checks the law. How many boundaries there were."""
    with bench_of(folder, planned) as bench:
        bench.converge()
        jobs = bench.platform.services.store.find(Query("pai-dlc", "Job")).entities
        carried = [job for job in jobs if job.body["Settings"]["Tags"][TAG] == str(MARK)]
        assert len(carried) == len(jobs) == 1, planned
        recorded = bench.store.read("dev").resources[at("t")]
        assert recorded.remote_id == carried[0].id, planned
        bench.converge()
        return len(bench.faults.seen)


@pytest.mark.parametrize("fault", [Fault.KILL, Fault.LOST, Fault.THROTTLED, Fault.UNREACHABLE])
def test_one_fault_anywhere_makes_one_job(tmp_path: Path, fault: Fault) -> None:
    """Every request and every durable write of an undisturbed apply is hit in turn."""
    crossings = check(tmp_path / "calm", {})
    assert crossings > 6
    for crossing in range(crossings):
        check(tmp_path / f"at-{crossing}", {crossing: fault})


def test_a_lost_answer_and_a_death_after_it_make_one_job(tmp_path: Path) -> None:
    """Two misfortunes in a row, at every pair of boundaries around the create."""
    crossings = check(tmp_path / "calm", {})
    for first in range(crossings):
        check(tmp_path / f"pair-{first}", {first: Fault.LOST, first + 1: Fault.KILL, first + 3: Fault.LOST})
