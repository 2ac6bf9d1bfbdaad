"""A committed state as bytes: one shard of canonical JSON Lines per target, and a head that names and vouches for them.

The same bytes for every backend and every machine, so that a state can be diffed, reviewed and moved. The head is
the only thing that is ever replaced; a shard's file name holds its digest, so a new shard never touches an old one.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from reconciler.errors import StateUnreadable
from reconciler.model.canonical import canonical_json
from reconciler.state.encoding import (
    VERSION,
    Fields,
    check_version,
    former_from_json,
    former_to_json,
    load_json,
    recorded_from_json,
    recorded_to_json,
)
from reconciler.state.former import kept
from reconciler.state.protocol import NOTHING_APPLIED, Applied, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from reconciler.model.address import Address
    from reconciler.model.resource import Former, Recorded

_LONGEST_NAME = 80
_KEY = re.compile(r"(?:[0-9a-f]{64})?")


@dataclass(frozen=True, slots=True)
class Shard:
    """Where one target's resources stand, or what was let go of. `digest` is the SHA-256 of the file in hex."""

    file: str
    digest: str


@dataclass(frozen=True, slots=True)
class Head:
    """The committed state in one glance. `fencing` is that of the lease that wrote it; `shards` by target name;
    `applied`, `key` as in State; `former` is the shard of what was let go of, None for nothing.
    """

    lineage: str
    serial: int
    fencing: int
    shards: Mapping[str, Shard]
    applied: Applied = NOTHING_APPLIED
    key: str = field(default="", repr=False)
    former: Shard | None = None

    @property
    def files(self) -> tuple[Shard, ...]:
        """Every file it vouches for."""
        return (*self.shards.values(), *([self.former] if self.former else []))


NOTHING = Head(lineage="", serial=0, fencing=0, shards={})
"""An environment that was never applied."""

_FIRST = (1, 0)
_ADDED: Final[Mapping[str, tuple[tuple[int, int], object]]] = MappingProxyType(
    {
        "applied": ((1, 2), {"plan": "", "done": []}),
        "key": ((1, 2), ""),
        "former": ((1, 2), None),
    }
)
"""What a head of an older version may lack: since when it is always there, and what its absence stands for."""


def with_key(head: Head, key: Callable[[], str]) -> Head:
    """`head` with a key: its own, or a new one where it has none yet."""
    return head if head.key else replace(head, key=key())


def successor(state: State, head: Head, lineage: Callable[[], str], now: float) -> State:
    """What a commit on top of `head` makes of `state`."""
    return replace(
        state,
        serial=head.serial + 1,
        lineage=state.lineage or lineage(),
        key=head.key,
        former=kept(state.former, now),
    )


def safe_name(text: str) -> str:
    """`text` as one file name: no separator, no leading dot, bounded, and different for different texts."""
    name = quote(text, safe="@+=,~ ").replace(".", "%2E") if text.startswith(".") else quote(text, safe="@+=,~ ")
    if len(name) <= _LONGEST_NAME:
        return name
    return f"{name[:_LONGEST_NAME]}~{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def encode_state(state: State, fencing: int) -> tuple[Head, dict[str, bytes]]:
    """The head, and each shard's bytes by file name."""
    by_target: dict[str, dict[Address, Recorded]] = {}
    for address, recorded in state.resources.items():
        by_target.setdefault(address.target, {})[address] = recorded
    shards: dict[str, Shard] = {}
    files: dict[str, bytes] = {}
    for target in sorted(by_target):
        here = by_target[target]
        shards[target] = _add(safe_name(target), [recorded_to_json(here[address]) for address in sorted(here)], files)
    former = _add("former", [former_to_json(each) for each in state.former], files) if state.former else None
    return Head(state.lineage, state.serial, fencing, shards, state.applied, state.key, former), files


def decode_state(head: Head, files: Callable[[Shard], tuple[bytes, str]]) -> State:
    """The committed state. `files` gives the bytes of a file, and what to call it in messages.

    Raises StateUnreadable when bytes are not the ones the head vouches for, and what `files` raises.
    """
    resources: dict[Address, Recorded] = {}
    for shard in head.shards.values():
        for line, place in _lines(*files(shard), shard):
            recorded = recorded_from_json(line, place)
            resources[recorded.address] = recorded
    former: tuple[Former, ...] = ()
    if head.former is not None:
        former = tuple(former_from_json(line, place) for line, place in _lines(*files(head.former), head.former))
    return State(head.lineage, head.serial, resources, head.applied, former=former, key=head.key)


def head_to_bytes(head: Head) -> bytes:
    """The head file."""
    body: dict[str, Any] = {
        "version": VERSION,
        "lineage": head.lineage,
        "serial": head.serial,
        "fencing": head.fencing,
        "shards": {target: _shard_to_json(shard) for target, shard in head.shards.items()},
        "applied": {"plan": head.applied.plan, "done": list(head.applied.done)},
        "key": head.key,
        "former": None if head.former is None else _shard_to_json(head.former),
    }
    return (canonical_json(body | {"sum": _sum(body)}) + "\n").encode("utf-8", "surrogatepass")


def head_from_bytes(data: bytes, where: str) -> Head:
    """The inverse of `head_to_bytes`. Raises StateUnreadable."""
    found = load_json(data, where)
    version = check_version(found.get("version"), where) if isinstance(found, dict) else _FIRST
    if not isinstance(found, dict) or found.pop("sum", None) != _sum(found):
        msg = f"{where} is damaged: its checksum does not fit"
        raise StateUnreadable(msg)
    del found["version"]
    added = {name: value for name, (since, value) in _ADDED.items() if version < since}
    fields = Fields(added | found, where)
    former = fields.take("former", (dict, type(None)))
    head = Head(
        lineage=fields.text("lineage"),
        serial=fields.whole("serial"),
        fencing=fields.whole("fencing"),
        shards={target: _shard(data, where) for target, data in fields.take("shards", dict).items()},
        applied=_applied(fields.take("applied", dict), where),
        key=fields.parsed("key", _key),
        former=None if former is None else _shard(former, where),
    )
    fields.end()
    return head


def _applied(data: object, where: str) -> Applied:
    fields = Fields(data, where)
    applied = Applied(fields.text("plan"), fields.wholes("done"))
    fields.end()
    return applied


def _shard(data: object, where: str) -> Shard:
    fields = Fields(data, where)
    shard = Shard(fields.text("file"), fields.text("digest"))
    fields.end()
    if "/" in shard.file or shard.file.startswith("."):
        msg = f"{where}: not a shard's file name: {shard.file!r}"
        raise StateUnreadable(msg)
    return shard


def _key(text: str) -> str:
    if not _KEY.fullmatch(text):
        msg = "not a key"
        raise ValueError(msg)
    return text


def _shard_to_json(shard: Shard) -> dict[str, str]:
    return {"file": shard.file, "digest": shard.digest}


def _add(name: str, lines: Iterable[Mapping[str, Any]], files: dict[str, bytes]) -> Shard:
    """Adds a shard of these lines to `files`."""
    data = "".join(canonical_json(line) + "\n" for line in lines).encode("utf-8", "surrogatepass")
    found = hashlib.sha256(data).hexdigest()
    shard = Shard(f"{name}.{found[:16]}.jsonl", found)
    files[shard.file] = data
    return shard


def _lines(data: bytes, where: str, shard: Shard) -> Iterator[tuple[object, str]]:
    """The lines of a shard, each with its place."""
    if hashlib.sha256(data).hexdigest() != shard.digest:
        msg = f"{where} is damaged: it is not the file its head vouches for"
        raise StateUnreadable(msg)
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        place = f"{where}, line {number}"
        yield load_json(line, place), place


def _sum(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(body).encode("utf-8", "surrogatepass")).hexdigest()[:16]
