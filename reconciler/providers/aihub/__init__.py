"""AIHub: datasets, searches, runs of pipelines, trainings, quota tasks, evaluations (contract: platform contract of
AIHub). Almost nothing can be listed, changed or removed there, so our memory is nearly all there is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.kind import CreateClass
from reconciler.providers.aihub.addresses import SETTINGS
from reconciler.providers.aihub.dataset import Dataset
from reconciler.providers.aihub.dataset_version import DatasetVersion
from reconciler.providers.aihub.evaluation import Evaluation
from reconciler.providers.aihub.search import Search
from reconciler.providers.aihub.training import QuotaTask, Training
from reconciler.providers.aihub.upload import VARIABLE, Upload
from reconciler.providers.aihub.workflow_run import WorkflowRun
from reconciler.providers.protocol import CredentialVariable, Provider

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.manifest import Manifest
    from reconciler.model.target import Target
    from reconciler.providers.protocol import Connection, Transport


def _connect(target: Target, credentials: Mapping[str, str], transport: Transport) -> Connection:
    """Loads the HTTP library only when a target is opened."""
    from reconciler.providers.aihub.connection import connect

    return connect(target, credentials, transport)


def _check(manifests: tuple[Manifest, ...]) -> Iterable[Diagnostic]:
    from reconciler.providers.aihub.meaning import check

    return check(manifests)


def _foresee(connection: Connection, manifests: tuple[Manifest, ...]) -> Iterable[Diagnostic]:
    from reconciler.providers.aihub.foresight import foresee

    return foresee(connection, manifests)


PROVIDER = Provider(
    name="aihub",
    connect=_connect,
    kinds={
        "Dataset": Dataset,
        "DatasetVersion": DatasetVersion,
        "Search": Search,
        "WorkflowRun": WorkflowRun,
        "Training": Training,
        "QuotaTask": QuotaTask,
        "Evaluation": Evaluation,
        "Upload": Upload,
    },
    create_class={
        "Dataset": CreateClass.BLIND,
        "DatasetVersion": CreateClass.SEARCH_ONLY,
        "Search": CreateClass.BLIND,
        "WorkflowRun": CreateClass.BLIND,
        "Training": CreateClass.BLIND,
        "QuotaTask": CreateClass.BLIND,
        "Evaluation": CreateClass.BLIND,
        # The key of an upload is the digest of its content: the same key twice is the same file once.
        "Upload": CreateClass.TOKEN,
    },
    credentials=(
        CredentialVariable("access_key", ("AIHUB_USERNAME",), "name of the user who logs in", secret=False),
        CredentialVariable("secret_key", ("AIHUB_PASSWORD",), "password of that user"),
        CredentialVariable("token", ("AI_HUB_TOKEN",), "token, as the platform injects it into a workflow node"),
        CredentialVariable("relay_token", (VARIABLE,), "token of the S3 relay, from the administrator"),
    ),
    settings={
        **SETTINGS,
        "ca": "file with the certificates to trust, relative to the project file",
        "fingerprint": "SHA-256 fingerprint of the relay's certificate, which nobody has signed",
        "user_id": "number of the user, where an injected token is used: it does not say",
        "run_read": "GET, or POST as the platform's document has it: the method that reads a workflow run",
        "projects": "numbers of projects by name, which no operation lists: vision=5, speech=7",
    },
    check=_check,
    foresee=_foresee,
    local_credentials={"relay_token": "secret_key"},
)
