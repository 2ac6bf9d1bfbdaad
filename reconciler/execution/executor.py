"""Walks a plan: every step once, in dependency order, side by side where nothing forbids it.

A failed step takes only what needs it with it. A lost lease or a memory that cannot be written stops everything:
nothing is begun that could not be remembered. Asked to stop, it lets running calls end, for a while: what has not
ended then is in the journal as begun, and is settled by the next apply.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.errors import PlanStale, ReconcilerError, StateLocked, StateUnreadable, StateUnwritable
from reconciler.execution.calling import Unsure
from reconciler.execution.noting import note_defaults
from reconciler.execution.presence import appeared
from reconciler.execution.results import Results
from reconciler.execution.scheduling import Schedule
from reconciler.execution.steps import Skip, StepRun, Walk
from reconciler.model.outcome import Report, Result, StepOutcome
from reconciler.model.plan import Verb
from reconciler.state.recovery import unsettled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.execution.context import Context
    from reconciler.execution.results import Ended
    from reconciler.model.address import Address
    from reconciler.model.plan import Plan, Step
    from reconciler.state.journal import Intent

_LOOK = 0.1
_MEMORY = (StateLocked, StateUnreadable, StateUnwritable, PlanStale)


def execute(plan: Plan, context: Context) -> Report:
    """Does what `plan` says and commits what came of it. The lease is held by the caller, and the journal settled
    (`settle`): steps at an address that is not settled are skipped, and so is the removal of what it needs.

    Raises StateUnreadable or StateLocked when it cannot even begin.
    """
    closed = _Closed.of(entry.intent for entry in unsettled(context.store.records(context.environment)))
    walk = Walk(plan, context, appeared(plan, context))
    pool = _Pool(plan, walk, closed)
    pool.run()
    halted = pool.halted or _remember(pool.outcomes.values(), context)
    return Report(
        outcomes=tuple(pool.outcomes[step.id] for step in plan.steps),
        interrupted=context.stop.is_set(),
        halted=halted.message if halted else "",
        halted_code=halted.code if halted else "",
    )


def _remember(outcomes: Iterable[StepOutcome], context: Context) -> ReconcilerError | None:
    """Folds the journal into the state. Nothing is lost when that fails: the journal has it all."""
    try:
        note_defaults(outcomes, context)
        if context.store.records(context.environment):
            state = context.store.read(context.environment)
            context.store.commit(context.environment, state, expected_serial=state.serial, lease=context.lease)
    except _MEMORY as error:
        return error
    return None


@dataclass(frozen=True, slots=True)
class _Closed:
    """Where nothing is begun: what may be there, and what it would need."""

    addresses: frozenset[Address]
    needed: frozenset[Address]

    @classmethod
    def of(cls, intents: Iterable[Intent]) -> _Closed:
        pending = list(intents)
        needed = frozenset(need for intent in pending for need in intent.depends_on)
        return cls(frozenset(intent.address for intent in pending), needed)

    def why(self, step: Step) -> str:
        """Why the step is not begun, "" when it may be."""
        if step.address in self.addresses:
            return "an earlier submission here is not settled"
        if step.verb is Verb.DELETE and step.address in self.needed:
            return "an earlier submission that needs it is not settled"
        return ""


class _Pool:
    """The worker threads of one walk, and what they share. Everything mutable is guarded by `_changed`."""

    def __init__(self, plan: Plan, walk: Walk, closed: _Closed) -> None:
        self._plan = plan
        self._walk = walk
        self._context = walk.context
        self._kept_shut = closed
        self._schedule = Schedule(plan.steps)
        self._changed = threading.Condition()
        self._results = Results(self._context, self._result, walk.waiting, self._broken)
        self._last = {step.address: step for step in plan.steps}
        """By address, the last step there."""
        self._fatal: BaseException | None = None
        self._closed = False
        self._running: dict[int, StepRun] = {}
        self.halted: ReconcilerError | None = None
        self.outcomes: dict[int, StepOutcome] = {}

    def run(self) -> None:
        """Returns when every step has an outcome. Raises what killed a worker, if anything did."""
        count = max(1, min(self._context.parallelism, len(self._plan.steps)))
        # Daemons: a call that hangs keeps nobody from leaving. What it began is in the journal.
        workers = [threading.Thread(target=self._work, name=f"apply-{n}", daemon=True) for n in range(count)]
        for worker in workers:
            worker.start()
        try:
            for address in sorted(self._schedule.awaited - self._last.keys()):
                self._await(address, new=False)
            self._join(workers)
        finally:
            self._close()
            self._results.close()
        if self._fatal is not None:
            raise self._fatal
        self._put_aside()

    def _join(self, workers: Sequence[threading.Thread]) -> None:
        """Waits for the workers; once asked to stop, no longer than the grace."""
        leave_at: float | None = None
        for worker in workers:
            while worker.is_alive():
                worker.join(_LOOK)
                if leave_at is None and self._context.stop.is_set():
                    leave_at = time.monotonic() + self._context.patience.grace
                    self._close()
                if leave_at is not None and time.monotonic() > leave_at:
                    return

    def _work(self) -> None:
        try:
            while (step := self._take()) is not None:
                self._put(self._done(step))
        except BaseException as error:  # noqa: BLE001 - carried to the thread that waits, which raises it
            self._broken(error)

    def _broken(self, error: BaseException) -> None:
        """A thread of ours ended in `error`."""
        if isinstance(error, _MEMORY):
            self._halt(error)
            return
        with self._changed:
            self._fatal = self._fatal or error
            self._closed = True
            self._changed.notify_all()

    def _take(self) -> Step | None:
        with self._changed:
            while not self._closed and self.halted is None and not self._context.stop.is_set():
                if (step := self._schedule.take()) is not None:
                    return step
                if self._schedule.finished:
                    return None
                self._changed.wait()
            return None

    def _close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _put(self, outcome: StepOutcome) -> None:
        skipped: list[StepOutcome] = []
        with self._changed:
            if outcome.step.id in self.outcomes:
                return  # it was left behind, and reported as such
            self._running.pop(outcome.step.id, None)
            self.outcomes[outcome.step.id] = outcome
            if outcome.result is Result.DONE:
                self._schedule.done(outcome.step)
            else:
                for lost in self._schedule.failed(outcome.step):
                    skipped.append(_blocked(lost, outcome))
                    self.outcomes[lost.id] = skipped[-1]
            self._changed.notify_all()
        for told in (outcome, *skipped):
            self._walk.ended(told)
        if outcome.result is Result.DONE and outcome.step is self._last[outcome.step.address]:
            self._await(outcome.step.address, new=outcome.step.verb is Verb.CREATE)

    def _await(self, address: Address, *, new: bool) -> None:
        """Begins to look at a run that others wait for, unless it is known to have succeeded or nothing shows it."""
        if address not in self._schedule.awaited:
            return
        want = self._walk.want(address)
        if want is None or self._walk.has_succeeded(want):
            self._released(address)
        else:
            self._results.wait_for(want, new=new)

    def _released(self, address: Address) -> None:
        with self._changed:
            self._schedule.succeeded(address)
            self._changed.notify_all()

    def _result(self, end: Ended) -> None:
        """A run that others wait for is waited for no more. Raises what the store raises."""
        if end.live is not None:
            self._walk.see(end.live)
        if not end.why:
            self._released(end.want.address)
            return
        skipped: list[StepOutcome] = []
        with self._changed:
            while waiting := self._schedule.awaiting(end.want.address):
                cause = StepOutcome(waiting[0], Result.SKIPPED, error=self._walk.redact(end.why), code=end.code)
                skipped += [cause, *(_blocked(lost, cause) for lost in self._schedule.failed(waiting[0]))]
            self.outcomes.update({outcome.step.id: outcome for outcome in skipped})
            self._changed.notify_all()
        for told in skipped:
            self._walk.ended(told)

    def _put_aside(self) -> None:
        """Outcomes for what was never begun, and for what has not ended."""
        code = "interrupted" if self.halted is None else self.halted.code
        text = "asked to stop before it began" if self.halted is None else self.halted.message
        with self._changed:
            left = [_left(run) for run in self._running.values()]
            never = [StepOutcome(step, Result.SKIPPED, error=text, code=code) for step in self._schedule.drop()]
            self.outcomes.update({outcome.step.id: outcome for outcome in (*left, *never)})
        for outcome in (*left, *never):
            self._walk.ended(outcome)

    def _done(self, step: Step) -> StepOutcome:
        if text := self._kept_shut.why(step):
            return StepOutcome(step, Result.SKIPPED, error=text, code="submission.ambiguous")
        self._walk.started(step)
        begun = self._context.clock()
        run = StepRun(step, self._walk)
        with self._changed:
            self._running[step.id] = run
        outcome = self._guarded(step, run)
        return replace(outcome, seconds=max(0.0, self._context.clock() - begun))

    def _guarded(self, step: Step, run: StepRun) -> StepOutcome:
        """The one place where nothing may get through: a step that goes wrong is an outcome."""
        try:
            return run.run()
        except Skip as skip:
            text = self._walk.redact(skip.message)
            return StepOutcome(step, Result.SKIPPED, error=text, code=skip.code, stale=skip.stale)
        except _MEMORY as error:
            self._halt(error)
            result = Result.UNKNOWN if run.may_have_happened else Result.SKIPPED
            return StepOutcome(step, result, error=self._walk.redact(error.message), code=error.code)
        except ReconcilerError as error:
            return self._wrong(step, run, error.message, error.code)
        except Exception as error:  # noqa: BLE001 - a defect in a handler must not take the other steps with it
            return self._wrong(step, run, f"{type(error).__name__}: {error}", "execution.unexpected")

    def _wrong(self, step: Step, run: StepRun, text: str, code: str) -> StepOutcome:
        """Whatever went wrong after a request left may have gone wrong after its effect."""
        if not run.may_have_happened:
            return StepOutcome(step, Result.FAILED, error=self._walk.redact(text), code=code)
        try:
            return run.record(Unsure(text, code))
        except _MEMORY as error:
            self._halt(error)
            return StepOutcome(step, Result.UNKNOWN, error=self._walk.redact(text), code=code)

    def _halt(self, error: ReconcilerError) -> None:
        with self._changed:
            self.halted = self.halted or error
            self._changed.notify_all()


def _left(run: StepRun) -> StepOutcome:
    """What is known of a step that was still under way when we left."""
    unknown = run.leave()
    result = Result.UNKNOWN if unknown else Result.SKIPPED
    text = "no answer yet when asked to stop" if unknown else "asked to stop before its call was sent"
    return StepOutcome(run.step, result, error=text, code="interrupted", remote_id=run.step.remote_id)


def _blocked(step: Step, cause: StepOutcome) -> StepOutcome:
    text = f"step {cause.step.id} ({cause.step.verb.value} {cause.step.address}) is {cause.result.value}"
    return StepOutcome(step, Result.SKIPPED, error=text, code="execution.blocked", blocked_by=cause.step.id)
