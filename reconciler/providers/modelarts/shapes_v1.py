"""Between the manifest and the wire of the legacy API (contract, sections 4.3, 4.6 and 5.2).

The specs are the create bodies. What the server adds beside the fields that were sent, or inside of them, is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.providers.modelarts.place import whole
from reconciler.providers.modelarts.shapes_v2 import value_text

if TYPE_CHECKING:
    from collections.abc import Mapping

_FOLDERS = ("app_url", "data_url", "train_url", "log_url")
_TEXTS = ("dataset_id", "dataset_version_id", "user_image_url", "user_command")
_NUMBERS = ("worker_server_num", "engine_id", "model_id", "spec_id")
_LISTS = ("data_source", "volumes")
_OF_PUBLIC_POOL = ("spec_id", "spec_code")
CONFIG_FIELDS = (*_FOLDERS, "boot_file_url", *_TEXTS, *_NUMBERS, "parameter", "data_source")
"""What a configuration takes; pools and volumes it only shows (section 5.2)."""
JOB_FIELDS = (*CONFIG_FIELDS, "pool_id", "volumes")
NAMES = ("engine_version", "spec_code")
"""What the server tells beside two of the numbers, and manifests may say instead of them; never sent."""


def fields_of(row: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """The fields of `names` that are given in a record, in manifest shape: numbers as numbers and paths with their
    slashes, however they come; nothing for null and empty values (traps 9, 12, 13 and 14).
    """
    found: dict[str, Any] = {}
    for name in names:
        value = _field(name, row.get(name))
        if value not in (None, "", [], 0):
            found[name] = value
    return found


def config_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest of how a version runs. Of a dedicated pool the server shows a specification too, which nobody may
    ask for beside it (trap 15).
    """
    found = fields_of(row, (*JOB_FIELDS, *NAMES))
    return {name: value for name, value in found.items() if "pool_id" not in found or name not in _OF_PUBLIC_POOL}


def folder(path: str) -> str:
    """`/bucket/path/` of any way to write a folder of the object storage."""
    return f"/{path.removeprefix('obs://').strip('/')}/"


def _field(name: str, value: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out; a table in disguise
    if value in (None, "", [], {}):
        return None
    if name in _NUMBERS:
        return whole(value)
    if name in _FOLDERS:
        return folder(str(value))
    if name == "boot_file_url":
        return folder(str(value)).rstrip("/")
    if name == "parameter":
        return _parameters(value)
    return value if name in _LISTS else str(value)


def _parameters(rows: Any) -> list[dict[str, str]]:  # noqa: ANN401 - any JSON value
    """Labels and values; the server puts hints for its console beside them."""
    found = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [{"label": str(row.get("label") or ""), "value": value_text(row.get("value"))} for row in found]
