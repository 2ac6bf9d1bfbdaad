"""Evaluations (contract, 5.5): handed in, and never heard of again. Done means that the platform took the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import Refused
from reconciler.model.resource import Live, Phase
from reconciler.providers.aihub.addresses import Service
from reconciler.providers.aihub.shapes import marked
from reconciler.providers.exchange import Call, Form

if TYPE_CHECKING:
    from reconciler.model.resource import Desired
    from reconciler.providers.aihub.place import Place

_PATH = "/api/v2/tasks/import_result"
_TEXTS = ("model_type", "epoch", "dataset_name", "id_dataset_name", "gallery_dataset_name")
_FILES = ("model_file", "pred_file")


class Evaluation:
    """The handler of the kind `Evaluation`. The platform has no description for it, so our mark goes into the name of
    the model, where a person sees it.
    """

    def __init__(self, place: Place) -> None:
        self._place = place

    def create(self, desired: Desired) -> Live:
        """Hands it in, once."""
        spec, operation = desired.spec, f"hand in evaluation {desired.address.name}"
        user = spec.get("user_id") or self._place.user_id()
        if not user:
            msg = f"{self._place.target}: {operation}: nobody said which user hands it in, so nothing was sent"
            raise Refused(msg, hint="write `user_id` in the manifest or the target: an injected token does not tell")
        fields = {
            "model_name": marked(spec["model_name"], desired.mark),
            **{field: str(spec[field]) for field in _TEXTS},
            "user_id": str(user),
        }
        places = {field: self._place.file(operation, spec[field]) for field in _FILES}
        form = Form(fields, {field: (place.name, place) for field, place in places.items()})
        remote_id = self._place.create(Service.EVALUATION, Call(operation, "POST", _PATH, form=form))
        return Live(
            desired.address, remote_id, {}, Phase.SUCCEEDED, desired.mark, status="handed in", outputs={"id": remote_id}
        )
