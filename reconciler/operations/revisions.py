"""A project as it stands at a revision, opened from git's objects."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import ManifestsInvalid, UsageError
from reconciler.operations.wiring import open_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.diagnostic import Diagnostic
    from reconciler.operations.workspace import Call, Workspace

_SUFFIXES = (".yaml", ".yml", ".txt")


@contextmanager
def opened_at(call: Call, revision: str) -> Iterator[Workspace | None]:
    """The workspace of `call` with the files of `revision`; None when there is no project in it then.

    Raises ManifestsInvalid for a wrong project file, UsageError when git does not know the revision or the project
    has no such environment then.
    """
    from reconciler.repository.snapshot import snapshot

    place = _place(call)
    with snapshot(call.start, revision, lambda path: path.endswith(_SUFFIXES)) as folder:
        file = folder / place
        yield _opened(replace(call, project_file=file), folder) if file.is_file() else None


def _opened(call: Call, folder: Path) -> Workspace:
    """As ever, but what is said of the project file names it as the reader knows it."""
    try:
        return open_workspace(call)
    except ManifestsInvalid as error:
        raise ManifestsInvalid([_named(found, folder) for found in error.diagnostics]) from None


def _named(found: Diagnostic, folder: Path) -> Diagnostic:
    if found.source is None:
        return found
    file = os.path.relpath(os.path.realpath(found.source.file), folder)
    return found.at(replace(found.source, file=file))


def _place(call: Call) -> Path:
    """Where the project file is, from the root of the repository."""
    from reconciler.manifests.project import find_project
    from reconciler.repository.checkout import find_checkout

    file = call.project_file or find_project(call.start)
    checkout = find_checkout(call.start)
    if file is None or checkout is None:
        msg = "a review needs a project file in a git repository"
        raise UsageError(msg, hint="Run this in the project's checkout, or name the file with --project.")
    return Path(os.path.relpath(os.path.realpath(file), os.path.realpath(checkout.root)))
