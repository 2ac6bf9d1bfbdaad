"""A host of pull requests on the loopback interface: the documented shapes of three APIs over one small model.

It refuses what the documents do not have: a wrong method, a missing header, a body with other members.
"""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TOKEN = "fake-token-of-the-robot"
ROBOT, ADA, EVE = "robot", "ada", "eve"
_IDS = {ROBOT: 7, ADA: 8, EVE: 9}


@dataclass
class Said:
    """A comment or an issue."""

    id: int
    author: str
    body: str
    title: str = ""
    open: bool = True
    folded: bool = False


@dataclass
class Model:
    """What a host remembers. Everything has the number 1."""

    head: str = ""
    author: str = ADA
    fork: bool = False
    merge: str = ""
    comments: list[Said] = field(default_factory=list)
    issues: list[Said] = field(default_factory=list)
    statuses: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    approvals: list[tuple[str, str]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)
    """Statuses that the next requests are answered with."""

    def say(self, author: str, body: str) -> Said:
        """A new comment."""
        made = Said(len(self.comments) + 100, author, body)
        self.comments.append(made)
        return made

    def ours(self) -> list[Said]:
        """The robot's comments that are not folded."""
        return [said for said in self.comments if said.author == ROBOT and not said.folded]


@dataclass(frozen=True)
class Answer:
    """What goes back."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


Rule = tuple[str, str, "Callable[..., Answer]"]


class Api:
    """One API over a model: rules of method, path and what to do."""

    prefix = ""
    rules: tuple[Rule, ...] = ()

    def __init__(self, model: Model) -> None:
        self.model = model

    def authorised(self, headers: Any) -> bool:
        """Whether the token is in the right header."""
        raise AssertionError

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> Answer:
        """The rule that fits."""
        for wanted, pattern, act in self.rules:
            match = re.fullmatch(self.prefix + pattern, path)
            if match and wanted == method:
                return act(self, query, body, *match.groups())
        return Answer(404, {"message": f"no {method} {path}"})

    def own(self, id_: str, of: list[Said]) -> Said | None:
        """A comment or issue of the robot."""
        return next((said for said in of if said.id == int(id_) and said.author == ROBOT), None)


def _only(body: Any, *names: str) -> bool:
    return isinstance(body, dict) and set(body) <= set(names) and all(isinstance(v, str) for v in body.values())


def _paged(rows: list[Any], query: dict[str, str], size: int, url: str) -> Answer:
    """Pages of at most `size`, and where the next one is."""
    page = int(query.get("page", "1"))
    rest = rows[page * size :]
    headers = {"Link": f'<{url}?page={page + 1}>; rel="next"'} if rest else {}
    return Answer(200, rows[(page - 1) * size : page * size], headers)


class GitHubApi(Api):
    """api.github.com, as far as it is used."""

    def authorised(self, headers: Any) -> bool:
        """As above."""
        return headers["Authorization"] == f"Bearer {TOKEN}" and headers["X-GitHub-Api-Version"] == "2022-11-28"

    def _pull(self) -> dict[str, Any]:
        m = self.model
        head = {"sha": m.head, "repo": {"full_name": "eve/fork" if m.fork else "org/repo"}}
        base = {"sha": "0" * 40, "repo": {"full_name": "org/repo"}}
        merged = {"merged_at": "2026-01-01T00:00:00Z" if m.merge else None, "merge_commit_sha": m.merge or "f" * 40}
        return {"number": 1, "user": {"login": m.author}, "head": head, "base": base, **merged}

    def _user(self, _query: Any, _body: Any) -> Answer:
        return Answer(200, {"login": ROBOT})

    def _get_pull(self, _query: Any, _body: Any) -> Answer:
        return Answer(200, self._pull())

    def _pulls_of(self, _query: Any, _body: Any, _sha: str) -> Answer:
        return Answer(200, [self._pull()])

    def _row(self, said: Said) -> dict[str, Any]:
        return {"id": said.id, "node_id": f"IC_{said.id}", "user": {"login": said.author}, "body": said.body}

    def _comments(self, query: dict[str, str], _body: Any) -> Answer:
        return _paged([self._row(said) for said in self.model.comments], query, 2, "{here}")

    def _new_comment(self, _query: Any, body: Any) -> Answer:
        if not _only(body, "body") or len(body["body"]) > 65_536:
            return Answer(422, {"message": "body is too long (maximum is 65536 characters)"})
        return Answer(201, self._row(self.model.say(ROBOT, body["body"])))

    def _edit_comment(self, _query: Any, body: Any, id_: str) -> Answer:
        said = self.own(id_, self.model.comments)
        if said is None or not _only(body, "body"):
            return Answer(403, {"message": "Resource not accessible"})
        said.body = body["body"]
        return Answer(200, self._row(said))

    def _status(self, _query: Any, body: Any, sha: str) -> Answer:
        good = _only(body, "state", "description", "context", "target_url") and len(body["description"]) <= 140
        if not good or body["state"] not in {"error", "failure", "pending", "success"}:
            return Answer(422, {"message": "Validation Failed"})
        self.model.statuses.append((sha, body))
        return Answer(201, {})

    def _reviews(self, _query: Any, _body: Any) -> Answer:
        rows = [{"user": {"login": who}, "state": "APPROVED", "commit_id": c} for who, c in self.model.approvals]
        return Answer(200, rows)

    def _graphql(self, _query: Any, body: Any) -> Answer:
        said = self.own(body["variables"]["id"].removeprefix("IC_"), self.model.comments)
        if "minimizeComment" not in body["query"] or said is None:
            return Answer(200, {"errors": [{"message": "no"}]})
        said.folded = True
        return Answer(200, {"data": {}})

    def _issue(self, said: Said) -> dict[str, Any]:
        state = "open" if said.open else "closed"
        return {"number": said.id, "body": said.body, "state": state, "user": {"login": said.author}}

    def _issues(self, _query: Any, _body: Any) -> Answer:
        return Answer(200, [self._issue(said) for said in reversed(self.model.issues)])

    def _new_issue(self, _query: Any, body: Any) -> Answer:
        self.model.issues.append(Said(len(self.model.issues) + 1, ROBOT, body["body"], body["title"]))
        return Answer(201, {})

    def _edit_issue(self, _query: Any, body: Any, id_: str) -> Answer:
        said = self.own(id_, self.model.issues)
        assert said is not None
        said.body, said.open = body["body"], body["state"] == "open"
        return Answer(200, {})

    rules = (
        ("GET", "/user", _user),
        ("GET", "/repos/org/repo/pulls/1", _get_pull),
        ("GET", "/repos/org/repo/commits/([0-9a-f]{40})/pulls", _pulls_of),
        ("GET", "/repos/org/repo/issues/1/comments", _comments),
        ("POST", "/repos/org/repo/issues/1/comments", _new_comment),
        ("PATCH", "/repos/org/repo/issues/comments/([0-9]+)", _edit_comment),
        ("POST", "/repos/org/repo/statuses/([0-9a-f]{40})", _status),
        ("GET", "/repos/org/repo/pulls/1/reviews", _reviews),
        ("POST", "/graphql", _graphql),
        ("GET", "/repos/org/repo/issues", _issues),
        ("POST", "/repos/org/repo/issues", _new_issue),
        ("PATCH", "/repos/org/repo/issues/([0-9]+)", _edit_issue),
    )


class GiteaApi(GitHubApi):
    """A Gitea server: like GitHub, with differences."""

    prefix = "/api/v1"

    def authorised(self, headers: Any) -> bool:
        """As above."""
        return bool(headers["Authorization"] == f"token {TOKEN}")

    def _pull(self) -> dict[str, Any]:
        merge = self.model.merge
        return super()._pull() | {"merged": bool(merge), "merge_commit_sha": merge or None}

    def _pull_of(self, _query: Any, _body: Any, sha: str) -> Answer:
        return Answer(200, self._pull()) if sha == self.model.merge else Answer(404, {"message": "not found"})

    def _reviews(self, _query: Any, _body: Any) -> Answer:
        rows = [
            {"user": {"login": who}, "state": "APPROVED", "commit_id": c, "stale": False, "dismissed": False}
            for who, c in self.model.approvals
        ]
        return Answer(200, rows)

    rules = (
        ("GET", "/repos/org/repo/commits/([0-9a-f]{40})/pull", _pull_of),
        ("GET", "/repos/org/repo/pulls/1/reviews", _reviews),
        *(rule for rule in GitHubApi.rules if not rule[1].endswith(("/pulls", "/reviews", "/graphql"))),
    )


class GitLabApi(Api):
    """A GitLab server, as far as it is used. The project's id is 42."""

    prefix = "/api/v4"

    def authorised(self, headers: Any) -> bool:
        """As above."""
        return bool(headers["PRIVATE-TOKEN"] == TOKEN)

    def _request(self) -> dict[str, Any]:
        m = self.model
        projects = {"source_project_id": 99 if m.fork else 42, "target_project_id": 42}
        state = "merged" if m.merge else "opened"
        merge = {"merge_commit_sha": m.merge or None, "squash_commit_sha": None, "state": state}
        return {"iid": 1, "sha": m.head, "author": {"username": m.author}, **projects, **merge}

    def _user(self, _query: Any, _body: Any) -> Answer:
        return Answer(200, {"id": _IDS[ROBOT], "username": ROBOT})

    def _get(self, _query: Any, _body: Any) -> Answer:
        return Answer(200, self._request())

    def _of_commit(self, _query: Any, _body: Any, _sha: str) -> Answer:
        return Answer(200, [self._request()])

    def _note(self, said: Said) -> dict[str, Any]:
        author = {"id": _IDS[said.author], "username": said.author}
        return {"id": said.id, "body": said.body, "system": False, "author": author}

    def _notes(self, query: dict[str, str], _body: Any) -> Answer:
        return _paged([self._note(said) for said in self.model.comments], query, 2, "{here}")

    def _new_note(self, _query: Any, body: Any) -> Answer:
        assert _only(body, "body")
        return Answer(201, self._note(self.model.say(ROBOT, body["body"])))

    def _edit_note(self, _query: Any, body: Any, id_: str) -> Answer:
        said = self.own(id_, self.model.comments)
        if said is None or not _only(body, "body"):
            return Answer(403, {"message": "403 Forbidden"})
        said.body = body["body"]
        return Answer(200, self._note(said))

    def _status(self, _query: Any, body: Any, sha: str) -> Answer:
        good = _only(body, "state", "name", "description", "target_url") and len(body["description"]) <= 255
        if not good or body["state"] not in {"pending", "running", "success", "failed", "canceled"}:
            return Answer(400, {"message": "state does not have a valid value"})
        self.model.statuses.append((sha, body | {"state": {"failed": "failure"}.get(body["state"], body["state"])}))
        return Answer(201, {})

    def _approvals(self, _query: Any, _body: Any) -> Answer:
        return Answer(200, {"approved_by": [{"user": {"username": who}} for who, _ in self.model.approvals]})

    def _issues(self, _query: Any, _body: Any) -> Answer:
        rows = [
            {"iid": said.id, "description": said.body, "state": "opened" if said.open else "closed"}
            for said in reversed(self.model.issues)
        ]
        return Answer(200, rows)

    def _new_issue(self, _query: Any, body: Any) -> Answer:
        self.model.issues.append(Said(len(self.model.issues) + 1, ROBOT, body["description"], body["title"]))
        return Answer(201, {})

    def _edit_issue(self, _query: Any, body: Any, id_: str) -> Answer:
        said = self.own(id_, self.model.issues)
        assert said is not None
        said.body = body["description"]
        said.open = {"close": False, "reopen": True}.get(body.get("state_event", ""), said.open)
        return Answer(200, {})

    rules = (
        ("GET", "/user", _user),
        ("GET", "/projects/42/merge_requests/1", _get),
        ("GET", "/projects/42/repository/commits/([0-9a-f]{40})/merge_requests", _of_commit),
        ("GET", "/projects/42/merge_requests/1/notes", _notes),
        ("POST", "/projects/42/merge_requests/1/notes", _new_note),
        ("PUT", "/projects/42/merge_requests/1/notes/([0-9]+)", _edit_note),
        ("POST", "/projects/42/statuses/([0-9a-f]{40})", _status),
        ("GET", "/projects/42/merge_requests/1/approvals", _approvals),
        ("GET", "/projects/42/issues", _issues),
        ("POST", "/projects/42/issues", _new_issue),
        ("PUT", "/projects/42/issues/([0-9]+)", _edit_issue),
    )


APIS: dict[str, type[Api]] = {"github": GitHubApi, "gitlab": GitLabApi, "gitea": GiteaApi}


@contextmanager
def served(name: str) -> Iterator[tuple[Model, str]]:
    """A host of that name, and the URL of its API."""
    api = APIS[name](Model())

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            url = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            api.model.requests.append(f"{self.command} {url.path}")
            if api.model.failures:
                answer = Answer(api.model.failures.pop(0), {"message": "later"}, {"Retry-After": "0"})
            elif not api.authorised(self.headers):
                answer = Answer(401, {"message": "Bad credentials"})
            else:
                query = {key: values[0] for key, values in parse_qs(url.query).items()}
                answer = api.answer(self.command, url.path, query, body)
            text = json.dumps(answer.body).encode()
            self.send_response(answer.status)
            here = f"http://{self.headers['Host']}{url.path}"
            for key, value in answer.headers.items():
                self.send_header(key, value.replace("{here}", here))
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = do_PUT = _answer  # noqa: N815 - as the base class calls them

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield api.model, f"http://127.0.0.1:{server.server_port}{api.prefix}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
