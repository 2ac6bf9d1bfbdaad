"""What apps and tasks look like from outside: parameters, settings and references, read leniently out of specs.

Findings about meaning come after the schema has spoken. So whatever has the wrong shape, or is known to be wrong
(model/unsound.py), is left out here in silence, and `complete` says whether something was: names that may stand in the
unreadable part are then not called unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from reconciler.model import expression
from reconciler.model.unsound import ANYTHING, Partial, Unsound, member, up_to_wrong
from reconciler.planning.edges import Known, locate
from reconciler.planning.forms import form_of

if TYPE_CHECKING:
    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest, Spec

APP, WORKFLOW, JOB, DATA_JOB = "App", "Workflow", "Job", "DataJob"
_REFERENCE = "{name}::{version}::{scope}"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One declared input or output of an app. `pointer` is where it stands in the app's spec."""

    name: str
    type: str
    required: bool
    concurrent: bool
    enum: tuple[str, ...]
    values: tuple[str, ...]
    pointer: str


@dataclass(frozen=True, slots=True)
class Interface:
    """An app as its callers see it. Of two parameters with one name the first counts. `resources` None: nobody
    can tell.
    """

    title: str
    inputs: Mapping[str, Parameter]
    outputs: Mapping[str, Parameter]
    resources: Mapping[str, Any] | None
    complete: bool


@dataclass(frozen=True, slots=True)
class Setting:
    """Values that a task gives to one parameter. `pointer` is where it stands in the spec of the workflow or job."""

    name: str
    values: tuple[str, ...]
    pointer: str


@dataclass(frozen=True, slots=True)
class Task:
    """One entry of `tasks` of a workflow or a job. `app_id` is "" in a job."""

    name: str
    app_id: str
    inputs: tuple[Setting, ...]
    outputs: tuple[Setting, ...]
    resources: Mapping[str, Any]
    io_acc_type: str
    pointer: str


@dataclass(frozen=True, slots=True)
class Steps:
    """A workflow, read. `written` are all its tasks with their apps, None where an app is not declared here; `first`
    and `apps` hold, by name, those that count. Where not all can be read, asking for another one raises Unsound.
    """

    workflow: Manifest
    written: tuple[tuple[Task, Interface | None], ...]
    first: Mapping[str, Task]
    apps: Mapping[str, Interface | None]


class Declared:
    """Every manifest of the platform, found by reference; each one is read once, however many refer to it.

    Of two manifests at one address the first counts, of two tasks with one name too. That there are two is reported
    elsewhere.
    """

    def __init__(self, manifests: Sequence[Manifest]) -> None:
        self._by_address: dict[Address, Manifest] = {}
        for manifest in manifests:
            self._by_address.setdefault(manifest.address, manifest)
        self._known = Known.of(self._by_address)
        self._interfaces: dict[Address, Interface] = {}
        self._workflows: dict[Address, Steps] = {}

    def app(self, reference: str, beside: Address) -> Interface | None:
        """The app that a reference, written in the manifest at `beside`, stands for.

        `name::version[::space]` or an expression. None: not declared here, or a bare id; it may live on the platform.
        """
        app = self._find(reference, APP, beside)
        if app is None:
            return None
        if app.address not in self._interfaces:
            self._interfaces[app.address] = interface(app)
        return self._interfaces[app.address]

    def workflow(self, reference: str, beside: Address) -> Steps | None:
        """The workflow that a reference stands for, in the same way."""
        workflow = self._find(reference, WORKFLOW, beside)
        return self.steps(workflow) if workflow else None

    def steps(self, workflow: Manifest) -> Steps:
        """A workflow, read."""
        found = self._workflows.get(workflow.address)
        if found is None or found.workflow is not workflow:
            found = self._workflows[workflow.address] = self._steps(workflow)
        return found

    def _steps(self, workflow: Manifest) -> Steps:
        written, every = tasks(workflow.spec)
        apps = tuple(self.app(task.app_id, workflow.address) for task in written)
        first: dict[str, Task] = {}
        theirs: dict[str, Interface | None] = {}
        for task, app in zip(written, apps, strict=True):
            if task.name not in first:
                first[task.name], theirs[task.name] = task, app
        if not every:
            first, theirs = Partial(first, frozenset({ANYTHING})), Partial(theirs, frozenset({ANYTHING}))
        return Steps(workflow, tuple(zip(written, apps, strict=True)), first, theirs)

    def _find(self, reference: str, kind: str, beside: Address) -> Manifest | None:
        address = self._expression(reference, beside) if "$[[" in reference else _form(reference, kind, beside)
        if address is None:
            return None
        # What came from another space stands in the own one, under the name that is written.
        here = self._by_address.get(replace(address, scope=beside.scope))
        found = here if here and member(here.spec, "from") is not None else self._by_address.get(address)
        return self._original(found) if found and found.address.kind == kind else None

    def _original(self, manifest: Manifest) -> Manifest | None:
        """`manifest`, or what it is imported from; None when that is not declared here."""
        source = member(manifest.spec, "from")
        if not isinstance(source, Mapping):
            return manifest
        name, _, version = manifest.address.name.rpartition("@")
        called = f"{source.get('name') or name}@{source.get('version') or version}"
        address = replace(manifest.address, scope=str(source.get("space")), name=called)
        found = self._by_address.get(address)
        return found if found and member(found.spec, "from") is None else None

    def _expression(self, reference: str, beside: Address) -> Address | None:
        try:
            found = expression.parse(reference)
        except ValueError:
            return None
        if [e.text for e in found] != [reference] or found[0].space is not expression.Space.REF:
            return None
        candidates, output = locate(found[0], beside, self._known)
        return candidates[0] if len(candidates) == 1 and not output else None


def _form(reference: str, kind: str, beside: Address) -> Address | None:
    form = form_of(_REFERENCE)
    return form.read(reference, beside.target, kind, beside.scope) if form else None


def interface(app: Manifest) -> Interface:
    """The outside of a declared app."""
    inputs, every_input = parameters(app.spec, "inputs")
    outputs, every_output = parameters(app.spec, "outputs")
    return Interface(
        title=f"app {app.address.name}",
        inputs=first_by_name(inputs),
        outputs=first_by_name(outputs),
        resources=_resources(app.spec),
        complete=every_input and every_output,
    )


def _resources(spec: Spec) -> Mapping[str, Any] | None:
    try:
        resources = spec.get("resources")
        return dict(resources) if isinstance(resources, Mapping) else {}
    except Unsound:
        return None


def first_by_name(found: Sequence[Parameter]) -> dict[str, Parameter]:
    """By name, the first one winning."""
    named: dict[str, Parameter] = {}
    for parameter in found:
        named.setdefault(parameter.name, parameter)
    return named


def parameters(spec: Spec, key: str) -> tuple[tuple[Parameter, ...], bool]:
    """The readable entries of `inputs` or `outputs` of an app in order, duplicates included; whether those are all."""
    entries = _entries(spec, key, "")
    named = (_parameter(entry, pointer) for entry, pointer in entries if isinstance(entry.get("name"), str))
    found, every = up_to_wrong(named)
    listed = spec.get(key) or [] if every else None
    return found, isinstance(listed, list) and len(listed) == len(found)


def _parameter(entry: Mapping[str, Any], pointer: str) -> Parameter:
    return Parameter(
        name=entry["name"],
        type=entry["type"] if isinstance(entry.get("type"), str) else "",
        required=entry.get("required") is True,
        concurrent=entry.get("concurrent") == "vars_iter",
        enum=_texts(entry.get("enum")),
        values=_texts(entry.get("values")),
        pointer=pointer,
    )


def tasks(spec: Spec) -> tuple[tuple[Task, ...], bool]:
    """The readable entries of `tasks` in order, duplicates included; whether none of them is known to be wrong."""
    return up_to_wrong(
        Task(
            name=entry["task_name"],
            app_id=entry["app_id"] if isinstance(entry.get("app_id"), str) else "",
            inputs=_settings(entry, "inputs", pointer),
            outputs=_settings(entry, "outputs", pointer),
            resources=entry["resources"] if isinstance(entry.get("resources"), Mapping) else {},
            io_acc_type=entry["io_acc_type"] if isinstance(entry.get("io_acc_type"), str) else "",
            pointer=pointer,
        )
        for entry, pointer in _entries(spec, "tasks", "")
        if isinstance(entry.get("task_name"), str)
    )


def _settings(task: Mapping[str, Any], key: str, pointer: str) -> tuple[Setting, ...]:
    return tuple(
        Setting(entry["name"], _texts(entry.get("values")), place)
        for entry, place in _entries(task, key, pointer)
        if isinstance(entry.get("name"), str)
    )


def _entries(holder: Mapping[str, Any], key: str, pointer: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    listed = holder.get(key)
    for index, entry in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(entry, Mapping):
            yield entry, f"{pointer}/{key}/{index}"


def _texts(value: object) -> tuple[str, ...]:
    """A list of scalars as text. Anything else is no value: the schema has said so already."""
    if not isinstance(value, list):
        return ()
    return tuple(str(v) for v in value if isinstance(v, str | int | float) and not isinstance(v, bool))
