"""Whether the apps and workflows that are referred to are in their space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.providers.ai4s.foreseen.world import unknown_space
from reconciler.providers.ai4s.meaning.findings import Site, closest
from reconciler.providers.ai4s.shapes import imported

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.manifest import Manifest
    from reconciler.providers.ai4s.foreseen.world import World

_PARTS = (2, 3)


def apps_of_workflow(workflow: Manifest, world: World) -> Iterator[Diagnostic]:
    """The platform refuses a workflow whose app it does not find."""
    for index, task in enumerate(workflow.spec.get("tasks") or ()):
        yield from _reference(workflow, "App", str(task.get("app_id") or ""), f"/tasks/{index}/app_id", world)


def tool_of_job(job: Manifest, world: World) -> Iterator[Diagnostic]:
    """The platform refuses a job whose workflow it does not find."""
    kind = "App" if job.spec.get("tool_type") == "app" else "Workflow"
    yield from _reference(job, kind, str(job.spec.get("tool_id") or ""), "/tool_id", world)


def source(tool: Manifest, world: World) -> Iterator[Diagnostic]:
    """What an app or workflow is to be imported from."""
    origin = tool.spec.get("from")
    if not origin:
        return
    yield from unknown_space(tool, world)
    kind, (name, _, version) = tool.address.kind, tool.address.name.rpartition("@")
    wanted = f"{origin.get('name') or name}@{origin.get('version') or version}"
    rows = world.listed(origin["space"], f"{kind.lower()}s")
    if rows is None or world.made(kind, origin["space"], wanted):
        return
    found = next((row for row in rows if _name(row) == wanted), None)
    if found is None:
        message = f"the space {origin['space']} has no {kind.lower()} {wanted}"
        yield Site(tool.address).error(f"preflight.no-{kind.lower()}", "/from", message, _near(wanted, rows))
    elif imported(found, origin["space"]):
        message = f"{wanted} of {origin['space']} is itself imported, and cannot be imported"
        hint = f"import it from {found.get('source_project_name')}"
        yield Site(tool.address).error("preflight.not-importable", "/from", message, hint)


def _reference(manifest: Manifest, kind: str, text: str, pointer: str, world: World) -> Iterator[Diagnostic]:
    scope, parts = manifest.address.scope, text.split("::")
    rows = world.listed(scope, f"{kind.lower()}s")
    if not text or "$[[" in text or rows is None:
        return
    if len(parts) not in _PARTS:
        if any(str(row["id"]) == text for row in rows):
            return
        message = f"the space {scope} has no {kind.lower()} with the id {text}"
        yield Site(manifest.address).error(f"preflight.no-{kind.lower()}", pointer, message, "name it: name::version")
        return
    wanted, origin = f"{parts[0]}@{parts[1]}", parts[2] if parts[2:] and parts[2] else scope
    if world.made(kind, scope, wanted) or any(_name(row) == wanted and _comes_from(row, origin, scope) for row in rows):
        return
    place = f"the space {scope} has no {kind.lower()} {parts[0]} {parts[1]}"
    message = place if origin == scope else f"{place} that comes from {origin}"
    yield Site(manifest.address).error(f"preflight.no-{kind.lower()}", pointer, message, _near(wanted, rows))


def _comes_from(row: dict[str, Any], origin: str, scope: str) -> bool:
    return (row.get("source_project_name") or scope) == origin


def _name(row: dict[str, Any]) -> str:
    return f"{row.get('name')}@{row.get('version')}"


def _near(wanted: str, rows: list[dict[str, Any]]) -> str:
    name, known = wanted.rpartition("@")[0], [_name(row) for row in rows]
    if versions := sorted(one.rpartition("@")[2] for one in known if one.rpartition("@")[0] == name):
        return f"its versions are {', '.join(versions)}"
    near = closest(wanted, known)
    return f"did you mean {near.replace('@', '::')!r}?" if near else "make it first, or declare it here"
