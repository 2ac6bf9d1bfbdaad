"""Where we are: the root of the work tree, and the commit and branch that are checked out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.repository.opening import commit_of, open_repository

if TYPE_CHECKING:
    from git import Repo


@dataclass(frozen=True, slots=True)
class Checkout:
    """`commit` is the full id, "" before the first commit; `branch` is "" when HEAD is detached."""

    root: Path
    commit: str
    branch: str


def find_checkout(start: Path) -> Checkout | None:
    """The checkout that holds `start`, None outside of git. Costs the same however many files there are."""
    repository = open_repository(start)
    if repository is None:
        return None
    with repository:
        return Checkout(
            root=Path(str(repository.working_tree_dir)),
            commit=_commit(repository),
            branch=_branch(repository),
        )


def _commit(repository: Repo) -> str:
    try:
        return commit_of(repository, "HEAD")
    except UsageError:
        return ""


def _branch(repository: Repo) -> str:
    return "" if repository.head.is_detached else repository.head.ref.name
