"""What our HAI client sends is what the real client was recorded to send for the same thing."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from reconciler.errors import PlatformError
from reconciler.model.address import Address
from reconciler.model.mark import Mark
from reconciler.model.resource import Desired
from reconciler.model.target import Target
from reconciler.providers.hai import PROVIDER
from reconciler.providers.protocol import Transport
from tests.providers.loopback import reply, routed, serving

if TYPE_CHECKING:
    from tests.providers.loopback import Seen

RECORDED = json.loads((Path(__file__).parents[1] / "data" / "hai" / "client_requests.json").read_text("utf-8"))
REQUESTS: dict[str, list[dict[str, Any]]] = {run["label"]: run["requests"] for run in RECORDED["recordings"]}
EXAMPLES = RECORDED["response_examples"]
API = "Python API calls that no command exposes"
TRANSPORT = Transport(connect_timeout=2, read_timeout=2, deadline=5, backoff=0.001)
MARK = Mark("0123abcd", "0123456789abcdef0123")
CHAIN = "c0ffee00-0000-4000-8000-000000000101"
DEMO = Address("prod", "Task", "-", "demo-exp")
Doing = Callable[[Any, dict[str, Any]], object]


def desired(body: dict[str, Any]) -> Desired:
    """What a handler would get for a recorded body."""
    return Desired(Address("prod", "Task", "-", str(body.get("name", "demo-exp"))), body, MARK)


def update(**spec: Any) -> Doing:
    """An update to a spec."""
    return lambda c, _: c.handler("Task").update(CHAIN, desired({"name": "demo-exp", "priority": 30, **spec}))


def create(c: Any, body: dict[str, Any]) -> object:
    """A submission."""
    return c.handler("Task").create(desired(body))


DOINGS: list[tuple[str, str, Doing]] = [
    ("run", "/operating/task/create", create),
    ("run with overrides", "/operating/task/create", create),
    ("run full schema", "/operating/task/create", create),
    ("run name already unfinished", "/operating/task/create", create),
    ("python on cluster", "/operating/task/create", create),
    ("bash on cluster", "/operating/task/create", create),
    ("exec on cluster", "/operating/task/create", create),
    ("list", "/query/task/list", lambda c, _: list(c.handler("Task").browse("-", {}, 12))),
    ("status by name", "/query/task", lambda c, _: c.handler("Task").find(DEMO, MARK)),
    (API, "/query/task", lambda c, _: c.handler("Task").read(DEMO, CHAIN)),
    ("logs", "/query/task/log", lambda c, _: list(c.handler("Task").logs(DEMO, CHAIN, index=0))),
    ("stop", "/operating/task/stop", lambda c, _: c.handler("Task").stop(DEMO, CHAIN)),
    (API, "/operating/task/suspend", lambda c, _: c.handler("Task").suspend(DEMO, CHAIN)),
    (API, "/operating/task/priority/update", update(priority=40, options={})),
    (API, "/operating/task/tag", update(options={"tags": ["blue"]})),
    (API, "/operating/task/untag", update(options={})),
    ("run with artifacts", "/operating/task/artifact/map", update(artifacts={"input": "data:v1"})),
    ("artifact unmap", "/operating/task/artifact/unmap", update(artifacts={"output": "kept:v1"})),
    ("artifact showmapped", "/query/task/artifact/get", update(artifacts={"input": "data:v1"})),
    ("nodes", "/query/node/list", lambda c, _: c.nodes()),
    ("whoami", "/query/user/info", lambda c, _: c.whoami()),
    ("whoami", "/query/user/quota/list", lambda c, _: c.quota()),
    (API, "/operating/user/training_quota/update", lambda c, _: c.set_quota("training/HIGH", 3)),
]
DIFFERS: dict[str, dict[str, list[str] | None]] = {
    "/query/task/list": {"page_size": ["50"]},
    "/query/task/log": {"rank": ["0"]},
    "/operating/task/suspend": {"restart_delay": None},
}
"""Where we mean the same and say it otherwise: whole pages, another rank, no delay that nobody obeys."""
ANSWERS: dict[str, Any] = {
    "/operating/task/artifact/unmap": {"in_artifact": "data:v1", "out_artifact": "kept:v1"},
    "/operating/task/artifact/map": "no artifact is mapped",
}
"""What is mapped before, where it decides what is sent."""


def sent_for(path: str, doing: Doing, body: dict[str, Any]) -> list[Seen]:
    """The requests to `path` that our client sends."""
    found = json.loads(json.dumps(EXAMPLES["/query/task 200"]))
    found["result"]["task"]["tags"] = ["blue", str(MARK)] if path == "/operating/task/untag" else [str(MARK)]
    answers = {
        f"POST {name.split()[0]}": reply(200, example)
        for name, example in EXAMPLES.items()
        if name.endswith(" 200") and not name.startswith("/query/task ")
    }
    answers["POST /query/task"] = reply(200, found)
    if path in ANSWERS:
        answers["POST /query/task/artifact/get"] = reply(200, {"success": 1, "msg": ANSWERS[path]})
    with serving(routed(answers)) as server:
        target = Target("prod", "hai", server.url)
        connection = PROVIDER.connect(target, {"secret_key": "ACCESS-fake"}, TRANSPORT)
        with suppress(PlatformError):
            doing(connection, body)
        connection.close()
        return [seen for seen in server.seen if urlsplit(seen.path).path == path]


def query_of(path: str, recorded: dict[str, list[str]]) -> dict[str, list[str]]:
    """The recorded query, with what we say otherwise."""
    changed = {**recorded, **DIFFERS.get(path, {})}
    return unordered({name: values for name, values in changed.items() if values is not None})


def unordered(query: dict[str, list[str]]) -> dict[str, list[str]]:
    """A query whose repeated words may stand in any order."""
    return {name: sorted(values) for name, values in query.items()}


@pytest.mark.parametrize(("label", "path", "doing"), DOINGS, ids=lambda value: value if isinstance(value, str) else "")
def test_same_request(label: str, path: str, doing: Doing) -> None:
    """Method, path, query, token unescaped in it, body but for our mark and what is not the task's."""
    recorded = [request for request in REQUESTS[label] if request["path"] == path]
    body = next((request["body"] for request in recorded if request["body"]), None)
    sent = sent_for(path, doing, body or {})
    assert sent
    queries = [unordered(parse_qs(urlsplit(seen.path).query)) for seen in sent]
    assert any(query_of(path, request["query"]) in queries for request in recorded), queries
    assert {seen.method for seen in sent} == {"POST"}
    assert all(seen.path.endswith("token=ACCESS-fake") for seen in sent)
    assert all("Authorization" not in seen.headers for seen in sent)
    if body is None:
        assert {seen.body for seen in sent} == {b""}
        return
    tags = body.get("options", {}).get("tags", [])
    assert sent[0].json() == {**body, "options": {**body.get("options", {}), "tags": [*tags, str(MARK)]}}


def test_every_recorded_path_is_used_or_explained() -> None:
    """A call of the real client that ours never makes has a written reason in docs/hai.md."""
    page = (Path(__file__).parents[2] / "docs" / "hai.md").read_text("utf-8")
    used = {path for _, path, _ in DOINGS}
    recorded = {request["path"] for requests in REQUESTS.values() for request in requests}
    assert sorted(path for path in recorded - used if f"`{path}`" not in page) == []
