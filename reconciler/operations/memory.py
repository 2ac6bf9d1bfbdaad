"""Changing the memory alone: letting go, renaming, taking over. Nothing is sent to a platform."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.model.address import Address
from reconciler.model.change import Action, Change
from reconciler.model.kind import Life
from reconciler.model.plan import Plan, Step, Verb
from reconciler.operations.plan import Wish, base_of, look
from reconciler.operations.rebuild import only_adoptions
from reconciler.operations.runs import ours
from reconciler.operations.selection import matches, no_such_address
from reconciler.operations.wiring import open_store
from reconciler.rendering.words import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.model.resource import Recorded
    from reconciler.operations.plan import Look
    from reconciler.operations.workspace import Say, Workspace


def forgetting(workspace: Workspace, globs: Sequence[str]) -> Plan:
    """A plan that lets go of what is recorded at the addresses that `globs` mean. Raises UsageError."""
    if not globs:
        msg = "say what to forget"
        raise UsageError(msg, hint="`reconciler state list` shows what is recorded.")
    entries = ours(workspace, globs)
    why = "forgotten by hand; it stays on the platform as it is"
    return _plan(workspace, [(entry, Action.FORGET, why, entry.address, Verb.FORGET) for entry in entries])


def moving(workspace: Workspace, former: str, address: str) -> Plan:
    """A plan that gives what is recorded at `former` to `address`. Raises UsageError when that cannot be."""
    found = ours(workspace, [former])
    if len(found) != 1:
        msg = f"{len(found)} recorded addresses match {former!r}"
        raise UsageError(msg, hint="Write the whole address.")
    entry = found[0]
    goal = _goal(entry.address, address)
    if goal in open_store(workspace).read(workspace.environment.name).resources:
        msg = f"something is recorded at {goal} already"
        raise UsageError(msg, hint="Forget one of the two first.")
    return _plan(workspace, [(entry, Action.ADOPT, f"moved from {entry.address}", goal, Verb.MOVE)])


def _goal(former: Address, text: str) -> Address:
    """A whole address, or the parts of it that change: `name`, `scope/name`."""
    parts = text.split("/")
    short = len(parts) <= 2 and all(parts)  # noqa: PLR2004 - scope and name
    whole = f"{former.target}/{former.kind}/{parts[0] if len(parts) > 1 else former.scope}/{parts[-1]}"
    try:
        goal = Address.parse(whole if short else text)
    except ValueError as error:
        raise UsageError(str(error), hint="Write target/Kind/scope/name, scope/name, or a name.") from error
    if (goal.target, goal.kind) != (former.target, former.kind) or goal == former:
        msg = f"{former} cannot become {goal}"
        raise UsageError(msg, hint="Target and kind stay, and something must change.")
    return goal


def _plan(workspace: Workspace, entries: Iterable[tuple[Recorded, Action, str, Address, Verb]]) -> Plan:
    state = open_store(workspace).read(workspace.environment.name)
    changes, steps = [], []
    for number, (entry, action, why, address, verb) in enumerate(entries, start=1):
        kind = workspace.kinds.get((entry.platform, entry.address.kind))
        life = kind.life if kind else Life.STANDING
        changes.append(Change(address, entry.platform, life, action, why, remote_id=entry.remote_id))
        former = entry.address if verb is Verb.MOVE else None
        step = Step(number, address, entry.platform, verb, attempt=entry.attempt, remote_id=entry.remote_id)
        steps.append(replace(step, moved_from=former))
    ordered = tuple(sorted(changes, key=lambda change: change.address))
    return Plan(base_of(workspace, state), ordered, tuple(steps))


def adopting(workspace: Workspace, globs: Sequence[str], say: Say, *, remote_id: str = "") -> Look:
    """A look whose plan takes over what is declared, live and not recorded, at the addresses that `globs` mean; of
    what differs only the taking over is left, so that the next plan shows the difference. `remote_id` tells which live
    object is meant where an address does not: of runs there may be several of one name.

    Raises UsageError when there is nothing to take over.
    """
    from reconciler.operations.validate import declare

    recorded = open_store(workspace).read(workspace.environment.name).resources
    declared = declare(workspace).required()
    addresses = [manifest.address for manifest in declared.manifests]
    meant = {a for a in addresses if a not in recorded and any(matches(a, glob) for glob in globs)}
    for glob in globs:
        if not any(matches(address, glob) for address in (*addresses, *recorded)):
            hint = "Declare it first (`reconciler import` writes the manifest), then adopt it."
            raise no_such_address(glob, addresses, "nothing that is declared matches", hint)
    if not meant:
        raise _ours_already([address for address in sorted(recorded) if any(matches(address, g) for g in globs)])
    if remote_id and len(meant) > 1:
        msg = f"{len(meant)} addresses match, and one id cannot be all of them"
        raise UsageError(msg, hint="Write the whole address.")
    seen = look(workspace, Wish(adopt=dict.fromkeys(meant, remote_id)), say, declared)
    absent = {c.address for c in seen.plan.changes if c.address in meant and c.action is Action.CREATE}
    if absent == meant:
        raise _absent(min(absent))
    for address in sorted(absent):
        say(printable(f"not there, so nothing to take over: {address}"))
    return replace(seen, plan=only_of(seen.plan, meant - absent))


def _absent(address: Address) -> UsageError:
    """The error of taking over what is not on the platform."""
    msg = f"there is no {address} on the platform that could be taken over"
    return UsageError(msg, hint=f"`reconciler get {address.kind}` lists what there is; `reconciler apply` makes it.")


def _ours_already(recorded: Sequence[Address]) -> UsageError:
    """The error of taking over what we have."""
    what = f"{recorded[0]} is ours" if len(recorded) == 1 else f"all {len(recorded)} that match are ours"
    hint = "`reconciler plan` shows what differs; `reconciler adopt --write` takes what moved into the manifests."
    return UsageError(f"{what} already: there is nothing to take over", hint=hint)


def only_of(plan: Plan, addresses: set[Address]) -> Plan:
    """The adoptions of `plan` at `addresses`, and what was refused or found there."""
    kept = only_adoptions(plan)
    steps = [step for step in kept.steps if step.address in addresses]
    return replace(
        kept,
        steps=tuple(replace(step, id=number, needs=()) for number, step in enumerate(steps, start=1)),
        changes=tuple(
            change for change in plan.changes if change.address in addresses and change.action is not Action.NO_OP
        ),
        diagnostics=tuple(d for d in plan.diagnostics if d.address in addresses),
    )
