"""Everything that can be said about the files without talking to anybody."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import ManifestsInvalid
from reconciler.model.diagnostic import errors
from reconciler.model.unsound import Unsound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from reconciler.manifests.loading import Loaded
    from reconciler.model.address import Address
    from reconciler.model.diagnostic import Diagnostic, Source
    from reconciler.model.manifest import Manifest
    from reconciler.operations.workspace import Workspace
    from reconciler.planning.edges import Edges


_MOST_QUOTED = 1_000_000
"""Bytes of a file that is quoted from."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What the files declare, and every finding about them. `files` is how many were read.

    `beside`: what else the project declares, where only some files were meant. Findings about these are left out;
    `edges` are of both.
    """

    manifests: tuple[Manifest, ...]
    edges: Edges
    diagnostics: tuple[Diagnostic, ...]
    files: int
    beside: tuple[Manifest, ...] = ()

    def required(self) -> Declared:
        """Itself, when nothing stops going on. Raises ManifestsInvalid with every finding otherwise."""
        if errors(self.diagnostics):
            raise ManifestsInvalid(self.diagnostics)
        return self


def declare(workspace: Workspace, paths: Sequence[Path] = ()) -> Declared:
    """Reads and checks the files: YAML, schemas, references, and what each platform says about its own.

    `paths` limits it to some files and folders, which are checked beside the rest of the project: what they refer to
    may be declared there. All findings at once; errors are not raised.
    """
    loaded = _loaded(workspace, paths)
    if not paths:
        return _checked(workspace, loaded)
    whole = _loaded(workspace)
    named = {manifest.address for manifest in (*loaded.manifests, *loaded.broken)}
    manifests, broken = (
        tuple(manifest for manifest in those if manifest.address not in named)
        for those in (whole.manifests, whole.broken)
    )
    return _checked(workspace, loaded, replace(whole, manifests=manifests, broken=broken))


def read_again(workspace: Workspace, declared: Declared, file: str) -> Declared:
    """`declared`, of which nothing was wrong, with what its file `file` (named as there) declares by now. Only that one
    is read; everything is checked.
    """
    loaded = _loaded(workspace, [Path(file)])
    others = (manifest for manifest in declared.manifests if manifest.source.file != file)
    found = tuple(sorted((*others, *loaded.manifests), key=_by_address))
    return _checked(workspace, replace(loaded, manifests=found, files=declared.files))


def _loaded(workspace: Workspace, paths: Sequence[Path] = ()) -> Loaded:
    from reconciler.manifests.loading import load

    return load(
        workspace.project,
        workspace.environment,
        workspace.catalogue,
        paths=paths,
        variables=workspace.call.variables,
    )


def _checked(workspace: Workspace, loaded: Loaded, *beside: Loaded) -> Declared:
    """`loaded`, checked with what is declared `beside` it, of which nothing is said."""
    from reconciler.manifests.positions import place
    from reconciler.planning.references import check

    every = (loaded, *beside)
    whole = [manifest for each in every for manifest in each.manifests]
    known = sorted((*whole, *(manifest for each in every for manifest in each.broken)), key=_by_address)
    nameless = {kind for each in every for kind in each.nameless}
    edges, referring = check(known, workspace.kinds, nameless)
    not_meant = {manifest.address for each in beside for manifest in (*each.manifests, *each.broken)}
    about = [each for each in (*referring, *_meaning(workspace, known, whole)) if each.address not in not_meant]
    found = (*workspace.diagnostics, *loaded.diagnostics, *place(about, (*loaded.manifests, *loaded.broken)))
    ordered = tuple(sorted(dict.fromkeys(found), key=lambda diagnostic: diagnostic.sort_key))
    others = tuple(manifest for each in beside for manifest in each.manifests)
    return Declared(loaded.manifests, edges, ordered, loaded.files, others)


def _by_address(manifest: Manifest) -> tuple[Address, Source]:
    return manifest.address, manifest.source


def _meaning(workspace: Workspace, known: Sequence[Manifest], whole: Sequence[Manifest]) -> Iterable[Diagnostic]:
    """What the platforms' own checks find in their manifests, and in what is sound of those that are not whole. A check
    that cannot be stopped by what is wrong says what there is to say without these.
    """
    for name, provider in workspace.providers.items():
        theirs = tuple(manifest for manifest in known if manifest.platform == name)
        if provider.check is None or not theirs:
            continue
        try:
            yield from tuple(provider.check(theirs))
        except Unsound:
            yield from provider.check(tuple(manifest for manifest in whole if manifest.platform == name))


def sources(diagnostics: Iterable[Diagnostic], start: Path) -> dict[str, str]:
    """The texts of the files that findings are about, for quoting; not of files that are gone, large or no text, and
    not of pipes, which would be waited for.
    """
    texts = {}
    for file in sorted({d.source.file for d in diagnostics if d.source}):
        path = start / file
        try:
            if path.is_file() and path.stat().st_size <= _MOST_QUOTED:
                texts[file] = path.read_text(encoding="utf-8-sig")
        except (OSError, ValueError):
            continue
    return texts


def rooted(declared: Declared, start: Path, root: Path) -> Declared:
    """The same with every file named from the project's root instead of from `start`, where the person stands.

    A plan is the same bytes wherever it is made, and names no folder of one machine.
    """
    here, there = os.path.realpath(start), os.path.realpath(root)
    if here == there:
        return declared

    def moved(source: Source) -> Source:
        return replace(source, file=os.path.relpath(os.path.normpath(Path(here, source.file)), there))

    return replace(
        declared,
        manifests=tuple(replace(manifest, source=moved(manifest.source)) for manifest in declared.manifests),
        diagnostics=tuple(d.at(moved(d.source)) if d.source else d for d in declared.diagnostics),
    )
