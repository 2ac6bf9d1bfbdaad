"""Who may do what: each user of the account signs for themselves, and their role in a space decides."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.localplatform.client import Client
from tests.localplatform.pipelines import APP
from tests.support.local_platform import ACCOUNT

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform
    from tests.support.wsgi_adapter import WsgiAdapter

ROLES = ("Viewer", "Uploader", "Developer", "Administrator")
CALLS: list[tuple[str, str, dict[str, Any] | None, int]] = [
    ("GET", "/apps", None, 0),
    ("GET", "/datas?path=demo%3A%2F", None, 0),
    ("PUT", "/top", {"is_top": True}, 0),
    ("POST", "/datas", {"name": "folder"}, 1),
    ("POST", "/datas/clone", {"sub_paths": ["/samples"], "target_folder": "/x"}, 1),
    ("POST", "/apps", APP, 2),
    ("POST", "/images", {"name": "own", "tag": "1"}, 2),
    ("PUT", "", {"description": "new"}, 3),
    ("PUT", "/members/user-grace", {"role": "Viewer"}, 3),
    ("POST", "/transfer", {"user_id": "user-ada"}, 4),
    ("DELETE", "", None, 4),
]
"""A call, and the least role that may make it, by its place in `ROLES`; 4 is the owner alone."""


@pytest.fixture
def ada(client: Client, wsgi_adapter: WsgiAdapter) -> Any:
    """Another user of the account, with a key of her own."""
    account = replace(ACCOUNT, access_key=f"{ACCOUNT.access_key}-ada")
    with Client(wsgi_adapter, account) as own:
        yield own


@pytest.mark.parametrize("rank", range(len(ROLES)), ids=ROLES)
def test_what_each_role_may(client: Client, ada: Client, rank: int) -> None:
    """Exactly what its rank allows; the refusal names the role that would do."""
    space = client.space
    assert client.call("PUT", f"{space}/members/user-ada", {"role": ROLES[rank]}).status_code == 200
    for method, path, body, least in CALLS:
        answer = ada.call(method, f"{space}{path}", body)
        if rank >= least:
            assert answer.status_code < 400, (path, answer.text)
        else:
            wanted = "Owner" if least == len(ROLES) else ROLES[least]
            assert (answer.status_code, answer.json()["error_code"]) == (403, "eihealth.01059007")
            assert f"needs the role {wanted}, and ada is {ROLES[rank]}" in answer.json()["error_msg"]


def test_a_space_without_a_role_is_not_there(client: Client, ada: Client) -> None:
    """Not in lists, not to be shown, not to be read from by another one."""
    space = client.space
    assert ada.call("GET", f"{ada.root}/eihealth-projects").json() == {"projects": [], "count": 0}
    assert ada.call("GET", space).status_code == 403
    assert ada.call("GET", f"{ada.root}/eihealth-projects/apps").json()["count"] == 0
    mine = ada.call("POST", f"{ada.root}/eihealth-projects", {"name": "hers"}).json()["id"]
    assert client.call("GET", f"{client.root}/eihealth-projects/{mine}").status_code == 403
    theirs = {"source_project_id": space.rpartition("/")[2], "sub_paths": ["/samples"], "target_folder": "/"}
    into = f"{ada.root}/eihealth-projects/{mine}"
    assert ada.call("POST", f"{into}/datas/import", theirs).status_code == 403
    assert ada.call("GET", f"{into}/datas", params={"path": "demo:/"}).status_code == 403
    images = {"source_project_id": theirs["source_project_id"], "image_id": "any", "tag": "1"}
    assert ada.call("POST", f"{into}/images/import", images).status_code == 403


WRITES = (
    ("/datas/batch-delete", {"paths": ["demo:/samples"]}),
    ("/datas", {"name": "folder", "parent_folder": "demo:/"}),
    ("/datas/clone", {"sub_paths": ["/"], "target_folder": "demo:/x"}),
    ("/datas/import-from-network", {"urls": ["http://a.test/b"], "target_folder": "demo:/x"}),
)


@pytest.mark.parametrize(("path", "body"), WRITES, ids=[path for path, _ in WRITES])
def test_a_role_in_one_space_is_none_in_another(client: Client, ada: Client, path: str, body: dict[str, Any]) -> None:
    """Who may look into a space changes nothing there, from whatever space of their own they ask."""
    client.call("PUT", f"{client.space}/members/user-ada", {"role": "Viewer"})
    own = ada.call("POST", f"{ada.root}/eihealth-projects", {"name": "hers"}).json()["id"]
    refused = ada.call("POST", f"{ada.root}/eihealth-projects/{own}{path}", body)
    assert (refused.status_code, refused.json()["error_code"]) == (403, "eihealth.01059007")
    assert client.call("GET", f"{client.space}/datas", params={"path": "demo:/samples"}).status_code == 200
    client.call("PUT", f"{client.space}/members/user-ada", {"role": "Uploader"})
    assert ada.call("POST", f"{ada.root}/eihealth-projects/{own}{path}", body).status_code == 200


def test_what_belongs_to_the_account(client: Client, ada: Client) -> None:
    """Everybody may look; only the owner of the account changes it. Anybody may make a space."""
    assert ada.call("GET", f"{ada.root}/system/labels").status_code == 200
    assert ada.call("POST", f"{ada.root}/system/labels", {"name": "x"}).status_code == 403
    assert client.call("POST", f"{client.root}/system/labels", {"name": "x"}).status_code == 201
    users = ada.call("GET", f"{ada.root}/users").json()["users"]
    assert [(user["id"], user["is_domain_owner"]) for user in users] == [
        ("user-local", True),
        ("user-ada", False),
        ("user-grace", False),
    ]


def test_a_space_changes_hands(client: Client, ada: Client) -> None:
    """To an administrator, who owns it then; the former owner is one. Only the new owner can give it back."""
    space = client.space
    gift = {"user_id": "user-ada"}
    assert client.call("POST", f"{space}/transfer", gift).status_code == 400
    client.call("PUT", f"{space}/members/user-ada", {"role": "Administrator"})
    assert client.call("POST", f"{space}/transfer", gift).status_code == 200
    roles = {
        each["role_type"]: [user["name"] for user in each["users"]] for each in ada.call("GET", space).json()["roles"]
    }
    assert roles == {"Owner": ["ada"], "Administrator": ["local"]}
    assert client.call("POST", f"{space}/transfer", {"user_id": "user-local"}).status_code == 403
    assert client.call("PUT", f"{space}/members/user-ada", {"role": "Viewer"}).status_code == 400
    assert ada.call("POST", f"{space}/transfer", {"user_id": "user-local"}).status_code == 200
    assert client.call("GET", space).json()["role"] == "Owner"


def test_unknown_users_have_no_key(client: Client, wsgi_adapter: WsgiAdapter) -> None:
    """Who may sign is a switch; the keys of other names are refused, on this platform and on its neighbours."""
    account = replace(ACCOUNT, access_key=f"{ACCOUNT.access_key}-eve")
    with Client(wsgi_adapter, account) as eve:
        path = f"{eve.root}/eihealth-projects"
        assert eve.call("GET", path).status_code == 401
        client.admin("PUT", "switches", {"users": "eve"})
        assert eve.call("GET", path).status_code == 200
        assert eve.call("GET", f"/v2/{ACCOUNT.project_id}/training-quotas").status_code in {401, 403}


def test_a_key_beside_a_token_proves_nothing(client: Client, platform: Platform) -> None:
    """Whoever brings a token is who it was given to, whatever name stands beside it."""
    platform.services.store.save_token("a-token", ACCOUNT.user, now=0.0, expires=1e12)
    signed = f"SDK-HMAC-SHA256 Access={ACCOUNT.access_key}-ada, SignedHeaders=host, Signature=0"
    headers = {"X-Auth-Token": "a-token", "Authorization": signed}
    answer = client.session.get(f"{client.base}{client.root}/eihealth-projects", headers=headers)
    assert [(space["name"], space["role"]) for space in answer.json()["projects"]] == [("demo", "Owner")]
