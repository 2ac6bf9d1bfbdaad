"""Small apps and workflows that many tests use."""

from __future__ import annotations

from typing import Any

APP: dict[str, Any] = {
    "name": "copy",
    "version": "1",
    "image": "demo/busybox:1",
    "commands": ['echo "${word}" from "${in}"', 'echo "${word}" > "${out}/${word}.txt"'],
    "resources": {"cpu": "0.5C", "memory": "0.5G"},
    "inputs": [
        {"name": "in", "type": "DIRECTORY", "required": False},
        {"name": "word", "type": "STRING", "required": True, "concurrent": "vars_iter", "values": ["hello"]},
    ],
    "outputs": [{"name": "out", "type": "DIRECTORY", "required": True, "values": ["demo:/results"]}],
}
"""Says a word, once for each value of `word`, and leaves a file for each."""


def workflow_of(*tasks: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The create body of a workflow `flow` 1."""
    return {"name": "flow", "version": "1", "tasks": list(tasks), **members}


def job_of(**members: Any) -> dict[str, Any]:
    """The create body of a job of that workflow."""
    return {"name": "run", "tool_id": "flow::1::demo", "tool_type": "workflow", **members}


def app_running(*commands: str, **members: Any) -> dict[str, Any]:
    """An app `script` 1 without parameters that runs these lines."""
    return {"name": "script", "version": "1", "image": "demo/busybox:1", "commands": list(commands), **members}


ONE_SCRIPT = workflow_of({"task_name": "only", "app_id": "script::1"})
"""The workflow of one task that runs `app_running`."""
