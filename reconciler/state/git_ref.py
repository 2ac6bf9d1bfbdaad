"""Memory in git: `refs/reconciler/<environment>` of the repository the manifests live in. Made for CI.

    head.json, <target>.<digest>.jsonl    the committed state, in the bytes of the file backend
    lease.json                            who may write
    journal-<segment>.jsonl               what happened since the commit

Every write, a heartbeat included, is a new commit swapped in for the one we last saw: nobody who has missed a write can
make one. The commits of states form a history (`git log refs/reconciler/prod`); those in between are replaced by the
next and have the last state as their parent. Records of several threads share one push.

Expiry compares clocks of different machines. A clock that is wrong by more than the lease lets a living holder be
succeeded; it then loses its next swap, and writes nothing.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from reconciler.errors import PlanStale, StateLocked, StateUnreadable, StateUnwritable, UsageError
from reconciler.state.document import (
    NOTHING,
    Head,
    Shard,
    decode_state,
    encode_state,
    head_from_bytes,
    head_to_bytes,
    successor,
    with_key,
)
from reconciler.state.git_plumbing import Plumbing, Tip, ref_of
from reconciler.state.grant import FREE, Grant, grant_from_bytes, grant_to_bytes, refusal, superseded
from reconciler.state.group import GroupCommit
from reconciler.state.journal import JOURNAL_FILE, Header, decode, encode
from reconciler.state.recovery import carried, fold

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from reconciler.state.journal import Record
    from reconciler.state.protocol import Holder, Lease, State

LEASE_SECONDS: Final = 120.0
_STATE = "state"
_JOURNAL = "journal"
_SEGMENT_BYTES = 16 * 1024
_TRIES = 5
_EMPTY = Tip("", (), "", {})


class GitRefStore:
    """The git backend. `folder` is in the repository; `remote` is a name or URL, "" keeps the ref in the repository
    itself. `clock` gives UNIX time, `lineage` names a new memory, `key` is its key (see State).
    """

    def __init__(
        self,
        folder: Path,
        remote: str,
        clock: Callable[[], float],
        *,
        lease_seconds: float = LEASE_SECONDS,
        lineage: Callable[[], str] = lambda: uuid4().hex,
        key: Callable[[], str] = lambda: token_hex(32),
    ) -> None:
        self._plumbing = Plumbing(folder, remote)
        self._clock = clock
        self._seconds = lease_seconds
        self._lineage = lineage
        self._key = key

    def read(self, environment: str) -> State:
        """See StateReader."""
        tip = self._tip(environment)
        return fold(decode_state(_head(tip), partial(_file, tip)), _records(tip))

    def records(self, environment: str) -> Sequence[Record]:
        """See StateStore."""
        return _records(self._tip(environment))

    def lock(self, environment: str, holder: str) -> Lease:
        """See StateStore."""
        for _ in range(_TRIES):
            tip = self._tip(environment)
            found, head = _grant(tip), _head(tip)
            now = self._clock()
            if found.holder and found.expires > now:
                raise refusal(environment, found)
            # A name of its own: two grants must never be the same bytes, or both would seem to have been swapped in.
            grant = Grant(max(found.fencing, head.fencing) + 1, holder, uuid4().hex, now, now + self._seconds)
            files = {
                **tip.files,
                "head.json": head_to_bytes(with_key(head, self._key)),
                "lease.json": grant_to_bytes(grant),
            }
            following = self._written(environment, tip, files)
            if following is not None:
                return _Writer(environment, self._plumbing, self._clock, self._seconds, grant, following)
        raise self._busy(environment)

    def holder(self, environment: str) -> Holder | None:
        """See StateStore."""
        return _grant(self._tip(environment)).as_holder()

    def unlock(self, environment: str) -> Holder | None:
        """See StateStore."""
        for _ in range(_TRIES):
            tip = self._tip(environment)
            found = _grant(tip)
            if not found.holder:
                return None
            freed = grant_to_bytes(replace(found, fencing=found.fencing + 1, holder="", expires=0.0))
            if self._written(environment, tip, {**tip.files, "lease.json": freed}) is not None:
                return found.as_holder()
        raise self._busy(environment)

    def append(self, environment: str, record: Record, lease: Lease) -> None:
        """See StateStore."""
        self.append_all(environment, [record], lease)

    def append_all(self, environment: str, records: Sequence[Record], lease: Lease) -> None:
        """See StateStore."""
        self._writer(environment, lease).append(records)

    def commit(self, environment: str, state: State, *, expected_serial: int, lease: Lease) -> State:
        """See StateStore."""
        return self._writer(environment, lease).commit(state, expected_serial, self._lineage)

    def _busy(self, environment: str) -> StateLocked:
        return StateLocked(f"others write to {ref_of(environment)} all the time", hint="Try again.")

    def _tip(self, environment: str) -> Tip:
        return self._plumbing.read(ref_of(environment)) or _EMPTY

    def _written(self, environment: str, tip: Tip, files: Mapping[str, bytes]) -> Tip | None:
        """The next tip, None when somebody else was quicker."""
        return _replace(self._plumbing, ref_of(environment), tip, files, f"{_JOURNAL}: serial {_head(tip).serial}")

    def _writer(self, environment: str, lease: Lease) -> _Writer:
        if not isinstance(lease, _Writer) or lease.environment != environment or lease.plumbing is not self._plumbing:
            msg = f"this is no lease of {environment}"
            raise StateLocked(msg)
        return lease


def remote_of(folder: Path) -> str:
    """The remote to keep the state at: `origin`, else the only one; "" (the repository itself) when there is none.

    Raises UsageError when there are several and none is called `origin`, StateUnreadable outside of git.
    """
    names = Plumbing(folder, "").remotes()
    if "origin" in names or not names:
        return "origin" if names else ""
    if len(names) > 1:
        msg = f"which remote shall hold the state? There are {', '.join(names)}, and none is called origin"
        raise UsageError(msg, hint="Name one `origin`.")
    return names[0]


class _Writer:
    """A lease, and the last tip its holder knows: whoever does not know the tip cannot write."""

    def __init__(
        self,
        environment: str,
        plumbing: Plumbing,
        clock: Callable[[], float],
        seconds: float,
        grant: Grant,
        tip: Tip,
    ) -> None:
        self.environment = environment
        self.plumbing = plumbing
        self.fencing = grant.fencing
        self._clock = clock
        self._seconds = seconds
        self._grant = grant
        self._tip = tip
        self._begun = False
        self._turn = threading.Lock()
        self._over = threading.Event()
        self._appends: GroupCommit[bytes] = GroupCommit(self._append)
        self._checks: GroupCommit[None] = GroupCommit(self._check)
        self._heart = threading.Thread(target=self._beat, name="lease-heartbeat", daemon=True)
        self._heart.start()

    def check(self) -> None:
        """See Lease. Checks of several threads share one question."""
        self._checks.add(None)

    def release(self) -> None:
        """See Lease."""
        if self._over.is_set():
            return
        with self._turn:
            try:
                free = replace(self._grant, holder="", expires=0.0)
                self._swap({**self._tip.files, "lease.json": grant_to_bytes(free)}, _JOURNAL)
            except (StateLocked, StateUnreadable, StateUnwritable):
                pass  # it is lost already, or will expire
            self._over.set()
        self._heart.join()

    def append(self, records: Sequence[Record]) -> None:
        """Durable before it returns."""
        if records:
            self._appends.add(b"".join(encode(record, self.fencing) for record in records))

    def commit(self, state: State, expected_serial: int, lineage: Callable[[], str]) -> State:
        """One compare-and-swap of everything."""
        with self._turn:
            head = _head(self._tip)
            if head.serial != expected_serial or head.lineage != state.lineage:
                self._confirm()
                msg = f"the state of {self.environment} moved: serial {head.serial}, not {expected_serial}"
                raise PlanStale(msg, hint="Plan again.")
            committed = successor(state, head, lineage, self._clock())
            following, files = encode_state(committed, self.fencing)
            files |= {"head.json": head_to_bytes(following), "lease.json": self._renewed()}
            if kept := carried(_records(self._tip)):
                lines = [encode(record, self.fencing) for record in (self._header(following), *kept)]
                files[_segment(0)] = b"".join(lines)
            self._swap(files, _STATE)
            self._begun = bool(kept)
        return committed

    def _append(self, lines: Sequence[bytes]) -> None:
        with self._turn:
            data = b"".join(lines)
            if not self._begun:
                data = encode(self._header(_head(self._tip)), self.fencing) + data
            files = {**self._tip.files, "lease.json": self._renewed()}
            last = max(len(_segments(self._tip)) - 1, 0)
            if len(files.get(_segment(last), b"")) > _SEGMENT_BYTES:
                last += 1
            files[_segment(last)] = files.get(_segment(last), b"") + data
            self._swap(files, _JOURNAL)
            self._begun = True

    def _check(self, _: Sequence[None]) -> None:
        with self._turn:
            self._confirm()
            if self._grant.expires <= self._clock():
                self._swap({**self._tip.files, "lease.json": self._renewed()}, _JOURNAL)

    def _confirm(self) -> None:
        """Raises StateLocked unless the tip is the one we last wrote."""
        self._require_ours()
        if self.plumbing.tip(ref_of(self.environment)) != self._tip.commit:
            raise self._lost()

    def _swap(self, files: Mapping[str, bytes], what: str) -> None:
        self._require_ours()
        subject = f"{what}: serial {head_from_bytes(files['head.json'], 'head.json').serial}"
        following = _replace(self.plumbing, ref_of(self.environment), self._tip, files, subject)
        if following is None:
            raise self._lost()
        self._tip = following
        self._grant = grant_from_bytes(files["lease.json"], "lease.json")

    def _require_ours(self) -> None:
        if self._over.is_set():
            msg = f"the lease of {self.environment} was given back"
            raise StateLocked(msg)

    def _lost(self) -> StateLocked:
        tip = self.plumbing.read(ref_of(self.environment)) or _EMPTY
        return superseded(self.environment, _grant(tip))

    def _renewed(self) -> bytes:
        return grant_to_bytes(replace(self._grant, expires=self._clock() + self._seconds))

    def _header(self, head: Head) -> Header:
        grant = self._grant
        return Header(self.environment, head.lineage, head.serial, grant.fencing, grant.holder, self._clock())

    def _beat(self) -> None:
        while not self._over.wait(self._seconds / 3):
            try:
                with self._turn:
                    self._swap({**self._tip.files, "lease.json": self._renewed()}, _JOURNAL)
            except StateLocked:
                return
            except (StateUnreadable, StateUnwritable):
                continue  # the network may come back; the next write or check of the holder says so


def _replace(plumbing: Plumbing, ref: str, tip: Tip, files: Mapping[str, bytes], subject: str) -> Tip | None:
    """Swaps in a commit with `files`; None when `tip` is no longer the tip. Only states stay in the history."""
    is_state = tip.subject.startswith(_STATE)
    parents = (tip.commit,) if is_state and tip.commit else tip.parents
    commit = plumbing.write(files, parents, subject)
    return Tip(commit, parents, subject, dict(files)) if plumbing.swap(ref, tip.commit, commit) else None


def _head(tip: Tip) -> Head:
    if not tip.commit:
        return NOTHING
    if "head.json" not in tip.files:
        msg = f"{tip.commit} holds no state"
        raise StateUnreadable(msg, hint="Somebody else has written to this ref: delete it, and rebuild the state.")
    return head_from_bytes(tip.files["head.json"], f"{tip.commit}:head.json")


def _file(tip: Tip, shard: Shard) -> tuple[bytes, str]:
    if shard.file not in tip.files:
        msg = f"{shard.file} is missing in {tip.commit}, though its head names it"
        raise StateUnreadable(msg)
    return tip.files[shard.file], f"{tip.commit}:{shard.file}"


def _grant(tip: Tip) -> Grant:
    data = tip.files.get("lease.json")
    return FREE if data is None else grant_from_bytes(data, f"{tip.commit}:lease.json")


def _records(tip: Tip) -> tuple[Record, ...]:
    data = b"".join(tip.files[name] for name in _segments(tip))
    return decode(data, f"{tip.commit}:journal")


def _segments(tip: Tip) -> list[str]:
    return sorted(filter(JOURNAL_FILE.fullmatch, tip.files))


def _segment(number: int) -> str:
    return f"{_JOURNAL}-{number:06d}.jsonl"
