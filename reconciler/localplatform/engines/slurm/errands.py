"""What the desk is asked to do on the cluster, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from reconciler.localplatform.engines.slurm.reading import Row


@dataclass(frozen=True, slots=True)
class Submit:
    """Submit one batch job. `search`: it may have been submitted before, by us or a server before us."""

    key: str
    arguments: tuple[str, ...]
    script: str
    search: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """Ask about every job at once."""


@dataclass(frozen=True, slots=True)
class LookBack:
    """Ask about jobs the queue has forgotten."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stop:
    """Cancel jobs. `force`: kill what runs at once."""

    ids: tuple[str, ...]
    force: bool = False


@dataclass(frozen=True, slots=True)
class Signal:
    """Signal the guardians of running jobs; `gangs` are those whose guardians are not the batch script."""

    name: str
    ids: tuple[str, ...]
    gangs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hold:
    """Let waiting jobs not start, or let them again."""

    ids: tuple[str, ...]
    release: bool = False


Errand: TypeAlias = Submit | Look | LookBack | Stop | Signal | Hold


@dataclass(frozen=True, slots=True)
class Submitted:
    """Slurm has the job under `id`; or, `id` being "", it does not: `refused` when it never will, as it is."""

    key: str
    id: str = ""
    message: str = ""
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """Rows of the queue as asked for at `asked` (monotonic seconds), None when Slurm did not answer."""

    rows: tuple[Row, ...] | None
    asked: float


@dataclass(frozen=True, slots=True)
class Remembered:
    """Rows of jobs the queue has forgotten, None when nobody answered; `ids` are those asked for."""

    ids: tuple[str, ...]
    rows: tuple[Row, ...] | None


Result: TypeAlias = Submitted | Seen | Remembered
