"""Roles in spaces, for platforms whose spaces list their members themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.localplatform.platforms import faces
from reconciler.localplatform.store import Query

if TYPE_CHECKING:
    from reconciler.localplatform.accounts import Role
    from reconciler.localplatform.store import Store

_KIND = "Space"


def spread(store: Store, name: str, space: str, role: Role | None) -> None:
    """Writes the role of an account into every space of that name which has members."""
    for face in faces():
        for entity in store.find(Query(face.name, _KIND, name=space)).entities:
            members = entity.body.get("members")
            if isinstance(members, dict):
                others = {user: known for user, known in members.items() if user != f"user-{name}"}
                changed = others if role is None else {**others, f"user-{name}": str(role)}
                store.update(replace(entity, body={**entity.body, "members": changed}))
