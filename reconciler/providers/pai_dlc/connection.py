"""Opening a target of PAI-DLC: a region or an endpoint, and a key or the vendor's chain of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.providers.exchange import Dialect
from reconciler.providers.pai_dlc.credentials import VARIABLES, Given, source_of
from reconciler.providers.pai_dlc.faults import fault
from reconciler.providers.pai_dlc.job import Job
from reconciler.providers.pai_dlc.machines import Machines
from reconciler.providers.pai_dlc.place import Place
from reconciler.providers.pai_dlc.signing import Signer
from reconciler.providers.pai_dlc.tensorboard import Tensorboard
from reconciler.providers.session import Credentials, Session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from reconciler.model.target import Target
    from reconciler.providers.facilities import MachineType
    from reconciler.providers.protocol import Creates, Transport

_INSIDE = "vpc"


class PaiDlcConnection:
    """An open target."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.machines = Machines(place)
        self._handlers: dict[str, Creates] = {"Job": Job(place), "Tensorboard": Tensorboard(place)}

    def handler(self, kind: str) -> Creates:
        """The handler of a kind. Raises KeyError for a kind the platform does not have."""
        return self._handlers[kind]

    def specs(self, *, accelerator: str = "", names: Sequence[str] = ()) -> tuple[MachineType, ...]:
        """See OffersMachines."""
        return self.machines.specs(accelerator=accelerator, names=names)

    def close(self) -> None:
        """Frees sockets. Safe to call twice."""
        self.place.session.close()


def connect(target: Target, credentials: Mapping[str, str], transport: Transport) -> PaiDlcConnection:
    """Opens a target, sending nothing. Raises CredentialsMissing, UsageError when it is not clear where it is."""
    endpoint = _endpoint(target)
    source = source_of(target.name, credentials)
    hidden = frozenset(filter(None, (source.given.secret, source.given.token)) if isinstance(source, Given) else ())
    dialect = Dialect(fault, VARIABLES, "x-acs-request-id", {"accept": "application/json"})
    signed = Credentials(Signer(source, transport.clock), hidden)
    session = Session(target.name, endpoint, transport, dialect, signed)
    return PaiDlcConnection(Place(target.name, session, transport.clock, transport.pause))


def _endpoint(target: Target) -> str:
    if target.endpoint and not target.is_local:
        return target.endpoint
    network = target.settings.get("network", "")
    if network not in {"", _INSIDE}:
        msg = f"target {target.name}: network: {network!r} is none"
        raise UsageError(msg, hint=f"write `{_INSIDE}`, or leave it out")
    if target.region and not target.is_local:
        return f"https://pai-dlc{f'-{network}' if network else ''}.{target.region}.aliyuncs.com"
    msg = f"target {target.name}: where is it? Neither a region nor an endpoint is given"
    raise UsageError(msg, hint="write `region: cn-hangzhou`, or `endpoint: local` for the embedded platform")
