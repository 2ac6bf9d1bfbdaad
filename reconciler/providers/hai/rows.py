"""From the row of a task to what the rest of the program knows: phase, spec, instances, a line of a list.

Diffs are made against the body as it was submitted: group, image and priority of the row are what the platform made
of them (contract, trap 8). Success is read from the worker status alone: `finished` says nothing of it (trap 4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.model.resource import Phase
from reconciler.providers.hai.marks import authors, mark_of, texts
from reconciler.providers.hai.place import part
from reconciler.providers.protocol import Part, RunSummary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.providers.hai.times import Clock

    Row = Mapping[str, Any]

TASK = "rank"
"""What one instance is called: the same command runs once on each node."""
_FIELDS = ("version", "name", "task_type", "priority", "spec", "resource", "options", "services", "artifacts")
_PHASES = {"waiting_init": Phase.PENDING, "running": Phase.RUNNING, "suspended": Phase.SUSPENDED}
_ENDS = {"succeeded": Phase.SUCCEEDED, "stopped": Phase.CANCELLED, "canceled": Phase.CANCELLED}
_STOPS = {
    16: "interrupted",
    32: "no node would take it",
    128: "failed",
    256: "failed before it began",
    512: "its time was over",
    1024: "stopped by hand",
    2048: "restarted by a hook",
    4096: "declared succeeded",
    8192: "declared failed",
}
_GIVEN_UP = 128 | 256 | 512
"""A stop that nobody asked for, whatever the worker is called afterwards: its time was over, say."""
_UNKNOWN_EXIT = ("", "nan", "None")


def chain_status(row: Row) -> str:
    """Where the chain is, by its own word or, without one, by the queue."""
    said = row.get("chain_status")
    if said:
        return str(said)
    match row.get("queue_status"):
        case "queued":
            return "waiting_init" if row.get("id") == row.get("first_id") else "suspended"
        case "scheduled":
            return "running"
        case "finished":
            return "finished"
    return ""


def is_finished(row: Row) -> bool:
    """Nothing more will happen by itself."""
    return chain_status(row) == "finished"


def phase_of(row: Row) -> Phase:
    """In one vocabulary. A finished task of which the platform cannot say how it ended has failed: nobody may count on
    its results. So has one that the platform stopped by itself.
    """
    status = chain_status(row)
    if status == "finished":
        code = row.get("stop_code")
        gave_up = isinstance(code, int) and bool(code & _GIVEN_UP)
        return Phase.FAILED if gave_up else _ENDS.get(str(row.get("worker_status")), Phase.FAILED)
    if status == "running" and any(str(pod.get("status")) == "stopped_terminating" for pod in pods(row)):
        return Phase.STOPPING
    return _PHASES.get(status, Phase.UNKNOWN)


def status_of(row: Row) -> str:
    """The platform's own word: how it ended, or where it is."""
    return str(row.get("worker_status") or "finished") if is_finished(row) else chain_status(row)


def detail_of(row: Row) -> str:
    """What a person asks next: how often it was suspended, and why it stopped."""
    restarts = row.get("restart_count") or 0
    parts = [f"suspended {restarts} times" if restarts > 1 else "suspended once" if restarts else ""]
    code = row.get("stop_code")
    if is_finished(row) and isinstance(code, int):
        parts += [word for bit, word in _STOPS.items() if code & bit]
        codes = [f"rank {pod.get('job_id')}: exit code {pod['exit_code']}" for pod in pods(row) if _failed(pod)]
        parts += codes[:3]
    return "; ".join(word for word in parts if word)


def pods(row: Row) -> list[dict[str, Any]]:
    """The instances by rank."""
    listed = row.get("_pods_")
    found = [pod for pod in listed if isinstance(pod, dict)] if isinstance(listed, list) else []
    return sorted(found, key=lambda pod: int(pod.get("job_id") or 0))


def parts_of(row: Row, clock: Clock) -> tuple[Part, ...]:
    """One per node. A suspended task shows those of its last life."""
    return tuple(
        Part(
            name=TASK,
            index=int(pod.get("job_id") or 0),
            status=str(pod.get("status") or ""),
            started=clock.utc(pod.get("begin_at") or pod.get("started_at")),
            finished=clock.utc(pod.get("end_at")) if _over(pod) else "",
            detail=", ".join(
                word
                for word in (
                    str(pod.get("node") or ""),
                    f"exit code {pod['exit_code']}" if str(pod.get("exit_code", "")) not in _UNKNOWN_EXIT else "",
                )
                if word
            ),
        )
        for pod in pods(row)
    )


def started_of(row: Row, clock: Clock) -> str:
    """When the present life began, "" while the first one waits."""
    return clock.utc(row.get("begin_at")) if chain_status(row) != "waiting_init" else ""


def summary_of(row: Row, clock: Clock) -> RunSummary:
    """A line of a list. Its id is that of the chain: the number moves with every suspension."""
    ended = is_finished(row)
    return RunSummary(
        remote_id=str(row["chain_id"]),
        name=str(row.get("nb_name") or ""),
        status=status_of(row),
        created=clock.utc(next(iter(row.get("created_at_list") or ()), row.get("created_at"))),
        started=started_of(row, clock),
        finished=clock.utc(row.get("end_at")) if ended else "",
        user=str(row.get("user_name") or ""),
        detail=", ".join(w for w in (f"{row.get('nodes')} x {row.get('group')}", detail_of(row)) if w),
        mark=mark_of(row),
    )


def spec_of(row: Row) -> dict[str, Any]:
    """The task as its manifest says it: what was submitted, with the tags it has now and without what is ours or the
    client's. Nothing is filled in.
    """
    schema = part(row, "config_json", "schema")
    schema = schema if isinstance(schema, dict) else {}
    spec = {field: schema[field] for field in _FIELDS if schema.get(field) is not None}
    command = spec.get("spec")
    if isinstance(command, dict) and isinstance(command.get("environments"), dict):
        told = {
            name: value if isinstance(value, str) else str(value) for name, value in command["environments"].items()
        }
        spec["spec"] = {**command, "environments": told}
    options = _options(spec.pop("options", None), authors(texts(row.get("tags"))))
    return {**spec, "options": options} if options else spec


def _options(submitted: Any, tags: list[str]) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    options = dict(submitted) if isinstance(submitted, dict) else {}
    # A server that died half-way has put no tag on; then what was asked for counts.
    tags = tags or authors(texts(options.get("tags")))
    options.pop("tags", None)
    if isinstance(options.get("profile"), dict):
        options["profile"] = {key: value for key, value in options["profile"].items() if key != "log_dir"}
    if options.get("py_venv") is not None:
        options["py_venv"] = str(options["py_venv"])
    return {**options, "tags": sorted(tags)} if tags else options


def _over(pod: Mapping[str, Any]) -> bool:
    return str(pod.get("status")) in {"succeeded", "failed", "stopped"}


def _failed(pod: Mapping[str, Any]) -> bool:
    return str(pod.get("status")) == "failed" and str(pod.get("exit_code", "")) not in _UNKNOWN_EXIT
