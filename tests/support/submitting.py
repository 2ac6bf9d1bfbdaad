"""The law of submission on a platform's real wire: whatever dies or gets lost, at any request of an apply, one run."""

from __future__ import annotations

import random
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from reconciler.errors import SubmissionAmbiguous
from reconciler.execution.context import Context, Patience, Silence
from reconciler.execution.executor import execute
from reconciler.execution.settle import settle, settle_by_hand
from reconciler.localplatform.clock import Clock
from reconciler.manifests.schemas import load_catalogue
from reconciler.model.mark import Mark
from reconciler.model.plan import Base, Plan, Step, Verb
from reconciler.model.secret import Redactor
from reconciler.operations.wiring import able_kinds
from reconciler.providers.discovery import providers
from reconciler.state.memory import MemoryStore
from tests.support.crashing import Fault, Faults, KillableStore, Killed
from tests.support.local_platform import local_platform
from tests.support.time import ManualClock
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    import requests

    from reconciler.localplatform.assembly import Platform
    from reconciler.model.address import Address
    from reconciler.model.mark import Owner
    from reconciler.providers.protocol import Connection

SINGLE_FAULTS = (Fault.KILL, Fault.LOST, Fault.THROTTLED, Fault.UNREACHABLE)
"""What can go wrong between us and a platform, as far as it can tell."""
KINDS = able_kinds(load_catalogue().kinds, providers())
PATIENCE = Patience(horizon=60.0, first=1.0, longest=10.0)
_LIVES = 30


@dataclass(frozen=True)
class Submission:
    """What is submitted, to which platform. `objects` are the runs that a platform holds: remote id and every text
    that may carry a mark. `asks`: where no search can tell, a person looks at the platform and says what is true.
    `bare` makes of a recorded id what `objects` tells.
    """

    address: Address
    spec: dict[str, Any]
    owner: Owner
    opened: Callable[..., AbstractContextManager[Connection]]
    objects: Callable[[Platform], list[tuple[str, Any]]]
    asks: bool = False
    bare: Callable[[str], str] = str

    @property
    def mark(self) -> Mark:
        """The one that at most one run may carry."""
        return Mark.of_run(self.owner, self.address, "v1:digest", 1)


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
    """One run to submit, and who applies it, process after process."""

    submission: Submission
    platform: Platform
    connection: Connection
    faults: Faults
    clock: ManualClock = field(default_factory=ManualClock)

    def __post_init__(self) -> None:
        self.store = KillableStore(MemoryStore(self.clock), self.faults)

    def apply(self) -> bool:
        """Settles what was left, then submits what is not recorded. Whether all is done."""
        lease = self.store.lock("dev", "test")
        settlement = settle(self.context(lease))
        settlement.require()
        if self.submission.asks and (doubt := settlement.doubt()) is not None:
            lease.release()
            raise doubt
        if self.submission.address in self.store.read("dev").resources:
            lease.release()
            return True
        given = self.submission
        step = Step(
            1, given.address, given.address.target, Verb.CREATE, desired=given.spec, digest="v1:digest", mark=given.mark
        )
        report = execute(Plan(Base("tests", "dev", "test"), (), (step,)), self.context(lease))
        lease.release()
        return report.complete

    def converge(self) -> None:
        """Applies until it is done, a new process after each death."""
        for _ in range(_LIVES):
            try:
                if self.apply():
                    return
            except SubmissionAmbiguous:
                self._ask()
            except Killed:
                self.faults.revive()
            self.clock.advance(700.0)
        msg = f"not done after {_LIVES} lives: {self.faults.seen[-20:]}"
        raise AssertionError(msg)

    def _ask(self) -> None:
        """A person looks, and says what is there: nothing, or the one object that carries the mark."""
        given = self.submission
        there = [remote_id for remote_id, marks in given.objects(self.platform) if str(given.mark) in marks]
        assert len(there) <= 1, there
        lease = self.store.store.lock("dev", "a person")
        remote_id = there[0] if there else ""
        settle_by_hand(self.store.store, lease, "dev", given.address, remote_id, self.clock)
        lease.release()

    def context(self, lease: Any) -> Context:
        """What executing acts through."""
        return Context(
            store=self.store,
            lease=lease,
            environment="dev",
            connections={self.submission.address.target: self.connection},
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
def bench_of(submission: Submission, folder: Path, planned: dict[int, Fault]) -> Iterator[Bench]:
    """A fresh world."""
    clock, faults = Clock(), Faults(planned)
    clock.freeze()
    folder.mkdir()
    with (
        local_platform(folder, clock=clock) as platform,
        submission.opened(platform, adapter=Weather(platform, faults)) as connection,
    ):
        yield Bench(submission, platform, connection, faults)


def check(submission: Submission, folder: Path, planned: dict[int, Fault]) -> int:
    """Runs one schedule and checks the law. How many boundaries there were."""
    with bench_of(submission, folder, planned) as bench:
        bench.converge()
        objects = submission.objects(bench.platform)
        carried = [remote_id for remote_id, marks in objects if str(submission.mark) in marks]
        assert len(carried) == len(objects) == 1, planned
        recorded = bench.store.read("dev").resources[submission.address]
        assert submission.bare(recorded.remote_id) == carried[0], planned
        bench.converge()
        return len(bench.faults.seen)


def check_each_boundary(submission: Submission, folder: Path, fault: Fault) -> None:
    """Every request and every durable write of an undisturbed apply is hit in turn."""
    crossings = check(submission, folder / "calm", {})
    assert crossings > 6
    for crossing in range(crossings):
        check(submission, folder / f"at-{crossing}", {crossing: fault})


def check_misfortunes_in_a_row(submission: Submission, folder: Path) -> None:
    """A lost answer, a death after it, another lost answer: beginning at every boundary."""
    for first in range(check(submission, folder / "calm", {})):
        planned = {first: Fault.LOST, first + 1: Fault.KILL, first + 3: Fault.LOST}
        check(submission, folder / f"row-{first}", planned)


def check_seeds(submission: Submission, folder: Path, seeds: range) -> None:
    """Whatever comes together, from seeds; a failure shows its schedule."""
    crossings = check(submission, folder / "calm", {})
    for seed in seeds:
        check(submission, folder / f"seed-{seed}", _schedule(seed, crossings))


class OneSubmission:
    """The whole law as tests, for a subclass that says what is submitted."""

    submission: ClassVar[Submission]

    @pytest.mark.parametrize("fault", SINGLE_FAULTS)
    def test_one_fault_anywhere_makes_one(self, tmp_path: Path, fault: Fault) -> None:
        """At every boundary of an undisturbed apply."""
        check_each_boundary(self.submission, tmp_path, fault)

    def test_misfortunes_in_a_row_make_one(self, tmp_path: Path) -> None:
        """A lost answer and a death after it, beginning at every boundary."""
        check_misfortunes_in_a_row(self.submission, tmp_path)

    def test_schedules_of_several_faults_make_one(self, tmp_path: Path) -> None:
        """Sixty of them, from seeds."""
        check_seeds(self.submission, tmp_path, range(60))


def _schedule(seed: int, crossings: int) -> dict[int, Fault]:
    """One to five faults from a seed, some of them in the lives that the others add. Those that make no sense at a
    boundary do nothing there.
    """
    dice = random.Random(seed)  # noqa: S311 - schedules must repeat
    return {
        dice.randrange(2 * crossings): dice.choices(SINGLE_FAULTS, (5, 5, 1, 1))[0]
        for _ in range(min(1 + int(dice.expovariate(0.7)), 5))
    }
