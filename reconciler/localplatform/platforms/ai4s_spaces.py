"""Spaces (section 4): where apps, workflows, jobs, images, notebooks and data are."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.clock import utc_text
from reconciler.localplatform.face import Refusal, Reply, Route
from reconciler.localplatform.platforms.ai4s_checks import SPACE_NAME, Fields
from reconciler.localplatform.platforms.ai4s_images import preload
from reconciler.localplatform.platforms.ai4s_members import roles_shown
from reconciler.localplatform.platforms.ai4s_network import SAMPLE
from reconciler.localplatform.platforms.ai4s_resources import provide
from reconciler.localplatform.platforms.ai4s_users import caller, role_of, spaces_of
from reconciler.localplatform.platforms.ai4s_words import (
    DUPLICATE,
    IN_USE,
    PLATFORM,
    SPACE,
    SPACES,
    flag,
    invalid,
    space_of,
)
from reconciler.localplatform.store import Entity, Query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.localplatform.face import Call
    from reconciler.localplatform.services import Services

DEFAULT_SPACE = "demo"
_NAMESPACE = uuid.UUID("6f1d3c52-0f0a-4c0e-9a64-3d9a5c1f7a10")
_QUOTA_LEAST, _QUOTA_MOST = 1073741824, 11258999068426240
_CONTENT = ("App", "Workflow", "Job")
_KEEPS = ("App", "Workflow", "Notebook")
"""What a space is not deleted with; records of runs that have ended go with it."""


def first_start(services: Services) -> None:
    """A new account has one space, under the same id wherever it is made."""
    now = services.clock.now()
    given = Fields({"name": DEFAULT_SPACE, "description": "Made on first start"})
    body = _body(given, services.granted(DEFAULT_SPACE))
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
    _samples(services)
    preload(services, identifier)
    provide(services)


def _samples(services: Services) -> None:
    """A file to try things with."""
    folder = services.data.area(DEFAULT_SPACE) / "samples"
    folder.mkdir(exist_ok=True)
    (folder / "reads.txt").write_text(SAMPLE, "utf-8")


def _body(fields: Fields, members: Mapping[str, str]) -> dict[str, Any]:
    return {
        "description": fields.text("description", 0, 1024),
        "tags": fields.texts("tags", 10, 64),
        "is_core": fields.truth("is_core"),
        "storage_tenant": fields.choice("storage_tenant", ("TERMINATE", "RESOURCE"), "TERMINATE"),
        "bucket_name": fields.text("bucket_name", 0, 63),
        "storage_quota": -1,
        "status": "ACTIVE",
        "members": dict(members),
        "top_time": "",
    }


def list_spaces(call: Call) -> Reply:
    """Those in which the caller has a role; no parameters."""
    rows = [_row(call, space) for space in spaces_of(call)]
    return Reply({"projects": rows, "count": len(rows)})


def create_space(call: Call) -> Reply:
    """A space and its folder. Names are unique here: they address data."""
    fields = Fields(call.body())
    name = fields.text("name", 1, 64, required=True, pattern=SPACE_NAME)
    members = {user: role for user, role in call.services.granted(name).items() if user != caller(call).id}
    fields.truth("is_new_bucket")
    space = Entity(
        PLATFORM,
        "Space",
        "",
        str(uuid.uuid4()),
        name,
        _body(fields, members),
        owner=caller(call).name,
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
    answer = {
        **_row(call, space),
        "roles": roles_shown(call, space),
        "storage_quota": space.body["storage_quota"],
    }
    if flag(call, "X-Bucket-Name"):
        answer["obs_bucket_name"] = space.body["bucket_name"] or f"local-{space.name}"
    if flag(call, "X-Namespace-Name"):
        answer["swr_namespace"] = f"local-{space.name}"
    return Reply(answer)


def update_space(call: Call) -> Reply:
    """Everything but the name; what is absent keeps its value, since the create body has other members."""
    fields = Fields(call.body())
    with call.services.store.database.transaction():
        space = space_of(call)
        body = _changed(fields, dict(space.body))
        call.services.store.update(replace(space, body=body, updated=call.now))
    return Reply()


def _changed(fields: Fields, body: dict[str, Any]) -> dict[str, Any]:
    if fields.members.get("description") is not None:
        body["description"] = fields.text("description", 0, 1024)
    if fields.members.get("tags") is not None:
        body["tags"] = fields.texts("tags", 10, 64)
    body["status"] = fields.choice("status", ("ACTIVE", "INACTIVE"), body["status"])
    body["is_core"] = fields.truth("is_core", default=body["is_core"])
    quota = fields.whole("storage_quota", -1, _QUOTA_MOST, body["storage_quota"])
    if quota != -1 and quota < _QUOTA_LEAST:
        raise invalid(f"storage_quota must be -1 or from {_QUOTA_LEAST} to {_QUOTA_MOST}")
    return {**body, "storage_quota": quota}


def delete_space(call: Call) -> Reply:
    """At once, and only when it is empty of apps, workflows, notebooks and active jobs."""
    space, store = space_of(call), call.services.store
    with store.database.transaction():
        if any(store.first(Query(PLATFORM, kind, scopes=(space.id,))) for kind in _KEEPS):
            raise Refusal(409, IN_USE, "the space holds apps, workflows or notebooks")
        _drop_records(call, space)
        store.delete(space, call.now)
    call.services.data.drop(space.name)
    return Reply()


def _drop_records(call: Call, space: Entity) -> None:
    """Jobs that have ended, images and data jobs go with their space. Raises Refusal 409 when a job is active."""
    store, runs = call.services.store, call.services.runs
    jobs = store.find(Query(PLATFORM, "Job", scopes=(space.id,))).entities
    if any(not runs.state(job.id).ended for job in jobs):
        raise Refusal(409, IN_USE, "a job of the space has not ended")
    for job in jobs:
        store.delete(job, call.now)
        runs.drop(job.id)
    for kind in ("Image", "DataJob"):
        for record in store.find(Query(PLATFORM, kind, scopes=(space.id,))).entities:
            store.delete(record, call.now)


def top_space(call: Call) -> Reply:
    """Pins or unpins a space."""
    space = space_of(call)
    top = Fields(call.body()).truth("is_top", required=True)
    body = {**space.body, "top_time": utc_text(call.now) if top else ""}
    call.services.store.update(replace(space, body=body, updated=space.updated))
    return Reply()


def statistics(call: Call) -> Reply:
    """Counts of what each space holds."""
    store, rows = call.services.store, []
    for space in spaces_of(call):
        counted = [
            {
                "resource_name": kind.upper(),
                "count": store.find(Query(PLATFORM, kind, scopes=(space.id,), limit=1)).count,
            }
            for kind in _CONTENT
        ]
        row = _row(call, space)
        kept = {name: row[name] for name in ("id", "name", "creator", "create_time", "update_time", "top_time")}
        rows.append({**kept, "role_type": row["role"], "user_statistics": counted, "total_statistics": counted})
    return Reply({"projects": rows, "count": len(rows)})


def _row(call: Call, space: Entity) -> dict[str, Any]:
    return {
        "id": space.id,
        "name": space.name,
        "creator": space.owner,
        "role": role_of(caller(call), space),
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
)
