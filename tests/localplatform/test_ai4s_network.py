"""Data from the network, which for the local platform is the machine it runs on."""

from __future__ import annotations

import hashlib
import socket
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.localplatform.platforms import ai4s_network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.localplatform.assembly import Platform
    from tests.localplatform.client import Client

READS = b"ACGT\n" * 1000
MD5 = hashlib.md5(READS).hexdigest()  # noqa: S324 - what the platform asks for
WRONG = "0" * 32


class _Archive(BaseHTTPRequestHandler):
    """Some files, and what can be wrong with them."""

    def do_GET(self) -> None:
        """Answers by the last part of the path."""
        name = self.path.rpartition("/")[2]
        if name == "elsewhere":
            self.send_response(302)
            self.send_header("Location", "http://data.example/reads.txt")
            self.end_headers()
            return
        if name == "nothing":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(READS) * (2 if name == "cut" else 1)))
        self.end_headers()
        self.wfile.write(READS)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def archive() -> Iterator[str]:
    """The address of a server of this machine."""
    with HTTPServer(("127.0.0.1", 0), _Archive) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def fetched(client: Client, *urls: str, folder: str = "/in", **more: Any) -> dict[str, Any]:
    """The record of a data job that fetches these."""
    body = {"urls": list(urls), "target_folder": folder, **more}
    shown: dict[str, Any] = client.show("data-jobs", client.create("datas/import-from-network", body))
    return shown


def disk(platform: Platform, path: str) -> bytes | None:
    """What stands in a file of the space `demo`, None for no file."""
    file = platform.services.data.locate("demo", path)
    return file.read_bytes() if file.is_file() else None


@pytest.mark.parametrize("sums", [{}, {"md5s": [MD5]}, {"md5s": [MD5.upper()]}])
def test_what_is_there_is_fetched(client: Client, platform: Platform, archive: str, sums: dict[str, Any]) -> None:
    """Under its own name, whole, with its checksum, in place of what was there."""
    platform.services.data.locate("demo", "/in").mkdir()
    platform.services.data.locate("demo", "/in/a b.txt").write_bytes(b"old")
    shown = fetched(client, f"{archive}/deep/a%20b.txt?x=1", **sums)
    assert (shown["status"], shown["failed_reason"], shown["type"]) == ("SUCCEED", "", "IMPORT_NETWORK_DATA")
    assert (shown["finish_count"], shown["total_count"], shown["destinations"]) == (1, 1, ["demo:/in"])
    assert shown["complete_data"] == [f"{archive}/deep/a%20b.txt?x=1"]
    assert disk(platform, "/in/a b.txt") == READS


def test_what_is_offered_without_a_port(client: Client, platform: Platform) -> None:
    """So that there is something to fetch; nothing else is."""
    assert fetched(client, "http://localhost/samples/reads.txt")["status"] == "SUCCEED"
    assert disk(platform, "/in/reads.txt") == disk(platform, "/samples/reads.txt")
    assert "only /samples/reads.txt is offered" in fetched(client, "http://127.0.0.1/etc/passwd")["failed_reason"]


@pytest.mark.parametrize(
    ("path", "why", "more"),
    [
        ("/nothing", "answered HTTP 404", {}),
        ("/elsewhere", "answered HTTP 302", {}),
        ("/cut", f"broke off {len(READS)} bytes before its end", {}),
        ("/reads.txt", "its MD5 digest is another one", {"md5s": [WRONG]}),
        ("/folder/", "it names no file", {}),
        ("/..%2Freads.txt", "it names no file", {}),
        ("/..", "a segment that cannot be used", {}),
        ("/taken", "demo:/in/taken is a folder", {}),
    ],
)
def test_what_does_not_come(
    client: Client, platform: Platform, archive: str, path: str, why: str, more: dict[str, Any]
) -> None:
    """The data job fails with the reason, and nothing is kept."""
    platform.services.data.locate("demo", "/in/taken").mkdir(parents=True)
    shown = fetched(client, f"{archive}{path}", **more)
    assert (shown["status"], shown["complete_data"], shown["finish_count"]) == ("FAILED", [], 0)
    assert why in shown["failed_reason"]
    folder = platform.services.data.locate("demo", "/in")
    assert [entry.name for entry in folder.rglob("*")] == ["taken"]
    assert not list(platform.services.data.staging.glob("*"))


@pytest.mark.parametrize(
    "url",
    [
        "http://data.example/reads.txt",
        "https://10.0.0.1:8443/reads.txt",
        "http://169.254.169.254/latest",
        "http://127.0.0.1.data.example:80/x",
        "http://127.0.0.1@data.example:80/x",
        "http://0.0.0.0:80/x",
    ],
)
def test_what_is_not_this_machine_is_refused(client: Client, url: str) -> None:
    """Before anything is asked, and said so."""
    shown = fetched(client, url)
    assert shown["status"] == "FAILED"
    assert f"{url}: this platform fetches only from the machine it runs on" in shown["failed_reason"]


def test_nobody_answers(client: Client) -> None:
    """A port that nothing listens at, and an address that is none."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        shown = fetched(client, f"http://127.0.0.1:{free.getsockname()[1]}/x", "http://127.0.0.1:99999/x")
    assert "Connection refused" in shown["failed_reason"]
    assert "99999/x: this is no address" in shown["failed_reason"]


def test_what_came_stays_when_the_rest_does_not(client: Client, platform: Platform, archive: str) -> None:
    """Each is for itself; run again, everything is fetched again."""
    urls = [f"{archive}/one", f"{archive}/nothing", f"{archive}/two"]
    shown = fetched(client, *urls, md5s=[MD5, MD5, WRONG])
    assert (shown["status"], shown["complete_data"]) == ("FAILED", urls[:1])
    assert (shown["finish_count"], shown["total_count"]) == (1, 3)
    assert disk(platform, "/in/one") == READS
    assert disk(platform, "/in/two") is None
    platform.services.data.locate("demo", "/in/one").unlink()
    assert client.call("POST", f"{client.space}/data-jobs/{shown['id']}/retry").status_code == 202
    assert client.show("data-jobs", shown["id"])["complete_data"] == urls[:1]
    assert disk(platform, "/in/one") == READS


def test_a_file_that_is_too_large(client: Client, platform: Platform, archive: str) -> None:
    """It is not read to its end."""
    platform.services.switches.turn({"fetch_bytes": 100})
    assert "more than 100 bytes" in fetched(client, f"{archive}/reads.txt")["failed_reason"]


def test_a_platform_of_a_team_does_not_reach_into_its_machine(platform: Platform, archive: str) -> None:
    """What listens there trusts that machine, not every member of the team."""
    shared = replace(platform.services, shared=True)
    with pytest.raises(ai4s_network.NotFetched, match="serves a team"):
        ai4s_network.content(shared, f"{archive}/reads.txt")
    assert ai4s_network.content(shared, "http://127.0.0.1/samples/reads.txt") == ai4s_network.SAMPLE.encode()
