"""Whatever a client sends, the answer is the platform's: never a traceback, never a failure of the server."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.localplatform.face import JSON_LIMIT, Face, Route
from reconciler.localplatform.platforms import faces
from reconciler.localplatform.server import BODY_MOST, Application
from tests.localplatform.client import BASE, Client
from tests.localplatform.pipelines import APP, ONE_SCRIPT, app_running, job_of, workflow_of
from tests.support.local_platform import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.localplatform.assembly import Platform
    from tests.support.wsgi_adapter import WsgiAdapter

ROUTES = [route for face in faces() for route in face.routes]
MEMBERS = ("name", "version", "tasks", "ids", "paths", "inputs", "role", "auth", "tool_id", "resources", "labels")
BODIES: list[bytes] = [
    b"",
    b"{",
    b"null",
    b"[]",
    b"5",
    b'"text"',
    b"{}",
    b"\xff\xfe{}",
    b'{"name": NaN}',
    b'{"name": 1e999}',
    b'{"name": "\\ud800"}',
    b'{"ids": ["\\ud800"], "name": "a"}',
    b'{"a":' * 50_000,
    b"[" * 50_000,
    b'{"name": ' + b"9" * 5000 + b"}",
    json.dumps({name: {} for name in MEMBERS}).encode(),
    json.dumps({name: [[]] for name in MEMBERS}).encode(),
]
PARAMS = {"limit": "x", "path": "\x00", "task_name": "'\"", "name": "\x00%_", "labels": "a,,b", "metric_name": "x"}
SETTINGS = settings(
    deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def path_of(client: Client, route: Route, filler: str) -> str:
    """A path of the route, in the account's project and the default space where it has these."""
    known = {"project_id": ACCOUNT.project_id, "space": client.space.rsplit("/", 1)[1]}
    return re.sub(r"<([^>]+)>", lambda match: known.get(match[1], filler), route.path)


def is_answered(answer: Any) -> bool:
    """Not a failure of the server, and an error says what is wrong in a JSON object, whatever the dialect."""
    if answer.status_code >= 500:
        return False
    return answer.status_code < 400 or bool(isinstance(answer.json(), dict) and answer.json())


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_every_route_takes_anything(client: Client, route: Route) -> None:
    """Bodies that are none, parameters that are none, ids that are none."""
    for filler in ("none", "%00", "..%2f..", "%ff", "a" * 3000):
        path = path_of(client, route, filler)
        for body in BODIES if filler == "none" else BODIES[-2:]:
            assert is_answered(client.call(route.method, path, data=body)), body[:80]
        assert is_answered(client.call(route.method, path, params=PARAMS))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["demo:/x", "${a.out}", "1C"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def mutated(draw: st.DrawFn, value: Any) -> Any:
    """A valid body with something in it replaced, removed or added, at any depth."""
    if isinstance(value, dict) and value:
        key = draw(st.sampled_from(sorted(value)))
        action = draw(st.sampled_from(["into", "into", "replace", "remove", "add"]))
        rest = {name: inner for name, inner in value.items() if name != key}
        if action == "remove":
            return rest
        if action == "add":
            return {**value, draw(st.text(max_size=8)): draw(JSON)}
        return {**value, key: draw(mutated(value[key]) if action == "into" else JSON)}
    if isinstance(value, list) and value and draw(st.booleans()):
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], draw(mutated(value[index])), *value[index + 1 :]]
    return draw(JSON)


VALID: dict[str, dict[str, Any]] = {
    "apps": {**APP, "labels": ["x"], "node_labels": ["local"]},
    "workflows": workflow_of(
        {"task_name": "a", "app_id": "script::1", "resources": {"cpu": "1C"}, "location": {"x": 1, "y": 2}},
        {"task_name": "b", "app_id": "script::1", "inputs": [{"name": "in", "values": ["${a.out}"]}]},
        timeout=5,
        output_dir="/x",
    ),
    "notebooks": {
        "name": "nb",
        "description": "d",
        "flavor": {"cpu": 1, "gpu": 0, "memory": 2, "cpu_type": "X86", "gpu_type": "GPU"},
        "image": {
            "image_type": "CUSTOMER",
            "image_info": {"source_project_name": "demo", "image_name": "busybox", "image_tag": "1.36"},
        },
        "storages": [{"path": "demo:/samples"}],
    },
    "jobs": job_of(
        output_dir="/y",
        priority=1,
        tasks=[{"task_name": "only", "inputs": [{"name": "in", "values": ["demo:/z"]}], "resources": {"memory": "1G"}}],
    ),
}


@pytest.fixture
def furnished(client: Client) -> Client:
    """A platform on which the valid bodies are valid."""
    files = [{"name": "in", "type": "FILE", "required": False}]
    out = [{"name": "out", "type": "FILE", "required": False}]
    client.create("apps", app_running("true", inputs=files, outputs=out))
    client.create("workflows", ONE_SCRIPT)
    return client


@pytest.mark.parametrize("kind", sorted(VALID))
@given(data=st.data())
@SETTINGS
def test_almost_valid_bodies(furnished: Client, kind: str, data: st.DataObject) -> None:
    """One thing wrong anywhere in a body is a refusal or is taken, and what was taken can be shown and listed."""
    body = data.draw(mutated(VALID[kind]))
    answer = furnished.call("POST", f"{furnished.space}/{kind}", data=json.dumps(body).encode())
    assert is_answered(answer)
    if answer.status_code == 200:
        identifier = answer.json()["id"]
        assert furnished.show(kind, identifier)["id"] == identifier
        assert furnished.call("GET", f"{furnished.space}/{kind}").status_code == 200
        assert furnished.call("DELETE", f"{furnished.space}/{kind}/{identifier}").status_code == 200


def test_far_too_many_values(client: Client) -> None:
    """More values than a database takes are refused, in parameters and in lists of ids."""
    many = ",".join(["a"] * 40_000)
    for path in ("apps", "workflows", "jobs"):
        answer = client.call("GET", f"{client.root}/eihealth-projects/{path}", params={"id": many, "labels": many})
        assert answer.status_code == 400
    assert client.call("POST", f"{client.space}/jobs/batch-delete", {"ids": ["a"] * 2000}).status_code == 400


def test_too_much(client: Client) -> None:
    """A body over the limit of signed requests is 413, whatever it holds, and nothing is stored."""
    body = b'{"name": "' + b"x" * JSON_LIMIT + b'"}'
    answer = client.call("POST", f"{client.root}/system/labels", data=body)
    assert (answer.status_code, answer.json()["error_code"]) == (413, "APIGW.0201")


class _Endless:
    """A body that says it is longer than anything the server takes, and fails when it is read."""

    def read(self, size: int = -1) -> bytes:
        """Never to be called."""
        raise AssertionError(size)


def test_far_too_much_is_not_even_read(platform: Platform) -> None:
    """The length a client announces is enough to refuse."""
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": f"/v1/{ACCOUNT.project_id}/system/labels",
        "QUERY_STRING": "",
        "SERVER_NAME": "x",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(BODY_MOST + 1),
        "wsgi.url_scheme": "http",
        "wsgi.input": _Endless(),
    }
    seen: list[str] = []
    platform.application(environ, lambda status, _headers, _info=None: seen.append(status) or (lambda _data: None))  # type: ignore[func-returns-value]
    assert seen[0].startswith("413")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "{root}/nothing", 404),
        ("DELETE", "{root}/system/labels", 404),
        ("GET", "{root}/system/labels/", 404),
        ("GET", "{root}//system/labels", 404),
        ("GET", "/v1", 404),
        ("GET", "/", 404),
        ("GET", "/favicon.ico", 404),
        ("PATCH", "/v3/projects", 405),
        ("BREW", "{root}/users", 404),
    ],
)
def test_unknown_paths(client: Client, method: str, path: str, status: int) -> None:
    """Not published: said in the words of whoever owns the path, with a request id."""
    answer = client.call(method, path.format(root=client.root))
    assert answer.status_code == status
    assert answer.headers["X-Request-Id"]
    assert answer.json()


def test_many_at_once(client: Client, wsgi_adapter: WsgiAdapter) -> None:
    """Threads that create, list and delete the same things get answers that fit together."""
    space = client.space

    def work(number: int) -> list[int]:
        with Client(wsgi_adapter, ACCOUNT) as own:
            codes = []
            for turn in range(6):
                same = own.call("POST", f"{space}/apps", {**APP, "version": f"same-{turn}"})
                codes.append(same.status_code)
                mine = own.call("POST", f"{space}/apps", {**APP, "version": f"own-{number}-{turn}"}).json()["id"]
                assert own.call("GET", f"{space}/apps").status_code == 200
                assert own.call("DELETE", f"{space}/apps/{mine}").status_code == 200
            return codes

    with ThreadPoolExecutor(6) as pool:
        codes = [code for result in pool.map(work, range(6)) for code in result]
    assert (codes.count(200), codes.count(400)) == (6, 30)
    assert client.call("GET", f"{space}/apps").json()["count"] == 6


def test_two_platforms_on_one_path(platform: Platform) -> None:
    """A face that claims what another serves is refused when the application is made, not when somebody calls."""
    face = platform.faces[0]
    twin = Route("GET", face.routes[0].path.replace("<project_id>", "<other>"), "Twin", face.routes[0].handle)
    other = Face(
        name="other",
        routes=(twin,),
        owns=lambda _path: False,
        sign_in=face.sign_in,
        problems=face.problems,
        render=face.render,
    )
    with pytest.raises(ValueError, match="two platforms"):
        Application(
            platform.services,
            (face, other),
            faults=platform.faults,
            log=platform.log,
            admin=platform.application._admin,
        )


@pytest.fixture(autouse=True)
def _nothing_is_left(tmp_path: Any) -> Iterator[None]:
    """No request of this module may write outside the platform's folder."""
    yield
    assert {path.name for path in tmp_path.iterdir()} <= {
        "platform.sqlite3",
        "platform.sqlite3-wal",
        "platform.sqlite3-shm",
        "data",
        "uploads",
    }


def test_a_browser_is_no_caller(client: Client) -> None:
    """A page that makes a browser call this port has no key and no token."""
    for path in (f"{client.root}/users", "/__admin__/status"):
        answer = client.session.get(BASE + path, headers={"Origin": "http://elsewhere.test"})
        assert answer.status_code == 401
        assert "Access-Control-Allow-Origin" not in answer.headers
