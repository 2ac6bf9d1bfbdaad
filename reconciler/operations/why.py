"""One decision, explained: what would happen, field by field, from which line that comes and who wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.operations.plan import Wish, look
from reconciler.operations.selection import matches, no_such_address
from reconciler.operations.validate import declare, rooted
from reconciler.planning.drift import index_of, steps
from reconciler.planning.rules import rules_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from reconciler.model.address import Address
    from reconciler.model.change import Change, FieldChange
    from reconciler.model.diagnostic import Source
    from reconciler.model.manifest import Manifest
    from reconciler.model.plan import Plan, Step
    from reconciler.operations.workspace import Say, Workspace
    from reconciler.planning.rules import Rules
    from reconciler.repository.provenance import Authorship


@dataclass(frozen=True, slots=True)
class Cause:
    """Where something comes from: the line, and the commit that last touched it; None for what nobody committed."""

    source: Source | None
    author: Authorship | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """A decision with its causes. `fields` are the changed ones; `cause` that of the manifest as a whole, or of its
    removal; `waits_for` are the addresses whose steps come first, `needs` what it refers to.
    """

    change: Change
    cause: Cause
    fields: tuple[tuple[FieldChange, Cause], ...] = ()
    steps: tuple[Step, ...] = ()
    waits_for: tuple[Address, ...] = ()
    needs: tuple[Address, ...] = ()
    findings: tuple[Diagnostic, ...] = ()


def explain(workspace: Workspace, name: str, say: Say, plan: Plan | None = None) -> Explained:
    """Why what would happen at the one address that `name` means would happen, or nothing would.

    With a saved `plan` nobody is asked but the files and git. Raises UsageError when `name` means none, or several.
    """
    raw = declare(workspace)
    made = plan or look(workspace, Wish(), say, raw).plan
    found = [change for change in made.changes if matches(change.address, name)]
    if len(found) != 1:
        if not found:
            planned = [change.address for change in made.changes]
            raise no_such_address(
                name, planned, "the plan says nothing about", "`reconciler plan` shows what there is."
            )
        few = ", ".join(str(change.address) for change in found[:9])
        msg = f"{len(found)} decisions match {name!r}"
        raise UsageError(msg, hint=f"One of: {few}.")
    change = found[0]
    declared = rooted(raw, workspace.call.start, workspace.root)
    manifest = next((m for m in declared.manifests if m.address == change.address), None)
    own = [step for step in made.steps if step.address == change.address]
    first = {need for step in own for need in step.needs} - {step.id for step in own}
    return Explained(
        change=change,
        cause=_cause(workspace, change, manifest),
        fields=tuple(_fields(workspace, change, manifest)),
        steps=tuple(own),
        waits_for=tuple(sorted({step.address for step in made.steps if step.id in first})),
        needs=declared.edges.dependencies(change.address),
        findings=tuple(d for d in made.diagnostics if d.address == change.address),
    )


def _cause(workspace: Workspace, change: Change, manifest: Manifest | None) -> Cause:
    """Who declared it; of what is no longer declared, who took its name out of the files."""
    from reconciler.repository.provenance import last_change, last_mention

    if manifest is not None:
        return Cause(manifest.source, last_change(workspace.root / manifest.source.file))
    return Cause(None, last_mention(workspace.root, change.address.name.split("@")[0]))


def _fields(workspace: Workspace, change: Change, manifest: Manifest | None) -> Iterator[tuple[FieldChange, Cause]]:
    if manifest is None:
        yield from ((each, Cause(None)) for each in change.fields)
        return
    rules = rules_of(workspace.kinds[change.platform, change.address.kind])
    sources = _sources(workspace.root, manifest, change.fields, rules)
    authors: dict[Source, Authorship | None] = {}
    for each, source in zip(change.fields, sources, strict=True):
        if source not in authors:
            authors[source] = _author(workspace.root, source)
        yield each, Cause(source, authors[source])


def _author(root: Path, source: Source) -> Authorship | None:
    from reconciler.repository.provenance import last_change

    return last_change(root / source.file, source.line)


def _sources(root: Path, manifest: Manifest, fields: Sequence[FieldChange], rules: Rules) -> list[Source]:
    """The line of each field; where it is not written, the line of what it would stand in."""
    from reconciler.manifests.positions import place

    findings = [
        Diagnostic(
            Severity.NOTE, "why", "", pointer=pointer_of(manifest.spec, each.path, rules), address=manifest.address
        )
        for each in fields
    ]
    return [found.source or manifest.source for found in place(findings, [manifest], base=root)]


def pointer_of(spec: object, path: str, rules: Rules) -> str:
    """The JSON pointer to the place at `path`, list items by index, as deep as `spec` goes."""
    pointer = ""
    for step in steps(path):
        if isinstance(spec, list):
            index = index_of(spec, step, rules.rule.list_key)
            if index is None:
                break
            spec, rules, part = spec[index], rules.items, str(index)
        elif isinstance(spec, dict) and step in spec:
            spec, rules, part = spec[step], rules.at(step), step
        else:
            break
        pointer += "/" + part.replace("~", "~0").replace("/", "~1")
    return pointer
