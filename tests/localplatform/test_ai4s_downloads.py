"""Addresses that are signed beforehand: whoever has one may fetch that file, for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.localplatform.client import BASE

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform
    from tests.localplatform.client import Client


@pytest.fixture
def address(client: Client, platform: Platform) -> str:
    """The address of a file in a folder, with a name that has to be quoted."""
    folder = platform.services.data.locate("demo", "/in")
    folder.mkdir()
    (folder / "a b&c=d.bin").write_bytes(b"\x00\xff content")
    shown = client.call("GET", f"{client.space}/datas/demo%3A%7Cin%7Ca%20b%26c%3Dd.bin").json()
    return str(shown["download_url"])


def test_a_file_by_its_address(client: Client, address: str) -> None:
    """No key and no token is asked for."""
    assert address.startswith(f"{BASE}/v1/")
    answer = client.session.get(address)
    assert (answer.status_code, answer.content) == (200, b"\x00\xff content")
    assert answer.headers["Content-Type"] == "application/octet-stream"


def test_an_address_is_good_for_one_file_and_one_hour(client: Client, platform: Platform, address: str) -> None:
    """Another file, another end, another signature: none of that was signed."""
    for changed in (
        address.replace("in/a", "samples/a"),
        address.replace("expires=", "expires=9"),
        address.replace("signature=", "signature=0"),
        address.partition("&signature")[0],
    ):
        assert client.session.get(changed).status_code == 403
    client.admin("PUT", "clock", {"advance": 4000})
    assert client.session.get(address).status_code == 403
    assert platform.services.data.locate("demo", "/in").is_dir()


def test_a_file_that_went_away(client: Client, platform: Platform, address: str) -> None:
    """A good address of nothing is a 404; folders have none."""
    platform.services.data.locate("demo", "/in/a b&c=d.bin").unlink()
    assert client.session.get(address).status_code == 404
    assert "download_url" not in client.call("GET", f"{client.space}/datas/demo%3A%7Cin").json()
