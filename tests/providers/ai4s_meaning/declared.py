"""Manifests by hand, for the meaning checks: as short as a test wants them."""

from __future__ import annotations

from typing import Any

from reconciler.model.address import Address
from reconciler.model.diagnostic import Diagnostic, Source
from reconciler.model.manifest import Manifest
from reconciler.providers.ai4s.meaning import check

TARGET, SPACE = "dev", "lab"


def manifest(kind: str, name: str, spec: dict[str, Any], *, scope: str = SPACE, target: str = TARGET) -> Manifest:
    """A manifest at `target/kind/scope/name`."""
    address = Address(target, kind, scope, name)
    return Manifest(address, "ai4s", spec, Source(f"{kind.lower()}s/{name}.yaml"))


def app(
    name: str = "align", version: str = "1.0.0", *, scope: str = SPACE, target: str = TARGET, **spec: Any
) -> Manifest:
    """An app. Without more: no parameters."""
    whole = {"name": name, "version": version, "image": "lab/tool:1", "commands": ["true"], **spec}
    return manifest("App", f"{name}@{version}", whole, scope=scope, target=target)


def workflow(*tasks: Any, name: str = "flow", version: str = "1.0.0", scope: str = SPACE, **spec: Any) -> Manifest:
    """A workflow of the given tasks."""
    whole = {"name": name, "version": version, "tasks": list(tasks), **spec}
    return manifest("Workflow", f"{name}@{version}", whole, scope=scope)


def job(*tasks: Any, name: str = "run", runs: str = "flow::1.0.0", scope: str = SPACE, **spec: Any) -> Manifest:
    """A job of the workflow `runs`, with the given overrides."""
    whole = {"name": name, "tool_id": runs, "tool_type": "workflow", "tasks": list(tasks), **spec}
    return manifest("Job", name, whole, scope=scope)


def task(name: str, app_id: str = "", outputs: dict[str, list[Any]] | None = None, **fields: Any) -> dict[str, Any]:
    """An entry of `tasks`; `inputs` is a mapping from name to values."""
    found: dict[str, Any] = {"task_name": name, **fields}
    if app_id:
        found["app_id"] = app_id
    for key, values in (("inputs", fields.get("inputs")), ("outputs", outputs)):
        if values is not None:
            found[key] = [{"name": k, "values": v} for k, v in values.items()]
    return found


def given(name: str, kind: str = "STRING", **fields: Any) -> dict[str, Any]:
    """An input or output of an app."""
    return {"name": name, "type": kind, "required": False, **fields}


def found(*manifests: Manifest) -> list[tuple[str, str, str]]:
    """What the checks find, as sorted (code, Kind, pointer)."""
    return sorted((d.code, d.address.kind if d.address else "", d.pointer) for d in findings(*manifests))


def findings(*manifests: Manifest) -> list[Diagnostic]:
    """What the checks find."""
    return list(check(manifests))


READS = app(
    "trim",
    inputs=[given("reads", "FILE", required=True)],
    outputs=[given("clean", "FILE"), given("logs", "DIRECTORY")],
)
"""An app with one required FILE input, a FILE output and a DIRECTORY output."""

ALIGN = app(
    "align",
    inputs=[
        given("reads", "FILE", required=True),
        given("mode", "ENUM", enum=["fast", "exact"], values=["fast"]),
        given("threads"),
        given("seed", concurrent="vars_iter"),
        given("index", "DIRECTORY"),
    ],
    outputs=[given("bam", "FILE")],
    resources={"cpu": "2C", "gpu_type": "Snt9", "gpu": "2"},
)
"""An app with an input of every type, one of them concurrent."""
