"""Plans and reviews as Markdown, for comments and step summaries: dangers first, counts, details folded.

Never longer than the limit of the host; what does not fit is counted and said, the least important first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from reconciler.model.change import Action
from reconciler.model.diagnostic import Severity
from reconciler.planning.review import dangers
from reconciler.rendering.findings import place_and_message
from reconciler.rendering.markdown_text import code, fenced, folded, prose
from reconciler.rendering.sides import Line, Profile, difference
from reconciler.rendering.words import INTENTIONS, SIGNS, TALLY, counted, printable, worst_first
from reconciler.rendering.work import work_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.model.change import Change, FieldChange
    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.plan import Plan
    from reconciler.planning.review import Review

COMMENT_LIMIT: Final = 60_000
"""Characters. The tightest of the hosts takes 65,536; the rest is room for a status that is put on top later."""
SUMMARY_LIMIT: Final = 900_000
"""Characters of a step summary, whose host takes one MiB."""
_LONGEST_TEXT: Final = 300
_FIELDS: Final = 30
_NO_ROOM: Final = "not shown here for want of room"
_FEW: Final = 5
"""So many changes are shown unfolded."""
_FRAME: Final = 160
"""What the frame of a part, and the line that says how much is missing, may take."""


@dataclass(slots=True)
class _Room:
    """How many characters are left."""

    left: int

    def take(self, text: str) -> bool:
        """Whether `text` fits; then it is taken."""
        if len(text) > self.left:
            return False
        self.left -= len(text)
        return True


@dataclass(frozen=True, slots=True)
class _Part:
    """A part that unfolds: what its summary says and its blocks, each of which is shown whole or counted."""

    summary: str
    blocks: Sequence[str]
    noun: str
    opened: bool = False
    intro: str = ""


def render_plan(
    plan: Plan, *, limit: int = COMMENT_LIMIT, profile: Profile = Profile.FULL, now: float | None = None
) -> str:
    """A plan of its own, ending in a line break, in at most `limit` characters."""
    changes = [change for change in plan.changes if change.action is not Action.NO_OP]
    parts = [
        _changes_part("change", changes, profile, opened=len(changes) <= _FEW),
        _findings_part("finding", plan.diagnostics, profile),
    ]
    head = [_title(plan), _work(plan, plan.changes, now), _verdict(plan, plan.changes)]
    return _assembled(head, _warned(plan, changes, "", profile), parts, limit)


def render_findings(found: Sequence[Diagnostic], *, limit: int = COMMENT_LIMIT, profile: Profile = Profile.FULL) -> str:
    """That the files are wrong, and every finding as far as there is room; ends in a line break."""
    part = _findings_part("finding", found, profile, opened=True)
    return _assembled(["**The manifests are not valid: nothing was planned.**"], [], [part], limit)


def render_review(
    review: Review, *, limit: int = COMMENT_LIMIT, profile: Profile = Profile.FULL, now: float | None = None
) -> str:
    """What a change of the files does, apart from what was there before; in at most `limit` characters."""
    plan = review.plan
    work = _work(plan, [*review.mine, *review.before], now)
    head = [_title(plan), work, _verdict(plan, review.mine, review=review), *_identity(review)]
    mine = {change.address for change in review.mine}
    warned = [
        *_warned(plan, review.mine, "by this change", profile),
        *_warned(plan, [c for c in review.before if c.address not in mine], "with or without this change", profile),
    ]
    before, settled = len(review.before), len(review.settled)
    parts = [
        _findings_part("new finding", review.findings, profile, opened=True),
        _changes_part("change", review.mine, profile, opened=len(review.mine) <= _FEW, tail=" by this pull request"),
        replace(
            _changes_part("change", review.before, profile, tail=" that would happen anyway"),
            intro=f"The platforms, or what was merged earlier, ask for {'it' if before == 1 else 'these'}: "
            "an apply after the merge does them too.",
        ),
        replace(
            _changes_part("change", review.settled, profile, tail=" no longer needed"),
            intro=f"Without this pull request, an apply would do {'it' if settled == 1 else 'these'}.",
        ),
        _findings_part("earlier finding", review.known, profile),
    ]
    return _assembled(head, warned, parts, limit)


def leaves_out_dangers(text: str) -> bool:
    """Whether a rendering had no room for the names of all its dangers."""
    return _NO_ROOM in text.partition("<details")[0]


def _assembled(head: Iterable[str], warned: Sequence[_Danger], parts: Sequence[_Part], limit: int) -> str:
    """Head and dangers first; then each part as far as there is room for it."""
    frame = "\n\n".join(text for text in head if text) + "\n"
    room = _Room(limit - len(frame) - sum(len(part.summary) + len(part.intro) + _FRAME for part in parts) - _FRAME)
    alarm = _alarm(warned, room)
    shown = [_filled(part, room) for part in parts if part.blocks]
    return "\n".join(text for text in (frame, alarm, *shown) if text)


def _work(plan: Plan, changes: Sequence[Change], now: float | None) -> str:
    """What becomes of work that is going on, and what new work may cost."""
    return "\n\n".join(prose(line) for line in work_lines(plan, changes, now))


def _title(plan: Plan) -> str:
    return f"### Plan: {code(plan.base.project)} in {code(plan.base.environment)}"


def _verdict(plan: Plan, changes: Sequence[Change], *, review: Review | None = None) -> str:
    """The counts, blocked or not, what could not be read."""
    counts = {action: sum(change.action is action for change in changes) for action in Action}
    words = [f"{counts[a]} {INTENTIONS[a]}" for a in TALLY if counts[a] and a is not Action.NO_OP]
    line = f"**{', '.join(words)}.**" if words else "**No changes.**"
    if review is not None:
        line = f"This pull request: {line}" if words else "**This pull request changes nothing on the platforms.**"
        if review.before:
            line += f" {len(review.before)} more would happen anyway."
        if review.offline:
            line += " Files were compared with files: the platforms were not read."
    if counts[Action.NO_OP]:
        line += f" {counts[Action.NO_OP]} unchanged."
    if plan.is_blocked:
        line += "\n\n**Blocked: this plan cannot be applied as it is.**"
    if plan.unread:
        line += f"\n\n**{counted(len(plan.unread), 'resource')} could not be read: nothing certain is said of them.**"
    return line


def _identity(review: Review) -> list[str]:
    if review.seal is None or review.plan.is_blocked or review.plan.unread:
        return []
    at = f" at commit {code(review.head[:12])}" if review.head else ""
    return [f"Review {code(review.seal.id)}{at}. After the merge exactly this is applied, or nothing."]


@dataclass(frozen=True, slots=True)
class _Danger:
    """Something that cannot be taken back: what happens, to whom, and the line that says so."""

    word: str
    group: str
    name: str
    line: str


def _warned(plan: Plan, changes: Sequence[Change], tail: str, profile: Profile) -> list[_Danger]:
    note = f", {tail}" if tail else ""
    found = []
    for word, change in dangers(plan, changes):
        group, _, name = str(change.address).rpartition("/")
        line = f"- **{word}** {code(str(change.address))}{note}{_why(change, profile)}\n"
        found.append(_Danger(f"{word}{note}", group, name, line))
    return found


def _alarm(warned: Sequence[_Danger], room: _Room) -> str:
    """Every danger with its reason; when they are many, only their names; and if even those are too many, how many."""
    if not warned:
        return ""
    head = f"> [!CAUTION]\n> **{counted(len(warned), 'danger')}: this cannot be taken back, or is refused.**\n\n"
    room.take(head)
    full = "".join(danger.line for danger in warned)
    if len(full) <= room.left // 2 and room.take(full):
        return head + full
    return head + _names(warned, room)


def _names(warned: Sequence[_Danger], room: _Room) -> str:
    text, group, left = "", ("", ""), len(warned)
    for danger in warned:
        first = (danger.word, danger.group) != group
        piece = f"\n- **{danger.word}** in {code(danger.group)}: " if first else ", "
        piece += code(danger.name)
        if not room.take(piece):
            break
        text, group, left = text + piece, (danger.word, danger.group), left - 1
    return text.lstrip("\n") + (f"\n\n**And {left} more**, {_NO_ROOM}." if left else "") + "\n"


def _why(change: Change, profile: Profile) -> str:
    why = _clipped(change.why)
    return f" \u2013 {prose(why)}" if why and profile is Profile.FULL else ""


def _clipped(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "..."


def _filled(part: _Part, room: _Room) -> str:
    """The part with as many blocks as there is room for."""
    kept = []
    for block in part.blocks:
        if not room.take(block + "\n"):
            break
        kept.append(block)
    more = len(part.blocks) - len(kept)
    missing = counted(more, f"more {part.noun}")
    tail = f"\n**And {missing}**, {_NO_ROOM}." if more else ""
    intro = f"{part.intro}\n\n" if part.intro else ""
    return folded(part.summary, intro + "\n".join(kept) + tail, open_=part.opened)


def _changes_part(
    noun: str, changes: Sequence[Change], profile: Profile, *, opened: bool = False, tail: str = ""
) -> _Part:
    blocks = [_block(change, profile) for change in worst_first(changes)]
    return _Part(f"{counted(len(changes), noun)}{tail}", blocks, noun, opened)


def _block(change: Change, profile: Profile) -> str:
    """One change: what, where, why, and each field as a difference."""
    place = f" in {code(str(replace(change.source, column=0)))}" if change.source else ""
    sign = SIGNS[change.action].strip()
    shown = f"{code(sign)} **{change.action}**" if sign else f"**{change.action}**"
    head = f"- {shown} {code(str(change.address))}{place}{_why(change, profile)}\n"
    lines = [line for field in change.fields[:_FIELDS] for line in _field(field, profile)]
    if len(change.fields) > _FIELDS:
        lines.append(Line("@", f"and {len(change.fields) - _FIELDS} more fields"))
    return f"{head}\n{_indented(fenced(lines))}" if lines else head


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())


def _field(field: FieldChange, profile: Profile) -> list[Line]:
    note = f"   ({printable(_clipped(field.why))})" if field.why and profile is Profile.FULL else ""
    return [Line(" ", f"{printable(_clipped(field.path))}{note}"), *difference(field, profile)]


def _findings_part(noun: str, found: Sequence[Diagnostic], profile: Profile, *, opened: bool = False) -> _Part:
    order = list(Severity)
    ordered = sorted(found, key=lambda d: (order.index(d.severity), d.sort_key))
    blocks = [_finding(d, profile) for d in ordered]
    grave = any(d.severity is not Severity.NOTE for d in found)
    return _Part(counted(len(found), noun), blocks, noun, opened and grave)


def _finding(found: Diagnostic, profile: Profile) -> str:
    where, message = place_and_message(found)
    place = f" {code(_clipped(where))}" if where else ""
    if profile is Profile.REDACTED:
        return f"- **{found.severity}**{place} {code(found.code)}\n"
    hint = f" Hint: {prose(_clipped(found.hint))}" if found.hint else ""
    return f"- **{found.severity}**{place} {prose(_clipped(message))} {code(found.code)}{hint}\n"
