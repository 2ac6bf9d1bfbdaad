"""What a target can tell of manifests before they are submitted: services it does not name, names nobody has."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from reconciler.errors import NotFound
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.providers.aihub.addresses import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from reconciler.model.manifest import Manifest
    from reconciler.providers.aihub.connection import AihubConnection
    from reconciler.providers.protocol import Connection

_NEEDS: dict[str, tuple[Service, ...]] = {
    "Dataset": (Service.DATASETS,),
    "DatasetVersion": (Service.DATASETS,),
    "Search": (Service.WAREHOUSE,),
    "WorkflowRun": (Service.WORKFLOWS,),
    "Training": (Service.TRAINING, Service.TAGS),
    "QuotaTask": (Service.QUOTA, Service.TRAINING, Service.TAGS),
    "Evaluation": (Service.EVALUATION,),
    "Upload": (Service.RELAY,),
}


def foresee(connection: Connection, manifests: tuple[Manifest, ...]) -> Iterator[Diagnostic]:
    """Findings about what is about to be submitted. Names become ids here, and again when it is sent. Raises
    PlatformError.
    """
    opened = cast("AihubConnection", connection)
    for manifest in manifests:
        lacking = [service for service in _NEEDS[manifest.address.kind] if not opened.has(service)]
        for service in lacking:
            message = f"{manifest.address.kind} needs the service `{service}`, and the target does not say where it is"
            hint = f"add `{service}: http://...` to the target: no address is built in"
            yield _finding(manifest, "lookup.no-address", "", message, hint)
        if not lacking and "virtual_cluster_id" in manifest.spec:
            yield from _names(opened, manifest)


def _names(opened: AihubConnection, manifest: Manifest) -> Iterator[Diagnostic]:
    names, spec = opened.names, manifest.spec
    asked: list[tuple[str, object, Callable[[object], int]]] = [
        ("/virtual_cluster_id", spec["virtual_cluster_id"], names.cluster),
        ("/project_id", spec["project_id"], names.project),
        *((f"/storage_ids/{at}", each, names.storage) for at, each in enumerate(spec.get("storage_ids") or ())),
    ]
    for pointer, value, look in asked:
        if "$[[" in str(value):
            continue
        try:
            look(value)
        except NotFound as error:
            yield _finding(manifest, "lookup.unknown-name", pointer, error.message, error.hint)


def _finding(manifest: Manifest, code: str, pointer: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(Severity.ERROR, code, message, pointer=pointer, hint=hint, address=manifest.address)
