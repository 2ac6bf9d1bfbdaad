"""Reading the bodies of v1: the fields that jobs, versions and configurations share (contract, 4.3 and 5.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.localplatform.platforms.modelarts_words import INVALID, NAME, V1Refusal, member, no_v1

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.localplatform.face import Call, Handler, Reply

_TEXTS = (
    "app_url",
    "boot_file_url",
    "data_url",
    "dataset_id",
    "dataset_version_id",
    "train_url",
    "log_url",
    "user_image_url",
    "user_command",
    "pool_id",
)
_WHOLES = ("engine_id", "model_id", "spec_id")
INPUTS = ("data_url", "dataset_id", "dataset_version_id", "data_source")
_NODES_MOST = 16
_TEXT_MOST = 4096
_DESCRIPTION_MOST = 256
_BIGGEST = 2**63


def told(handle: Callable[[Call], Reply], as_400: str) -> Handler:
    """A handler of v1: what it refuses is told with HTTP 200, or with 400 where the switch `as_400` is on."""

    def answered(call: Call) -> Reply:
        try:
            return handle(call)
        except V1Refusal as refusal:
            refusal.status = 400 if call.services.switches[as_400] else 200
            raise

    return answered


def name_of(body: Mapping[str, Any], key: str) -> str:
    """A name. Raises Refusal."""
    name = body.get(key)
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise no_v1(INVALID, f"{key} must have 1 to 64 letters, digits, _ and -")
    return name


def description_of(body: Mapping[str, Any], key: str) -> str:
    """A description; "" when absent. Raises Refusal."""
    value = body.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _DESCRIPTION_MOST:
        raise no_v1(INVALID, f"{key} must be a text of at most {_DESCRIPTION_MOST} characters")
    return value


def config_of(given: Any, *, pools: bool, train_url: bool = False) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """The fields of a run, those that are given. `pools`: a dedicated pool may be named instead of a specification.
    `train_url`: it has to be there. Raises Refusal.
    """
    if not isinstance(given, dict):
        raise no_v1(INVALID, "config must be an object")
    config = {**_texts(given), **_numbers(given), "parameter": _parameters(given.get("parameter"))}
    machines = given.get("worker_server_num")
    if isinstance(machines, bool) or not isinstance(machines, int) or not 1 <= machines <= _NODES_MOST:
        raise no_v1(INVALID, f"worker_server_num must be from 1 to {_NODES_MOST}")
    config["worker_server_num"] = machines
    sources = given.get("data_source")
    if sources:
        if not isinstance(sources, list) or not all(isinstance(source, dict) for source in sources):
            raise no_v1(INVALID, "data_source must be a list of objects")
        config["data_source"] = sources
    _check(config, pools=pools, train_url=train_url)
    return config


def volumes_of(given: Mapping[str, Any]) -> list[Any]:
    """The volumes of a job. Raises Refusal."""
    volumes = given.get("volumes") or []
    if not isinstance(volumes, list) or not all(isinstance(volume, dict) and len(volume) == 1 for volume in volumes):
        raise no_v1(INVALID, "volumes must be a list of objects with one member each")
    if any(not member(volume, "nfs", "id") for volume in volumes if "nfs" in volume):
        raise no_v1(INVALID, "volumes: nfs must have an id")
    return volumes


def _texts(given: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for name in _TEXTS:
        value = given.get(name)
        if value is None or value == "":
            continue
        if not isinstance(value, str) or len(value) > _TEXT_MOST:
            raise no_v1(INVALID, f"{name} must be a text")
        found[name] = value
    return found


def _numbers(given: Mapping[str, Any]) -> dict[str, int]:
    found = {}
    for name in _WHOLES:
        value = given.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _BIGGEST:
            raise no_v1(INVALID, f"{name} must be a number")
        found[name] = value
    return found


def _parameters(rows: Any) -> list[dict[str, str]]:  # noqa: ANN401 - any JSON value
    if rows is None:
        return []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise no_v1(INVALID, "parameter must be a list of objects")
    if any(not isinstance(row.get(key), str) for row in rows for key in ("label", "value")):
        raise no_v1(INVALID, "parameter must have texts as label and value")
    return [{"label": row["label"], "value": row["value"]} for row in rows]


def _check(config: Mapping[str, Any], *, pools: bool, train_url: bool) -> None:
    code = config.get("app_url") and config.get("boot_file_url")
    if not (code or "model_id" in config or config.get("user_image_url")):
        raise no_v1(INVALID, "app_url and boot_file_url, model_id or user_image_url is required")
    if pools and "spec_id" in config and config.get("pool_id"):
        raise no_v1(INVALID, "spec_id and pool_id exclude each other")
    if "spec_id" not in config and not (pools and config.get("pool_id")):
        raise no_v1(INVALID, "spec_id is required")
    if bool(config.get("dataset_id")) != bool(config.get("dataset_version_id")):
        raise no_v1(INVALID, "dataset_id and dataset_version_id go together")
    given = [bool(config.get(name)) for name in ("data_url", "dataset_id", "data_source")]
    if sum(given) > 1:
        raise no_v1(INVALID, "data_url, dataset_id and data_source exclude each other")
    if train_url and not config.get("train_url"):
        raise no_v1(INVALID, "train_url is required")
