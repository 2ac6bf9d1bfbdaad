"""Starting, finding, asking and stopping the local platform's server, from any process of the same machine.

The server is a process of its own: it outlives the command that started it, and is found again through its folder.
What is true at any instant: whoever holds `server.lock` is the server; `ready.json` says where it answers; a start
goes through `start.lock`, so that two commands at once start one server.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.errors import LocalPlatformError
from reconciler.localplatform.faults import FaultRule
from reconciler.localplatform.folder import Folder, Lock, Ready
from reconciler.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

START_PATIENCE = 30.0
STOP_PATIENCE = 40.0
_POLL = 0.03
_CALL_TIMEOUT = 30.0
_HEALTH_TIMEOUT = 2.0
_HOME_OF_PACKAGE = Path(__file__).resolve().parents[2]
"""Where `-m` finds this very package, installed or not."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A running server, and the account that may use it. Secrets are not shown in `repr`."""

    url: str
    pid: int
    version: str
    engine: str
    project_id: str
    access_key: str
    secret_key: str = field(repr=False)
    admin_token: str = field(repr=False)
    domain: str
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Status:
    """How a running server is. `uptime` in seconds; `objects` counts by `platform/kind`."""

    url: str
    pid: int
    version: str
    engine: str
    uptime: float
    objects: dict[str, int]
    active_runs: int


def ensure_running(folder: Path, *, engine: str = "process") -> Instance:
    """The server of `folder`, started when there is none. One that runs already keeps the engine it has.

    Raises LocalPlatformError when the folder cannot be used, the server does not come up, or it is of another version.
    """
    return _start(Folder.claim(folder), engine, port=0)


def start(folder: Path, *, engine: str = "process", port: int = 0) -> Instance:
    """Like `ensure_running`, for a person who asks for an engine and a port (0: any that is free).

    Raises LocalPlatformError too when a server with another engine or port runs already.
    """
    instance = _start(Folder.claim(folder), engine, port=port)
    if instance.engine != engine or (port and not instance.url.endswith(f":{port}")):
        raise LocalPlatformError(
            f"a local platform with engine {instance.engine} runs already at {instance.url}",
            hint="stop it first: `reconciler local stop`",
        )
    return instance


def stop(folder: Path, *, patience: float = STOP_PATIENCE) -> bool:
    """Ends the server and the work that runs in it. False when none was running.

    Asks first, then signals, then kills, waiting `patience` seconds each time; work a killed server leaves behind is
    found by the next one. Raises LocalPlatformError when it cannot be ended.
    """
    ours = Folder.find(folder)
    if ours is None or _holder(ours) is None:
        return False
    ready = _answering(ours)
    if ready is not None:
        _call(ready, "POST", "shutdown", ours.account().admin_token)
        if _wait_until_gone(ours, patience):
            return True
    for number in (signal.SIGTERM, signal.SIGKILL):
        pid = _holder(ours)
        if pid is None:
            return True
        _signal(pid, number)
        if _wait_until_gone(ours, patience):
            ours.unsay_ready()
            return True
    raise LocalPlatformError(f"the server of {ours.root} (process {_holder(ours)}) cannot be ended")


def status(folder: Path) -> Status | None:
    """How the server of a folder is; None when none answers."""
    ours = Folder.find(folder)
    ready = _answering(ours) if ours is not None else None
    if ours is None or ready is None:
        return None
    answer = _call(ready, "GET", "status", ours.account().admin_token)
    return Status(
        url=ready.url,
        pid=ready.pid,
        version=ready.version,
        engine=ready.engine,
        uptime=max(0.0, time.time() - ready.started),
        objects=dict(answer["objects"]),
        active_runs=int(answer["active_runs"]),
    )


def faults(folder: Path) -> list[dict[str, Any]]:
    """The fault rules in force, each with how often it has `matched` and `struck`. Raises as `add_fault`."""
    return _rules(folder, "GET")


def add_fault(folder: Path, rule: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Puts one more rule in force (localplatform/faults.py says what a rule is). All rules in force.

    Raises LocalPlatformError when no server runs, ValueError when it is not a rule.
    """
    FaultRule.parse(dict(rule))
    return _rules(folder, "POST", rule)


def clear_faults(folder: Path) -> None:
    """Fair weather again. Raises as `add_fault`."""
    _rules(folder, "DELETE")


def reset(folder: Path) -> None:
    """Stops the server and removes everything it has made in its folder; the account stays. Nothing else is touched.

    Raises LocalPlatformError for a folder that is not one of a local platform.
    """
    ours = Folder.find(folder)
    if ours is None:
        if not folder.exists():
            return
        raise LocalPlatformError(
            f"{folder} is not a folder of a local platform, so nothing in it is removed",
            hint="give the folder that `reconciler local status` shows",
        )
    stop(folder)
    with _starting(ours):
        if _holder(ours) is not None:
            raise LocalPlatformError(f"another process has just started the server of {ours.root}")
        try:
            ours.wipe()
        except OSError as error:
            raise LocalPlatformError(f"cannot empty {ours.root}: {error.strerror}") from error


def _start(folder: Folder, engine: str, *, port: int) -> Instance:
    ready = _answering(folder)
    if ready is None:
        with _starting(folder):
            # Another command may have started it while this one waited.
            ready = _answering(folder, patience=START_PATIENCE) or _launch(folder, engine, port)
    if ready.version != __version__:
        raise LocalPlatformError(
            f"a local platform of version {ready.version} is running, and this is version {__version__}",
            hint="`reconciler local stop` ends it; what it holds is kept",
        )
    return _instance(folder, ready)


def _instance(folder: Folder, ready: Ready) -> Instance:
    account = folder.account()
    return Instance(
        url=ready.url,
        pid=ready.pid,
        version=ready.version,
        engine=ready.engine,
        project_id=account.project_id,
        access_key=account.access_key,
        secret_key=account.secret_key,
        admin_token=account.admin_token,
        domain=account.domain,
        user=account.user,
        password=account.password,
    )


def _launch(folder: Folder, engine: str, port: int) -> Ready:
    """Starts the server process and waits until it answers. Its own session: it survives whoever started it."""
    folder.account()  # made by one process alone, which holds the start lock
    instance, errors = secrets.token_hex(8), folder.root / "server.err"
    command = [sys.executable, "-m", "reconciler.localplatform", "--folder", str(folder.root)]
    command += ["--engine", engine, "--port", str(port), "--instance", instance]
    with errors.open("wb") as stderr:
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            stdin=subprocess.DEVNULL,
            stdout=stderr,
            stderr=stderr,
            start_new_session=True,
            cwd=_HOME_OF_PACKAGE,
        )
    deadline = time.monotonic() + START_PATIENCE
    while time.monotonic() < deadline:
        ready = _answering(folder)
        if ready is not None and ready.instance == instance:
            # It outlives this process; until then somebody must take its exit code.
            threading.Thread(target=process.wait, daemon=True).start()
            return ready
        if process.poll() is not None:
            raise LocalPlatformError(
                f"the local platform did not start: {_tail(errors) or f'exit code {process.returncode}'}",
                hint=f"more is in {folder.log}",
            )
        time.sleep(_POLL)
    _signal(process.pid, signal.SIGKILL)
    process.wait()
    raise LocalPlatformError(f"the local platform did not answer within {START_PATIENCE:g} s", hint=f"see {folder.log}")


def _answering(folder: Folder, *, patience: float = 0.0) -> Ready | None:
    """The server that answers for this folder, or None. Waits while one holds the lock and does not answer yet."""
    deadline = time.monotonic() + patience
    while True:
        ready = folder.ready()
        if ready is not None and _is_the_one(ready):
            return ready
        if time.monotonic() >= deadline or _holder(folder) is None:
            return None
        time.sleep(_POLL)


def _is_the_one(ready: Ready) -> bool:
    try:
        return bool(_call(ready, "GET", "health", "", timeout=_HEALTH_TIMEOUT).get("pid") == ready.pid)
    except LocalPlatformError:
        return False


def _rules(folder: Path, method: str, rule: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    ours = Folder.find(folder)
    ready = _answering(ours) if ours is not None else None
    if ours is None or ready is None:
        raise LocalPlatformError("the local platform is not running", hint="`reconciler local start` starts it")
    body = None if rule is None else json.dumps(dict(rule))
    return list(_call(ready, method, "faults", ours.account().admin_token, body=body)["rules"])


def _call(
    ready: Ready, method: str, name: str, token: str, *, body: str | None = None, timeout: float = _CALL_TIMEOUT
) -> dict[str, Any]:
    """One call of the administrator. Raises LocalPlatformError when it is not answered as it should be."""
    connection = http.client.HTTPConnection("127.0.0.1", ready.port, timeout=timeout)
    try:
        headers = {"X-Admin-Token": token} if token else {}
        connection.request(method, f"/__admin__/{name}", body=body, headers=headers)
        answer = connection.getresponse()
        value = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise LocalPlatformError(f"the local platform at {ready.url} does not answer: {error}") from error
    finally:
        connection.close()
    if answer.status >= http.HTTPStatus.BAD_REQUEST or not isinstance(value, dict):
        raise LocalPlatformError(f"the local platform at {ready.url} answered {answer.status} to {name}")
    return value


@contextmanager
def _starting(folder: Folder) -> Iterator[None]:
    """Only one at a time may start or wipe. Raises LocalPlatformError after too long a wait."""
    lock = Lock(folder.root / "start.lock")
    deadline = time.monotonic() + 2 * START_PATIENCE
    while not lock.take():
        if time.monotonic() > deadline:
            raise LocalPlatformError(f"process {lock.holder()} has been starting the local platform for too long")
        time.sleep(_POLL)
    try:
        yield
    finally:
        lock.release()


def _holder(folder: Folder) -> int | None:
    return Lock(folder.root / "server.lock").holder()


def _wait_until_gone(folder: Folder, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while _holder(folder) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL)
    return True


def _signal(pid: int, number: signal.Signals) -> None:
    """Signals a process that may be gone already. Raises LocalPlatformError when it is another user's."""
    try:
        if pid > 0:
            os.kill(pid, number)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise LocalPlatformError(f"process {pid} belongs to another user and cannot be ended") from error


def _tail(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace").strip()[-2000:] if file.exists() else ""
