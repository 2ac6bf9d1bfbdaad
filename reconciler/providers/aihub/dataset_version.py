"""Versions of datasets (contract, 5.2 and trap 4): created under the id of a dataset, answered with an id, and read by
the NAME of the dataset and a NUMBER that nobody tells. So numbers are tried from 1 until the id is found.

Descriptions are shown, and with them our mark: of all that this platform makes, only a version can be looked for.

    remote id   `11/V3` the id and the number; `11` where the number could not be found yet, or a person gave the id;
                `V3` where a person gave the number
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.errors import NotFound, PlatformError, Refused
from reconciler.model.resource import Live, Phase
from reconciler.providers.aihub.addresses import Service
from reconciler.providers.aihub.shapes import body_of, described, live_of, number, shown
from reconciler.providers.errors import before_sending
from reconciler.providers.exchange import Call

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.address import Address
    from reconciler.model.manifest import Spec
    from reconciler.model.mark import Mark
    from reconciler.model.resource import Desired
    from reconciler.providers.aihub.place import Place

_CREATE = "/dataset-mng/api/v2/dataset-versions-upload"
_READ = "/dataset-mng/api/v2/dataset-versions-detail"
_REMOTE = re.compile(r"(?P<id>[0-9]+)?(?:/?[vV](?P<number>[0-9]+))?")
_MISSES = 3
"""So many numbers in a row that nothing has are the end: whether numbers have gaps is not known."""
_MOST = 10_000
_FIELDS = ("upload_type", "upload_path")


class DatasetVersion:
    """The handler of the kind `DatasetVersion`. Names of manifests are `dataset@our-word`."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def create(self, desired: Desired) -> Live:
        """Makes the version, once, and looks which number it got."""
        address, spec = desired.address, desired.spec
        body = body_of(spec, desired.mark, numbers=("dataset_id",), without=("dataset_name", "version"))
        if "parent_version_id" in body:
            with before_sending():
                body["parent_version_id"] = self._id_of(address, str(body["parent_version_id"]))
        call = Call(f"create version {address.name}", "POST", _CREATE, body=body)
        made = self._place.create(Service.DATASETS, call)
        outputs = {"id": made}
        try:
            row = self._by_id(address, int(made))
        except PlatformError:
            row = None  # it is there all the same, and its number is found when it is read
        if row is None:
            return Live(address, made, {}, Phase.PENDING, desired.mark, outputs=outputs)
        remote_id = f"{made}/V{row['version']}"
        return Live(address, remote_id, {}, Phase.PENDING, desired.mark, outputs=_outputs(address, row))

    def read(self, address: Address, remote_id: str) -> Live | None:
        """The version, or None when no number has it any more."""
        row = self._row(address, remote_id)
        return None if row is None else _live(address, remote_id, row)

    def detail(self, address: Address, remote_id: str) -> Spec:
        """Everything the platform tells. Raises NotFound."""
        row = self._row(address, remote_id)
        if row is None:
            msg = f"dataset {_dataset(address)} has no version {remote_id}"
            raise NotFound(msg)
        return row

    def _row(self, address: Address, remote_id: str) -> dict[str, Any] | None:
        match = _REMOTE.fullmatch(remote_id)
        if match is None or not remote_id:
            msg = f"{remote_id!r} is no version of {_dataset(address)}"
            raise Refused(msg, hint="a version is known as 11/V3, by its id 11, or by its number V3")
        wanted = int(match["id"]) if match["id"] else None
        row = self._numbered(address, int(match["number"])) if match["number"] else None
        if wanted is not None and (row is None or row["id"] != wanted):
            row = self._by_id(address, wanted)
        return row

    def find(self, address: Address, mark: Mark) -> tuple[Live, ...]:
        """Every version of the dataset whose description carries exactly this mark."""
        return tuple(
            _live(address, f"{row['id']}/V{row['version']}", row)
            for row in self._every(address)
            if described(row)[1] == mark
        )

    def _id_of(self, address: Address, text: str) -> int:
        """The id of a version that is named by any of its remote ids. Raises Refused."""
        if text[:1] in {"v", "V"}:
            live = self.read(address, text)
            text = live.outputs["id"] if live else text
        return number("parent_version_id", text)

    def _by_id(self, address: Address, wanted: int) -> dict[str, Any] | None:
        return next((row for row in self._every(address) if row["id"] == wanted), None)

    def _every(self, address: Address) -> Iterator[dict[str, Any]]:
        """All versions of the dataset, by number."""
        missed, tried = 0, 0
        while missed < _MISSES and tried < _MOST:
            tried += 1
            row = self._numbered(address, tried)
            missed = 0 if row is not None else missed + 1
            if row is not None:
                yield row

    def _numbered(self, address: Address, version: int) -> dict[str, Any] | None:
        name = f"{_dataset(address)}/V{version}"
        try:
            row = self._place.read(Service.DATASETS, f"read version {name}", _READ, {"name": name})
        except NotFound:
            return None
        return {**row, "version": version}


def _dataset(address: Address) -> str:
    return address.name.rpartition("@")[0]


def _outputs(address: Address, row: dict[str, Any]) -> dict[str, str]:
    told = {"id": str(row["id"]), "version": str(row["version"]), "name": f"{_dataset(address)}/V{row['version']}"}
    return told | {field: str(row[field]) for field in ("data_count", "data_size") if row.get(field)}


def _live(address: Address, remote_id: str, row: dict[str, Any]) -> Live:
    ids = {field: str(row[field]) for field in ("dataset_id", "parent_version_id") if row.get(field)}
    dataset, _, word = address.name.rpartition("@")
    spec = {"dataset_name": dataset, "version": word, **shown(row, _FIELDS), **ids}
    live = live_of(address, remote_id, row, spec)
    status = "creating" if live.phase is Phase.RUNNING else live.status
    return replace(live, status=status, outputs=_outputs(address, row))
