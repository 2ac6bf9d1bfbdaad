"""Data of a space (section 10): folders and files, really on disk, addressed `space:/path`."""

from __future__ import annotations

import hashlib
import re
import shutil
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.clock import utc_text
from reconciler.localplatform.data import OutsideData
from reconciler.localplatform.face import Reply, Route
from reconciler.localplatform.platforms.ai4s_checks import Fields
from reconciler.localplatform.platforms.ai4s_data_jobs import record
from reconciler.localplatform.platforms.ai4s_downloads import address_of
from reconciler.localplatform.platforms.ai4s_users import want_member
from reconciler.localplatform.platforms.ai4s_words import (
    OFFSET_MOST,
    PLATFORM,
    SPACE,
    flag,
    found,
    invalid,
    missing,
    number,
    order,
    paging,
    space_of,
    text,
)
from reconciler.localplatform.store import Entity, Query

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.localplatform.face import Call

CONTENT_MOST = 1024 * 1024
"""Bytes of a file that are given as content."""
_PARTS_MOST = 10_000
_GIVEN_UP = 24 * 3600.0
"""Seconds without another part after which an upload is dropped."""
_UPLOAD = re.compile(r"[0-9a-f]{32}")
_SORTS = {"create_time": "created", "type": "type"}


@dataclass(frozen=True, slots=True)
class Place:
    """A path of a client, and where it is on disk. `path` starts with `/` and does not end with one but at the root."""

    space: str
    path: str
    disk: Path

    @property
    def address(self) -> str:
        """`space:/path`."""
        return f"{self.space}:{self.path}"


def place_of(call: Call, address: str, default: Entity, least: str = "Viewer") -> Place:
    """The place of `space:/path`, or of `/path` in the default space. Raises Refusal 400 for what leads nowhere,
    403 for a space in which the caller has not at least that role.
    """
    space, colon, path = address.partition(":")
    if not colon:
        space, path = default.name, address
    named = call.services.store.first(Query(PLATFORM, "Space", name=space))
    if named is None:
        raise invalid(f"there is no space {space[:64]}")
    want_member(call, named, least)
    try:
        return Place(space, "/" + path.strip("/"), call.services.data.locate(space, path))
    except OutsideData as error:
        raise invalid(str(error)) from error


def place_to_write(call: Call, address: str, default: Entity) -> Place:
    """The same for a caller who is to change something there: the role in the space of the call is not enough."""
    return place_of(call, address, default, "Uploader")


def list_data(call: Call) -> Reply:
    """What a folder holds, newest first, a page at a time; `marker` is the offset of the next page."""
    folder = place_of(call, text(call, "path"), space_of(call))
    if not folder.disk.is_dir():
        raise missing("folder", folder.address)
    wanted, page = order(call, _SORTS), paging(call)
    offset = number(call, "marker", page["offset"], 0, OFFSET_MOST)
    word = text(call, "search_key").lower()
    rows = [_row(place) for place in _inside(folder) if word in place.disk.name.lower()]
    rows.sort(key=lambda row: (row["type"] if wanted["sort"] == "type" else row["create_time"], row["name"]))
    if wanted["descending"]:
        rows.reverse()
    end = offset + page["limit"]
    answer = {"datas": rows[offset:end], "count": len(rows)}
    return Reply({**answer, "next_marker": str(end)} if end < len(rows) else answer)


def show_data(call: Call) -> Reply:
    """One file or folder; slashes of its path are written `|`."""
    place = place_of(call, call.arguments["path"].replace("|", "/"), space_of(call))
    if not place.disk.exists():
        raise missing("data", place.address)
    shown = _row(place)
    if place.disk.is_file():
        shown["download_url"] = address_of(call, place.space, place.path)
    if flag(call, "X-Need-Content") and place.disk.is_file():
        with place.disk.open("rb") as file:
            shown["content"] = file.read(CONTENT_MOST).decode("utf-8", "replace")
    return Reply(shown)


def create_folder(call: Call) -> Reply:
    """A folder, with those above it. One that exists is fine."""
    fields, space = Fields(call.body()), space_of(call)
    name = fields.text("name", 1, 255, required=True)
    parent = place_to_write(call, fields.text("parent_folder", 0, 1024), space)
    if "/" in name or "\\" in name:
        raise invalid("name must not have a slash")
    folder = place_to_write(call, f"{parent.space}:{parent.path}/{name}", space)
    try:
        folder.disk.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise invalid(f"{folder.address} cannot be made: {error.strerror}") from error
    return Reply({"id": folder.address})


def upload(call: Call) -> Reply:
    """One part of a file; with the last one the file is there. The first part's answer names the upload."""
    form, space = call.request.form, space_of(call)
    file = call.request.files.get("file")
    if file is None:
        raise invalid("file is required")
    fields = Fields(form.to_dict())
    total = _count(fields, "total_part", 1, _PARTS_MOST)
    part = _count(fields, "part_number", 1, total)
    target = place_to_write(call, fields.text("target_folder", 0, 1024), space)
    name = fields.text("file_name", 0, 255) or file.filename or ""
    destination = place_to_write(call, f"{target.space}:{target.path}/{name}", space)
    if not name or "/" in name or destination.disk.is_dir():
        raise invalid("file_name must name a file")
    upload_id = fields.text("multipart_id", 0, 64, pattern=_UPLOAD)
    if not upload_id:
        upload_id = uuid.uuid4().hex
        _drop_given_up(call.services.data.staging)
    content = file.read()
    _check_sum(fields.text("md5", 0, 64), content, single=total == 1)
    _store_part(call, upload_id, part, content)
    _assemble(call, upload_id, total, destination.disk)
    return Reply({"multipart_id": upload_id})


def batch_delete(call: Call) -> Reply:
    """Removes files and folders; a data job says that it was done. What is gone already is no error."""
    space = space_of(call)
    addresses = Fields(call.body()).texts("paths", 1000, 2048, required=True, least=1)
    places = [place_to_write(call, address, space) for address in addresses]
    if any(place.path == "/" for place in places):
        raise invalid("the root of a space cannot be deleted")
    for place in places:
        _remove(place.disk)
    job = record(call, space, "DELETE_DATA", sources=[place.address for place in places], destinations=[])
    return Reply({"id": job.id})


def clone(call: Call) -> Reply:
    """Copies within a space, or into it."""
    space, fields = space_of(call), Fields(call.body())
    return _copy(call, space, space, fields, "CLONE_DATA")


def import_data(call: Call) -> Reply:
    """Copies from another space."""
    space, fields = space_of(call), Fields(call.body())
    source = found(call, "Space", fields.text("source_project_id", 1, 128, required=True))
    want_member(call, source)
    return _copy(call, space, source, fields, "IMPORT_DATA")


def _copy(call: Call, space: Entity, source: Entity, fields: Fields, kind: str) -> Reply:
    overwrite = fields.truth("overwrite", default=True)
    sources = [place_of(call, path, source) for path in fields.texts("sub_paths", 1000, 2048, required=True, least=1)]
    target = place_to_write(call, fields.text("target_folder", 0, 1024), space)
    if gone := [place for place in sources if not place.disk.exists()]:
        raise missing("data", gone[0].address)
    if any(place.disk == target.disk or place.disk in target.disk.parents for place in sources):
        raise invalid("a folder cannot be copied into itself")
    try:
        for place in sources:
            _copy_one(place, target, overwrite=overwrite)
    except OSError as error:
        raise invalid(f"cannot copy to {target.address}: {error.strerror or error}") from error
    job = record(call, space, kind, sources=[p.address for p in sources], destinations=[target.address])
    return Reply({"id": job.id})


def _copy_one(place: Place, target: Place, *, overwrite: bool) -> None:
    destination = target.disk / (place.disk.name if place.path != "/" else "")
    if destination.exists() and not overwrite:
        return
    target.disk.mkdir(parents=True, exist_ok=True)
    if place.disk.is_dir():
        shutil.copytree(place.disk, destination, symlinks=True, dirs_exist_ok=True)
    else:
        shutil.copy2(place.disk, destination)


def bucket_storage(call: Call) -> Reply:
    """Bytes used."""
    return Reply({"size": call.services.data.size(space_of(call).name)})


def _inside(folder: Place) -> Iterator[Place]:
    for entry in folder.disk.iterdir():
        yield Place(folder.space, f"{folder.path.rstrip('/')}/{entry.name}", entry)


def _row(place: Place) -> dict[str, Any]:
    status = place.disk.lstat()
    folder = place.disk.is_dir()
    return {
        "path": f"{place.address}/" if folder and place.path != "/" else place.address,
        "name": place.disk.name if place.path != "/" else place.space,
        "type": "FOLDER" if folder else "FILE",
        "size": 0 if folder else status.st_size,
        "create_time": utc_text(status.st_mtime),
        "allowed_operate": True,
        "deletable": place.path != "/",
    }


def _remove(disk: Path) -> None:
    if disk.is_dir() and not disk.is_symlink():
        shutil.rmtree(disk)
    else:
        disk.unlink(missing_ok=True)


def _count(fields: Fields, name: str, default: int, most: int) -> int:
    raw = fields.text(name, 0, 6) or str(default)
    if not (raw.isascii() and raw.isdigit() and 1 <= int(raw) <= most):
        raise invalid(f"{name} must be a number from 1 to {most}")
    return int(raw)


def _check_sum(given: str, content: bytes, *, single: bool) -> None:
    # Of several parts nothing says what the sum is over.
    if single and given and given.lower() != hashlib.md5(content, usedforsecurity=False).hexdigest():
        raise invalid("md5 does not fit the content")


def _store_part(call: Call, upload_id: str, part: int, content: bytes) -> None:
    folder = call.services.data.staging / upload_id
    folder.mkdir(parents=True, exist_ok=True)
    (folder / str(part)).write_bytes(content)


def _assemble(call: Call, upload_id: str, total: int, destination: Path) -> None:
    """Makes the file once all its parts are there; whoever reads it meanwhile sees nothing or all of it."""
    folder = call.services.data.staging / upload_id
    parts = [folder / str(number) for number in range(1, total + 1)]
    if not all(part.is_file() for part in parts):
        return
    complete = folder.with_name(f"{upload_id}.complete")
    try:
        folder.rename(complete)
    except FileNotFoundError:  # another call has brought the last part at the same time
        return
    whole, parts = complete / "whole", [complete / part.name for part in parts]
    try:
        with whole.open("wb") as file:
            for part in parts:
                file.write(part.read_bytes())
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(whole, destination)
    except OSError as error:
        raise invalid(f"the file cannot be stored: {error.strerror}") from error
    finally:
        shutil.rmtree(complete, ignore_errors=True)


def _drop_given_up(staging: Path) -> None:
    """What nobody brings to an end would fill the disk."""
    before = time.time() - _GIVEN_UP
    for folder in staging.glob("*"):
        with suppress(FileNotFoundError):  # brought to its end just now
            if folder.is_dir() and folder.stat().st_mtime < before:
                shutil.rmtree(folder, ignore_errors=True)


ROUTES = (
    Route("GET", f"{SPACE}/datas", "ListData", list_data),
    Route("POST", f"{SPACE}/datas", "CreateData", create_folder),
    Route("GET", f"{SPACE}/datas/<path>", "ShowData", show_data),
    Route("POST", f"{SPACE}/datas/upload", "UploadData", upload),
    Route("POST", f"{SPACE}/datas/batch-delete", "BatchDeleteData", batch_delete),
    Route("POST", f"{SPACE}/datas/clone", "CopyData", clone),
    Route("POST", f"{SPACE}/datas/import", "ImportData", import_data),
    Route("GET", f"{SPACE}/datas/bucket-storage", "ShowBucketStorage", bucket_storage),
)
