"""Tables that come as CSV text, as rows of one length."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CsvTable:
    """The first row as `headers`, which are all different, and the rest as `rows`, each as long as `headers`."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def read_csv(text: str) -> CsvTable:
    """The table in `text`. Short rows are filled up and long ones cut; a second column of one name gets a number."""
    lines = [row for row in csv.reader(io.StringIO(text.replace("\0", ""))) if row]
    if not lines:
        return CsvTable((), ())
    headers: list[str] = []
    for position, name in enumerate(lines[0], start=1):
        headers.append(name if name and name not in headers else f"{name or 'column'}-{position}")
    width = len(headers)
    return CsvTable(tuple(headers), tuple(tuple((row + [""] * width)[:width]) for row in lines[1:]))
