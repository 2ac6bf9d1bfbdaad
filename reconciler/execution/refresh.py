"""The world as it is now, at the addresses that matter: as few calls as the platforms allow, and none that writes.

Per (target, kind, scope): one list where the kind lists, whose rows settle most addresses at once; then reads by id
and searches by mark for what the list leaves open, side by side. What matches an address, best first:

    the recorded remote id   a row, else a read by id: lists lag, and forget runs that ids still reach
    the mark                 a row, else a search where rows cannot show marks
    the name                 a row of a standing kind only: names of runs are not unique, and another's run is not ours

Where the recorded object is gone, another one with the mark or the name may have taken its place; lists lag, so that
it is read before it is believed.

One failure makes one address unreadable; where a target as a whole does not let us in, or cannot be reached, it is
asked once.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.errors import (
    CredentialsMissing,
    NoSuchScope,
    PlatformError,
    ReconcilerError,
    Unauthenticated,
    Unreachable,
)
from reconciler.execution.pooling import workers
from reconciler.model.kind import Life
from reconciler.model.resource import Live, Phase, Reading
from reconciler.providers.protocol import Finds, Lists, Reads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from reconciler.model.address import Address
    from reconciler.model.kind import Kind
    from reconciler.model.mark import Mark, Owner
    from reconciler.model.resource import Listed
    from reconciler.planning.wants import Want
    from reconciler.providers.protocol import Connection, Creates

_WHOLE_TARGET = (Unauthenticated, CredentialsMissing, Unreachable)
_Place = tuple[str, str, str]


def refresh(
    wants: Iterable[Want],
    connections: Mapping[str, Connection],
    kinds: Mapping[tuple[str, str], Kind],
    *,
    parallelism: int,
    owner: Owner,
) -> Reading:
    """Reads what `wants` name. The result does not depend on the order of anything. Raises nothing of a platform's:
    a failure is an entry of `unreadable`.
    """
    return _survey(wants, _Survey(connections, kinds, owner.digest), parallelism)


def read_at_addresses(
    wants: Iterable[Want],
    connections: Mapping[str, Connection],
    kinds: Mapping[tuple[str, str], Kind],
    *,
    parallelism: int,
) -> Reading:
    """The same without looking for strangers."""
    return _survey(wants, _Survey(connections, kinds, ""), parallelism)


def _survey(wants: Iterable[Want], survey: _Survey, parallelism: int) -> Reading:
    groups: dict[_Place, list[Want]] = {}
    wants = set(wants)
    survey.expect(wants)
    for want in sorted(wants, key=lambda want: want.address):
        groups.setdefault((want.address.target, want.address.kind, want.address.scope), []).append(want)
    with workers(parallelism, "refresh") as pool:
        lists = [pool.submit(survey.list, place, group) for place, group in sorted(groups.items())]
        open_wants = [opened for listed in lists for opened in listed.result()]
        for single in [pool.submit(survey.single, opened) for opened in open_wants]:
            single.result()
    return survey.reading()


@dataclass(frozen=True, slots=True)
class _Open:
    """A want that the list did not settle: `ids` are to be read in turn, the first that exists is it. `seen` is what
    the list showed, for kinds that cannot be read.
    """

    want: Want
    handler: Creates
    ids: tuple[str, ...] = ()
    seen: Live | None = None
    searched: bool = False
    """The rows show marks, and this one's is not among them."""


@dataclass(slots=True)
class _Rows:
    """The rows of one list, findable."""

    by_id: dict[str, Listed] = field(default_factory=dict)
    by_mark: dict[str, list[Listed]] = field(default_factory=dict)
    by_address: dict[Address, list[Listed]] = field(default_factory=dict)
    show_marks: bool = True

    @classmethod
    def of(cls, rows: Sequence[Listed]) -> _Rows:
        found = cls()
        for row in sorted(rows, key=lambda row: row.remote_id):
            found.by_id[row.remote_id] = row
            found.by_address.setdefault(row.address, []).append(row)
            if (mark := _mark(row)) is not None:
                found.by_mark.setdefault(str(mark), []).append(row)
        # Bare rows without a single mark may simply be unable to show one.
        found.show_marks = not rows or bool(found.by_mark) or any(row.live for row in rows)
        return found

    def candidates(self, want: Want, life: Life) -> list[Listed]:
        """The rows that may be what is wanted, best first."""
        marked = self.by_mark.get(str(want.mark), []) if want.mark else []
        named = self.by_address.get(want.address, []) if life is Life.STANDING else []
        return [*marked, *(row for row in named if row not in marked)]


class _Survey:
    """One refresh in the making."""

    def __init__(
        self, connections: Mapping[str, Connection], kinds: Mapping[tuple[str, str], Kind], owner: str
    ) -> None:
        self._connections = connections
        self._kinds = kinds
        self._owner = owner
        self._scopes: frozenset[tuple[str, str]] = frozenset()
        self._live: dict[Address, Live] = {}
        self._unreadable: dict[Address, str] = {}
        self._strangers: dict[tuple[Address, str], Listed] = {}
        self._closed: dict[str, str] = {}
        """Targets that let nobody in, with the reason."""
        self._lock = threading.Lock()

    def reading(self) -> Reading:
        """What was seen, sorted."""
        found = {(live.remote_id, live.address.kind) for live in self._live.values()}
        left = (row for _, row in sorted(self._strangers.items()))
        strangers = tuple(row for row in left if (row.remote_id, row.address.kind) not in found)
        return Reading(dict(sorted(self._live.items())), dict(sorted(self._unreadable.items())), strangers)

    def expect(self, wants: Iterable[Want]) -> None:
        """Takes note of the scopes that are wanted themselves: that one does not exist is then no failure."""
        holders = (w for w in wants if (kind := self._kinds.get((w.platform, w.address.kind))) and kind.is_scope)
        self._scopes = frozenset((want.address.target, want.address.name) for want in holders)

    def list(self, place: _Place, group: Sequence[Want]) -> list[_Open]:
        """Settles what one list can settle; the rest is left open."""
        connection = self._connections.get(place[0])
        if connection is None:
            self._fail(group, f"there is no connection to the target {place[0]}")
            return []
        if (group[0].platform, place[1]) not in self._kinds:
            self._fail(group, "of a kind that is not known here")
            return []
        handler = connection.handler(place[1])
        if not isinstance(handler, Lists):
            return [_Open(want, handler, (want.remote_id,) if want.remote_id else ()) for want in group]
        listed: list[Listed] = []
        if not self._try(group, lambda: listed.extend(handler.list(place[2]))):
            return []
        rows = _Rows.of(listed)
        self._note_strangers(group, listed)
        return [left for want in group if (left := self._settle(want, handler, rows)) is not None]

    def single(self, opened: _Open) -> None:
        """Settles one open want."""
        self._try([opened.want], lambda: self._keep(opened.want, _look(opened)))

    def _settle(self, want: Want, handler: Creates, rows: _Rows) -> _Open | None:
        row = rows.by_id.get(want.remote_id)
        if row is not None and (row.live is not None or not isinstance(handler, Reads)):
            self._keep(want, row.live)
            return None
        if row is not None:
            return _Open(want, handler, (row.remote_id,))
        found = rows.candidates(want, self._kinds[want.platform, want.address.kind].life)
        ids = tuple(filter(None, [want.remote_id, *(row.remote_id for row in found)]))
        return _Open(want, handler, ids, next((row.live for row in found), None), searched=rows.show_marks)

    def _keep(self, want: Want, live: Live | None) -> None:
        if live is not None:
            # Found by id or mark under another name: it was renamed, and is still what is meant.
            with self._lock:
                self._live[want.address] = replace(live, address=want.address)

    def _note_strangers(self, group: Sequence[Want], rows: Sequence[Listed]) -> None:
        """Ours by the mark, but at no address we know; or a second one with a mark that only one may carry."""
        known = {want.address for want in group}
        wanted = {str(want.mark) for want in group if want.mark}
        recorded = {want.remote_id for want in group}
        for row in rows:
            mark = _mark(row)
            if mark is None or mark.owner != self._owner or row.remote_id in recorded:
                continue
            if str(mark) in wanted or row.address not in known:
                with self._lock:
                    self._strangers[row.address, row.remote_id] = row

    def _try(self, wants: Sequence[Want], act: Callable[[], None]) -> bool:
        target = wants[0].address.target
        if target in self._closed:
            self._fail(wants, self._closed[target])
            return False
        try:
            act()
        except PlatformError as error:
            if isinstance(error, NoSuchScope) and (target, wants[0].address.scope) in self._scopes:
                return False  # it is about to be made, or recorded and gone: nothing is in what is not there
            if isinstance(error, _WHOLE_TARGET):
                with self._lock:
                    self._closed.setdefault(target, _said(error))
            self._fail(wants, self._closed.get(target, _said(error)))
            return False
        except ReconcilerError:
            raise
        except Exception as error:  # noqa: BLE001 - an answer nobody foresaw costs what it is about, not the whole plan
            # The text of such an exception may quote the answer, and with it a secret.
            self._fail(wants, f"its answer is not understood ({type(error).__name__})")
            return False
        return True

    def _fail(self, wants: Sequence[Want], why: str) -> None:
        with self._lock:
            self._unreadable |= {want.address: why for want in wants}


def _look(opened: _Open) -> Live | None:
    want, handler = opened.want, opened.handler
    if not isinstance(handler, Reads):
        return opened.seen
    leaving: Live | None = None
    for remote_id in opened.ids:
        live = handler.read(want.address, remote_id)
        if live is not None and live.phase is not Phase.DELETING:
            return live
        leaving = leaving or live
    if want.mark is not None and not opened.searched and isinstance(handler, Finds):
        found = handler.find(want.address, want.mark)
        return min(found, key=lambda live: live.remote_id) if found else leaving
    return leaving


def _mark(row: Listed) -> Mark | None:
    return row.mark or (row.live.mark if row.live else None)


def _said(error: PlatformError) -> str:
    """The reason with what to do about it: the plan that shows it knows only this sentence."""
    return f"{error.message}; {error.hint}" if error.hint else error.message
