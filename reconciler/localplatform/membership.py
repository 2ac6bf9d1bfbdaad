"""Roles in spaces, for platforms whose spaces list their members themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.localplatform.accounts import EVERYWHERE
from reconciler.localplatform.platforms import faces
from reconciler.localplatform.store import Query

if TYPE_CHECKING:
    from reconciler.localplatform.accounts import Accounts
    from reconciler.localplatform.store import Store

_KIND = "Space"


def members_granted(accounts: Accounts, space: str) -> dict[str, str]:
    """The roles of users in a space as the accounts have it, by the user's id."""
    return {_user(name): str(role) for name, role in accounts.granted(space).items()}


def spread(store: Store, accounts: Accounts, name: str, space: str) -> None:
    """Writes what an account was granted in a space, or in every space, into those of that name which have members."""
    called = "" if space == EVERYWHERE else space
    for face in faces():
        for entity in store.find(Query(face.name, _KIND, name=called)).entities:
            members = entity.body.get("members")
            if isinstance(members, dict):
                others = {user: known for user, known in members.items() if user != _user(name)}
                mine = {
                    user: role for user, role in members_granted(accounts, entity.name).items() if user == _user(name)
                }
                store.update(replace(entity, body={**entity.body, "members": {**others, **mine}}))


def _user(name: str) -> str:
    return f"user-{name}"
