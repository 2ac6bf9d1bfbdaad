"""What a damaged memory still says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.model.address import Address
from reconciler.state.salvage import remembered_ids

if TYPE_CHECKING:
    from pathlib import Path

A, B, C = (Address("hub", "Search", "-", name) for name in ("a", "b", "c/d"))


def _line(address: Address, remote_id: str | None) -> str:
    return json.dumps({"address": str(address), **({} if remote_id is None else {"remote_id": remote_id})})


def test_every_whole_line_counts(tmp_path: Path) -> None:
    """Whatever stands around it: cut lines, other formats, bytes that are no text."""
    (tmp_path / "hub.1.jsonl").write_bytes(
        b"\n".join(
            [_line(A, "1").encode(), b'{"address": "hub/Sea', b"\xff\xfe", b"[]", b'{"address": 7}', b'{"x": 1}']
        )
        + b"\n"
        + _line(C, "3").encode()
    )
    assert remembered_ids(tmp_path) == {A: "1", C: "3"}


def test_journals_know_better(tmp_path: Path) -> None:
    """They go on from the files beside them, whatever their names; what was begun without an answer has no id."""
    (tmp_path / "zoo.1.jsonl").write_text(_line(A, "1") + "\n")
    (tmp_path / "journal-4.jsonl").write_text("\n".join([_line(A, None), _line(A, "2"), _line(B, None)]))
    assert remembered_ids(tmp_path) == {A: "2", B: ""}


def test_an_intent_does_not_take_away_what_was_known(tmp_path: Path) -> None:
    """A second submission that was begun leaves the id of the first."""
    (tmp_path / "zoo.1.jsonl").write_text(_line(A, "1") + "\n")
    (tmp_path / "journal-4.jsonl").write_text(_line(A, ""))
    assert remembered_ids(tmp_path) == {A: "1"}


def test_no_folder_says_nothing(tmp_path: Path) -> None:
    """A memory that is gone is gone."""
    assert remembered_ids(tmp_path / "none") == {}
