"""Spaces: what everything else but the account's own things stands in (ai4s contract, section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.errors import NotFound, Refused
from reconciler.model.address import NO_SCOPE
from reconciler.model.resource import Listed, Live, Phase
from reconciler.providers.ai4s import standing_rows
from reconciler.providers.ai4s.marks import mark_of, with_footer, without_mark
from reconciler.providers.ai4s.place import SPACES, shown
from reconciler.providers.ai4s.shapes import without_nulls
from reconciler.providers.exchange import Call, Effect, segment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from reconciler.model.address import Address
    from reconciler.model.mark import Mark
    from reconciler.model.resource import Desired
    from reconciler.providers.ai4s.place import Place
    from reconciler.providers.protocol import RunSummary

LONGEST_DESCRIPTION = 255
OWNER = "Owner"
ADMINISTRATOR = "Administrator"
_CREATED_WITH = ("name", "description", "tags", "is_core", "storage_tenant", "is_new_bucket", "bucket_name")
_CHANGED = {"description": "", "tags": [], "is_core": False}
_STATUSES = ("ACTIVE", "INACTIVE")
_LEFT = ("status", "storage_quota")
"""Left as they are where nobody declares them: an update that says nothing of them might take them back."""
_SHOWN = ("name", "description", "tags", "is_core", "storage_tenant")
_HELD = {"apps": "apps", "workflows": "workflows", "images": "images", "notebooks": "notebooks"}


class Space:
    """The handler of the kind `Space`."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def create(self, desired: Desired) -> Live:
        """Makes one. It belongs to whoever makes it; what only an update takes is left to `update`."""
        spec = {name: desired.spec[name] for name in _CREATED_WITH if name in desired.spec}
        body = with_footer(without_nulls(spec), desired.mark, longest_description=LONGEST_DESCRIPTION)
        remote_id = self._place.created(Call(f"create space {desired.address.name}", "POST", SPACES, body=body))
        self._place.forget_spaces()
        return Live(desired.address, remote_id, {}, Phase.READY, desired.mark)

    def read(self, address: Address, remote_id: str) -> Live | None:
        """The space with its owner and its bucket, or None. One whose deletion was asked for may stay for a while."""
        headers = {"X-Bucket-Name": "true"}
        call = Call(f"read space {address.name}", "GET", f"{SPACES}/{segment(remote_id)}", headers=headers)
        shown = self._place.shown(call)
        if shown is None:
            return None
        phase = Phase.DELETING if shown.get("delete_time") else Phase.READY
        status = str(shown.get("status") or "")
        return Live(address, remote_id, _spec(shown), phase, mark_of(shown), status, outputs={"owner": owner(shown)})

    def list(self, _scope: str) -> Iterator[Listed]:
        """Those in which we have a role, without members and buckets."""
        for row in self._place.spaces():
            yield Listed(self._place.address("Space", NO_SCOPE, str(row["name"])), str(row["id"]), mark_of(row))

    def detail(self, address: Address, remote_id: str) -> dict[str, Any]:
        """All that the platform shows of it, its members by role among it. Raises NotFound."""
        headers = {"X-Bucket-Name": "true", "X-Namespace-Name": "true"}
        call = Call(f"read space {address.name}", "GET", f"{SPACES}/{segment(remote_id)}", headers=headers)
        return shown(self._place.call(call), self._place.target, call)

    def browse(self, _scope: str, filters: Mapping[str, str], limit: int) -> Iterator[RunSummary]:
        """Rows for people; every column is a filter."""
        return standing_rows.browse(standing_rows.space, self._place.spaces(), filters, limit)

    def find(self, address: Address, mark: Mark) -> tuple[Live, ...]:
        """Those that carry `mark`."""
        ids = [str(row["id"]) for row in self._place.spaces() if mark_of(row) == mark]
        found = (self.read(address, remote_id) for remote_id in ids)
        return tuple(live for live in found if live is not None)

    def update(self, remote_id: str, desired: Desired) -> None:
        """What can be changed; and last, since it takes our own powers away, the owner.

        Raises Refused when somebody else owns it than the manifest says, or the new owner is no administrator of it.
        """
        path, name = f"{SPACES}/{segment(remote_id)}", desired.address.name
        shown = self._place.shown(Call(f"read space {name}", "GET", path)) or {}
        heir = _heir(desired, shown)
        changed = {key: desired.spec.get(key, empty) for key, empty in _CHANGED.items()}
        changed |= {**_settings(shown), **{key: desired.spec[key] for key in _LEFT if desired.spec.get(key)}}
        body = with_footer(changed, desired.mark, longest_description=LONGEST_DESCRIPTION)
        self._place.call(Call(f"update space {name}", "PUT", path, body=body))
        if heir:
            given = {"user_id": heir}
            call = Call(f"transfer space {name}", "POST", f"{path}/transfer", body=given, effect=Effect.REPEATABLE)
            self._place.call(call)

    def delete(self, address: Address, remote_id: str) -> None:
        """Asks for its deletion, if nothing is in it. Raises Refused when something is."""
        try:
            held = self._held(remote_id)
        except NotFound:
            return
        if held:
            msg = f"the space {address.name} still holds {', '.join(held)}"
            raise Refused(msg, hint="remove those first: a space is never deleted with what is in it")
        self._place.removed(Call(f"delete space {address.name}", "DELETE", f"{SPACES}/{segment(remote_id)}"))
        self._place.forget_spaces()

    def _held(self, remote_id: str) -> Sequence[str]:
        path = f"{SPACES}/{segment(remote_id)}"
        found: list[str] = []
        for noun, key in _HELD.items():
            number = len(self._place.items(Call(f"list {noun}", "GET", f"{path}/{noun}"), key))
            found += [f"{number} {noun}"] if number else []
        jobs = self._place.call(Call("count jobs", "GET", f"{path}/jobs", query={"limit": "1"}))
        active = sum(int(jobs.get(key) or 0) for key in ("running_count", "waiting_count"))
        found += [f"{active} active jobs"] if active else []
        size = self._place.call(Call("measure data", "GET", f"{path}/datas/bucket-storage")).get("size")
        return [*found, f"{size} bytes of data"] if size else found


def _heir(desired: Desired, shown: Mapping[str, Any]) -> str:
    """The id of the user who gets the space, "" when it stays where it is. Raises Refused."""
    wanted = desired.spec.get("owner")
    if not wanted or wanted == (now := owner(shown)):
        return ""
    if desired.spec.get("former_owner") != now:
        msg = f"the space {desired.address.name} belongs to {now}"
        raise Refused(msg, hint=f"to give it to {wanted}, write `former_owner: {now}` beside `owner`")
    heir = members(shown, ADMINISTRATOR).get(str(wanted))
    if heir is None:
        msg = f"{wanted} is no administrator of the space {desired.address.name}"
        raise Refused(msg, hint="only an administrator of the space can become its owner")
    return heir


def _settings(shown: Mapping[str, Any]) -> dict[str, Any]:
    """What only an update takes, as far as it is told in words that can be sent again."""
    status, quota = str(shown.get("status") or "").upper(), shown.get("storage_quota")
    told: dict[str, Any] = {"status": status} if status in _STATUSES else {}
    return {**told, "storage_quota": quota} if isinstance(quota, int) and quota else told


def owner(shown: Mapping[str, Any]) -> str:
    """The name of a shown space's owner, "" when it is not told."""
    return next(iter(members(shown, OWNER)), "")


def members(shown: Mapping[str, Any], role: str) -> dict[str, str]:
    """The members of a shown space in a role: their ids by name."""
    roles = (each for each in shown.get("roles") or () if each.get("role_type") == role)
    users = (user for each in roles for user in each.get("users") or ())
    return {str(user["name"]): str(user["id"]) for user in users}


def _spec(shown: Mapping[str, Any]) -> dict[str, Any]:
    plain = without_mark(shown)
    spec = {name: plain[name] for name in _SHOWN if plain.get(name) is not None} | _settings(shown)
    bucket, holder = shown.get("obs_bucket_name"), owner(shown)
    return {**spec, **({"bucket_name": bucket} if bucket else {}), **({"owner": holder} if holder else {})}
