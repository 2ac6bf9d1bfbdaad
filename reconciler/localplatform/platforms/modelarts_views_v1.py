"""How v1 shows versions and jobs: what was posted, filled in, with the types that its samples show (section 4.6)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.measuring import CPU, MEMORY
from reconciler.localplatform.platforms.modelarts_sizes import POOL_SPEC, SPECS
from reconciler.localplatform.platforms.modelarts_views_v2 import Seen, glance, look
from reconciler.localplatform.platforms.modelarts_words import DRIFT, milliseconds, shown_value
from reconciler.localplatform.platforms.modelarts_work import WORK
from reconciler.localplatform.work import Cause, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.localplatform.face import Call
    from reconciler.localplatform.store import Entity

STATUSES = {
    Status.RUNNING: 8,
    Status.SUSPENDED: 7,
    Status.STOPPING: 9,
    Status.SUCCEEDED: 10,
    Status.FAILED: 11,
    Status.CANCELLED: 12,
    Status.SKIPPED: 13,
}
_BEGINNING = ((1.0, 1), (2.0, 4))
"""Seconds since the creation up to which a waiting version is initialising, then being submitted; then it is queued."""
_QUEUED, _LOST = 7, 14
_UNSET = ("data_url", "dataset_id", "dataset_version_id", "train_url", "log_url", "user_image_url", "user_command")
ENGINES = {
    1: (1, "TensorFlow", "TF-1.4.0-python2.7"),
    2: (10, "PyTorch", "PyTorch-1.0.0-python3.6"),
    3: (17, "MindSpore-GPU", "MindSpore-1.7.0-python3.7"),
}
"""type, name and version of each engine, by its id."""


def status_of(version: Entity, seen: Seen, now: float) -> int:
    """The number of where a version is."""
    if seen.cause is Cause.LOST:
        return _LOST
    if seen.status is not Status.PENDING:
        return STATUSES[seen.status]
    age = now - version.created
    return next((number for until, number in _BEGINNING if age < until), _QUEUED)


def version_record(call: Call, version: Entity, *, show: bool) -> dict[str, Any]:
    """A full record. `show`: of one version, not of a list: some members differ."""
    seen = look(call, version.id) if show else glance(call, version.id)
    drift = bool(call.services.switches[DRIFT])
    body = version.body
    metrics = {**_measured(call, version), "interval": 1}
    return {
        **filled(body["config"], drift=drift),
        "version_id": body["version_id"],
        "version_name": version.name,
        "pre_version_id": body["pre_version_id"],
        "status": status_of(version, seen, call.now),
        "create_time": milliseconds(version.created),
        "start_time": milliseconds(seen.started),
        "duration": milliseconds((seen.finished or call.now) - seen.started) if seen.started else 0,
        "resource_id": f"local-{version.id}",
        "volumes": body["volumes"],
        "model_metric_list": json.dumps({"total_metric": []}),
        "system_metric_list": metrics if show else json.dumps(metrics),
    }


def _measured(call: Call, version: Entity) -> dict[str, list[str]]:
    """What the first machine used, as texts, oldest first."""
    names = {CPU: "cpuUsage", MEMORY: "memUsage"}
    history = call.services.runs.history
    found = {name: history.measured(version.id, WORK, 0, metric) for metric, name in names.items()}
    return {**{name: [f"{sample.value:.2f}" for sample in samples] for name, samples in found.items()}, "gpuUtil": []}


def filled(config: Mapping[str, Any], *, drift: bool) -> dict[str, Any]:
    """The fields of a run with what the server adds to them."""
    kind, name, engine = ENGINES.get(config.get("engine_id", 1), (1000, "INNER", "unknown"))
    spec_id = config.get("spec_id", POOL_SPEC)
    code, cores, _, cards, card = SPECS.get(spec_id, ("unknown", "8", "32", 0, ""))
    shown: dict[str, Any] = {
        **config,
        "spec_id": spec_id,
        "spec_code": code,
        "engine_type": kind,
        "engine_name": name,
        "engine_version": engine,
        "core": cores,
        "cpu": cores,
        "gpu_num": cards,
        "gpu_type": card,
        "pool_name": config.get("pool_id") or None,
        "parameter": [dict(row) for row in config["parameter"]],
    }
    if not drift:
        return shown
    shown["parameter"] = [
        {**row, "value": shown_value(row["value"], drift=True), "required": False, "placeholder": "", "tip": None}
        for row in config["parameter"]
    ]
    shown["core"] = int(cores)
    shown["engine_id"] = config.get("engine_id", 1)
    for index, key in enumerate(_UNSET):
        if key not in config:
            shown[key] = None if index % 2 else ""
    return shown


def job_row(call: Call, job: Entity, versions: tuple[Entity, ...]) -> dict[str, Any]:
    """A row of the list of jobs: of its newest version, without its definition."""
    newest = versions[-1] if versions else None
    seen = glance(call, newest.id) if newest else None
    started = seen.started if seen else None
    return {
        "job_id": int(job.id),
        "job_name": job.name,
        "job_desc": job.body["job_desc"],
        "version_id": newest.body["version_id"] if newest else None,
        "version_count": len(versions),
        "status": status_of(newest, seen, call.now) if newest and seen else 1,
        "create_time": milliseconds(job.created),
        "duration": milliseconds(((seen.finished if seen else None) or call.now) - started) if started else 0,
        "user": {"name": job.owner},
    }
