"""Processes a cluster of one machine is made of: ours, known by their process ids, and stopped by those alone."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

PATIENCE = 30.0


def missing(programs: Sequence[str]) -> list[str]:
    """Those that are not there."""
    return [name for name in programs if shutil.which(name, path=_path()) is None]


def program(name: str) -> str:
    """Where a program is."""
    found = shutil.which(name, path=_path())
    assert found is not None, f"{name} is not installed"
    return found


@contextmanager
def daemon(folder: Path, name: str, *options: str, environment: Mapping[str, str] | None = None) -> Iterator[None]:
    """A process for as long as the block lasts; what it prints goes to a file of its name in `folder`."""
    with (folder / f"{name}.out").open("ab") as output:
        process = subprocess.Popen(
            [program(name), *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait(
    holds: Callable[[], bool], what: str, *, fatal: bool = True, patience: float = PATIENCE, pause: float = 0.1
) -> None:
    """Returns once it holds, looked at every `pause` seconds; after `patience` seconds, fails where it is `fatal`."""
    end = time.monotonic() + patience
    while not holds():
        if time.monotonic() > end:
            assert not fatal, f"waited in vain for {what}"
            return
        time.sleep(pause)


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface nobody listens at; all different."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def answers(port: int) -> bool:
    """Whether somebody listens at a port of the loopback interface."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
