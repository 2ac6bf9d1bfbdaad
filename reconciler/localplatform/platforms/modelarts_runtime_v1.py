"""What a version writes, and what v1 has on offer (contract, sections 4.8 and 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.localplatform.face import Reply, Route
from reconciler.localplatform.platforms.modelarts_fields_v1 import told
from reconciler.localplatform.platforms.modelarts_jobs_v1 import ONE, version_of
from reconciler.localplatform.platforms.modelarts_output import output_of, window
from reconciler.localplatform.platforms.modelarts_sizes import SPECS
from reconciler.localplatform.platforms.modelarts_views_v1 import ENGINES
from reconciler.localplatform.platforms.modelarts_words import ABSENT, FAILURES_AS_400, INVALID, V1, no_v1, number, text

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call
    from reconciler.localplatform.store import Entity


def _files(version: Entity) -> list[str]:
    count = version.body["config"]["worker_server_num"]
    return [f"job-{version.id}.{index}" if count > 1 else f"job-{version.id}" for index in range(count)]


def log_names(call: Call) -> Reply:
    """One file for each machine."""
    _, version = version_of(call)
    return Reply({"is_success": True, "log_file_list": _files(version)})


def read_log(call: Call) -> Reply:
    """A window of one file."""
    _, version = version_of(call)
    name = text(call, "log_file")
    if name not in _files(version):
        raise no_v1(INVALID if not name else ABSENT, "the log file does not exist")
    output = output_of(call, version.id, _files(version).index(name))
    return Reply({"is_success": True, **window(call, output)})


def engines(call: Call) -> Reply:
    """The preset engines."""
    _job_type(call)
    rows = [
        {"engine_type": kind, "engine_id": identifier, "engine_name": name, "engine_version": version}
        for identifier, (kind, name, version) in ENGINES.items()
    ]
    return Reply({"is_success": True, "engines": rows})


def specs(call: Call) -> Reply:
    """The specifications of the public pool."""
    _job_type(call)
    rows: list[dict[str, Any]] = [
        {
            "spec_id": identifier,
            "spec_code": code,
            "core": cores,
            "cpu": memory,
            "gpu_num": cards,
            "gpu_type": card or None,
            "max_num": 16,
            "unit_num": 1,
            "storage": "",
            "interface_type": 1,
            "no_resource": False,
        }
        for identifier, (code, cores, memory, cards, card) in SPECS.items()
    ]
    return Reply({"is_success": True, "spec_total_count": len(rows), "specs": rows})


def built_in(call: Call) -> Reply:
    """The built-in algorithms: none here, since none could be run."""
    number(call, "page", 1, 1, 65535)
    return Reply({"is_success": True, "model_total_count": 0, "models": []})


def _job_type(call: Call) -> None:
    if text(call, "job_type", "train") not in ("train", "inference"):
        raise no_v1(INVALID, "job_type must be train or inference")


ROUTES = tuple(
    Route("GET", path, operation, told(handle, FAILURES_AS_400))
    for path, operation, handle in (
        (f"{ONE}/log/file-names", "ListLogFileNames", log_names),
        (f"{ONE}/aom-log", "ReadLog", read_log),
        (f"{V1}/job/ai-engines", "ListEngines", engines),
        (f"{V1}/job/resource-specs", "ListSpecs", specs),
        (f"{V1}/built-in-algorithms", "ListBuiltInAlgorithms", built_in),
    )
)
