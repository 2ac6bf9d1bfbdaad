"""Datasets (contract, 5.2): they can be created, and that is all. What is remembered of one is all that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.resource import Live, Phase
from reconciler.providers.aihub.addresses import Service
from reconciler.providers.aihub.shapes import body_of
from reconciler.providers.exchange import Call

if TYPE_CHECKING:
    from reconciler.model.resource import Desired
    from reconciler.providers.aihub.place import Place

_PATH = "/dataset-mng/api/v2/datasets"


class Dataset:
    """The handler of the kind `Dataset`."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def create(self, desired: Desired) -> Live:
        """Makes the dataset, once; its maker is who is logged in unless the manifest says otherwise."""
        body = body_of(desired.spec, desired.mark)
        if "create_by" not in body and (maker := self._place.user_id()):
            body["create_by"] = maker
        call = Call(f"create dataset {desired.address.name}", "POST", _PATH, body=body)
        remote_id = self._place.create(Service.DATASETS, call)
        outputs = {"id": remote_id, "name": str(desired.spec["name"])}
        return Live(desired.address, remote_id, {}, Phase.READY, desired.mark, outputs=outputs)
