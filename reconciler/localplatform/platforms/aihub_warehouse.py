"""The data warehouse: a real SQLite file with metadata of pictures, and feature libraries to look pictures up in.

The file lies in the data folder, so that a person may put tables of his own into it. Searches only read: whatever
would write, attach or load is refused by the database itself, and one that takes too long is ended.
"""

from __future__ import annotations

import csv
import io
import sqlite3
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.localplatform.data import DataFolder

AREA = "warehouse"
LIBRARIES = {1: "street-objects"}
_FILE = "warehouse.sqlite3"
_MOST_ROWS = 100_000
_LOOK_EVERY = 20_000
"""Steps of the database between two looks at the clock."""
_ALLOWED = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE})
_LABELS = ("car", "bicycle", "person", "dog", "tree", "bus")
_SIZES = ((640, 480), (800, 600), (1024, 768), (1280, 720), (1920, 1080), (2560, 1440))
_PICTURES = 48


class SearchFailed(Exception):
    """The search can be told to nobody; the text says why."""


@dataclass(frozen=True, slots=True)
class Table:
    """What a search found."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    @property
    def csv(self) -> str:
        """The file of it."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return out.getvalue()


def select(data: DataFolder, sql: str, *, seconds: float = 10.0) -> Table:
    """What one statement finds, within so many seconds. Raises SearchFailed."""
    until = time.monotonic() + seconds
    connection = sqlite3.connect(f"{_file(data).as_uri()}?mode=ro", uri=True)
    try:
        connection.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY)
        connection.set_progress_handler(lambda: time.monotonic() > until, _LOOK_EVERY)
        found = connection.execute(sql)
        rows = found.fetchmany(_MOST_ROWS)
        if found.description is None:
            raise SearchFailed("the statement finds nothing: begin it with SELECT")
        return Table(tuple(column[0] for column in found.description), rows)
    except (sqlite3.Error, sqlite3.Warning, ValueError, UnicodeError) as error:
        raise SearchFailed(str(error)) from error
    finally:
        connection.close()


def alike(data: DataFolder, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The `top_k` pictures nearest to what is asked for, best first. Raises SearchFailed.

    There is no model here: nearness is how many words of the question stand in the name or the label, then the order
    of the names, which is the same every time.
    """
    if body["feature_lib_id"] not in LIBRARIES:
        raise SearchFailed(f"there is no feature library {body['feature_lib_id']}")
    asked = body.get("keywords") or " ".join(image["url"] for image in body.get("images", ()))
    words = {word for word in asked.lower().replace("/", " ").replace(".", " ").replace("-", " ").split() if word}
    scored = []
    for object_name, label, width, height in select(data, "SELECT object_name, label, width, height FROM meta").rows:
        parts = {label, *object_name.lower().replace("/", " ").replace(".", " ").replace("-", " ").split()}
        score = len(words & parts) / max(len(words), 1)
        box = [0, 0, width // 2, height // 2]
        scored.append({"image_url": f"s3://pictures/{object_name}", "label": label, "score": score, "box": box})
    scored.sort(key=lambda row: (-row["score"], row["image_url"]))
    return scored[: body["top_k"]]


def table_of(rows: list[dict[str, Any]]) -> Table:
    """The file of what a search for pictures found."""
    columns = ("image_url", "label", "score", "box")
    return Table(columns, [tuple(str(row[column]) for column in columns) for row in rows])


def _file(data: DataFolder) -> Path:
    """The database, made at first use."""
    file = data.area(AREA) / _FILE
    if not file.exists():
        making = file.with_name(f"{file.name}.{time.monotonic_ns()}")
        connection = sqlite3.connect(making)
        with connection:
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(
                "CREATE TABLE meta (object_name TEXT, label TEXT, width INTEGER, height INTEGER, bytes INTEGER)"
            )
            connection.executemany("INSERT INTO meta VALUES (?, ?, ?, ?, ?)", map(_picture, range(_PICTURES)))
        connection.close()
        making.replace(file)
    return file


def _picture(number: int) -> tuple[str, str, int, int, int]:
    label, (width, height) = _LABELS[number % len(_LABELS)], _SIZES[(number * 5) // 3 % len(_SIZES)]
    return f"street/{label}-{number:03}.jpg", label, width, height, width * height // 9 + number
