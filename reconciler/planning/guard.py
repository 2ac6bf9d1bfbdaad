"""Limits on what one plan may do: how many may go, which share, how many GPU-hours; and never everything by accident.

A removal is an object deleted, a run cancelled, or an object replaced, since what it held is gone. GPU-hours are those
of the runs that a plan submits, as far as somebody estimated them: what is not known is not zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.change import Action
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.kind import Life

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model.address import Address
    from reconciler.model.change import Change
    from reconciler.model.project import Policy

_SHOWN = 5


def guard(
    changes: Sequence[Change],
    policy: Policy,
    *,
    recorded: int,
    destroy: bool,
    gpu_hours: Mapping[Address, float] | None = None,
) -> tuple[Diagnostic, ...]:
    """Errors where `changes` go beyond `policy`, with how to allow them; a note about the room that is left where they
    come near it. `recorded` is how many resources our memory holds; `gpu_hours` are estimates by address, None when
    nobody estimates. `max_delete_percent` does not bind a destroy, which is meant to take everything.
    """
    return (
        *_removals(changes, policy, recorded=recorded, destroy=destroy),
        *_gpu_hours(changes, policy.max_gpu_hours, gpu_hours),
    )


def _removals(changes: Sequence[Change], policy: Policy, *, recorded: int, destroy: bool) -> Iterator[Diagnostic]:
    gone = [change for change in changes if change.action in {Action.DELETE, Action.REPLACE}]
    if not gone:
        return
    what = f"{len(gone)} removal(s) ({_names(gone)})"
    share = 100 * len(gone) / max(recorded, len(gone))
    limits: list[tuple[float, float, str, str, str]] = []
    if policy.max_deletes is not None:
        limits.append((len(gone), policy.max_deletes, "max_deletes", "guard.max-deletes", ""))
    if policy.max_delete_percent is not None and not destroy:
        limits.append((share, policy.max_delete_percent, "max_delete_percent", "guard.max-delete-percent", "%"))
    for used, limit, name, code, unit in limits:
        if used > limit:
            yield Diagnostic(
                Severity.ERROR,
                code,
                f"{what}: {used:.4g}{unit} of {recorded} recorded, and {name} allows {limit:.4g}{unit}",
                hint=f"if all of that is meant, raise policy.{name} in the project file, in a reviewed change",
            )
    fine = [f"{used:.4g}{unit} of {limit:.4g}{unit} ({name})" for used, limit, name, _, unit in limits if used <= limit]
    if fine:
        yield Diagnostic(Severity.NOTE, "guard.headroom", f"{what}: {', '.join(fine)}")


def _gpu_hours(
    changes: Sequence[Change], limit: float | None, gpu_hours: Mapping[Address, float] | None
) -> Iterator[Diagnostic]:
    submitted = [c for c in changes if c.life is Life.RUN and c.action in {Action.CREATE, Action.REPLACE}]
    if limit is None or not submitted:
        return
    estimates = gpu_hours or {}
    known = [change for change in submitted if change.address in estimates]
    unknown = [change for change in submitted if change.address not in estimates]
    total = sum(estimates[change.address] for change in known)
    if total > limit:
        yield Diagnostic(
            Severity.ERROR,
            "guard.max-gpu-hours",
            f"{len(known)} run(s) ({_names(known)}) would take {total:.4g} GPU-hours; max_gpu_hours allows {limit:.4g}",
            hint="if that is meant, raise policy.max_gpu_hours in the project file, in a reviewed change",
        )
    elif known:
        yield Diagnostic(Severity.NOTE, "guard.headroom", f"{total:.4g} of {limit:.4g} GPU-hours (max_gpu_hours)")
    if unknown:
        # Where somebody estimates, a run without an estimate must not slip through; where nobody does, every run would.
        yield Diagnostic(
            Severity.WARNING if gpu_hours is None else Severity.ERROR,
            "guard.gpu-hours-unknown",
            f"how many GPU-hours {len(unknown)} run(s) ({_names(unknown)}) would take is not known; "
            f"max_gpu_hours allows {limit:.4g}",
            hint="give the run a time limit and resources, or take policy.max_gpu_hours out in a reviewed change",
        )


def _names(changes: Sequence[Change]) -> str:
    names = [str(change.address) for change in changes[:_SHOWN]]
    rest = len(changes) - len(names)
    return ", ".join(names) + (f" and {rest} more" if rest else "")
