"""A comment as it stands at the host: hidden marks that find it again, a status, the review, earlier pushes.

    <!-- reconciler:review:KEY -->       first line: which project and environment it is about
    <!-- reconciler:record:... -->       second line: what was reviewed, for machines
    <!-- reconciler:status -->           how the apply and its runs go; replaced on its own
    <!-- reconciler:body -->             the review

The marks are whole lines, and no line of a comment begins with foreign text (see markdown_text), so nothing a manifest
says can look like one. Who wrote a comment is for its reader to check before any of this is believed.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from reconciler.model.address import Address
from reconciler.model.canonical import canonical_json, short_digest
from reconciler.model.change import Action
from reconciler.planning.review import Entry, Seal
from reconciler.rendering.markdown import COMMENT_LIMIT, leaves_out_dangers, render_review
from reconciler.rendering.markdown_text import code, folded
from reconciler.rendering.progress import STATUS_LIMIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.planning.review import Review
    from reconciler.rendering.sides import Profile

_KEY_LENGTH: Final = 16
_RECORD: Final = re.compile(r"<!-- reconciler:record:([A-Za-z0-9+/=]*) -->")
_STATUS: Final = "<!-- reconciler:status -->"
_BODY: Final = "<!-- reconciler:body -->"
_LONGEST_RECORD: Final = 16_000
_LARGEST_DECODED: Final = 4_000_000
_MOST_PUSHES: Final = 10
_SHORT_RECORD: Final = 400
_FRAME: Final = 1_600
"""Characters that marks and earlier pushes may take."""


@dataclass(frozen=True, slots=True)
class Push:
    """One push that was reviewed: its commit and its review id ("" when nothing could be planned)."""

    commit: str
    review: str


@dataclass(frozen=True, slots=True)
class Record:
    """What a comment stands for. `seal` is None when nothing can be applied by it; `applied` is the commit of the merge
    that was applied, or ""; `earlier` are the pushes before this one, newest first.
    """

    commit: str
    seal: Seal | None
    applied: str = ""
    earlier: tuple[Push, ...] = ()


@dataclass(frozen=True, slots=True)
class Posted:
    """A comment taken apart."""

    record: Record
    status: str
    body: str


def marker(project: str, environment: str, *, what: str = "review") -> str:
    """The first line of our comment about an environment of a project."""
    return f"<!-- reconciler:{what}:{short_digest(project, environment, length=_KEY_LENGTH)} -->"


def render_for_comment(review: Review, *, profile: Profile, now: float | None = None) -> str:
    """A review as long as leaves room for the rest of its comment. What explains a difference later is worth more than
    details, and every danger is worth more than that.
    """
    most = COMMENT_LIMIT - STATUS_LIMIT - _FRAME
    text = render_review(review, limit=most - _LONGEST_RECORD, profile=profile, now=now)
    if leaves_out_dangers(text):
        return render_review(review, limit=most - _SHORT_RECORD, profile=profile, now=now)
    return text


def compose(mark: str, posted: Posted) -> str:
    """The whole comment."""
    room = COMMENT_LIMIT - STATUS_LIMIT - _FRAME - len(posted.body)
    lines = [mark, _written(posted.record, room), _STATUS, posted.status.strip("\n"), _BODY, posted.body.strip("\n")]
    return "\n".join(line for line in lines if line) + "\n" + _earlier(posted.record.earlier)


def take_apart(text: str, mark: str) -> Posted | None:
    """The inverse of `compose`; None for anything else, a comment of another environment included."""
    lines = text.splitlines()
    if len(lines) < 4 or lines[0] != mark or lines[2] != _STATUS or _BODY not in lines:  # noqa: PLR2004 - as composed
        return None
    record = _read(lines[1])
    if record is None:
        return None
    split = lines.index(_BODY)
    body, tail = "\n".join(lines[split + 1 :]), _earlier(record.earlier).rstrip("\n")
    return Posted(record, "\n".join(lines[3:split]), body.removesuffix(tail).rstrip("\n") if tail else body)


def succeeded_by(record: Record, commit: str, seal: Seal | None) -> Record:
    """The record after another push: the former one is among the earlier ones. The same commit again is no push."""
    former = Push(record.commit, record.seal.id if record.seal else "")
    earlier = record.earlier if record.commit == commit else (former, *record.earlier)[:_MOST_PUSHES]
    return Record(commit, seal, earlier=earlier)


def _earlier(pushes: Sequence[Push]) -> str:
    if not pushes:
        return ""
    rows = [
        f"- {code(p.commit[:12])}: {f'review {code(p.review)}' if p.review else 'nothing to apply'}" for p in pushes
    ]
    return "\n" + folded("Earlier pushes, none of which can be applied any more", "\n".join(rows))


def _written(record: Record, room: int) -> str:
    text = _encoded(record, with_entries=True)
    if len(text) > min(_LONGEST_RECORD, room):
        text = _encoded(record, with_entries=False)
    return f"<!-- reconciler:record:{text} -->"


def _encoded(record: Record, *, with_entries: bool) -> str:
    seal = record.seal
    entries = (
        [[str(e.address), e.action.value, e.wanted, e.seen] for e in seal.entries] if seal and with_entries else []
    )
    document = {
        "commit": record.commit,
        "seal": [seal.id, seal.terms, entries] if seal else None,
        "applied": record.applied,
        "earlier": [[push.commit, push.review] for push in record.earlier],
    }
    return base64.b64encode(zlib.compress(canonical_json(document).encode(), 9)).decode()


def _read(line: str) -> Record | None:
    """What an intact record says; None otherwise: a comment may have been edited by a person."""
    match = _RECORD.fullmatch(line)
    if match is None:
        return None
    try:
        unpacking = zlib.decompressobj()
        text = unpacking.decompress(base64.b64decode(match[1], validate=True), _LARGEST_DECODED)
        return _record(json.loads(text)) if unpacking.eof else None
    except (ValueError, TypeError, KeyError, zlib.error, binascii.Error, RecursionError):
        return None


def _record(document: Any) -> Record:  # noqa: ANN401 - any JSON value
    seal = document["seal"]
    entries = [Entry(Address.parse(a), Action(action), str(w), str(s)) for a, action, w, s in seal[2]] if seal else []
    return Record(
        str(document["commit"]),
        Seal(str(seal[0]), str(seal[1]), tuple(entries)) if seal else None,
        str(document["applied"]),
        tuple(Push(str(commit), str(review)) for commit, review in document["earlier"]),
    )
