"""GitHub: REST, and GraphQL for folding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reconciler.forges.exchange import Exchange, ForgeError
from reconciler.forges.protocol import STATUS_TEXT_LIMIT, Approval, Comment, Issue, PullRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.forges.protocol import Access, Verdict

_WORKFLOW_USER: Final = "github-actions[bot]"
_MINIMISE: Final = (
    "mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) { clientMutationId } }"
)
_PAGE: Final = 100
_ISSUE_PAGE: Final = 50


class GitHub:
    """A repository on GitHub, or on an enterprise server. `graphql` is the URL of its GraphQL API."""

    def __init__(self, access: Access, graphql: str) -> None:
        headers = {
            "Authorization": f"Bearer {access.token}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        self._rest = Exchange(access.url, headers)
        self._graphql = Exchange(graphql, headers)
        self._repository = f"/repos/{access.repository}"
        self._user = ""

    def pull_request(self, number: int) -> PullRequest:
        """As the protocol."""
        return _pull_request(self._rest.get(f"{self._repository}/pulls/{number}"))

    def merged_as(self, commit: str) -> PullRequest | None:
        """As the protocol: of those that hold the commit, the one it is the merge of."""
        found = list(self._rest.pages(f"{self._repository}/commits/{commit}/pulls", per_page=_PAGE))
        merged = [each for each in found if each.get("merged_at") and each.get("merge_commit_sha") == commit]
        return _pull_request(merged[0]) if merged else None

    def recently_merged(self) -> tuple[PullRequest, ...]:
        """As the protocol."""
        query: dict[str, str | int] = {
            "state": "closed",
            "sort": "updated",
            "direction": "desc",
            "per_page": _ISSUE_PAGE,
        }
        rows = self._rest.get(f"{self._repository}/pulls", **query)
        return tuple(_pull_request(row) for row in rows if row.get("merged_at"))

    def comments(self, number: int) -> tuple[Comment, ...]:
        """As the protocol."""
        rows = self._rest.pages(f"{self._repository}/issues/{number}/comments", per_page=_PAGE)
        return tuple(
            Comment(str(row["id"]), row["body"] or "", row["node_id"])
            for row in rows
            if (row.get("user") or {}).get("login") == self._me()
        )

    def comment(self, number: int, body: str) -> None:
        """As the protocol."""
        self._rest.send("POST", f"{self._repository}/issues/{number}/comments", {"body": body})

    def edit(self, number: int, comment: Comment, body: str) -> None:  # noqa: ARG002 - other hosts need the number
        """As the protocol."""
        self._rest.send("PATCH", f"{self._repository}/issues/comments/{comment.id}", {"body": body})

    def fold(self, number: int, comment: Comment) -> None:  # noqa: ARG002 - as above
        """As the protocol: shown as outdated."""
        self._graphql.send("POST", "", {"query": _MINIMISE, "variables": {"id": comment.handle}})

    def set_status(self, commit: str, verdict: Verdict, text: str, *, context: str, url: str = "") -> None:
        """As the protocol."""
        body = {"state": verdict.value, "description": text[:STATUS_TEXT_LIMIT], "context": context}
        self._rest.send("POST", f"{self._repository}/statuses/{commit}", body | ({"target_url": url} if url else {}))

    def approvals(self, number: int) -> tuple[Approval, ...]:
        """As the protocol: of each reviewer the last word counts."""
        last: dict[str, Approval | None] = {}
        for row in self._rest.pages(f"{self._repository}/pulls/{number}/reviews", per_page=_PAGE):
            who = (row.get("user") or {}).get("login", "")
            if row["state"] == "APPROVED":
                last[who] = Approval(who, row.get("commit_id") or "")
            elif row["state"] in {"CHANGES_REQUESTED", "DISMISSED"}:
                last[who] = None
        return tuple(approval for approval in last.values() if approval)

    def issues(self) -> tuple[Issue, ...]:
        """As the protocol."""
        query: dict[str, str | int] = {"state": "all", "creator": self._me(), "per_page": _ISSUE_PAGE}
        rows = self._rest.get(f"{self._repository}/issues", **query)
        return tuple(
            Issue(row["number"], row["body"] or "", row["state"] == "open")
            for row in rows
            if "pull_request" not in row and (row.get("user") or {}).get("login") == self._me()
        )

    def open_issue(self, title: str, body: str) -> None:
        """As the protocol."""
        self._rest.send("POST", f"{self._repository}/issues", {"title": title, "body": body})

    def edit_issue(self, issue: Issue, body: str, *, open_: bool) -> None:
        """As the protocol."""
        state = "open" if open_ else "closed"
        self._rest.send("PATCH", f"{self._repository}/issues/{issue.number}", {"body": body, "state": state})

    def _me(self) -> str:
        """Who our token says we are; a workflow's own token may not ask, and is known by its name."""
        if not self._user:
            try:
                self._user = str(self._rest.get("/user")["login"])
            except ForgeError as error:
                if error.status != 403:  # noqa: PLR2004 - "not accessible by integration"
                    raise
                self._user = _WORKFLOW_USER
        return self._user


def _pull_request(row: Mapping[str, Any]) -> PullRequest:
    head, base = (((row[side].get("repo")) or {}).get("full_name", "") for side in ("head", "base"))
    author = (row.get("user") or {}).get("login", "")
    return PullRequest(row["number"], row["head"]["sha"], author, head != base, bool(row.get("merged_at")))
