"""What tasks write, all lives of a chain in one (platform contract, section 7)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Reply, Route
from reconciler.localplatform.platforms.hai_rows import chain_status
from reconciler.localplatform.platforms.hai_scheduler import STOP_ENDED, advance
from reconciler.localplatform.platforms.hai_words import CHAIN, PLATFORM, chain_of, fine, number, run_of, text
from reconciler.localplatform.platforms.hai_work import WORK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.localplatform.engines.protocol import LogChunk
    from reconciler.localplatform.face import Call
    from reconciler.localplatform.store import Entity

NOTHING_YET = "还没产生日志"
LINE_MOST = 4096
LOG_MOST = 8 * 1024 * 1024
"""Bytes of one life that are kept in reach; of more, the end."""


def show_log(call: Call) -> Reply:
    """The lines of one rank since `last_seen`. Whole lines only, as long as more may come."""
    chain, rank = chain_of(call), number(call, "rank", 0)
    seen = _seen(text(call, "last_seen", ""))
    advance(call.services, call.now)
    chain = call.services.store.get(PLATFORM, CHAIN, chain.id) or chain
    lines: list[str] = []
    last = seen
    for row in chain.body["rows"]:
        if seen is not None and row["id"] < seen["id"]:
            continue
        offset = seen["offset"] if seen is not None and row["id"] == seen["id"] else 0
        chunk = _output(call, row["id"], rank)
        new, end = _lines(chunk, offset)
        lines += new
        if new:
            last = {
                "timestamp": _stamp(chunk.marks[-1].at),
                "offset": end,
                "mtime": chunk.marks[-1].at,
                "id": row["id"],
            }
    return fine(msg="get log successfully", **_told(chain, rank, lines, last, read_on=seen is not None))


def _told(chain: Entity, rank: int, lines: list[str], last: Any, *, read_on: bool) -> dict[str, Any]:  # noqa: ANN401
    newest = chain.body["rows"][-1]
    finished = chain_status(chain) == "finished"
    pods = {pod["job_id"]: pod for pod in newest["pods"]}
    stop_code = newest["stop_code"]
    return {
        "data": "\n".join(lines) if lines or read_on else NOTHING_YET,
        "last_seen": last,
        "stop_code": STOP_ENDED if finished and not stop_code and last is None else stop_code,
        "exit_code": pods.get(rank, {}).get("exit_code", "nan"),
        "error_msg": "",
        "restart_log": {str(row["id"]): "suspended, and started again" for row in chain.body["rows"][:-1]},
    }


def _seen(raw: str) -> dict[str, Any] | None:
    """Where to read on; anything else than what was given out means from the start."""
    try:
        value = json.loads(raw)
    except ValueError:
        return None
    right = isinstance(value, dict) and all(isinstance(value.get(name), int) for name in ("id", "offset"))
    return value if right else None


def _output(call: Call, identifier: int, rank: int) -> LogChunk:
    from reconciler.localplatform.engines.protocol import LogChunk, UnknownRun

    try:
        return call.services.runs.logs(run_of(identifier), WORK, rank, limit=LOG_MOST)
    except UnknownRun:  # it never started
        return LogChunk(b"", 0, ended=True)


def _lines(chunk: LogChunk, offset: int) -> tuple[list[str], int]:
    """The lines from `offset` on, each with its time in front, and where they end."""
    position, marks = chunk.next - len(chunk.content), list(chunk.marks)
    at, found, end = 0.0, [], offset
    for raw in chunk.content.splitlines(keepends=True):
        while marks and marks[0].offset <= position:
            at = marks.pop(0).at
        start, position = position, position + len(raw)
        if start < offset or not (raw.endswith(b"\n") or chunk.ended):
            continue
        line = raw.decode("utf-8", "replace").rstrip("\r\n")[:LINE_MOST]
        found.append(f"[{_stamp(at)}] {line}")
        end = position
    return found, end


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def search_log(call: Call) -> Reply:
    """How often a text occurs in the output of each rank."""
    chain, wanted = chain_of(call), text(call, "content")
    counts = [_whole(call, chain, rank).count(wanted) if wanted else 0 for rank in range(chain.body["nodes"])]
    return fine(data=counts)


def _whole(call: Call, chain: Entity, rank: int) -> str:
    return "".join(_texts(call, chain, rank))


def _texts(call: Call, chain: Entity, rank: int) -> Iterator[str]:
    for row in chain.body["rows"]:
        yield _output(call, row["id"], rank).text


def system_log(call: Call) -> Reply:
    """A stub in the open version."""
    chain_of(call)
    return fine(data="")


ROUTES = (
    Route("POST", "/query/task/log", "ShowTaskLog", show_log),
    Route("POST", "/query/task/log/search", "SearchTaskLog", search_log),
    Route("POST", "/query/task/sys_log", "ShowTaskSystemLog", system_log),
)
