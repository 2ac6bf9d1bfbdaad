"""Apply in the small: the loop that operations run, over the memory platform, with the simplest planner there is."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from reconciler.execution.context import Context, Patience, Silence
from reconciler.execution.executor import execute
from reconciler.execution.refresh import refresh
from reconciler.execution.settle import settle, settle_by_hand
from reconciler.model.address import Address
from reconciler.model.canonical import digest
from reconciler.model.kind import Life
from reconciler.model.mark import Mark, Owner
from reconciler.model.plan import Base, Plan, Step, Verb
from reconciler.model.project import Policy
from reconciler.model.secret import Redactor
from reconciler.planning.fingerprint import fingerprint, sight_of
from reconciler.planning.planner import PlanInputs, make_plan
from reconciler.planning.rules import rules_of
from reconciler.planning.wants import wants
from reconciler.state.recovery import unsettled
from tests.support.crashing import Faults, KillableStore, Killed
from tests.support.memory_platform import KINDS, PLATFORM, MemoryPlatform

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.manifest import Manifest
    from reconciler.model.outcome import Report
    from reconciler.model.resource import Live, Recorded
    from reconciler.state.protocol import State, StateStore
    from tests.support.time import ManualClock

OWNER = Owner("genomics", "dev")
ENVIRONMENT = "dev"
PATIENCE = Patience(horizon=60.0, first=1.0, longest=10.0)
_LIVES = 60


@dataclass(frozen=True, slots=True)
class Wish:
    """A manifest in the small. `needs` are addresses its spec refers to."""

    address: Address
    spec: Mapping[str, Any] = field(default_factory=dict)
    needs: tuple[Address, ...] = ()
    attempt: int = 1


def at(kind: str, name: str) -> Address:
    """An address on the memory platform."""
    return Address(PLATFORM, kind, "lab", name)


def mark_of(wish: Wish) -> Mark:
    """The mark a submission of it carries."""
    if KINDS[PLATFORM, wish.address.kind].life is Life.STANDING:
        return Mark.of_standing(OWNER, wish.address)
    return Mark.of_run(OWNER, wish.address, digest(dict(wish.spec)), wish.attempt)


def plan_for(wishes: Sequence[Wish], state: State, live: Mapping[Address, Live | None] = {}) -> Plan:
    """What is wished and not recorded is created, what is recorded with another digest updated (standing) or created
    anew (run), what is recorded and not wished deleted.
    """
    steps: list[Step] = []
    ids: dict[Address, int] = {}
    for wish in wishes:
        step = _step_for(len(steps) + 1, wish, state.resources.get(wish.address), live)
        if step is not None:
            ids[wish.address] = step.id
            steps.append(replace(step, needs=tuple(sorted(ids[a] for a in wish.needs if a in ids))))
    wished = {wish.address for wish in wishes}
    for address in sorted(state.resources, reverse=True):
        if address not in wished:
            steps.append(_removal(len(steps) + 1, state.resources[address], live))
    return Plan(Base("genomics", ENVIRONMENT, "test", serial=state.serial), (), tuple(steps))


def seen_by(step: Step, live: Live | None, recorded: Recorded | None = None, key: str = "") -> str:
    """The fingerprint that a planner would give to `step`."""
    return fingerprint(live, sight_of(step, rules_of(KINDS[PLATFORM, step.address.kind]), recorded, key))


def _step_for(number: int, wish: Wish, recorded: Recorded | None, live: Mapping[Address, Live | None]) -> Step | None:
    found = digest(dict(wish.spec))
    step = Step(
        number,
        wish.address,
        PLATFORM,
        Verb.CREATE,
        (),
        dict(wish.spec),
        found,
        mark_of(wish),
        wish.attempt,
        depends_on=wish.needs,
    )
    if recorded is None:
        return step
    if recorded.digest == found and recorded.attempt == wish.attempt:
        return None
    if KINDS[PLATFORM, wish.address.kind].life is Life.STANDING:
        seen = seen_by(replace(step, verb=Verb.UPDATE), live.get(wish.address), recorded)
        return replace(step, verb=Verb.UPDATE, remote_id=recorded.remote_id, seen=seen)
    return step


def _removal(number: int, recorded: Recorded, live: Mapping[Address, Live | None]) -> Step:
    step = Step(number, recorded.address, PLATFORM, Verb.DELETE, remote_id=recorded.remote_id)
    return replace(step, seen=seen_by(step, live.get(recorded.address), recorded))


@dataclass
class Bench:
    """A platform, a memory and a clock, and whoever applies to them."""

    store: StateStore
    clock: ManualClock
    platform: MemoryPlatform
    faults: Faults = field(default_factory=Faults)
    parallelism: int = 1
    stop: threading.Event = field(default_factory=threading.Event)
    secrets: Mapping[str, str] = field(default_factory=dict)
    patience: Patience = PATIENCE
    looked: bool = False
    """Whether the plan was made just now."""
    complete: bool = False
    """Whether the last walk of a plan that saw everything said that everything is done."""
    planned: tuple[Step, ...] = ()
    """What the last plan had to do."""

    def __post_init__(self) -> None:
        self.platform.wire = self.faults.cross

    def context(self, lease: Any, plan_id: str = "plan") -> Context:
        """A context under `lease`."""
        store = KillableStore(self.store, self.faults)
        memory = self.store.read(ENVIRONMENT)
        return Context(
            store=store,
            lease=lease,
            environment=ENVIRONMENT,
            connections={PLATFORM: self.platform.connection()},
            kinds=KINDS,
            recorded=memory.resources,
            former=memory.former,
            key=memory.key,
            secrets=self.secrets.__getitem__,
            redactor=Redactor(),
            parallelism=self.parallelism,
            progress=Silence(),
            clock=self.clock,
            stop=self.stop,
            plan_id=plan_id,
            read_at=self.clock() if self.looked else None,
            patience=self.patience,
            pause=self.clock.pause,
        )

    def apply(self, wishes: Sequence[Wish]) -> Report:
        """One life of a process: settle, plan, walk. A person answers what no machine can."""
        lease = self.store.lock(ENVIRONMENT, "test")
        context = self.context(lease)
        settlement = settle(context)
        for left in settlement.ambiguous:
            self.ask_a_person(lease, left.address)
        state = self.store.read(ENVIRONMENT)
        report = execute(plan_for(wishes, state), self.context(lease))
        lease.release()
        return report

    def pursue(self, manifests: Sequence[Manifest]) -> bool:
        """One life of the real thing: settle, read, plan, walk. Whether there was nothing left to do."""
        lease = self.store.lock(ENVIRONMENT, "test")
        for left in settle(self.context(lease)).ambiguous:
            self.ask_a_person(lease, left.address)
        state = self.store.read(ENVIRONMENT)
        wanted = wants(manifests, state.resources, KINDS, OWNER, state.former)
        connections = {PLATFORM: self.platform.connection()}
        reading = refresh(wanted, connections, KINDS, parallelism=self.parallelism, owner=OWNER)
        plan = make_plan(
            PlanInputs(
                base=Base(OWNER.project, OWNER.environment, "test", serial=state.serial),
                owner=OWNER,
                manifests=manifests,
                kinds=KINDS,
                platforms={PLATFORM: PLATFORM},
                recorded=state.resources,
                reading=reading,
                policy=Policy(),
                destroy=not manifests,
                former=state.former,
                key=state.key,
            )
        )
        self.complete, self.planned = False, plan.steps
        if not plan.is_blocked:
            report = execute(plan, self.context(lease, f"plan-{state.serial}"))
            self.complete = report.complete and not reading.unreadable
        lease.release()
        return plan.is_empty and not reading.unreadable

    def die(self) -> None:
        """A process ends in the middle of something, and the next one begins at once: what is late is still late."""
        self.complete = False
        self.faults.revive()
        self.store.unlock(ENVIRONMENT)
        self.clock.advance(0.5)

    def reach(self, manifests: Sequence[Manifest]) -> int:
        """Pursues again and again, a new process after each death, until nothing is left to do. How many lives. Fails
        when one said that all was done and the next one found more.
        """
        self.complete = False
        for life in range(1, _LIVES):
            said = self.complete
            try:
                if self.pursue(manifests):
                    return life
                assert not (said and self.planned), f"all was done, and more was found: {self.planned}"
                self.clock.advance(3.0)
            except Killed:
                self.die()
        msg = f"not done after {_LIVES} lives: {self.faults.seen[-20:]}"
        raise AssertionError(msg)

    def ask_a_person(self, lease: Any, address: Address) -> None:
        """Who looks at the platform itself and tells the truth about the last submission."""
        records = self.store.records(ENVIRONMENT)
        marks = {entry.intent.mark for entry in unsettled(records) if entry.intent.address == address}
        ids = [thing.remote_id for thing in self.platform.there() if thing.mark in marks]
        settle_by_hand(self.store, lease, ENVIRONMENT, address, ids[0] if ids else "", self.clock)

    def converge(self, wishes: Sequence[Wish]) -> int:
        """Applies again and again, a new process after each death, until everything is done. How many lives it took."""
        for life in range(1, _LIVES):
            try:
                if self.apply(wishes).complete:
                    return life
                self.clock.advance(3.0)
            except Killed:
                self.die()
        msg = f"not done after {_LIVES} lives: {self.faults.seen[-20:]}"
        raise AssertionError(msg)
