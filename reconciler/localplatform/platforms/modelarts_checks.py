"""Reading the bodies of v2: what the platform would refuse at once, with its codes (contract, sections 3 and 7.2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.platforms.modelarts_words import INVALID, NAME, member, no_v2

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NODES_MOST = 128
_DESCRIPTION_MOST = 256
_VALUE_MOST = 4096
_VARIABLES_MOST = 100
_KINDS = (
    "job",
    "federated_pool_job",
    "edge_job",
    "hetero_job",
    "mrs_job",
    "autosearch_job",
    "diag_job",
    "visualization_job",
)


def check_job(body: Mapping[str, Any]) -> dict[str, Any]:
    """A create body with the defaults the platform fills in. Raises Refusal."""
    if body.get("kind") not in _KINDS:
        raise no_v2(INVALID, f"kind must be one of {', '.join(_KINDS)}")
    metadata, algorithm, spec = (_object(body, name) for name in ("metadata", "algorithm", "spec"))
    name = metadata.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise no_v2(INVALID, "metadata.name must have 1 to 64 letters, digits, _ and -")
    description = metadata.get("description") or ""
    if not isinstance(description, str) or len(description) > _DESCRIPTION_MOST:
        raise no_v2(INVALID, f"metadata.description must be a text of at most {_DESCRIPTION_MOST} characters")
    workspace = metadata.get("workspace_id") or "0"
    if not isinstance(workspace, str):
        raise no_v2(INVALID, "metadata.workspace_id must be a text")
    _source(algorithm)
    _lists(algorithm)
    _environments(algorithm.get("environments"))
    return {
        "kind": body["kind"],
        "metadata": {**metadata, "name": name, "description": description, "workspace_id": workspace},
        "algorithm": algorithm,
        "spec": {**spec, "resource": _resource(spec)},
        "endpoints": endpoints_of(body),
    }


def endpoints_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The ways in that are asked for: by secure shell, with some key pairs. Raises Refusal."""
    ssh = member(body, "endpoints", "ssh")
    if ssh is None:
        return {}
    names = member(ssh, "key_pair_names") or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise no_v2(INVALID, "endpoints.ssh.key_pair_names must be a list of texts")
    return {"ssh": {"key_pair_names": names}} if names else {}


def _object(body: Mapping[str, Any], name: str, *, where: str = "") -> dict[str, Any]:
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise no_v2(INVALID, f"{where}{name} must be an object")
    return dict(value)


def _source(algorithm: Mapping[str, Any]) -> None:
    """A saved algorithm, a subscribed one, code with an engine, or an image with a command."""
    engine = _object(algorithm, "engine", where="algorithm.")
    for name in ("id", "subscription_id", "item_version_id", "code_dir", "boot_file", "command"):
        if not isinstance(algorithm.get(name, ""), str | None):
            raise no_v2(INVALID, f"algorithm.{name} must be a text")
    if any(not isinstance(value, str | bool | None) for value in engine.values()):
        raise no_v2(INVALID, "the members of algorithm.engine must be texts")
    if algorithm.get("id") or (algorithm.get("subscription_id") and algorithm.get("item_version_id")):
        return
    if engine.get("image_url"):
        if not algorithm.get("command") and not algorithm.get("boot_file"):
            raise no_v2("ModelArts.2806", "an image of your own needs a command")
        return
    if not algorithm.get("code_dir"):
        raise no_v2("ModelArts.2757", "the code directory is missing")
    if not algorithm.get("boot_file"):
        raise no_v2("ModelArts.2758", "the boot file is missing")
    if not engine.get("engine_id") and not (engine.get("engine_name") and engine.get("engine_version")):
        raise no_v2("ModelArts.2780", "the engine does not exist")


def _lists(algorithm: Mapping[str, Any]) -> None:
    for name, members in (("parameters", ("name", "value")), ("inputs", ("name",)), ("outputs", ("name",))):
        rows = algorithm.get(name)
        if rows is None:
            continue
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise no_v2(INVALID, f"algorithm.{name} must be a list of objects")
        if any(not isinstance(row.get(key), str) for row in rows for key in members):
            raise no_v2(INVALID, f"algorithm.{name} must have texts as {' and '.join(members)}")
        if name != "parameters" and any(not _is_place(row.get("remote")) for row in rows):
            raise no_v2("ModelArts.2791", f"algorithm.{name} must each have a remote place")


def _is_place(remote: Any) -> bool:  # noqa: ANN401 - any JSON value
    return isinstance(member(remote, "obs", "obs_url"), str) or isinstance(member(remote, "dataset", "id"), str)


def _environments(variables: Any) -> None:  # noqa: ANN401 - any JSON value
    if variables is None:
        return
    if not isinstance(variables, dict) or len(variables) > _VARIABLES_MOST:
        raise no_v2(INVALID, f"algorithm.environments must be an object of at most {_VARIABLES_MOST} members")
    for name, value in variables.items():
        if not _VARIABLE.fullmatch(name) or not isinstance(value, str) or len(value) > _VALUE_MOST or "$" in value:
            raise no_v2(INVALID, f"algorithm.environments.{name} is not allowed")


def _resource(spec: Mapping[str, Any]) -> dict[str, Any]:
    resource = _object(spec, "resource", where="spec.")
    count = resource.get("node_count", 1)
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= _NODES_MOST:
        raise no_v2("ModelArts.2793", f"node_count must be from 1 to {_NODES_MOST}")
    if not all(isinstance(resource.get(name, ""), str) for name in ("flavor_id", "pool_id")):
        raise no_v2("ModelArts.2763", "flavor_id and pool_id must be texts")
    if not resource.get("flavor_id") and not resource.get("pool_id"):
        raise no_v2("ModelArts.2763", "a flavor or a pool is needed")
    _rest(spec)
    return {**resource, "node_count": count}


def _rest(spec: Mapping[str, Any]) -> None:
    for name in ("log_export_path", "auto_stop", "schedule_policy", "notification"):
        _object(spec, name, where="spec.")
    hours = member(spec, "auto_stop", "duration")
    if hours is not None and (isinstance(hours, bool) or not isinstance(hours, int) or not 1 <= hours <= 10**6):
        raise no_v2(INVALID, "spec.auto_stop.duration must be a number of hours")
    priority = member(spec, "schedule_policy", "priority")
    if priority is not None and (isinstance(priority, bool) or priority not in (1, 2, 3)):
        raise no_v2(INVALID, "spec.schedule_policy.priority must be 1, 2 or 3")
    if not isinstance(member(spec, "log_export_path", "obs_url") or "", str):
        raise no_v2("ModelArts.2791", "spec.log_export_path.obs_url must be a text")
    volumes = spec.get("volumes")
    if volumes is not None and not (isinstance(volumes, list) and all(isinstance(v, dict) for v in volumes)):
        raise no_v2(INVALID, "spec.volumes must be a list of objects")
