"""The tasks of a workflow as a graph: which task waits for the outputs of which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.providers.ai4s.meaning.wiring import waits_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.manifest import Spec


def tasks(kind: str, spec: Spec) -> dict[str, tuple[str, ...]]:
    """The tasks of a workflow in the author's order, each with those it waits for; none for the other kinds."""
    if kind != "Workflow":
        return {}
    listed: list[dict[str, Any]] = spec.get("tasks") or []
    return {str(task["task_name"]): waits_for(_values(task)) for task in listed}


def _values(task: Mapping[str, Any]) -> dict[str, list[str]]:
    return {str(each["name"]): [str(value) for value in each.get("values") or []] for each in task.get("inputs") or []}
