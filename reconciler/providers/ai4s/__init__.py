"""AI4S of Huawei Cloud: apps, workflows and the jobs that run them (earlier names: eiHealth, AI4S toolkit)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.kind import CreateClass
from reconciler.providers.ai4s.app import App
from reconciler.providers.ai4s.data_job import DataJob
from reconciler.providers.ai4s.image import Image
from reconciler.providers.ai4s.job import Job
from reconciler.providers.ai4s.label import Label
from reconciler.providers.ai4s.member import Member
from reconciler.providers.ai4s.notebook import Notebook
from reconciler.providers.ai4s.performance_resource import PerformanceResource
from reconciler.providers.ai4s.space import Space
from reconciler.providers.ai4s.toolkit_file import FILE
from reconciler.providers.ai4s.vendor_config import VendorConfig
from reconciler.providers.ai4s.workflow import Workflow
from reconciler.providers.huawei_credentials import CREDENTIALS, SETTINGS
from reconciler.providers.protocol import Provider

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model.address import Address
    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.manifest import Manifest, Spec
    from reconciler.model.target import Target
    from reconciler.providers.protocol import Connection, Transport


def _connect(target: Target, credentials: Mapping[str, str], transport: Transport) -> Connection:
    """Loads the HTTP library only when a target is opened."""
    from reconciler.providers.ai4s.connection import connect

    return connect(target, credentials, transport)


def _check(manifests: tuple[Manifest, ...]) -> Iterable[Diagnostic]:
    from reconciler.providers.ai4s.meaning import check

    return check(manifests)


def _foresee(connection: Connection, manifests: tuple[Manifest, ...]) -> Iterable[Diagnostic]:
    from reconciler.providers.ai4s.foresight import foresee

    return foresee(connection, manifests)


def _gpu_hours(manifests: tuple[Manifest, ...]) -> Mapping[Address, float]:
    from reconciler.providers.ai4s.meaning.usage import gpu_hours

    return gpu_hours(manifests)


def _tasks(kind: str, spec: Spec) -> Mapping[str, tuple[str, ...]]:
    from reconciler.providers.ai4s.drawing import tasks

    return tasks(kind, spec)


PROVIDER = Provider(
    name="ai4s",
    connect=_connect,
    kinds={
        "App": App,
        "Workflow": Workflow,
        "Job": Job,
        "Space": Space,
        "Member": Member,
        "Label": Label,
        "Image": Image,
        "Notebook": Notebook,
        "PerformanceResource": PerformanceResource,
        "VendorConfig": VendorConfig,
        "DataJob": DataJob,
    },
    create_class={
        "App": CreateClass.UNIQUE_NAME,
        "Workflow": CreateClass.UNIQUE_NAME,
        "Job": CreateClass.SEARCH_ONLY,
        "Space": CreateClass.SEARCH_ONLY,
        "Member": CreateClass.UNIQUE_NAME,
        "Label": CreateClass.SEARCH_ONLY,
        "Image": CreateClass.UNIQUE_NAME,
        "Notebook": CreateClass.SEARCH_ONLY,
        "PerformanceResource": CreateClass.UNIQUE_NAME,
        "VendorConfig": CreateClass.UNIQUE_NAME,
        "DataJob": CreateClass.BLIND,
    },
    credentials=CREDENTIALS,
    scope_key="space",
    settings=SETTINGS,
    vendor_file=FILE,
    outputs={
        "Job": ("output_dir",),
        "Space": ("owner",),
        "Image": ("tags",),
        "Notebook": ("url",),
        "DataJob": ("folder",),
    },
    check=_check,
    foresee=_foresee,
    gpu_hours=_gpu_hours,
    tasks=_tasks,
)
