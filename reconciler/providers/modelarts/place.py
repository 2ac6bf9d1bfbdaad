"""Where the handlers stand: one target, its paths, and the reading of its answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from reconciler.errors import Unanswered
from reconciler.model.address import NO_SCOPE
from reconciler.providers.exchange import segment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.providers.exchange import Call
    from reconciler.providers.session import Session

DEFAULT_WORKSPACE = "0"


@dataclass(frozen=True, slots=True)
class Place:
    """One target as its handlers see it. `project_id` gives the id of the cloud project, asking for it at first use."""

    target: str
    session: Session
    project_id: Callable[[], str]

    def v1(self, call: Call) -> dict[str, Any]:
        """Sends a call of the legacy API, its path below the project; the answer is an object. Raises PlatformError."""
        return self.object(self._send("v1", call), call)

    def v2(self, call: Call) -> Any:  # noqa: ANN401 - any JSON value
        """Sends a call of the current API, its path below the project. Raises PlatformError."""
        return self._send("v2", call)

    def object(self, answer: Any, call: Call) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
        """An answer that has to be an object. Raises Unanswered when it is none."""
        if isinstance(answer, dict):
            return answer
        raise self.unreadable(call, "the answer is not one of this platform")

    def unreadable(self, call: Call, why: str) -> Unanswered:
        """An answer that must not be taken for one: absence read into it would be acted upon."""
        return Unanswered(f"{self.target}: {call.operation}: {why}", hint="is the endpoint right?")

    def rows(self, answer: Any, key: str, call: Call) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON value
        """The list under `key`. Raises Unanswered when there is none, unless the answer counts none."""
        found = answer.get(key) if isinstance(answer, dict) else None
        if found is None and isinstance(answer, dict) and _counts_none(answer):
            return []
        if isinstance(found, list) and all(isinstance(row, dict) for row in found):
            return found
        raise self.unreadable(call, f"the answer holds no list of {key}")

    def _send(self, version: str, call: Call) -> Any:  # noqa: ANN401 - any JSON value
        project = self.project_id()
        path = f"/{version}/{segment(project)}{call.path}"
        return self.session.call(replace(call, path=path, headers={"X-Project-Id": project, **call.headers}))


def path_to(*parts: str) -> str:
    """`/a/b` of parts that are taken as they are. Raises Refused for one that leads elsewhere, an empty id above all
    (contract, trap 22).
    """
    return "".join(f"/{segment(part)}" for part in parts)


def workspace_of(scope: str) -> str:
    """The workspace that a scope stands for."""
    return DEFAULT_WORKSPACE if scope in {"", NO_SCOPE} else scope


def part(row: Any, name: str) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    """The object that is a member of another, an empty one where there is none."""
    found = row.get(name) if isinstance(row, dict) else None
    return found if isinstance(found, dict) else {}


def whole(value: Any) -> int | None:  # noqa: ANN401 - any JSON value
    """A number that may come as a text, up to 19 digits without loss; None where there is none."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    try:
        return int(value)
    except ValueError:
        return None


def _counts_none(answer: Mapping[str, Any]) -> bool:
    counts = [whole(value) for key, value in answer.items() if key in {"count", "total"} or key.endswith("_count")]
    return bool(counts) and not any(counts)
