"""HAI Platform of HFAiLab: tasks on a cluster that is shared by time slices (contract: platform contract of HAI)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.kind import CreateClass
from reconciler.providers.hai.task import Task
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
    from reconciler.providers.hai.connection import connect

    return connect(target, credentials, transport)


def _check(manifests: tuple[Manifest, ...]) -> Iterable[Diagnostic]:
    from reconciler.providers.hai.meaning import check

    return check(manifests)


def _foresee(connection: Connection, manifests: tuple[Manifest, ...]) -> Iterable[Diagnostic]:
    from reconciler.providers.hai.capacity import foresee

    return foresee(connection, manifests)


def _gpu_hours_there(connection: Connection, manifests: tuple[Manifest, ...]) -> Mapping[Address, float]:
    from reconciler.providers.hai.capacity import gpu_hours_there

    return gpu_hours_there(connection, manifests)


PROVIDER = Provider(
    name="hai",
    connect=_connect,
    kinds={"Task": Task},
    create_class={"Task": CreateClass.UNIQUE_AMONG_ACTIVE},
    credentials=(CredentialVariable("secret_key", ("MARSV2_USER_TOKEN",), "access token, as `hai-cli init` saves it"),),
    settings={"utc_offset": "how far the platform's clock is from UTC, such as +08:00: its times do not say"},
    check=_check,
    foresee=_foresee,
    gpu_hours_there=_gpu_hours_there,
)
