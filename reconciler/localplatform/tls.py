"""TLS in front of the HTTP server: bytes in, decrypted, to a socket that only this user can reach, and back.

The HTTP server has no TLS of its own, and the standard library's is kept with the interpreter: see the decision in
docs/decisions/0061-secrets-of-a-team-are-derived.md.
"""

from __future__ import annotations

import logging
import os
import select
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING

from reconciler.errors import LocalPlatformError

if TYPE_CHECKING:
    from pathlib import Path

_CHUNK = 64 * 1024
_HANDSHAKE = 10.0
_IDLE = 300.0
_PAUSE = 0.1
"""Seconds until a server that was out of files accepts again."""
_MOST = 256
"""Connections at once; others wait to be accepted."""
_LOG = logging.getLogger(__name__)


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """A server's side of TLS 1.2 and later. Raises LocalPlatformError when the files are no certificate and its key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise LocalPlatformError(f"cannot use {certificate} with {key}: {error}") from error
    return context


class TlsFront:
    """Accepts on `listener` and forwards to the Unix socket at `inner`. Threads of its own, from `start` on."""

    def __init__(self, listener: socket.socket, context: ssl.SSLContext, inner: Path) -> None:
        self._listener = listener
        self._context = context
        self._inner = str(inner)
        self._room = threading.BoundedSemaphore(_MOST)

    def start(self) -> None:
        """Begins to accept."""
        threading.Thread(target=self._accept, name="tls", daemon=True).start()

    def _accept(self) -> None:
        while True:
            self._room.acquire()
            try:
                connection, _ = self._listener.accept()
            except OSError as error:
                self._room.release()
                if self._listener.fileno() < 0:  # closed: the server ends
                    return
                _LOG.warning("a connection was not accepted: %s", error)
                time.sleep(_PAUSE)
                continue
            threading.Thread(target=self._serve, args=(connection,), name="tls-connection", daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.settimeout(_HANDSHAKE)
            with self._context.wrap_socket(connection, server_side=True) as outer:
                self._forward(outer)
        except OSError as error:  # ssl.SSLError is one
            _LOG.info("a connection ended: %s", error)
        finally:
            connection.close()
            self._room.release()

    def _forward(self, outer: ssl.SSLSocket) -> None:
        """Both ways in one thread: a TLS connection is not made for two."""
        outer.settimeout(_IDLE)
        with socket.socket(socket.AF_UNIX) as inner:
            inner.settimeout(_IDLE)
            inner.connect(self._inner)
            waiting = select.poll()  # `select` cannot tell files apart from the 1024th on
            for each in (outer, inner):
                waiting.register(each, select.POLLIN)
            while True:
                ready = {outer.fileno()} if outer.pending() else {file for file, _ in waiting.poll(_IDLE * 1000)}
                for source in (one for one in (outer, inner) if one.fileno() in ready):
                    data = source.recv(_CHUNK)
                    if not data:
                        return
                    (inner if source is outer else outer).sendall(data)
                if not ready:
                    return


def inner_listener(path: Path) -> socket.socket:
    """A listening Unix socket that only this user can reach. Raises LocalPlatformError when it cannot be made."""
    listener = socket.socket(socket.AF_UNIX)
    try:
        path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        listener.listen(128)
    except OSError as error:
        listener.close()
        message = f"cannot listen at {path}: {error}"
        raise LocalPlatformError(message, hint="choose a folder with a shorter path") from error
    return listener
