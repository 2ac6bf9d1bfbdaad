"""Rows of `get` for what stands on the platform: the columns that people know from its console and its own tool.

The platform gives these lists whole and filters next to nothing, so what it lists is filtered here.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from reconciler.providers.ai4s.marks import mark_of
from reconciler.providers.ai4s.times import utc
from reconciler.providers.protocol import RunSummary
from reconciler.providers.rows import filtered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_UNITS = ((1 << 40, "TB"), (1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB"))


def browse(
    row_of: Callable[[Mapping[str, Any]], RunSummary],
    listed: Iterable[Mapping[str, Any]],
    filters: Mapping[str, str],
    limit: int,
) -> Iterator[RunSummary]:
    """At most `limit` rows of what is `listed`, every column a filter. Raises UsageError for one there is not."""
    columns = dict(row_of({"id": ""}).facts)
    return islice(filtered(map(row_of, listed), filters, columns), limit)


def tool(row: Mapping[str, Any]) -> RunSummary:
    """An app or a workflow: its labels, and the space it was imported from."""
    facts = [
        ("labels", _labels(row)),
        ("source", _text(row, "source_project_name")),
        ("updated", utc(row.get("update_time"))),
    ]
    return _summary(row, f"{row.get('name')}@{row.get('version')}", facts)


def image(row: Mapping[str, Any]) -> RunSummary:
    """A repository of images: what it is for, and its tags."""
    facts = [
        ("type", _text(row, "type")),
        ("chip", _text(row, "chip_type")),
        ("tags", ", ".join(sorted(str(tag) for tag in row.get("tags") or ()))),
        ("source", _text(row, "source_project_name")),
        ("updated", utc(row.get("update_time"))),
    ]
    return _summary(row, _text(row, "name"), facts)


def label(row: Mapping[str, Any]) -> RunSummary:
    """A label of the library."""
    facts = [("level", _text(row, "level")), ("updated", utc(row.get("update_time")))]
    return _summary(row, _text(row, "name"), facts)


def space(row: Mapping[str, Any]) -> RunSummary:
    """A space: our role in it, and how much it holds."""
    facts = [
        ("role", _text(row, "role")),
        ("size", _size(row.get("size"))),
        ("updated", utc(row.get("update_time"))),
    ]
    return _summary(row, _text(row, "name"), facts)


def notebook(row: Mapping[str, Any]) -> RunSummary:
    """A notebook: its image and its machine."""
    info = (row.get("image") or {}).get("image_info") or {}
    flavor = row.get("flavor") or {}
    named = f"{info.get('source_project_name')}/{info.get('image_name')}:{info.get('image_tag')}"
    machine = ":".join(
        f"{flavor[name]:g}" for name in ("cpu", "gpu", "memory") if isinstance(flavor.get(name), int | float)
    )
    facts = [
        ("image", str(info.get("profile") or "") or (named if info.get("image_name") else "")),
        ("flavor", machine),
        ("updated", utc(row.get("update_time"))),
    ]
    return _summary(row, _text(row, "name"), facts)


def performance_resource(row: Mapping[str, Any]) -> RunSummary:
    """An accelerator of storage: how full it is, and how many jobs may use it."""
    facts = [
        ("specification", str((row.get("spec") or {}).get("name") or "")),
        ("space", _gigabytes(row.get("space"))),
        ("free", _gigabytes(row.get("free_space"))),
        ("jobs", _text(row, "running_job_count")),
        ("job-quota", _text(row, "job_quota")),
        ("schedulable", "" if row.get("schedulable") is None else "yes" if row["schedulable"] else "no"),
        ("billing", _text(row, "charge_mode")),
    ]
    return _summary(row, _text(row, "name"), facts)


def _summary(row: Mapping[str, Any], name: str, facts: list[tuple[str, str]]) -> RunSummary:
    return RunSummary(
        remote_id=str(row["id"]),
        name=name,
        status=_text(row, "status"),
        created=utc(row.get("create_time")),
        user=next((str(row[key]) for key in ("user_name", "creator") if row.get(key)), ""),
        mark=mark_of(row),
        facts=tuple(facts),
    )


def _labels(row: Mapping[str, Any]) -> str:
    mark = str(mark_of(row))
    return ", ".join(str(each) for each in row.get("labels") or () if each != mark)


def _text(row: Mapping[str, Any], key: str) -> str:
    return "" if row.get(key) is None else str(row[key])


def _gigabytes(value: object) -> str:
    return f"{value:g}GB" if isinstance(value, int | float) else ""


def _size(value: object) -> str:
    """Bytes as the console shows them: two digits of the largest unit that fits."""
    if not isinstance(value, int | float):
        return ""
    large = next(((size, unit) for size, unit in _UNITS if value >= size), None)
    return f"{value / large[0]:.2f}{large[1]}" if large else f"{value:g}B"
