"""What the local platform remembers about runs: where each one is, and everything that happened to it.

The engine is the one who knows; this is the copy that lists are made from, and that outlives an engine which forgets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.localplatform.engines.protocol import EventType
from reconciler.localplatform.work import Cause, Status

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from reconciler.localplatform.database import Database
    from reconciler.localplatform.engines.protocol import Event

ACTIVE = tuple(status for status in Status if not status.ended)


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run. `sequence` is that of the last event taken in; `snapshot` is the engine's last word as JSON, or "" while
    it has not ended. Times are UNIX seconds.
    """

    id: str
    platform: str
    kind: str
    engine: str
    state: Status
    created: float
    cause: Cause = Cause.NONE
    message: str = ""
    sequence: int = 0
    snapshot: str = ""
    started: float | None = None
    finished: float | None = None


@dataclass(frozen=True, slots=True)
class EventRow:
    """One thing that happened to a run; `number` is the instance, None for the task or the run itself."""

    run: str
    sequence: int
    task: str
    number: int | None
    type: EventType
    message: str
    warning: bool
    at: float


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement of one instance. `metric` names it, `at` is UNIX seconds."""

    run: str
    task: str
    number: int
    metric: str
    at: float
    value: float


class History:
    """Rows of runs, events and measurements. Thread safe."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, row: RunRow) -> None:
        """Remembers a new run."""
        self._database.execute(
            "INSERT INTO runs (id, platform, kind, engine, state, created, started, finished, message)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                row.id,
                row.platform,
                row.kind,
                row.engine,
                row.state,
                row.created,
                row.started,
                row.finished,
                row.message,
            ),
        )

    def get(self, run: str) -> RunRow | None:
        """The run, or None."""
        row = self._database.row("SELECT * FROM runs WHERE id = ?", (run,))
        return _run(row) if row else None

    def several(self, runs: Sequence[str]) -> dict[str, RunRow]:
        """Those of the runs that are known, by id."""
        marks = ", ".join("?" * len(runs))
        rows = self._database.rows(f"SELECT * FROM runs WHERE id IN ({marks})", runs)  # noqa: S608 - question marks
        return {row["id"]: _run(row) for row in rows}

    def active(self) -> tuple[RunRow, ...]:
        """Every run that has not ended, oldest first."""
        marks = ", ".join("?" * len(ACTIVE))
        rows = self._database.rows(f"SELECT * FROM runs WHERE state IN ({marks}) ORDER BY created, id", ACTIVE)  # noqa: S608
        return tuple(map(_run, rows))

    def counts(self) -> dict[tuple[str, str, str], int]:
        """How many runs there are by platform, engine and state."""
        rows = self._database.rows("SELECT platform, engine, state, COUNT(*) AS n FROM runs GROUP BY 1, 2, 3")
        return {(row["platform"], row["engine"], row["state"]): int(row["n"]) for row in rows}

    def identifiers(self) -> frozenset[str]:
        """The ids of all runs."""
        return frozenset(row["id"] for row in self._database.rows("SELECT id FROM runs"))

    def take(self, events: Sequence[Event]) -> frozenset[str]:
        """Takes in what an engine tells, each event once and in order. The runs that ended by it."""
        ended = set()
        with self._database.transaction():
            for event in events:
                row = self._database.row("SELECT sequence FROM runs WHERE id = ?", (event.run_id,))
                if row is not None and event.sequence == row["sequence"] + 1:
                    self._write(event)
                    if not event.task and event.status is not None and event.status.ended:
                        ended.add(event.run_id)
        return frozenset(ended)

    def _write(self, event: Event) -> None:
        self._database.execute(
            "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                event.run_id,
                event.sequence,
                event.task,
                event.index,
                event.type,
                event.message,
                event.warning,
                event.at,
            ),
        )
        self._database.execute("UPDATE runs SET sequence = ? WHERE id = ?", (event.sequence, event.run_id))
        if not event.task:
            self._move(event)

    def _move(self, event: Event) -> None:
        """An event about the run as a whole."""
        if event.status is not None:
            finished = event.at if event.status.ended else None
            self._database.execute(
                "UPDATE runs SET state = ?, cause = ?, message = ?, finished = ? WHERE id = ?",
                (event.status, event.cause, event.message, finished, event.run_id),
            )
        if event.type is EventType.STARTED:
            self._database.execute("UPDATE runs SET started = ? WHERE id = ?", (event.at, event.run_id))
        if event.type is EventType.RETRIED:
            self._database.execute("UPDATE runs SET started = NULL WHERE id = ?", (event.run_id,))

    def keep(self, run: str, snapshot: str) -> None:
        """Remembers the engine's last word on a run, as JSON."""
        self._database.execute("UPDATE runs SET snapshot = ? WHERE id = ?", (snapshot, run))

    def lose(self, run: str, message: str, now: float) -> None:
        """Ends a run nobody can account for."""
        self._database.execute(
            "UPDATE runs SET state = ?, cause = ?, message = ?, finished = ? WHERE id = ?",
            (Status.FAILED, Cause.LOST, message, now, run),
        )

    def events(self, run: str, *, task: str | None = None, number: int | None = None) -> tuple[EventRow, ...]:
        """What happened, oldest first: of the whole run, of one task, or of one instance of it."""
        sql, values = "SELECT * FROM events WHERE run = ?", [run]
        if task is not None:
            sql, values = sql + " AND task = ?", [*values, task]
        if number is not None:
            sql, values = sql + " AND number = ?", [*values, str(number)]
        return tuple(map(_event, self._database.rows(sql + " ORDER BY sequence", values)))

    def measure(self, samples: Sequence[Sample]) -> None:
        """Remembers measurements."""
        rows = [(s.run, s.task, s.number, s.metric, s.at, s.value) for s in samples]
        self._database.execute_many("INSERT OR REPLACE INTO samples VALUES (?, ?, ?, ?, ?, ?)", rows)

    def measured(self, run: str, task: str, number: int, metric: str) -> tuple[Sample, ...]:
        """The measurements of one instance, oldest first."""
        rows = self._database.rows(
            "SELECT * FROM samples WHERE run = ? AND task = ? AND number = ? AND metric = ? ORDER BY at",
            (run, task, number, metric),
        )
        return tuple(Sample(run, task, number, metric, row["at"], row["value"]) for row in rows)

    def forget(self, run: str) -> None:
        """Drops a run with all that is known about it."""
        with self._database.transaction():
            self._database.execute("DELETE FROM runs WHERE id = ?", (run,))
            for table in ("events", "samples"):
                self._database.execute(f"DELETE FROM {table} WHERE run = ?", (run,))  # noqa: S608 - our own tables


def _run(row: sqlite3.Row) -> RunRow:
    return RunRow(
        id=row["id"],
        platform=row["platform"],
        kind=row["kind"],
        engine=row["engine"],
        state=Status(row["state"]),
        created=row["created"],
        cause=Cause(row["cause"]),
        message=row["message"],
        sequence=row["sequence"],
        snapshot=row["snapshot"],
        started=row["started"],
        finished=row["finished"],
    )


def _event(row: sqlite3.Row) -> EventRow:
    return EventRow(
        run=row["run"],
        sequence=row["sequence"],
        task=row["task"],
        number=row["number"],
        type=EventType(row["type"]),
        message=row["message"],
        warning=bool(row["warning"]),
        at=row["at"],
    )
