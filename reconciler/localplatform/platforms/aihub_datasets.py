"""Datasets and their versions (platform contract, 5.2). What a version holds is counted for real, in the data folder.

| `upload_type` | `upload_path` | here |
|---|---|---|
| 1 zip file | `s3://bucket/key.zip` | the file that the relay has stored; its entries are counted |
| 2 S3 directory | `s3://bucket/prefix` | the folder `bucket/prefix` |
| 3 host directory | `/area/path` | the folder `area/path` |

A version that cannot be read fails, and uses its number up all the same.
"""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.localplatform.data import OutsideData
from reconciler.localplatform.face import Route
from reconciler.localplatform.platforms.aihub_bodies import listed, name, one_of, taken, text, whole
from reconciler.localplatform.platforms.aihub_words import (
    DATASET,
    MISSING,
    PLATFORM,
    USER_ID,
    VERSION,
    WRONG,
    by_number,
    every,
    fine,
    insert,
    millis,
    no,
)
from reconciler.localplatform.platforms.aihub_work import pretence
from reconciler.localplatform.store import Query
from reconciler.localplatform.work import Status

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.localplatform.data import DataFolder
    from reconciler.localplatform.face import Call, Reply
    from reconciler.localplatform.store import Entity

_ROOT = "/dataset-mng/api/v2"
_ZIP, _S3, _HOST = 1, 2, 3
_SCHEME = "s3://"
_STATUS = {Status.PENDING: 1, Status.RUNNING: 2, Status.SUCCEEDED: 3}
_FAILED = 4
_DATASET = {"name": name, "description": text, "tags": listed(whole), "cover_img": text, "create_by": whole}
_VERSION = {
    "upload_type": one_of(_ZIP, _S3, _HOST),
    "upload_path": name,
    "description": text,
    "parent_version_id": whole,
    "dataset_id": whole,
}


class Content(NamedTuple):
    """What a version holds: files and bytes; `message` says why it could not be read."""

    files: int = 0
    size: int = 0
    message: str = ""


def create_dataset(call: Call) -> Reply:
    """A new dataset. A name may be used twice: nothing says that it may not."""
    body = taken(call, _DATASET, ("name",))
    return fine({"id": insert(call, DATASET, body["name"], body).body["id"]})


def create_version(call: Call) -> Reply:
    """The next version of a dataset. Its number is not in the answer."""
    body = taken(call, _VERSION, ("upload_type", "upload_path", "dataset_id"))
    dataset = by_number(call, DATASET, body["dataset_id"], "dataset")
    parent = body.get("parent_version_id", 0)
    if parent and by_number(call, VERSION, parent, "version").body["dataset_id"] != body["dataset_id"]:
        raise no(call, WRONG, f"version {parent} is one of another dataset")
    content = _content(call.services.data, body["upload_type"], body["upload_path"])
    with call.services.store.database.transaction():
        former = [each for each in every(call.services, VERSION) if each.body["dataset_id"] == body["dataset_id"]]
        number = len(former) + 1
        counted = {"files": content.files, "size": content.size, "message": content.message}
        version = insert(call, VERSION, f"{dataset.name}/V{number}", {**body, **counted, "version": number})
        call.services.runs.open(version.id, PLATFORM, VERSION)
    call.services.runs.start(pretence(version, fails=bool(content.message)))
    return fine({"id": version.body["id"]})


def read_version(call: Call) -> Reply:
    """The version of that name. Where several datasets have one name, the oldest that has such a version."""
    asked = call.request.args.get("name", "")
    page = call.services.store.find(Query(PLATFORM, VERSION, name=asked)) if asked else None
    if page is None or not page.entities:
        raise no(call, MISSING, f"there is no version {asked[:200]!r}")
    return fine(_shown(call, page.entities[0]))


def _shown(call: Call, version: Entity) -> dict[str, Any]:
    body = version.body
    status = _STATUS.get(call.services.runs.look(version.id).status, _FAILED)
    done = status == _STATUS[Status.SUCCEEDED]
    return {
        "id": body["id"],
        "version": body["version"],
        "dataset_id": body["dataset_id"],
        "upload_path": body["upload_path"],
        "upload_type": body["upload_type"],
        "parent_version_id": body.get("parent_version_id", 0),
        "description": body.get("description", ""),
        "status": status,
        "message": body["message"] if status == _FAILED else "",
        "created_at": millis(version.created),
        "user_id": USER_ID,
        "data_size": body["size"] if done else 0,
        "data_count": body["files"] if done else 0,
        "parquet_index_path": "",
    }


def _content(data: DataFolder, kind: int, path: str) -> Content:
    try:
        place = _place(data, kind, path)
        if kind == _ZIP:
            with zipfile.ZipFile(place) as archive:
                sizes = [entry.file_size for entry in archive.infolist() if not entry.is_dir()]
        elif place.is_dir():
            sizes = [file.stat().st_size for file in place.rglob("*") if file.is_file()]
        else:
            return Content(message=f"{path} is no directory")
    except (OutsideData, zipfile.BadZipFile, OSError) as error:
        return Content(message=f"{path} cannot be read: {getattr(error, 'strerror', None) or error}")
    return Content(len(sizes), sum(sizes))


def _place(data: DataFolder, kind: int, path: str) -> Path:
    """Where a path lies in the data folder. Raises OutsideData."""
    if kind == _HOST or not path.startswith(_SCHEME):
        area, _, rest = path.strip("/").partition("/")
    else:
        area, _, rest = path.removeprefix(_SCHEME).partition("/")
    if area not in {folder.name for folder in data.root.glob("*")}:
        raise OutsideData(f"there is no {'bucket' if kind != _HOST else 'folder'} {area!r}")
    return data.locate(area, rest)


ROUTES = (
    Route("POST", f"{_ROOT}/datasets", "createDataset", create_dataset),
    Route("POST", f"{_ROOT}/dataset-versions-upload", "createDatasetVersion", create_version),
    Route("GET", f"{_ROOT}/dataset-versions-detail", "getDatasetVersion", read_version, signed=False),
)
