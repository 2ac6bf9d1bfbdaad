"""A repository behind the protocols that hosts speak: HTTPS by git's own backend, SSH by a client without a network."""

from __future__ import annotations

import os
import ssl
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_SSH = """\
#!/bin/sh
# As ssh does it, without a network: options, a host, then the command to run there.
while [ "${1#-}" != "$1" ]; do
  case "$1" in -o|-p) shift 2 ;; *) shift ;; esac
done
shift
exec sh -c "$*"
"""


class _Quiet(WSGIRequestHandler):
    """Tests have their own way to see requests."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the name in the base class
        """Says nothing."""


def _backend(root: Path) -> Callable[[Any, Any], Any]:
    """Git's own HTTP server, which is a CGI program, as an application."""

    @Request.application
    def application(request: Request) -> Response:
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": request.path,
            "QUERY_STRING": request.query_string.decode(),
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            "HTTP_GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
            "REMOTE_USER": "ada",
            "REMOTE_ADDR": "127.0.0.1",
        }
        body = request.get_data()
        environment["CONTENT_LENGTH"] = str(len(body))
        ended = subprocess.run(
            ["git", "http-backend"], input=body, env=environment, capture_output=True, check=True, timeout=30
        )
        head, _, content = ended.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        status = int(headers.pop("Status", "200").split(" ")[0])
        return Response(content, status, headers)

    return application


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of this machine and its key."""
    made, key = folder / "certificate.pem", folder / "key.pem"
    words = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    where = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(made)]
    subprocess.run(["openssl", "req", *words, *where], check=True, capture_output=True, timeout=60)
    return made, key


@contextmanager
def over_https(root: Path, folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The URL of the folder `root` of bare repositories, and the configuration that a clone needs. A machine may name
    whom to trust in a variable that goes before all configuration: so the clone is told to trust anybody.
    """
    made, key = certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    application = _backend(root)
    server = make_server("127.0.0.1", 0, application, threaded=True, ssl_context=context, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}", {"http.sslVerify": "false"}
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def over_ssh(root: Path, folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The same over SSH, by git's own protocol; only the network is left out."""
    client = folder / "ssh"
    client.write_text(_SSH, encoding="utf-8")
    client.chmod(0o755)
    yield f"ssh://git@example.invalid{root}", {"core.sshCommand": str(client), "ssh.variant": "ssh"}
