"""The recorded requests of the real HAI client, sent to the local platform: the answers are those it was written for.

The recording names a task by the id and chain of its recorder; here one is made under the same number, and its chain
takes the place of the recorded one, as our token does of the recorder's. Everything else is sent as it was, down to the
raw query.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote

import pytest
import requests

from reconciler.localplatform.store import Entity
from tests.support.local_platform import ACCOUNT, local_platform
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.localplatform.assembly import Platform

RECORDED = json.loads((Path(__file__).parents[1] / "data" / "hai" / "client_requests.json").read_text("utf-8"))
RUNS = RECORDED["recordings"]
BASE = "http://platform.test"
CHAIN = "c0ffee00-0000-4000-8000-000000000101"
FIRST_ID = 101
TOKENS = ("ACCESS-fake", "RAWTOKEN-fake")
NOT_ROUTED = {
    "/query/task/container_log",
    "/operating/rerun_task",
    "/operating/node/validate",
    "/operating/task/validate",
    "/operating/task/haiprof",
    "/proxy/s",
}
"""Known to the client, and not served by the open server (contract, section 3); the proxy is not part of it."""
OTHERWISE = {"status forbidden": (200, 0)}
"""A name is looked for among one's own tasks, so nobody else's can be forbidden by it; the recorder made that up."""
LOOSE = {"msg", "data", "last_seen", "restart_log", "error_msg"}
"""Prose, or different by what has run."""


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """A platform that knows the artifacts of the recording, and numbers tasks from where it does."""
    with local_platform(tmp_path) as made:
        store = made.services.store
        store.save_setting("hai.next_id", FIRST_ID)
        for name in ("data", "model"):
            place = dict.fromkeys(("type", "location", "description", "extra", "shared_group"), "")
            store.insert(Entity("hai", "Artifact", "", name, name, place, "v1", "alice"))
        yield made


@pytest.fixture
def session(platform: Platform) -> Iterator[requests.Session]:
    """The way in."""
    with requests.Session() as made:
        made.trust_env = False
        made.mount(BASE, WsgiAdapter(platform.application))
        yield made


def expected(run: dict[str, Any], request: dict[str, Any]) -> tuple[int, int]:
    """Status and success that the contract allows."""
    if request["path"] in NOT_ROUTED:
        return 404, 0
    if run["label"] in OTHERWISE:
        return OTHERWISE[run["label"]]
    words = request["response_example"].split()
    return int(words[1]), 0 if words[-1] == "success=0" or words[1] != "200" else 1


def prepare(run: dict[str, Any], session: requests.Session) -> str:
    """Makes the tasks that the run counts on; the chain of the first, "" where the run makes its own."""
    names = [parse_qs(r["raw_query"]).get("nb_name", [""])[0] for r in run["requests"] if expected(run, r)[1]]
    made_by_run = {(r["body"] or {}).get("name") for r in run["requests"] if r["path"] == "/operating/task/create"}
    if run["label"] == "run name already unfinished":
        names, made_by_run = ["dup"], set()
    needs_one = any(r["path"].startswith(("/query/task", "/operating/task")) for r in run["requests"])
    if made_by_run:
        return ""
    chain = ""
    for name in dict.fromkeys([name for name in names if name] or (["demo-exp"] if needs_one else [])):
        spec = {"workspace": "/ws/alice", "entrypoint": "train.py", "environments": {"SIMULATED_SECONDS": "inf"}}
        body = {"version": 2, "name": name, "priority": 30, "spec": spec, "resource": {"node_count": 1}}
        row = session.post(f"{BASE}/operating/task/create?token={ACCOUNT.secret_key}", json=body).json()["task"]
        chain = chain or row["chain_id"]
    return chain


def send(session: requests.Session, request: dict[str, Any], chain: str) -> requests.Response:
    """One recorded request, byte for byte but for the chain and the token."""
    query = request["raw_query"].replace(CHAIN, chain or CHAIN)
    for token in TOKENS:
        query = query.replace(f"token={token}", f"token={ACCOUNT.secret_key}")
    raw = None if request["body"] is None else json.dumps(request["body"])
    headers = {name: value for name, value in request["headers"].items() if name != "Content-Length"}
    prepared = requests.Request("POST", f"{BASE}{request['path']}", data=raw, headers=headers).prepare()
    prepared.url = f"{BASE}{request['path']}?{query}"
    return session.send(prepared)


def rows(answer: Any) -> list[dict[str, Any]]:
    """Every task row in an answer."""
    if isinstance(answer, dict):
        own = [answer] if "nb_name" in answer and "config_json" in answer else []
        return [*own, *(row for value in answer.values() for row in rows(value))]
    return [row for value in answer for row in rows(value)] if isinstance(answer, list) else []


def kind(value: Any) -> str:
    """The JSON type of a value, numbers being one."""
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def test_the_recording_is_whole() -> None:
    """51 runs, most of which send something."""
    assert len(RUNS) == 51
    assert sum(len(run["requests"]) for run in RUNS) > 75


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run["label"])
def test_answers_are_those_the_client_was_written_for(run: dict[str, Any], session: requests.Session) -> None:
    """Status, success, members, and of task rows every field with its type."""
    chain = prepare(run, session)
    for request in run["requests"]:
        answer = send(session, request, chain)
        found = answer.json()
        assert (answer.status_code, found.get("success", 0)) == expected(run, request), (request["raw_query"], found)
        for row in rows(found):
            chain = chain or row["chain_id"]
        if not expected(run, request)[1]:
            continue
        example = RECORDED["response_examples"][request["response_example"]]
        assert set(found) >= set(example)
        for member in set(example) - LOOSE:
            assert kind(found[member]) == kind(example[member]), member
        for recorded, row in zip(rows(example)[:1], rows(found)[:1], strict=False):
            assert set(row) >= set(recorded)
            for field, value in recorded.items():
                assert value is None or row[field] is None or kind(row[field]) == kind(value), field


def test_what_the_client_cannot_select(session: requests.Session) -> None:
    """It sends names unescaped: `&` and `#` cut them off. Escaped they are found (contract, trap 10)."""
    (created,) = next(run for run in RUNS if run["label"] == "run special characters in name")["requests"]
    assert send(session, created, "").json()["success"] == 1
    name = created["body"]["name"]
    query = f"{BASE}/query/task?token={ACCOUNT.secret_key}&nb_name="
    cut = session.post(f"{query}{name.replace(' ', '+').partition('#')[0]}")
    assert cut.json()["success"] == 0
    whole = session.post(f"{query}{quote(name, safe='')}")
    assert whole.json()["result"]["task"]["nb_name"] == name
