"""Forms that are read while they are sent: of known length, byte for byte, whatever the names and the contents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import Unreachable
from reconciler.providers.exchange import Call, Dialect, Form
from reconciler.providers.multipart import Multipart
from reconciler.providers.protocol import Transport
from reconciler.providers.session import Credentials, Session
from tests.providers.loopback import reply, serving

if TYPE_CHECKING:
    from pathlib import Path


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=600_000), chunk=st.integers(1, 700_000))
def test_what_is_read_is_what_was_put_in(tmp_path: Path, content: bytes, chunk: int) -> None:
    """In pieces of any size, with the length that was told."""
    file = tmp_path / "content"
    file.write_bytes(content)
    form = Multipart(Form({"a": "text é", "b": ""}, {"file": ("name.bin", file)}))
    pieces = []
    while piece := form.read(chunk):
        pieces.append(piece)
    assert all(len(piece) == chunk for piece in pieces[:-1])
    body = b"".join(pieces)
    assert len(body) == len(form)
    assert body == b"".join(form)
    assert content in body


def test_a_server_gets_the_form_whole(tmp_path: Path) -> None:
    """Over a real socket, with a content length and no chunks; names cannot break out of their quotes."""
    file = tmp_path / "content"
    file.write_bytes(b"\x00\xff" * 300_000)
    form = Form({"text": "one\r\ntwo"}, {"file": ('a"b\r\nc.bin', file)})
    with serving(reply(200, {"fine": True})) as server:
        session = Session("t", server.url, Transport(), Dialect(lambda _: None), Credentials())
        assert session.call(Call("send", "POST", "/upload", form=form)) == {"fine": True}
        session.close()
        (seen,) = server.seen
    headers = {name.lower(): value for name, value in seen.headers.items()}
    assert headers["content-length"] == str(len(seen.body))
    assert "transfer-encoding" not in headers
    assert b'filename="a%22b%0D%0Ac.bin"' in seen.body
    assert seen.body.count(b"\x00\xff" * 300_000) == 1


def test_a_file_that_is_not_there_sends_nothing(tmp_path: Path) -> None:
    """So that the create may be tried again."""
    with pytest.raises(Unreachable, match="cannot be sent"):
        Multipart(Form(files={"file": ("x", tmp_path / "none")}))


def test_a_file_that_shrinks_breaks_off(tmp_path: Path) -> None:
    """The length was told already: a short body is an error, never padded."""
    file = tmp_path / "content"
    file.write_bytes(b"long enough")
    form = Multipart(Form(files={"file": ("x", file)}))
    file.write_bytes(b"short")
    with pytest.raises(OSError, match="shorter"):
        b"".join(form)
