"""Doing what a plan says: under the lease, settled, not stale, every secret at hand before the first call."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.errors import CredentialsMissing, PlanBlocked, StateLocked
from reconciler.model.change import Action
from reconciler.model.diagnostic import Diagnostic, Severity, errors
from reconciler.model.expression import Space, parse, strings
from reconciler.model.outcome import Report
from reconciler.operations.plan import base_of
from reconciler.operations.saved import refuse_applied, refuse_stale
from reconciler.operations.wiring import connected, holder, open_store, redactor, steady_clock
from reconciler.rendering.words import printable

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from reconciler.execution.context import Context, Progress
    from reconciler.execution.settle import Settlement
    from reconciler.model.plan import Base, Plan
    from reconciler.operations.workspace import Say, Workspace
    from reconciler.providers.protocol import Connection
    from reconciler.state.journal import Record
    from reconciler.state.protocol import Lease, State, StateStore


@dataclass(frozen=True, slots=True)
class Doing:
    """Who listens while a plan is carried out, and how to end it early.

    `read_at` is when the plan looked at the platforms (UNIX time), None when that is not known; `observed` is what it
    saw of runs that memory does not have yet. `left` is what could not be settled before the plan was made.
    """

    progress: Progress
    stop: threading.Event
    say: Say
    read_at: float | None = None
    observed: tuple[Record, ...] = ()
    left: Settlement | None = None


def apply(workspace: Workspace, plan: Plan, doing: Doing) -> Report:
    """Carries the plan out, or refuses it whole.

    Raises PlanBlocked, PlanStale, StateLocked and CredentialsMissing before anything is sent.
    """
    refuse_blocked(plan)
    store = open_store(workspace)
    if plan.is_empty and doing.read_at is not None:
        record_observed(store, workspace.environment.name, doing.observed, holder(workspace.call.settings))
        return Report((), unsettled=_doubt(doing.left))
    from reconciler.rendering.json import plan_id

    def whole(moment: Moment) -> Plan:
        refuse_applied(plan_id(plan), moment.settled.applied)
        refuse_stale(plan.base, moment.base)
        return plan

    return carry_out(workspace, plan, doing, whole)


@dataclass(frozen=True, slots=True)
class Moment:
    """The memory under the lease: `base` is what a plan of this moment would be bound to, before anything was settled;
    `settled` is what is remembered after that.
    """

    base: Base
    settled: State


def carry_out(workspace: Workspace, plan: Plan, doing: Doing, choose: Callable[[Moment], Plan]) -> Report:
    """Takes the lease, settles what was left, and walks what `choose` says of the plan; it refuses by raising. What
    cannot be settled keeps its address closed, and nothing else waits for it.

    Raises PlanBlocked, StateLocked and CredentialsMissing before anything is sent.
    """
    from reconciler.execution.executor import execute
    from reconciler.execution.settle import settle
    from reconciler.rendering.json import plan_id

    refuse_blocked(plan)
    require_secrets(workspace, plan)
    store = open_store(workspace)
    targets = {a.target for step in plan.steps for a in (step.address, *step.after_success)}
    with leased(workspace, store) as lease, opened(workspace, store, targets, lease, doing) as connections:
        before = store.read(workspace.environment.name)
        base = base_of(workspace, before)
        known = doing.left.ambiguous if doing.left else ()
        settlement = settle(context_of(workspace, store, lease, connections, doing, state=before), known)
        state = settlement.require()
        steps = choose(Moment(base, state))
        store.append_all(workspace.environment.name, doing.observed, lease)
        context = context_of(workspace, store, lease, connections, doing, state=state, plan_id=plan_id(plan))
        return replace(execute(steps, context), unsettled=_doubt(settlement))


def _doubt(settlement: Settlement | None) -> str:
    doubt = settlement.doubt() if settlement else None
    return f"{doubt.message}\n{doubt.hint}" if doubt else ""


def settle_first(workspace: Workspace, doing: Doing) -> Settlement | None:
    """Settles what a killed process left, so that a plan is not made on sand. None when nothing was left.

    Raises Interrupted when asked to stop.
    """
    from reconciler.execution.settle import settle
    from reconciler.state.recovery import unsettled

    store = open_store(workspace)
    if not unsettled(store.records(workspace.environment.name)):
        return None
    doing.say("an earlier apply was cut short: settling what it began")
    with leased(workspace, store) as lease, opened(workspace, store, set(), lease, doing) as connections:
        settlement = settle(context_of(workspace, store, lease, connections, doing))
        settlement.require()
        for left in settlement.ambiguous:
            doing.say(printable(f"not settled, and closed until it is: {left.address}: {left.why}"))
        return settlement


def record_observed(store: StateStore, environment: str, records: Sequence[Record], holder_name: str) -> None:
    """Makes what was seen of runs durable; leaves it to the other one when somebody else is writing."""
    if not records:
        return
    try:
        lease = store.lock(environment, holder_name)
    except StateLocked:
        return
    try:
        record_all(store, environment, records, lease)
    finally:
        lease.release()


def record_all(store: StateStore, environment: str, records: Sequence[Record], lease: Lease) -> None:
    """Makes what was seen durable."""
    store.append_all(environment, records, lease)
    state = store.read(environment)
    store.commit(environment, state, expected_serial=state.serial, lease=lease)


def refuse_blocked(plan: Plan) -> None:
    """Raises PlanBlocked with every reason when the plan must not be applied."""
    if not plan.is_blocked:
        return
    refused = (
        Diagnostic(Severity.ERROR, "plan.refused", change.why, change.source, address=change.address)
        for change in plan.changes
        if change.action is Action.REFUSE
    )
    raise PlanBlocked(errors(plan.diagnostics) or tuple(refused))


def require_secrets(workspace: Workspace, plan: Plan) -> None:
    """Raises CredentialsMissing, naming all of them, when a secret that a step needs has no usable value."""
    missing = []
    for name in sorted(secret_names(plan)):
        try:
            workspace.call.settings.secret(name)
        except CredentialsMissing as error:
            missing.append(error)
    if missing:
        hints = " ".join(error.hint for error in missing)
        raise CredentialsMissing("; ".join(error.message for error in missing), hint=hints)


def secret_names(plan: Plan) -> set[str]:
    """The secrets that the plan sends somewhere; what only our memory holds keeps them as references."""
    sent = (step.desired for step in plan.steps if step.desired and step.verb.calls_platform)
    texts = (text for spec in sent for _, text in strings(dict(spec)) if "$[[" in text)
    return {found.name for text in texts for found in parse(text) if found.space is Space.SECRETS}


@contextmanager
def leased(workspace: Workspace, store: StateStore) -> Iterator[Lease]:
    """The right to write this environment, given back at the end."""
    lease = store.lock(workspace.environment.name, holder(workspace.call.settings))
    try:
        yield lease
    finally:
        lease.release()


@contextmanager
def opened(
    workspace: Workspace, store: StateStore, targets: set[str], lease: Lease, doing: Doing
) -> Iterator[Mapping[str, Connection]]:
    """Connections to `targets` and to those an earlier apply left something at.

    They wait for nothing once we are asked to stop. The lease is looked at again right before each request that may
    change something: signing in or waiting for a turn may have taken longer than the lease lasts.
    """
    from reconciler.state.recovery import unsettled

    left = {entry.intent.address.target for entry in unsettled(store.records(workspace.environment.name))}
    with connected(workspace, targets | left, doing.say, stop=doing.stop, guard=lease.check) as connections:
        yield connections


def context_of(  # noqa: PLR0913 - everything a walk needs, handed over in one place
    workspace: Workspace,
    store: StateStore,
    lease: Lease,
    connections: Mapping[str, Connection],
    doing: Doing,
    *,
    state: State | None = None,
    plan_id: str = "",
) -> Context:
    """What executing and settling act through."""
    from reconciler.execution.context import Context, Patience

    settings = workspace.call.settings
    memory = state or store.read(workspace.environment.name)
    return Context(
        store=store,
        lease=lease,
        environment=workspace.environment.name,
        connections=connections,
        kinds=workspace.kinds,
        recorded=memory.resources,
        former=memory.former,
        key=memory.key,
        secrets=settings.secret,
        redactor=redactor(workspace),
        parallelism=settings.parallelism,
        progress=doing.progress,
        clock=steady_clock(),
        stop=doing.stop,
        plan_id=plan_id,
        read_at=doing.read_at,
        patience=Patience(horizon=settings.list_lag, results=settings.results),
    )
