"""What an app can get wrong by itself, beyond what the schema sees in one place of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.providers.ai4s.meaning.findings import VERY_CLOSE, Site, closest, duplicates
from reconciler.providers.ai4s.meaning.interface import Setting, parameters
from reconciler.providers.ai4s.meaning.values import literal_findings, output_findings
from reconciler.providers.ai4s.meaning.wiring import wire

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.manifest import Manifest
    from reconciler.providers.ai4s.meaning.interface import Parameter

_REFERENCE = re.compile(r"\$\{([A-Za-z][A-Za-z0-9_-]*)\}")
_SET_BY_SHELL = r"(?<![A-Za-z0-9_])(?:{0}=|(?:for|read|read -r) {0}(?![A-Za-z0-9_]))"


def app_findings(app: Manifest) -> Iterator[Diagnostic]:
    """Every finding about one app."""
    site = Site(app.address)
    inputs, every_input = parameters(app.spec, "inputs")
    outputs, every_output = parameters(app.spec, "outputs")
    named = [(p.name, f"{p.pointer}/name") for p in (*inputs, *outputs)]
    yield from duplicates(site, "meaning.duplicate-parameter", "parameter", named)
    for parameter in inputs:
        yield from _choices(site, parameter)
        yield from _default(site, parameter)
    for parameter in outputs:
        yield from output_findings(site, Setting(parameter.name, parameter.values, parameter.pointer))
    if every_input and every_output:
        yield from _commands(site, app, {name for name, _ in named})


def _choices(site: Site, parameter: Parameter) -> Iterator[Diagnostic]:
    if parameter.type not in {"ENUM", ""} and parameter.enum:
        message = f"input {parameter.name!r} has choices, but its type is {parameter.type}"
        hint = "say `type: ENUM`, or take `enum` away"
        yield site.warning("meaning.enum-ignored", f"{parameter.pointer}/enum", message, hint)


def _default(site: Site, parameter: Parameter) -> Iterator[Diagnostic]:
    setting = Setting(parameter.name, parameter.values, parameter.pointer)
    yield from literal_findings(site, parameter, setting)
    for index, value in enumerate(parameter.values):
        if wire(value) and parameter.type != "STRING":
            message = f"the default of input {parameter.name!r} is the output of a task, and an app knows no tasks"
            pointer = f"{parameter.pointer}/values/{index}"
            yield site.error("meaning.value-type", pointer, message, "wire tasks in the workflow")


def _commands(site: Site, app: Manifest, names: set[str]) -> Iterator[Diagnostic]:
    """Only near misses: an unknown `${X}` may well be a variable of the shell."""
    listed = app.spec.get("commands")
    commands = [(i, c) for i, c in enumerate(listed if isinstance(listed, list) else ()) if isinstance(c, str)]
    script = "\n".join(command for _, command in commands)
    meant = {name: _meant(name, names, script) for name in set(_REFERENCE.findall(script)) - names}
    for index, command in commands if any(meant.values()) else ():
        for name in dict.fromkeys(_REFERENCE.findall(command)):
            if near := meant.get(name):
                message = f"`${{{name}}}` is neither an input nor an output of this app"
                hint = f"did you mean `${{{near}}}`?"
                yield site.warning("meaning.unknown-parameter", f"/commands/{index}", message, hint)


def _meant(name: str, names: set[str], script: str) -> str:
    near = closest(name, names, cutoff=VERY_CLOSE)
    return near if near and not re.search(_SET_BY_SHELL.format(re.escape(name)), script) else ""
