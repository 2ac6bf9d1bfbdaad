"""Whatever a client sends, the answer is the platform's: never a traceback, never a failure of the server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.localplatform.platforms.hai import FACE
from tests.localplatform.hai.caller import BASE, Caller, task

if TYPE_CHECKING:
    from reconciler.localplatform.face import Route

BODIES: list[bytes] = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"name": NaN}',
    b'{"name": "\\ud800"}',
    b'{"token": 5}',
    b'{"a":' * 5000,
    json.dumps({key: {} for key in ("version", "name", "spec", "resource", "options", "services")}).encode(),
    json.dumps({**task("t"), "options": {"tags": {"a": [1]}, "timeout": "soon", "assigned_nodes": 5}}).encode(),
    json.dumps({**task("t"), "options": {"whole_life_state": "x", "timeout": 1e300}, "services": [5]}).encode(),
    json.dumps({**task("t"), "resource": {"group": "#", "node_count": 10**14}}).encode(),
]
PARAMS: list[dict[str, str]] = [
    {},
    {"chain_id": "\x00", "page": "x", "page_size": "-1", "last_seen": "{", "rank": "-1", "op": "stop"},
    {"id": "9" * 40, "page": "1", "page_size": "1", "tag": "_", "quota": "1e9", "days": "x"},
    {"nb_name": "%_'\"", "page": "2", "page_size": "100", "priority": "ten", "custom_rank": "nan", "direction": "up"},
    {"nb_name": "known", "page": "1", "page_size": "100", "priority": "40", "direction": "all", "dist_port": "1"},
    {"nb_name": "known", "last_seen": '{"id": 1, "offset": -5}', "rank": "99", "content": "", "nb_name_pattern": "[%("},
    {"nb_name": "known", "last_seen": '{"id": true, "offset": 1e9}', "custom_rank": "1e999", "pod_name": "--"},
]
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)
_FIELDS = st.dictionaries(
    st.sampled_from(["version", "name", "task_type", "priority", "spec", "resource", "options", "services"]), _JSON
)


def is_answered(answer: Any) -> bool:
    """In the platform's own words, and no failure."""
    said = answer.json()
    return answer.status_code < 500 and ("success" in said or "detail" in said)


@pytest.mark.parametrize("route", FACE.routes, ids=lambda route: route.path)
def test_junk_is_answered(caller: Caller, route: Route) -> None:
    """Every route, every body, every set of parameters."""
    caller.create("known")
    for parameters in PARAMS:
        assert is_answered(caller.raw(route.path, method=route.method, **parameters)), parameters
    for body in BODIES:
        url = f"{BASE}{route.path}?token={caller.token}&nb_name=known"
        assert is_answered(caller.session.request(route.method, url, data=body)), body[:60]
    assert is_answered(caller.raw("/query/task/list", page=1, page_size=100))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=_FIELDS)
def test_any_task_is_taken_or_refused(caller: Caller, changes: dict[str, Any]) -> None:
    """And whatever was taken can be looked at, listed, and stopped."""
    answer = caller.raw("/operating/task/create", {**task("t"), **changes})
    assert is_answered(answer)
    if answer.status_code == 200 and answer.json()["success"]:
        row = answer.json()["task"]
        assert caller.show(row)["chain_id"] == row["chain_id"]
        assert is_answered(caller.raw("/query/task/log", chain_id=row["chain_id"]))
        caller.post("/operating/task/stop", chain_id=row["chain_id"])
        assert caller.show(row)["chain_status"] == "finished"
