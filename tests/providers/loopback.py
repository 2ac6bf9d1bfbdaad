"""A tiny real HTTP server on loopback that answers as scripted: what a platform and a network may do to a client."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


Behaviour = Callable[["_Handler"], None]


@dataclass(slots=True)
class Loopback:
    """The running server. `script` is what it does, one entry a request; the last one goes on for ever."""

    url: str
    script: list[Behaviour]
    seen: list[Seen] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self, request: Seen) -> Behaviour:
        """Records `request` and takes the next entry."""
        with self.lock:
            self.seen.append(request)
            return self.script.pop(0) if len(self.script) > 1 else self.script[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    loopback: Loopback

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.loopback.next(Seen(self.command, self.path, dict(self.headers), body))(self)

    do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 - the names http.server looks for

    def log_message(self, *arguments: Any) -> None:
        """Silence."""


def reply(status: int, body: Any = None, headers: Mapping[str, str] | None = None) -> Behaviour:
    """A whole answer; `body` is bytes, text, or a JSON value; None means empty."""
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    raw = b"" if body is None else raw

    def act(handler: _Handler) -> None:
        handler.send_response_only(status)
        for name, value in (headers or {}).items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw)

    return act


def hang_up(handler: _Handler) -> None:
    """Takes the request and closes without a word."""
    handler.close_connection = True


def reset(handler: _Handler) -> None:
    """Takes the request and tears the connection down."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def truncated(handler: _Handler) -> None:
    """Promises more than it sends."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b'{"id": ')
    handler.close_connection = True


def silent(seconds: float) -> Behaviour:
    """Takes the request and says nothing for a while."""

    def act(handler: _Handler) -> None:
        time.sleep(seconds)
        handler.close_connection = True

    return act


def dripping(pause: float, times: int) -> Behaviour:
    """Sends a body a byte at a time, each soon enough for a read time-out, all together never."""

    def act(handler: _Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        handler.close_connection = True
        for _ in range(times):
            try:
                handler.wfile.write(b" ")
                handler.wfile.flush()
            except OSError:
                return
            time.sleep(pause)

    return act


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what these tests are about."""


@contextmanager
def serving(*script: Behaviour, wrap: Callable[[socket.socket], socket.socket] | None = None) -> Iterator[Loopback]:
    """Serves `script` on a free port; `wrap` may put TLS around the listening socket."""
    loopback = Loopback("", list(script))
    handler = type("Handler", (_Handler,), {"loopback": loopback})
    server = _Server(("127.0.0.1", 0), handler)
    loopback.url = f"{'https' if wrap else 'http'}://127.0.0.1:{server.server_address[1]}"
    if wrap:
        server.socket = wrap(server.socket)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield loopback
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def tunnelling(to: Loopback) -> Iterator[str]:
    """The URL of a proxy whose every tunnel leads to `to`, whatever it is asked for."""
    host, port = urlsplit(to.url).hostname, urlsplit(to.url).port

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                sink.sendall(piece)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    class Tunnel(BaseRequestHandler):
        def handle(self) -> None:
            head = b""
            while b"\r\n\r\n" not in head:
                head += self.request.recv(65536)
            self.request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with socket.create_connection((host, port)) as onward:
                back = threading.Thread(target=pump, args=(onward, self.request), daemon=True)
                back.start()
                pump(self.request, onward)
                back.join()

    with ThreadingTCPServer(("127.0.0.1", 0), Tunnel) as server:
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def closed_port() -> int:
    """A port of loopback where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def routed(routes: Mapping[str, Behaviour]) -> Behaviour:
    """Answers by `METHOD /path`, the query left out; anything else is a 404 in nobody's words."""

    def act(handler: _Handler) -> None:
        routes.get(f"{handler.command} {handler.path.partition('?')[0]}", reply(404))(handler)

    return act


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """One after the other; the last one goes on for ever."""
    left = list(behaviours)

    def act(handler: _Handler) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(handler)

    return act
