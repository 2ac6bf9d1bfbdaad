"""Runs as an archive for people: one file each that can be submitted again, and a table of all of them."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconciler.errors import NotFound, ReconcilerError, UsageError
from reconciler.model.address import NO_SCOPE
from reconciler.operations import describing
from reconciler.operations.runs import open_handler

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reconciler.operations.runs import Run
    from reconciler.operations.workspace import Say, Workspace
    from reconciler.providers.protocol import RunSummary

TABLE: Final = "runs.csv"
_COLUMNS: Final = ("target", "kind", "scope", "name", "id", "status", "created", "started", "finished", "user", "file")
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The time of every member: the same runs give the same archive."""
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Archive:
    """A zip archive, how many runs are in it, and why others are not: (run, reason)."""

    content: bytes
    runs: int
    left_out: tuple[tuple[Run, str], ...]


def archive(workspace: Workspace, runs: Sequence[Run], say: Say) -> Archive:
    """`runs.csv` with a row for each run, and `<Kind>/<name>-<id>.yaml` with what was submitted.

    A run that cannot be read, or told as a manifest, does not keep the others out.
    """
    rows: list[dict[str, str]] = []
    files: dict[str, str] = {}
    left_out: list[tuple[Run, str]] = []
    for run in runs:
        try:
            summary, text = _summary(workspace, run, say), describing.manifest(workspace, run, say)
        except (UsageError, NotFound) as error:
            left_out.append((run, error.message))
            continue
        file = f"{run.address.kind}/{_safe(summary.name)}-{_safe(run.remote_id)}.yaml"
        files[file] = text
        rows.append(_row(run, summary, file))
    content = _zipped({**files, TABLE: _table(rows)}) if rows else b""
    return Archive(content, len(rows), tuple(left_out))


def ids_of(file: Path) -> tuple[str, ...]:
    """The ids in a file: one a line, or `{"ids": "a;b;c"}`. Raises UsageError when it holds none, or cannot be read."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        msg = f"cannot read the ids in {file}: {error.strerror}"
        raise UsageError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"cannot read the ids in {file}: it is no UTF-8 text"
        raise UsageError(msg) from error
    try:
        document = json.loads(text)
    except ValueError:
        document = {"ids": [line.split("#")[0] for line in text.splitlines()]}
    listed = document.get("ids") if isinstance(document, dict) else document
    given = listed if isinstance(listed, list) else [listed]
    parts = (part.strip() for each in given if isinstance(each, str | int) for part in str(each).split(";"))
    found = tuple(dict.fromkeys(part for part in parts if part))
    if not found:
        msg = f"{file} holds no ids"
        raise UsageError(msg, hint='Write one a line, or {"ids": "id1;id2"}.')
    return found


def _summary(workspace: Workspace, run: Run, say: Say) -> RunSummary:
    """A row about one run, from the platform's own where it gives one."""
    from reconciler.providers.facilities import Summarises
    from reconciler.providers.protocol import Reads, RunSummary

    with open_handler(workspace, run, say) as handler:
        if isinstance(handler, Summarises):
            return handler.summary(run.address, run.remote_id)
        live = handler.read(run.address, run.remote_id) if isinstance(handler, Reads) else None
    if live is None:
        msg = f"{run.address} does not exist"
        raise NotFound(msg)
    name = str(live.spec.get("name") or run.address.name)
    return RunSummary(run.remote_id, name, live.status or live.phase.value, started=live.started)


def _row(run: Run, summary: RunSummary, file: str) -> dict[str, str]:
    at = run.address
    scope = "" if at.scope == NO_SCOPE else at.scope
    where = {"target": at.target, "kind": at.kind, "scope": scope, "id": run.remote_id}
    times = {"created": summary.created, "started": summary.started, "finished": summary.finished}
    return {
        **where,
        "name": summary.name,
        "status": summary.status,
        **times,
        "user": summary.user,
        "file": file,
        **dict(summary.facts),
    }


def _table(rows: Sequence[dict[str, str]]) -> str:
    """CSV in which no cell is a formula to whoever opens it."""
    facts = dict.fromkeys(name for row in rows for name in row if name not in _COLUMNS)
    stream = io.StringIO()
    writer = csv.DictWriter(stream, [*_COLUMNS, *facts], restval="", lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: f"'{text}" if text.startswith(_FORMULA) else text for name, text in row.items()})
    return stream.getvalue()


def _zipped(files: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    try:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
            for name in sorted(files):
                made.writestr(zipfile.ZipInfo(name, _EPOCH), files[name].encode(), zipfile.ZIP_DEFLATED)
    except zipfile.LargeZipFile as error:
        msg = "too much for one archive"
        raise ReconcilerError(msg, hint="Export fewer runs at once.") from error
    return stream.getvalue()


def _safe(text: str) -> str:
    return _UNSAFE.sub("-", text).strip("-.")[:100] or "unnamed"
