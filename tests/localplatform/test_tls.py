"""The TLS front of a server with many accounts keeps serving when the server is busy."""

from __future__ import annotations

import errno
import os
import resource
import socket
import ssl
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.localplatform.tls import TlsFront, inner_listener, tls_context
from tests.support.certificates import self_signed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MANY = 1100
"""More files than `select` can tell apart."""


class Short:
    """A listener of a process that has no file left for the first connection."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._fails = 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._listener, name)

    def accept(self) -> Any:
        """Fails once."""
        if self._fails:
            self._fails -= 1
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return self._listener.accept()


def test_served_while_many_files_are_open(tmp_path: Path) -> None:
    """Runs, databases and connections count too: the number of a connection's file says nothing."""
    with ExitStack() as held, socket.create_server(("127.0.0.1", 0)) as listener:
        held.enter_context(_many_files())
        for _ in range(MANY):
            held.callback(os.close, os.dup(0))
        assert _echoed(tmp_path, listener, listener) == b"hello"


def test_served_after_a_connection_that_could_not_be_accepted(tmp_path: Path) -> None:
    """Being out of files passes; the server still serves then."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert _echoed(tmp_path, listener, Short(listener)) == b"hello"


def _echoed(folder: Path, listener: socket.socket, accepting: Any) -> bytes:
    """What comes back for a word sent through a front."""
    certificate, key = self_signed(folder)
    with inner_listener(folder / "s") as inner:
        threading.Thread(target=_echo, args=(inner,), daemon=True).start()
        TlsFront(accepting, tls_context(certificate, key), folder / "s").start()
        trusting = ssl.create_default_context(cafile=str(certificate))
        with (
            socket.create_connection(listener.getsockname(), timeout=5) as plain,
            trusting.wrap_socket(plain, server_hostname="127.0.0.1") as client,
        ):
            client.sendall(b"hello")
            return client.recv(100)


def _echo(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.sendall(connection.recv(100))


@contextmanager
def _many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MANY + 500
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip("this user may not open that many files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted) if soft != resource.RLIM_INFINITY else soft, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
