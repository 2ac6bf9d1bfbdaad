"""What is wrong with manifests although every field is right: pure, offline."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.unsound import sound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest

_DATASET = re.compile(r"\$\[\[\s*ref\.Dataset/(?P<name>[^\]\s]+?)(?:\.id)?\s*\]\]")
_VIP_ONLY = ("preempt_policy", "vip_node_names")


def check(manifests: tuple[Manifest, ...]) -> Iterator[Diagnostic]:
    """Findings about manifests of this platform, with pointers into their specs."""
    datasets = {manifest.address: manifest for manifest in manifests if manifest.address.kind == "Dataset"}
    for manifest in manifests:
        if manifest.address.kind == "DatasetVersion":
            yield from sound(_version(manifest, datasets))
        elif manifest.address.kind == "Training":
            yield from sound(_training(manifest))
        elif manifest.address.kind == "Search":
            yield from sound(_search(manifest))


def _version(manifest: Manifest, datasets: Mapping[Address, Manifest]) -> Iterable[Diagnostic]:
    """A version is created by the id of a dataset and read by its name: the two must be of one dataset."""
    match = _DATASET.fullmatch(str(manifest.spec.get("dataset_id", "")).strip())
    named = manifest.spec["dataset_name"]
    if match is None or match["name"] == named or not any(address.name == match["name"] for address in datasets):
        return
    message = f"the version is to be made in dataset {match['name']!r}, and would be looked for in {named!r}"
    hint = f"write `metadata: {{name: {match['name']}}}`, or refer to $[[ ref.Dataset/{named} ]]"
    yield _finding(manifest, Severity.ERROR, "meaning.dataset-name", "/dataset_id", message, hint)


def _training(manifest: Manifest) -> Iterable[Diagnostic]:
    if manifest.spec.get("is_vip"):
        return
    for field in _VIP_ONLY:
        if manifest.spec.get(field):
            message, hint = f"`{field}` counts for VIP trainings only", "take it out, or say `is_vip: true`"
            yield _finding(manifest, Severity.WARNING, "meaning.not-vip", f"/{field}", message, hint)


def _search(manifest: Manifest) -> Iterable[Diagnostic]:
    """Fields of another type of search are sent, and nobody knows what the platform makes of them."""
    needed = {1: {"sql"}, 2: {"feature_lib_id", "images", "top_k"}, 3: {"feature_lib_id", "keywords", "top_k"}}
    kind = manifest.spec.get("type")
    for field in sorted(set().union(*needed.values()) - needed.get(kind, set())) if kind in needed else ():
        if field in manifest.spec:
            message = f"`{field}` does not belong to a search of type {kind}"
            yield _finding(manifest, Severity.WARNING, "meaning.other-search", f"/{field}", message, "take it out")


def _finding(manifest: Manifest, severity: Severity, code: str, pointer: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(severity, code, message, pointer=pointer, hint=hint, address=manifest.address)
