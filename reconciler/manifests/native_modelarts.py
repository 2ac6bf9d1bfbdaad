"""ModelArts: the file that `ma-cli ma-job submit` takes, read as a training job of v2 (platform contract, section 10).

Its keys are the long option names of the command, with hyphens or underscores. What stands where:

| key | in the spec |
|---|---|
| `name`, `description` | the same |
| `image-url`, `uid` | `algorithm.engine.image_url`, `.run_user` |
| `framework-type`, `framework-version` | `algorithm.engine.engine_name`, `.engine_version` |
| `user-command`, `working-dir`, `local-code-dir`, `code-dir` | the same in `algorithm` |
| `boot-file` | `algorithm.boot_file`, below `code-dir` where it is relative |
| `env-variables` | `algorithm.environments` |
| `parameters` | `algorithm.parameters` |
| `data-url` | the input `data_url` |
| `input`, `output` | `algorithm.inputs`, `.outputs` |
| `train-instance-type`, `train-instance-count`, `pool-id` | `spec.resource.flavor_id`, `.node_count`, `.pool_id` |
| `log-url` | `spec.log_export_path.obs_url` |
| `volumes` | `spec.volumes`; `efs` is another word for `nfs` |
| `workspace-id` | none: it is the scope of the manifest |
| `quiet` | none: a question of the command |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reconciler.manifests.findings import Finding
from reconciler.model.diagnostic import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    Outcome = tuple[dict[str, Any], dict[str, str], tuple[Finding, ...]]

_PLACES: Final[Mapping[str, str]] = {
    "name": "name",
    "description": "description",
    "image-url": "algorithm/engine/image_url",
    "uid": "algorithm/engine/run_user",
    "framework-type": "algorithm/engine/engine_name",
    "framework-version": "algorithm/engine/engine_version",
    "user-command": "algorithm/command",
    "working-dir": "algorithm/working_dir",
    "local-code-dir": "algorithm/local_code_dir",
    "code-dir": "algorithm/code_dir",
    "boot-file": "algorithm/boot_file",
    "env-variables": "algorithm/environments",
    "parameters": "algorithm/parameters",
    "input": "algorithm/inputs",
    "output": "algorithm/outputs",
    "train-instance-type": "spec/resource/flavor_id",
    "train-instance-count": "spec/resource/node_count",
    "pool-id": "spec/resource/pool_id",
    "log-url": "spec/log_export_path/obs_url",
    "volumes": "spec/volumes",
}
KEYS: Final = (*_PLACES, "data-url", "workspace-id", "quiet")
"""Every key that is read, in one of its two spellings."""


def _job(body: Mapping[str, Any]) -> Outcome:
    """The spec, where its parts stand in the file, and what has no counterpart."""
    written = {key.replace("_", "-"): key for key in body}
    given = {key: body[name] for key, name in written.items() if body[name] not in (None, "", [], {})}
    spec: dict[str, Any] = {"algorithm": {}, "spec": {"resource": {}}}
    pointers: dict[str, str] = {"/algorithm": "", "/spec": ""}
    for key, place in _PLACES.items():
        if key in given:
            _put(spec, place, _READ.get(key, _same)(given[key]))
            pointers[f"/{place}"] = f"/{written[key]}"
    _boot_file(spec["algorithm"])
    if "data-url" in given:
        found = spec["algorithm"].setdefault("inputs", [])
        pointers[f"/algorithm/inputs/{len(found)}"] = f"/{written['data-url']}"
        found.append({"name": "data_url", "remote": {"obs": {"obs_url": given["data-url"]}}})
    return spec, pointers, tuple(_findings(given, written))


def _put(spec: dict[str, Any], place: str, value: Any) -> None:  # noqa: ANN401 - any JSON value
    *way, last = place.split("/")
    for step in way:
        spec = spec.setdefault(step, {})
    spec[last] = value


def _boot_file(algorithm: dict[str, Any]) -> None:
    boot, code = algorithm.get("boot_file", ""), algorithm.get("code_dir", "")
    if boot and code and not boot.startswith(("obs://", "/")):
        algorithm["boot_file"] = f"{code.rstrip('/')}/{boot}"


def _findings(given: Mapping[str, Any], written: Mapping[str, str]) -> list[Finding]:
    found = []
    if "workspace-id" in given:
        pointer = f"/{written['workspace-id']}"
        hint = "write `metadata: {scope: ...}`, or `workspace:` in the target"
        found.append(Finding("native.conflict", "a workspace is the scope of the manifest", hint, pointer, on_key=True))
    if "quiet" in given:
        message = "`quiet` is a question of the command and says nothing of the job"
        pointer = f"/{written['quiet']}"
        found.append(Finding("native.ignored", message, "", pointer, on_key=True, severity=Severity.NOTE))
    return found


def _same(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    return value


def _text(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return str(value).lower() if isinstance(value, bool) else str(value)


def _pairs(value: Any) -> dict[str, str]:  # noqa: ANN401 - a mapping, or a list of mappings with one key or of `K=V`
    if isinstance(value, dict):
        return {str(key): _text(item) for key, item in value.items()}
    found: dict[str, str] = {}
    for each in value:
        if isinstance(each, dict) and {"name", "value"} <= each.keys():
            found[str(each["name"])] = _text(each["value"])
        elif isinstance(each, dict):
            found |= {str(key): _text(item) for key, item in each.items()}
        else:
            key, _, item = str(each).partition("=")
            found[key.strip()] = item.strip()
    return found


def _parameters(value: Any) -> list[dict[str, str]]:  # noqa: ANN401 - as `_pairs`
    return [{"name": name, "value": item} for name, item in _pairs(value).items()]


def _channels(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [_channel({key.replace("-", "_"): value for key, value in row.items()}) for row in rows]


def _channel(row: dict[str, Any]) -> dict[str, Any]:
    kept = {key: row[key] for key in ("name", "local_dir", "access_method") if row.get(key)}
    return {**kept, "remote": {"obs": {"obs_url": row.get("obs_path", "")}}}


def _volumes(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"nfs" if kind == "efs" else kind: dict(volume) for kind, volume in row.items()} for row in rows]


_READ: Final[Mapping[str, Any]] = {
    "uid": _text,
    "env-variables": _pairs,
    "parameters": _parameters,
    "input": _channels,
    "output": _channels,
    "volumes": _volumes,
}

TRANSLATIONS: Final = {("modelarts", "TrainingJobV2"): _job}
