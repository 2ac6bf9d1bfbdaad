"""Gitea and Forgejo: REST. Comments cannot be folded there; a superseded one is rewritten to a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reconciler.forges.exchange import Exchange, ForgeError
from reconciler.forges.protocol import STATUS_TEXT_LIMIT, Approval, Comment, Issue, PullRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.forges.protocol import Access, Verdict

_WORKFLOW_USER: Final = "gitea-actions"
_NOT_FOUND: Final = 404
_REFUSED: Final = frozenset({401, 403})
_SUPERSEDED: Final = "*Superseded by a later comment.*"
_PAGE: Final = 50


class Gitea:
    """A repository on a Gitea server; the API's URL ends in `/api/v1`."""

    def __init__(self, access: Access) -> None:
        self._rest = Exchange(access.url, {"Authorization": f"token {access.token}"})
        self._repository = f"/repos/{access.repository}"
        self._user = ""

    def pull_request(self, number: int) -> PullRequest:
        """As the protocol."""
        return _pull_request(self._rest.get(f"{self._repository}/pulls/{number}"))

    def merged_as(self, commit: str) -> PullRequest | None:
        """As the protocol."""
        try:
            found = self._rest.get(f"{self._repository}/commits/{commit}/pull")
        except ForgeError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return _pull_request(found) if found.get("merged") and found.get("merge_commit_sha") == commit else None

    def recently_merged(self) -> tuple[PullRequest, ...]:
        """As the protocol."""
        query: dict[str, str | int] = {"state": "closed", "sort": "recentupdate", "limit": _PAGE}
        rows = self._rest.get(f"{self._repository}/pulls", **query)
        return tuple(_pull_request(row) for row in rows if row.get("merged"))

    def comments(self, number: int) -> tuple[Comment, ...]:
        """As the protocol."""
        rows = self._rest.pages(f"{self._repository}/issues/{number}/comments")
        return tuple(
            Comment(str(row["id"]), row["body"] or "")
            for row in rows
            if (row.get("user") or {}).get("login") == self._me()
        )

    def comment(self, number: int, body: str) -> None:
        """As the protocol."""
        self._rest.send("POST", f"{self._repository}/issues/{number}/comments", {"body": body})

    def edit(self, number: int, comment: Comment, body: str) -> None:  # noqa: ARG002 - other hosts need the number
        """As the protocol."""
        self._rest.send("PATCH", f"{self._repository}/issues/comments/{comment.id}", {"body": body})

    def fold(self, number: int, comment: Comment) -> None:
        """As the protocol."""
        self.edit(number, comment, _SUPERSEDED)

    def set_status(self, commit: str, verdict: Verdict, text: str, *, context: str, url: str = "") -> None:
        """As the protocol."""
        body = {"state": verdict.value, "description": text[:STATUS_TEXT_LIMIT], "context": context, "target_url": url}
        self._rest.send("POST", f"{self._repository}/statuses/{commit}", body)

    def approvals(self, number: int) -> tuple[Approval, ...]:
        """As the protocol: of each reviewer the last word counts; stale and dismissed ones are none."""
        last: dict[str, Approval | None] = {}
        for row in self._rest.pages(f"{self._repository}/pulls/{number}/reviews", limit=_PAGE):
            who = (row.get("user") or {}).get("login", "")
            if row["state"] == "APPROVED" and not row.get("dismissed") and not row.get("stale"):
                last[who] = Approval(who, row.get("commit_id") or "")
            elif row["state"] in {"APPROVED", "REQUEST_CHANGES"}:
                last[who] = None
        return tuple(approval for approval in last.values() if approval)

    def issues(self) -> tuple[Issue, ...]:
        """As the protocol."""
        query: dict[str, str | int] = {"state": "all", "type": "issues", "created_by": self._me(), "limit": _PAGE}
        rows = self._rest.get(f"{self._repository}/issues", **query)
        return tuple(
            Issue(row["number"], row["body"] or "", row["state"] == "open")
            for row in rows
            if (row.get("user") or {}).get("login") == self._me()
        )

    def open_issue(self, title: str, body: str) -> None:
        """As the protocol."""
        self._rest.send("POST", f"{self._repository}/issues", {"title": title, "body": body})

    def edit_issue(self, issue: Issue, body: str, *, open_: bool) -> None:
        """As the protocol."""
        state = "open" if open_ else "closed"
        self._rest.send("PATCH", f"{self._repository}/issues/{issue.number}", {"body": body, "state": state})

    def _me(self) -> str:
        """Who our token says we are; a job's own token may not ask, and is known by its name."""
        if not self._user:
            try:
                self._user = str(self._rest.get("/user")["login"])
            except ForgeError as error:
                if error.status not in _REFUSED:
                    raise
                self._user = _WORKFLOW_USER
        return self._user


def _pull_request(row: Mapping[str, Any]) -> PullRequest:
    head, base = (((row[side].get("repo")) or {}).get("full_name", "") for side in ("head", "base"))
    author = (row.get("user") or {}).get("login", "")
    return PullRequest(row["number"], row["head"]["sha"], author, head != base, bool(row.get("merged")))
