"""Lists that come whole are filtered here, by every column they have."""

from __future__ import annotations

import pytest

from reconciler.errors import UsageError
from reconciler.model.address import Address
from reconciler.model.resource import Listed, Live, Phase
from reconciler.providers.protocol import RunSummary
from reconciler.providers.rows import filtered, of_listed

ROWS = [
    RunSummary("1", "fastqc@1", "", "2026-01-01T00:00:00Z", user="Ann", facts=(("labels", "a, b"),)),
    RunSummary("2", "fastqc@2", "", "2026-02-01T00:00:00+00:00", user="bob", facts=(("labels", "b"),)),
    RunSummary("3", "trim@1", "READY", "", user="", facts=(("labels", ""),)),
]


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({}, "123"),
        ({"name": "fastqc*"}, "12"),
        ({"labels": "b"}, "12"),
        ({"labels": "b, a"}, "1"),
        ({"labels": "c"}, ""),
        ({"user": "ANN"}, "1"),
        ({"status": "ready"}, "3"),
        ({"created-after": "2026-01-15"}, "2"),
        ({"created-before": "2026-01-15T00:00:00Z"}, "1"),
        ({"created-after": "1767225600", "name": "fastqc@1"}, "1"),
    ],
)
def test_filters(filters: dict[str, str], ids: str) -> None:
    """A glob over names, points in time, and words of every other column, whatever their case."""
    assert "".join(row.remote_id for row in filtered(ROWS, filters)) == ids


@pytest.mark.parametrize(
    ("filters", "hint"), [({"label": "b"}, "did you mean 'labels'?"), ({"created-after": "soon"}, "2026-01-31T12")]
)
def test_wrong_filters(filters: dict[str, str], hint: str) -> None:
    """A column there is not, and what is no point in time."""
    with pytest.raises(UsageError) as caught:
        list(filtered(ROWS, filters))
    assert hint in caught.value.hint


def test_plain_fields_are_columns() -> None:
    """What fits into a cell is shown; the name is not repeated; nested fields are left to `describe`."""
    address = Address("t", "Member", "demo", "ann")
    spec = {"user": "ann", "role": "Viewer", "may_write": False, "tags": ["x", "y"], "more": {"a": 1}}
    fields = ["role", "may_write", "tags", "more"]
    row = of_listed(Listed(address, "1", None, Live(address, "1", spec, Phase.READY)), fields)
    assert row.facts == (("role", "Viewer"), ("may-write", "no"), ("tags", "x, y"))
    assert (row.name, row.status) == ("ann", "ready")
    assert of_listed(Listed(address, "1"), fields).facts == ()


def test_a_filter_is_checked_though_nothing_is_there() -> None:
    """An empty list says nothing of its columns, so they are told."""
    assert list(filtered([], {"role": "Viewer"}, ["role"])) == []
    with pytest.raises(UsageError):
        list(filtered([], {"rôle": "Viewer"}, ["role"]))
