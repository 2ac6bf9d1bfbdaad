"""Whole lives of processes: each carries out one command line, and ends by itself, or by a signal at some instant."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.invariants.world import CREDENTIALS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VARIABLES = {**CREDENTIALS, "RECONCILER_LIST_LAG": "0", "RECONCILER_PARALLELISM": "1", "PATH": os.environ["PATH"]}
"""One call at a time, so that the n-th boundary is the same one each time, and lists that are never late."""


@dataclass(frozen=True)
class Life:
    """How one ended. `signal` is what ended or suspended it, 0 when it ended by itself with `code`."""

    pid: int
    code: int
    signal: int
    out: str
    err: str
    trace: tuple[str, ...]


class Nursery:
    """Where children come from. `folder` takes their output."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder
        self._born = 0

    def live(self, root: Path, *words: str, variables: Mapping[str, str] = VARIABLES, **order: Any) -> Life:
        """Carries out `words` in `root`. `at`: at which boundary that `match`es, counted from 1, it gets `signal`."""
        return self.see(self.bear(root, *words, variables=variables, wait=True, **order))

    def bear(
        self, root: Path, *words: str, variables: Mapping[str, str] = VARIABLES, wait: bool = False, **order: Any
    ) -> dict[str, Any]:
        """The same without waiting for the end: see `end`."""
        self._born += 1
        out = self._folder / str(self._born)
        out.mkdir()
        told = self._ask(
            {"folder": str(root), "words": words, "variables": dict(variables), "out": str(out), "wait": wait, **order}
        )
        return {**told, "out": out}

    def end(self, child: dict[str, Any], *, go_on: bool = False) -> Life:
        """Waits for the end of a child that was born, or suspended."""
        told = self._ask({"go_on" if go_on else "await": child["pid"]})
        return self.see({**child, **told})

    def see(self, child: dict[str, Any]) -> Life:
        """What is known of a child."""
        status, out = child["status"], child["out"]
        by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WSTOPSIG(status) if os.WIFSTOPPED(status) else 0
        texts = [(out / name).read_text(errors="replace") for name in ("stdout", "stderr", "trace")]
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -1
        return Life(child["pid"], code, by, texts[0], texts[1], tuple(texts[2].splitlines()))

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def nursery(folder: Path) -> Iterator[Nursery]:
    """A nursery, closed at the end."""
    command = [sys.executable, str(Path(__file__).with_name("dying.py"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Nursery(process, folder)
        assert process.stdin is not None
        process.stdin.close()


KILL, STOP = int(signal.SIGKILL), int(signal.SIGSTOP)
