"""Did it happen? Looking for what a create may have left behind, by its mark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from reconciler.errors import CredentialsMissing, Forbidden, PlatformError, Unauthenticated, Unreachable
from reconciler.model.resource import Phase
from reconciler.providers.protocol import Finds, Lists, Reads

if TYPE_CHECKING:
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
    """No search that could tell was possible. `unreached`: since the platform could not be reached at all."""

    reason: str
    unreached: bool = False


Verdict: TypeAlias = Hit | Several | Nothing | Unclear


def can_search(handler: Creates) -> bool:
    """Whether the platform lets us look for a mark at all."""
    return isinstance(handler, (Finds, Lists))


def search(
    handler: Creates, address: Address, mark: Mark, until: float, context: Context, *, wait_for_it: bool = True
) -> Verdict:
    """Looks again and again, with growing pauses, until it is found or a search begun after `until` (UNIX time) has
    not found it. A platform that cannot be reached is waited for as long, or not at all (`wait_for_it`).
    """
    if not can_search(handler):
        return Unclear("the platform offers no search for it")
    pauses = context.patience.pauses()
    failures = 0
    while True:
        begun = context.clock()
        try:
            found = look(handler, address, mark)
        except PlatformError as error:
            failures += begun >= until
            unreached = isinstance(error, Unreachable)
            hopeless = isinstance(error, _HOPELESS) or (unreached and not wait_for_it)
            if hopeless or failures >= _FAILURES_AFTER_HORIZON:
                return Unclear(f"searching for it failed: {error.message}", unreached)
        else:
            if found or begun >= until:
                return _verdict(found)
        if context.wait(min(pauses.next(), max(until - context.clock(), context.patience.first))):
            return Unclear("asked to stop before a search could tell")


def look(handler: Creates, address: Address, mark: Mark) -> tuple[Live, ...]:
    """Every object that carries the mark now. Raises PlatformError; nothing when the platform cannot be searched.

    A stale list may still show what was deleted a moment ago, and what comes after it at the same address may carry
    the same mark: what can be read by its id is read before it is believed.
    """
    ids: list[str] = []
    lives: list[Live] = []
    if isinstance(handler, Finds):
        lives = list(handler.find(address, mark))
    elif isinstance(handler, Lists):
        rows = [row for row in handler.list(address.scope) if mark in {row.mark, row.live.mark if row.live else None}]
        lives = [row.live for row in rows if row.live is not None]
        ids = [row.remote_id for row in rows if row.live is None]
    if not isinstance(handler, Reads):
        return tuple(lives)
    shown = dict.fromkeys([*(live.remote_id for live in lives), *ids])
    read = (handler.read(address, remote_id) for remote_id in shown)
    return tuple(live for live in read if live is not None and live.phase is not Phase.DELETING)


def _verdict(found: tuple[Live, ...]) -> Verdict:
    if not found:
        return Nothing()
    if len(found) > 1:
        return Several(tuple(sorted(live.remote_id for live in found)))
    return Hit(found[0])
