"""A cluster on paper: answers Slurm's commands from a table, and runs a job's script when a test says so."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.localplatform.engines.slurm.commands import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence

_CONFIG = "SLURM_VERSION = 22.05.8\nMaxArraySize = 1001\nJobCompType = jobcomp/none\nAccountingStorageType = {}\n"
_SILENT = "sacct: error: Problem talking to the database: Connection refused"
_DOWN = "squeue: error: Unable to contact slurm controller (connect failure)"


@dataclass
class Job:
    """One row of the table, or of an array one for each element but those that are `gone`."""

    comment: str
    arguments: tuple[str, ...]
    script: str
    state: str = "PENDING"
    restarts: int = 0
    code: int = 0
    reason: str = "None"
    gone: set[int] = field(default_factory=set)


@dataclass
class PaperCluster:
    """`down`: nobody answers. `lose`: the next submission happens, and its answer gets lost. `refusal`: what sbatch
    says no with. `past` are the answers of sacct one after another, the last again and again, None that it fails; no
    answers: there is no accounting. `asked` holds the names of all commands.
    """

    down: bool = False
    lose: bool = False
    refusal: str = ""
    past: list[str | None] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    jobs: dict[int, Job] = field(default_factory=dict)

    def __call__(self, name: str, arguments: Sequence[str], *, text: str = "", keep: tuple[int, ...] = ()) -> Answer:
        """See Commands."""
        self.asked.append(name)
        if self.down and name != "scontrol":
            return Answer(1, error=_DOWN)
        match name:
            case "scontrol":
                return Answer(0, _CONFIG.format("accounting_storage/slurmdbd" if self.past else "none"))
            case "sbatch":
                return self._sbatch(tuple(arguments), text)
            case "squeue":
                return Answer(0, "".join(self._row(number, job) for number, job in list(self.jobs.items())))
            case "sacct":
                told = self.past.pop(0) if len(self.past) > 1 else self.past[0]
                return Answer(1, error=_SILENT) if told is None else Answer(0, told)
            case "scancel":
                for word in arguments:
                    if word.isdigit() and self.jobs[int(word)].state in {"PENDING", "RUNNING"}:
                        self.jobs[int(word)].state = "CANCELLED"
        return Answer(0)

    def run(self, number: int) -> int:
        """Runs a job to its end, as a node would."""
        job = self.jobs[number]
        with self.begin(number) as process:
            job.code = process.wait(timeout=30)
        job.state = "FAILED" if job.code else "COMPLETED"
        return job.code

    def begin(self, number: int) -> subprocess.Popen[bytes]:
        """Lets a job begin."""
        job = self.jobs[number]
        job.state = "RUNNING"
        environment = {
            "SLURM_JOB_ID": str(number),
            "SLURM_RESTART_COUNT": str(job.restarts),
            "PATH": os.environ["PATH"],
        }
        return subprocess.Popen(["/bin/sh"], stdin=_spool(job.script), env=environment)

    def take_away(self, number: int, process: subprocess.Popen[bytes]) -> None:
        """The node of a running job fails: it is gone without a word, and waits to begin again."""
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.jobs[number].restarts += 1
        self.jobs[number].state = "PENDING"

    def _sbatch(self, arguments: tuple[str, ...], text: str) -> Answer:
        if self.refusal:
            return Answer(1, error=f"sbatch: error: {self.refusal}")
        comment = next(word for word in arguments if word.startswith("--comment=")).partition("=")[2]
        number = len(self.jobs) + 1
        self.jobs[number] = Job(comment, arguments, text)
        if self.lose:
            self.lose = False
            return Answer(-1, error="sbatch did not answer")
        return Answer(0, f"{number}\n")

    @staticmethod
    def _row(number: int, job: Job) -> str:
        told = f"{number}|{job.state}|{job.restarts}|{job.code << 8}|{job.reason}|{job.comment}|\n"
        last = next((word.rpartition("-")[2] for word in job.arguments if word.startswith("--array=")), "")
        elements = [str(element) for element in range(int(last) + 1) if element not in job.gone] if last else ["N/A"]
        return "".join(f"{number}|{element}|{told}" for element in elements)


def _spool(text: str) -> int:
    """A file that holds the script, as slurmd has it; open for reading, and nowhere to be found."""
    descriptor = os.memfd_create("script")
    os.write(descriptor, text.encode())
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
