"""A server that dies, once at each boundary between its own memory, the disk and the cluster, and always comes back.

    python -m tests.slurm.dying_server FOLDER CONF RUN_JSON

Each life is a fork that kills itself with SIGKILL at the first boundary no life has died at before; `boundaries` in
FOLDER names them. Ends when a life has seen the run end.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.engines.codec import run_from_json
from reconciler.localplatform.engines.slurm.commands import Answer, RealCommands
from reconciler.localplatform.engines.slurm.engine import slurm_engine
from reconciler.localplatform.engines.slurm.records import ChainFolder
from reconciler.localplatform.engines.slurm.site import Site
from reconciler.localplatform.engines.storage import RunFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PATIENCE = 150.0


class Boundaries:
    """Where lives have ended."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen = set(file.read_text().splitlines()) if file.exists() else set()

    def cross(self, name: str) -> None:
        """Dies, unless an earlier life died here."""
        if name not in self._seen:
            with self._file.open("a") as file:
                file.write(f"{name}\n")
                file.flush()
                os.fsync(file.fileno())
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)

    def around(self, name: str, call: Callable[..., Any], which: Callable[..., str]) -> Callable[..., Any]:
        """The call, with a boundary before and after it."""

        def crossed(*arguments: Any, **options: Any) -> Any:
            self.cross(f"before {name} {which(*arguments)}")
            result = call(*arguments, **options)
            self.cross(f"after {name} {which(*arguments)}")
            return result

        return crossed


class DeadlyCommands:
    """The real commands; a submission is cut off before, and then amid or after."""

    def __init__(self, real: RealCommands, boundaries: Boundaries) -> None:
        self._real = real
        self._boundaries = boundaries

    def __call__(self, name: str, arguments: Sequence[str], *, text: str = "", keep: tuple[int, ...] = ()) -> Answer:
        """See Commands."""
        if name != "sbatch":
            return self._real(name, arguments, text=text, keep=keep)
        job = next(word for word in arguments if word.startswith("--job-name"))
        self._boundaries.cross(f"before sbatch {job}")
        if int(job.rpartition("-")[2]) % 2 == 0:  # one that was cut off is found, and never submitted again
            process = subprocess.Popen(
                ["sbatch", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=self._real._environment,
                pass_fds=keep,
            )
            assert process.stdin is not None
            process.stdin.write(text.encode())
            process.stdin.close()
            self._boundaries.cross(f"amid sbatch {job}")
        answer = self._real(name, arguments, text=text, keep=keep)
        self._boundaries.cross(f"after sbatch {job}")
        return answer


def live(folder: Path, conf: str, text: str) -> None:
    """One life."""
    boundaries = Boundaries(folder / "boundaries")
    ChainFolder.write_plan = boundaries.around("plan", ChainFolder.write_plan, lambda *_: "")  # type: ignore[method-assign]
    ChainFolder.note_submitted = boundaries.around(  # type: ignore[method-assign]
        "note", ChainFolder.note_submitted, lambda _chain, key, _id: key
    )
    RunFolder.append = boundaries.around(  # type: ignore[method-assign]
        "append", RunFolder.append, lambda _folder, events: str(events[0].sequence) if events else "nothing"
    )
    site = Site(shared=folder, conf=conf, grace=0.5, poll=0.5)
    engine = slurm_engine(folder / "engine", None, site, commands=DeadlyCommands(RealCommands(site), boundaries))
    run = run_from_json(text)
    engine.submit(run)
    while not engine.observe(run.id).status.ended:
        time.sleep(0.02)
    engine.close()


def main() -> int:
    """Lives, until one survives."""
    folder, conf, text = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        child = os.fork()
        if child == 0:
            try:
                live(folder, conf, text)
            except BaseException as error:  # the fork must not become a second parent
                sys.stderr.write(f"{error!r}\n")
                os._exit(2)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status >= 0:
            return status
    return 3


if __name__ == "__main__":
    sys.exit(main())
