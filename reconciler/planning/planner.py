"""From the three sides to a plan. `make_plan` is a list of calls; each of them thinks about one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.model.change import Action, Change
from reconciler.model.diagnostic import Diagnostic, Severity, errors
from reconciler.model.kind import Life
from reconciler.model.plan import Plan
from reconciler.planning.assess import Assessor, Decision, Permissions, Subject
from reconciler.planning.graph import closure, in_order
from reconciler.planning.guard import guard, nothing_declared
from reconciler.planning.lower import lower
from reconciler.planning.references import check

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.address import Address
    from reconciler.model.kind import Kind
    from reconciler.model.manifest import Manifest
    from reconciler.model.mark import Owner
    from reconciler.model.plan import Base
    from reconciler.model.project import Policy
    from reconciler.model.resource import Reading, Recorded
    from reconciler.planning.references import Edges

_NAMED = 5


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """Everything a plan depends on; nothing else enters it.

    `platforms` maps each target of the environment to its platform. `recorded` is all of the memory. `reading` is what
    a refresh of `wants(...)` saw. `destroy` plans the removal of all that is recorded, whatever is declared.
    `selected` limits the plan to these addresses and what they need; None means everything.
    `allowed` are active runs that may be cancelled though nothing else says so, `adopt` live objects without a mark
    that may be taken over: both named by persons. `gpu_hours` are estimates for runs by address, None when nobody
    estimates.
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
    allowed: frozenset[Address] = frozenset()
    adopt: frozenset[Address] = frozenset()
    gpu_hours: Mapping[Address, float] | None = None


def make_plan(inputs: PlanInputs) -> Plan:
    """The plan. The same inputs give the same plan, in whatever order they come.

    A plan with an error among its diagnostics is blocked. Where manifests contradict each other, and where nothing is
    declared while something exists, it has no changes either: nothing could be said about them.
    """
    manifests = () if inputs.destroy else tuple(inputs.manifests)
    edges, findings = check(manifests, inputs.kinds)
    findings = (*findings, *_misuse(inputs, manifests))
    if errors(findings):
        return Plan(inputs.base, (), (), _sorted(findings))
    declared = {manifest.address: manifest for manifest in manifests}
    chosen = _chosen(inputs, declared, edges)
    decisions = _decide_all(inputs, declared, edges, chosen)
    strange = (address for address in chosen if _is_unknown(inputs, address, declared))
    unknown = [_of_unknown_kind(inputs, address, declared) for address in strange]
    changes = tuple(sorted([*(d.change for d in decisions), *unknown], key=lambda change: change.address))
    findings = (
        *findings,
        *_selection(inputs, declared, chosen),
        *(finding for decision in decisions for finding in _finding(decision)),
        *(_unknown_kind(change) for change in unknown),
        *_orphans(inputs),
        *guard(
            changes,
            inputs.policy,
            recorded=len(inputs.recorded),
            destroy=inputs.destroy,
            gpu_hours=inputs.gpu_hours,
        ),
    )
    return Plan(inputs.base, changes, lower(decisions), _sorted(findings))


def _misuse(inputs: PlanInputs, manifests: tuple[Manifest, ...]) -> Iterator[Diagnostic]:
    if inputs.destroy and inputs.selected is not None:
        yield Diagnostic(
            Severity.ERROR,
            "plan.selection-destroys",
            "a selection removes nothing, and a destroy removes everything: they cannot go together",
            hint="to remove some resources, take their manifests out and apply",
        )
    if not inputs.destroy and inputs.selected is None and not manifests and inputs.recorded:
        yield nothing_declared(len(inputs.recorded))


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


def _decide_all(
    inputs: PlanInputs, declared: Mapping[Address, Manifest], edges: Edges, chosen: Iterable[Address]
) -> list[Decision]:
    permissions = Permissions(inputs.allowed, inputs.adopt)
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
    unreadable = inputs.reading.unreadable.get(address, "")
    if address.target not in inputs.platforms:
        unreadable = f"the target {address.target} is not part of this environment"
    return Subject(
        address=address,
        platform=platform,
        kind=inputs.kinds[platform, address.kind],
        rules=assessor.rules[platform, address.kind],
        manifest=manifest,
        recorded=inputs.recorded.get(address),
        live=None if unreadable else inputs.reading.live.get(address),
        unreadable=unreadable,
    )


def _finding(decision: Decision) -> Iterator[Diagnostic]:
    """What a verdict has to say besides its change."""
    verdict, subject = decision.verdict, decision.subject
    if not verdict.code:
        return
    reason = f" ({subject.unreadable})" if subject.unreadable else ""
    yield Diagnostic(
        Severity.ERROR if verdict.action is Action.REFUSE else Severity.WARNING,
        verdict.code,
        f"{subject.address}: {verdict.why}{reason}",
        source=decision.change.source,
        hint=verdict.hint,
        address=subject.address,
    )


def _of_unknown_kind(inputs: PlanInputs, address: Address, declared: Mapping[Address, Manifest]) -> Change:
    recorded = inputs.recorded.get(address)
    return Change(
        address=address,
        platform=_platform(inputs, address, declared.get(address)),
        life=Life.STANDING,
        action=Action.HOLD,
        why="of a kind that is not known here",
        remote_id=recorded.remote_id if recorded else "",
    )


def _unknown_kind(change: Change) -> Diagnostic:
    return Diagnostic(
        Severity.WARNING,
        "plan.unknown-kind",
        f"{change.address}: {change.why}",
        hint="use the release, or install the package, that knows it; or forget it",
        address=change.address,
    )


def _orphans(inputs: PlanInputs) -> Iterator[Diagnostic]:
    for stranger in inputs.reading.strangers:
        yield Diagnostic(
            Severity.WARNING,
            "plan.orphan",
            f"{stranger.address} ({stranger.remote_id}) carries our mark, but is neither declared nor recorded",
            hint="declare and adopt it, or delete it by hand; it is never deleted automatically",
            address=stranger.address,
        )


def _selection(
    inputs: PlanInputs, declared: Mapping[Address, Manifest], chosen: Iterable[Address]
) -> Iterator[Diagnostic]:
    if inputs.selected is None:
        return
    taken = set(chosen)
    brought = sorted(taken - inputs.selected)
    left_out = sorted((declared.keys() | inputs.recorded.keys()) - taken)
    if brought or left_out:
        yield Diagnostic(
            Severity.NOTE,
            "plan.selection",
            f"a selection of {len(taken)} resource(s)"
            + (f", {len(brought)} of them because others need them ({_names(brought)})" if brought else "")
            + (f"; {len(left_out)} left out ({_names(left_out)})" if left_out else ""),
            hint="plan without a selection to see everything; only that removes what is no longer declared",
        )


def _names(addresses: list[Address]) -> str:
    shown = ", ".join(str(address) for address in addresses[:_NAMED])
    rest = len(addresses) - _NAMED
    return f"{shown} and {rest} more" if rest > 0 else shown


def _sorted(findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """For people by place, and never by the order in which they were found."""
    return tuple(sorted(findings, key=lambda found: (*found.sort_key, str(found.address or ""), found.hint)))
