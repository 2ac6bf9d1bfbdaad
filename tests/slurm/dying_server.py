"""`reconciler serve --engine slurm` that dies, once at each boundary between its memory, its disk, its database and the
cluster, and always comes back.

    python -m tests.slurm.dying_server DATA HOST:PORT BOUNDARIES

Each life is a fork that serves until it kills itself with SIGKILL at the first boundary no life has died at before; the
file BOUNDARIES names them. Ends when it is told to stop (SIGTERM), or a life ends in any other way.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.localplatform import daemon, phases  # noqa: F401 - loaded once, before the lives
from reconciler.localplatform.engines.slurm import engine  # noqa: F401
from reconciler.localplatform.engines.slurm.commands import Answer, RealCommands
from reconciler.localplatform.engines.slurm.records import ChainFolder
from reconciler.localplatform.engines.storage import RunFolder
from reconciler.localplatform.history import History
from reconciler.localplatform.runs import Runs
from reconciler.operations import service

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


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

    def around_sbatch(self, call: Callable[..., Answer]) -> Callable[..., Answer]:
        """Slurm's commands; a submission is cut off before, and then amid or after."""

        def crossed(
            real: RealCommands, name: str, arguments: Sequence[str], *, text: str = "", keep: tuple[int, ...] = ()
        ) -> Answer:
            if name != "sbatch":
                return call(real, name, arguments, text=text, keep=keep)
            job = next(word for word in arguments if word.startswith("--job-name"))
            self.cross(f"before sbatch {job}")
            if int(job.rpartition("-")[2]) % 2 == 0:  # one that was cut off is found, and never submitted again
                process = subprocess.Popen(
                    ["sbatch", *arguments],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=real._environment,
                    pass_fds=keep,
                )
                assert process.stdin is not None
                process.stdin.write(text.encode())
                process.stdin.close()
                self.cross(f"amid sbatch {job}")
            answer = call(real, name, arguments, text=text, keep=keep)
            self.cross(f"after sbatch {job}")
            return answer

        return crossed


def live(data: Path, listen: str, file: Path) -> None:
    """One life."""
    deadly = Boundaries(file)

    def wrap(owner: type, method: str, name: str, which: Callable[..., str]) -> None:
        setattr(owner, method, deadly.around(name, getattr(owner, method), which))

    RealCommands.__call__ = deadly.around_sbatch(RealCommands.__call__)  # type: ignore[method-assign]  # in this fork
    wrap(ChainFolder, "write_plan", "plan", lambda *_: "")
    wrap(ChainFolder, "note_submitted", "note", lambda _chain, key, _id: key)
    wrap(RunFolder, "append", "append", lambda _, events: str(events[0].sequence) if events else "nothing")
    wrap(Runs, "start", "start", lambda *_: "")
    wrap(History, "open", "row", lambda *_: "")
    wrap(History, "take", "news", lambda _history, news: str(news[0].sequence) if news else "nothing")
    service.serve(data, listen, "slurm", (None, None), 0, lambda _: None)


def main() -> int:
    """Lives, until one survives."""
    data, listen, file = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    child = 0

    def stop(_number: int, _frame: object) -> None:
        if child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    while True:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            try:
                live(data, listen, file)
            except BaseException as error:  # the fork must not become a second parent
                sys.stderr.write(f"{error!r}\n")
                os._exit(2)
            os._exit(0)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status >= 0:
            return status


if __name__ == "__main__":
    sys.exit(main())
