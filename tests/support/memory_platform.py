"""A small platform of its own: a dict of objects behind the handler protocol, with the warts that matter.

One kind per create class, and a standing one. Lists and searches lag behind by `lag` seconds; reads by id do not.
`wire` is called on both sides of every effect (`before:create`, `after:create`, ...) and may raise what a network, a
gateway or a dying process would.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from reconciler.errors import Conflict, NotFound
from reconciler.model.address import Address
from reconciler.model.kind import CreateClass, FieldRule, Kind, Life, OnFieldChange
from reconciler.model.resource import Desired, Listed, Live, Phase
from reconciler.providers.protocol import abilities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.model.mark import Mark

PLATFORM = "memory"


@dataclass(frozen=True, slots=True)
class Thing:
    """An object of the platform."""

    remote_id: str
    kind: str
    scope: str
    name: str
    spec: dict[str, Any]
    mark: Mark | None
    phase: Phase
    born: float
    gone: float | None = None


def _quiet(_: str) -> None:
    """Nothing happens on the wire."""


@dataclass
class MemoryPlatform:
    """The world behind the wire. `things` holds everything that ever was, deleted things with their time of death."""

    clock: Callable[[], float]
    lag: float = 0.0
    wire: Callable[[str], None] = _quiet
    things: dict[str, Thing] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    def exchange(self, call: str, effect: Callable[[], Any]) -> Any:
        """One request and its answer."""
        with self.lock:
            self.calls.append(call)
        self.wire(f"before:{call}")
        with self.lock:
            result = effect()
        self.wire(f"after:{call}")
        return result

    def add(self, kind: str, address: Address, spec: dict[str, Any], mark: Mark | None) -> Thing:
        """A new object, whoever asks for it."""
        life = KINDS[PLATFORM, kind].life
        thing = Thing(
            remote_id=f"{kind.lower()}-{len(self.things) + 1}",
            kind=kind,
            scope=address.scope,
            name=address.name,
            spec=dict(spec),
            mark=mark,
            phase=Phase.RUNNING if life is Life.RUN else Phase.READY,
            born=self.clock(),
        )
        self.things[thing.remote_id] = thing
        return thing

    def end(self, remote_id: str, phase: Phase = Phase.SUCCEEDED) -> None:
        """A run ends by itself."""
        self.things[remote_id] = replace(self.things[remote_id], phase=phase)

    def there(self, kind: str = "") -> list[Thing]:
        """What exists now."""
        return [t for t in self.things.values() if t.gone is None and kind in {"", t.kind}]

    def listed(self, kind: str, scope: str) -> list[Thing]:
        """What lists show: they lag behind in both directions."""
        seen = self.clock() - self.lag
        return [
            t
            for t in self.things.values()
            if t.kind == kind and t.scope == scope and t.born <= seen and (t.gone is None or t.gone > seen)
        ]

    def connection(self) -> MemoryConnection:
        """An open target."""
        return MemoryConnection(self)


@dataclass(frozen=True)
class _Handler:
    """What all kinds share."""

    platform: MemoryPlatform
    kind: str

    def _live(self, thing: Thing, address: Address) -> Live:
        return Live(
            address,
            thing.remote_id,
            dict(thing.spec),
            thing.phase,
            mark=thing.mark,
            status=thing.phase.value.upper(),
            outputs=self.platform.outputs.get(thing.remote_id, {}),
        )

    def _make(self, desired: Desired) -> Live:
        thing = self.platform.add(self.kind, desired.address, dict(desired.spec), desired.mark)
        return self._live(thing, desired.address)

    def _one(self, remote_id: str) -> Thing | None:
        thing = self.platform.things.get(remote_id)
        return None if thing is None or thing.gone is not None else thing

    def create(self, desired: Desired) -> Live:
        """See Creates."""
        live: Live = self.platform.exchange("create", lambda: self._make(desired))
        return live


class _Readable(_Handler):
    def read(self, address: Address, remote_id: str) -> Live | None:
        """See Reads."""

        def effect() -> Live | None:
            thing = self._one(remote_id)
            return None if thing is None else self._live(thing, address)

        found: Live | None = self.platform.exchange("read", effect)
        return found

    def stop(self, address: Address, remote_id: str, *, force: bool = False) -> None:
        """See Stops."""

        def effect() -> None:
            thing = self._one(remote_id)
            if thing is not None and not thing.phase.ended:
                self.platform.things[remote_id] = replace(thing, phase=Phase.CANCELLED)

        self.platform.exchange("stop", effect)

    def delete(self, address: Address, remote_id: str) -> None:
        """See Deletes."""

        def effect() -> None:
            thing = self._one(remote_id)
            if thing is not None:
                self.platform.things[remote_id] = replace(thing, gone=self.platform.clock())

        self.platform.exchange("delete", effect)

    def update(self, remote_id: str, desired: Desired) -> None:
        """See Updates."""

        def effect() -> None:
            thing = self._one(remote_id)
            if thing is None:
                msg = f"no such object: {remote_id}"
                raise NotFound(msg)
            self.platform.things[remote_id] = replace(thing, spec=dict(desired.spec), mark=desired.mark)

        self.platform.exchange("update", effect)


class _Searchable(_Readable):
    def find(self, address: Address, mark: Mark) -> tuple[Live, ...]:
        """See Finds."""

        def effect() -> tuple[Live, ...]:
            rows = self.platform.listed(self.kind, address.scope)
            return tuple(self._live(thing, address) for thing in rows if thing.mark == mark)

        found: tuple[Live, ...] = self.platform.exchange("find", effect)
        return found

    def list(self, scope: str) -> Iterator[Listed]:
        """See Lists."""

        def effect() -> list[Listed]:
            return [
                Listed(
                    Address("memory", self.kind, t.scope, t.name),
                    t.remote_id,
                    t.mark,
                    self._live(t, Address("memory", self.kind, t.scope, t.name)),
                )
                for t in self.platform.listed(self.kind, scope)
            ]

        rows: list[Listed] = self.platform.exchange("list", effect)
        yield from rows


class SearchJob(_Searchable):
    """No name is unique, no token: only the mark tells."""


class NamedJob(_Searchable):
    """Names are unique for ever."""

    def _make(self, desired: Desired) -> Live:
        if any(t.name == desired.address.name and t.kind == self.kind for t in self.platform.there()):
            msg = f"{desired.address.name} exists"
            raise Conflict(msg, status=409)
        return super()._make(desired)


class Thingy(NamedJob):
    """A standing kind with unique names. `late` is not taken by a create."""

    def _make(self, desired: Desired) -> Live:
        spec = {name: value for name, value in desired.spec.items() if name != "late"}
        return super()._make(replace(desired, spec=spec))


class ActiveJob(_Searchable):
    """Names are unique among the runs that have not ended."""

    def _make(self, desired: Desired) -> Live:
        same = [t for t in self.platform.there(self.kind) if t.name == desired.address.name]
        if any(t.phase.active for t in same):
            msg = f"{desired.address.name} is still running"
            raise Conflict(msg, status=409)
        return super()._make(desired)


class TokenJob(_Readable):
    """Takes an idempotency token, and cannot be searched."""

    def _make(self, desired: Desired) -> Live:
        known = self.platform.tokens.get(str(desired.mark))
        if known is not None:
            return self._live(self.platform.things[known], desired.address)
        live = super()._make(desired)
        self.platform.tokens[str(desired.mark)] = live.remote_id
        return live


class BlindJob(_Handler):
    """Can be created, and that is all."""


HANDLERS: dict[str, tuple[type[_Handler], CreateClass, Life]] = {
    "SearchJob": (SearchJob, CreateClass.SEARCH_ONLY, Life.RUN),
    "NamedJob": (NamedJob, CreateClass.UNIQUE_NAME, Life.RUN),
    "ActiveJob": (ActiveJob, CreateClass.UNIQUE_AMONG_ACTIVE, Life.RUN),
    "TokenJob": (TokenJob, CreateClass.TOKEN, Life.RUN),
    "BlindJob": (BlindJob, CreateClass.BLIND, Life.RUN),
    "Thing": (Thingy, CreateClass.UNIQUE_NAME, Life.STANDING),
}

KINDS: dict[tuple[str, str], Kind] = {
    (PLATFORM, name): Kind(
        platform=PLATFORM,
        name=name,
        life=life,
        schema_id=f"memory/{name}",
        identity=("name",),
        can=abilities(handler),
        create_class=create_class,
        rules=(
            FieldRule("shape", "a thing keeps the shape it was made with", on_change=OnFieldChange.REPLACE),
            FieldRule("late", "a create does not take it", after_create=True),
        )
        if life is Life.STANDING
        else (),
    )
    for name, (handler, create_class, life) in HANDLERS.items()
}


@dataclass(frozen=True)
class MemoryConnection:
    """See Connection."""

    platform: MemoryPlatform

    def handler(self, kind: str) -> _Handler:
        """See Connection."""
        return HANDLERS[kind][0](self.platform, kind)

    def close(self) -> None:
        """See Connection."""
