"""ModelArts of Huawei Cloud: training jobs of the current API, and jobs and configurations of the legacy one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.model.kind import CreateClass
from reconciler.providers.huawei_credentials import CREDENTIALS, SETTINGS
from reconciler.providers.modelarts.training_job import TrainingJob
from reconciler.providers.modelarts.training_job_config import TrainingJobConfig
from reconciler.providers.modelarts.training_job_v2 import TrainingJobV2
from reconciler.providers.protocol import Provider

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model.address import Address
    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.manifest import Manifest, Spec
    from reconciler.model.target import Target
    from reconciler.providers.protocol import Connection, Transport, Unsupported


def _connect(target: Target, credentials: Mapping[str, str], transport: Transport) -> Connection:
    """Loads the HTTP library only when a target is opened."""
    from reconciler.providers.modelarts.connection import connect

    return connect(target, credentials, transport)


def _check(manifests: tuple[Manifest, ...]) -> Iterable[Diagnostic]:
    from reconciler.providers.modelarts.meaning import check

    return check(manifests)


def _foresee(connection: Connection, manifests: tuple[Manifest, ...]) -> Iterable[Diagnostic]:
    from reconciler.providers.modelarts.foresight import foresee

    return foresee(connection, manifests)


def _gpu_hours_there(connection: Connection, manifests: tuple[Manifest, ...]) -> Mapping[Address, float]:
    from reconciler.providers.modelarts.foresight import gpu_hours_there

    return gpu_hours_there(connection, manifests)


def _as_v2(spec: Spec) -> tuple[dict[str, Any], tuple[Unsupported, ...]]:
    from reconciler.providers.modelarts.migration import as_v2

    return as_v2(spec)


PROVIDER = Provider(
    name="modelarts",
    connect=_connect,
    kinds={"TrainingJobConfig": TrainingJobConfig, "TrainingJob": TrainingJob, "TrainingJobV2": TrainingJobV2},
    create_class={
        "TrainingJobConfig": CreateClass.UNIQUE_NAME,
        # The name of a job is unique, but a further version can be made twice.
        "TrainingJob": CreateClass.SEARCH_ONLY,
        "TrainingJobV2": CreateClass.UNIQUE_NAME,
    },
    credentials=CREDENTIALS,
    scope_key="workspace",
    settings=SETTINGS,
    outputs={"TrainingJob": ("train_url", "log_url"), "TrainingJobV2": ("train_url", "log_url")},
    check=_check,
    foresee=_foresee,
    gpu_hours_there=_gpu_hours_there,
    rewrites={("TrainingJob", "TrainingJobV2"): _as_v2},
)
