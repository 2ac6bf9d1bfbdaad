"""Asks about all jobs in one question: squeue, or slurmrestd where the site has one."""

from __future__ import annotations

import http.client
import json
import os
import pwd
import socket
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from reconciler.localplatform.engines.slurm.commands import PATIENCE
from reconciler.localplatform.engines.slurm.reading import QUEUE, read_queue
from reconciler.localplatform.engines.slurm.rest import SPECIFICATION, errors_of, has_ended, jobs_path, read_jobs

if TYPE_CHECKING:
    from reconciler.localplatform.engines.slurm.commands import Commands
    from reconciler.localplatform.engines.slurm.reading import Row
    from reconciler.localplatform.engines.slurm.rest import Jobs
    from reconciler.localplatform.engines.slurm.site import Site

_PIECE = 1 << 16
_MOST = 1 << 29
"""Bytes of an answer: some hundred thousand jobs."""
_OTHERS = 0o007
_UNIX = "unix:"


@dataclass(frozen=True, slots=True)
class Told:
    """Every job of ours; `rows` is None when that is not known, and `complaint` says why. A `key` is the comment."""

    rows: tuple[Row, ...] | None
    complaint: str = ""


class Follower(Protocol):
    """Asks about all jobs, once. Never raises."""

    def __call__(self) -> Told:
        """What there is to tell."""


class _Unanswered(Exception):
    """Why there is no answer, in words for an operator."""


def follower(site: Site, commands: Commands) -> Follower:
    """The one that a site wants."""
    by_command = ByCommand(commands)
    return ByRest(site.rest, site.rest_token, by_command) if site.rest else by_command


class ByCommand:
    """Asks squeue."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._user = pwd.getpwuid(os.getuid()).pw_name

    def __call__(self) -> Told:
        """See Follower."""
        answer = self._commands("squeue", [f"--user={self._user}", *QUEUE])
        return Told(read_queue(answer.output)) if answer.code == 0 else Told(None, f"squeue: {answer.complaint}")


class ByRest:
    """Asks slurmrestd at `address`: `unix:/path`, `http://host:port` or `https://host:port`. The token is read from its
    file for each question, so that a renewed one holds at once. `instead` is asked when an answer is cut short.
    """

    def __init__(self, address: str, token_file: str, instead: Follower, *, patience: float = PATIENCE) -> None:
        self._address = address
        self._token_file = token_file
        self._instead = instead
        self._patience = patience
        self._path = ""

    def __call__(self) -> Told:
        """See Follower."""
        try:
            jobs = self._jobs()
        except _Unanswered as error:
            self._path = ""  # it may be another version when it is back
            return Told(None, f"slurmrestd at {self._address}: {error}")
        return self._instead() if jobs.cut else Told(jobs.rows)

    def _jobs(self) -> Jobs:
        self._path = self._path or self._find_path()
        jobs = read_jobs(self._get(self._path), os.getuid())
        if jobs is None:
            raise _Unanswered("its answer tells no jobs")
        return jobs

    def _find_path(self) -> str:
        specification = self._get(SPECIFICATION)
        path = jobs_path(specification) if isinstance(specification, dict) else ""
        if not path:
            raise _Unanswered(f"{SPECIFICATION} names no /slurm/v0.0.*/jobs")
        return path

    def _get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        headers = {"Accept": "application/json", **self._credentials()}
        end = time.monotonic() + self._patience
        with closing(self._connection()) as connection:
            try:
                connection.request("GET", f"{self._prefix}{path}", headers=headers)
                response = connection.getresponse()
                body = self._body(response, end)
            except TimeoutError as error:
                raise _Unanswered(f"no answer within {self._patience:g} s") from error
            except OSError as error:
                raise _Unanswered(f"{error.strerror or error}") from error
            except http.client.HTTPException as error:
                raise _Unanswered(f"the answer broke off: {type(error).__name__}") from error
        return self._judged(response, body)

    def _body(self, response: http.client.HTTPResponse, end: float) -> bytes:
        """All of an answer. Raises TimeoutError also when it comes, but too slowly."""
        pieces, length = [], 0
        while piece := response.read1(_PIECE):
            pieces.append(piece)
            length += len(piece)
            if time.monotonic() > end:
                raise TimeoutError
            if length > _MOST:
                raise _Unanswered(f"its answer is longer than {_MOST >> 20} MB")
        if response.length:  # what was announced and never came
            raise http.client.IncompleteRead(b"", response.length)
        return b"".join(pieces)

    def _judged(self, response: http.client.HTTPResponse, body: bytes) -> Any:  # noqa: ANN401 - JSON
        try:
            answer = json.loads(body)
        except ValueError:
            answer = None
        said = errors_of(answer)
        match response.status:
            case 200 if said:
                raise _Unanswered(said)
            case 200 if answer is None:
                raise _Unanswered(f"its answer is no JSON but {response.headers.get_content_type()}")
            case 200:
                return answer
            case _:
                words = (f"{response.status} {response.reason}", said, self._advice(response.status))
                raise _Unanswered(": ".join(filter(None, words)))

    def _advice(self, status: int) -> str:
        """What may be wrong. A controller that refuses a token makes the same 500 of it as one that is away."""
        token = f"the token in {self._token_file}"
        match status:
            case 401 | 403 if not self._token_file:
                return "it accepts no other user than the one it runs as, so both must be the same"
            case 401 | 403 | 500 if self._token_file and has_ended(self._token(), time.time()):
                return f"{token} has ended; `scontrol token` makes a new one"
            case 401 | 403:
                return f"it does not accept {token}; `scontrol token` makes a new one"
            case 500 if self._token_file:
                return f"the controller is away, or does not accept {token}"
        return ""

    @property
    def _prefix(self) -> str:
        """What a proxy has put before every path."""
        return "" if self._address.startswith(_UNIX) else urlsplit(self._address).path.rstrip("/")

    def _connection(self) -> http.client.HTTPConnection:
        if self._address.startswith(_UNIX):
            return _OverSocket(self._address.removeprefix(_UNIX), self._patience)
        parts = urlsplit(self._address)
        make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return make(parts.hostname or "", parts.port, timeout=self._patience)

    def _credentials(self) -> dict[str, str]:
        """Who we are; over a socket without a token the other side sees that by itself."""
        if not self._token_file:
            return {}
        return {"X-SLURM-USER-NAME": pwd.getpwuid(os.getuid()).pw_name, "X-SLURM-USER-TOKEN": self._token()}

    def _token(self) -> str:
        file = Path(self._token_file)
        try:
            if file.stat().st_mode & _OTHERS:
                raise _Unanswered(f"everybody may read {file}: chmod o= it")
            text = file.read_text(encoding="ascii").strip().removeprefix("SLURM_JWT=")
        except OSError as error:
            raise _Unanswered(f"cannot read the token in {file}: {error.strerror}") from error
        except ValueError as error:
            raise _Unanswered(f"{file} holds no token") from error
        if not text or len(text.split()) != 1:
            raise _Unanswered(f"{file} holds no token")
        return text


class _OverSocket(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._socket_path = path

    def connect(self) -> None:
        """See HTTPConnection."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._socket_path)
