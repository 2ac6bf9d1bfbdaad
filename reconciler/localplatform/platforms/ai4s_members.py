"""Who may do what in a space: its members, its owner, and the users of the account (section 4)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Refusal, Reply, Route
from reconciler.localplatform.platforms.ai4s_checks import Fields
from reconciler.localplatform.platforms.ai4s_users import OWNER, ROLES, owner_of, role_of, user_named, users
from reconciler.localplatform.platforms.ai4s_words import ROOT, SPACE, WRONG_STATE, invalid, missing, space_of

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call
    from reconciler.localplatform.platforms.ai4s_users import User
    from reconciler.localplatform.store import Entity

_ASSIGNABLE = tuple(role for role in ROLES if role != OWNER)


def put_member(call: Call) -> Reply:
    """Adds a member, or changes its role; there is no other way to add one. The owner cannot be assigned."""
    role = Fields(call.body()).choice("role", _ASSIGNABLE, required=True)
    user = _user(call, call.arguments["user"])
    with call.services.store.database.transaction():
        space = space_of(call)
        if user.name == owner_of(space):
            raise invalid("the role of the owner cannot be changed")
        _keep(call, space, {**space.body["members"], user.id: role})
    return Reply()


def delete_member(call: Call) -> Reply:
    """Removes a member who is not the owner."""
    user = call.arguments["user"]
    with call.services.store.database.transaction():
        space = space_of(call)
        if user not in space.body["members"]:
            raise missing("member", user)
        _keep(call, space, {name: role for name, role in space.body["members"].items() if name != user})
    return Reply()


def transfer(call: Call) -> Reply:
    """Gives the space to one of its administrators; the former owner becomes one."""
    user = _user(call, Fields(call.body()).text("user_id", 1, 128, required=True))
    with call.services.store.database.transaction():
        space = space_of(call)
        if role_of(user, space) != "Administrator":
            raise Refusal(400, WRONG_STATE, f"{user.name} is no administrator of the space {space.name}")
        former = next(known for known in users(call) if known.name == owner_of(space))
        members = {name: role for name, role in space.body["members"].items() if name != user.id}
        body = {**space.body, "owner": user.name, "members": {**members, former.id: "Administrator"}}
        call.services.store.update(replace(space, body=body, updated=call.now))
    return Reply()


def list_users(call: Call) -> Reply:
    """The users of the account."""
    rows = [
        {
            "id": user.id,
            "name": user.name,
            "role": OWNER if user.owns_account else "User",
            "status": "ACTIVE",
            "is_domain_owner": user.owns_account,
        }
        for user in users(call)
    ]
    return Reply({"users": rows, "count": len(rows)})


def roles_shown(call: Call, space: Entity) -> list[dict[str, Any]]:
    """The members of a space by role, as show has them."""
    names = {user.id: user.name for user in users(call)}
    owner = next((user for user in users(call) if user.name == owner_of(space)), None)
    by_role: dict[str, list[dict[str, str]]] = {}
    if owner is not None:
        by_role[OWNER] = [{"id": owner.id, "name": owner.name}]
    for user, role in sorted(space.body["members"].items()):
        by_role.setdefault(role, []).append({"id": user, "name": names.get(user, user)})
    return [{"role_type": role, "users": members} for role, members in by_role.items()]


def _user(call: Call, identifier: str) -> User:
    user = user_named(call, identifier)
    if user is None:
        raise missing("user", identifier)
    return user


def _keep(call: Call, space: Entity, members: dict[str, str]) -> None:
    call.services.store.update(replace(space, body={**space.body, "members": members}, updated=call.now))


ROUTES = (
    Route("PUT", f"{SPACE}/members/<user>", "UpdateMember", put_member),
    Route("DELETE", f"{SPACE}/members/<user>", "DeleteMember", delete_member),
    Route("POST", f"{SPACE}/transfer", "TransferProject", transfer),
    Route("GET", f"{ROOT}/users", "ListUser", list_users),
)
