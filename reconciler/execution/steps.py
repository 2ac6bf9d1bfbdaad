"""One step, from "may it still be done?" to its durable outcome.

    resolve references and secrets -> compare with what the plan saw -> intent* -> ONE call -> outcome*   (* durable)

Nothing before the intent has an effect; everything after it is in the journal.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from reconciler.errors import ReconcilerError
from reconciler.execution.awaiting import Outputs
from reconciler.execution.calling import Creation, Effect, Gate, NoEffect, Unsure, effect_of, repeat
from reconciler.execution.presence import replaced
from reconciler.execution.resolving import Made, Values, resolve
from reconciler.model.kind import Life
from reconciler.model.outcome import Result, StepOutcome
from reconciler.model.plan import Verb
from reconciler.model.resource import Desired, Phase
from reconciler.planning.defaults import filled_in
from reconciler.planning.fingerprint import sight_of, unmoved
from reconciler.planning.rules import rules_of
from reconciler.planning.wants import Want
from reconciler.providers.protocol import Creates, Deletes, Reads, Stops, Updates
from reconciler.state.journal import Done, Failed, Intent, Observed, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.execution.calling import Verdict
    from reconciler.execution.context import Context
    from reconciler.model.address import Address
    from reconciler.model.plan import Plan, Step
    from reconciler.model.resource import Live, Recorded
    from reconciler.planning.fingerprint import Sight
    from reconciler.planning.rules import Rules


class Skip(ReconcilerError):
    """The step must not be done now. Nothing was sent."""

    code = "execution.skipped"

    def __init__(self, message: str, code: str, *, stale: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.stale = stale


class Impossible(ReconcilerError):
    """The step cannot be done at all. Nothing was sent."""

    code = "execution.impossible"


class Walk:
    """What the steps of one plan share while they run: what was made, and which secrets were read.

    `present`: what was found at addresses the plan saw nothing at.
    """

    def __init__(self, plan: Plan, context: Context, present: Mapping[Address, Live]) -> None:
        self.context = context
        self.present = present
        self.replaced = replaced(plan)
        """Addresses at which a create of this plan follows a delete."""
        self._came_from = {step.address: step.moved_from for step in plan.steps if step.moved_from is not None}
        self._sources: dict[Address, Recorded | Step] = {
            **context.recorded,
            **{step.address: step for step in plan.steps if step.mark is not None},
        }
        """By address, what tells its platform and mark."""
        self._rules: dict[tuple[str, str], Rules] = {}
        self._made: dict[Address, Made] = {}
        self._redactor = context.redactor
        self._lock = threading.Lock()
        self._voice = threading.Lock()

    def made(self, address: Address) -> Made | None:
        """What this run made at `address`, else what was recorded there."""
        if address in self._made:
            return self._made[address]
        recorded = self.context.recorded.get(address)
        return None if recorded is None else Made(recorded.remote_id, recorded.outputs, recorded.phase)

    def learn(self, address: Address, made: Made) -> None:
        """What a run has told since it was made."""
        self._made[address] = made

    def remember(self, address: Address, effect: Effect) -> None:
        """For the steps that refer to it."""
        self._made[address] = Made(effect.remote_id, effect.outputs, effect.phase)

    def want(self, address: Address) -> Want | None:
        """What to read to see a run that was made, None where none was."""
        made, known = self.made(address), self._sources.get(address)
        if made is None or known is None or not made.remote_id:
            return None
        return Want(address, known.platform, made.remote_id, known.mark)

    def has_succeeded(self, want: Want) -> bool:
        """Whether the run, made a moment ago, is known to have, or nothing will ever tell. What is remembered from
        before does not count: a run may be run again under its id.
        """
        made = self._made.get(want.address)
        unseen = self.context.kinds[want.platform, want.address.kind].is_unseen
        return unseen or (made is not None and made.phase is Phase.SUCCEEDED)

    def see(self, live: Live) -> None:
        """Makes durable what was seen of a run, and remembers it for the steps that refer to it."""
        made, context = self.made(live.address), self.context
        outputs = {**(made.outputs if made is not None else {}), **live.outputs}
        self.learn(live.address, Made(live.remote_id, outputs, live.phase))
        seen = Observed(live.address, live.remote_id, live.phase, context.clock(), dict(live.outputs))
        context.store.append(context.environment, seen, context.lease)

    def sight(self, step: Step) -> Sight:
        """What fingerprints of the object of `step` are made with, as the planner made them."""
        recorded = self.context.recorded
        known = recorded.get(step.address) or recorded.get(self._came_from.get(step.address, step.address))
        name = step.platform, step.address.kind
        if name not in self._rules:
            self._rules[name] = rules_of(self.context.kinds[name])
        return sight_of(step, self._rules[name], known, self.context.key)

    def secret(self, name: str) -> str:
        """The value, which no message shows from now on. Raises KeyError."""
        value = self.context.secrets(name)
        with self._lock:
            self._redactor = self._redactor.with_values(value)
        return value

    def redact(self, text: str) -> str:
        """`text` without any secret read so far."""
        return self._redactor.redact(text)

    def started(self, step: Step) -> None:
        """Tells the progress, one call at a time."""
        with self._voice:
            self.context.progress.started(step)

    def ended(self, outcome: StepOutcome) -> None:
        """Tells the progress, one call at a time."""
        with self._voice:
            self.context.progress.ended(outcome)

    def waiting(self, address: Address, phase: Phase) -> None:
        """Tells the progress, one call at a time."""
        with self._voice:
            self.context.progress.waiting(address, phase)


class StepRun:
    """One step being done. Use once."""

    def __init__(self, step: Step, walk: Walk) -> None:
        self._step = step
        self._walk = walk
        self._context = walk.context
        self._key = Intent.key_of(self._context.plan_id, step.id, self._context.lease.fencing)
        self._gate = Gate(self._context.lease)
        self._recorded = False

    @property
    def step(self) -> Step:
        """What is being done."""
        return self._step

    @property
    def may_have_happened(self) -> bool:
        """Whether a request may have left whose outcome is not in the journal."""
        return self._gate.passed and not self._recorded

    def leave(self) -> bool:
        """Lets nothing more be sent. Whether it may have happened."""
        return self._gate.shut() and not self._recorded

    def run(self) -> StepOutcome:
        """Does it. Raises, before anything was sent: Skip, Impossible, Unresolved, the PlatformError of a read; at any
        time: what the store raises.
        """
        step = self._step
        if step.verb in {Verb.FORGET, Verb.MOVE}:
            self._intend()
            return self.record(Effect(step.remote_id))
        handler = self._handler()
        if step.after_end:
            self._queue(handler)
        if step.verb is Verb.ADOPT:
            live = self._compare(handler)
            self._intend()
            return self.record(Effect(step.remote_id) if live is None else self._adopted(live))
        if step.verb is Verb.CREATE:
            return self._create(handler)
        send = self._sender(handler)
        self._compare(handler)
        self._intend()
        return self._follow(handler, repeat(send, self._about(), self._gate, self._context))

    def record(self, verdict: Verdict) -> StepOutcome:
        """Makes the outcome durable, then tells it."""
        step, now = self._step, self._context.clock()
        match verdict:
            case Effect(remote_id, phase, outputs, defaults):
                self._append(Done(self._key, step.address, remote_id, now, phase, dict(outputs), dict(defaults)))
                self._walk.remember(step.address, verdict)
                return StepOutcome(step, Result.DONE, remote_id=remote_id)
            case NoEffect(error, code):
                text = self._walk.redact(error)
                self._append(Failed(self._key, step.address, text, code, now))
                return StepOutcome(step, Result.FAILED, error=text, code=code, remote_id=step.remote_id)
            case Unsure(error, code):
                text = self._walk.redact(error)
                self._append(Unknown(self._key, step.address, text, code, now))
                return StepOutcome(step, Result.UNKNOWN, error=text, code=code, remote_id=step.remote_id)
            case _ as unreachable:
                assert_never(unreachable)

    def _adopted(self, live: Live) -> Effect:
        """The effect of taking over `live`, with what the platform has filled in, of a standing thing."""
        step, context = self._step, self._context
        effect = effect_of(live)
        if context.kinds[step.platform, step.address.kind].life is Life.RUN or step.desired is None:
            return effect
        return replace(effect, defaults=filled_in(live.spec, step.desired, self._walk.sight(step)))

    def _create(self, handler: Creates) -> StepOutcome:
        step = self._step
        kind = self._context.kinds[step.platform, step.address.kind]
        self._await_outputs()
        desired = self._desired()
        present = self._walk.present.get(step.address)
        if present is not None:
            # A run with this very mark is this very submission; of a standing thing the mark says only whose it is.
            if kind.life is not Life.RUN or present.mark != step.mark:
                msg = f"something appeared at {step.address} after it was planned"
                raise Skip(msg, "execution.stale", stale=True)
            self._intend()
            return self.record(effect_of(present))
        creation = Creation(handler, desired, self._gate, self._context)
        self._intend()
        return self.record(creation.run(kind))

    def _handler(self) -> Creates:
        address = self._step.address
        connection = self._context.connections.get(address.target)
        if connection is None:
            msg = f"there is no connection to the target {address.target}"
            raise Impossible(msg)
        return connection.handler(address.kind)

    def _compare(self, handler: Creates) -> Live | None:
        """The live object, None where it cannot be read. Raises Skip when it is not what the plan saw."""
        step = self._step
        if not isinstance(handler, Reads) or not (step.seen or step.verb is Verb.ADOPT):
            return None
        live = handler.read(step.address, step.remote_id)
        stale = bool(step.seen) and not unmoved(step.seen, live, self._walk.sight(step))
        if stale or (live is None and step.verb is Verb.ADOPT):
            msg = f"{step.address} moved after it was planned"
            raise Skip(msg, "execution.stale", stale=True)
        return live

    def _sender(self, handler: Creates) -> Callable[[], None]:
        """The one call of an update, stop or delete, everything resolved."""
        step = self._step
        match step.verb:
            case Verb.UPDATE if isinstance(handler, Updates):
                desired = self._desired()
                return lambda: handler.update(self._about(), desired)
            case Verb.STOP if isinstance(handler, Stops):
                return lambda: handler.stop(step.address, step.remote_id)
            case Verb.DELETE if isinstance(handler, Deletes):
                return lambda: handler.delete(step.address, step.remote_id)
            case _:
                msg = f"the platform cannot {step.verb.value} a {step.address.kind}"
                raise Impossible(msg)

    def _about(self) -> str:
        """The id of the object that the step is about: for an update of what was just created, what that became."""
        if self._step.verb is not Verb.UPDATE or self._step.remote_id:
            return self._step.remote_id
        made = self._walk.made(self._step.address)
        return made.remote_id if made is not None else ""

    def _desired(self) -> Desired:
        step = self._step
        if step.desired is None or step.mark is None:
            msg = f"the plan does not say what to {step.verb.value} at {step.address}"
            raise Impossible(msg)
        values = Values(step.address, step.depends_on, self._walk.made, self._walk.secret)
        return Desired(step.address, resolve(step.desired, values), step.mark)

    def _await_outputs(self) -> None:
        """Waits for what other runs have to find first. Raises Skip when that takes longer than we wait."""
        walk = self._walk
        awaiting = Outputs(self._context, walk.made, walk.learn, walk.waiting).wait_for(self._step)
        if awaiting is not None:
            msg = f"{awaiting.address} is still {awaiting.phase.value}, and this needs its {awaiting.output}"
            raise Skip(msg, "execution.awaiting")

    def _intend(self) -> None:
        step = self._step
        intent = Intent(
            key=self._key,
            plan=self._context.plan_id,
            step=step.id,
            address=step.address,
            platform=step.platform,
            verb=step.verb,
            at=self._context.clock(),
            mark=step.mark,
            attempt=step.attempt,
            digest=step.digest,
            spec=step.desired,
            lifecycle=step.lifecycle,
            depends_on=step.depends_on,
            remote_id=self._about(),
            moved_from=step.moved_from,
        )
        self._context.store.append(self._context.environment, intent, self._context.lease)

    def _append(self, outcome: Done | Failed | Unknown) -> None:
        self._context.store.append(self._context.environment, outcome, self._context.lease)
        self._recorded = True

    def _queue(self, handler: Creates) -> None:
        """Waits for the former run to end. Raises Skip when it goes on for longer than we wait."""
        live = self._until(handler, lambda live: live is None or live.phase.ended, self._context.patience.queued)
        if live is not None and not live.phase.ended:
            msg = f"{self._step.remote_id} is still {live.phase.value}, and this waits for its end"
            raise Skip(msg, "execution.queued")

    def _follow(self, handler: Creates, verdict: Verdict) -> StepOutcome:
        """An accepted stop or delete takes its time; what needs this step needs its end."""
        step = self._step
        if step.verb is Verb.STOP and isinstance(verdict, Effect):
            verdict = replace(verdict, phase=Phase.STOPPING)
        outcome = self.record(verdict)
        if outcome.result is not Result.DONE or not isinstance(handler, Reads):
            return outcome
        if step.verb is Verb.STOP:
            return self._stopped(handler, outcome)
        if step.verb is Verb.DELETE and step.address in self._walk.replaced:
            live = self._until(handler, lambda live: live is None, self._context.patience.ending)
            return outcome if live is None else self._unfinished(outcome, live)
        return outcome

    def _stopped(self, handler: Reads, outcome: StepOutcome) -> StepOutcome:
        step = self._step
        live = self._until(handler, lambda live: live is None or live.phase.ended, self._context.patience.ending)
        phase = Phase.CANCELLED if live is None else live.phase
        seen = Observed(step.address, step.remote_id, phase, self._context.clock())
        self._context.store.append(self._context.environment, seen, self._context.lease)
        return outcome if live is None or live.phase.ended else self._unfinished(outcome, live)

    def _unfinished(self, outcome: StepOutcome, live: Live) -> StepOutcome:
        text = f"accepted, but {live.remote_id} is still {live.phase.value}; apply again when it has ended"
        return replace(outcome, result=Result.FAILED, error=text, code="execution.unfinished")

    def _until(self, handler: Creates | Reads, over: Callable[[Live | None], bool], seconds: float) -> Live | None:
        """Reads until it is over, time is up or we are asked to stop; the last reading."""
        step, context = self._step, self._context
        if not isinstance(handler, Reads):
            return None
        deadline = context.clock() + seconds
        pauses = context.patience.pauses()
        live = handler.read(step.address, step.remote_id)
        while not over(live) and context.clock() < deadline:
            if live is not None:
                self._walk.waiting(step.address, live.phase)
            if context.wait(pauses.next()):
                break
            live = handler.read(step.address, step.remote_id)
        return live
