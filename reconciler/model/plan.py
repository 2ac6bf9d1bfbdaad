"""A plan is a value: apply walks it, renderings show it, `why` explains it. Dry run is not a flag."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from reconciler.model.change import Action
from reconciler.model.diagnostic import errors

if TYPE_CHECKING:
    from reconciler.model.address import Address
    from reconciler.model.change import Change
    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.manifest import Lifecycle, Spec
    from reconciler.model.mark import Mark


UNREADABLE = "decide.unreadable"
"""Code of the finding that the live side of an address could not be read."""


class Verb(StrEnum):
    """What the executor does. `ADOPT`, `MOVE` and `FORGET` change only our memory; the rest is ONE mutating call each.
    `MOVE` gives what is recorded at one address to another one, whole.
    """

    ADOPT = "adopt"
    MOVE = "move"
    FORGET = "forget"
    CREATE = "create"
    UPDATE = "update"
    STOP = "stop"
    DELETE = "delete"

    @property
    def calls_platform(self) -> bool:
        """Whether the step sends a mutating call."""
        return self not in {Verb.ADOPT, Verb.MOVE, Verb.FORGET}


@dataclass(frozen=True, slots=True)
class Step:
    """One mutating call, or one change of memory.

    `id` counts from 1; `needs` point to lower ids only, so the list order is a valid order. `desired` is the
    normalised spec with secrets and unresolved references as expressions (None for stop, delete, forget).
    `seen` is the fingerprint of the live object the plan saw (`fingerprint()` in planning), "" when it saw none.
    `after_end`: wait for the run at `remote_id` to end first (`onChange: queue`). `moved_from`: where a move takes it.
    `remote_id` is that of the object the step is about, "" for a create, and for an update of what was just created.
    """

    id: int
    address: Address
    platform: str
    verb: Verb
    needs: tuple[int, ...] = ()
    desired: Spec | None = None
    digest: str = ""
    mark: Mark | None = None
    attempt: int = 1
    remote_id: str = ""
    seen: str = ""
    lifecycle: Lifecycle | None = None
    depends_on: tuple[Address, ...] = ()
    after_end: bool = False
    moved_from: Address | None = None
    after_success: tuple[Address, ...] = ()
    """Runs whose results this one works on: it is not begun before each of them has succeeded, and what it replaces is
    not stopped before that.
    """


@dataclass(frozen=True, slots=True)
class Base:
    """What the plan was made from; apply refuses when it moved. No timestamps: a plan is the same bytes every time.

    `commit` is the git commit or "" outside a repository, `serial`, `lineage` and `journal` those of the state read.
    """

    project: str
    environment: str
    tool_version: str
    commit: str = ""
    lineage: str = ""
    serial: int = 0
    policy_digest: str = ""
    journal: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would change and how. Changes sorted by address; steps in a valid order; holds no secret value."""

    base: Base
    changes: tuple[Change, ...]
    steps: tuple[Step, ...]
    diagnostics: tuple[Diagnostic, ...] = field(default=())

    @property
    def is_empty(self) -> bool:
        """Nothing to do, on the platform or in our memory. The one definition of "no changes"."""
        return not self.steps

    @property
    def is_blocked(self) -> bool:
        """At least one decision or guard forbids applying it."""
        return bool(errors(self.diagnostics)) or any(c.action is Action.REFUSE for c in self.changes)

    @property
    def unread(self) -> tuple[Address, ...]:
        """The addresses whose live side could not be read: about these the plan says nothing certain, and a plan that
        has some is not a clean bill of health (exit code 1).
        """
        return tuple(d.address for d in self.diagnostics if d.code == UNREADABLE and d.address is not None)

    def counts(self) -> dict[Action, int]:
        """How many changes per action, every action present."""
        found = dict.fromkeys(Action, 0)
        for change in self.changes:
            found[change.action] += 1
        return found
