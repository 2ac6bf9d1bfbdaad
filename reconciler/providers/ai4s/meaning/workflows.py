"""What a workflow can get wrong: its tasks against their apps, and against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.unsound import sound
from reconciler.planning.graph import cycles
from reconciler.providers.ai4s.meaning.findings import Site, duplicates, instead
from reconciler.providers.ai4s.meaning.merging import merge
from reconciler.providers.ai4s.meaning.values import (
    accelerator_findings,
    count_findings,
    literal_findings,
    output_findings,
    wire_findings,
)
from reconciler.providers.ai4s.meaning.wiring import waits_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.manifest import Manifest
    from reconciler.providers.ai4s.meaning.interface import Declared, Interface, Setting, Steps, Task
    from reconciler.providers.ai4s.meaning.merging import Merged

MANY_INSTANCES = 1000
"""Combinations of values above which a person is asked whether they are meant. Far below what the platform takes."""


TASKS_FOR_SURE = 64
"""Tasks that every source of the contract grants; the manual grants twice as many (contract, trap 28)."""


def workflow_findings(workflow: Manifest, declared: Declared) -> Iterator[Diagnostic]:
    """Every finding about one workflow."""
    site = Site(workflow.address)
    steps = declared.steps(workflow)
    names = [(task.name, f"{task.pointer}/task_name") for task, _ in steps.written]
    yield from duplicates(site, "meaning.duplicate-task", "task", names)
    if len(names) > TASKS_FOR_SURE:
        message = f"the workflow has {len(names)} tasks, and not every edition takes more than {TASKS_FOR_SURE}"
        yield site.warning("meaning.many-tasks", "/tasks", message, "split it, or try it where nothing depends on it")
    for task, app in steps.written:
        yield from sound(_task_findings(site, task, app, steps))
    for circle in cycles({name: waits_for(inputs_of(task)) for name, task in steps.first.items()}):
        yield cycle_finding(site, circle, steps.first[circle[0]])


def _task_findings(site: Site, task: Task, app: Interface | None, steps: Steps) -> Iterator[Diagnostic]:
    yield from setting_findings(site, task, app, steps.apps)
    yield from merged_findings(site, task, merge(app, task))


def inputs_of(task: Task) -> dict[str, tuple[str, ...]]:
    """The values a task gives by itself."""
    return {setting.name: setting.values for setting in task.inputs}


def setting_findings(
    site: Site, task: Task, app: Interface | None, apps: Mapping[str, Interface | None]
) -> Iterator[Diagnostic]:
    """What one task of a workflow or job says about the parameters of its app. `apps`: those of every task."""
    yield from duplicates(
        site, "meaning.duplicate-input", "input", [(setting.name, f"{setting.pointer}/name") for setting in task.inputs]
    )
    for setting in task.inputs:
        parameter = app.inputs.get(setting.name) if app else None
        if app and parameter is None:
            yield from _unknown(site, "input", setting, app)
        if parameter:
            yield from count_findings(site, parameter, setting)
            yield from literal_findings(site, parameter, setting)
        yield from wire_findings(site, parameter, setting, apps)
    for setting in task.outputs:
        if app and setting.name not in app.outputs:
            yield from _unknown(site, "output", setting, app)
        yield from output_findings(site, setting)


def _unknown(site: Site, what: str, setting: Setting, app: Interface) -> Iterator[Diagnostic]:
    """In silence where part of the app could not be read: the name may stand there."""
    if app.complete:
        names = app.inputs if what == "input" else app.outputs
        message = f"{app.title} has no {what} {setting.name!r}"
        yield site.error(f"meaning.unknown-{what}", f"{setting.pointer}/name", message, instead(setting.name, names))


def merged_findings(site: Site, said: Task, merged: Merged) -> Iterator[Diagnostic]:
    """What is wrong only when the sides are laid over each other; told by the side that said one half of it."""
    place = f"{said.pointer}/resources"
    yield from accelerator_findings(site, f"task {said.name!r}", said.resources, merged.resources, place)
    if merged.instances > MANY_INSTANCES and any(len(setting.values) > 1 for setting in said.inputs):
        yield site.warning(
            "meaning.many-instances",
            said.pointer,
            f"task {said.name!r} starts {merged.instances} instances, one per combination of its values",
            f"more than {MANY_INSTANCES} are rarely meant: give fewer values, or split the run",
        )


def cycle_finding(site: Site, circle: Sequence[str], task: Task) -> Diagnostic:
    """`task` is the first of the circle, and the finding points at the input by which it waits for the second."""
    second = circle[1] if len(circle) > 1 else circle[0]
    places = [setting.pointer for setting in task.inputs if second in waits_for({setting.name: setting.values})]
    return site.error(
        "meaning.task-cycle",
        places[0] if places else task.pointer,
        f"tasks wait for each other in a circle: {' -> '.join((*circle, circle[0]))}",
        "`a -> b` says that a needs an output of b: take one of these away",
    )
