"""Opening a target of ModelArts: one endpoint that serves both APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.providers.huawei_access import Service, open_access
from reconciler.providers.modelarts.faults import fault
from reconciler.providers.modelarts.offers import Offers
from reconciler.providers.modelarts.place import Place
from reconciler.providers.modelarts.training_job import TrainingJob
from reconciler.providers.modelarts.training_job_config import TrainingJobConfig
from reconciler.providers.modelarts.training_job_v2 import TrainingJobV2

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.target import Target
    from reconciler.providers.facilities import Allowance, Engine, MachineType, Pool
    from reconciler.providers.protocol import Creates, Transport
    from reconciler.providers.session import Session

_SERVICE = Service("modelarts", fault)


class ModelArtsConnection:
    """An open target."""

    def __init__(self, place: Place, sessions: tuple[Session, ...]) -> None:
        self._sessions = sessions
        self.place = place
        self.offers = Offers(place)
        self._handlers: dict[str, Creates] = {
            "TrainingJobConfig": TrainingJobConfig(place, self.offers),
            "TrainingJob": TrainingJob(place, self.offers),
            "TrainingJobV2": TrainingJobV2(place),
        }

    def handler(self, kind: str) -> Creates:
        """The handler of a kind. Raises KeyError for a kind the platform does not have."""
        return self._handlers[kind]

    def engines(self) -> tuple[Engine, ...]:
        """See OffersEngines."""
        return self.offers.engines()

    def specs(self, *, accelerator: str = "", names: Sequence[str] = ()) -> tuple[MachineType, ...]:
        """See OffersMachines."""
        return self.offers.specs(accelerator=accelerator, names=names)

    def pools(self) -> tuple[Pool, ...]:
        """See OffersPools."""
        return self.offers.pools()

    def quota(self) -> tuple[Allowance, ...]:
        """See LimitsUse."""
        return self.offers.quota()

    def set_quota(self, name: str, amount: int) -> None:
        """See LimitsUse."""
        self.offers.set_quota(name, amount)

    def close(self) -> None:
        """Frees sockets. Safe to call twice."""
        for session in self._sessions:
            session.close()


def connect(target: Target, credentials: Mapping[str, str], transport: Transport) -> ModelArtsConnection:
    """Opens a target, sending nothing yet. Raises CredentialsMissing and UsageError as `open_access` does."""
    access = open_access(target, credentials, transport, _SERVICE)
    return ModelArtsConnection(Place(target.name, access.session, access.project_id), access.sessions)
