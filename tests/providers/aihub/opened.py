"""Opening the local platform as a target, and things to submit to it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.model.address import Address
from reconciler.model.mark import Mark, Owner
from reconciler.model.resource import Desired
from reconciler.model.target import Target
from reconciler.providers.aihub.connection import AihubConnection, connect
from reconciler.providers.protocol import Transport
from tests.support.local_platform import ACCOUNT
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from requests.adapters import BaseAdapter

    from reconciler.localplatform.assembly import Platform

URL = "http://platform.test"
OWNER = Owner("tests", "dev")
QUICK = Transport(backoff=0.001, deadline=20)
TARGET = Target("aihub", "aihub", URL, settings={"projects": "vision=1, speech=2"})
CREDENTIALS = {
    "access_key": ACCOUNT.access_key,
    "secret_key": ACCOUNT.secret_key,
    "relay_token": ACCOUNT.secret_key,
}
SPECS: Mapping[str, dict[str, Any]] = {
    "Search": {"name": "s", "type": 1, "sql": "select object_name from meta where width > 1000", "description": "wide"},
    "WorkflowRun": {
        "name": "r",
        "pipeline_id": "2",
        "pipeline_version_id": "2",
        "params": [{"name": "name", "value": "world"}],
    },
    "Training": {
        "name": "t",
        "framework": "PyTorchJob",
        "description": "two of them",
        "command": "echo done",
        "image": "img:1",
        "virtual_cluster_id": "vc-a800-train",
        "sku_cnt": 1,
        "instances": 2,
        "category_id": 1,
        "project_id": "vision",
        "storage_ids": ["models"],
        "envs": [{"key": "MODE", "value": "full"}],
    },
    "Dataset": {"name": "d", "description": "a few"},
}
SPECS = {**SPECS, "QuotaTask": {**SPECS["Training"], "name": "q", "priority": 2}}


@contextmanager
def opened(
    platform: Platform,
    *,
    target: Target = TARGET,
    credentials: Mapping[str, str] = CREDENTIALS,
    transport: Transport = QUICK,
    adapter: BaseAdapter | None = None,
) -> Iterator[AihubConnection]:
    """A connection to a platform in this process."""
    through = replace(transport, adapter=adapter or WsgiAdapter(platform.application))
    connection = connect(target, credentials, through)
    try:
        yield connection
    finally:
        connection.close()


def at(kind: str, name: str) -> Address:
    """An address on the one target."""
    return Address("aihub", kind, "-", name)


def desired(kind: str, called: str = "", /, **changes: Any) -> Desired:
    """What a handler gets to submit; `called` where the manifest is called otherwise than its spec."""
    spec = {**SPECS.get(kind, {}), **changes}
    address = at(kind, called or spec["name"])
    return Desired(address, spec, Mark.of_run(OWNER, address, "digest", 1))
