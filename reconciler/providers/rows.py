"""Rows of `get` where the platform gives a whole list at once: filtered here, by every column of it."""

from __future__ import annotations

import difflib
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from reconciler.errors import UsageError
from reconciler.providers.protocol import RunSummary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from reconciler.model.resource import Listed

_OWN = ("name", "status", "user")
_TIMES: Mapping[str, tuple[str, bool]] = {
    "created-after": ("created", True),
    "created-before": ("created", False),
}


def filtered(
    rows: Iterable[RunSummary], filters: Mapping[str, str], columns: Iterable[str] = ()
) -> Iterator[RunSummary]:
    """The rows that all of `filters` fit: `name` a glob, `created-after` and `created-before` a point in time, and each
    other column its text, or several that commas separate and that all must be among those of the cell, whatever the
    case.

    `columns` are those that rows may have. Raises UsageError for a filter that is neither one of them nor of the rows.
    """
    found = list(rows)
    known = list(dict.fromkeys([*_OWN, *_TIMES, *columns, *(name for row in found for name, _ in row.facts)]))
    tests = [_test(name, value, known) for name, value in filters.items()]
    return (row for row in found if all(test(row) for test in tests))


def of_listed(row: Listed, fields: Iterable[str]) -> RunSummary:
    """A row about a listed thing: those of `fields` are its columns that fit into a cell."""
    if row.live is None:
        return RunSummary(row.remote_id, row.address.name, "", mark=row.mark)
    shown = set(fields)
    told = ((name, _plain(value)) for name, value in row.live.spec.items() if name in shown)
    return RunSummary(
        remote_id=row.remote_id,
        name=row.address.name,
        status=row.live.status or row.live.phase.value,
        detail=row.live.detail,
        started=row.live.started,
        mark=row.mark,
        facts=tuple((column(name), text) for name, text in told if text is not None),
    )


def column(field: str) -> str:
    """What the column of a field is called."""
    return field.replace("_", "-")


def _plain(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """A value that fits into a cell, None for one that does not."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
        return ", ".join(str(item) for item in value)
    return None


def _test(name: str, value: str, known: list[str]) -> Callable[[RunSummary], bool]:
    if name == "name":
        return lambda row: fnmatchcase(row.name, value)
    if name in _TIMES:
        column, after = _TIMES[name]
        bound = _moment(name, value)
        return lambda row: _within(getattr(row, column), bound, after=after)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        meant = f"did you mean {near[0]!r}? " if near else ""
        msg = f"there is no filter {name!r} for this kind"
        raise UsageError(msg, hint=f"{meant}known: {', '.join(sorted(known))}")
    wanted = {part.strip().lower() for part in value.split(",")}
    return lambda row: wanted <= {part.strip().lower() for part in _cell(row, name).split(",")}


def _cell(row: RunSummary, name: str) -> str:
    return str(getattr(row, name)) if name in _OWN else dict(row.facts).get(name, "")


def _within(at: str, bound: datetime, *, after: bool) -> bool:
    """Whether a time of a row is on the wanted side of a bound; a row without a time is on none."""
    if not at:
        return False
    moment = _aware(datetime.fromisoformat(at))
    return moment >= bound if after else moment <= bound


def _moment(name: str, value: str) -> datetime:
    try:
        if value.isascii() and value.isdigit():
            return datetime.fromtimestamp(int(value), UTC)
        return _aware(datetime.fromisoformat(value))
    except (ValueError, OverflowError, OSError):
        msg = f"filter {name}: {value!r} is not a point in time"
        raise UsageError(msg, hint="write it like 2026-01-31T12:00:00Z") from None


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
