"""What a plan has to say besides its changes. References and limits speak for themselves, in their own modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.change import Action
from reconciler.model.diagnostic import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from reconciler.model.address import Address
    from reconciler.model.change import Change
    from reconciler.model.resource import Listed
    from reconciler.planning.assess import Decision

_NAMED = 5


def of_decision(decision: Decision) -> Iterator[Diagnostic]:
    """An error for what is refused, a warning for what else a person should know of."""
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


def of_unknowable(decisions: Iterable[Decision]) -> Iterator[Diagnostic]:
    """Before the first apply, or after a memory was lost: what is to be created may be there already, and nobody can
    look. One finding for all of it.
    """
    blind = [
        decision.subject.address
        for decision in decisions
        if decision.verdict.action is Action.CREATE and decision.subject.kind.is_unsearchable
    ]
    if blind:
        more = f" and {len(blind) - _NAMED} more" if len(blind) > _NAMED else ""
        named = ", ".join(map(str, blind[:_NAMED])) + more
        yield Diagnostic(
            Severity.NOTE,
            "plan.unknowable",
            f"this memory is new, and whether these were submitted before cannot be found out: {named}",
            hint="if a memory was lost, bring it back or `reconciler state rebuild`; if this is the first apply, go on",
        )


def of_unknown_kind(change: Change) -> Diagnostic:
    """Another release, or a package that is not installed, knows what this is."""
    return Diagnostic(
        Severity.WARNING,
        "plan.unknown-kind",
        f"{change.address}: {change.why}",
        hint="use the release, or install the package, that knows it; or forget it",
        address=change.address,
    )


def of_orphan(stranger: Listed) -> Diagnostic:
    """One witness is not enough to delete."""
    return Diagnostic(
        Severity.WARNING,
        "plan.orphan",
        f"{stranger.address} ({stranger.remote_id}) carries our mark, but is neither declared nor recorded",
        hint="declare and adopt it, or delete it by hand; it is never deleted automatically",
        address=stranger.address,
    )


def of_selection(
    taken: AbstractSet[Address], selected: AbstractSet[Address], everything: AbstractSet[Address]
) -> Iterator[Diagnostic]:
    """What a selection brought along and what it left out; nothing where it did neither."""
    brought, left_out = sorted(taken - selected), sorted(everything - taken)
    if brought or left_out:
        yield Diagnostic(
            Severity.NOTE,
            "plan.selection",
            f"a selection of {len(taken)} resource(s)"
            + (f", {len(brought)} of them because others need them ({_names(brought)})" if brought else "")
            + (f"; {len(left_out)} left out ({_names(left_out)})" if left_out else ""),
            hint="plan without a selection to see everything; only that removes what is no longer declared",
        )


def selection_destroys() -> Diagnostic:
    """A selection and a destroy were asked for together."""
    return Diagnostic(
        Severity.ERROR,
        "plan.selection-destroys",
        "a selection removes nothing, and a destroy removes everything: they cannot go together",
        hint="to remove some resources, take their manifests out and apply",
    )


def nothing_declared(recorded: int) -> Diagnostic:
    """An environment holds something while no manifest declares anything."""
    return Diagnostic(
        Severity.ERROR,
        "guard.nothing-declared",
        f"no manifest was found, while {recorded} recorded resource(s) exist: nothing is removed",
        hint="check the folder, the project file and its `manifests`; to remove everything on purpose, `destroy`",
    )


def in_reading_order(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """For people by place, and never by the order in which they were found."""
    return tuple(sorted(found, key=lambda one: (*one.sort_key, str(one.address or ""), one.hint)))


def _names(addresses: list[Address]) -> str:
    shown = ", ".join(str(address) for address in addresses[:_NAMED])
    rest = len(addresses) - _NAMED
    return f"{shown} and {rest} more" if rest > 0 else shown
