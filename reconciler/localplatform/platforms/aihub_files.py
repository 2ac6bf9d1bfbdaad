"""Files from outside: the S3 relay, and what is handed in for an evaluation (platform contract, 5.5, 5.7)."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from reconciler.localplatform.data import OutsideData
from reconciler.localplatform.face import Route
from reconciler.localplatform.platforms.aihub_words import (
    EVALUATION,
    UNKNOWN_TOKEN,
    UPLOAD,
    WRONG,
    entity_id,
    fine,
    insert,
    no,
)

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call, Reply

_TEXTS = (
    "model_name",
    "model_type",
    "epoch",
    "dataset_name",
    "id_dataset_name",
    "gallery_dataset_name",
    "user_id",
)
_FILES = ("model_file", "pred_file")
_MODEL_TYPES = frozenset({"3", "4", "5"})
_AREA = "evaluations"


def upload(call: Call) -> Reply:
    """Stores a file in a bucket. The relay has a secret of its own, which here is the secret key of the account."""
    given = call.request.headers.get("Token", "").encode("utf-8", "replace")
    if not hmac.compare_digest(given, call.services.account.secret_key.encode()):
        raise no(call, UNKNOWN_TOKEN, "the token of the relay is missing or wrong")
    bucket, key = call.request.args.get("bucket", ""), call.request.args.get("key", "")
    file = call.request.files.get("file")
    if not bucket or not key.strip("/") or file is None:
        raise no(call, WRONG, "bucket, key and file are required")
    content = file.read()
    try:
        place = call.services.data.locate(bucket, key)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    except (OutsideData, OSError) as error:
        raise no(call, WRONG, f"it cannot be stored: {getattr(error, 'strerror', None) or error}") from error
    path = f"s3://{bucket}/{key.strip('/')}"
    insert(call, UPLOAD, path, {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()})
    return fine({"path": path, "url": f"{call.request.host_url}s3/{bucket}/{key.strip('/')}"})


def evaluate(call: Call) -> Reply:
    """Takes a model and what it predicted. How the evaluation goes nobody can ask."""
    form = call.request.form
    missing = [field for field in _TEXTS if field not in form] + [f for f in _FILES if f not in call.request.files]
    if missing:
        raise no(call, WRONG, f"{missing[0]} is required")
    if form["model_type"] not in _MODEL_TYPES:
        raise no(call, WRONG, f"model_type must be one of {', '.join(sorted(_MODEL_TYPES))}")
    sizes = {}
    contents = {field: call.request.files[field].read() for field in _FILES}
    body = {field: form[field] for field in _TEXTS}
    for field, content in contents.items():
        sizes[field] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    evaluation = insert(call, EVALUATION, form["model_name"], {**body, **sizes})
    folder = call.services.data.locate(_AREA, entity_id(EVALUATION, evaluation.body["id"]))
    folder.mkdir(parents=True, exist_ok=True)
    for field, content in contents.items():
        (folder / field).write_bytes(content)
    return fine({"id": evaluation.body["id"]})


ROUTES = (
    Route("POST", "/upload", "uploadFile", upload, signed=False),
    Route("POST", "/api/v2/tasks/import_result", "importEvaluation", evaluate),
)
