"""A committed state as bytes: one shard of canonical JSON Lines per target, and a head that names and vouches for them.

The same bytes for every backend and every machine, so that a state can be diffed, reviewed and moved. The head is
the only thing that is ever replaced; a shard's file name holds its digest, so a new shard never touches an old one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from reconciler.errors import StateUnreadable
from reconciler.model.canonical import canonical_json
from reconciler.state.encoding import (
    VERSION,
    Fields,
    check_version,
    load_json,
    recorded_from_json,
    recorded_to_json,
)
from reconciler.state.protocol import NOTHING_APPLIED, Applied

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.address import Address
    from reconciler.model.resource import Recorded
    from reconciler.state.protocol import State

_LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Shard:
    """Where one target's resources stand. `digest` is the SHA-256 of the file in hex."""

    file: str
    digest: str


@dataclass(frozen=True, slots=True)
class Head:
    """The committed state in one glance. `fencing` is that of the lease that wrote it; `shards` by target name;
    `applied` is the plan applied last (format 1.1).
    """

    lineage: str
    serial: int
    fencing: int
    shards: Mapping[str, Shard]
    applied: Applied = NOTHING_APPLIED


NOTHING = Head(lineage="", serial=0, fencing=0, shards={})
"""An environment that was never applied."""


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
        data = _shard_bytes(by_target[target])
        found = hashlib.sha256(data).hexdigest()
        file = f"{safe_name(target)}.{found[:16]}.jsonl"
        shards[target] = Shard(file, found)
        files[file] = data
    return Head(state.lineage, state.serial, fencing, shards, state.applied), files


def decode_shard(data: bytes, shard: Shard, where: str) -> dict[Address, Recorded]:
    """The resources of one shard. Raises StateUnreadable when the bytes are not the ones the head vouches for."""
    if hashlib.sha256(data).hexdigest() != shard.digest:
        msg = f"{where} is damaged: it is not the file its head vouches for"
        raise StateUnreadable(msg, hint="Restore the folder from version control or a backup, or rebuild the state.")
    resources: dict[Address, Recorded] = {}
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        place = f"{where}, line {number}"
        recorded = recorded_from_json(load_json(line, place), place)
        resources[recorded.address] = recorded
    return resources


def head_to_bytes(head: Head) -> bytes:
    """The head file."""
    body: dict[str, Any] = {
        "version": VERSION,
        "lineage": head.lineage,
        "serial": head.serial,
        "fencing": head.fencing,
        "shards": {target: {"file": s.file, "digest": s.digest} for target, s in head.shards.items()},
        "applied": {"plan": head.applied.plan, "done": list(head.applied.done)},
    }
    return (canonical_json(body | {"sum": _sum(body)}) + "\n").encode("utf-8", "surrogatepass")


def head_from_bytes(data: bytes, where: str) -> Head:
    """The inverse of `head_to_bytes`. Raises StateUnreadable."""
    found = load_json(data, where)
    if isinstance(found, dict):
        check_version(found.get("version"), where)
    if not isinstance(found, dict) or found.pop("sum", None) != _sum(found):
        msg = f"{where} is damaged: its checksum does not fit"
        raise StateUnreadable(msg, hint="Restore the folder from version control or a backup, or rebuild the state.")
    del found["version"]
    fields = Fields({"applied": {"plan": "", "done": []}} | found, where)
    head = Head(
        lineage=fields.text("lineage"),
        serial=fields.whole("serial"),
        fencing=fields.whole("fencing"),
        shards={target: _shard(data, where) for target, data in fields.take("shards", dict).items()},
        applied=_applied(fields.take("applied", dict), where),
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


def _shard_bytes(resources: Mapping[Address, Recorded]) -> bytes:
    lines = [canonical_json(recorded_to_json(resources[address])) + "\n" for address in sorted(resources)]
    return "".join(lines).encode("utf-8", "surrogatepass")


def _sum(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(body).encode("utf-8", "surrogatepass")).hexdigest()[:16]
