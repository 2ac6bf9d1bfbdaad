"""From a job to work an engine can run: real paths, rendered commands, one instance for each combination.

| on the platform | here |
|---|---|
| `space:/path` of a FILE or DIRECTORY input | `<data folder>/space/path` |
| `${task.output}` | the place of that output |
| an output | `<data folder>/space<job output_dir><task output_dir>/<value of the output>` |
| `${name}` in a command | the value of that input or output, as it is; other `${...}` stay for the shell |
| `concurrent: vars_iter` | one instance for each combination of values; all share the output folder |
| cpu `0.5C`, memory `1G`, timeout in minutes | cores, bytes (2**30 each), seconds |
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.platforms.ai4s_words import PLATFORM
from reconciler.localplatform.platforms.ai4s_workflows import WIRE, needs_of
from reconciler.localplatform.work import Instance, Limits, Run, Script, Task, fan_out

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.localplatform.data import DataFolder
    from reconciler.localplatform.services import Services
    from reconciler.localplatform.store import Entity

_PARAMETER = re.compile(r"\$\{([a-z][a-z0-9-]*)\}")
_FILES = {"FILE", "DIRECTORY"}
_GIB = 2**30


@dataclass(frozen=True, slots=True)
class _Places:
    """Where the files of one job are."""

    data: DataFolder
    space: str
    tasks: Mapping[str, Mapping[str, Any]]

    def output(self, task: str, name: str) -> str:
        """The place of an output. Raises OutsideData."""
        definition = self.tasks[task]
        values: list[str] = next((entry["values"] for entry in definition["outputs"] if entry["name"] == name), [])
        value = values[0] if values else name
        sub_path = value.split(":/", 1)[1] if ":/" in value else value
        place = self.data.locate(self.space, f"{definition['whole_output_dir']}/{sub_path}")
        return f"{place}/" if value.endswith("/") else str(place)

    def input(self, value: str, kind: str) -> str:
        """What a value of an input stands for. Raises OutsideData."""
        if wire := WIRE.fullmatch(value):
            return self.output(wire[1], wire[2])
        if kind not in _FILES:
            return value
        space, _, path = value.partition(":/")
        place = self.data.locate(space, path)
        # Commands such as `mkdir ${dir}${name}` count on the slash the author wrote.
        return f"{place}/" if value.endswith("/") else str(place)


def translate(services: Services, job: Entity) -> Run:
    """The work of a job, from its stored body alone. Raises OutsideData for paths that lead out of a space."""
    space = services.store.get(PLATFORM, "Space", job.scope)
    tasks = {task["task_name"]: task for task in job.body["tasks"]}
    places = _Places(services.data, space.name if space else "", tasks)
    needs = needs_of(job.body["tasks"])
    return Run(
        id=job.id,
        name=job.name,
        tasks=tuple(
            Task(name, _instances(task, places), needs=needs[name], nodes=_labels(job, task))
            for name, task in tasks.items()
        ),
        priority=job.body["priority"],
        timeout=job.body["timeout"] * 60.0,
        labels={"platform": PLATFORM, "space": places.space},
    )


def _labels(job: Entity, task: Mapping[str, Any]) -> tuple[str, ...]:
    """The labels its machines must carry: those of the job and of the app."""
    return tuple(dict.fromkeys((*job.body.get("node_labels", ()), *task["app_info"].get("app_node_labels", ()))))


def _instances(task: Mapping[str, Any], places: _Places) -> tuple[Instance, ...]:
    info, name = task["app_info"], task["task_name"]
    inputs = {entry["name"]: entry["values"] for entry in task["inputs"]}
    outputs = {p["name"]: places.output(name, p["name"]) for p in info["app_output_parameters"]}
    folders = tuple(
        outputs[p["name"]] if p["type"] == "DIRECTORY" else _parent(outputs[p["name"]])
        for p in info["app_output_parameters"]
        if p["type"] in _FILES
    )
    kinds = {p["name"]: p["type"] for p in info["app_input_parameters"]}
    real = {key: [places.input(value, kinds[key]) for value in inputs.get(key, ())] or [""] for key in kinds}
    return tuple(
        Instance(
            command=Script(tuple(_render(line, {**chosen, **outputs}) for line in info["app_commands"])),
            inputs=tuple(chosen[key] for key, kind in kinds.items() if kind in _FILES and chosen[key]),
            outputs=tuple(dict.fromkeys(folders)),
            limits=_limits(task["resources"]),
            name=f"{name}-{index}",
            image=info["app_image"],
        )
        for index, chosen in enumerate(fan_out(real))
    )


def _render(line: str, values: Mapping[str, str]) -> str:
    return _PARAMETER.sub(lambda match: values.get(match[1], match[0]), line)


def _parent(place: str) -> str:
    return place.rstrip("/").rpartition("/")[0]


def _limits(resources: Mapping[str, str]) -> Limits:
    return Limits(
        cpu=float(resources["cpu"].removesuffix("C")),
        memory=int(float(resources["memory"].removesuffix("G")) * _GIB),
        gpu=int(resources["gpu"] or 0),
    )
