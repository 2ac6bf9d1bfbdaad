"""The server as a process: started once, found again, stopped cleanly, recovered after any death."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from reconciler.errors import LocalPlatformError
from reconciler.localplatform import control
from reconciler.localplatform.folder import Folder, Lock
from reconciler.version import __version__
from tests.localplatform.client import Client
from tests.localplatform.pipelines import ONE_SCRIPT, app_running, job_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.localplatform.control import Instance

PATIENCE = 30.0
ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for a platform, stopped at the end."""
    yield tmp_path / "local"
    with suppress(LocalPlatformError):
        control.stop(tmp_path / "local")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Instance]]:
    """One running platform for tests that leave it running."""
    place = tmp_path_factory.mktemp("shared") / "local"
    yield place, control.ensure_running(place)
    control.stop(place)


def client_of(place: Path, instance: Instance) -> Client:
    """A caller over a real socket."""
    return Client(HTTPAdapter(), Folder(place).account(), base=instance.url)


def alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def until(condition: Any) -> None:
    """Waits until something holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_started_once_and_found_again(shared: tuple[Path, Instance]) -> None:
    """A second call finds the first one's server, which says how it is."""
    place, instance = shared
    assert control.ensure_running(place) == instance
    assert control.start(place) == instance
    status = control.status(place)
    assert status is not None
    assert (status.url, status.pid, status.version, status.engine) == (
        instance.url,
        instance.pid,
        __version__,
        "process",
    )
    assert (status.active_runs, status.uptime >= 0) == (0, True)
    assert instance.url.startswith("http://127.0.0.1:")


def test_it_has_a_session_of_its_own(shared: tuple[Path, Instance]) -> None:
    """Whoever started it may go: no terminal, no parent, no signal of theirs reaches it."""
    pid = shared[1].pid
    assert os.getsid(pid) == pid
    assert os.getsid(pid) != os.getsid(0)


def test_only_its_owner_reads_the_keys(shared: tuple[Path, Instance]) -> None:
    """Account and address are the owner's alone, git ignores the folder, and nothing secret is shown by accident."""
    place, instance = shared
    for name in ("account.json", "ready.json"):
        assert stat.S_IMODE((place / name).stat().st_mode) == 0o600
    assert (place / ".gitignore").read_text() == "*\n"
    for secret in (instance.secret_key, instance.admin_token, instance.password):
        assert len(secret) >= 16
        assert secret not in repr(instance)
        assert secret not in (place / "server.log").read_text()


def test_only_the_loopback_answers(shared: tuple[Path, Instance]) -> None:
    """The port is bound to 127.0.0.1 and to nothing else."""
    port = int(shared[1].url.rpartition(":")[2])
    table = Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]
    bound = {line.split()[1] for line in table if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"}
    assert bound == {f"0100007F:{port:04X}"}


def test_another_engine_or_port_is_refused(shared: tuple[Path, Instance]) -> None:
    """A person who asks for something else hears what runs, and what to do."""
    place, instance = shared
    for options in ({"engine": "simulated"}, {"port": 1}):
        with pytest.raises(LocalPlatformError, match="runs already") as caught:
            control.start(place, **options)
        assert "local stop" in caught.value.hint
    assert control.ensure_running(place, engine="simulated") == instance


@pytest.mark.parametrize(
    ("rule", "error"),
    [
        ({"fault": "reset"}, requests.ConnectionError),
        ({"fault": "lost"}, requests.ConnectionError),
        ({"fault": "truncate"}, requests.exceptions.ChunkedEncodingError),
    ],
    ids=str,
)
def test_faults_on_a_real_socket(shared: tuple[Path, Instance], rule: dict[str, Any], error: type[Exception]) -> None:
    """What the in-process adapter imitates is what sockets do; the server goes on."""
    with client_of(*shared) as client:
        client.admin("PUT", "faults", {"rules": [{**rule, "operation": "ListUser"}]})
        with pytest.raises(error):
            client.call("GET", f"{client.root}/users")
        assert client.call("GET", f"{client.root}/users").status_code == 200


def test_large_bodies_on_a_real_socket(shared: tuple[Path, Instance]) -> None:
    """Too much is refused without ending the server."""
    with client_of(*shared) as client:
        answer = client.call("POST", f"{client.root}/system/labels", data=b"x" * (13 * 1024 * 1024))
        assert answer.status_code == 413
        assert client.call("GET", f"{client.root}/users").status_code == 200


def test_many_start_it_at_once(folder: Path) -> None:
    """Processes that all need it get the same one."""
    code = (
        "import sys; from pathlib import Path; from reconciler.localplatform import control;"
        "sys.stdout.write(str(control.ensure_running(Path(sys.argv[1])).pid))"
    )

    def start(_: int) -> str:
        command = [sys.executable, "-c", code, str(folder)]
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT, timeout=90).stdout

    with ThreadPoolExecutor(3) as pool:
        pids = set(pool.map(start, range(3)))
    status = control.status(folder)
    assert status is not None
    assert pids == {str(status.pid)}
    assert alive(status.pid)


def test_stop_ends_everything(folder: Path, tmp_path: Path) -> None:
    """Server and running work are gone, and a job says it was cancelled when the server is back."""
    instance = control.ensure_running(folder)
    with client_of(folder, instance) as client:
        pids = tmp_path / "pids"
        client.create("apps", app_running(f"sleep 1000 & echo $! $$ > {pids}", "wait"))
        client.create("workflows", ONE_SCRIPT)
        job = client.create("jobs", job_of())
        until(lambda: pids.exists() and len(pids.read_text().split()) == 2)
        status = control.status(folder)
        assert status is not None
        assert status.active_runs == 1
    assert control.stop(folder)
    until(lambda: not alive(instance.pid))
    assert not any(alive(int(pid)) for pid in pids.read_text().split())
    assert control.status(folder) is None
    assert not control.stop(folder)
    again = control.ensure_running(folder)
    assert (again.secret_key, again.project_id) == (instance.secret_key, instance.project_id)
    with client_of(folder, again) as client:
        assert client.show("jobs", job)["status"] == "CANCELLED"


def test_who_removes_its_folder_ends_it(folder: Path, tmp_path: Path) -> None:
    """`rm -rf` leaves neither a server nor work behind that nobody could find again."""
    instance = control.ensure_running(folder)
    with client_of(folder, instance) as client:
        pid = tmp_path / "pid"
        client.create("apps", app_running(f"echo $$ > {pid}", "sleep 1000"))
        client.create("workflows", ONE_SCRIPT)
        client.create("jobs", job_of())
        until(lambda: pid.exists() and pid.read_text().strip())
    until(lambda: shutil.rmtree(folder, ignore_errors=True) or not folder.exists())
    until(lambda: not alive(instance.pid))
    until(lambda: not alive(int(pid.read_text())))
    assert not folder.exists()


def test_a_signal_stops_it_cleanly(folder: Path) -> None:
    """SIGTERM is as good as asking; nothing stale is left behind."""
    instance = control.ensure_running(folder, engine="simulated")
    os.kill(instance.pid, signal.SIGTERM)
    until(lambda: Lock(folder / "server.lock").holder() is None)
    assert not (folder / "ready.json").exists()
    assert "stopped" in (folder / "server.log").read_text()
    assert control.status(folder) is None


def test_a_server_that_hangs(folder: Path) -> None:
    """One that neither answers nor obeys is killed, and the next call has a server again."""
    instance = control.ensure_running(folder, engine="simulated")
    os.kill(instance.pid, signal.SIGSTOP)
    assert control.stop(folder, patience=0.2)
    until(lambda: not alive(instance.pid))
    assert control.ensure_running(folder, engine="simulated").pid != instance.pid


def test_killed_and_recovered(folder: Path, tmp_path: Path) -> None:
    """After kill -9 the next call starts a new server, which finds the work that went on meanwhile."""
    first = control.ensure_running(folder)
    go = tmp_path / "go"
    with client_of(folder, first) as client:
        client.create("apps", app_running(f"until [ -e {go} ]; do sleep 0.02; done", "echo done"))
        client.create("workflows", ONE_SCRIPT)
        job = client.create("jobs", job_of())
        until(lambda: client.show("jobs", job)["status"] == "RUNNING")
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: not alive(first.pid))
    assert (folder / "ready.json").exists()
    assert control.status(folder) is None
    second = control.ensure_running(folder)
    assert second.pid != first.pid
    with client_of(folder, second) as client:
        assert client.show("jobs", job)["status"] == "RUNNING"
        go.touch()
        until(lambda: client.show("jobs", job)["status"] == "SUCCEEDED")


def test_a_stale_address_is_not_believed(folder: Path, shared: tuple[Path, Instance]) -> None:
    """A file left behind that points at somebody else's port and process does not lead there."""
    place, other = shared
    Folder.claim(folder)
    left = json.loads((place / "ready.json").read_text())
    (folder / "ready.json").write_text(json.dumps({**left, "pid": os.getpid()}))
    assert control.status(folder) is None
    assert not control.stop(folder)
    instance = control.ensure_running(folder, engine="simulated")
    assert instance.url != other.url
    assert alive(other.pid)


def test_another_version_is_reported(folder: Path) -> None:
    """A server of another release is left alone, and the person hears what to do."""
    instance = control.ensure_running(folder, engine="simulated")
    ready = json.loads((folder / "ready.json").read_text())
    (folder / "ready.json").write_text(json.dumps({**ready, "version": "0.0.1"}))
    with pytest.raises(LocalPlatformError, match=r"version 0\.0\.1") as caught:
        control.ensure_running(folder)
    assert "local stop" in caught.value.hint
    assert alive(instance.pid)
    assert control.stop(folder)


def test_a_taken_port(folder: Path) -> None:
    """Said with the port's number, and nothing is left running."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LocalPlatformError, match=f"port {port}"):
            control.start(folder, port=port)
    assert Lock(folder / "server.lock").holder() is None
    assert control.start(folder, port=port, engine="simulated").url.endswith(f":{port}")


def test_an_engine_that_does_not_exist(folder: Path) -> None:
    """A server that cannot start says why."""
    with pytest.raises(LocalPlatformError, match="no engine 'quantum'"):
        control.ensure_running(folder, engine="quantum")


def test_a_damaged_memory(folder: Path) -> None:
    """The reason reaches the person who asked for a server, with the way out."""
    Folder.claim(folder)
    (folder / "platform.sqlite3").write_bytes(b"damaged, and long enough to be looked at" * 40)
    with pytest.raises(LocalPlatformError, match="cannot use") as caught:
        control.ensure_running(folder)
    assert "local reset" in caught.value.message
    control.reset(folder)
    assert control.ensure_running(folder, engine="simulated").pid


def test_folders_of_others(tmp_path: Path) -> None:
    """A folder with somebody's files is neither used nor emptied."""
    (tmp_path / "thesis.txt").write_text("years of work")
    for act in (control.ensure_running, control.reset):
        with pytest.raises(LocalPlatformError, match="not a folder of a local platform"):
            act(tmp_path)
    assert control.status(tmp_path) is None
    assert not control.stop(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_folders_that_cannot_be(tmp_path: Path) -> None:
    """A folder that cannot be made, or of another layout, is a sentence and not a traceback."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(LocalPlatformError, match="cannot use"):
        control.ensure_running(tmp_path / "file" / "local")
    folder = Folder.claim(tmp_path / "later")
    (folder.root / "local-platform.json").write_text('{"format": 99}')
    with pytest.raises(LocalPlatformError, match="another release"):
        control.ensure_running(folder.root)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_folder(tmp_path: Path) -> None:
    """A place that cannot be written is a sentence too."""
    tmp_path.chmod(0o500)
    with pytest.raises(LocalPlatformError, match="cannot use"):
        control.ensure_running(tmp_path / "local")


def test_reset_removes_what_is_ours(folder: Path) -> None:
    """Objects, files and logs go, the account and strange files stay, and the server is stopped first."""
    instance = control.ensure_running(folder, engine="simulated")
    with client_of(folder, instance) as client:
        client.create("apps", app_running("true"))
        (folder / "data/demo/f").write_text("x")
    (folder / "mine.txt").write_text("kept")
    control.reset(folder)
    until(lambda: not alive(instance.pid))
    left = {path.name for path in folder.iterdir()}
    assert {"mine.txt", "account.json"} <= left
    assert not left & {"data", "platform.sqlite3", "ready.json", "engine", "server.log"}
    control.reset(folder)
    control.reset(folder.parent / "never-there")
    again = control.ensure_running(folder, engine="simulated")
    with client_of(folder, again) as client:
        assert client.call("GET", f"{client.space}/apps").json()["count"] == 0


def test_the_administrator_may_leave_work_running(folder: Path, tmp_path: Path) -> None:
    """A shutdown that is told so lets go of the work, and the next server finds it."""
    instance = control.ensure_running(folder)
    go = tmp_path / "go"
    with client_of(folder, instance) as client:
        client.create("apps", app_running(f"until [ -e {go} ]; do sleep 0.02; done"))
        client.create("workflows", ONE_SCRIPT)
        job = client.create("jobs", job_of())
        until(lambda: client.show("jobs", job)["status"] == "RUNNING")
        assert client.admin("POST", "shutdown", {"cancel": False}).status_code == 200
    until(lambda: Lock(folder / "server.lock").holder() is None)
    with client_of(folder, control.ensure_running(folder)) as client:
        assert client.show("jobs", job)["status"] == "RUNNING"
        go.touch()
        until(lambda: client.show("jobs", job)["status"] == "SUCCEEDED")
