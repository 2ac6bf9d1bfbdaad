"""Where the handlers stand: one target, its services, and the reading of their answers."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.errors import NotFound, Refused, Unanswered
from reconciler.providers.aihub.addresses import Service
from reconciler.providers.exchange import Call, Effect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.providers.aihub.login import Tokens
    from reconciler.providers.exchange import Query
    from reconciler.providers.session import Session

_RUN_READS = ("GET", "POST")


class Lines:
    """The sessions of one target, opened when they are needed, one for each service."""

    def __init__(
        self, target: str, known: Mapping[Service, str], open_session: Callable[[Service, str], Session]
    ) -> None:
        self._target = target
        self._known = known
        self._open = open_session
        self._sessions: dict[Service, Session] = {}
        self._lock = threading.Lock()

    def __contains__(self, service: Service) -> bool:
        """Whether the target says where it is."""
        return service in self._known

    def to(self, service: Service) -> Session:
        """The line to a service. Raises Refused where nobody said where it is: nothing is sent."""
        if service not in self._known:
            msg = f"{self._target}: nobody said where the service `{service}` is, so nothing was sent"
            raise Refused(msg, hint=f"add `{service}: http://...` to the target")
        with self._lock:
            if service not in self._sessions:
                self._sessions[service] = self._open(service, self._known[service])
            return self._sessions[service]

    def close(self) -> None:
        """Frees sockets."""
        for session in self._sessions.values():
            session.close()


@dataclass(frozen=True, slots=True)
class Place:
    """One target as its handlers see it. `root` is the folder that local files are named from."""

    target: str
    lines: Lines
    tokens: Tokens
    settings: Mapping[str, str]
    root: str = ""

    def call(self, service: Service, call: Call) -> Any:  # noqa: ANN401 - any JSON value
        """`data` of a success. Raises PlatformError: Unanswered for an answer that is not in the envelope."""
        answer = self.lines.to(service).call(call)
        if isinstance(answer, dict) and answer.get("code") == 0 and not isinstance(answer["code"], bool):
            return answer.get("data")
        msg = f"{self.target}: {call.operation}: the answer is not one of this platform"
        raise Unanswered(msg, hint=f"is the address of `{service}` right?")

    def create(self, service: Service, call: Call) -> str:
        """The id of what a create made. Raises PlatformError."""
        data = self.call(service, call)
        number = data.get("id") if isinstance(data, dict) else None
        if isinstance(number, int) and not isinstance(number, bool):
            return str(number)
        msg = f"{self.target}: {call.operation}: the answer holds no id"
        raise Unanswered(msg, hint="look for it on the platform")

    def read(self, service: Service, operation: str, path: str, query: Query | None = None) -> dict[str, Any]:
        """One object. Raises NotFound, PlatformError."""
        return self._object(self.call(service, Call(operation, "GET", path, query=query or {})), operation)

    def read_run(self, operation: str, path: str) -> dict[str, Any]:
        """The same for a run, whose method the document gives as POST and surely means as GET: the target may say."""
        method = (self.settings.get("run_read") or "GET").upper()
        method = method if method in _RUN_READS else "GET"
        call = Call(operation, method, path, effect=Effect.READ)
        return self._object(self.call(Service.WORKFLOWS, call), operation)

    def rows(self, service: Service, operation: str, path: str, query: Query | None = None) -> list[dict[str, Any]]:
        """A list that comes whole. Raises as `page`."""
        return self.page(service, operation, path, query)[0]

    def page(
        self, service: Service, operation: str, path: str, query: Query | None = None
    ) -> tuple[list[dict[str, Any]], int | None]:
        """A page of a list, which stands inside another `data`, and how many there are, None where that is not told.
        Raises Unanswered where there is no list: what cannot be read must not pass for an empty one.
        """
        data = self.call(service, Call(operation, "GET", path, query=query or {}))
        found = data.get("data") if isinstance(data, dict) else None
        if isinstance(found, list) and all(isinstance(each, dict) for each in found):
            total = data.get("total")
            return found, total if isinstance(total, int) else None
        msg = f"{self.target}: {operation}: the answer holds no list"
        raise Unanswered(msg, hint="is the address right?")

    def user_id(self) -> int:
        """Who we are, by number: as the target says, else as the login says; 0 where neither does."""
        said = self.settings.get("user_id", "")
        return int(said) if said.isascii() and said.isdigit() else self.tokens.user_id()

    def file(self, operation: str, named: Mapping[str, Any]) -> Path:
        """The local file of `{path, sha256}`, whose content is as it was planned. Raises Refused: nothing is sent."""
        place = Path(self.root) / str(named["path"])
        try:
            with place.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            msg = f"{self.target}: {operation}: {named['path']} cannot be read: {error.strerror}; nothing was sent"
            raise Refused(msg, hint="put the file where the manifest says, and apply again") from error
        if named.get("sha256") and named["sha256"] != found:
            msg = f"{self.target}: {operation}: {named['path']} is not what was planned; nothing was sent"
            raise Refused(msg, hint="plan again")
        return place

    def _object(self, data: Any, operation: str) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
        if isinstance(data, dict) and isinstance(data.get("id"), int):
            return data
        if data is None:
            msg = f"{self.target}: {operation}: it does not exist"
            raise NotFound(msg)
        msg = f"{self.target}: {operation}: the answer is not the object that was asked for"
        raise Unanswered(msg, hint="is the address right?")
