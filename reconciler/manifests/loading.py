"""Every manifest of an environment, and every problem of every file, in one pass."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.manifests import documents
from reconciler.manifests.assembling import Surroundings, assemble
from reconciler.manifests.files import find
from reconciler.manifests.reader import Reader
from reconciler.model.diagnostic import Diagnostic, Severity, Source, errors
from reconciler.model.unsound import ANY_KIND

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.manifests.schemas import Catalogue
    from reconciler.model.manifest import Manifest
    from reconciler.model.project import Environment, Project


@dataclass(frozen=True, slots=True)
class Loaded:
    """`manifests` sorted by address, valid ones only; `diagnostics` in file order; `files` the number read.

    A document with errors is missing from `manifests`: nobody may plan a deletion from what is not there while
    `diagnostics` holds an error, or a `file.empty-folder` warning. For checks, and for nothing else, `broken` holds
    what is sound of those documents whose address is known (model/unsound.py), and `nameless` the kinds of the others,
    with `ANY_KIND` for what nobody can tell.
    """

    manifests: tuple[Manifest, ...]
    diagnostics: tuple[Diagnostic, ...]
    files: int
    broken: tuple[Manifest, ...] = ()
    nameless: frozenset[str] = frozenset()


def load(
    project: Project,
    environment: Environment,
    catalogue: Catalogue,
    *,
    paths: Sequence[Path] = (),
    variables: Mapping[str, str] | None = None,
    base: Path | None = None,
) -> Loaded:
    """Reads the manifests of a project for one environment.

    `paths` are what a user named instead of the project's own folders. `variables` go on top of the environment's.
    `base` is the folder file names are shown relative to, and relative `paths` start from: the working directory
    unless told otherwise. Never raises for what stands in files or for files that cannot be read.
    """
    found = find(Path(project.root), project.manifests, paths, (base or Path()).resolve())
    around = Surroundings(catalogue, environment, {**environment.vars, **(variables or {})}, Path(project.root))
    found.diagnostics += _nested(around.variables)
    reader = Reader()
    manifests: list[Manifest] = []
    broken: list[Manifest] = []
    nameless = {ANY_KIND} if errors(found.diagnostics) else set()
    diagnostics = list(found.diagnostics)
    for path in found.files.values():
        loaded = _load_file(path, found.shown(path), reader, around)
        manifests += loaded.manifests
        broken += loaded.broken
        nameless |= loaded.nameless
        diagnostics += loaded.diagnostics
    manifests.sort(key=lambda manifest: (manifest.address, manifest.source))
    diagnostics.sort(key=lambda diagnostic: diagnostic.sort_key)
    return Loaded(tuple(manifests), tuple(diagnostics), len(found.files), tuple(broken), frozenset(nameless))


def _nested(variables: Mapping[str, str]) -> Iterator[Diagnostic]:
    """A variable is plain text: an expression in it would come to life one stage later."""
    for name, value in sorted(variables.items()):
        if "$[[" in value:
            message = f"the variable `{name}` holds an expression"
            hint = "give its plain value; secrets and references belong into manifests"
            yield Diagnostic(Severity.ERROR, "expression.in-variable", message, hint=hint)


def _load_file(path: Path, shown: str, reader: Reader, around: Surroundings) -> Loaded:
    data = _bytes_of(path, shown)
    if isinstance(data, Diagnostic):
        return Loaded((), (data,), 1, nameless=frozenset({ANY_KIND}))
    read = reader.read(data, shown)
    manifests: list[Manifest] = []
    diagnostics = list(read.diagnostics)
    if not read.documents and not read.diagnostics:
        diagnostics.append(_empty(shown, "holds nothing but comments" if b"#" in data else "is empty"))
    broken: list[Manifest] = []
    nameless = {ANY_KIND} if errors(read.diagnostics) else set()
    for document in read.documents:
        manifest, problems = assemble(document, around)
        diagnostics += problems
        if manifest is not None:
            manifests.append(manifest)
            continue
        from reconciler.manifests.salvaging import salvage

        left = salvage(document, around, problems)
        diagnostics += (each for each in left.diagnostics if each not in problems)
        if left.manifest is not None:
            broken.append(left.manifest)
        else:
            nameless.add(left.kind)
    return Loaded(tuple(manifests), tuple(diagnostics), 1, tuple(broken), frozenset(nameless))


def _empty(shown: str, how: str) -> Diagnostic:
    """Silence would look like a file that was checked."""
    hint = "delete it if nothing is to stand there"
    return Diagnostic(
        Severity.NOTE, "file.empty", f"the file {how} and declares nothing", Source(shown, 1, 1), hint=hint
    )


def _bytes_of(path: Path, shown: str) -> bytes | Diagnostic:
    """At most one byte more than the limit, so that a huge file costs nothing."""
    try:
        with path.open("rb") as file:
            data = file.read(documents.LARGEST_FILE + 1)
            return data if len(data) <= documents.LARGEST_FILE else documents.too_large(shown, path.stat().st_size)
    except OSError as error:
        return Diagnostic(
            Severity.ERROR,
            "file.unreadable",
            f"cannot be read: {error.strerror}",
            Source(shown),
            hint="check that it is a file and that you may read it",
        )
