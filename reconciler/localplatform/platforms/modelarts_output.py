"""Windows into the output of a run, by cursors of 19 digits, as both APIs give them (contract, section 4.8)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.platforms.modelarts_words import INVALID, number, refusal_of, text
from reconciler.localplatform.platforms.modelarts_work import WORK, place

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call

LOG_MOST = 8 * 1024 * 1024
"""Bytes of one instance that are kept in reach; of more, the end."""
LINES_MOST, LINES_DEFAULT = 500, 50
_FIRST_CURSOR = 1_551_252_759_254_000_000
"""More digits than a double holds, so that who reads it as one is wrong."""


@dataclass(frozen=True, slots=True)
class Output:
    """The lines of one instance."""

    lines: list[str]

    @property
    def whole(self) -> str:
        """As one text."""
        return "".join(f"{line}\n" for line in self.lines)


def output_of(call: Call, run: str, index: int) -> Output:
    """What an instance has written; a line that may still grow is held back."""
    chunk = call.services.runs.logs(run, WORK, index, limit=LOG_MOST)
    lines = chunk.text.splitlines(keepends=True)
    return Output([line.rstrip("\r\n") for line in lines if chunk.ended or line.endswith("\n")])


def export(call: Call, run: str, folder: str, machines: int) -> None:
    """Puts the output of a run that has ended where its job wants its logs kept, once: a file for each machine."""
    if not folder or not call.services.runs.state(run).ended:
        return
    there = Path(place(call.services.data, folder))
    for index in range(machines):
        file = there / f"{run}-{WORK}-{index}.log"
        if not file.exists():
            there.mkdir(parents=True, exist_ok=True)
            file.write_text(output_of(call, run, index).whole, encoding="utf-8")


def window(call: Call, output: Output) -> dict[str, Any]:
    """The lines asked for: the newest, or those before (`asc`) or after (`desc`) the cursor. Types differ within one
    answer, as they do on the platform.
    """
    most, order = number(call, "lines", LINES_DEFAULT, 0, LINES_MOST), text(call, "order", "desc")
    if order not in ("asc", "desc"):
        raise refusal_of(call)(INVALID, "order must be asc or desc")
    cursor = _cursor(call)
    end = len(output.lines)
    if cursor and order == "asc":
        stop = min(max(cursor - _FIRST_CURSOR, 0), end)
        start = max(stop - most, 0)
    elif cursor:
        start = min(max(cursor - _FIRST_CURSOR + 1, 0), end)
        stop = min(start + most, end)
    else:
        start, stop = max(end - most, 0), end
    lines = output.lines[start:stop]
    if not lines:
        return {"content": "", "lines": "0", "start_line": "", "end_line": ""}
    return {
        "content": "".join(f"{line}\n" for line in lines),
        "lines": str(len(lines)),
        "start_line": _FIRST_CURSOR + start,
        "end_line": str(_FIRST_CURSOR + stop - 1),
    }


def _cursor(call: Call) -> int:
    raw = text(call, "base_line")
    if not raw:
        return 0
    if not (raw.isascii() and raw.isdigit() and len(raw) <= 20):  # noqa: PLR2004 - digits of a 64-bit number
        raise refusal_of(call)(INVALID, "base_line must be a cursor of an earlier answer")
    return int(raw)
