"""What a crash left: calls that may have happened are settled before anything new starts.

    verb of the intent   how it is settled
    -------------------  ------------------------------------------------------------------------------------
    create               by its mark (`searching`), waiting out the platform's lag since the intent was written
    delete               by reading: gone means done
    stop                 by reading: ended or gone means done
    update               not at all: it is idempotent, and planned again from what is live
    adopt, move, forget  they never left this machine

What a search settles as "not submitted", and what will be planned again, is recorded as failed. What nothing settles
is for a person, who looks at the platform and says so (`settle_by_hand`); until then nothing is begun at that address,
and everything else goes on. A target that cannot be reached is asked once, and not waited for.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from reconciler.errors import (
    Interrupted,
    PlatformError,
    ReconcilerError,
    SubmissionAmbiguous,
    Unanswered,
    UsageError,
)
from reconciler.execution.calling import Creation, Effect, Gate, NoEffect, Unsure, judged, look_for
from reconciler.execution.pooling import workers
from reconciler.execution.resolving import Made, Unresolved, Values, resolve
from reconciler.execution.searching import Unclear, can_search, search
from reconciler.model.kind import CreateClass
from reconciler.model.plan import Verb
from reconciler.model.resource import Desired, Phase
from reconciler.providers.protocol import Reads
from reconciler.state.journal import Done, Failed
from reconciler.state.recovery import unsettled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from reconciler.execution.calling import Verdict
    from reconciler.execution.context import Context
    from reconciler.model.address import Address
    from reconciler.providers.protocol import Connection, Creates
    from reconciler.state.journal import Intent
    from reconciler.state.protocol import Lease, State, StateStore
    from reconciler.state.recovery import Unsettled

_LEFT = "the process that began it ended before the answer"


@dataclass(frozen=True, slots=True)
class Settled:
    """A call that is settled now: `remote_id` is what it acted on, "" says that it had no effect."""

    address: Address
    verb: Verb
    remote_id: str = ""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """A call nobody can tell about. `why` is for people, `key` is that of its intent. `blind`: no platform call will
    ever tell.
    """

    address: Address
    verb: Verb
    why: str
    key: str = ""
    blind: bool = False


@dataclass(frozen=True, slots=True)
class Settlement:
    """The end of settling. `state` is what holds now; `interrupted`: asked to stop on the way."""

    state: State
    settled: tuple[Settled, ...] = ()
    ambiguous: tuple[Ambiguous, ...] = ()
    environment: str = ""
    interrupted: bool = False

    def require(self) -> State:
        """`state`. Raises Interrupted when we were asked to stop."""
        if self.interrupted:
            msg = "asked to stop while settling what an earlier apply began"
            raise Interrupted(msg, hint="Nothing new was begun. Apply again to go on.")
        return self.state

    def doubt(self) -> SubmissionAmbiguous | None:
        """What a person has to say, naming every address and the one command; None when nothing is left."""
        if not self.ambiguous:
            return None
        lines = [f"{left.address}: {left.why}" for left in self.ambiguous]
        look = f"look for it there and say what is true: {self.command()}"
        waiting_helps = not all(left.blind for left in self.ambiguous)
        hint = f"Apply again when its platform answers; or {look}" if waiting_helps else f"L{look[1:]}"
        return SubmissionAmbiguous("not known whether it was submitted:\n" + "\n".join(lines), hint=hint)

    def command(self) -> str:
        """The command that settles the first of what is left."""
        where = f" --environment {shlex.quote(self.environment)}" if self.environment else ""
        address = shlex.quote(str(self.ambiguous[0].address))
        return f"reconciler state settle {address}{where} --submitted ID (or --not-submitted)"


def settle(context: Context, known: Sequence[Ambiguous] = ()) -> Settlement:
    """Settles what it can, makes that durable and commits it. The lease is held by the caller. `known` is what could
    not be settled a moment ago: it is not tried again.

    Raises StateUnreadable, StateLocked, StateUnwritable.
    """
    pending = unsettled(context.store.records(context.environment))
    if not pending:
        return Settlement(context.store.read(context.environment))
    state = context.store.read(context.environment)
    told = {left.key: left.why for left in known}
    closed: dict[str, str] = {}

    def verdict(entry: Unsettled) -> Verdict:
        why = told.get(entry.intent.key) or closed.get(entry.intent.address.target)
        if why:
            return Unsure(why, "submission.ambiguous")
        try:
            return _verdict(entry, context, state, closed)
        except ReconcilerError:
            raise
        except Exception as error:  # noqa: BLE001 - a defect in a handler must not take the others with it
            return Unsure(f"{_LEFT}; {type(error).__name__}: {error}", "execution.unexpected")

    with workers(context.parallelism, "settle") as pool:
        verdicts = list(pool.map(verdict, pending))
    ended = [_recorded(entry.intent, verdict, context) for entry, verdict in zip(pending, verdicts, strict=True)]
    return Settlement(
        state=_committed(context.store, context.environment, context.lease),
        settled=tuple(end for end in ended if isinstance(end, Settled)),
        ambiguous=tuple(end for end in ended if isinstance(end, Ambiguous)),
        environment=context.environment,
        interrupted=context.stop.is_set(),
    )


def settle_by_hand(
    store: StateStore, lease: Lease, environment: str, address: Address, submitted: str, clock: Callable[[], float]
) -> State:
    """A person has looked: `submitted` is the remote id of what is there, "" says that nothing is.

    Raises UsageError when nothing is unsettled at `address`, and what the store raises.
    """
    pending = [entry.intent for entry in unsettled(store.records(environment)) if entry.intent.address == address]
    if not pending:
        msg = f"nothing is unsettled at {address}"
        raise UsageError(msg, hint="`reconciler state list` shows what is recorded.")
    for intent in pending:
        if submitted:
            store.append(environment, Done(intent.key, address, submitted, clock()), lease)
        else:
            failed = Failed(intent.key, address, "settled by hand: not submitted", "submission.ambiguous", clock())
            store.append(environment, failed, lease)
    return _committed(store, environment, lease)


def _committed(store: StateStore, environment: str, lease: Lease) -> State:
    state = store.read(environment)
    return store.commit(environment, state, expected_serial=state.serial, lease=lease)


def _recorded(intent: Intent, verdict: Verdict, context: Context) -> Settled | Ambiguous:
    """Makes the verdict durable; what is not settled stays in the journal as it is."""
    now = context.clock()
    match verdict:
        case Effect(remote_id, phase, outputs):
            done = Done(intent.key, intent.address, remote_id, now, phase, dict(outputs))
            context.store.append(context.environment, done, context.lease)
            return Settled(intent.address, intent.verb, remote_id)
        case NoEffect(error, code):
            failed = Failed(intent.key, intent.address, context.redactor.redact(error), code, now)
            context.store.append(context.environment, failed, context.lease)
            return Settled(intent.address, intent.verb)
        case Unsure(error, _):
            kind = context.kinds.get((intent.platform, intent.address.kind))
            blind = kind is not None and kind.create_class is CreateClass.BLIND
            return Ambiguous(intent.address, intent.verb, context.redactor.redact(error), intent.key, blind)
        case _ as unreachable:
            assert_never(unreachable)


def _verdict(entry: Unsettled, context: Context, state: State, closed: dict[str, str]) -> Verdict:
    """`closed`: targets that could not be reached, with the reason; it grows."""
    intent = entry.intent
    connection = context.connections.get(intent.address.target)
    match intent.verb:
        case Verb.ADOPT | Verb.MOVE | Verb.FORGET:
            return NoEffect(f"{_LEFT}; it never leaves this machine", "execution.not-sent")
        case Verb.UPDATE:
            return NoEffect(f"{_LEFT}; it is planned again from what is live", "execution.planned-again")
        case Verb.STOP | Verb.DELETE:
            known = connection is not None and (intent.platform, intent.address.kind) in context.kinds
            return _read_again(intent, connection.handler(intent.address.kind) if connection and known else None)
        case Verb.CREATE if connection is None:
            return Unsure(f"there is no connection to the target {intent.address.target}", "submission.ambiguous")
        case Verb.CREATE:
            return _created(entry, connection, context, state, closed)
        case _ as unreachable:
            assert_never(unreachable)


def _read_again(intent: Intent, handler: object) -> Verdict:
    """Stop and delete may be sent again, so not knowing costs nothing."""
    planned_again = NoEffect(f"{_LEFT}; it is planned again from what is live", "execution.planned-again")
    if not isinstance(handler, Reads):
        return planned_again
    try:
        live = handler.read(intent.address, intent.remote_id)
    except PlatformError:
        return planned_again
    if intent.verb is Verb.STOP and live is not None and live.phase.ended:
        return Effect(intent.remote_id, live.phase, dict(live.outputs))
    if live is None:
        return Effect(intent.remote_id, Phase.CANCELLED if intent.verb is Verb.STOP else Phase.UNKNOWN)
    return planned_again


def _created(
    entry: Unsettled, connection: Connection, context: Context, state: State, closed: dict[str, str]
) -> Verdict:
    intent = entry.intent
    what = entry.unknown.error if entry.unknown is not None else _LEFT
    kind = context.kinds.get((intent.platform, intent.address.kind))
    if kind is None:
        return Unsure(f"{what}; {intent.platform} {intent.address.kind} is not known here", "submission.ambiguous")
    if intent.mark is None or kind.create_class is CreateClass.BLIND:
        told = "; the platform offers no way to find out" if intent.mark is None else f"; {look_for(intent.mark)}"
        # What an apply wrote down when no answer came says so already.
        return Unsure(what if entry.unknown is not None else what + told, "submission.ambiguous")
    handler = connection.handler(intent.address.kind)
    if not can_search(handler) and kind.create_class is CreateClass.TOKEN:
        return _repeated(intent, handler, context, state)
    now, patience = context.clock(), context.patience
    # The call may have been under way until the process died, and when that was nobody wrote down; nor whether the
    # machine's clock was set since.
    until = max(now, min(now + patience.horizon, intent.at + patience.doubt + patience.horizon))
    found = search(handler, intent.address, intent.mark, until, context, wait_for_it=False)
    verdict = judged(found, what, "submission.ambiguous")
    if isinstance(found, Unclear) and found.unreached and isinstance(verdict, Unsure):
        closed[intent.address.target] = verdict.error
    return verdict


def _repeated(intent: Intent, handler: Creates, context: Context, state: State) -> Verdict:
    """The same token makes the platform answer with what it made then, as long as it remembers the token."""
    if intent.spec is None or intent.mark is None or context.clock() - intent.at > context.patience.token:
        return Unsure(f"{_LEFT}; too long ago to ask again with the same token", "submission.ambiguous")

    def made(address: Address) -> Made | None:
        recorded = state.resources.get(address)
        return None if recorded is None else Made(recorded.remote_id, recorded.outputs)

    try:
        spec = resolve(intent.spec, Values(intent.address, intent.depends_on, made, context.secrets))
    except Unresolved as error:
        return Unsure(f"{_LEFT}; it cannot be asked again: {error.message}", "submission.ambiguous")
    desired = Desired(intent.address, spec, intent.mark)
    kind = context.kinds[intent.platform, intent.address.kind]
    creation = Creation(handler, desired, Gate(context.lease), context)
    return creation.resume(kind, Unanswered(_LEFT))
