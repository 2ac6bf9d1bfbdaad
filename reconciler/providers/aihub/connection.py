"""Opening a target of AIHub: a table of addresses, an account or an injected token, and whom to trust."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.errors import UsageError
from reconciler.providers.aihub.addresses import Service, addresses
from reconciler.providers.aihub.dataset import Dataset
from reconciler.providers.aihub.dataset_version import DatasetVersion
from reconciler.providers.aihub.evaluation import Evaluation
from reconciler.providers.aihub.faults import fault
from reconciler.providers.aihub.login import PASSWORD, TOKEN, USER, Account, Tokens
from reconciler.providers.aihub.names import FOR_TRAINING, FOR_WORKFLOWS, Names
from reconciler.providers.aihub.place import Lines, Place
from reconciler.providers.aihub.search import Search
from reconciler.providers.aihub.training import QuotaTask, Training
from reconciler.providers.aihub.upload import Upload
from reconciler.providers.aihub.workflow_run import WorkflowRun
from reconciler.providers.containers import Cluster, Storage
from reconciler.providers.exchange import Dialect
from reconciler.providers.facilities import Identity
from reconciler.providers.session import Credentials, Session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.target import Target
    from reconciler.providers.protocol import Creates, Transport

_GPU_TYPES = {1: "A800", 2: "4090", 3: "3090", 4: "2080", 5: "unknown"}
_NETWORKS = {1: "RoCE", 2: "InfiniBand"}
_USES = {FOR_TRAINING: "training", FOR_WORKFLOWS: "workflow"}


class AihubConnection:
    """An open target."""

    def __init__(self, place: Place, transport: Transport, relay_token: str) -> None:
        self._place = place
        self.names = Names(place)

        def fetch(endpoint: str) -> Session:
            """A line to wherever a result lies: no credential of ours goes there."""
            return Session(place.target, endpoint, transport, Dialect(lambda _: None), Credentials())

        self._handlers: dict[str, Creates] = {
            "Dataset": Dataset(place),
            "DatasetVersion": DatasetVersion(place),
            "Search": Search(place, fetch),
            "WorkflowRun": WorkflowRun(place),
            "Training": Training(place, self.names),
            "QuotaTask": QuotaTask(place, self.names),
            "Evaluation": Evaluation(place),
            "Upload": Upload(place, relay_token),
        }

    def handler(self, kind: str) -> Creates:
        """The handler of a kind. Raises KeyError for a kind the platform does not have."""
        return self._handlers[kind]

    def has(self, service: Service) -> bool:
        """Whether the target says where a service is."""
        return service in self._place.lines

    def whoami(self) -> Identity:
        """See Identifies. An injected token does not say whose it is."""
        number = self._place.user_id()
        return Identity(user=str(number or "not told by an injected token"), facts=(("id", str(number or "")),))

    def clusters(self) -> tuple[Cluster, ...]:
        """See OffersClusters: those for trainings and those for workflows."""
        found = [
            Cluster(
                name=str(row.get("name") or ""),
                id=str(row.get("id") or ""),
                sku=f"{sku.get('cpu', '?')} CPU, {sku.get('memory', '?')} GiB",
                gpu_type=_GPU_TYPES.get(sku.get("gpu_type", 0), ""),
                gpu_memory=f"{sku['gpu_memory']} GiB" if sku.get("gpu_memory") else "",
                network=_NETWORKS.get(sku.get("network", 0), "other"),
                use=use,
            )
            for module, use in _USES.items()
            for row in self.names.clusters(module)
            for sku in (row.get("sku") or {},)
        ]
        return tuple(sorted(found, key=lambda cluster: (cluster.name, cluster.id)))

    def storages(self) -> tuple[Storage, ...]:
        """See OffersStorages."""
        found = [
            Storage(
                name=str(row.get("name") or ""),
                id=str(row.get("id") or ""),
                path=str(row.get("path") or ""),
                access=str(row.get("permission") or ""),
                server=" ".join(filter(None, (str(row.get("server_type") or ""), _place_of(row)))),
                note=str(row.get("description") or ""),
            )
            for row in self.names.storages()
        ]
        return tuple(sorted(found, key=lambda storage: (storage.name, storage.id)))

    def close(self) -> None:
        """Frees sockets. Safe to call twice."""
        self._place.lines.close()


def connect(target: Target, credentials: Mapping[str, str], transport: Transport) -> AihubConnection:
    """Opens a target, sending nothing. Raises UsageError for one that does not say where it is, or whom to trust.

    Who has neither an account nor a token hears so at the first call that needs one.
    """
    known = addresses(target)
    account = Account(
        credentials.get("access_key", ""), credentials.get("secret_key", ""), credentials.get("token", "")
    )
    relay_token = credentials.get("relay_token", "")
    secrets = frozenset(filter(None, (account.password, account.token, relay_token)))
    trusting = _trusting(target, transport)
    dialect = Dialect(fault, (USER, PASSWORD, TOKEN))

    def open_session(service: Service, address: str) -> Session:
        signs = service not in {Service.USERS, Service.RELAY}
        signed = Credentials(tokens if signs else None, secrets, tokens.renew if signs else None)
        carried = _pinned(target, transport, trusting) if service is Service.RELAY else trusting
        return Session(target.name, address, carried, dialect, signed)

    lines = Lines(target.name, known, open_session)
    tokens = Tokens(target.name, account, lambda: lines.to(Service.USERS), transport.clock)
    place = Place(target.name, lines, tokens, target.settings, transport.root)
    return AihubConnection(place, trusting, relay_token)


def _place_of(row: Mapping[str, object]) -> str:
    """`host:path` of a storage, as much of it as is told."""
    return ":".join(str(row[field]) for field in ("server_host", "server_path") if row.get(field))


def _trusting(target: Target, transport: Transport) -> Transport:
    """The transport with the authorities that the target names. Verification is never off."""
    from pathlib import Path

    bundle = target.settings.get("ca", "")
    if not bundle:
        return transport
    place = Path(transport.root, bundle).expanduser()
    if not place.is_file():
        msg = f"target {target.name}: there is no file {bundle!r} with certificates"
        raise UsageError(msg, hint="`ca` is a path relative to the project file; the administrator gives the file out")
    return replace(transport, verify=str(place))


def _pinned(target: Target, transport: Transport, trusting: Transport) -> Transport:
    """The transport of the relay, whose certificate nobody has signed: trusted by its fingerprint, if one is given."""
    fingerprint = target.settings.get("fingerprint", "")
    if not fingerprint or transport.adapter is not None:
        return trusting
    from reconciler.providers.pinning import PinnedAdapter, fingerprint_of

    adapter = PinnedAdapter(transport.connections, fingerprint_of(target.name, fingerprint))
    return replace(trusting, adapter=adapter)
