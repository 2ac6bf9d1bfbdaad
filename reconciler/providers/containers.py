"""Where runs live and what they find, where a platform tells: clusters, storages, containers, results.

As in `facilities`, an ability is a method.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from reconciler.model.address import Address


@dataclass(frozen=True, slots=True)
class Cluster:
    """Machines that runs are sent to by `name`. `sku` says in words what one unit of them is; `network` joins them."""

    name: str
    id: str
    sku: str = ""
    gpu_type: str = ""
    gpu_memory: str = ""
    network: str = ""
    use: str = ""


@dataclass(frozen=True, slots=True)
class Storage:
    """Something that can be mounted at `path` in a run. `server` is where it lies; `access` is `r` or `rw`."""

    name: str
    id: str
    path: str
    access: str = ""
    server: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Pod:
    """One container of a run: the machine it is on, and the way in where one is open."""

    name: str
    status: str
    node: str = ""
    ip: str = ""
    ssh: str = ""
    ssh_port: int = 0
    started: str = ""
    finished: str = ""


@dataclass(frozen=True, slots=True)
class NodeTask:
    """What works on one machine of a cluster now; `units` it takes, `seconds` since it began."""

    cluster: str
    node: str
    ip: str
    task: str
    units: int
    user: str = ""
    note: str = ""
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class ResultFile:
    """What a run has found, as the file that the platform keeps of it at `url`."""

    name: str
    content: bytes
    url: str


@runtime_checkable
class OffersClusters(Protocol):
    """Of a connection: lists the clusters one can send runs to."""

    def clusters(self) -> tuple[Cluster, ...]:
        """By name."""


@runtime_checkable
class OffersStorages(Protocol):
    """Of a connection: lists what can be mounted."""

    def storages(self) -> tuple[Storage, ...]:
        """By name."""


@runtime_checkable
class ShowsPods(Protocol):
    """Of a handler: lists the containers of a run."""

    def pods(self, address: Address, remote_id: str) -> tuple[Pod, ...]:
        """In the order of the platform."""


@runtime_checkable
class ShowsLoad(Protocol):
    """Of a handler: tells who works on the machines of the cluster a run is sent to."""

    def node_tasks(self, address: Address, remote_id: str) -> tuple[NodeTask, ...]:
        """By machine."""


@runtime_checkable
class KeepsResults(Protocol):
    """Of a handler: hands out what a run has found."""

    def results(self, address: Address, remote_id: str) -> ResultFile:
        """The whole file. Raises Refused while there is none."""
