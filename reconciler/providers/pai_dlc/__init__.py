"""PAI-DLC of Alibaba Cloud: training jobs in pods, and TensorBoards on them (platform contract: that of PAI-DLC)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.kind import CreateClass
from reconciler.providers.pai_dlc.job import Job
from reconciler.providers.pai_dlc.tensorboard import Tensorboard
from reconciler.providers.protocol import CredentialVariable, Provider

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model.address import Address
    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.manifest import Manifest
    from reconciler.model.target import Target
    from reconciler.providers.protocol import Connection, Transport


def _connect(target: Target, credentials: Mapping[str, str], transport: Transport) -> Connection:
    """Loads the HTTP library only when a target is opened."""
    from reconciler.providers.pai_dlc.connection import connect

    return connect(target, credentials, transport)


def _check(manifests: tuple[Manifest, ...]) -> Iterable[Diagnostic]:
    from reconciler.providers.pai_dlc.meaning import check

    return check(manifests)


def _foresee(connection: Connection, manifests: tuple[Manifest, ...]) -> Iterable[Diagnostic]:
    from reconciler.providers.pai_dlc.foresight import foresee

    return foresee(connection, manifests)


def _gpu_hours(manifests: tuple[Manifest, ...]) -> Mapping[Address, float]:
    from reconciler.providers.pai_dlc.usage import gpu_hours

    return gpu_hours(manifests)


def _gpu_hours_there(connection: Connection, manifests: tuple[Manifest, ...]) -> Mapping[Address, float]:
    from reconciler.providers.pai_dlc.foresight import gpu_hours_there

    return gpu_hours_there(connection, manifests)


_CREDENTIALS = (
    CredentialVariable("access_key", ("ALIBABA_CLOUD_ACCESS_KEY_ID",), "access key id", secret=False),
    CredentialVariable("secret_key", ("ALIBABA_CLOUD_ACCESS_KEY_SECRET",), "access key secret"),
    CredentialVariable("security_token", ("ALIBABA_CLOUD_SECURITY_TOKEN",), "token, with temporary access keys only"),
)

PROVIDER = Provider(
    name="pai-dlc",
    connect=_connect,
    kinds={"Job": Job, "Tensorboard": Tensorboard},
    create_class={"Job": CreateClass.SEARCH_ONLY, "Tensorboard": CreateClass.SEARCH_ONLY},
    credentials=_CREDENTIALS,
    scope_key="workspace",
    settings={"network": "`vpc` to call the platform from inside its own network"},
    check=_check,
    foresee=_foresee,
    gpu_hours=_gpu_hours,
    gpu_hours_there=_gpu_hours_there,
)
