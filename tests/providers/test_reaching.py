"""Getting through to a platform: whatever fails before the request leaves had no effect, and says where to look."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.errors import Unanswered, Unreachable
from reconciler.providers.errors import nested_fault
from reconciler.providers.exchange import Call, Dialect
from reconciler.providers.protocol import Transport
from reconciler.providers.session import Credentials, Session
from tests.providers.loopback import Behaviour, closed_port, hang_up, reply, reset, routed, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
QUICK = Transport(connect_timeout=2, read_timeout=2, deadline=5, backoff=0.001)
READ = Call("read thing", "GET", "/things/1")
CREATE = Call("create thing", "POST", "/things", body={"a": 1})
FINE = reply(200, {"id": "1"})


def session(url: str, transport: Transport = QUICK) -> Session:
    """A session to a URL."""
    return Session("prod", url, transport, Dialect(nested_fault), Credentials())


@pytest.mark.parametrize("call", [READ, CREATE])
def test_nothing_listens(call: Call) -> None:
    """A refused connection had no effect, and asks whether the endpoint is right."""
    url = f"http://127.0.0.1:{closed_port()}"
    with pytest.raises(Unreachable, match=f"nothing listens at {url}") as caught:
        session(url).call(call)
    assert "endpoint" in caught.value.hint


def test_unknown_name() -> None:
    """A host that does not resolve had no effect."""
    with pytest.raises(Unreachable, match="is not known here"):
        session("http://no-such-host.invalid").call(CREATE)


def test_tls_against_a_plain_server() -> None:
    """A handshake that fails happened before the request."""
    with serving(FINE) as server:
        with pytest.raises(Unreachable, match="no secure connection"):
            session(server.url.replace("http:", "https:")).call(CREATE)
        assert server.seen == []


@contextmanager
def listener(*, backlog: int, reset_after: int = 0) -> Iterator[int]:
    """A port that takes connections and says nothing; or resets them when so many bytes of a handshake have come."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(backlog)

        def resetting() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    client.recv(reset_after)
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    client.close()

        thread = threading.Thread(target=resetting, daemon=True)
        if reset_after:
            thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        if reset_after:
            thread.join()


@pytest.mark.parametrize("reset_after", [0, 1])
def test_handshake_that_is_not_answered_or_cut(reset_after: int) -> None:
    """A peer that takes the connection and then says nothing, or hangs up, in the middle of the TLS handshake has not
    seen the request: nothing was sent, whatever the HTTP library calls it.
    """
    with listener(backlog=8, reset_after=reset_after) as port:
        line = session(f"https://127.0.0.1:{port}", replace(QUICK, connect_timeout=0.2, read_timeout=0.2))
        with pytest.raises(Unreachable, match="no secure connection"):
            line.call(CREATE)
        line.close()


def test_connection_that_is_not_taken() -> None:
    """A machine that swallows connection attempts had no request of ours."""
    with listener(backlog=0) as port, socket.socket() as first, socket.socket() as second:
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        line = session(f"http://127.0.0.1:{port}", replace(QUICK, connect_timeout=0.2))
        with pytest.raises(Unreachable, match=r"no connection to .* within 0\.2 s"):
            line.call(CREATE)


IN_ITS_OWN_PROCESS = """
from reconciler.errors import PlatformError
from reconciler.providers.errors import nested_fault
from reconciler.providers.exchange import Call, Dialect
from reconciler.providers.protocol import Transport
from reconciler.providers.session import Credentials, Session
TRANSPORT = Transport(connect_timeout=2, read_timeout=2, attempts=1)
for url in {urls!r}:
    session = Session("prod", url, TRANSPORT, Dialect(nested_fault), Credentials())
    try:
        print(session.call(Call("read", "GET", "/x")))
    except PlatformError as error:
        print(type(error).__name__, error.message)
"""


def test_proxy_of_the_environment_is_used_for_other_machines_only() -> None:
    """The usual variables are honoured, a proxy that refuses means nothing was sent, and loopback never goes there."""
    with serving(routed({"GET http://platform.example/x": FINE})) as proxy, serving(FINE) as local:
        environment = {"http_proxy": proxy.url, "https_proxy": proxy.url, "PATH": os.defpath}
        code = IN_ITS_OWN_PROCESS.format(urls=["http://platform.example", "https://platform.example", local.url])
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, cwd=ROOT
        )
        assert [seen.path for seen in proxy.seen] == ["http://platform.example/x"]
        assert len(local.seen) == 1
    first, second, third = done.stdout.splitlines()
    assert first == third == "{'id': '1'}"
    assert second.startswith("Unreachable prod: read: the proxy does not let us through")


def test_missing_ca_bundle(tmp_path: Any) -> None:
    """A CA path that is not there stops everything before it starts."""
    with pytest.raises(Unreachable, match="TLS cannot be verified"):
        session("https://127.0.0.1:1", replace(QUICK, verify=str(tmp_path / "missing.pem"))).call(CREATE)


def test_a_proxy_that_is_told() -> None:
    """`Transport.proxy` takes every request but those to this machine itself."""
    with serving(FINE) as server:
        away = session("http://nowhere.test", replace(QUICK, proxy=server.url))
        here = session(server.url, replace(QUICK, proxy=f"http://127.0.0.1:{closed_port()}"))
        assert away.call(READ) == here.call(READ) == {"id": "1"}
    assert [seen.path for seen in server.seen] == ["http://nowhere.test/things/1", "/things/1"]


@pytest.mark.parametrize("breaking", [hang_up, reset])
def test_a_proxy_that_breaks_off_after_it_has_taken_the_request(breaking: Behaviour) -> None:
    """What a proxy was given it may have passed on: a create that got no answer through it may have been done."""
    with serving(breaking) as proxy:
        line = session("http://nowhere.test", replace(QUICK, proxy=proxy.url))
        with pytest.raises(Unanswered, match="the connection broke before an answer came"):
            line.call(CREATE)
    assert [(seen.method, seen.path) for seen in proxy.seen] == [("POST", "http://nowhere.test/things")]


@pytest.mark.parametrize("url", ["http://nowhere.test", "https://nowhere.test"])
def test_a_proxy_that_is_not_there(url: str) -> None:
    """Nothing reached the platform, and the proxy is named as what to look at."""
    line = session(url, replace(QUICK, proxy=f"http://127.0.0.1:{closed_port()}"))
    with pytest.raises(Unreachable, match="the proxy does not let us through") as caught:
        line.call(CREATE)
    assert "RECONCILER_PROXY" in caught.value.hint
