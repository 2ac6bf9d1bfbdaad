"""What is on the shared disk about the chains of a run.

RUN/chains/<number>/            one for the first submission, one more for each retry
  plan.json                     the jobs; written first and durably, so that a job that is not in `jobs.jsonl` is
                                known to be one that may have been submitted
  jobs.jsonl                    {"key", "id"}: what Slurm called each job
  <key>.json                    what the step must know about the job
  <key>.orders, <key>.at        what it must know about each instance, and where in the file that stands
  <key>.out                     what Slurm and a step that could not begin have to say
  owner.<key>                   the one Slurm job that may run this one, written by itself when it begins
  began                         when the first job of the chain began
  stop                          nothing of the chain may begin any more
"""

from __future__ import annotations

import json
import os
import secrets
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.engines.slurm.chain import BatchJob

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

OFFSET = struct.Struct("<QQ")
"""Where the order of an element stands: offset and length."""


class ChainFolder:
    """The folder of one chain. It need not exist yet."""

    def __init__(self, path: Path, number: int) -> None:
        self.path = path
        self.number = number

    def write_job(self, job: BatchJob, about: Mapping[str, Any], orders: Iterable[Mapping[str, Any]]) -> None:
        """Writes what a step must know. Raises OSError."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        offsets, at = bytearray(), 0
        with _private(self.path / f"{job.key}.orders") as file:
            for order in orders:
                data = json.dumps(order).encode() + b"\n"
                offsets += OFFSET.pack(at, len(data))
                at += len(data)
                file.write(data)
            _sync(file)
        with _private(self.path / f"{job.key}.at") as file:
            file.write(offsets)
            _sync(file)
        with _private(self.path / f"{job.key}.json") as file:
            file.write(json.dumps(about).encode())
            _sync(file)

    def write_plan(self, jobs: Sequence[BatchJob], sequence: int) -> None:
        """Writes the jobs, durably; from then on they may be submitted. `sequence` is that of the last event that was
        taken into account. Raises OSError.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self.path / "plan.json.new"
        with _private(temporary) as file:
            file.write(json.dumps({"sequence": sequence, "jobs": [_to_json(job) for job in jobs]}).encode())
            _sync(file)
        temporary.rename(self.path / "plan.json")
        _sync_folder(self.path)

    def plan(self) -> tuple[tuple[BatchJob, ...], int]:
        """The jobs of the plan and its sequence; none when there is no plan. Raises OSError, ValueError."""
        try:
            told = json.loads((self.path / "plan.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return (), 0
        return tuple(_from_json(each) for each in told["jobs"]), int(told["sequence"])

    def note_submitted(self, key: str, identifier: str) -> None:
        """Writes down what Slurm called a job, durably. Raises OSError."""
        path = self.path / "jobs.jsonl"
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, json.dumps({"key": key, "id": identifier}).encode() + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def submitted(self) -> dict[str, str]:
        """What Slurm called each job, by key, also of those that only the job itself has told."""
        found: dict[str, str] = {}
        for owner in self.path.glob("owner.*"):
            with suppress(OSError):
                found[owner.name.removeprefix("owner.")] = owner.read_text(encoding="ascii")
        with suppress(OSError):
            for line in (self.path / "jobs.jsonl").read_text(encoding="utf-8").splitlines():
                with suppress(ValueError, KeyError):  # a torn last line
                    record = json.loads(line)
                    found[record["key"]] = record["id"]
        return found

    def owner(self, key: str) -> str:
        """The Slurm job that has begun this one, "" when none has."""
        with suppress(OSError):
            return (self.path / f"owner.{key}").read_text(encoding="ascii")
        return ""

    def stop(self) -> None:
        """Nothing of the chain may begin any more. Raises OSError."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _private(self.path / "stop") as file:
            _sync(file)
        _sync_folder(self.path)

    def complaint(self, key: str) -> str:
        """The last line of what Slurm or the step had to say, "" when they were silent."""
        with suppress(OSError):
            lines = (self.path / f"{key}.out").read_text(encoding="utf-8", errors="replace").split("\n")
            return next((line.strip() for line in reversed(lines) if line.strip()), "")
        return ""


def chains_of(folder: Path) -> tuple[ChainFolder, ...]:
    """Every chain below a run's folder, first to last."""
    root = folder / "chains"
    numbers = sorted(int(path.name) for path in root.iterdir() if path.name.isdigit()) if root.is_dir() else []
    return tuple(ChainFolder(root / str(number), number) for number in numbers)


def next_chain(folder: Path) -> ChainFolder:
    """A chain that is not there yet. One whose plan was never written is taken again: nothing of it was submitted."""
    for one in chains_of(folder):
        if not (one.path / "plan.json").exists():
            return one
    number = max((one.number for one in chains_of(folder)), default=0) + 1
    return ChainFolder(folder / "chains" / str(number), number)


def identity(folder: Path) -> str:
    """What tells the engine of a folder from others on the cluster; invented once. Raises OSError."""
    file = folder / "identity"
    with suppress(FileNotFoundError):
        return file.read_text(encoding="ascii")
    fresh = folder / "identity.new"
    fresh.write_text(secrets.token_hex(8), encoding="ascii")
    fresh.rename(file)
    return file.read_text(encoding="ascii")


def _to_json(job: BatchJob) -> dict[str, Any]:
    return {
        "key": job.key,
        "task": job.task,
        "indexes": list(job.indexes),
        "needs": list(job.needs),
        "gang": job.gang,
    }


def _from_json(value: dict[str, Any]) -> BatchJob:
    return BatchJob(value["key"], value["task"], tuple(value["indexes"]), tuple(value["needs"]), gang=value["gang"])


def _private(path: Path) -> Any:  # noqa: ANN401 - a binary file
    return os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb")


def _sync(file: Any) -> None:  # noqa: ANN401 - a binary file
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
