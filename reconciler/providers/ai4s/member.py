"""Members: which user has which role in a space (ai4s contract, section 4).

Nothing on the platform can carry our mark here, and nothing need: a user is a member of a space once, and the call
that adds one is the call that changes one.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from reconciler.errors import Refused
from reconciler.model.resource import Listed, Live, Phase
from reconciler.providers.ai4s.space import OWNER
from reconciler.providers.exchange import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.address import Address
    from reconciler.model.mark import Mark
    from reconciler.model.resource import Desired
    from reconciler.providers.ai4s.place import Place


class Member:
    """The handler of the kind `Member`. Its id is that of the user."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def create(self, desired: Desired) -> Live:
        """Adds the user. Raises Refused when the account has no such user."""
        name, known = desired.address.name, self._place.users()
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"users: {', '.join(sorted(known)) or 'none'}"
            raise Refused(f"the account has no user {name!r}", hint=hint)
        self.update(known[name], desired)
        return Live(desired.address, known[name], {}, Phase.READY)

    def read(self, address: Address, remote_id: str) -> Live | None:
        """The role of the user, or None when there is none."""
        rows = (live for live in self._members(address.scope) if live.remote_id == remote_id)
        return next(rows, None)

    def list(self, scope: str) -> Iterator[Listed]:
        """Every member but the owner, who is none that could be declared."""
        for live in self._members(scope):
            yield Listed(live.address, live.remote_id, None, live)

    def find(self, address: Address, mark: Mark) -> tuple[Live, ...]:  # noqa: ARG002 - a member carries no mark
        """The user as a member of the space: there is at most one."""
        return tuple(live for live in self._members(address.scope) if live.address == address)

    def update(self, remote_id: str, desired: Desired) -> None:
        """Gives the user the role."""
        path = self._place.path(desired.address.scope, "members", remote_id)
        body = {"role": desired.spec["role"]}
        self._place.call(Call(f"set role of {desired.address.name}", "PUT", path, body=body))

    def delete(self, address: Address, remote_id: str) -> None:
        """Takes the user out of the space."""
        path = self._place.path(address.scope, "members", remote_id)
        self._place.removed(Call(f"remove member {address.name}", "DELETE", path))

    def _members(self, scope: str) -> Iterator[Live]:
        path = self._place.path(scope)
        shown = self._place.shown(Call(f"read members of {scope}", "GET", path)) or {}
        for each in shown.get("roles") or ():
            for user in (each.get("users") or ()) if each.get("role_type") != OWNER else ():
                spec = {"user": str(user["name"]), "role": each["role_type"]}
                address = self._place.address("Member", scope, spec["user"])
                yield Live(address, str(user["id"]), spec, Phase.READY)
