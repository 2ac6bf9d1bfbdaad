"""What our client sends to make and change what is declared is what the vendor's client was recorded to send."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.model.address import NO_SCOPE, Address
from reconciler.model.mark import Mark
from reconciler.model.resource import Desired
from reconciler.model.target import Target
from reconciler.providers.ai4s import PROVIDER
from reconciler.providers.ai4s.foreseen.world import World
from reconciler.providers.protocol import Transport
from tests.providers.loopback import Behaviour, reply, serving

if TYPE_CHECKING:
    from tests.providers.loopback import Seen

EVERY = json.loads((Path(__file__).parents[1] / "data" / "ai4s" / "sdk_every_operation.json").read_text("utf-8"))
KEYS = {
    "access_key": "FAKEACCESSKEYEXAMPLE",
    "secret_key": "FAKESECRETKEYEXAMPLEDONOTUSE0000000000",
    "project_id": "0fakeproject",
}
MARK = Mark("0123abcd", "0123456789abcdef0123")
LOGO = b"\x89PNG fake"
PLACE = {
    "{project_id}": "0fakeproject",
    "{eihealth_project_id}": "sp1",
    "{user_id}": "user-0001",
    "{label_id}": "lbl-1",
    "{image_id}": "img-0001",
    "{tag}": "latest",
    "{notebook_id}": "n1",
    "{id}": "p1",
    "{path}": "demo-space%3A%7Ca",
}
Doing = Callable[[Any, dict[str, Any]], object]


def at(kind: str, name: str, scope: str = "demo-space") -> Address:
    """An address on the target."""
    return Address("prod", kind, scope, name)


def to(kind: str, name: str, spec: dict[str, Any], scope: str = "demo-space") -> Desired:
    """What a handler gets."""
    return Desired(at(kind, name, scope), spec, MARK)


SPACE = at("Space", "demo-space", NO_SCOPE)
TRANSFERRED = to("Space", "demo-space", {"owner": "ada", "former_owner": "local"}, NO_SCOPE)
SOURCE = {"space": "source"}
DOINGS: dict[str, Doing] = {
    "create_project": lambda c, body: c.handler("Space").create(Desired(SPACE, body, MARK)),
    "update_project": lambda c, body: c.handler("Space").update("sp1", Desired(SPACE, body, MARK)),
    "transfer_project": lambda c, _: c.handler("Space").update("sp1", TRANSFERRED),
    "delete_project": lambda c, _: c.handler("Space").delete(SPACE, "sp1"),
    "update_member": lambda c, body: c.handler("Member").create(to("Member", "ada", body)),
    "delete_member": lambda c, _: c.handler("Member").delete(at("Member", "ada"), "user-0001"),
    "create_label": lambda c, body: c.handler("Label").create(to("Label", "labelA", body, NO_SCOPE)),
    "create_image": lambda c, body: c.handler("Image").create(to("Image", "busybox", body)),
    "update_image": lambda c, body: c.handler("Image").update("img-0001", to("Image", "busybox", body)),
    "import_image": lambda c, _: c.handler("Image").create(
        to("Image", "busybox", {"from": {**SOURCE, "tag": "latest"}})
    ),
    "list_image_tag": lambda c, _: World(c.place, ()).registry("demo-space"),
    "delete_tag": lambda c, _: c.handler("Image").update(
        "img-0001", to("Image", "busybox", {"removed_tags": ["latest"]})
    ),
    "delete_image": lambda c, _: c.handler("Image").delete(at("Image", "busybox"), "img-0001"),
    "batch_import_app": lambda c, _: c.handler("App").create(
        to("App", "demo-app-imp@1.0.0", {"from": {**SOURCE, "name": "demo-app"}})
    ),
    "import_workflow": lambda c, _: c.handler("Workflow").create(
        to("Workflow", "demo-wf-imp@1.0.0", {"from": {**SOURCE, "name": "demo-workflow"}})
    ),
    "create_notebook": lambda c, body: c.handler("Notebook").create(to("Notebook", "demo-nb", body)),
    "create_notebook custom": lambda c, body: c.handler("Notebook").create(to("Notebook", "demo-nb", body)),
    "update_notebook": lambda c, body: c.handler("Notebook").update("n1", to("Notebook", "demo-nb", body)),
    "delete_notebook": lambda c, _: c.handler("Notebook").delete(at("Notebook", "demo-nb"), "n1"),
    "list_notebook": lambda c, _: list(c.handler("Notebook").list("demo-space")),
    "update_performance_resource": lambda c, body: c.handler("PerformanceResource").update(
        "p1", to("PerformanceResource", "turbo", body, NO_SCOPE)
    ),
    "copy_data": lambda c, body: c.handler("DataJob").create(to("DataJob", "copy", {**body, "type": "CLONE_DATA"})),
    "import_data": lambda c, body: c.handler("DataJob").create(
        to("DataJob", "copy", {**body, "type": "IMPORT_DATA", "source_space": "source"})
    ),
    "import_network_data": lambda c, body: c.handler("DataJob").create(
        to("DataJob", "copy", {**body, "type": "IMPORT_NETWORK_DATA"})
    ),
    "show_data": lambda c, _: World(c.place, ()).has_data("demo-space", "/a"),
    "list_data": lambda c, _: World(c.place, ()).beside("demo-space", "/test/x"),
    "list_cluster_all_node_label": lambda c, _: World(c.place, ()).node_labels,
}


def name_of(record: dict[str, Any]) -> str:
    """Operation and variant."""
    return " ".join(filter(None, (record["operation"], record.get("variant"))))


RECORDS = [record for record in EVERY if name_of(record) in DOINGS]
EXPECTED_QUERY = {
    # All of them: what the platform filters, and what not, is filtered here.
    "list_notebook": "limit=100&offset=0",
    "list_data": "limit=100&path=demo-space%3A%2Ftest",
}
NOT_SENT = {
    # Whether a deletion is deferred is the platform's to say, and whether content is wanted is known.
    "X-Delete-Now",
    "X-Need-Content",
}
NOTEBOOK = {"id": "n1", "name": "demo-nb", "status": "Running"}
ROLES = [
    {"role_type": "Owner", "users": [{"id": "u0", "name": "local"}]},
    {"role_type": "Administrator", "users": [{"id": "user-0001", "name": "ada"}]},
]
OURS = {"id": "img-0001", "name": "busybox", "tags": ["latest"]}
APP = {"id": "22222222-aaaa-11ee-bbbb-fa163e000002", "name": "demo-app", "version": "1.0.0"}
FLOW = {"id": "33333333-aaaa-11ee-bbbb-fa163e000003", "name": "demo-workflow", "version": "1.0.0"}
LISTS: dict[str, Any] = {
    "eihealth-projects": {"projects": [{"id": "sp1", "name": "demo-space"}, {"id": "sp-src", "name": "source"}]},
    "users": {"users": [{"id": "user-0001", "name": "ada"}]},
    "sp1": {"id": "sp1", "name": "demo-space", "roles": ROLES},
    "sp1/apps": {"apps": []},
    "sp1/workflows": {"workflows": []},
    "jobs": {"jobs": [], "running_count": 0, "waiting_count": 0},
    "notebooks": {"notebooks": []},
    "bucket-storage": {"size": 0},
    "apps": {"apps": [APP]},
    "workflows": {"workflows": [FLOW]},
    "images": {"images": [OURS]},
    "tags": {"tags": [{"tag": "latest", "path": "host/ns/busybox:latest"}]},
    "labels": {"labels": []},
    "datas": {"datas": []},
    "n1": NOTEBOOK,
}


def answering(lists: dict[str, Any]) -> Behaviour:
    """Something that can be read, whatever is asked: by the last two parts of a path, by the last, else an id."""

    def act(handler: Any) -> None:
        parts = handler.path.partition("?")[0].split("/")
        known = lists.get("/".join(parts[-2:]), lists.get(parts[-1])) if handler.command == "GET" else None
        made: Behaviour = reply(200, {"id": parts[-1], "destination_app_id": "new"} if known is None else known)
        made(handler)

    return act


def sent_for(doing: Callable[[Any], object], path: str, method: str, *, root: str = "", **lists: Any) -> Seen:
    """The one request to `path` that our client sends when it does something; `lists` go before those above."""
    with serving(answering({**LISTS, **lists})) as server:
        target = Target("prod", "ai4s", server.url, "cn-north-4", settings={"iam_endpoint": server.url})
        transport = Transport(connect_timeout=2, read_timeout=2, deadline=5, backoff=0.001, root=root)
        connection = PROVIDER.connect(target, KEYS, transport)
        doing(connection)
        connection.close()
        (found,) = [s for s in server.seen if (s.method, s.path.partition("?")[0]) == (method, path)]
        return found


def expected(name: str, body: dict[str, Any]) -> dict[str, Any]:
    """The recorded body with our mark where it goes."""
    wanted = dict(body)
    footed = ("create_project", "update_project", "create_label", "create_image", "update_image", "update_notebook")
    if name in footed or name.startswith("create_notebook"):
        said = wanted.get("description")
        wanted["description"] = f"{said} [{MARK}]" if said else f"[{MARK}]"
    if name == "update_project":
        wanted["is_core"] = False  # cleared explicitly, like everything that a manifest leaves out
    return wanted


def test_every_doing_is_recorded() -> None:
    """A comparison with nothing would pass for one."""
    assert len(RECORDS) == len(DOINGS)


@pytest.mark.parametrize("record", RECORDS, ids=name_of)
def test_same_request(record: dict[str, Any]) -> None:
    """Method, path, query in the same order, body but for our mark, and the headers of the operation."""
    name, path, body = name_of(record), record["path_template"], record.get("body_example")
    for placeholder, value in PLACE.items():
        path = path.replace(placeholder, value)
    nothing_left = {"images": {"images": []}} if name == "delete_project" else {}
    sent = sent_for(lambda c: DOINGS[name](c, body or {}), path, record["method"], **nothing_left)
    assert sent.path.partition("?")[2] == EXPECTED_QUERY.get(name, record.get("raw_query_example", ""))
    assert sent.body == b"" if body is None else sent.json() == expected(name, body)
    for header, value in record.get("extra_headers_example", {}).items():
        assert header in NOT_SENT or sent.headers[header] == value
    assert sent.headers["X-Project-Id"] == "0fakeproject"


def test_the_logo_is_a_form(tmp_path: Path) -> None:
    """In parts, as the vendor's client sends it, with a payload that is not signed."""
    (tmp_path / "logo.png").write_bytes(LOGO)
    logo = {"path": "logo.png", "sha256": hashlib.sha256(LOGO).hexdigest()}
    wanted = to("VendorConfig", "default", {"name": "vend", "logo": logo}, NO_SCOPE)
    path = "/v1/0fakeproject/system/vendor-config"
    sent = sent_for(lambda c: c.handler("VendorConfig").update("default", wanted), path, "PUT", root=str(tmp_path))
    assert sent.headers["X-Sdk-Content-Sha256"] == "UNSIGNED-PAYLOAD"
    assert sent.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert b'name="name"\r\n\r\nvend\r\n' in sent.body
    assert b'name="file"; filename="logo.png"' in sent.body
    assert LOGO in sent.body
