"""What a memory that was set aside still says, read line by line: of a damaged one, whatever is whole.

Only for telling a person. Nothing is decided by it: lines are taken as they are, without their sums and their order.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from reconciler.model.address import Address
from reconciler.state.journal import JOURNAL_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def remembered_ids(folder: Path) -> dict[Address, str]:
    """The last remote id that each address had, "" where something was begun and its answer is not written down."""
    found: dict[Address, str] = {}
    # A journal goes on from the files beside it.
    for file in sorted(folder.glob("*.jsonl"), key=lambda file: (bool(JOURNAL_FILE.fullmatch(file.name)), file.name)):
        for address, remote_id in _lines(file):
            found[address] = remote_id or found.get(address, "")
    return found


def _lines(file: Path) -> Iterator[tuple[Address, str]]:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for line in text.splitlines():
        try:
            value = json.loads(line)
            address = Address.parse(value["address"])
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        remote_id = value.get("remote_id")
        yield address, remote_id if isinstance(remote_id, str) else ""
