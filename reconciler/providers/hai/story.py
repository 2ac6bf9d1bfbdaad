"""What a task has written, over all its lives (contract, section 7)."""

from __future__ import annotations

import json
import re
from itertools import chain
from typing import TYPE_CHECKING, Any

from reconciler.errors import NotFound
from reconciler.providers.hai.rows import TASK
from reconciler.providers.protocol import LogLine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.address import Address
    from reconciler.providers.hai.place import Place

NOTHING_YET = "还没产生日志"
"""What stands in place of an empty log."""
_LINE = re.compile(r"\[(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6})\] ?(.*)", re.DOTALL)
_MOST_PAGES = 10_000


def logs(place: Place, address: Address, row: Mapping[str, Any], task: str, index: int | None) -> Iterator[LogLine]:
    """The lines of the ranks asked for, each rank whole. Raises NotFound for a rank the task does not have."""
    count = int(row.get("nodes") or 1)
    if task not in {"", TASK} or (index is not None and index >= count):
        msg = f"task {address.name} has no {task or TASK} {'' if index is None else index}".rstrip()
        raise NotFound(msg, hint=f"it runs on {count} nodes: {TASK} 0 to {count - 1}")
    ranks = range(count) if index is None else (index,)
    word = TASK if count > 1 else ""
    return chain.from_iterable(_of_rank(place, address, str(row["chain_id"]), rank, word) for rank in ranks)


def _of_rank(place: Place, address: Address, chain_id: str, rank: int, word: str) -> Iterator[LogLine]:
    """Reads on from where the answer before ended, until one tells nothing new."""
    seen: Any = None
    for _ in range(_MOST_PAGES):
        query = {"chain_id": chain_id, "rank": str(rank), "last_seen": json.dumps(seen)}
        answer = place.ask(f"read log of task {address.name}", "/query/task/log", query)
        data = place.redactor.redact(str(answer.get("data") or ""))
        if not data or data == NOTHING_YET:
            return
        for text in data.removesuffix("\n").split("\n"):
            at, line = _split(text)
            yield LogLine(line, place.clock.utc(at), word, rank)
        if answer.get("last_seen") in (None, seen):
            return
        seen = answer["last_seen"]


def _split(text: str) -> tuple[str, str]:
    """When a line was written, and the line; the platform puts the time in front of each."""
    found = _LINE.fullmatch(text)
    return (found[1], found[2]) if found else ("", text)
