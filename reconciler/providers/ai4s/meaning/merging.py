"""What a task of a job really gets: the job over the workflow over the app, field by field.

    | side | resources | inputs |
    |---|---|---|
    | job task | wins where it gives a value | wins where it gives values |
    | workflow task | next | next |
    | app | then | its default value |
    | platform | cpu 1C, memory 1G, gpu 0, cpu_type X86 (only where the app is known) | none |

An absent, null, empty or blank field gives nothing: it inherits.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from reconciler.providers.ai4s.meaning.interface import tasks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.manifest import Manifest
    from reconciler.providers.ai4s.meaning.interface import Declared, Interface, Setting, Task

RESOURCE_DEFAULTS: dict[str, str] = {"cpu_type": "X86", "cpu": "1C", "memory": "1G", "gpu_type": "", "gpu": "0"}


@dataclass(frozen=True, slots=True)
class Merged:
    """One task of a workflow or job, every side laid over the other. `app` is None when it is not declared here; the
    defaults of the platform are then unknown too, and `resources` holds only what is said. `inputs` holds the winning
    values of every input that has some.
    """

    name: str
    app: Interface | None
    resources: Mapping[str, str]
    inputs: Mapping[str, tuple[str, ...]]

    @property
    def instances(self) -> int:
        """How many instances start: the product of the value counts of the concurrent inputs (contract section 8.1).
        1 when the app is not known.
        """
        if self.app is None:
            return 1
        return prod(
            len(values)
            for name, values in self.inputs.items()
            if (parameter := self.app.inputs.get(name)) and parameter.concurrent
        )


def effective_resources(app: Mapping[str, Any] | None, *overrides: Mapping[str, Any]) -> dict[str, str]:
    """`resources` merged field by field: the app's first, then each override over it (workflow task, job task).

    `app` None means that the app is unknown: nothing is filled with defaults then. Values are text, a number written
    without quotes included.
    """
    found = dict(RESOURCE_DEFAULTS) if app is not None else {}
    for side in (app or {}, *overrides):
        for name, value in side.items():
            if value is not None and not isinstance(value, bool) and str(value).strip():
                found[name] = str(value)
    return found


def effective_inputs(app: Interface | None, *overrides: Sequence[Setting]) -> dict[str, tuple[str, ...]]:
    """The winning values of each input: the app's defaults, then each override over them."""
    found = {p.name: p.values for p in app.inputs.values() if p.values} if app else {}
    for side in overrides:
        for setting in side:
            if setting.values:
                found[setting.name] = setting.values
    return found


def merge(app: Interface | None, workflow_task: Task, job_task: Task | None = None) -> Merged:
    """One task, as it would run."""
    sides = [workflow_task, *([job_task] if job_task else [])]
    return Merged(
        name=workflow_task.name,
        app=app,
        resources=effective_resources(app.resources if app else None, *(side.resources for side in sides)),
        inputs=effective_inputs(app, *(side.inputs for side in sides)),
    )


def merged_tasks(job: Manifest, declared: Declared) -> tuple[Merged, ...]:
    """Every task of a declared job as it would run, in the order of its workflow; empty when the workflow is not
    among those declared. For reviews and guards: what a run will ask for, before it is submitted.
    """
    steps = declared.workflow(workflow_reference(job), job.address)
    if steps is None:
        return ()
    overrides = {task.name: task for task in reversed(tasks(job.spec)[0])}
    return tuple(merge(app, steps.first[name], overrides.get(name)) for name, app in steps.apps.items())


def workflow_reference(job: Manifest) -> str:
    """What a job says it runs, or "" when that is no workflow."""
    reference = job.spec.get("tool_id")
    if job.spec.get("tool_type", "workflow") != "workflow" or not isinstance(reference, str):
        return ""
    return reference
