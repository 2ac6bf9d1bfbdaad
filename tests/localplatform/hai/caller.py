"""A caller of the platform that shares nothing with the product's clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.local_platform import ACCOUNT

if TYPE_CHECKING:
    import requests

BASE = "http://platform.test"


@dataclass
class Caller:
    """Posts to paths with a token in the query."""

    session: requests.Session
    token: str = ACCOUNT.secret_key

    def raw(self, path: str, body: Any = None, method: str = "POST", **query: Any) -> requests.Response:
        """The whole answer."""
        parameters = {"token": self.token, **query} if self.token else query
        return self.session.request(method, BASE + path, params=parameters, json=body)

    def post(self, path: str, body: Any = None, **query: Any) -> dict[str, Any]:
        """The body of a success."""
        answer = self.raw(path, body, **query)
        found: dict[str, Any] = answer.json()
        assert (answer.status_code, found.get("success")) == (200, 1), found
        return found

    def no(self, path: str, body: Any = None, **query: Any) -> str:
        """What is said by a refusal inside a 200."""
        answer = self.raw(path, body, **query)
        assert (answer.status_code, answer.json()["success"]) == (200, 0), answer.text
        return str(answer.json()["msg"])

    def create(self, name: str, **changes: Any) -> dict[str, Any]:
        """A task that goes on until it is stopped, as it was answered."""
        row: dict[str, Any] = self.post("/operating/task/create", task(name, **changes))["task"]
        return row

    def show(self, row: dict[str, Any]) -> dict[str, Any]:
        """How it is now."""
        found: dict[str, Any] = self.post("/query/task", chain_id=row["chain_id"])["result"]["task"]
        return found


def task(name: str, *, seconds: str = "inf", nodes: int = 1, priority: int = 30, **spec: Any) -> dict[str, Any]:
    """A create body."""
    given = {"workspace": "/ws/a", "entrypoint": "train.py", "environments": {"SIMULATED_SECONDS": seconds}}
    return {
        "version": 2,
        "name": name,
        "priority": priority,
        "spec": {**given, **spec.pop("spec", {})},
        "resource": {"node_count": nodes, "group": "training", **spec.pop("resource", {})},
        **spec,
    }
