"""What was about to be done and how it ended: the records that make a killed process harmless.

Per mutating call: an `Intent` is durable before the call, one of `Done`, `Failed`, `Unknown` is durable after it.
An intent without an outcome means "may have happened". One record is one JSON line with a checksum:

    {"at":0.0,...,"fencing":3,"record":"intent","sum":"<16 hex>","version":"1.2"}

A line that never ended (a torn write) was never acknowledged to anybody and is left out; any other damage is
StateUnreadable. `fencing` is the writer's: lines of a writer that had been superseded when it wrote are left out.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias, assert_never

from reconciler.errors import StateUnreadable
from reconciler.model.address import Address
from reconciler.model.canonical import canonical_json
from reconciler.model.plan import Verb
from reconciler.model.resource import Phase
from reconciler.state.encoding import (
    VERSION,
    Fields,
    check_version,
    lifecycle_from_json,
    lifecycle_to_json,
    load_json,
    mark_from_text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.manifest import Lifecycle, Spec
    from reconciler.model.mark import Mark

JOURNAL_FILE: Final = re.compile(r"journal-[0-9]+\.jsonl")
"""What the files of a journal are called. Those of a target that is called `journal-7` have a digest in their name."""


@dataclass(frozen=True, slots=True)
class Header:
    """A writer's first line: who writes, on top of which committed state. `at` is UNIX time."""

    environment: str
    lineage: str
    serial: int
    fencing: int
    holder: str
    at: float


@dataclass(frozen=True, slots=True)
class Intent:
    """One step about to be done: everything needed to settle it and to fold it, and no secret value.

    `key` pairs it with its outcome: it holds plan, step and fencing, so it is not used twice. `spec` is the
    normalised desired spec (None for stop, delete, forget); `remote_id` the object the step is about ("" for a
    create); `at` UNIX time; `moved_from` where a move takes what is recorded from.
    """

    key: str
    plan: str
    step: int
    address: Address
    platform: str
    verb: Verb
    at: float
    mark: Mark | None = None
    attempt: int = 1
    digest: str = ""
    spec: Spec | None = None
    lifecycle: Lifecycle | None = None
    depends_on: tuple[Address, ...] = ()
    remote_id: str = ""
    moved_from: Address | None = None

    @staticmethod
    def key_of(plan: str, step: int, fencing: int) -> str:
        """The key of a step of a plan walked under a lease."""
        return f"{fencing}.{step}.{plan}"


@dataclass(frozen=True, slots=True)
class Done:
    """The call had its effect. `remote_id` of what it acted on; `phase` UNKNOWN where nothing was learnt of it.
    `defaults` as in Recorded, empty where the object was not seen after the call.
    """

    key: str
    address: Address
    remote_id: str
    at: float
    phase: Phase = Phase.UNKNOWN
    outputs: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """The call had no effect. `error` is a redacted sentence, `code` the stable code behind it."""

    key: str
    address: Address
    error: str
    code: str
    at: float


@dataclass(frozen=True, slots=True)
class Unknown:
    """The call may have had its effect, and what was tried did not tell. Says why; settles nothing."""

    key: str
    address: Address
    error: str
    code: str
    at: float


@dataclass(frozen=True, slots=True)
class Observed:
    """A run was seen in a phase: what makes "done" outlive the platform's own memory of it. Or a standing thing was
    seen after our own write, with the `defaults` that the platform filled in.
    """

    address: Address
    remote_id: str
    phase: Phase
    at: float
    outputs: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)


Record: TypeAlias = Header | Intent | Done | Failed | Unknown | Observed


def encode(record: Record, fencing: int) -> bytes:
    """One line, its newline included."""
    members = {
        name: f'"{name}":{canonical_json(value)}'
        for name, value in (_to_json(record) | {"version": VERSION, "fencing": fencing}).items()
    }
    members["sum"] = f'"sum":"{_sum(_joined(members))}"'
    return _joined(members) + b"\n"


def _joined(members: Mapping[str, str]) -> bytes:
    """Canonical JSON of an object whose members are written already."""
    return ("{" + ",".join(members[name] for name in sorted(members)) + "}").encode("utf-8", "surrogatepass")


def decode(data: bytes, where: str) -> tuple[Record, ...]:
    """The records of a journal, in order. Raises StateUnreadable, naming `where` and the line."""
    return Reader().read(data, where)


class Reader:
    """Decodes a journal that grows, each line once. Safe from several threads; one that did not grow out of what was
    read before is read anew.
    """

    def __init__(self) -> None:
        self._read: tuple[bytes, tuple[tuple[int, Record], ...]] = (b"", ())

    def read(self, data: bytes, where: str) -> tuple[Record, ...]:
        """As `decode`."""
        whole = data[: whole_length(data)]
        before, lines = self._read
        if not whole.startswith(before):
            before, lines = b"", ()
        fresh = whole[len(before) :].split(b"\n")[:-1]
        numbered = enumerate(fresh, len(lines) + 1)
        lines += tuple(_decode_line(line, f"{where}, line {number}") for number, line in numbered)
        self._read = (whole, lines)
        return tuple(_without_superseded(lines))


def whole_length(data: bytes) -> int:
    """How many bytes of a journal are complete lines; what follows is a torn write and may be cut off.

    A file system may have made the file longer without having written the bytes: a tail of NULs counts as torn.
    """
    return data.rstrip(b"\0").rfind(b"\n") + 1


def _without_superseded(lines: Sequence[tuple[int, Record]]) -> list[Record]:
    """A writer is superseded from the first line of a higher fencing number on."""
    kept: list[Record] = []
    highest = 0
    for fencing, record in lines:
        highest = max(highest, fencing)
        if fencing == highest:
            kept.append(record)
    return kept


def _sum(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:16]


def _is_whole(line: bytes, claimed: object) -> bool:
    """Whether the line is the one whose checksum it holds: it is that of the line without that member."""
    member = f'"sum":{json.dumps(claimed)}'.encode()
    start = line.find(member)
    while start >= 0:
        rest = line[start + len(member) :]
        others = line[:start] + rest.removeprefix(b",") if rest[:1] == b"," else line[:start].removesuffix(b",") + rest
        if _sum(others) == claimed:
            return True
        start = line.find(member, start + 1)
    return False


def _decode_line(line: bytes, where: str) -> tuple[int, Record]:
    data = load_json(line, where)
    if not isinstance(data, dict):
        msg = f"{where} is damaged: not a JSON object"
        raise StateUnreadable(msg)
    check_version(data.get("version"), where)
    if not _is_whole(line, data.pop("sum", None)):
        msg = f"{where} is damaged: its checksum does not fit"
        raise StateUnreadable(msg)
    del data["version"]
    fields = Fields(data, where)
    fencing = fields.whole("fencing")
    record = _from_json(fields, where)
    fields.end()
    return fencing, record


def _to_json(record: Record) -> dict[str, Any]:
    match record:
        case Header():
            return _header_to_json(record)
        case Intent():
            return _intent_to_json(record)
        case Done():
            return {"record": "done", "key": record.key, **_seen_to_json(record)}
        case Observed():
            return {"record": "observed", **_seen_to_json(record)}
        case Failed():
            return {"record": "failed", **_error_to_json(record)}
        case Unknown():
            return {"record": "unknown", **_error_to_json(record)}
        case _ as unreachable:
            assert_never(unreachable)


def _header_to_json(record: Header) -> dict[str, Any]:
    return {
        "record": "header",
        "environment": record.environment,
        "lineage": record.lineage,
        "serial": record.serial,
        "writer": record.fencing,
        "holder": record.holder,
        "at": record.at,
    }


def _intent_to_json(record: Intent) -> dict[str, Any]:
    return {
        "record": "intent",
        "key": record.key,
        "plan": record.plan,
        "step": record.step,
        "address": str(record.address),
        "platform": record.platform,
        "verb": record.verb.value,
        "at": record.at,
        "mark": str(record.mark) if record.mark else "",
        "attempt": record.attempt,
        "digest": record.digest,
        "spec": None if record.spec is None else dict(record.spec),
        "lifecycle": None if record.lifecycle is None else lifecycle_to_json(record.lifecycle),
        "depends_on": [str(address) for address in record.depends_on],
        "remote_id": record.remote_id,
        **({"moved_from": str(record.moved_from)} if record.moved_from else {}),
    }


def _seen_to_json(record: Done | Observed) -> dict[str, Any]:
    return {
        "address": str(record.address),
        "remote_id": record.remote_id,
        "at": record.at,
        "phase": record.phase.value,
        "outputs": dict(record.outputs),
        **({"defaults": dict(record.defaults)} if record.defaults else {}),
    }


def _error_to_json(record: Failed | Unknown) -> dict[str, Any]:
    return {
        "key": record.key,
        "address": str(record.address),
        "error": record.error,
        "code": record.code,
        "at": record.at,
    }


def _from_json(fields: Fields, where: str) -> Record:
    match fields.text("record"):
        case "header":
            return Header(
                environment=fields.text("environment"),
                lineage=fields.text("lineage"),
                serial=fields.whole("serial"),
                fencing=fields.whole("writer"),
                holder=fields.text("holder"),
                at=fields.number("at"),
            )
        case "intent":
            return _intent_from_json(fields, where)
        case "done":
            return Done(key=fields.text("key"), **_seen_from_json(fields))
        case "observed":
            return Observed(**_seen_from_json(fields))
        case "failed":
            return Failed(**_error_from_json(fields))
        case "unknown":
            return Unknown(**_error_from_json(fields))
        case other:
            msg = f"{where}: unknown record {other!r}"
            raise StateUnreadable(msg, hint="It was written by a newer release: use that one, or a newer one.")


def _intent_from_json(fields: Fields, where: str) -> Intent:
    lifecycle = fields.take("lifecycle", (dict, type(None)))
    return Intent(
        key=fields.text("key"),
        plan=fields.text("plan"),
        step=fields.whole("step"),
        address=fields.parsed("address", Address.parse),
        platform=fields.text("platform"),
        verb=fields.parsed("verb", Verb),
        at=fields.number("at"),
        mark=fields.parsed("mark", lambda text: mark_from_text(text) if text else None),
        attempt=fields.whole("attempt"),
        digest=fields.text("digest"),
        spec=fields.take("spec", (dict, type(None))),
        lifecycle=None if lifecycle is None else lifecycle_from_json(lifecycle, where),
        depends_on=fields.each_parsed("depends_on", Address.parse),
        remote_id=fields.text("remote_id"),
        moved_from=fields.parsed("moved_from", Address.parse) if fields.has("moved_from") else None,
    )


def _seen_from_json(fields: Fields) -> dict[str, Any]:
    return {
        "address": fields.parsed("address", Address.parse),
        "remote_id": fields.text("remote_id"),
        "at": fields.number("at"),
        "phase": fields.parsed("phase", Phase),
        "outputs": fields.mapping("outputs"),
        "defaults": fields.mapping_if_any("defaults"),
    }


def _error_from_json(fields: Fields) -> dict[str, Any]:
    return {
        "key": fields.text("key"),
        "address": fields.parsed("address", Address.parse),
        "error": fields.text("error"),
        "code": fields.text("code"),
        "at": fields.number("at"),
    }
