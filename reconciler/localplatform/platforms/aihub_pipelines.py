"""The pipelines of the local platform. On the real one they are drawn in the web console; no operation makes one."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FETCH = """\
python3 - <<'PROGRAM'
import os, pathlib, urllib.request
with urllib.request.urlopen(os.environ["PARAM_TABLE"], timeout=30) as answer:
    table = answer.read()
pathlib.Path(os.environ["PIPELINE_DIR"], "table.csv").write_bytes(table)
print("fetched", len(table), "bytes")
PROGRAM"""
_COUNT = """\
python3 - <<'PROGRAM'
import csv, os, pathlib
with pathlib.Path(os.environ["PIPELINE_DIR"], "table.csv").open(newline="") as file:
    rows = list(csv.reader(file))
print(len(rows) - 1, "rows of", ", ".join(rows[0]))
PROGRAM"""


class Node(NamedTuple):
    """One task of a pipeline: its script and the nodes before it."""

    name: str
    lines: tuple[str, ...]
    after: tuple[str, ...] = ()


class Version(NamedTuple):
    """One version of a pipeline."""

    name: str
    nodes: tuple[Node, ...]


_COUNT_ROWS = (Node("fetch", (_FETCH,)), Node("count", (_COUNT,), ("fetch",)))
_GREET = (Node("greet", ('echo "hello $PARAM_NAME"',)), Node("rest", ('sleep "${PARAM_SECONDS:-0}"',), ("greet",)))
PIPELINES: dict[int, tuple[str, dict[int, Version]]] = {
    1: ("count-rows", {1: Version("v1", _COUNT_ROWS)}),
    2: ("greeting", {2: Version("v1", _GREET[:1]), 3: Version("v2", _GREET)}),
}
"""By id: the name and the versions by theirs. `count-rows` fetches the table at its param `table` and counts its rows;
`greeting` says hello to its param `name`, and from its second version on rests for as many `seconds`."""


def nodes_of(pipeline: int, version: int) -> tuple[Node, ...]:
    """The nodes of a version. Raises KeyError."""
    return PIPELINES[pipeline][1][version].nodes


def variables_of(params: Any) -> dict[str, str]:  # noqa: ANN401 - any JSON value
    """`PARAM_<NAME>` of each param with a `name` and a `value`. What the items of params look like is lost in the
    document, so anything else is kept and not acted on.
    """
    found = {}
    for each in params if isinstance(params, list) else ():
        name = each.get("name") if isinstance(each, dict) else None
        if isinstance(name, str) and _VARIABLE.fullmatch(name) and isinstance(each.get("value"), str | int | float):
            found[f"PARAM_{name.upper()}"] = str(each["value"]).replace("\0", "")
    return found
