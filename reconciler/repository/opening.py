"""The door to git: one way to open a repository, one way to run a command in it, errors in our own words.

Nothing here writes: optional locks are off, so that not even the index is refreshed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from git import Repo


class RepositoryError(ReconcilerError):
    """Git could not answer."""

    code = "repository"


def open_repository(start: Path) -> Repo | None:
    """The repository whose work tree holds `start`; None outside of one, in a bare one, and where there is no git."""
    try:
        import git
    except ImportError:  # the module refuses to load where the git command is missing
        return None
    try:
        repository = git.Repo(start, search_parent_directories=True)
    except (git.InvalidGitRepositoryError, git.NoSuchPathError):
        return None
    if repository.bare or repository.working_tree_dir is None:
        repository.close()
        return None
    repository.git.update_environment(GIT_OPTIONAL_LOCKS="0", LC_ALL="C")
    return repository


def require_repository(start: Path) -> Repo:
    """The same, for what makes no sense without one. Raises UsageError."""
    repository = open_repository(start)
    if repository is None:
        msg = f"{start} is not in a git work tree"
        raise UsageError(msg, hint="Run this where the manifests are checked out.")
    return repository


def ask(repository: Repo, *command: str) -> bytes:
    """What `git <command>` prints, byte for byte. Raises RepositoryError with what git said."""
    import git

    try:
        return repository.git.execute(["git", *command], stdout_as_string=False, strip_newline_in_stdout=False)
    except git.GitCommandError as error:
        said = str(error.stderr).strip().removeprefix("stderr:").strip(" '\n")
        msg = f"git {command[0]} failed: {said or f'status {error.status}'}"
        raise RepositoryError(msg) from error


def commit_of(repository: Repo, revision: str) -> str:
    """The full id of the commit that `revision` names. Raises UsageError."""
    try:
        found = ask(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except RepositoryError as error:
        msg = f"git knows no commit {revision!r} here"
        hint = "Fetch it first; in CI, check out with enough history (fetch-depth: 0)."
        raise UsageError(msg, hint=hint) from error
    return found.decode().strip()
