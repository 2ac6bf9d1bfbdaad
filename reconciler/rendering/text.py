"""A plan as a person reads it in a terminal: what is dangerous first, then one block per change, then the counts."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.model.change import ABSENT, Action
from reconciler.model.diagnostic import Severity
from reconciler.model.kind import Life
from reconciler.model.plan import Verb
from reconciler.rendering.findings import finding_lines
from reconciler.rendering.lists import comparable_lists, item_lines
from reconciler.rendering.paint import ACTION_TONES, Paint, Tone
from reconciler.rendering.sides import shown
from reconciler.rendering.words import (
    INTENTIONS,
    SIGNS,
    TALLY,
    columns,
    counted,
    listed,
    pad,
    printable,
    printable_lines,
    worst_first,
)
from reconciler.rendering.work import costs, losses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.change import Change, FieldChange
    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.plan import Plan

DEFAULT_WIDTH = 100
_INDENT = "      "
_PATH_COLUMN = 44
_ADDRESS_COLUMN = 60
_PLACE_COLUMN = 40
_HEAD_COLUMNS = len("-/+ replace ") + 6
_DIFF_CONTEXT = 1


@dataclass(frozen=True, slots=True)
class _Columns:
    """How wide the columns of one-line changes are."""

    address: int = 0
    place: int = 0


def render_plan(plan: Plan, *, width: int = DEFAULT_WIDTH, colour: bool = False, now: float | None = None) -> str:
    """The whole plan, ending in a line break. Unchanged resources are only counted. `width` is in columns."""
    paint = Paint(colour)
    lost = [paint(printable(line), Tone.DANGER) for line in losses(plan, plan.changes, now)]
    sections = [
        "\n".join([*lost, *(paint(printable(line), Tone.NOTE) for line in costs(plan.changes))]),
        _findings(plan, Severity.ERROR, paint),
        _dangers(plan, paint),
        _changes(_shown(plan), width, paint),
        _findings(plan, Severity.WARNING, paint),
        _findings(plan, Severity.NOTE, paint),
        _verdict(plan, paint),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _shown(plan: Plan) -> list[Change]:
    unread = set(plan.unread)
    quiet = {Action.NO_OP, Action.HOLD}
    shown = [
        c for c in plan.changes if c.action is not Action.NO_OP and not (c.action in quiet and c.address in unread)
    ]
    return worst_first(shown)


def _findings(plan: Plan, severity: Severity, paint: Paint) -> str:
    """The findings of one severity; those that say the same of several addresses are said once."""
    groups: dict[tuple[str, str, str], list[Diagnostic]] = {}
    for found in sorted((d for d in plan.diagnostics if d.severity is severity), key=lambda d: d.sort_key):
        own = found.message.removeprefix(f"{found.address}: ") if found.address else found.message
        groups.setdefault((found.code, own, found.hint), []).append(found)
    return "\n".join(line for key, group in groups.items() for line in _group_lines(key[1], group, paint))


def _group_lines(message: str, group: Sequence[Diagnostic], paint: Paint) -> list[str]:
    if len(group) == 1:
        return finding_lines(group[0], paint)
    first = replace(group[0], message=message, source=None, address=None, hint="")
    hint = [f"  {paint('hint:', Tone.NOTE)} {printable(group[0].hint)}"] if group[0].hint else []
    return [*finding_lines(first, paint), *(f"  {where}" for d in group if (where := _where(d, paint))), *hint]


def _where(found: Diagnostic, paint: Paint) -> str:
    """The address and the place, as far as there are such: a finding about a file has no address."""
    address = [printable(str(found.address))] if found.address else []
    return "   ".join([*address, *([paint(printable(str(found.source)), Tone.QUIET)] if found.source else [])])


def _dangers(plan: Plan, paint: Paint) -> str:
    """One line that names what cannot be taken back; "" when everything can."""
    counts = plan.counts()
    stopped = sum(step.verb is Verb.STOP for step in plan.steps)
    words = [
        *([counted(stopped, "active run") + " would be stopped"] if stopped else []),
        *([counted(counts[Action.DELETE], "resource") + " would be deleted"] if counts[Action.DELETE] else []),
        *([counted(counts[Action.REPLACE], "resource") + " would be replaced"] if counts[Action.REPLACE] else []),
    ]
    return paint(f"Danger: {listed(words)}.", Tone.DANGER) if words else ""


def _changes(changes: Sequence[Change], width: int, paint: Paint) -> str:
    """One block per change; those that need only a line stand below each other, in columns."""
    short = [change for change in changes if not change.fields]
    table = _Columns(
        min(max((columns(_address(change)) for change in short), default=0), _ADDRESS_COLUMN),
        min(max((columns(_place(change)) for change in short), default=0), _PLACE_COLUMN),
    )
    text, before = "", ""
    for change in changes:
        block = _block(change, table, width, paint)
        gap = "" if not before else "\n\n" if "\n" in before + block else "\n"
        text, before = text + gap + block, block
    return text


def render_change(change: Change, *, width: int = DEFAULT_WIDTH, colour: bool = False) -> str:
    """One block: sign, action, address, place; changed fields; why."""
    return _block(change, _Columns(), width, Paint(colour))


def _block(change: Change, table: _Columns, width: int, paint: Paint) -> str:
    head = paint(f"{SIGNS[change.action]:>3} {change.action:<7}", ACTION_TONES[change.action])
    address, place, why = _address(change), _place(change), printable(_why(change))
    shown_place = f"   {paint(place, Tone.QUIET)}" if place else ""
    if not change.fields:
        taken = columns(pad(address, table.address)) + columns(pad(place, table.place)) + columns(why)
        if taken + _HEAD_COLUMNS <= width:
            line = f"{paint(address, Tone.STRONG)}{' ' * (table.address - columns(address))}   "
            return f"{head} {line}{paint(pad(place, table.place), Tone.QUIET)}   {why}".rstrip()
    lines = [f"{head} {paint(address, Tone.STRONG)}{shown_place}"]
    path_column = min(max((columns(printable(f.path)) for f in change.fields), default=0), _PATH_COLUMN)
    for field in change.fields:
        lines += [_INDENT + line for line in _field_lines(field, path_column, width - len(_INDENT), paint)]
    if why:
        lines.append(f"{_INDENT}{paint('why:', Tone.QUIET)} {why}")
    return "\n".join(lines)


def _address(change: Change) -> str:
    return printable(str(change.address))


def _place(change: Change) -> str:
    """File and line: the column of a whole document says nothing."""
    return printable(str(replace(change.source, column=0))) if change.source else ""


def _why(change: Change) -> str:
    """The reason, with the live run's phase where one is at stake."""
    if change.life is Life.RUN and change.phase is not None and change.phase.value not in change.why:
        return f"{change.why} (live: {change.phase})".lstrip()
    return change.why


def _field_lines(field: FieldChange, path_column: int, width: int, paint: Paint) -> Iterator[str]:
    """`path  recorded/live -> desired` when it fits, else one side a line; texts of several lines as a diff."""
    path = printable(field.path)
    note = f"   ({printable(field.why)})" if field.why else ""
    before, before_text = _before(field)
    if isinstance(before, str) and isinstance(field.desired, str) and "\n" in before + field.desired:
        yield f"{path}{paint(note, Tone.QUIET)}"
        yield from _text_diff(before, field.desired, paint)
        return
    if lists := comparable_lists(field):
        yield f"{path}{paint(note, Tone.QUIET)}"
        yield from _painted(item_lines(*lists, context=_DIFF_CONTEXT), paint)
        return
    after_text = shown(field.desired, secret=field.secret)
    if columns(f"{pad(path, path_column)}  {before_text} -> {after_text}{note}") <= width:
        arrow = f"{paint(before_text, Tone.REMOVED)} -> {paint(after_text, Tone.ADDED)}"
        yield f"{pad(path, path_column)}  {arrow}{paint(note, Tone.QUIET)}"
        return
    yield f"{path}{paint(note, Tone.QUIET)}"
    yield f"  {paint('- ' + before_text, Tone.REMOVED)}"
    yield f"  {paint('+ ' + after_text, Tone.ADDED)}"


def _before(field: FieldChange) -> tuple[object, str]:
    """What is there before: the live side; both sides, named, when the platform moved away from what we recorded."""
    recorded, live = field.recorded, field.live
    if live is ABSENT:
        return recorded, shown(recorded, secret=field.secret)
    if recorded is ABSENT or recorded == live:
        return live, shown(live, secret=field.secret)
    return None, f"recorded {shown(recorded, secret=field.secret)}, live {shown(live, secret=field.secret)}"


def _text_diff(before: str, after: str, paint: Paint) -> Iterator[str]:
    compared = difflib.unified_diff(printable_lines(before), printable_lines(after), n=_DIFF_CONTEXT, lineterm="")
    yield from _painted(list(compared)[2:], paint)


def _painted(lines: Iterable[str], paint: Paint) -> Iterator[str]:
    for line in lines:
        tone = {"+": Tone.ADDED, "-": Tone.REMOVED, "@": Tone.NOTE}.get(line[:1], Tone.PLAIN)
        yield f"  {paint(line, tone)}"


def _verdict(plan: Plan, paint: Paint) -> str:
    """The counts line, which is also the place for "no changes" and "blocked"."""
    counts = plan.counts()
    if plan.is_empty and not plan.is_blocked:
        if plan.unread:
            what = counted(len(plan.unread), "resource")
            return paint(f"Nothing can be said: {what} could not be read.", Tone.DANGER)
        held = f" {counts[Action.HOLD]} held." if counts[Action.HOLD] else ""
        same = f" {counted(counts[Action.NO_OP], 'resource')} unchanged." if counts[Action.NO_OP] else ""
        return paint("No changes.", Tone.STRONG) + same + held
    shown = [action for action in TALLY if counts[action]] or [Action.NO_OP]
    line = "Plan: " + ", ".join(f"{counts[action]} {INTENTIONS[action]}" for action in shown) + "."
    if plan.is_blocked:
        return f"{line}\n{paint('Blocked: this plan cannot be applied as it is.', Tone.DANGER)}"
    blind = f" {counted(len(plan.unread), 'resource')} could not be read." if plan.unread else ""
    return paint(line, Tone.STRONG) + paint(blind, Tone.DANGER)
