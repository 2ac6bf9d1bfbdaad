"""The account: who it is, what it may use, its tokens, artifacts and ports (platform contract, section 8)."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Refusal, Reply, Route
from reconciler.localplatform.platforms import hai_scheduler, hai_schema
from reconciler.localplatform.platforms.hai_words import (
    ARTIFACT,
    CHAIN,
    PLATFORM,
    PORT,
    PRIORITIES,
    TOKEN,
    chain_of,
    choice,
    fine,
    hash_of,
    never,
    no,
    number,
    raw_token,
    text,
    token_called,
    truth,
    user_of,
    value_of,
)
from reconciler.localplatform.store import Entity, Query

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call

SCOPES = ("all", "except_jupyter")
_FIRST_PORT = 30000


def show_user(call: Call) -> Reply:
    """Who the token stands for."""
    user, account = user_of(call.services), call.services.account
    groups = ["public", account.user]
    return fine(
        result={
            "user_name": account.user,
            "user_id": user.body["user_id"],
            "role": user.body["role"],
            "nick_name": account.user,
            "shared_group": account.user,
            "group_list": groups,
            "access_scope": "all",
            "token": raw_token(call),
            "user_shared_group": account.user,
            "user_group": groups,
        }
    )


def list_quota(call: Call) -> Reply:
    """What the account may use at once."""
    hai_scheduler.advance(call.services, call.now)
    return fine(
        result={
            "node_quota": user_of(call.services).body["node_quota"],
            "used_node_quota": _used(call),
            "node_quota_limit": {},
            "node_quota_limit_extra": {},
            "jupyter_quota": {},
            "train_environments": list(hai_schema.IMAGES),
            "port_quota": 0,
            "spot_jupyter": 0,
            "dedicated_jupyter": 0,
            "background_task": 0,
        }
    )


def used_quota(call: Call) -> Reply:
    """Quota and use side by side."""
    quota = user_of(call.services).body["node_quota"]
    return fine(
        result={
            "user_name": call.services.account.user,
            "quota": quota,
            "quota_limit": {},
            "quota_limit_extra": {},
            "all_quota": {key.removeprefix("node-"): value for key, value in quota.items()},
            "already_used_quota": _used(call),
        }
    )


def _used(call: Call) -> dict[str, int]:
    used: dict[str, int] = {}
    for chain in hai_scheduler.open_chains(call.services):
        if level := chain.body["rows"][-1]["level"]:
            key = f"{chain.body['group']}-{level}"
            used[key] = used.get(key, 0) + chain.body["nodes"]
    return used


def update_quota(call: Call) -> Reply:
    """Sets one's own quota of a group at a priority."""
    level = text(call, "priority_label")
    if level not in PRIORITIES.values():
        raise no(f"priority_label must be one of {', '.join(PRIORITIES.values())}")
    key, amount = f"node-{text(call, 'group_label')}-{level}", number(call, "quota")
    user = user_of(call.services)
    quota = {**user.body["node_quota"], key: max(amount, 0)}
    call.services.store.update(replace(user, body={**user.body, "node_quota": quota}, updated=call.now))
    hai_scheduler.advance(call.services, call.now)
    return fine(quota={key: quota[key]})


def list_tokens(call: Call) -> Reply:
    """Every access token of the account."""
    tokens = call.services.store.find(Query(PLATFORM, TOKEN, owner=call.services.account.user)).entities
    return fine(result={"access_tokens": [_token(call, token) for token in tokens]})


def create_token(call: Call) -> Reply:
    """A token for a user and a scope; asked for twice, the same one."""
    asked, user = call.request.args, call.services.account.user
    given = [name for name in ("from_user_name", "access_user_name", "access_scope") if name in asked]
    if given and len(given) < 3:  # noqa: PLR2004 - the three names above
        raise no("from_user_name, access_user_name and access_scope come together")
    source, target = asked.get("from_user_name", user), asked.get("access_user_name", user)
    scope, expires = choice(call, "access_scope", SCOPES, "all"), asked.get("expire_at", never())
    known = call.services.store.find(Query(PLATFORM, TOKEN, name=f"{source}#{target}#{scope}", owner=user)).entities
    if known:
        changed = replace(known[0], body={**known[0].body, "expire_at": expires}, updated=call.now)
        call.services.store.update(changed)
        return fine(result=_token(call, changed))
    body = {"from_user_name": source, "access_user_name": target, "access_scope": scope, "expire_at": expires}
    made = Entity(
        PLATFORM,
        TOKEN,
        "",
        str(uuid.uuid4()),
        f"{source}#{target}#{scope}",
        body,
        owner=user,
        created=call.now,
        updated=call.now,
    )
    token = replace(made, body={**body, "hash": hash_of(value_of(call, made))})
    call.services.store.insert(token)
    return fine(result=_token(call, token))


def delete_token(call: Call) -> Reply:
    """Takes a token back."""
    token = token_called(call.services, text(call, "access_token"))
    if token is None or token.owner != call.services.account.user:
        raise no("there is no such access token")
    call.services.store.delete(token, call.now)
    return fine()


def _token(call: Call, token: Entity) -> dict[str, Any]:
    told = {name: value for name, value in token.body.items() if name != "hash"}
    return {**told, "access_token": value_of(call, token), "active": True}


def list_images(_call: Call) -> Reply:
    """The built-in images; own ones cannot be loaded into the open version."""
    built_in = [{"env_name": name, "quota": 1, "config": {"environments": {}}} for name in hai_schema.IMAGES]
    return fine(result={"mars_images": built_in, "user_images": []})


def show_artifacts(call: Call) -> Reply:
    """Artifacts by name and version; `*` is any."""
    name, version = text(call, "name", "*"), text(call, "version", "*")
    page, size = number(call, "page", 1), number(call, "page_size", 1000)
    found = [
        {"user_name": each.owner, "name": each.name, "version": each.version, **each.body}
        for each in call.services.store.find(Query(PLATFORM, ARTIFACT, sort="name")).entities
        if name in {"*", each.name} and version in {"*", each.version}
    ]
    return fine(msg=found[(page - 1) * size : page * size])


def save_artifact(call: Call) -> Reply:
    """Makes or changes the record of where data lives."""
    name, version, user = text(call, "name"), text(call, "version", "default"), call.services.account.user
    body = {field: text(call, field, "") for field in ("type", "location", "description", "extra")}
    body["shared_group"] = "" if truth(call, "private", default=False) else user
    known = call.services.store.first(Query(PLATFORM, ARTIFACT, name=name, version=version))
    if known is not None:
        call.services.store.update(replace(known, body=body, updated=call.now))
        return fine()
    made = Entity(
        PLATFORM, ARTIFACT, user, str(uuid.uuid4()), name, body, version, user, created=call.now, updated=call.now
    )
    call.services.store.insert(made)
    return fine()


def delete_artifact(call: Call) -> Reply:
    """Removes a record, and blanks the mappings that used it. One that is not there is a success all the same."""
    name, version = text(call, "name"), text(call, "version", "default")
    known = call.services.store.first(Query(PLATFORM, ARTIFACT, name=name, version=version))
    if known is not None:
        call.services.store.delete(known, call.now)
    for chain in call.services.store.find(Query(PLATFORM, CHAIN)).entities:
        mapped = chain.body["artifacts"]
        if f"{name}:{version}" in mapped.values():
            kept = {key: "" if value == f"{name}:{version}" else value for key, value in mapped.items()}
            hai_scheduler.save(call.services, chain, call.now, artifacts=kept)
    return fine()


def list_ports(call: Call) -> Reply:
    """The ports of tasks that are open to the outside."""
    ports = call.services.store.find(Query(PLATFORM, PORT)).entities
    return fine(result=[{**port.body, "nb_name": port.name} for port in ports])


def create_port(call: Call) -> Reply:
    """Reserves a number; nothing listens on it here."""
    chain, rank, inner = chain_of(call), number(call, "rank", 0), number(call, "dist_port")
    usage = text(call, "usage", "")
    ports = call.services.store.find(Query(PLATFORM, PORT)).entities
    outer = max((port.body["node_port"] for port in ports), default=_FIRST_PORT - 1) + 1
    body = {"chain_id": chain.id, "rank": rank, "dist_port": inner, "node_port": outer, "usage": usage}
    made = Entity(PLATFORM, PORT, "", str(uuid.uuid4()), chain.name, body, created=call.now, updated=call.now)
    call.services.store.insert(made)
    return fine(result=body)


def delete_port(call: Call) -> Reply:
    """Gives it back."""
    chain, inner = chain_of(call), number(call, "dist_port")
    for port in call.services.store.find(Query(PLATFORM, PORT)).entities:
        if port.body["chain_id"] == chain.id and port.body["dist_port"] == inner:
            call.services.store.delete(port, call.now)
            return fine()
    raise no("there is no such port")


def bind_port(call: Call) -> Reply:
    """Bound ports are for development containers, which are not played here."""
    chain_of(call)
    raise no("ports are bound to development containers only")


def ssh_address(call: Call) -> Reply:
    """The address of a pod. Raises Refusal when none has that name."""
    pod = text(call, "pod_name")
    user, _, rest = pod.rpartition("-")[0].rpartition("-")
    known = {str(row["id"]) for chain in hai_scheduler.open_chains(call.services) for row in chain.body["rows"]}
    if not user or rest not in known:
        raise no("no pod of that name is running")
    return fine(ip="127.0.0.1")


def list_storage(_call: Call) -> Reply:
    """No storage is measured here."""
    return fine(storages=[])


def administrators_only(_call: Call) -> Reply:
    """What an ordinary account may not do."""
    raise Refusal(403, "", "for administrators only")


ROUTES = (
    Route("POST", "/query/user/info", "ShowUser", show_user),
    Route("POST", "/query/user/quota/list", "ListQuota", list_quota),
    Route("POST", "/query/user/training_quota/get_used", "ShowUsedQuota", used_quota),
    Route("POST", "/operating/user/training_quota/update", "UpdateQuota", update_quota),
    Route("POST", "/query/user/access_token/list", "ListAccessTokens", list_tokens),
    Route("POST", "/operating/user/access_token/create", "CreateAccessToken", create_token),
    Route("POST", "/operating/user/access_token/delete", "DeleteAccessToken", delete_token),
    Route("POST", "/ugc/user/train_image/list", "ListImages", list_images),
    Route("POST", "/query/user/artifact/get", "ShowArtifacts", show_artifacts),
    Route("POST", "/operating/user/artifact/createupdate", "SaveArtifact", save_artifact),
    Route("POST", "/operating/user/artifact/delete", "DeleteArtifact", delete_artifact),
    Route("POST", "/query/user/nodeport/list", "ListNodePorts", list_ports),
    Route("POST", "/ugc/user/nodeport/create", "CreateNodePort", create_port),
    Route("POST", "/ugc/user/nodeport/delete", "DeleteNodePort", delete_port),
    Route("POST", "/ugc/user/nodeport/bind", "BindNodePort", bind_port),
    Route("POST", "/query/task/ssh_ip", "ShowSshAddress", ssh_address),
    Route("POST", "/monitor/user/storage/list", "ListStorage", list_storage),
    *(
        Route("POST", f"/operating/{path}", f"Admin:{path}", administrators_only)
        for path in (
            "mount_point/create",
            "mount_point/delete",
            "user/create",
            "user/active/update",
            "user/group/update",
            "user/training_quota_limit/update",
            "node/state/update",
            "node/label/update",
        )
    ),
)
