"""What a person reads: per address, what would happen and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from reconciler.model.address import Address
    from reconciler.model.diagnostic import Source
    from reconciler.model.kind import Life, OnFieldChange
    from reconciler.model.resource import Phase


class Action(StrEnum):
    """Ordered in rising severity: where several would do, the highest wins.

    `HOLD` does nothing and wants a person's eye (a failed run). `REFUSE` blocks the plan (an edited active run).
    """

    NO_OP = "no-op"
    HOLD = "hold"
    ADOPT = "adopt"
    CREATE = "create"
    UPDATE = "update"
    FORGET = "forget"
    REPLACE = "replace"
    DELETE = "delete"
    REFUSE = "refuse"

    @property
    def severity(self) -> int:
        """Position in the rising order."""
        return list(Action).index(self)

    @property
    def writes(self) -> bool:
        """Whether anything, on the platform or in our memory, would change."""
        return self not in {Action.NO_OP, Action.HOLD, Action.REFUSE}


class Absent(StrEnum):
    """The value of a side that has no such field. A type of its own, since null is a value."""

    ABSENT = "(absent)"


ABSENT: Final = Absent.ABSENT


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field, three sides; a side without the field holds `ABSENT`. `path` is a JSON pointer into the spec, list
    items under a key written `/tasks/[align]/...`. `why` is for people and must never be read by code.
    `secret`: the values are references or digests, never the secret.
    """

    path: str
    recorded: Any
    desired: Any
    live: Any
    forces: OnFieldChange
    why: str = ""
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What would happen at one address. `why` is for people and must never be read by code.
    `phase` is that of the live run, None for standing things and absent ones.
    `gpu_hours`: the most accelerator hours that the run which is submitted can take, infinite where nothing bounds it;
    `at_risk`: the same of the active run that is stopped, replaced or deleted. None: nothing of that kind happens, or
    nobody can tell; never zero for what is not known. `started`: when that active run began, UTC in ISO 8601, or
    "" where none is at risk or nobody tells.
    """

    address: Address
    platform: str
    life: Life
    action: Action
    why: str
    fields: tuple[FieldChange, ...] = ()
    phase: Phase | None = None
    remote_id: str = ""
    source: Source | None = None
    gpu_hours: float | None = None
    at_risk: float | None = None
    started: str = ""
