"""The token goes to one place; reads are patient; what would be said twice is said once."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.forges.exchange import Exchange, ForgeError

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "fake-token-do-not-show"
Answers = list[tuple[int, dict[str, str], bytes]]


@contextmanager
def host(answers: Answers) -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    """Gives `answers` one after the other; the last one goes on. What it was asked: method, path, token."""
    asked: list[tuple[str, str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked.append((self.command, self.path, self.headers.get("PRIVATE-TOKEN", "")))
            status, headers, body = answers.pop(0) if len(answers) > 1 else answers[0]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value.replace("{here}", f"http://{self.headers['Host']}"))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815 - as the base class calls them

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def exchange(url: str, waited: list[float] | None = None) -> Exchange:
    """One whose waits are only written down."""
    return Exchange(url, {"PRIVATE-TOKEN": TOKEN}, sleep=(waited if waited is not None else []).append)


def _ok(value: Any, **headers: str) -> tuple[int, dict[str, str], bytes]:
    return 200, headers, json.dumps(value).encode()


def test_pages_are_followed_to_the_end() -> None:
    """As long as there is a next one."""
    with host([_ok([1, 2], Link='<{here}/p?page=2>; rel="next"'), _ok([3])]) as (url, asked):
        assert list(exchange(url).pages("/p")) == [1, 2, 3]
        assert [path for _, path, _ in asked] == ["/p", "/p?page=2"]


def test_the_token_goes_to_one_host_only() -> None:
    """Neither a redirection nor a next page takes it elsewhere."""
    with host([_ok([9])]) as (other, elsewhere):
        with host([(302, {"Location": f"{other}/x"}, b"")]) as (url, _), pytest.raises(ForgeError):
            exchange(url).get("/p")
        with host([_ok([1], Link=f'<{other}/p?page=2>; rel="next"')]) as (url, _):
            assert list(exchange(url).pages("/p")) == [1]
        assert elsewhere == []


def test_a_busy_host_is_given_time() -> None:
    """As long as it says, at most a minute; then the answer counts."""
    waited: list[float] = []
    with host([(429, {"Retry-After": "7"}, b""), (503, {"Retry-After": "9999"}, b""), _ok({"a": 1})]) as (url, _):
        assert exchange(url, waited).get("/p") == {"a": 1}
    assert waited == [7.0, 60.0]


def test_patience_ends() -> None:
    """Four attempts, then an error with the status."""
    with host([(500, {}, b"")]) as (url, asked):
        with pytest.raises(ForgeError) as raised:
            exchange(url).get("/p")
        assert (raised.value.status, len(asked)) == (500, 4)


def test_nothing_is_said_twice() -> None:
    """A comment that may have been made is not made again."""
    with host([(502, {}, b"")]) as (url, asked):
        with pytest.raises(ForgeError):
            exchange(url).send("POST", "/p", {"body": "x"})
        assert len(asked) == 1


@pytest.mark.parametrize("body", [b'{"message": "No \\u001b[31m"}', b"<html>", b"[]", b'"x"', b""])
def test_a_refusal_is_told_without_the_token(body: bytes) -> None:
    """Whatever its body is."""
    with host([(403, {}, body)]) as (url, _):
        with pytest.raises(ForgeError) as raised:
            exchange(url).get("/p")
        assert TOKEN not in raised.value.message + raised.value.hint
        assert raised.value.status == 403


def test_no_json_is_an_error_of_ours() -> None:
    """A proxy's page with status 200, and nobody at all."""
    with host([(200, {}, b"<html>")]) as (url, _), pytest.raises(ForgeError):
        exchange(url).get("/p")
    with pytest.raises(ForgeError):
        exchange("http://127.0.0.1:9").get("/p")
