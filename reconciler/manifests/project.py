"""The project file, `reconciler.yaml`: found by looking upward, checked, and turned into values.

    environments:
      prod:
        vars: { bucket: genomics }                    # reserved: the environment's own variables
        <platform>: { region: north-4, space: lab }   # every other key is a target

A target takes `platform`, `endpoint`, `region`, its platform's word for a scope, and its platform's settings; which
those are comes in from the caller, who knows the providers. Credentials are never read from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reconciler.manifests import exceptions, targets
from reconciler.manifests.bundling import resolved
from reconciler.manifests.files import PROJECT_FILES
from reconciler.manifests.findings import Finding, suggestion
from reconciler.manifests.positions import locate
from reconciler.manifests.reader import Reader
from reconciler.manifests.schemas import load_project_schema
from reconciler.model.diagnostic import Diagnostic, Severity, Source, errors
from reconciler.model.expression import PATTERN, strings
from reconciler.model.project import Environment, Policy, Project, StateBackend
from reconciler.model.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from reconciler.manifests.reader import Document

LOCAL_ENVIRONMENT: Final = "local"
LOCAL_SCOPE: Final = "demo"
LOCAL_PROJECT: Final = "local"


def find_project(start: Path) -> Path | None:
    """The nearest project file in `start` or a folder above it, or None."""
    folder = start.resolve()
    for place in (folder, *folder.parents):
        for name in PROJECT_FILES:
            if (place / name).is_file():
                return place / name
    return None


def read_project(
    file: Path | None, *, start: Path, scope_keys: Mapping[str, str], settings: Mapping[str, frozenset[str]]
) -> tuple[Project | None, tuple[Diagnostic, ...]]:
    """The project that `file` describes, or None with the reasons. Without a file: the local project at `start`.

    `scope_keys` gives for every platform its word for a scope (`space`), `settings` its further target keys.
    """
    if file is None:
        return local_project(start, scope_keys), ()
    document, diagnostics = _document(file, start)
    if document is None:
        return None, diagnostics
    findings = list(_findings(document, scope_keys, settings))
    if findings:
        places = locate(document.chunk)
        diagnostics = tuple(sorted((f.placed(places) for f in findings), key=lambda found: found.sort_key))
    if errors(diagnostics):
        return None, diagnostics
    return _project(document.value, file, scope_keys), diagnostics


def local_project(start: Path, platforms: Mapping[str, str]) -> Project:
    """What holds where there is no project file: every platform on the embedded local one."""
    local = {name: Target(name, name, endpoint="local", scope=LOCAL_SCOPE) for name in sorted(platforms)}
    environment = Environment(LOCAL_ENVIRONMENT, local)
    return Project(LOCAL_PROJECT, str(start.resolve()), LOCAL_ENVIRONMENT, {LOCAL_ENVIRONMENT: environment})


def _document(file: Path, start: Path) -> tuple[Document | None, tuple[Diagnostic, ...]]:
    """The one document of a project file."""
    shown = str(file.relative_to(start)) if file.is_relative_to(start) else str(file)
    try:
        data = file.read_bytes()
    except OSError as error:
        message, hint = f"cannot be read: {error.strerror}", "check that it is a file and that you may read it"
        return None, (Diagnostic(Severity.ERROR, "file.unreadable", message, Source(shown), hint=hint),)
    read = Reader().read(data, shown)
    if read.diagnostics:
        return None, read.diagnostics
    if len(read.documents) != 1:
        message = f"a project file holds one document, and this holds {len(read.documents)}"
        hint = "manifests belong into files of their own"
        source = read.documents[1].source if read.documents else Source(shown)
        return None, (Diagnostic(Severity.ERROR, "project.documents", message, source, hint=hint),)
    return read.documents[0], ()


def _findings(
    document: Document, scope_keys: Mapping[str, str], settings: Mapping[str, frozenset[str]]
) -> Iterator[Finding]:
    from reconciler.manifests.validation import compiled, violations

    schema = load_project_schema()
    validator = compiled(resolved(schema, schema, {schema["$id"]: schema}))
    broken = violations(validator, document.value, locate(document.chunk).text)
    yield from broken
    if not isinstance(document.value, dict):
        return
    yield from _expressions(document.value)
    yield from exceptions.check(document.value, {finding.pointer for finding in broken})
    environments = document.value.get("environments")
    if not isinstance(environments, dict):
        return
    yield from targets.check(environments, scope_keys, settings, {finding.pointer for finding in broken})
    yield from _default(document.value, environments)


def _expressions(value: Mapping[str, Any]) -> Iterator[Finding]:
    """A project file is read before there is anything to fill in."""
    for pointer, text in strings(value):
        if PATTERN.search(text):
            hint = "write the value itself"
            yield Finding("project.expression", "expressions have no meaning in the project file", hint, pointer)


def _default(value: Mapping[str, Any], environments: Mapping[str, Any]) -> Iterator[Finding]:
    default = value.get("default")
    if default is None and len(environments) > 1:
        message = "there are several environments, and none is the default"
        yield Finding("project.default", message, f"add for instance `default: {next(iter(environments))}`", "")
    elif isinstance(default, str) and default not in environments:
        hint = suggestion(default, environments)
        yield Finding("project.default", f"there is no environment `{default}`", hint, "/default")


def _project(value: Mapping[str, Any], file: Path, scope_keys: Mapping[str, str]) -> Project:
    variables = _texts(value.get("vars"))
    environments = {
        name: Environment(
            name,
            {key: targets.make(key, body or {}, scope_keys) for key, body in body.items() if key != "vars"},
            {**variables, **_texts(body.get("vars"))},
        )
        for name, body in value["environments"].items()
    }
    policy = value.get("policy") or {}
    return Project(
        name=value["name"],
        root=str(file.resolve().parent),
        default_environment=value.get("default") or next(iter(environments)),
        environments=environments,
        manifests=tuple(value.get("manifests") or ()),
        state=StateBackend((value.get("state") or {}).get("backend", StateBackend.FILE)),
        policy=Policy(policy.get("max_deletes"), policy.get("max_delete_percent"), policy.get("max_gpu_hours")),
        file=str(file.resolve()),
        moves=exceptions.moves(value),
        ignore=exceptions.ignore(value),
        allow=exceptions.allowances(value),
        adopt=exceptions.adopt(value),
    )


def _texts(variables: Mapping[str, Any] | None) -> dict[str, str]:
    """Variables are text; `true` is written as YAML writes it."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in (variables or {}).items()
    }
