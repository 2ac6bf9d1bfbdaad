"""Opening the local platform as a target, and tasks to submit to it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.model.address import Address
from reconciler.model.mark import Mark, Owner
from reconciler.model.resource import Desired
from reconciler.model.target import Target
from reconciler.providers.hai.connection import HaiConnection, connect
from reconciler.providers.protocol import Transport
from tests.support.local_platform import ACCOUNT
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from requests.adapters import BaseAdapter

    from reconciler.localplatform.assembly import Platform

OWNER = Owner("tests", "dev")
QUICK = Transport(backoff=0.001, deadline=20)
TARGET = Target("hai", "hai", "http://platform.test", settings={"utc_offset": "+00:00"})


@contextmanager
def opened(
    platform: Platform,
    *,
    token: str = ACCOUNT.secret_key,
    transport: Transport = QUICK,
    adapter: BaseAdapter | None = None,
) -> Iterator[HaiConnection]:
    """A connection to a platform in this process."""
    through = replace(transport, adapter=adapter or WsgiAdapter(platform.application))
    connection = connect(TARGET, {"secret_key": token}, through)
    try:
        yield connection
    finally:
        connection.close()


def spec(name: str, *, seconds: str = "inf", **changes: Any) -> dict[str, Any]:
    """A task that goes on until it is stopped."""
    environments = {"SIMULATED_SECONDS": seconds, **changes.pop("environments", {})}
    return {
        "version": 2,
        "name": name,
        "spec": {"workspace": "/ws", "entrypoint": "train.py", "environments": environments},
        "resource": {"group": "training", "node_count": 1},
        **changes,
    }


def at(name: str) -> Address:
    """The address of a task."""
    return Address("hai", "Task", "-", name)


def desired(given: Mapping[str, Any], attempt: int = 1, owner: Owner = OWNER) -> Desired:
    """What a handler gets to submit."""
    address = at(str(given["name"]))
    return Desired(address, given, Mark.of_run(owner, address, "digest", attempt))
