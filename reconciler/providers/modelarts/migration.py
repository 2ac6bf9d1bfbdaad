"""A job of the legacy API written for the current one (contract, section 9). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.providers.modelarts.place import part
from reconciler.providers.protocol import Unsupported

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.manifest import Spec

_CARRIED = frozenset(
    {
        "app_url",
        "boot_file_url",
        "user_image_url",
        "user_command",
        "parameter",
        "data_url",
        "dataset_id",
        "dataset_version_id",
        "data_source",
        "train_url",
        "log_url",
        "pool_id",
        "worker_server_num",
        "volumes",
        "spec_code",
    }
)
_ENGINE = "engines are others in v2: set algorithm.engine.engine_id to one that `reconciler engines` shows"
_NOT_CARRIED = {
    "engine_id": _ENGINE,
    "engine_version": _ENGINE,
    "spec_id": "machines have names in v2: set spec.resource.flavor_id to one that `reconciler specs` shows",
    "model_id": "built-in algorithms have other ids in v2: set algorithm.id, or a subscription",
}
_SAID_BY = {"engine_id": "engine_version", "spec_id": "spec_code"}
"""Numbers that a name beside them says better."""


def as_v2(spec: Spec) -> tuple[dict[str, Any], tuple[Unsupported, ...]]:
    """The spec of a `TrainingJobV2` that does what a `TrainingJob` of v1 does, and what of it cannot be carried over.

    What is listed has to be settled by a person before the job is submitted; nothing is guessed.
    """
    config = part(spec, "config")
    written: dict[str, Any] = {"name": spec.get("job_name", "")}
    if spec.get("job_desc"):
        written["description"] = spec["job_desc"]
    # Specifications of v1 are called as flavors are; whether there is one of that name shows when it is planned.
    places = (("pool_id", "pool_id"), ("flavor_id", "spec_code"))
    resource: dict[str, Any] = {key: config[name] for key, name in places if config.get(name)}
    resource["node_count"] = config.get("worker_server_num", 1)
    around: dict[str, Any] = {"resource": resource}
    if config.get("log_url"):
        around["log_export_path"] = {"obs_url": _obs(config["log_url"])}
    volumes, lost = _volumes(config)
    if volumes:
        around["volumes"] = volumes
    written |= {"algorithm": _algorithm(config), "spec": around}
    unsupported = [
        Unsupported(f"/config/{name}", why)
        for name, why in _NOT_CARRIED.items()
        if config.get(name) and not config.get(_SAID_BY.get(name, ""))
    ]
    unknown = sorted(name for name in config if name not in _CARRIED and name not in _NOT_CARRIED)
    unsupported += [Unsupported(f"/config/{name}", "v2 has nothing like it") for name in unknown]
    return written, (*unsupported, *lost)


def _algorithm(config: Mapping[str, Any]) -> dict[str, Any]:
    algorithm: dict[str, Any] = {}
    for name, key in (("code_dir", "app_url"), ("boot_file", "boot_file_url")):
        if config.get(key):
            algorithm[name] = _obs(config[key])
    rows = config.get("parameter") or ()
    if config.get("user_image_url"):
        algorithm["engine"] = {"image_url": config["user_image_url"]}
        if config.get("user_command"):
            algorithm["command"] = config["user_command"]
        if rows:
            algorithm["environments"] = {row["label"]: row["value"] for row in rows}
    elif rows:
        algorithm["parameters"] = [{"name": row["label"], "value": row["value"]} for row in rows]
    if inputs := _inputs(config):
        algorithm["inputs"] = inputs
    if config.get("train_url"):
        algorithm["outputs"] = [{"name": "train_url", "remote": {"obs": {"obs_url": _obs(config["train_url"])}}}]
    return algorithm


def _inputs(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The data: one source is called `data_url` as before, several are numbered behind it."""
    remotes: list[dict[str, Any]] = []
    if config.get("data_url"):
        remotes.append({"obs": {"obs_url": _obs(config["data_url"])}})
    if config.get("dataset_id"):
        remotes.append(_dataset(config["dataset_id"], config.get("dataset_version_id", "")))
    for source in config.get("data_source") or ():
        if source.get("type") == "obs":
            remotes.append({"obs": {"obs_url": _obs(source.get("data_url", ""))}})
        else:
            remotes.append(_dataset(source.get("dataset_id", ""), source.get("dataset_version", "")))
    names = ("data_url" if index == 0 else f"data_url_{index}" for index in range(len(remotes)))
    return [{"name": name, "remote": remote} for name, remote in zip(names, remotes, strict=True)]


def _dataset(identifier: str, version: str) -> dict[str, Any]:
    return {"dataset": {"id": identifier, **({"version_id": version} if version else {})}}


def _volumes(config: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[Unsupported]]:
    kept, lost = [], []
    for index, volume in enumerate(config.get("volumes") or ()):
        if "nfs" in volume:
            nfs = volume["nfs"]
            read_only = {"read_only": nfs["read_only"]} if "read_only" in nfs else {}
            places = {"nfs_server_path": nfs.get("src_path", ""), "local_path": nfs.get("dest_path", "")}
            kept.append({"nfs": {**places, **read_only}})
            lost.append(Unsupported(f"/config/volumes/{index}/nfs/id", "v2 knows a file system by its path alone"))
        else:
            why = "v2 mounts no folders of machines: use a file system"
            lost.append(Unsupported(f"/config/volumes/{index}/host_path", why))
    return kept, lost


def _obs(path: str) -> str:
    """`obs://bucket/path` of `/bucket/path`; an expression stays as it is."""
    return f"obs:/{path}" if path.startswith("/") else path
