"""Opening a target of AI4S."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.providers.ai4s.account import Account
from reconciler.providers.ai4s.app import App
from reconciler.providers.ai4s.data_job import DataJob
from reconciler.providers.ai4s.faults import fault
from reconciler.providers.ai4s.image import Image
from reconciler.providers.ai4s.job import Job
from reconciler.providers.ai4s.label import Label
from reconciler.providers.ai4s.member import Member
from reconciler.providers.ai4s.notebook import Notebook
from reconciler.providers.ai4s.performance_resource import PerformanceResource
from reconciler.providers.ai4s.place import Place
from reconciler.providers.ai4s.space import Space
from reconciler.providers.ai4s.vendor_config import VendorConfig
from reconciler.providers.ai4s.workflow import Workflow
from reconciler.providers.huawei_access import Service, open_access

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.errors import PlatformError
    from reconciler.model.target import Target
    from reconciler.providers.facilities import Allowance, Finding, Identity
    from reconciler.providers.protocol import Creates, Transport

_SERVICE = Service("ai4sservice", fault)


class Ai4sConnection:
    """An open target."""

    def __init__(self, place: Place, account: Account, root: str) -> None:
        self._account = account
        self._handlers: dict[str, Creates] = {
            "App": App(place),
            "Workflow": Workflow(place),
            "Job": Job(place),
            "Space": Space(place),
            "Member": Member(place),
            "Label": Label(place),
            "Image": Image(place),
            "Notebook": Notebook(place),
            "PerformanceResource": PerformanceResource(place),
            "VendorConfig": VendorConfig(place, root),
            "DataJob": DataJob(place),
        }
        self.place = place

    def handler(self, kind: str) -> Creates:
        """The handler of a kind. Raises KeyError for a kind the platform does not have."""
        return self._handlers[kind]

    def whoami(self) -> Identity:
        """See Account."""
        return self._account.whoami()

    def quota(self) -> tuple[Allowance, ...]:
        """See Account."""
        return self._account.quota()

    def set_quota(self, name: str, amount: int) -> None:
        """See Account."""
        self._account.set_quota(name, amount)

    def examine(self) -> Iterator[Finding]:
        """See Account."""
        return self._account.examine()

    def diagnose(self, error: PlatformError) -> Finding | None:
        """See Account."""
        return self._account.diagnose(error)

    def clock_skew(self) -> float | None:
        """See Account."""
        return self._account.clock_skew()

    def close(self) -> None:
        """Frees sockets. Safe to call twice."""
        for session in self._account.access.sessions:
            session.close()


def connect(target: Target, credentials: Mapping[str, str], transport: Transport) -> Ai4sConnection:
    """Opens a target, sending nothing yet. Raises CredentialsMissing and UsageError as `open_access` does."""
    access = open_access(target, credentials, transport, _SERVICE)
    place = Place(target.name, access.session, access.project_id)
    return Ai4sConnection(place, Account(place, access, target.region), transport.root)
