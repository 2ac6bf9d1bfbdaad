"""The account behind a target: who signs in, which spaces that reaches, how much may be used, and what may be wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.errors import CredentialsMissing, Forbidden, PlatformError, Refused, UsageError
from reconciler.providers.ai4s.place import items
from reconciler.providers.exchange import Call, segment
from reconciler.providers.facilities import Allowance, Finding, Identity, Reach

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.providers.ai4s.place import Place
    from reconciler.providers.huawei_access import Access

_READERS = frozenset({"viewer", "uploader"})
"""Roles that may not make or change an app, a workflow or a job."""
_PROJECT_CODES = frozenset({"eihealth.03000002"})
_SHOWN_OF_KEY = 4


@dataclass(frozen=True, slots=True)
class Account:
    """What one signed-in user can find out about themselves. `region` "" where the target does not say one."""

    place: Place
    access: Access
    region: str = ""

    def whoami(self) -> Identity:
        """The user, the cloud project, and every space with the role there."""
        spaces = self._spaces()
        facts = (
            ("project", self.access.project_id()),
            ("region", self.region),
            ("endpoint", self.access.session.endpoint),
            ("signed by", "access key" if self.access.access_key else "password, for a token"),
        )
        return Identity(
            user=self.access.user or self._user_of_key(),
            facts=tuple(fact for fact in facts if fact[1]),
            scopes=tuple(sorted(spaces, key=lambda reach: reach.scope)),
        )

    def quota(self) -> tuple[Allowance, ...]:
        """Limits by name; those without a limit are told as such."""
        call = Call("list quotas", "GET", "/quotas")
        rows = items(self.place.call(call), "quotas", self.place.target, call)
        found = [Allowance(str(r.get("name") or ""), _limit(r.get("total")), _whole(r.get("usage"))) for r in rows]
        return tuple(sorted(found, key=lambda limit: limit.name))

    def set_quota(self, name: str, amount: int) -> None:
        """Always raises UsageError: the platform has no interface for it."""
        msg = f"the limit {name!r} cannot be set to {amount} through the platform's interface"
        raise UsageError(msg, hint="limits are changed in the console, by the owner of the account")

    def examine(self) -> Iterator[Finding]:
        """Whether the cloud project belongs to the region, where both are known."""
        project = self.access.project_id()
        if self.access.project_of_region is None:
            return
        try:
            found = self.access.project_of_region()
        except (CredentialsMissing, Forbidden) as error:
            yield Finding("region", error.message, "check `region:` of the target and HUAWEICLOUD_SDK_PROJECT_ID")
            return
        if found == project:
            yield Finding("region", f"{project} is the project of {self.region}")
            return
        said = f"the project {project} is not the one of {self.region}, which is {found}"
        yield Finding("region", said, "set the project id of this region, or leave it out: then it is looked up")

    def diagnose(self, error: PlatformError) -> Finding | None:
        """A project id that the region does not know is not a wrong key, though it is answered like one."""
        if error.platform_code in _PROJECT_CODES:
            where = f" of {self.region}" if self.region else ""
            said = f"the platform{where} does not know this project id"
            return Finding("region", said, "check HUAWEICLOUD_SDK_PROJECT_ID, and `region:` of the target")
        return None

    def clock_skew(self) -> float | None:
        """By the last answer of the service, else of the identity service."""
        known = (session.clock_skew for session in self.access.sessions)
        return next((skew for skew in known if skew is not None), None)

    def _spaces(self) -> list[Reach]:
        call = Call("list spaces", "GET", "/eihealth-projects")
        rows = items(self.place.call(call), "projects", self.place.target, call)
        return [
            Reach(str(row.get("name") or ""), role, writes=role.lower() not in _READERS)
            for row in rows
            for role in [str(row.get("role") or "")]
        ]

    def _user_of_key(self) -> str:
        """The name of who owns the access key, as far as the account lets us see; else which key it is."""
        key = f"owner of the access key that ends in {self.access.access_key[-_SHOWN_OF_KEY:]}"
        if self.access.iam is None:
            return key
        path = f"/v3.0/OS-CREDENTIAL/credentials/{segment(self.access.access_key)}"
        try:
            told = self.access.iam.call(Call("look up the access key", "GET", path))
            user_id = str(_object(_object(told).get("credential")).get("user_id") or "")
            return self._name(user_id) if user_id else key
        except Refused:
            return key

    def _name(self, user_id: str) -> str:
        call = Call("list users", "GET", "/users")
        try:
            rows = items(self.place.call(call), "users", self.place.target, call)
        except Refused:
            return user_id
        return next((str(row.get("name")) for row in rows if row.get("id") == user_id and row.get("name")), user_id)


def _limit(total: object) -> int | None:
    whole = _whole(total)
    return None if whole is None or whole < 0 else whole


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None


def _object(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, dict) else {}
