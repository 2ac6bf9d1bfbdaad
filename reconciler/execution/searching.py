"""Did it happen? Looking for what a create may have left behind, by its mark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from reconciler.errors import CredentialsMissing, Forbidden, PlatformError, Unauthenticated
from reconciler.model.resource import Phase
from reconciler.providers.protocol import Finds, Lists, Reads

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from reconciler.execution.context import Context
    from reconciler.model.address import Address
    from reconciler.model.mark import Mark
    from reconciler.model.resource import Live
    from reconciler.providers.protocol import Creates

_FAILURES_AFTER_HORIZON = 3
_HOPELESS = (Unauthenticated, Forbidden, CredentialsMissing)


@dataclass(frozen=True, slots=True)
class Hit:
    """It happened: this is it."""

    live: Live


@dataclass(frozen=True, slots=True)
class Several:
    """More than one object carries the mark; at most one should."""

    remote_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Nothing:
    """It did not happen: a search that worked, late enough to have seen it, did not see it."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """No search that could tell was possible."""

    reason: str


Verdict: TypeAlias = Hit | Several | Nothing | Unclear


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to look for. `former` are ids of earlier objects at the address: a standing thing that replaces another
    carries the same mark, and a stale list may still show the one that was just deleted.
    """

    address: Address
    mark: Mark
    former: Collection[str] = ()


def can_search(handler: Creates) -> bool:
    """Whether the platform lets us look for a mark at all."""
    return isinstance(handler, (Finds, Lists))


def search(handler: Creates, wanted: Wanted, until: float, context: Context) -> Verdict:
    """Looks again and again, with growing pauses, until it is found or a search begun after `until` (UNIX time) has
    not found it.
    """
    if not can_search(handler):
        return Unclear("the platform offers no search for it")
    pauses = context.patience.pauses()
    failures = 0
    while True:
        begun = context.clock()
        try:
            found = look(handler, wanted)
        except PlatformError as error:
            failures += begun >= until
            if failures >= _FAILURES_AFTER_HORIZON or isinstance(error, _HOPELESS):
                return Unclear(f"searching for it failed: {error.message}")
        else:
            if found or begun >= until:
                return _verdict(found)
        if context.wait(min(pauses.next(), max(until - context.clock(), context.patience.first))):
            return Unclear("asked to stop before a search could tell")


def look(handler: Creates, wanted: Wanted) -> tuple[Live, ...]:
    """Every object that carries the mark now. Raises PlatformError; nothing when the platform cannot be searched."""
    lives: Iterable[Live]
    if isinstance(handler, Finds):
        lives = handler.find(wanted.address, wanted.mark)
    elif isinstance(handler, Lists):
        lives = _listed(handler, wanted)
    else:
        lives = ()
    return tuple(live for live in lives if not _is_gone(handler, wanted, live))


def _verdict(found: tuple[Live, ...]) -> Verdict:
    if not found:
        return Nothing()
    if len(found) > 1:
        return Several(tuple(sorted(live.remote_id for live in found)))
    return Hit(found[0])


def _listed(handler: Creates, wanted: Wanted) -> list[Live]:
    if not isinstance(handler, Lists):
        return []
    found: list[Live] = []
    for row in handler.list(wanted.address.scope):
        if row.mark != wanted.mark and (row.live is None or row.live.mark != wanted.mark):
            continue
        live = row.live
        if live is None and isinstance(handler, Reads):
            live = handler.read(wanted.address, row.remote_id)
        if live is not None:
            found.append(live)
    return found


def _is_gone(handler: Creates, wanted: Wanted, live: Live) -> bool:
    """Whether it is a former object that a stale list still shows. Ids may be names and so come back: only reading
    tells.
    """
    if live.remote_id not in wanted.former or not isinstance(handler, Reads):
        return False
    now = handler.read(wanted.address, live.remote_id)
    return now is None or now.phase is Phase.DELETING
