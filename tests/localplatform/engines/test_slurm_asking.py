"""Following through slurmrestd: one question for all jobs, and whatever goes wrong is never taken for "no jobs"."""

from __future__ import annotations

import base64
import json
import os
import socket
import socketserver
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.localplatform.engines.simulated import SimulatedEngine
from reconciler.localplatform.engines.slurm.asking import ByRest, Told
from reconciler.localplatform.engines.slurm.engine import slurm_engine
from reconciler.localplatform.engines.slurm.reading import Row
from reconciler.localplatform.engines.slurm.site import Site
from reconciler.localplatform.work import Run, Status, Task
from tests.localplatform.engines.conftest import Bench, shell
from tests.localplatform.engines.paper_cluster import PaperCluster

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDED = Path(__file__).parent / "recorded"
JOB = {"job_id": 7, "user_id": os.getuid(), "job_state": "RUNNING", "array_job_id": 0, "array_task_id": None}
BEGINNING = {"job_id": 7, "array_job_id": 7, "array_task_string": "1,3,...%2", "job_state": "PENDING"}
ROWS = (Row("7", 0, "RUNNING"),)
JWT = "eyJfake.fake.fake"
ENDED = f"eyJfake.{base64.urlsafe_b64encode(json.dumps({'exp': 1_000_000_000, 'sun': 'ana'}).encode()).decode()}.fake"


@dataclass
class Service:
    """What a stand-in for slurmrestd answers: a status, a body and its type, by default of 22.05. `length` is announced
    instead of the true one; `silent`: it does not answer at all. `asked` holds paths and tokens.
    """

    jobs: Any = field(default_factory=lambda: [JOB])
    status: int = 200
    body: str | None = None
    kind: str = "application/json"
    length: int | None = None
    silent: threading.Event | None = None
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answers a question."""
        self.asked.append((handler.path, handler.headers.get("X-SLURM-USER-TOKEN")))
        if self.silent is not None:
            self.silent.wait(30)
            return
        body = self.body if self.body is not None else json.dumps({"errors": [], "jobs": self.jobs})
        if self.status == 200 and self.body is None and handler.path.endswith("/openapi/v3"):
            body = (RECORDED / "openapi-22.05.json").read_text()
        data = body.encode()
        handler.send_response(self.status)
        handler.send_header("Content-Type", self.kind)
        handler.send_header("Content-Length", str(self.length or len(data)))
        handler.end_headers()
        handler.wfile.write(data)


@contextmanager
def listening(service: Service, path: Path | None = None) -> Iterator[str]:
    """The address of a service: a socket at `path`, else a port of the loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            service.answer(self)

        def log_message(self, *_: object) -> None:
            """Nothing is logged."""

        def address_string(self) -> str:
            return "somebody"

    made: Any
    if path is not None:
        made = socketserver.ThreadingUnixStreamServer(str(path), Handler)
        address = f"unix:{path}"
    else:
        made = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        address = f"http://127.0.0.1:{made.server_address[1]}"
    made.daemon_threads = True
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield address
    finally:
        made.shutdown()
        thread.join()
        made.server_close()


def never() -> Told:
    """Whoever should not be asked."""
    pytest.fail("squeue was asked")


@pytest.fixture
def place() -> Iterator[Path]:
    """Where a socket may be: its path may not be long."""
    import tempfile

    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder) / "s"


def test_one_question_for_all_jobs(place: Path) -> None:
    """The description of the service is asked for once, then each look is one question."""
    service = Service()
    with listening(service, place) as address:
        ask = ByRest(address, "", never)
        assert [ask(), ask(), ask()] == [Told(ROWS)] * 3
    assert [path for path, _ in service.asked] == ["/openapi/v3", *["/slurm/v0.0.38/jobs"] * 3]
    assert {token for _, token in service.asked} == {None}


def test_a_token_is_read_for_each_question(tmp_path: Path) -> None:
    """As `scontrol token` writes it or alone; a renewed one holds at once, behind a proxy's prefix, too."""
    file = tmp_path / "token"
    file.touch(0o600)
    file.write_text(f"SLURM_JWT={JWT}\n")
    service = Service()
    with listening(service) as address:
        ask = ByRest(f"{address}/slurm-api/", str(file), never)
        assert ask() == Told(ROWS)
        file.write_text("eyJanother.fake.fake")
        assert ask() == Told(ROWS)
    assert service.asked == [
        ("/slurm-api/openapi/v3", JWT),
        ("/slurm-api/slurm/v0.0.38/jobs", JWT),
        ("/slurm-api/slurm/v0.0.38/jobs", "eyJanother.fake.fake"),
    ]


@pytest.mark.parametrize(
    ("mode", "text", "words"),
    [
        (0o644, JWT, "everybody may read"),
        (0o600, "", "holds no token"),
        (0o600, f"{JWT}\nX-Other: 1", "holds no token"),
        (0o600, "tökén", "holds no token"),
        (None, "", "cannot read the token"),
    ],
)
def test_a_token_that_cannot_be_used(tmp_path: Path, mode: int | None, text: str, words: str) -> None:
    """It is said, and never what it was."""
    file = tmp_path / "token"
    if mode is not None:
        file.write_text(text)
        file.chmod(mode)
    service = Service()
    with listening(service) as address:
        told = ByRest(address, str(file), never)()
    assert told.rows is None
    assert words in told.complaint
    assert JWT not in told.complaint
    assert not service.asked


ERROR = '{"errors": [{"description": "Failed while looking for jobs", "source": "slurm_load_jobs"}], "jobs": []}'


@pytest.mark.parametrize(
    ("service", "words"),
    [
        (
            Service(status=401, body="Authentication failure", kind="text/plain"),
            "401 Unauthorized: it accepts no other",
        ),
        (Service(status=500, body=ERROR), "500 Internal Server Error: slurm_load_jobs: Failed while looking for jobs"),
        (Service(body=ERROR), "slurm_load_jobs: Failed while looking for jobs"),
        (Service(status=404, body="no such page", kind="text/plain"), "404 Not Found"),
        (Service(status=302, body="", kind="text/html"), "302 Found"),
        (Service(body="<html>sign in</html>", kind="text/html"), "its answer is no JSON but text/html"),
        (Service(body='{"jobs": [', kind="application/json"), "its answer is no JSON"),
        (Service(body='{"paths": {}}'), "names no /slurm/v0.0.*/jobs"),
        (Service(jobs=None), "its answer tells no jobs"),
        (Service(length=100_000), "the answer broke off"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_goes_wrong_is_said_and_no_job_is_gone(place: Path, service: Service, words: str) -> None:
    """Nothing is known, and the complaint names the address and the reason; a later answer counts again."""
    with listening(service, place) as address:
        ask = ByRest(address, "", never)
        told = ask()
        assert told.rows is None
        assert told.complaint.startswith(f"slurmrestd at {address}: ")
        assert words in told.complaint
        service.status, service.body, service.jobs, service.length = 200, None, [JOB], None
        assert ask() == Told(ROWS)


@pytest.mark.parametrize(
    ("status", "token", "words"),
    [
        (401, JWT, "it does not accept the token in {}; `scontrol token` makes a new one"),
        (401, ENDED, "the token in {} has ended; `scontrol token` makes a new one"),
        (500, ENDED, "the token in {} has ended; `scontrol token` makes a new one"),
        (500, JWT, "the controller is away, or does not accept the token in {}"),
    ],
)
def test_a_token_that_is_refused(tmp_path: Path, status: int, token: str, words: str) -> None:
    """The file is named, and how to get a new one; of a token that has ended, so much is said."""
    file = tmp_path / "token"
    file.touch(0o600)
    file.write_text(token)
    with listening(Service(status=status, body="", kind="text/plain")) as address:
        told = ByRest(address, str(file), never)()
    assert told.complaint.endswith(f": {words.format(file)}")


def test_nobody_is_there(place: Path) -> None:
    """No socket, a socket nobody listens at, a port nobody listens at: all are said."""
    assert "No such file" in ByRest(f"unix:{place}", "", never)().complaint
    with socket.socket(socket.AF_UNIX) as bound, socket.socket() as port:
        bound.bind(str(place))
        port.bind(("127.0.0.1", 0))
        assert "refused" in ByRest(f"unix:{place}", "", never)().complaint
        assert "refused" in ByRest(f"http://127.0.0.1:{port.getsockname()[1]}", "", never)().complaint


def test_no_answer_in_time(place: Path) -> None:
    """A service that hangs is given up."""
    service = Service(silent=threading.Event())
    with listening(service, place) as address:
        told = ByRest(address, "", never, patience=0.2)()
        assert service.silent is not None
        service.silent.set()
    assert told == Told(None, f"slurmrestd at {address}: no answer within 0.2 s")


def test_squeue_is_asked_where_a_list_was_cut_short(place: Path) -> None:
    """The list of waiting elements that slurmrestd tells is shortened when it has many holes."""
    service = Service(jobs=[{**BEGINNING, "user_id": os.getuid()}])
    instead = Told((Row("7", 5, "PENDING"),))
    with listening(service, place) as address:
        assert ByRest(address, "", lambda: instead)() == instead


def test_a_run_outlives_a_service_that_is_away(place: Path, tmp_path: Path) -> None:
    """Nothing ends while nobody answers; when somebody does, the run goes on as it is. squeue is never asked."""
    cluster, bench = PaperCluster(), Bench(SimulatedEngine())
    site = Site(shared=tmp_path, grace=0.5, poll=0.05, rest=f"unix:{place}")
    bench.engine = slurm_engine(tmp_path / "engine", bench.news.extend, site, commands=cluster)
    service = Service(jobs=[])
    bench.engine.submit(Run("run-1", (Task("only", (shell("true"),)),)))
    bench.wait_for(lambda: len(cluster.jobs) == 1)
    with listening(service, place):
        service.status, service.body = 500, ERROR
        bench.wait_for(lambda: len(service.asked) > 3)
    assert bench.engine.observe("run-1").status is Status.PENDING
    place.unlink()
    job = {**JOB, "job_id": 1, "comment": cluster.jobs[1].comment, "job_state": ["NODE_FAIL"]}
    service.status, service.body, service.jobs = 200, None, [job]
    with listening(service, place):
        shown = bench.ended("run-1").task("only").instances[0]
    bench.engine.close()
    assert "its node failed: Slurm says NODE_FAIL" in shown.message
    assert "squeue" not in cluster.asked
