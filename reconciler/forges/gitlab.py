"""GitLab: merge requests, notes, statuses. Notes cannot be folded there; a superseded one is rewritten to a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from reconciler.forges.exchange import Exchange
from reconciler.forges.protocol import STATUS_TEXT_LIMIT, Approval, Comment, Issue, PullRequest, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.forges.protocol import Access

_STATES: Final = {Verdict.PENDING: "pending", Verdict.SUCCESS: "success", Verdict.FAILURE: "failed"}
_SUPERSEDED: Final = "*Superseded by a later comment.*"
_PAGE: Final = 100
_ISSUE_PAGE: Final = 50


class GitLab:
    """A project on a GitLab server; the API's URL ends in `/api/v4`, the repository is its id or path."""

    def __init__(self, access: Access) -> None:
        self._rest = Exchange(access.url, {"PRIVATE-TOKEN": access.token})
        self._project = f"/projects/{quote(access.repository, safe='')}"
        self._user = 0

    def pull_request(self, number: int) -> PullRequest:
        """As the protocol."""
        return _merge_request(self._rest.get(f"{self._project}/merge_requests/{number}"))

    def merged_as(self, commit: str) -> PullRequest | None:
        """As the protocol: by the merge commit, the squash commit, or the last commit of a fast-forward."""
        path = f"{self._project}/repository/commits/{commit}/merge_requests"
        for row in self._rest.pages(path, per_page=_PAGE):
            ends = {row.get("merge_commit_sha"), row.get("squash_commit_sha"), row.get("sha")}
            if row.get("state") == "merged" and commit in ends:
                return _merge_request(row)
        return None

    def recently_merged(self) -> tuple[PullRequest, ...]:
        """As the protocol."""
        query: dict[str, str | int] = {"state": "merged", "order_by": "updated_at", "per_page": _ISSUE_PAGE}
        return tuple(_merge_request(row) for row in self._rest.get(f"{self._project}/merge_requests", **query))

    def comments(self, number: int) -> tuple[Comment, ...]:
        """As the protocol."""
        query: dict[str, str | int] = {"per_page": _PAGE, "sort": "asc", "order_by": "created_at"}
        rows = self._rest.pages(f"{self._project}/merge_requests/{number}/notes", **query)
        return tuple(
            Comment(str(row["id"]), row["body"] or "")
            for row in rows
            if not row.get("system") and (row.get("author") or {}).get("id") == self._me()
        )

    def comment(self, number: int, body: str) -> None:
        """As the protocol."""
        self._rest.send("POST", f"{self._project}/merge_requests/{number}/notes", {"body": body})

    def edit(self, number: int, comment: Comment, body: str) -> None:
        """As the protocol."""
        self._rest.send("PUT", f"{self._project}/merge_requests/{number}/notes/{comment.id}", {"body": body})

    def fold(self, number: int, comment: Comment) -> None:
        """As the protocol."""
        self.edit(number, comment, _SUPERSEDED)

    def set_status(self, commit: str, verdict: Verdict, text: str, *, context: str, url: str = "") -> None:
        """As the protocol."""
        body = {"state": _STATES[verdict], "name": context, "description": text[:STATUS_TEXT_LIMIT]}
        self._rest.send("POST", f"{self._project}/statuses/{commit}", body | ({"target_url": url} if url else {}))

    def approvals(self, number: int) -> tuple[Approval, ...]:
        """As the protocol. GitLab does not say which commit was approved: the project's setting that removes approvals
        when commits are added makes it the last one.
        """
        found = self._rest.get(f"{self._project}/merge_requests/{number}/approvals")
        return tuple(Approval(row["user"]["username"], "") for row in found.get("approved_by", ()))

    def issues(self) -> tuple[Issue, ...]:
        """As the protocol."""
        query: dict[str, str | int] = {"author_id": self._me(), "scope": "all", "per_page": _ISSUE_PAGE}
        return tuple(
            Issue(row["iid"], row["description"] or "", row["state"] == "opened")
            for row in self._rest.get(f"{self._project}/issues", **query)
        )

    def open_issue(self, title: str, body: str) -> None:
        """As the protocol."""
        self._rest.send("POST", f"{self._project}/issues", {"title": title, "description": body})

    def edit_issue(self, issue: Issue, body: str, *, open_: bool) -> None:
        """As the protocol."""
        event = {} if issue.open == open_ else {"state_event": "reopen" if open_ else "close"}
        self._rest.send("PUT", f"{self._project}/issues/{issue.number}", {"description": body, **event})

    def _me(self) -> int:
        if not self._user:
            self._user = int(self._rest.get("/user")["id"])
        return self._user


def _merge_request(row: Mapping[str, Any]) -> PullRequest:
    forked = row.get("source_project_id") != row.get("target_project_id")
    author = (row.get("author") or {}).get("username", "")
    return PullRequest(row["iid"], row["sha"], author, forked, row.get("state") == "merged")
