"""From what AI4S answers to what a manifest says (ai4s contract, traps 2, 3, 6 to 9).

The platform reads back another shape than it takes: nested `app_info`, `tool_info` and `io_acc_info` for references,
numbers for texts, and much that only it knows. Here the references become the text an author writes, what only the
platform knows goes, and what it does not echo stays absent: nothing is filled in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.providers.ai4s.marks import without_mark

if TYPE_CHECKING:
    from collections.abc import Mapping

_APP = (
    "name", "version", "summary", "description", "labels", "image", "commands", "resources", "inputs", "outputs",
    "node_labels", "icon",
)  # fmt: skip
_WORKFLOW = ("name", "version", "summary", "description", "labels", "timeout", "output_dir")
_WORKFLOW_TASK = ("task_name", "display_name", "output_dir", "resources", "inputs", "outputs", "location")
_JOB = (
    "name", "description", "labels", "priority", "timeout", "output_dir", "io_acc_id", "io_acc_expected_usage",
    "node_labels",
)  # fmt: skip
_JOB_TASK = ("task_name", "inputs", "outputs", "output_dir", "resources", "io_acc_type")


def app_spec(shown: Mapping[str, Any]) -> dict[str, Any]:
    """An app as its manifest says it."""
    return _with_texts(_only(without_mark(shown), _APP))


def workflow_spec(shown: Mapping[str, Any], scope: str) -> dict[str, Any]:
    """A workflow as its manifest says it. `scope` is the space it was read from: an app without a source space of its
    own comes from there.
    """
    spec = _only(without_mark(shown), _WORKFLOW)
    if isinstance(shown.get("tasks"), list):
        spec["tasks"] = [_workflow_task(task, scope) for task in shown["tasks"]]
    return spec


def job_spec(shown: Mapping[str, Any], scope: str) -> dict[str, Any]:
    """A job as its manifest says it. Its tasks come back flattened, all of them, with what they inherited."""
    spec = _only(without_mark(shown), _JOB)
    tool = _object(shown.get("tool_info"))
    if tool.get("tool_id") or tool.get("tool_name"):
        spec["tool_id"] = reference(tool.get("tool_name"), tool.get("tool_version"), scope) or tool["tool_id"]
    if tool.get("tool_type"):
        spec["tool_type"] = tool["tool_type"]
    acceleration = _object(shown.get("io_acc_info")).get("id")
    if acceleration is not None:
        spec["io_acc_id"] = acceleration
    if isinstance(shown.get("tasks"), list):
        spec["tasks"] = [_with_texts(_only(task, _JOB_TASK)) for task in shown["tasks"]]
    return spec


def reference(name: object, version: object, scope: object) -> str:
    """`name::version::space`, the text that survives the object's id; "" when the platform does not say it all."""
    return f"{name}::{version}::{scope}" if name and version and scope else ""


def imported(item: Mapping[str, Any], scope: str) -> bool:
    """Whether an app, workflow or image that the space `scope` shows is a link to another space's."""
    return bool(item.get("source_resource_id")) and item.get("source_project_name") not in {None, "", scope}


def without_nulls(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A copy without members that are null: the platform knows absent and empty, and never null."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def _workflow_task(task: Mapping[str, Any], scope: str) -> dict[str, Any]:
    shown = _with_texts(_only(task, _WORKFLOW_TASK))
    app = _object(task.get("app_info"))
    source = app.get("app_src_project_name") or scope
    app_id = reference(app.get("app_name"), app.get("app_version"), source) or app.get("app_id") or task.get("app_id")
    return {**shown, "app_id": app_id} if app_id else shown


def _only(item: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: without_nulls(item[key]) for key in keys if item.get(key) is not None}


def _with_texts(spec: dict[str, Any]) -> dict[str, Any]:
    """Quantities as the texts they are declared as: the platform sometimes answers `gpu: 0` for `"0"`."""
    resources = spec.get("resources")
    if not isinstance(resources, dict):
        return spec
    texts = {key: str(value) if isinstance(value, int | float) else value for key, value in resources.items()}
    return {**spec, "resources": texts}


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, dict) else {}
