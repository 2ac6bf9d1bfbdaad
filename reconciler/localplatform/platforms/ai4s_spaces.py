"""Spaces and their members (section 4). The one account of this server owns every space."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.clock import utc_text
from reconciler.localplatform.face import Refusal, Reply, Route
from reconciler.localplatform.platforms.ai4s_checks import SPACE_NAME, Fields
from reconciler.localplatform.platforms.ai4s_words import (
    DUPLICATE,
    IN_USE,
    PLATFORM,
    ROOT,
    SPACE,
    SPACES,
    flag,
    invalid,
    missing,
    query,
    space_of,
)
from reconciler.localplatform.store import Entity, Query

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call
    from reconciler.localplatform.services import Services

DEFAULT_SPACE = "demo"
_NAMESPACE = uuid.UUID("6f1d3c52-0f0a-4c0e-9a64-3d9a5c1f7a10")
_ROLES = ("Administrator", "Developer", "Uploader", "Viewer")
_QUOTA_LEAST, _QUOTA_MOST = 1073741824, 11258999068426240
_CONTENT = ("App", "Workflow", "Job")


def first_start(services: Services) -> None:
    """A new account has one space, under the same id wherever it is made."""
    now = services.clock.now()
    body = _body(Fields({"name": DEFAULT_SPACE, "description": "Made on first start"}))
    identifier = str(uuid.uuid5(_NAMESPACE, DEFAULT_SPACE))
    services.store.insert(
        Entity(
            PLATFORM,
            "Space",
            "",
            identifier,
            DEFAULT_SPACE,
            body,
            owner=services.account.user,
            created=now,
            updated=now,
        )
    )
    services.data.area(DEFAULT_SPACE)


def _body(fields: Fields) -> dict[str, Any]:
    return {
        "description": fields.text("description", 0, 1024),
        "tags": fields.texts("tags", 10, 64),
        "is_core": fields.truth("is_core"),
        "storage_tenant": fields.choice("storage_tenant", ("TERMINATE", "RESOURCE"), "TERMINATE"),
        "bucket_name": fields.text("bucket_name", 0, 63),
        "storage_quota": -1,
        "status": "ACTIVE",
        "members": {},
        "top_time": "",
    }


def list_spaces(call: Call) -> Reply:
    """All of them; no parameters."""
    page = call.services.store.find(query(call, "Space"))
    return Reply({"projects": [_row(call, space) for space in page.entities], "count": page.count})


def create_space(call: Call) -> Reply:
    """A space and its folder. Names are unique here: they address data."""
    fields = Fields(call.body())
    name = fields.text("name", 1, 64, required=True, pattern=SPACE_NAME)
    fields.truth("is_new_bucket")
    space = Entity(
        PLATFORM,
        "Space",
        "",
        str(uuid.uuid4()),
        name,
        _body(fields),
        owner=call.services.account.user,
        created=call.now,
        updated=call.now,
    )
    with call.services.store.database.transaction():
        if call.services.store.first(Query(PLATFORM, "Space", name=name)):
            raise Refusal(400, DUPLICATE, f"a space of the name {name} exists already")
        call.services.store.insert(space)
    call.services.data.area(name)
    return Reply({"id": space.id})


def show_space(call: Call) -> Reply:
    """One space with its members by role."""
    space = space_of(call)
    account, members = call.services.account, space.body["members"]
    by_role: dict[str, list[dict[str, str]]] = {"Owner": [{"id": account.user_id, "name": account.user}]}
    for user, role in sorted(members.items()):
        by_role.setdefault(role, []).append({"id": user, "name": user})
    answer = {
        **_row(call, space),
        "roles": [{"role_type": role, "users": users} for role, users in by_role.items()],
        "storage_quota": space.body["storage_quota"],
    }
    if flag(call, "X-Bucket-Name"):
        answer["obs_bucket_name"] = space.body["bucket_name"] or f"local-{space.name}"
    if flag(call, "X-Namespace-Name"):
        answer["swr_namespace"] = f"local-{space.name}"
    return Reply(answer)


def update_space(call: Call) -> Reply:
    """Everything but the name; what is absent keeps its value, since the create body has other members."""
    space, fields = space_of(call), Fields(call.body())
    body = dict(space.body)
    if fields.members.get("description") is not None:
        body["description"] = fields.text("description", 0, 1024)
    if fields.members.get("tags") is not None:
        body["tags"] = fields.texts("tags", 10, 64)
    body["status"] = fields.choice("status", ("ACTIVE", "INACTIVE"), body["status"])
    body["is_core"] = fields.truth("is_core", default=body["is_core"])
    quota = fields.whole("storage_quota", -1, _QUOTA_MOST, body["storage_quota"])
    if quota != -1 and quota < _QUOTA_LEAST:
        raise invalid(f"storage_quota must be -1 or from {_QUOTA_LEAST} to {_QUOTA_MOST}")
    body["storage_quota"] = quota
    call.services.store.update(replace(space, body=body, updated=call.now))
    return Reply()


def delete_space(call: Call) -> Reply:
    """At once, and only when it is empty of apps, workflows and jobs."""
    space, store = space_of(call), call.services.store
    with store.database.transaction():
        if any(store.first(Query(PLATFORM, kind, scopes=(space.id,))) for kind in _CONTENT):
            raise Refusal(409, IN_USE, "the space holds apps, workflows or jobs")
        store.delete(space, call.now)
    call.services.data.drop(space.name)
    return Reply()


def top_space(call: Call) -> Reply:
    """Pins or unpins a space."""
    space = space_of(call)
    top = Fields(call.body()).truth("is_top", required=True)
    body = {**space.body, "top_time": utc_text(call.now) if top else ""}
    call.services.store.update(replace(space, body=body, updated=space.updated))
    return Reply()


def put_member(call: Call) -> Reply:
    """Adds a member, or changes its role; there is no other way to add one. The owner cannot be assigned."""
    space, user = space_of(call), call.arguments["user"]
    role = Fields(call.body()).choice("role", _ROLES, required=True)
    if user == call.services.account.user_id:
        raise invalid("the role of the owner cannot be changed")
    body = {**space.body, "members": {**space.body["members"], user: role}}
    call.services.store.update(replace(space, body=body, updated=call.now))
    return Reply()


def delete_member(call: Call) -> Reply:
    """Removes a member who is not the owner."""
    space, user = space_of(call), call.arguments["user"]
    if user not in space.body["members"]:
        raise missing("member", user)
    members = {name: role for name, role in space.body["members"].items() if name != user}
    call.services.store.update(replace(space, body={**space.body, "members": members}, updated=call.now))
    return Reply()


def statistics(call: Call) -> Reply:
    """Counts of what each space holds."""
    store, rows = call.services.store, []
    for space in store.find(query(call, "Space")).entities:
        counted = [
            {"name": kind.upper(), "count": store.find(Query(PLATFORM, kind, scopes=(space.id,), limit=1)).count}
            for kind in _CONTENT
        ]
        row = _row(call, space)
        kept = {name: row[name] for name in ("id", "name", "creator", "create_time", "update_time", "top_time")}
        rows.append({**kept, "role_type": "Owner", "user_statistics": counted, "total_statistics": counted})
    return Reply({"projects": rows, "count": len(rows)})


def list_users(call: Call) -> Reply:
    """The users of the account: its owner."""
    account = call.services.account
    user = {"id": account.user_id, "name": account.user, "role": "Owner", "status": "ACTIVE", "is_domain_owner": True}
    return Reply({"users": [user], "count": 1})


def _row(call: Call, space: Entity) -> dict[str, Any]:
    return {
        "id": space.id,
        "name": space.name,
        "creator": space.owner,
        "role": "Owner",
        "size": call.services.data.size(space.name),
        "status": space.body["status"],
        "tags": space.body["tags"],
        "description": space.body["description"],
        "create_time": utc_text(space.created),
        "update_time": utc_text(space.updated),
        "top_time": space.body["top_time"],
        "is_core": space.body["is_core"],
        "storage_tenant": space.body["storage_tenant"],
    }


ROUTES = (
    Route("GET", SPACES, "ListProject", list_spaces),
    Route("POST", SPACES, "CreateProject", create_space),
    Route("GET", f"{SPACES}/statistics", "ListProjectStatistics", statistics),
    Route("GET", SPACE, "ShowProject", show_space),
    Route("PUT", SPACE, "UpdateProject", update_space),
    Route("DELETE", SPACE, "DeleteProject", delete_space),
    Route("PUT", f"{SPACE}/top", "UpdateTopProject", top_space),
    Route("PUT", f"{SPACE}/members/<user>", "UpdateMember", put_member),
    Route("DELETE", f"{SPACE}/members/<user>", "DeleteMember", delete_member),
    Route("GET", f"{ROOT}/users", "ListUser", list_users),
)
