"""Where handlers stand: one target, its paths, its spaces by name, and the reading of its answers."""

from __future__ import annotations

import difflib
import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from reconciler.errors import NoSuchScope, NotFound, Refused, Unanswered
from reconciler.model.address import NO_SCOPE, Address
from reconciler.providers.errors import before_sending
from reconciler.providers.exchange import Call, segment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.providers.session import Session

SPACES = "/eihealth-projects"


@dataclass(frozen=True, slots=True)
class Place:
    """One target as its handlers see it. `project_id` gives the id of the cloud project, asking for it at first use."""

    target: str
    session: Session
    project_id: Callable[[], str]
    _spaces: dict[str, list[str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def address(self, kind: str, scope: str, name: str) -> Address:
        """An address on this target."""
        return Address(self.target, kind, scope, name)

    def call(self, call: Call) -> Any:  # noqa: ANN401 - any JSON value
        """Sends a call whose path starts below the cloud project. Raises PlatformError."""
        project = self.project_id()
        return self.session.call(
            replace(
                call,
                path=f"/v1/{segment(project)}{call.path}",
                headers={"X-Project-Id": project, **call.headers},
            )
        )

    def path(self, scope: str, *parts: str) -> str:
        """The path of something in a space. Raises NoSuchScope when there is no such space."""
        return "/".join((SPACES, segment(self.space_id(scope)), *(segment(part) for part in parts)))

    def space_id(self, name: str) -> str:
        """The id of a space. All spaces are listed once. Raises NoSuchScope with what was perhaps meant, and Refused
        where several have the name: it is not guessed which is meant.
        """
        with self._lock:
            if not self._spaces:
                with before_sending():
                    rows = self.spaces()
                self._spaces.update(_by_name(rows))
            found = self._spaces.get(name, [])
        if not found:
            raise _unknown_space(self.target, name, self._spaces)
        if len(found) > 1:
            msg = f"target {self.target}: {len(found)} spaces are called {name!r}: {', '.join(found)}"
            raise Refused(msg, hint="manifests know a space by its name: give one of them another, or delete it")
        return found[0]

    def spaces(self) -> list[dict[str, Any]]:
        """Every space in which we have a role, without its members."""
        return self.items(Call("list spaces", "GET", SPACES), "projects")

    def forget_spaces(self) -> None:
        """Spaces have come or gone: they are listed again when one is named."""
        with self._lock:
            self._spaces.clear()

    def users(self) -> dict[str, str]:
        """The users of the account: their ids by name."""
        return {str(row["name"]): str(row["id"]) for row in self.items(Call("list users", "GET", "/users"), "users")}

    def items(self, call: Call, key: str) -> list[dict[str, Any]]:
        """The list under `key` of what `call` answers. Raises PlatformError."""
        return items(self.call(call), key, self.target, call)

    def shown(self, call: Call) -> dict[str, Any] | None:
        """The object that `call` shows, None when there is none. Raises PlatformError."""
        try:
            return shown(self.call(call), self.target, call)
        except NotFound:
            return None

    def created(self, call: Call) -> str:
        """The id of what `call` makes. Raises PlatformError."""
        return created_id(self.call(call), self.target, call)

    def removed(self, call: Call) -> None:
        """Sends a call that takes something away; what is gone already is no error. Raises PlatformError."""
        try:
            self.call(call)
        except NotFound:
            return


def items(answer: Any, key: str, target: str, call: Call) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON value
    """The list under `key` of a list answer. Raises Unanswered when there is none: an answer that cannot be read must
    not pass for an empty list, or everything would look deleted.
    """
    found = answer.get(key) if isinstance(answer, dict) else None
    if found is None and isinstance(answer, dict) and answer.get("count") == 0:
        return []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        msg = f"{target}: {call.operation}: the answer holds no list of {key}"
        raise Unanswered(msg, hint="is the endpoint right?")
    return found


def shown(answer: Any, target: str, call: Call) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    """The object of a show answer. Raises Unanswered when it is none."""
    if isinstance(answer, dict) and answer.get("id"):
        return answer
    msg = f"{target}: {call.operation}: the answer is not the object that was asked for"
    raise Unanswered(msg, hint="is the endpoint right?")


def created_id(answer: Any, target: str, call: Call) -> str:  # noqa: ANN401 - any JSON value
    """The id of what a create made. Raises Refused when the answer says why nothing was made, Unanswered when it does
    not say anything: then it may exist (ai4s contract, section 16).
    """
    if isinstance(answer, dict) and answer.get("id"):
        return str(answer["id"])
    said = f"{target}: {call.operation}:"
    reasons = _refusal(answer) if isinstance(answer, dict) else ""
    if reasons:
        raise Refused(f"{said} no node can run it ({reasons})", hint="check its resources and node labels")
    raise Unanswered(
        f"{said} the answer holds no id", hint="the next apply looks for it before it sends anything again"
    )


def _refusal(answer: Mapping[str, Any]) -> str:
    """The platform answers with what does not fit, instead of an id, when no node is large enough or has the label."""
    largest, apps, job = (answer.get(key) for key in ("max_platform_flavor", "app_infos", "job_info"))
    parts = [
        f"apps {', '.join(str(a.get('app_name')) for a in apps if isinstance(a, dict))}" if apps else "",
        f"node labels {', '.join(map(str, job.get('job_node_labels') or ()))}" if isinstance(job, dict) else "",
        f"largest node {', '.join(f'{k} {v}' for k, v in largest.items() if v)}" if isinstance(largest, dict) else "",
    ]
    return "; ".join(part for part in parts if part)


def _by_name(rows: list[dict[str, Any]]) -> dict[str, list[str]]:
    """The ids by name. One whose deletion was asked for has its name only as long as no other has it."""
    found: dict[str, list[str]] = {}
    for leaving in (False, True):
        names = set(found)
        for row in rows:
            if bool(row.get("delete_time")) is leaving and str(row["name"]) not in names:
                found.setdefault(str(row["name"]), []).append(str(row["id"]))
    return found


def _unknown_space(target: str, name: str, known: Mapping[str, list[str]]) -> NoSuchScope | Refused:
    if name in {"", NO_SCOPE}:
        return Refused(
            f"target {target}: no space is named",
            hint="write `space:` in the target, or `metadata.scope` in a manifest",
        )
    by_id = next((title for title, ids in known.items() if name in ids), "")
    near = [by_id] if by_id else difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"spaces of this account: {', '.join(sorted(known)) or 'none'}"
    return NoSuchScope(f"target {target}: there is no space {name!r}", hint=hint)
