"""From the three sides to a plan. `make_plan` is a list of calls; each of them thinks about one thing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.model.change import Action, Change
from reconciler.model.diagnostic import errors
from reconciler.model.kind import Life
from reconciler.model.plan import Plan, Verb
from reconciler.model.project import Allowed
from reconciler.model.resource import Live, Phase
from reconciler.planning import findings
from reconciler.planning.assess import Assessor, Permissions, Subject
from reconciler.planning.finishing import finished
from reconciler.planning.graph import closure, in_order
from reconciler.planning.guard import Allowances, expired, guard, submits
from reconciler.planning.lower import lower
from reconciler.planning.moves import contradictions, moved, refuse_likely_renames
from reconciler.planning.references import check
from reconciler.planning.results import after_results

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model.address import Address
    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.kind import Kind
    from reconciler.model.manifest import Manifest
    from reconciler.model.mark import Owner
    from reconciler.model.plan import Base
    from reconciler.model.project import Allowance, Ignore, Move, Policy
    from reconciler.model.resource import Former, Reading, Recorded
    from reconciler.planning.assess import Decision
    from reconciler.planning.references import Edges


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """Everything a plan depends on; nothing else enters it.

    `platforms` maps each target of the environment to its platform. `recorded` is all of the memory. `reading` is what
    a refresh of `wants(...)` saw. `destroy` plans the removal of all that is recorded, whatever is declared.
    `selected` limits the plan to these addresses and what they need; None means everything.
    `adopt` are live objects without a mark that may be taken over, as persons said. `gpu_hours` are estimates by
    run, None when nobody estimates; `at_risk` are those for runs as they were submitted. `moves`, `ignore` and
    `allow` are those of the project file; `today` is the date (`2026-07-31`, UTC) by which allowances expire, "" where
    they do not. `former` and `key` are those of the memory: what it let go of lately, and what fingerprints are made
    with.
    """

    base: Base
    owner: Owner
    manifests: Iterable[Manifest]
    kinds: Mapping[tuple[str, str], Kind]
    platforms: Mapping[str, str]
    recorded: Mapping[Address, Recorded]
    reading: Reading
    policy: Policy
    destroy: bool = False
    selected: frozenset[Address] | None = None
    adopt: frozenset[Address] = frozenset()
    gpu_hours: Mapping[Address, float] | None = None
    at_risk: Mapping[Address, float] | None = None
    moves: tuple[Move, ...] = ()
    ignore: tuple[Ignore, ...] = ()
    allow: tuple[Allowance, ...] = ()
    today: str = ""
    former: tuple[Former, ...] = ()
    key: str = ""


def make_plan(inputs: PlanInputs) -> Plan:
    """The plan. The same inputs give the same plan, in whatever order they come.

    A plan with an error among its diagnostics is blocked. Where manifests contradict each other, and where nothing is
    declared while something exists, it has no changes either: nothing could be said about them.
    """
    manifests = () if inputs.destroy else tuple(inputs.manifests)
    edges, wrong = check(manifests, inputs.kinds)
    wrong = (*wrong, *_misuse(inputs, manifests))
    if errors(wrong):
        return Plan(inputs.base, (), (), findings.in_reading_order(wrong))
    declared = {manifest.address: manifest for manifest in manifests}
    memory = moved(inputs.recorded, inputs.moves, declared.keys())
    inputs = replace(inputs, recorded=memory.recorded)
    chosen = _chosen(inputs, declared, edges)
    allowances = Allowances.of(inputs.allow, inputs.today)
    cancel = allowances.named(Allowed.CANCEL)
    permissions = Permissions(cancel, inputs.adopt, memory.came_from, inputs.ignore, inputs.former, inputs.destroy)
    decisions = after_results(finished(_decisions(inputs, declared, edges, chosen, permissions)), edges)
    if inputs.selected is None:
        decisions = refuse_likely_renames(decisions, allowances)
    strange = tuple(_strange(inputs, declared, chosen))
    priced = (_priced(inputs, decision) for decision in decisions)
    changes = tuple(sorted((*priced, *strange), key=lambda change: change.address))
    told = (*wrong, *_told(inputs, declared, decisions, strange), *_guarded(inputs, changes, allowances))
    return Plan(inputs.base, changes, lower(decisions, inputs.recorded, inputs.key), findings.in_reading_order(told))


def _priced(inputs: PlanInputs, decision: Decision) -> Change:
    """The change with what it would cost, and what it puts at risk, as far as somebody estimates."""
    change = decision.change
    if change.life is not Life.RUN:
        return change
    hours = (inputs.gpu_hours or {}).get(change.address) if submits(change) else None
    live = decision.subject.live
    ends = live is not None and live.phase.active and bool({Verb.STOP, Verb.DELETE} & set(decision.verdict.verbs))
    if not ends or live is None:
        return replace(change, gpu_hours=hours)
    return replace(change, gpu_hours=hours, at_risk=(inputs.at_risk or {}).get(change.address), started=live.started)


def _misuse(inputs: PlanInputs, manifests: Sequence[Manifest]) -> Iterator[Diagnostic]:
    if inputs.destroy and inputs.selected is not None:
        yield findings.selection_destroys()
    if not inputs.destroy and inputs.selected is None and not manifests and inputs.recorded:
        yield findings.nothing_declared(len(inputs.recorded))
    yield from contradictions(inputs.moves, {manifest.address: manifest for manifest in manifests})


def _told(
    inputs: PlanInputs, declared: Mapping[Address, Manifest], decisions: Sequence[Decision], strange: Sequence[Change]
) -> Iterator[Diagnostic]:
    """What there is to say besides the changes."""
    for decision in decisions:
        yield from findings.of_decision(decision)
    for change in strange:
        yield findings.of_unknown_kind(change)
    if not inputs.base.serial:
        yield from findings.of_unknowable(decisions)
    for stranger in inputs.reading.strangers:
        yield findings.of_orphan(stranger)
    if inputs.selected is not None:
        taken = {*(decision.change.address for decision in decisions), *(change.address for change in strange)}
        yield from findings.of_selection(taken, inputs.selected, {*declared, *inputs.recorded})


def _guarded(inputs: PlanInputs, changes: Sequence[Change], allowances: Allowances) -> Iterator[Diagnostic]:
    recorded = len(inputs.recorded)
    yield from expired(inputs.allow, inputs.today)
    yield from guard(
        changes,
        inputs.policy,
        recorded=recorded,
        destroy=inputs.destroy,
        gpu_hours=inputs.gpu_hours,
        allowed=allowances,
    )


def _chosen(inputs: PlanInputs, declared: Mapping[Address, Manifest], edges: Edges) -> list[Address]:
    """The addresses to decide on, dependencies first, then what is only recorded. A selection brings what it needs and
    never what is no longer declared.
    """
    needs = {address: edges.dependencies(address) for address in declared}
    order = in_order(needs)
    if inputs.selected is not None:
        wanted = closure(inputs.selected & declared.keys(), needs)
        return [address for address in order if address in wanted]
    return [*order, *sorted(inputs.recorded.keys() - declared.keys())]


def _decisions(
    inputs: PlanInputs,
    declared: Mapping[Address, Manifest],
    edges: Edges,
    chosen: Iterable[Address],
    permissions: Permissions,
) -> list[Decision]:
    assessor = Assessor(inputs.owner, inputs.kinds, edges, inputs.recorded, permissions)
    return [
        assessor.assess(_subject(inputs, declared.get(address), address, assessor))
        for address in chosen
        if not _is_unknown(inputs, address, declared)
    ]


def _platform(inputs: PlanInputs, address: Address, manifest: Manifest | None) -> str:
    return manifest.platform if manifest else inputs.recorded[address].platform


def _is_unknown(inputs: PlanInputs, address: Address, declared: Mapping[Address, Manifest]) -> bool:
    return (_platform(inputs, address, declared.get(address)), address.kind) not in inputs.kinds


def _subject(inputs: PlanInputs, manifest: Manifest | None, address: Address, assessor: Assessor) -> Subject:
    platform = _platform(inputs, address, manifest)
    kind, recorded = inputs.kinds[platform, address.kind], inputs.recorded.get(address)
    unreadable = inputs.reading.unreadable.get(address, "")
    if address.target not in inputs.platforms:
        unreadable = f"the target {address.target} is not part of this environment"
    return Subject(
        address=address,
        platform=platform,
        kind=kind,
        rules=assessor.rules[platform, address.kind],
        manifest=manifest,
        recorded=recorded,
        live=None if unreadable else inputs.reading.live.get(address) or _remembered(kind, recorded),
        unreadable=unreadable,
    )


def _remembered(kind: Kind, recorded: Recorded | None) -> Live | None:
    """What nothing can look at is as we left it: a thing, or a run that was seen to end. None where it can be looked
    at, and of a run nobody knows the end of.
    """
    if recorded is None or not recorded.remote_id or not kind.is_unseen:
        return None
    if kind.life is Life.RUN and not recorded.phase.ended:
        return None
    phase = recorded.phase if kind.life is Life.RUN else Phase.READY
    return Live(
        recorded.address, recorded.remote_id, recorded.spec, phase, recorded.mark, outputs=dict(recorded.outputs)
    )


def _strange(inputs: PlanInputs, declared: Mapping[Address, Manifest], chosen: Iterable[Address]) -> Iterator[Change]:
    """What is of a kind that nobody here knows stays as it is."""
    for address in chosen:
        if _is_unknown(inputs, address, declared):
            recorded = inputs.recorded.get(address)
            yield Change(
                address=address,
                platform=_platform(inputs, address, declared.get(address)),
                life=Life.STANDING,
                action=Action.HOLD,
                why="of a kind that is not known here",
                remote_id=recorded.remote_id if recorded else "",
            )
