"""What a host of pull requests can do for us, in one vocabulary for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Verdict(StrEnum):
    """How a commit stands, as its status says."""

    PENDING = "pending"
    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Access:
    """Where a host is and who we are there. `url` is that of its API; `repository` is `owner/name`, or the id of a
    project. `token` is never printed.
    """

    url: str
    repository: str
    token: str


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A proposed change. `head` is the last commit pushed to it; `from_fork`: it comes from another repository."""

    number: int
    head: str
    author: str
    from_fork: bool
    merged: bool


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment of ours. `handle` is what the host needs to fold it, where it can."""

    id: str
    body: str
    handle: str = ""


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody's yes to one commit; `commit` is "" where the host does not say to which."""

    who: str
    commit: str


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue of ours."""

    number: int
    body: str
    open: bool


class Forge(Protocol):
    """One repository on one host. Every method raises ForgeError; none is repeated that could act twice."""

    def pull_request(self, number: int) -> PullRequest:
        """The pull request of that number."""

    def merged_as(self, commit: str) -> PullRequest | None:
        """The pull request that `commit` merged, None when there was none."""

    def recently_merged(self) -> tuple[PullRequest, ...]:
        """Some fifty at most, the last touched first."""

    def comments(self, number: int) -> tuple[Comment, ...]:
        """What we said there, oldest first; nobody else's comments, whatever stands in them."""

    def comment(self, number: int, body: str) -> None:
        """Says something new."""

    def edit(self, number: int, comment: Comment, body: str) -> None:
        """Says something else instead."""

    def fold(self, number: int, comment: Comment) -> None:
        """Takes a comment out of the way without deleting it."""

    def set_status(self, commit: str, verdict: Verdict, text: str, *, context: str, url: str = "") -> None:
        """Marks a commit; the last one of a `context` counts."""

    def approvals(self, number: int) -> tuple[Approval, ...]:
        """Who said yes, to which commit. Withdrawn ones are left out."""

    def issues(self) -> tuple[Issue, ...]:
        """Our issues, open or closed, newest first; at most some hundred."""

    def open_issue(self, title: str, body: str) -> None:
        """Opens one."""

    def edit_issue(self, issue: Issue, body: str, *, open_: bool) -> None:
        """Rewrites it, and opens or closes it."""


STATUS_TEXT_LIMIT = 140
"""Characters of a status' text that every host takes."""
