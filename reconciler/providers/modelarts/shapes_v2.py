"""Between the manifest and the wire of a v2 job (contract, section 7.2).

The spec is the create body but for `metadata`, whose members stand at its top: `kind` is always `job`, the workspace is
the scope, and tags travel by calls of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.providers.modelarts.marks import taken_apart
from reconciler.providers.modelarts.place import part, workspace_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.manifest import Spec

_METADATA = ("annotations", "training_experiment_reference")
_ALGORITHM = (
    "id",
    "name",
    "subscription_id",
    "item_version_id",
    "code_dir",
    "boot_file",
    "command",
    "local_code_dir",
    "working_dir",
)
_ENGINE = ("engine_id", "engine_name", "engine_version", "image_url", "install_sys_packages", "run_user")
_RESOURCE = ("flavor_id", "pool_id", "node_count")
_SPEC = ("log_export_path", "auto_stop", "volumes", "notification")
_KEYS = "key_pair_names"
_JUPYTER = "jupyter-lab/enable"
_DATASET = ("id", "version_id")
_CHANNEL = ("name", "local_dir", "access_method")


def body_of(spec: Spec, name: str, description: str, scope: str) -> dict[str, Any]:
    """What a create sends."""
    metadata: dict[str, Any] = {"name": name, "workspace_id": workspace_of(scope), "description": description}
    metadata |= {key: spec[key] for key in _METADATA if spec.get(key)}
    body = {"kind": "job", "metadata": metadata, "algorithm": spec["algorithm"], "spec": spec["spec"]}
    return {**body, "endpoints": spec["endpoints"]} if spec.get("endpoints") else body


def in_place(spec: Spec, row: Mapping[str, Any]) -> dict[str, Any]:
    """What of a job that exists an update has to send besides its description (contract, section 7.5)."""
    changed = {"spec": _policy(spec, row), "endpoints": _endpoints(spec, row), "metadata": _annotation(spec, row)}
    return {name: value for name, value in changed.items() if value}


def spec_of(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The manifest of a job as the platform shows it, our mark taken out. Annotations, to which the platform adds its
    own, are left out; inputs come back with folders filled in, and are never compared (trap 27).
    """
    metadata, spec = part(row, "metadata"), part(row, "spec")
    shown: dict[str, Any] = {
        "name": name,
        "description": taken_apart(metadata.get("description")).description,
        "endpoints": {"ssh": _some(part(part(row, "endpoints"), "ssh"), (_KEYS,))},
        "algorithm": _algorithm(part(row, "algorithm")),
        "spec": {
            "resource": _some(part(spec, "resource"), _RESOURCE),
            "schedule_policy": _some(part(spec, "schedule_policy"), ("priority", "preemptible")),
            **_some(spec, _SPEC),
        },
    }
    cleaned: dict[str, Any] = _without_empty(shown)
    return cleaned


def tags_of(answer: Any) -> list[dict[str, str]]:  # noqa: ANN401 - any JSON value
    """The tags in an answer, by key; both spellings of its member."""
    found = answer.get("tags") if isinstance(answer, dict) else answer
    rows = [row for row in found if isinstance(row, dict) and row.get("key")] if isinstance(found, list) else []
    tags = [{"key": str(row["key"]), "value": str(row.get("value") or "")} for row in rows]
    return sorted(tags, key=lambda tag: tag["key"])


def texts(parameters: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any JSON value
    """Parameters with the value as a text, as which it was sent: the platform may show 0.01 for "0.01" (trap 9)."""
    rows = [row for row in parameters if isinstance(row, dict)] if isinstance(parameters, list) else []
    return [{**row, "value": value_text(row.get("value"))} for row in rows]


def value_text(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """A value that is typed as text, whatever it comes as."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _algorithm(row: Mapping[str, Any]) -> dict[str, Any]:
    shown = _some(row, _ALGORITHM)
    shown["engine"] = _some(part(row, "engine"), _ENGINE)
    shown["parameters"] = texts(row.get("parameters"))
    for name in ("inputs", "outputs"):
        shown[name] = [_channel(channel) for channel in row.get(name) or () if isinstance(channel, dict)]
    shown["environments"] = _environments(row.get("environments"))
    return shown


def _policy(spec: Spec, row: Mapping[str, Any]) -> dict[str, Any]:
    wanted, has = part(part(spec, "spec"), "schedule_policy"), part(part(row, "spec"), "schedule_policy")
    changed: dict[str, Any] = {}
    policy = {"priority": wanted.get("priority", 1), "preemptible": wanted.get("preemptible", False)}
    if (wanted or has) and any(policy[key] != has.get(key) for key in policy):
        changed["schedule_policy"] = policy
    if notification := part(spec, "spec").get("notification"):
        changed["notification"] = notification
    return changed


def _endpoints(spec: Spec, row: Mapping[str, Any]) -> dict[str, Any]:
    wanted, has = (part(part(side, "endpoints"), "ssh").get(_KEYS) or [] for side in (spec, row))
    return {} if sorted(wanted) == sorted(has) else {"ssh": {_KEYS: wanted}}


def _annotation(spec: Spec, row: Mapping[str, Any]) -> dict[str, Any]:
    """The one switch that can be turned, under a member that is called otherwise than in a create."""
    wanted = part(spec, "annotations").get(_JUPYTER)
    has = part(part(row, "metadata"), "annotations").get(_JUPYTER)
    if wanted is None and has == "true":
        wanted = "false"
    return {"annotation": {_JUPYTER: wanted}} if wanted is not None and wanted != has else {}


def _channel(row: Mapping[str, Any]) -> dict[str, Any]:
    remote = part(row, "remote")
    places = {"obs": _some(part(remote, "obs"), ("obs_url",)), "dataset": _some(part(remote, "dataset"), _DATASET)}
    return {**_some(row, _CHANNEL), "remote": places}


def _environments(value: Any) -> dict[str, str]:  # noqa: ANN401 - any JSON value
    """The variables; the vendor's own client wraps the map into a list of one (trap 23)."""
    maps = value if isinstance(value, list) else [value]
    return {str(key): value_text(item) for one in maps if isinstance(one, dict) for key, item in one.items()}


def _some(row: Mapping[str, Any], members: tuple[str, ...]) -> dict[str, Any]:
    return {name: row[name] for name in members if row.get(name) is not None}


def _without_empty(value: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
    """Without what stands for "not given": null, empty texts, lists and objects (trap 13)."""
    if isinstance(value, dict):
        kept = {key: _without_empty(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in (None, "", [], {})}
    return [_without_empty(item) for item in value] if isinstance(value, list) else value
