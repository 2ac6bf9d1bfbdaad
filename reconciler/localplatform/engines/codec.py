"""Runs and events as JSON, for an engine's own folder. The inverse functions give equal values back."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from typing import Any

from reconciler.localplatform.engines.protocol import Event, EventType
from reconciler.localplatform.work import (
    Cause,
    File,
    Instance,
    Limits,
    Program,
    Restart,
    Run,
    Script,
    Size,
    Status,
    Task,
    Together,
)

VERSION = 1
_EVENT_DEFAULTS = asdict(Event("", 0, 0.0, EventType.SUBMITTED))


def run_to_json(run: Run) -> str:
    """One line. Holds what the instances' environments hold: secrets included."""
    return json.dumps(
        {
            "version": VERSION,
            "id": run.id,
            "name": run.name,
            "priority": run.priority,
            "timeout": run.timeout,
            "labels": dict(run.labels),
            "tasks": [_task_to_json(task) for task in run.tasks],
        }
    )


def run_from_json(text: str) -> Run:
    """Raises ValueError when it is not a run of a version we know."""
    try:
        data = json.loads(text)
        if data["version"] != VERSION:
            message = f"a run of version {data['version']!r}, want {VERSION}"
            raise ValueError(message)
        return Run(
            id=data["id"],
            tasks=tuple(_task_from_json(task) for task in data["tasks"]),
            name=data["name"],
            priority=data["priority"],
            timeout=data["timeout"],
            labels=data["labels"],
        )
    except (KeyError, TypeError) as error:
        message = f"not a run: {error!r}"
        raise ValueError(message) from error


def event_to_json(event: Event) -> str:
    """One line; members at their defaults are left out."""
    return json.dumps({name: value for name, value in asdict(event).items() if value != _EVENT_DEFAULTS[name]})


def event_from_json(line: str) -> Event:
    """Raises ValueError when the line is not an event, as a torn last line is not."""
    try:
        data = {**_EVENT_DEFAULTS, **json.loads(line)}
        data["type"] = EventType(data["type"])
        data["cause"] = Cause(data["cause"])
        data["status"] = None if data["status"] is None else Status(data["status"])
        return Event(**data)
    except TypeError as error:
        message = f"not an event: {error}"
        raise ValueError(message) from error


def _task_to_json(task: Task) -> dict[str, Any]:
    return {
        "name": task.name,
        "needs": list(task.needs),
        "together": task.together,
        "restart": {"limit": task.restart.limit, "exit_codes": sorted(task.restart.exit_codes)},
        "timeout": task.timeout,
        "ports": list(task.ports),
        "decided_by": list(task.decided_by),
        "nodes": list(task.nodes),
        "instances": [_instance_to_json(instance) for instance in task.instances],
    }


def _task_from_json(data: dict[str, Any]) -> Task:
    return Task(
        name=data["name"],
        instances=tuple(_instance_from_json(instance) for instance in data["instances"]),
        needs=tuple(data["needs"]),
        together=Together(data["together"]),
        restart=Restart(data["restart"]["limit"], frozenset(data["restart"]["exit_codes"])),
        timeout=data["timeout"],
        ports=tuple(data["ports"]),
        decided_by=tuple(data["decided_by"]),
        nodes=tuple(data.get("nodes", ())),
    )


def _instance_to_json(instance: Instance) -> dict[str, Any]:
    command = instance.command
    return {
        "script": list(command.lines) if isinstance(command, Script) else None,
        "stop_at_failure": command.stop_at_failure if isinstance(command, Script) else None,
        "argv": list(command.argv) if isinstance(command, Program) else None,
        "environment": dict(instance.environment),
        "directory": instance.directory,
        "inputs": list(instance.inputs),
        "outputs": list(instance.outputs),
        "files": [file_to_json(file) for file in instance.files],
        "limits": _limits_to_json(instance.limits),
        "name": instance.name,
        "image": instance.image,
        "requested": None if instance.requested is None else _limits_to_json(instance.requested),
        "size": None if instance.size is None else [instance.size.name, instance.size.count],
    }


def _instance_from_json(data: dict[str, Any]) -> Instance:
    script = data["script"]
    return Instance(
        command=Program(tuple(data["argv"])) if script is None else Script(tuple(script), data["stop_at_failure"]),
        environment=data["environment"],
        directory=data["directory"],
        inputs=tuple(data["inputs"]),
        outputs=tuple(data["outputs"]),
        files=tuple(
            File(file["path"], base64.b64decode(file["content"]), file["executable"]) for file in data["files"]
        ),
        limits=Limits(*data["limits"]),
        name=data["name"],
        image=data["image"],
        requested=None if data.get("requested") is None else Limits(*data["requested"]),
        size=None if data.get("size") is None else Size(*data["size"]),
    )


def _limits_to_json(limits: Limits) -> list[float | bool]:
    return [limits.cpu, limits.memory, limits.gpu, limits.whole]


def file_to_json(file: File) -> dict[str, Any]:
    """The content as base64."""
    return {"path": file.path, "content": base64.b64encode(file.content).decode(), "executable": file.executable}
