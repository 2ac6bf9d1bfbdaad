"""Who wrote this: the last change of a line or a file, for `why`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.repository.opening import RepositoryError, ask, open_repository

if TYPE_CHECKING:
    from pathlib import Path

    from git import Repo

_NOBODY = "0" * 40
_FORMAT = "%H%x00%an%x00%at%x00%s"


@dataclass(frozen=True, slots=True)
class Authorship:
    """A commit, as far as people want to know it. `at` is UTC ISO 8601."""

    commit: str
    author: str
    at: str
    summary: str


def last_change(file: Path, line: int = 0) -> Authorship | None:
    """The commit that last touched `line` of `file` (counted from 1; 0: the file as a whole) as it is on disk.

    None outside of git, for a file or line that is not committed, and for a line the file does not have.
    """
    repository = open_repository(file.parent)
    if repository is None:
        return None
    with repository:
        try:
            return _blame(repository, file, line) if line else _log(repository, file)
        except RepositoryError:  # not tracked, or fewer lines than that
            return None


def last_mention(folder: Path, text: str) -> Authorship | None:
    """The commit that last added or took away a mention of `text` below `folder`: who removed what is gone.

    None outside of git, and when no commit did.
    """
    repository = open_repository(folder)
    if repository is None or not text:
        return None
    with repository:
        try:
            return _parsed(ask(repository, "log", "-1", f"--format={_FORMAT}", f"-S{text}", "--", str(folder)))
        except RepositoryError:  # no commit yet
            return None


def _blame(repository: Repo, file: Path, line: int) -> Authorship | None:
    text = ask(repository, "blame", "--porcelain", "-L", f"{line},{line}", "--", str(file)).decode(errors="replace")
    head, *rest = text.split("\n")
    commit = head.split(" ")[0]
    if commit == _NOBODY:
        return None
    facts = dict(entry.partition(" ")[::2] for entry in rest if not entry.startswith("\t"))
    return Authorship(commit, facts.get("author", ""), _iso(facts.get("author-time", "0")), facts.get("summary", ""))


def _log(repository: Repo, file: Path) -> Authorship | None:
    return _parsed(ask(repository, "log", "-1", f"--format={_FORMAT}", "--", str(file)))


def _parsed(output: bytes) -> Authorship | None:
    text = output.decode(errors="replace").strip("\n")
    if not text:
        return None
    commit, author, at, summary = text.split("\0")
    return Authorship(commit, author, _iso(at), summary)


def _iso(seconds: str) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
