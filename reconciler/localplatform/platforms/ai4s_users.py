"""The users of the account, who of them is calling, and what their role in a space lets them do (section 4).

The owner of the account signs with the account's access key. Every other user, named in a switch, signs with the access
key `<access key of the account>-<user>` and the account's secret key. The contract tells the powers of owners and
administrators; those of the other roles are this server's own reading of the roles' names.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from reconciler.localplatform.face import Refusal
from reconciler.localplatform.platforms.ai4s_words import FORBIDDEN, PLATFORM, SPACE, space_of
from reconciler.localplatform.platforms.huawei_auth import parse_authorization, sign_in
from reconciler.localplatform.store import Query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.localplatform.face import Call, Reply, Route
    from reconciler.localplatform.store import Entity

USERS = "users"
"""Switch: the users of the account beside its owner, separated by commas."""

OWNER = "Owner"
ROLES = ("Viewer", "Uploader", "Developer", "Administrator", OWNER)
"""Each may do what those before it may."""
_MEMBERS_OF_ACCOUNT_MAY = frozenset({"CreateProject"})
_LEAST: Mapping[str, str] = {
    **dict.fromkeys(("UpdateProject", "UpdateMember", "DeleteMember"), "Administrator"),
    **dict.fromkeys(("DeleteProject", "TransferProject"), OWNER),
    **dict.fromkeys(
        (
            "CreateData", "UploadData", "BatchDeleteData", "CopyData", "ImportData", "ImportNetworkData", "QuoteData",
            "RetryDataJob", "CancelDataJob", "DeleteDataJob",
        ),
        "Uploader",
    ),
    "UpdateTopProject": "Viewer",
}  # fmt: skip
"""The least role for an operation in a space. What is not here asks for a Viewer to read and a Developer to write."""


class User(NamedTuple):
    """One user of the account."""

    id: str
    name: str
    owns_account: bool


def users(call: Call) -> tuple[User, ...]:
    """All of them, the owner of the account first."""
    account = call.services.account
    others = (name.strip() for name in str(call.services.switches[USERS]).split(","))
    return (
        User(account.user_id, account.user, owns_account=True),
        *(User(f"user-{name}", name, owns_account=False) for name in dict.fromkeys(others) if name),
    )


def sign_in_user(call: Call) -> None:
    """Lets every user of the account pass. Raises Refusal 401."""
    sign_in(call, tuple(user.name for user in users(call) if not user.owns_account))


def caller(call: Call) -> User:
    """Who calls. A token stands for the owner of the account, who alone has a password here; the key that is named
    beside a token proves nothing.
    """
    known = users(call)
    if call.request.headers.get("X-Auth-Token"):
        return known[0]
    signed = parse_authorization(call.request.headers.get("Authorization", ""))
    name = signed.access.removeprefix(f"{call.services.account.access_key}-") if signed else ""
    return next((user for user in known if user.name == name and not user.owns_account), known[0])


def user_named(call: Call, identifier: str) -> User | None:
    """The user of that id, or None."""
    return next((user for user in users(call) if user.id == identifier), None)


def owner_of(space: Entity) -> str:
    """The name of the user whom a space belongs to."""
    return str(space.body.get("owner") or space.owner)


def role_of(user: User, space: Entity) -> str:
    """The role of a user in a space, "" for none."""
    return OWNER if user.name == owner_of(space) else str(space.body["members"].get(user.id, ""))


def spaces_of(call: Call) -> tuple[Entity, ...]:
    """The spaces in which the caller has a role, newest first, as stale as this call's lists are."""
    user = caller(call)
    found = call.services.store.find(Query(PLATFORM, "Space", descending=True, as_of=call.as_of)).entities
    return tuple(space for space in found if role_of(user, space))


def want_member(call: Call, space: Entity, least: str = "Viewer") -> None:
    """Raises Refusal 403 unless the caller has at least that role in `space`, which a call of another space reads from,
    or writes to.
    """
    user = caller(call)
    role = role_of(user, space)
    if not role:
        raise _no(f"{user.name} is no member of the space {space.name}")
    if ROLES.index(role) < ROLES.index(least):
        raise _no(f"writing to the space {space.name} needs the role {least}, and {user.name} is {role}")


def guarded(route: Route) -> Route:
    """The route, answering only to those whose role allows it."""

    def handle(call: Call) -> Reply:
        if not route.signed:
            return route.handle(call)
        if route.path.startswith(SPACE):
            _want_role(call, route)
        elif route.method != "GET" and route.operation not in _MEMBERS_OF_ACCOUNT_MAY and not caller(call).owns_account:
            raise _no(f"{route.operation} is for the owner of the account")
        return route.handle(call)

    return replace(route, handle=handle)


def _want_role(call: Call, route: Route) -> None:
    space, user = space_of(call), caller(call)
    want_member(call, space)
    role = role_of(user, space)
    least = _LEAST.get(route.operation, "Viewer" if route.method == "GET" else "Developer")
    if ROLES.index(role) < ROLES.index(least):
        raise _no(f"{route.operation} in the space {space.name} needs the role {least}, and {user.name} is {role}")


def _no(why: str) -> Refusal:
    return Refusal(403, FORBIDDEN, why)
