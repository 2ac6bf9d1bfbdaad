"""Limits on what one plan may do: how many may go, which share, how many GPU-hours; and never everything by accident.

A removal is an object deleted, a run cancelled, or an object replaced, since what it held is gone. GPU-hours are those
of the runs that a plan submits, as far as somebody estimated them: what is not known is not zero.

What an allowance in the project file names does not count. There is no other way past a limit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.model.change import Action
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.kind import Life
from reconciler.model.project import Allowed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from reconciler.model.address import Address
    from reconciler.model.change import Change
    from reconciler.model.project import Allowance, Policy

_SHOWN = 5
UNASKED_COUNT = 5
UNASKED_PERCENT = 50.0
"""Where the policy limits no removals, a plan that takes more than so many and more than this share is blocked."""


@dataclass(frozen=True, slots=True)
class Allowances:
    """The addresses that an allowance names today, by what it lets through."""

    addresses: Mapping[Allowed, frozenset[Address]] = field(default_factory=dict)

    @classmethod
    def of(cls, allowances: Iterable[Allowance], today: str) -> Allowances:
        """Those of `allowances` that hold `today` (a date, see `Allowance.holds`)."""
        found: dict[Allowed, frozenset[Address]] = {}
        for allowance in allowances:
            if allowance.holds(today):
                found[allowance.what] = found.get(allowance.what, frozenset()) | allowance.addresses
        return cls(found)

    def named(self, what: Allowed) -> frozenset[Address]:
        """The addresses for which `what` is allowed."""
        return self.addresses.get(what, frozenset())


NOTHING_ALLOWED = Allowances()


def guard(
    changes: Sequence[Change],
    policy: Policy,
    *,
    recorded: int,
    destroy: bool,
    gpu_hours: Mapping[Address, float] | None = None,
    allowed: Allowances = NOTHING_ALLOWED,
) -> tuple[Diagnostic, ...]:
    """Errors where `changes` go beyond `policy`, with how to allow them; else a note about the room that is left under
    each limit there is. `recorded` is how many resources our memory holds; `gpu_hours` are estimates by address, None
    when nobody estimates, infinite where nothing bounds them. No limit on the share binds a destroy, which is meant to
    take everything.
    """
    gone = [change for change in changes if change.action in {Action.DELETE, Action.REPLACE}]
    counted = [change for change in gone if change.address not in allowed.named(Allowed.DELETE)]
    room: list[str] = []
    errors = [
        *_removals(counted, policy, recorded, room, destroy=destroy),
        *_gpu_hours(changes, policy.max_gpu_hours, gpu_hours, allowed.named(Allowed.GPU_HOURS), room),
    ]
    if len(gone) > len(counted):
        room.append(f"{len(gone) - len(counted)} removal(s) allowed by name")
    notes = [Diagnostic(Severity.NOTE, "guard.headroom", f"limits: {', '.join(room)}")] if room else []
    return (*errors, *notes)


def expired(allowances: Iterable[Allowance], today: str) -> Iterator[Diagnostic]:
    """A note about each allowance that holds no more."""
    for allowance in allowances:
        if not allowance.holds(today):
            named = ", ".join(sorted(map(str, allowance.addresses)))
            yield Diagnostic(
                Severity.NOTE,
                "guard.allowance-expired",
                f"the allowance to {allowance.what} {named} ended with {allowance.until}",
                hint="take it out of the project file, or renew it in a reviewed change",
            )


def _removals(
    gone: Sequence[Change], policy: Policy, recorded: int, room: list[str], *, destroy: bool
) -> Iterator[Diagnostic]:
    share = 100 * len(gone) / max(recorded, len(gone), 1)
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
                f"{len(gone)} removal(s) ({_names(gone)}): {used:.4g}{unit} of {recorded} recorded, "
                f"and {name} allows {limit:.4g}{unit}",
                hint="if all of that is meant, name it in an `allow` entry of the project file (what: delete), or "
                f"raise policy.{name} there, in a reviewed change",
            )
        else:
            room.append(f"{used:.4g}{unit} of {limit:.4g}{unit} ({name})")
    if not limits and not destroy and len(gone) > UNASKED_COUNT and share > UNASKED_PERCENT:
        yield Diagnostic(
            Severity.ERROR,
            "guard.mass-removal",
            f"{len(gone)} removal(s) ({_names(gone)}): {share:.4g}% of {recorded} recorded at once",
            hint="check that no folder is missing; if all of that is meant, name it in an `allow` entry of the project "
            "file (what: delete), or set policy.max_delete_percent there, in a reviewed change",
        )


def _gpu_hours(
    changes: Sequence[Change],
    limit: float | None,
    gpu_hours: Mapping[Address, float] | None,
    allowed: frozenset[Address],
    room: list[str],
) -> Iterator[Diagnostic]:
    if limit is None:
        return
    estimates = gpu_hours or {}
    submitted = [change for change in changes if submits(change) and change.address not in allowed]
    known = [change for change in submitted if change.address in estimates]
    unknown = [change for change in submitted if change.address not in estimates]
    total = sum(estimates[change.address] for change in known)
    if total > limit:
        took = "would take GPU-hours without bound" if math.isinf(total) else f"would take {total:.4g} GPU-hours"
        yield Diagnostic(
            Severity.ERROR,
            "guard.max-gpu-hours",
            f"{len(known)} run(s) ({_names(known)}) {took}; max_gpu_hours allows {limit:.4g}",
            hint="if that is meant, name the runs in an `allow` entry of the project file (what: gpu_hours), or raise "
            "policy.max_gpu_hours there, in a reviewed change",
        )
    elif known or not unknown:
        room.append(f"{total:.4g} of {limit:.4g} GPU-hours (max_gpu_hours)")
    if unknown:
        # Where somebody estimates, a run without an estimate must not slip through; where nobody does, every run would.
        yield Diagnostic(
            Severity.WARNING if gpu_hours is None else Severity.ERROR,
            "guard.gpu-hours-unknown",
            f"how many GPU-hours {len(unknown)} run(s) ({_names(unknown)}) would take is not known; "
            f"max_gpu_hours allows {limit:.4g}",
            hint="give the run a time limit and resources, or name it in an `allow` entry of the project file "
            "(what: gpu_hours), in a reviewed change",
        )


def submits(change: Change) -> bool:
    """Whether it starts a run."""
    return change.life is Life.RUN and change.action in {Action.CREATE, Action.REPLACE}


def _names(changes: Sequence[Change]) -> str:
    names = [str(change.address) for change in changes[:_SHOWN]]
    rest = len(changes) - len(names)
    return ", ".join(names) + (f" and {rest} more" if rest else "")
