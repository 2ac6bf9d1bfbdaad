"""Opening the local platform as a PAI-DLC target, and jobs to try it with."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.model.address import Address
from reconciler.model.mark import Mark, Owner
from reconciler.model.resource import Desired
from reconciler.model.target import Target
from reconciler.providers.pai_dlc.connection import connect
from reconciler.providers.protocol import Transport
from tests.support.local_platform import ACCOUNT
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from requests.adapters import BaseAdapter

    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.pai_dlc.connection import PaiDlcConnection

OWNER = Owner("tests", "dev")
WORKSPACE = "w1"
KEYS = {"access_key": ACCOUNT.access_key, "secret_key": ACCOUNT.secret_key}


@contextmanager
def opened(platform: Platform, *, adapter: BaseAdapter | None = None, **transport: Any) -> Iterator[PaiDlcConnection]:
    """A connection to a platform in this process, by whose clock it goes."""
    quick = Transport(backoff=0.001, deadline=20, clock=platform.services.clock.now, pause=lambda _: None)
    through = replace(quick, adapter=adapter or WsgiAdapter(platform.application), **transport)
    connection = connect(Target("pai-dlc", "pai-dlc", "http://platform.test"), KEYS, through)
    try:
        yield connection
    finally:
        connection.close()


def spec(name: str = "t", *, seconds: str = "inf", **changes: Any) -> dict[str, Any]:
    """A job that goes on until it is stopped."""
    return {
        "DisplayName": name,
        "JobType": "PyTorchJob",
        "UserCommand": "python3 train.py",
        "JobSpecs": [{"Type": "Worker", "Image": "img", "PodCount": 1, "EcsSpec": "ecs.g6.large"}],
        "Envs": {"SIMULATED_SECONDS": seconds},
        **changes,
    }


def on_quota(name: str = "t", **changes: Any) -> dict[str, Any]:
    """The same on a quota."""
    role = {"Type": "Worker", "Image": "img", "PodCount": 1, "ResourceConfig": {"CPU": "1"}}
    return spec(name, JobSpecs=[role], ResourceId="quota1", **changes)


def at(name: str, kind: str = "Job") -> Address:
    """The address of a job."""
    return Address("pai-dlc", kind, WORKSPACE, name)


def desired(given: Mapping[str, Any], attempt: int = 1, owner: Owner = OWNER) -> Desired:
    """What a handler gets to submit."""
    address = at(str(given["DisplayName"]))
    return Desired(address, given, Mark.of_run(owner, address, "digest", attempt))


def board(name: str = "b", **spec: Any) -> Desired:
    """A TensorBoard to make."""
    address = at(name, "Tensorboard")
    return Desired(address, {"DisplayName": name, "DataSourceId": "d-1", **spec}, Mark.of_standing(OWNER, address))
