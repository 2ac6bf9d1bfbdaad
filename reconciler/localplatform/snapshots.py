"""What an engine last said about a run, as text, so that it outlives an engine that forgets."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from reconciler.localplatform.engines.protocol import InstanceSnapshot, RunSnapshot, TaskSnapshot
from reconciler.localplatform.work import Cause, Status


def snapshot_to_text(snapshot: RunSnapshot) -> str:
    """JSON; `snapshot_from_text` is its inverse."""
    return json.dumps(asdict(snapshot))


def snapshot_from_text(text: str) -> RunSnapshot:
    """The inverse of `snapshot_to_text`. Raises ValueError or KeyError when `text` is something else."""
    value = json.loads(text)
    tasks = tuple(_task(task) for task in value.pop("tasks"))
    return RunSnapshot(**_words(value), tasks=tasks)


def _task(value: dict[str, Any]) -> TaskSnapshot:
    instances = tuple(InstanceSnapshot(**_words(instance)) for instance in value.pop("instances"))
    return TaskSnapshot(**_words(value), instances=instances)


def _words(value: dict[str, Any]) -> dict[str, Any]:
    return {**value, "status": Status(value["status"]), "cause": Cause(value["cause"])}
