"""What a job can get wrong: its own fields, and what it lays over the tasks of its workflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.unsound import sound
from reconciler.planning.graph import cycles
from reconciler.providers.ai4s.meaning.findings import Site, closest, duplicates, instead
from reconciler.providers.ai4s.meaning.interface import tasks
from reconciler.providers.ai4s.meaning.merging import merge, workflow_reference
from reconciler.providers.ai4s.meaning.wiring import waits_for
from reconciler.providers.ai4s.meaning.workflows import (
    cycle_finding,
    inputs_of,
    merged_findings,
    setting_findings,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.manifest import Manifest
    from reconciler.providers.ai4s.meaning.interface import Declared, Steps, Task
    from reconciler.providers.ai4s.meaning.merging import Merged


def job_findings(job: Manifest, declared: Declared) -> Iterator[Diagnostic]:
    """Every finding about one job. Of a task with an unknown name only that is said."""
    site = Site(job.address)
    own, every = tasks(job.spec)
    yield from duplicates(site, "meaning.duplicate-task", "task", [(t.name, f"{t.pointer}/task_name") for t in own])
    yield from sound(_acceleration(site, job, own))
    steps = declared.workflow(workflow_reference(job), job.address)
    if steps is None:
        return
    for task in own:
        yield from sound(_task_findings(site, task, steps))
    if not every:
        return
    overrides = {task.name: task for task in reversed(own)}
    merged = [merge(app, steps.first[name], overrides.get(name)) for name, app in steps.apps.items()]
    for result in merged:
        theirs, said = steps.first[result.name], overrides.get(result.name)
        if said:
            yield from merged_findings(site, said, result)
        yield from _required(site, result, [theirs, *([said] if said else [])])
    if any(waits_for(inputs_of(task)) for task in own):
        yield from _cycles(site, steps.first, overrides, merged)


def _task_findings(site: Site, task: Task, steps: Steps) -> Iterator[Diagnostic]:
    if task.name in steps.apps:
        yield from setting_findings(site, task, steps.apps[task.name], steps.apps)
    else:
        message = f"workflow {steps.workflow.address.name} has no task {task.name!r}"
        hint = instead(task.name, steps.apps)
        yield site.error("meaning.unknown-task", f"{task.pointer}/task_name", message, hint)


def _acceleration(site: Site, job: Manifest, own: Sequence[Task]) -> Iterator[Diagnostic]:
    chosen = job.spec.get("io_acc_id")
    for task in own:
        if chosen and task.io_acc_type:
            message = f"task {task.name!r} chooses an I/O acceleration, and the job has chosen one for all its tasks"
            hint = "take `io_acc_type` away, or leave `io_acc_id` of the job empty"
            yield site.error("meaning.two-accelerations", f"{task.pointer}/io_acc_type", message, hint)
    if job.spec.get("io_acc_expected_usage") and not chosen:
        message = "space is expected on an I/O accelerator, and none is chosen"
        hint = "set `io_acc_id`, or take `io_acc_expected_usage` away"
        yield site.error("meaning.usage-without-acceleration", "/io_acc_expected_usage", message, hint)


def _required(site: Site, task: Merged, sides: Sequence[Task]) -> Iterator[Diagnostic]:
    """One finding per required input without a value anywhere. A misspelt one was reported as unknown: no second one.

    `sides` are the workflow's task and, where there is one, the job's.
    """
    if task.app is None:
        return
    strange = [setting.name for side in sides for setting in side.inputs if setting.name not in task.app.inputs]
    meant = {closest(name, task.app.inputs) for name in strange}
    for parameter in task.app.inputs.values():
        if parameter.required and parameter.name not in task.inputs and parameter.name not in meant:
            yield site.error(
                "meaning.required-input",
                sides[-1].pointer if len(sides) > 1 else "/tool_id",
                f"task {task.name!r} gets no value for {parameter.name!r}, which {task.app.title} requires",
                "give one in the job, in the workflow, or as the default of the app",
            )


def _cycles(
    site: Site, theirs: Mapping[str, Task], overrides: Mapping[str, Task], merged: Sequence[Merged]
) -> Iterator[Diagnostic]:
    """Circles that exist only with the values of the job. One of the workflow alone is reported there."""
    alone = {frozenset(circle) for circle in cycles({n: waits_for(inputs_of(t)) for n, t in theirs.items()})}
    for circle in cycles({task.name: waits_for(task.inputs) for task in merged}):
        if frozenset(circle) not in alone:
            blamed = next((name for name in circle if name in overrides), circle[0])
            at = circle.index(blamed)
            yield cycle_finding(site, circle[at:] + circle[:at], overrides.get(blamed, theirs[blamed]))
