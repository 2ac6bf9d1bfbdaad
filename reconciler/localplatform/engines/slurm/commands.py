"""Slurm's commands, as the machine has them."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from reconciler.localplatform.engines.sandbox import SYSTEM_PATH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.localplatform.engines.slurm.site import Site

PATIENCE = 60.0
"""Seconds a command of Slurm's may take; sbatch and scancel on a busy cluster do take their time."""
_WHOLE = {"SLURM_BITSTR_LEN": "0"}
"""Lists of an array's elements are not cut short."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended. `code` is -1 when it did not end in time or is not there."""

    code: int
    output: str = ""
    error: str = ""

    @property
    def complaint(self) -> str:
        """The last thing it said on standard error, in one line."""
        lines = [line.strip() for line in self.error.splitlines() if line.strip()]
        return lines[-1] if lines else f"exit code {self.code}"


class Commands(Protocol):
    """Runs a command of Slurm's by its name. Never raises."""

    def __call__(self, name: str, arguments: Sequence[str], *, text: str = "", keep: tuple[int, ...] = ()) -> Answer:
        """`text` comes on standard input; `keep` are descriptors it inherits."""


class RealCommands:
    """The commands of this machine, with an environment of their own: no variable of the server's reaches a job."""

    def __init__(self, site: Site) -> None:
        self._folder = site.commands
        path = f"{site.commands}:{SYSTEM_PATH}" if site.commands else SYSTEM_PATH
        self._environment = {"PATH": path, "LANG": "C.UTF-8", "HOME": "/", "SLURM_TIME_FORMAT": "%s"}
        if site.conf:
            self._environment["SLURM_CONF"] = site.conf

    def __call__(self, name: str, arguments: Sequence[str], *, text: str = "", keep: tuple[int, ...] = ()) -> Answer:
        """See Commands."""
        program = str(Path(self._folder) / name) if self._folder else name
        try:
            done = subprocess.run(  # noqa: S603 - the site's own commands
                [program, *arguments],
                input=text,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                env={**self._environment, **_WHOLE} if name == "sacct" else self._environment,
                pass_fds=keep,
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Answer(-1, error=f"{name} did not answer within {PATIENCE:g} s")
        except OSError as error:
            return Answer(-1, error=f"cannot run {program}: {error.strerror}")
        return Answer(done.returncode, done.stdout, done.stderr)
