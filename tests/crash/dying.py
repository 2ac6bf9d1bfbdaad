"""Processes that end themselves at a chosen instant: the command line, killed by the kernel.

Run as a script, this is a nursery: it loads the program once and then, for each order (one JSON line on standard
input), forks a child that carries out one command line and is killed, or suspended, at the n-th of the boundaries that
match. One JSON line answers each order. Nothing in the program knows of it.

A boundary is crossed right before and right after: every fsync, every file moved into its place, every request.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MODULES = (
    "requests",
    "yaml",
    "jsonschema",
    "reconciler.cli.app",
    "reconciler.cli.apply",
    "reconciler.cli.applying",
    "reconciler.cli.plan",
    "reconciler.cli.state",
    "reconciler.operations.wiring",
    "reconciler.operations.apply",
    "reconciler.operations.plan",
    "reconciler.operations.saved",
    "reconciler.operations.selection",
    "reconciler.operations.resume",
    "reconciler.operations.watching",
    "reconciler.manifests.project",
    "reconciler.manifests.loading",
    "reconciler.manifests.schemas",
    "reconciler.manifests.positions",
    "reconciler.execution.executor",
    "reconciler.execution.settle",
    "reconciler.execution.refresh",
    "reconciler.execution.waiting",
    "reconciler.state.file",
    "reconciler.state.git_ref",
    "reconciler.rendering.text",
    "reconciler.rendering.report",
    "reconciler.rendering.json",
    "reconciler.repository.checkout",
    "reconciler.providers.session",
    "reconciler.providers.ai4s.connection",
)


class Deathbed:
    """Counts the boundaries that match and sends this process a signal at one of them. Writes down all it crosses."""

    def __init__(self, order: dict[str, Any], trace: int) -> None:
        self._matches = re.compile(order.get("match", "")).search
        self._at = order.get("at")
        self._signal = order.get("signal", int(signal.SIGKILL))
        self._trace = trace
        self._count = 0
        self._lock = threading.Lock()

    def cross(self, boundary: str) -> None:
        """Does not return where it ends."""
        with self._lock:
            os.write(self._trace, f"{boundary}\n".encode())
            if not self._matches(boundary):
                return
            self._count += 1
            if self._count == self._at:
                os.kill(os.getpid(), self._signal)
                time.sleep(0.2)  # a signal that suspends may take a moment to reach this thread

    def between(self, act: Callable[..., Any], name: Callable[..., str]) -> Callable[..., Any]:
        """`act` with a boundary on either side."""

        def acted(*args: Any, **kwargs: Any) -> Any:
            boundary = name(*args, **kwargs)
            self.cross(f"before {boundary}")
            result = act(*args, **kwargs)
            self.cross(f"after {boundary}")
            return result

        return acted


def _file(handle: int) -> str:
    return f"fsync {Path(f'/proc/self/fd/{handle}').readlink().name}"


def install(bed: Deathbed) -> None:
    """Puts the boundaries into this process."""
    import requests

    os.fsync = bed.between(os.fsync, _file)
    os.replace = bed.between(os.replace, lambda _, to, **__: f"replace {Path(to).name}")
    requests.Session.send = bed.between(  # type: ignore[method-assign]
        requests.Session.send, lambda _, request, **__: f"{request.method} {request.path_url.partition('?')[0]}"
    )


def child(order: dict[str, Any]) -> None:
    """Carries out one command line in this process and leaves. Its streams and boundaries go to files."""
    import io

    from reconciler.cli.app import run
    from reconciler.operations.settings import Settings

    out = Path(order["out"])
    files = [os.open(out / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) for name in ("stdout", "stderr", "trace")]
    for target, handle in zip((1, 2), files, strict=False):
        os.dup2(handle, target)
    sys.stdout, sys.stderr = (io.TextIOWrapper(os.fdopen(n, "wb", closefd=False)) for n in (1, 2))
    os.chdir(order["folder"])
    if "lease" in order:
        from reconciler.state.file import FileStore

        FileStore.__init__.__kwdefaults__["lease_seconds"] = order["lease"]
    install(Deathbed(order, files[2]))
    code = run(order["words"], Settings(order["variables"]))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def serve() -> None:
    """The nursery: one order, one answer, until the input ends."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    for module in MODULES:
        import_module(module)
    from reconciler.providers.discovery import providers

    providers()
    for line in sys.stdin:
        order = json.loads(line)
        if "go_on" in order:
            os.kill(order["go_on"], signal.SIGCONT)
        pid = order.get("await") or order.get("go_on") or born(order)
        status = os.waitpid(pid, os.WUNTRACED)[1] if order.get("wait", True) else 0
        print(json.dumps({"pid": pid, "status": status}), flush=True)


def born(order: dict[str, Any]) -> int:
    """The id of a new child, which has its order."""
    pid = os.fork()
    if not pid:
        try:
            child(order)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(70)
    return pid


if __name__ == "__main__":
    serve()
