"""The files of a revision in a folder of their own: the work tree, the index and HEAD are left alone."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from reconciler.repository.changed import files_at
from reconciler.repository.opening import RepositoryError, ask, commit_of, require_repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def commit_id(start: Path, revision: str) -> str:
    """The full id of the commit that `revision` names. Raises UsageError when git does not know it."""
    with require_repository(start) as repository:
        return commit_of(repository, revision)


def parted(start: Path, base: str, head: str) -> str:
    """The commit at which `head` parted from `base`: what a pull request is a change of.

    Raises UsageError when git does not know one of them, RepositoryError when they have nothing in common.
    """
    with require_repository(start) as repository:
        both = (commit_of(repository, base), commit_of(repository, head))
        try:
            return ask(repository, "merge-base", *both).decode().split()[0]
        except RepositoryError as error:
            msg = f"{base} and {head} have no common history here"
            hint = "Check out with enough history (in CI: fetch-depth: 0)."
            raise RepositoryError(msg, hint=hint) from error


@contextmanager
def snapshot(start: Path, revision: str, wanted: Callable[[str], bool]) -> Iterator[Path]:
    """A folder that holds the `wanted` files of `revision` at their paths below the root; it is gone afterwards.

    Links are not written, nor is a path that would lead out of the folder or into git's own: the revision may be
    anybody's. Raises UsageError when git does not know `revision`.
    """
    files = files_at(start, revision, lambda path: _is_tame(path) and wanted(path))
    with tempfile.TemporaryDirectory(prefix="reconciler-") as made:
        folder = Path(made).resolve()
        for path, content in files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        yield folder


def _is_tame(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and not {"..", ".git"} & {part.lower() for part in parts}
