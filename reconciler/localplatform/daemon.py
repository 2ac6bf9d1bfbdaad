"""The server process: one folder, one port on the loopback interface, until somebody stops it."""

from __future__ import annotations

import logging
import os
import signal
import socket
import struct
import sys
import threading
import time
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING

from waitress.channel import ClientDisconnected
from waitress.server import create_server

from reconciler.errors import LocalPlatformError
from reconciler.localplatform.assembly import assemble
from reconciler.localplatform.faults import ConnectionDropped
from reconciler.localplatform.folder import MARKER, Folder, Lock, Ready
from reconciler.localplatform.measuring import Sampler
from reconciler.localplatform.phases import PROCESS, every_engine
from reconciler.localplatform.server import BODY_MOST
from reconciler.localplatform.team import shared_account
from reconciler.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path
    from types import FrameType

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from reconciler.localplatform.assembly import Platform
    from reconciler.localplatform.clock import Clock
    from reconciler.localplatform.engines.protocol import Engine, Listener
    from reconciler.localplatform.team import Team

PATIENCE = 8.0
"""Seconds running work gets to end when the server is stopped, before it is killed."""
_THREADS = 16
_ANSWER_FIRST = 0.1
_LOOK = 2.0
"""Seconds between two looks for the folder."""
_LOG = logging.getLogger(__name__)


class Server:
    """Serves one folder. `run` returns when somebody has asked to stop, by signal or through the administrator."""

    def __init__(
        self,
        root: Path,
        *,
        engine: str,
        port: int,
        instance: str,
        team: Team | None = None,
        answering: Callable[[int], None] = lambda _port: None,
    ) -> None:
        """`team`: a service for the accounts in the database, that leaves running work alone when it is stopped.
        `answering` is told the port once there is an answer to be had.
        """
        self._folder = Folder.claim(root)
        self._engine = engine
        self._port = port
        self._instance = instance
        self._team = team
        self._answering = answering
        self._cancel = team is None

    def run(self) -> None:
        """Serves until told to stop; once in the life of a process.

        Raises LocalPlatformError when the folder or the port is taken.
        """
        lock = Lock(self._folder.root / "server.lock")
        # Patience: whoever asks whether the lock is free holds it for an instant.
        if not lock.take(patience=2.0):
            raise LocalPlatformError(f"another server uses {self._folder.root} (process {lock.holder()})")
        # Never released: it is held for as long as this process lives, and whoever waits for that gets what they mean.
        try:
            os.chdir(self._folder.root)
            _log_to(self._folder.log)
            platform = assemble(
                self._folder.root,
                self._folder.account() if self._team is None else shared_account(self._folder.root),
                self._engines,
                self._engine,
                shutdown=self._shut_down,
            )
            runs = platform.services.runs
            sampler = Sampler(runs.history, PROCESS, runs.engine(PROCESS), platform.services.clock)
            try:
                sampler.start()
                self._serve(platform.application)
                self._end(platform)
            finally:
                sampler.stop()
                platform.close()
        finally:
            self._folder.unsay_ready()

    def _engines(self, listener: Listener, clock: Clock) -> Mapping[str, Engine]:
        return every_engine(self._folder.engine, listener, clock)

    def _serve(self, application: WSGIApplication) -> None:
        listener = self._listen()
        inner = listener if self._team is None else self._team.stand_before(listener, self._folder.root)
        server = create_server(
            closing(application),
            sockets=[inner],
            threads=_THREADS,
            ident=None,
            max_request_body_size=BODY_MOST,
            asyncore_use_poll=True,
        )
        signal.signal(signal.SIGTERM, _leave)
        signal.signal(signal.SIGINT, _leave)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        port = int(listener.getsockname()[1])
        self._folder.say_ready(Ready(self._instance, os.getpid(), port, __version__, self._engine, time.time()))
        _LOG.info("version %s answers on port %s, process %s", __version__, port, os.getpid())
        self._answering(port)
        if self._team is None:
            threading.Thread(target=self._end_with_folder, name="folder", daemon=True).start()
        try:
            server.run()
        finally:
            server.close()

    def _end_with_folder(self) -> None:
        """Whoever removes the folder of an embedded platform could never find it again to stop it."""
        marker = self._folder.root / MARKER
        while marker.exists():
            time.sleep(_LOOK)
        os.kill(os.getpid(), signal.SIGTERM)

    def _listen(self) -> socket.socket:
        """A socket of the loopback interface, or where a team wants it. Raises LocalPlatformError when it is taken."""
        host = "127.0.0.1" if self._team is None else self._team.host
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            return socket.create_server((host, self._port), family=family)
        except OSError as error:
            raise LocalPlatformError(
                f"cannot listen on port {self._port} of {host}: {error.strerror}",
                hint="leave the port out, and a free one is chosen",
            ) from error

    def _end(self, platform: Platform) -> None:
        self._folder.unsay_ready()
        if self._cancel and not platform.services.runs.stop_all(patience=PATIENCE):
            _LOG.warning("some work has not ended; it is looked for at the next start")
        _LOG.info("stopped")

    def _shut_down(self, cancel: bool) -> None:  # noqa: FBT001 - the administrator's callback
        """Ends the server once the answer to this very request is out."""
        self._cancel = cancel
        threading.Timer(_ANSWER_FIRST, os.kill, (os.getpid(), signal.SIGTERM)).start()


def closing(application: WSGIApplication) -> WSGIApplication:
    """An application around which dropped connections really are: closed without an answer, or reset."""

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return application(environ, start_response)
        except ConnectionDropped as dropped:
            if dropped.reset:
                # A lingering time of zero makes the close a reset. The bound method is the one way to the channel.
                channel = environ["waitress.client_disconnected"].__self__
                channel.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise ClientDisconnected from dropped

    return wrapped


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)


def _log_to(file: Path) -> None:
    handler = RotatingFileHandler(file, maxBytes=5 * 1024 * 1024, backupCount=1, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
