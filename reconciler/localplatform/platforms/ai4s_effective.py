"""What a job really asks for: its own values over the workflow's over the app's (9.1), field by field.

The result is stored with the job, flat: it stays what it is when workflows and apps move on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Refusal
from reconciler.localplatform.platforms import ai4s_checks as checks
from reconciler.localplatform.platforms.ai4s_words import UNKNOWN_REFERENCE, invalid
from reconciler.localplatform.platforms.ai4s_workflows import WIRE, check_wiring

if TYPE_CHECKING:
    from reconciler.localplatform.platforms.ai4s_checks import Fields

Task = Mapping[str, Any]

_FILES = {"FILE", "DIRECTORY"}


def overrides(fields: Fields, base: Sequence[Task]) -> dict[str, Task]:
    """The job's own task entries by task name. Raises Refusal 400 when one names no task of the workflow."""
    known: set[str] = {task["task_name"] for task in base}
    found: dict[str, Task] = {}
    for item in fields.objects("tasks", checks.TASKS_MOST):
        name = item.text("task_name", 1, 32, required=True, pattern=checks.TASK_NAME)
        if name not in known:
            raise invalid(f"{item.where}task_name: the workflow has no task {name}")
        if name in found:
            raise invalid(f"{item.where}task_name stands twice: {name}")
        found[name] = {
            "inputs": checks.values(item, "inputs"),
            "outputs": checks.values(item, "outputs"),
            "resources": checks.resources(item.object("resources")),
            "output_dir": checks.directory(item, "output_dir", 128),
            "io_acc_type": item.choice("io_acc_type", ("SFS", "EVS")),
        }
    return found


def merge(base: Sequence[Task], given: Mapping[str, Task], output_dir: str) -> list[dict[str, Any]]:
    """The flat tasks of a job. Raises Refusal 400 when a value breaks what its app asks for."""
    tasks = [_merge_task(task, given.get(task["task_name"], {}), output_dir) for task in base]
    apps = {task["task_name"]: _app_side(task) for task in base}
    check_wiring(tasks, apps)
    for task in tasks:
        for parameter in task["app_info"]["app_input_parameters"]:
            _check_values(task, parameter)
    return tasks


def _app_side(task: Task) -> dict[str, Any]:
    info = task["app_info"]
    return {"inputs": info["app_input_parameters"], "outputs": info["app_output_parameters"]}


def _merge_task(task: Task, given: Task, output_dir: str) -> dict[str, Any]:
    info = task["app_info"]
    sub_folder = given.get("output_dir") or task["output_dir"]
    levels = (info["app_resources"], task["resources"], given.get("resources", {}))
    return {
        **task,
        "io_acc_type": given.get("io_acc_type") or task["io_acc_type"],
        "output_dir": sub_folder,
        "whole_output_dir": f"{output_dir}{sub_folder}",
        "resources": _overlay(levels),
        "inputs": _merge_values(info["app_input_parameters"], task["inputs"], given.get("inputs", ())),
        "outputs": _merge_values(info["app_output_parameters"], task["outputs"], given.get("outputs", ())),
    }


def _overlay(levels: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Each member from the last level that gives it; an empty text gives nothing (trap 7)."""
    merged: dict[str, str] = {}
    for level in levels:
        merged |= {name: value for name, value in level.items() if value or name not in merged}
    return merged


def _merge_values(
    declared: Sequence[Mapping[str, Any]], lower: Sequence[Mapping[str, Any]], upper: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    merged = {p["name"]: {"name": p["name"], "source": "MANUAL", "values": p["values"]} for p in declared}
    for entry in (*lower, *upper):
        # Names that no app declares are kept too, so that the check of the wiring can refuse them.
        if entry["values"] or entry["name"] not in merged:
            merged[entry["name"]] = dict(entry)
    return list(merged.values())


def _check_values(task: Task, parameter: Mapping[str, Any]) -> None:
    name, kind = parameter["name"], parameter["type"]
    values = next(entry["values"] for entry in task["inputs"] if entry["name"] == name)
    where = f"task {task['task_name']}: input {name}"
    if parameter["required"] and not values:
        raise invalid(f"{where} is required")
    if len(values) > 1 and not parameter.get("concurrent"):
        raise invalid(f"{where} takes one value, since it is not concurrent")
    for value in values:
        if WIRE.fullmatch(value):
            continue
        if kind == "ENUM" and value not in parameter["enum"]:
            raise invalid(f"{where} must be one of {', '.join(parameter['enum'])}")
        if kind in _FILES and ":/" not in value:
            raise invalid(f"{where} must be a path such as space:/folder/file")


def check_known_spaces(tasks: Sequence[Task], spaces: frozenset[str]) -> None:
    """Raises Refusal 400 when a file or folder is looked for in a space that does not exist."""
    for task in tasks:
        files = {p["name"] for p in task["app_info"]["app_input_parameters"] if p["type"] in _FILES}
        for entry in task["inputs"]:
            for value in entry["values"] if entry["name"] in files else ():
                space = value.partition(":/")[0]
                if not WIRE.fullmatch(value) and space not in spaces:
                    raise Refusal(400, UNKNOWN_REFERENCE, f"input {entry['name']}: there is no space {space}")
