"""Opening the local platform as a target of ModelArts, and jobs to submit to it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from reconciler.model.address import Address
from reconciler.model.mark import Mark, Owner
from reconciler.model.resource import Desired
from reconciler.model.target import Target
from reconciler.providers.modelarts import PROVIDER
from reconciler.providers.protocol import Transport
from tests.support.local_platform import ACCOUNT
from tests.support.wsgi_adapter import WsgiAdapter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from requests.adapters import BaseAdapter

    from reconciler.localplatform.assembly import Platform
    from reconciler.providers.modelarts.connection import ModelArtsConnection

OWNER = Owner("tests", "dev")
KEYS = {"access_key": ACCOUNT.access_key, "secret_key": ACCOUNT.secret_key, "project_id": ACCOUNT.project_id}
QUICK = Transport(backoff=0.001, deadline=20)
TARGET = Target(
    "modelarts", "modelarts", "http://platform.test", "local", settings={"iam_endpoint": "http://platform.test"}
)


@contextmanager
def opened(
    platform: Platform,
    credentials: Mapping[str, str] = KEYS,
    *,
    transport: Transport = QUICK,
    adapter: BaseAdapter | None = None,
) -> Iterator[ModelArtsConnection]:
    """A connection to a platform in this process."""
    through = replace(transport, adapter=adapter or WsgiAdapter(platform.application))
    connection = PROVIDER.connect(TARGET, credentials, through)
    try:
        yield cast("ModelArtsConnection", connection)
    finally:
        connection.close()


def at(kind: str, name: str) -> Address:
    """An address on this target."""
    return Address("modelarts", kind, "-", name)


def desired(kind: str, spec: Mapping[str, Any], attempt: int = 1, owner: Owner = OWNER) -> Desired:
    """What a handler gets to create or to change."""
    address = at(kind, str(spec.get("name") or spec.get("job_name") or spec.get("config_name")))
    return Desired(address, spec, Mark.of_run(owner, address, "digest", attempt))


def job_v2(name: str, *, seconds: str = "inf", **changes: Any) -> dict[str, Any]:
    """A v2 job that goes on until it is stopped."""
    return {
        "name": name,
        "algorithm": {
            "code_dir": "obs://lab/code/",
            "boot_file": "train.py",
            "engine": {"engine_id": "pytorch_1.8.0-cuda_10.2-py_3.7-ubuntu_18.04-x86_64"},
            "parameters": [{"name": "rate", "value": "0.01"}, {"name": "epochs", "value": "3"}],
            "environments": {"SIMULATED_SECONDS": seconds},
        },
        "spec": {"resource": {"flavor_id": "modelarts.vm.cpu.2u", "node_count": 1}},
        **changes,
    }


def job_v1(name: str, *, seconds: str = "inf", **config: Any) -> dict[str, Any]:
    """A v1 job with an image of its own, whose parameters are variables, that goes on until it is stopped."""
    return {
        "job_name": name,
        "config": {
            "worker_server_num": 1,
            "user_image_url": "lab/fit:1.0",
            "user_command": "python fit.py",
            "parameter": [{"label": "SIMULATED_SECONDS", "value": seconds}],
            "spec_id": 1,
            "train_url": "/lab/out/",
            **config,
        },
    }


NAMED = {"engine_version": "PyTorch-1.0.0-python3.6", "spec_code": "modelarts.vm.cpu.2u"}
"""What the platform shows beside the numbers of `config_v1`."""


def config_v1(name: str, **changes: Any) -> dict[str, Any]:
    """A configuration."""
    return {
        "config_name": name,
        "worker_server_num": 1,
        "app_url": "/lab/code/",
        "boot_file_url": "/lab/code/fit.py",
        "engine_id": 2,
        "spec_id": 1,
        "parameter": [{"label": "rate", "value": "0.01"}, {"label": "epochs", "value": "10"}],
        **changes,
    }
