"""What the legacy API tells of a version besides its output: measurements, which come inside of its record
(contract, section 4.6). Events and links it has none.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reconciler.providers.facilities import Series
from reconciler.providers.modelarts.place import part, whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MINUTE = 60.0


def measurements(row: Mapping[str, Any], now: float, minutes: int) -> Iterator[Series]:
    """What the version used, of the last `minutes`, and what its model was found to be worth. The platform tells values
    in even distances, newest last, without their times.
    """
    used = _object(row.get("system_metric_list"))
    distance = whole(used.get("interval")) or 1
    for name in sorted(used):
        values = _numbers(used[name])[-max(minutes // distance, 1) :]
        if values:
            last = len(values) - 1
            points = ((now - _MINUTE * distance * (last - index), value) for index, value in enumerate(values))
            yield Series(name, "", tuple(points), "worker")
    worth = part(part(_object(row.get("model_metric_list")), "total_metric"), "total_metric_values")
    for name in sorted(worth):
        for value in _numbers([worth[name]]):
            yield Series(name, "", ((now, value),), "model")


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401 - an object, or the text of one (trap 10)
    if isinstance(value, str) and value:
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}


def _numbers(values: Any) -> list[float]:  # noqa: ANN401 - any JSON value
    found = []
    for value in values if isinstance(values, list) else []:
        try:
            found.append(float(value))
        except (TypeError, ValueError):
            return []
    return found
