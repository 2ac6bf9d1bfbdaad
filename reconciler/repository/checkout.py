"""Where we are: the root of the work tree, the commit that is checked out, and whether it is what is on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.repository.opening import ask, commit_of, open_repository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from git import Repo


@dataclass(frozen=True, slots=True)
class Checkout:
    """`commit` is the full id, "" before the first commit; `branch` is "" when HEAD is detached; `dirty`: at least one
    file below the paths that were asked about is changed, staged or not tracked.
    """

    root: Path
    commit: str
    branch: str
    dirty: bool


def find_checkout(start: Path, paths: Sequence[Path] = ()) -> Checkout | None:
    """The checkout that holds `start`, None outside of git. `paths` narrows down what counts for `dirty` (absolute, or
    relative to the root). Raises RepositoryError.
    """
    repository = open_repository(start)
    if repository is None:
        return None
    with repository:
        return Checkout(
            root=Path(str(repository.working_tree_dir)),
            commit=_commit(repository),
            branch=_branch(repository),
            dirty=bool(ask(repository, "status", "--porcelain", "-z", "--", *map(str, paths))),
        )


def _commit(repository: Repo) -> str:
    try:
        return commit_of(repository, "HEAD")
    except UsageError:
        return ""


def _branch(repository: Repo) -> str:
    return "" if repository.head.is_detached else repository.head.ref.name
