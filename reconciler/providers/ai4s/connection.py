"""Opening a target of AI4S."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.providers.ai4s.app import App
from reconciler.providers.ai4s.faults import fault
from reconciler.providers.ai4s.job import Job
from reconciler.providers.ai4s.place import Place
from reconciler.providers.ai4s.workflow import Workflow
from reconciler.providers.huawei_access import Service, open_access

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.target import Target
    from reconciler.providers.protocol import Creates, Transport
    from reconciler.providers.session import Session

_SERVICE = Service("ai4sservice", fault)


class Ai4sConnection:
    """An open target."""

    def __init__(self, place: Place, sessions: tuple[Session, ...]) -> None:
        self._sessions = sessions
        self._handlers: dict[str, Creates] = {"App": App(place), "Workflow": Workflow(place), "Job": Job(place)}

    def handler(self, kind: str) -> Creates:
        """The handler of a kind. Raises KeyError for a kind the platform does not have."""
        return self._handlers[kind]

    def close(self) -> None:
        """Frees sockets. Safe to call twice."""
        for session in self._sessions:
            session.close()


def connect(target: Target, credentials: Mapping[str, str], transport: Transport) -> Ai4sConnection:
    """Opens a target, sending nothing yet. Raises CredentialsMissing and UsageError as `open_access` does."""
    access = open_access(target, credentials, transport, _SERVICE)
    return Ai4sConnection(Place(target.name, access.session, access.project_id), access.sessions)
