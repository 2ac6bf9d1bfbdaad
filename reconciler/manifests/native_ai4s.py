"""AI4S: what `ai4s get <kind> -s` prints and `ai4s create <kind> -y` takes (platform contract, section 13).

Two generations of templates are in use. The older ones call a task's `display_name` just `name` and know `license`;
exported files carry `id`, empty values, and for jobs both `workflow_id` and `tool_id`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reconciler.manifests.findings import Finding
from reconciler.model.diagnostic import Severity
from reconciler.model.unsound import PartialList, like, member, members

if TYPE_CHECKING:
    from collections.abc import Mapping

    Body = Mapping[str, Any]
    Outcome = tuple[dict[str, Any], dict[str, str], tuple[Finding, ...]]


def _app(body: Body) -> Outcome:
    spec = {key: value for key, value in members(body) if key not in {"id", "license"}}
    return like(body, spec), {}, (*_identifier(body), *_license(body))


def _workflow(body: Body) -> Outcome:
    spec, pointers, findings = _app(body)
    if isinstance(body["tasks"], PartialList):
        return spec, pointers, findings
    spec["tasks"] = [_task(task, f"/tasks/{index}", pointers) for index, task in enumerate(body["tasks"])]
    clashes = (
        Finding(
            "native.conflict",
            "`name` and `display_name` of the task differ",
            "they are two words for one field; keep `display_name`",
            f"/tasks/{index}/name",
        )
        for index, task in enumerate(body["tasks"])
        if _differ(member(task, "name"), member(task, "display_name"))
    )
    return spec, pointers, (*findings, *clashes)


def _task(task: Body, pointer: str, pointers: dict[str, str]) -> dict[str, Any]:
    spec = {key: value for key, value in members(task) if key != "name"}
    if member(task, "name") and not member(task, "display_name"):
        spec["display_name"] = task["name"]
        pointers[f"{pointer}/display_name"] = f"{pointer}/name"
    return like(task, spec)


def _job(body: Body) -> Outcome:
    words = {"id", "workflow_id", "tool_id", "tool_type"}
    spec = {key: value for key, value in members(body) if key not in words}
    workflow, tool = body.get("workflow_id"), body.get("tool_id")
    kind = body.get("tool_type") or "workflow"
    spec |= {"tool_id": workflow or tool, "tool_type": kind}
    pointers = {}
    if workflow:
        pointers["/tool_id"] = "/workflow_id"
    if not body.get("tool_type"):
        pointers["/tool_type"] = "/workflow_id" if workflow else "/tool_id"
    return like(body, spec), pointers, (*_exported(body), *_tool(workflow, tool, kind))


def _tool(workflow: str | None, tool: str | None, kind: str) -> tuple[Finding, ...]:
    if not workflow and not tool:
        hint = "name the workflow in `workflow_id`, as name::version"
        return (Finding("native.conflict", "`workflow_id` and `tool_id` are both empty", hint),)
    if workflow and kind == "app":
        hint = "name the app in `tool_id`, or leave `tool_type` out"
        return (Finding("native.conflict", "`workflow_id` does not go with `tool_type: app`", hint, "/workflow_id"),)
    if _differ(workflow, tool):
        hint = "they name the same thing; keep `workflow_id`"
        return (Finding("native.conflict", "`workflow_id` and `tool_id` differ", hint, "/tool_id"),)
    return ()


def _differ(one: str | None, other: str | None) -> bool:
    return bool(one) and bool(other) and one != other


def _identifier(body: Body) -> tuple[Finding, ...]:
    if not member(body, "id"):
        return ()
    message = "`id` is not used: the platform gives identifiers, and this program finds things by name and version"
    return (_note("native.ignored", message, "leave it empty or remove it", "/id"),)


def _exported(body: Body) -> tuple[Finding, ...]:
    if not member(body, "id"):
        return ()
    message = "`id` is not used: it belongs to the run this file was exported from"
    return (_note("native.ignored", message, "remove it", "/id"),)


def _license(body: Body) -> tuple[Finding, ...]:
    if not member(body, "license"):
        return ()
    message = "`license` has no counterpart in the platform's API and is not sent"
    return (_note("native.ignored", message, "put it into the description to have it on the platform", "/license"),)


def _note(code: str, message: str, hint: str, pointer: str) -> Finding:
    return Finding(code, message, hint, pointer, on_key=True, severity=Severity.NOTE)


TRANSLATIONS: Final = {("ai4s", "App"): _app, ("ai4s", "Workflow"): _workflow, ("ai4s", "Job"): _job}
