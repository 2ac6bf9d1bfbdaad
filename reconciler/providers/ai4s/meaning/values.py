"""Whether a value fits the parameter it is given to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.address import NO_SCOPE
from reconciler.providers.ai4s.meaning.findings import instead
from reconciler.providers.ai4s.meaning.wiring import DATA, SUB_PATH, Wire, wire

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.diagnostic import Diagnostic
    from reconciler.providers.ai4s.meaning.findings import Site
    from reconciler.providers.ai4s.meaning.interface import Interface, Parameter, Setting

_PATHS = frozenset({"FILE", "DIRECTORY"})
_SNT9_COUNTS = ("0", "1", "2", "4", "8")


def literal_findings(site: Site, parameter: Parameter, setting: Setting) -> Iterator[Diagnostic]:
    """Whether each value that is no wiring is of the type. Expressions are not known yet."""
    for index, value in enumerate(setting.values):
        pointer = f"{setting.pointer}/values/{index}"
        if "$[[" in value or wire(value):
            continue
        if parameter.type in _PATHS and not DATA.fullmatch(value):
            message = f"{value!r} is no {parameter.type} for input {parameter.name!r}"
            yield site.error("meaning.value-type", pointer, message, _as_path(site, value))
        if parameter.type == "ENUM" and parameter.enum and value not in parameter.enum:
            message = f"{value!r} is none of the choices of input {parameter.name!r}"
            yield site.error("meaning.value-not-in-enum", pointer, message, instead(value, parameter.enum))


def count_findings(site: Site, parameter: Parameter, setting: Setting) -> Iterator[Diagnostic]:
    """Several values only where one instance each is started."""
    if len(setting.values) > 1 and not parameter.concurrent:
        yield site.error(
            "meaning.several-values",
            f"{setting.pointer}/values",
            f"input {parameter.name!r} takes one value and gets {len(setting.values)}",
            "say `concurrent: vars_iter` at the input of the app to start one instance per value, or give one value",
        )


def _as_path(site: Site, value: str) -> str:
    if value.startswith("${"):
        return "an output of a task is written `${task.output}`"
    space = site.address.scope if site.address.scope != NO_SCOPE else "space"
    if value.startswith("/"):
        return f"name the space too: `{space}:{value}`"
    return f"write `{space}:/path` or `${{task.output}}`"


def wire_findings(
    site: Site, parameter: Parameter | None, setting: Setting, apps: Mapping[str, Interface | None]
) -> Iterator[Diagnostic]:
    """Whether each `${task.output}` names a task of the workflow, an output of that task's app, and one that fits.

    `apps`: every task of the workflow with its app, None where the app is not declared here. `parameter` None: the
    consuming app is not declared, or has no such input.
    """
    for index, value in enumerate(setting.values):
        if edge := wire(value):
            yield from _edge(site, parameter, edge, f"{setting.pointer}/values/{index}", apps)
    if len(setting.values) > 1 and len({wire(value) is None for value in setting.values}) > 1:
        yield site.warning(
            "meaning.mixed-values",
            f"{setting.pointer}/values",
            f"input {setting.name!r} mixes outputs of tasks with plain values",
            "the platform does not say what this means: use one or the other",
        )


def _edge(
    site: Site, parameter: Parameter | None, edge: Wire, pointer: str, apps: Mapping[str, Interface | None]
) -> Iterator[Diagnostic]:
    if edge.task not in apps:
        message = f"no task {edge.task!r} in this workflow"
        yield site.error("meaning.unknown-task", pointer, message, instead(edge.task, apps))
        return
    app = apps[edge.task]
    output = app.outputs.get(edge.output) if app else None
    if app and app.complete and output is None:
        message = f"{app.title}, which task {edge.task!r} runs, has no output {edge.output!r}"
        yield site.error("meaning.unknown-output", pointer, message, instead(edge.output, app.outputs))
    if output is None or parameter is None:
        return
    if parameter.type == "ENUM" or (parameter.type in _PATHS and output.type in _PATHS - {parameter.type}):
        message = f"input {parameter.name!r} wants {_a(parameter.type)} and gets a {output.type}"
        yield site.error("meaning.wired-type", pointer, message, f"wire an output of type {parameter.type}")


def _a(kind: str) -> str:
    return "one of its choices" if kind == "ENUM" else f"a {kind}"


def output_findings(site: Site, setting: Setting) -> Iterator[Diagnostic]:
    """Whether the place of an output is a path below the output folder."""
    for index, value in enumerate(setting.values):
        if "$[[" not in value and not SUB_PATH.fullmatch(value):
            yield site.warning(
                "meaning.output-path",
                f"{setting.pointer}/values/{index}",
                f"output {setting.name!r} goes to {value!r}, which is no path below the output folder",
                "write `space:/sub/path` or `/sub/path`",
            )


def accelerator_findings(
    site: Site, who: str, said: Mapping[str, object], merged: Mapping[str, str], pointer: str
) -> Iterator[Diagnostic]:
    """Snt9 devices come in fixed counts. Here for the type of one side and the count of another.

    Told by the side that says one of the two (`said`, at `pointer`); where it says both, the schema has seen it.
    """
    if bool(said.get("gpu")) == bool(said.get("gpu_type")):
        return
    count = merged.get("gpu", "0")
    if merged.get("gpu_type") == "Snt9" and count not in _SNT9_COUNTS:
        yield site.error(
            "meaning.accelerator-count",
            f"{pointer}/gpu" if said.get("gpu") else f"{pointer}/gpu_type",
            f"{who} asks for {count} Snt9 devices",
            f"they come as {', '.join(_SNT9_COUNTS[:-1])} or {_SNT9_COUNTS[-1]}",
        )
