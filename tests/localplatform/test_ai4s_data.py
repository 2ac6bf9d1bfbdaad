"""Data of a space: really on disk, and nowhere else."""

from __future__ import annotations

import hashlib
import os
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.localplatform.client import BASE, sign
from tests.support.local_platform import ACCOUNT

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform
    from tests.localplatform.client import Client


def upload(client: Client, content: bytes, **fields: str) -> requests.Response:
    """One part of a file, the way the vendor's client sends it."""
    request = requests.Request(
        "POST",
        f"{BASE}{client.space}/datas/upload",
        data=fields,
        files={"file": ("ignored.bin", content)},
        headers={"X-Sdk-Content-Sha256": "UNSIGNED-PAYLOAD"},
    )
    prepared = client.session.prepare_request(request)
    sign(prepared, ACCOUNT.access_key, ACCOUNT.secret_key)
    return client.session.send(prepared)


def disk(platform: Platform, path: str) -> Path:
    """Where a path of the space `demo` is."""
    return platform.services.data.locate("demo", path)


def listed(client: Client, path: str, **params: Any) -> list[str]:
    """Names in a folder, in order."""
    answer = client.call("GET", f"{client.space}/datas", params={"path": path, **params})
    assert answer.status_code == 200, answer.text
    return [row["name"] for row in answer.json()["datas"]]


def test_upload_in_one_part(client: Client, platform: Platform) -> None:
    """The file is there, byte for byte, with its checksum checked."""
    content = bytes(range(256)) * 100
    md5 = hashlib.md5(content).hexdigest()  # noqa: S324 - what the platform asks for
    answer = upload(client, content, target_folder="demo:/in/deep", file_name="x.bin", md5=md5)
    assert answer.status_code == 200, answer.text
    assert disk(platform, "/in/deep/x.bin").read_bytes() == content
    refused = upload(client, b"other", target_folder="demo:/in", file_name="y.bin", md5=md5)
    assert refused.status_code == 400
    assert listed(client, "demo:/in") == ["deep"]


def test_upload_in_parts(client: Client, platform: Platform) -> None:
    """Parts may come in any order; the file appears with the last one, and nothing is left behind."""
    fields = {"target_folder": "demo:/", "file_name": "big", "total_part": "3"}
    first = upload(client, b"one", part_number="1", **fields).json()["multipart_id"]
    for number, content in (("3", b"three"), ("2", b"two")):
        assert not disk(platform, "/big").exists()
        answer = upload(client, content, part_number=number, multipart_id=first, **fields)
        assert answer.json()["multipart_id"] == first
    assert disk(platform, "/big").read_bytes() == b"onetwothree"
    assert list(platform.services.data.staging.iterdir()) == []


def test_an_upload_that_was_given_up_is_dropped(client: Client, platform: Platform) -> None:
    """When another begins, a day later; one that goes on is kept."""
    fields = {"target_folder": "demo:/", "file_name": "big", "total_part": "2", "part_number": "1"}
    old, going_on = (upload(client, b"one", **fields).json()["multipart_id"] for _ in range(2))
    staging = platform.services.data.staging
    long_ago = time.time() - 25 * 3600
    os.utime(staging / old, (long_ago, long_ago))
    upload(client, b"all", target_folder="demo:/", file_name="small")
    assert [folder.name for folder in staging.iterdir()] == [going_on]


def test_an_upload_that_cannot_be_stored_leaves_nothing(client: Client, platform: Platform) -> None:
    """A file stands where the folder should be."""
    disk(platform, "/taken").write_text("")
    answer = upload(client, b"x", target_folder="demo:/taken", file_name="f")
    assert answer.status_code == 400
    assert list(platform.services.data.staging.iterdir()) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"target_folder": "demo:/../../out"},
        {"target_folder": "other:/"},
        {"file_name": "a/b"},
        {"file_name": ".."},
        {"multipart_id": "../../x"},
        {"part_number": "2"},
        {"part_number": "0"},
        {"total_part": "many"},
        {"target_folder": "demo:/" + "x/" * 2000},
    ],
    ids=str,
)
def test_bad_uploads(client: Client, platform: Platform, fields: dict[str, str], tmp_path: Path) -> None:
    """Nothing is written anywhere."""
    before = sorted(tmp_path.rglob("*"))
    assert upload(client, b"x", **{"target_folder": "demo:/", "file_name": "f", **fields}).status_code == 400
    assert sorted(tmp_path.rglob("*")) == before


def test_folders_and_files(client: Client, platform: Platform) -> None:
    """Create, list with search, order and pages, show with content, delete."""
    assert client.call("POST", f"{client.space}/datas", {"name": "sub", "parent_folder": "demo:/in"}).status_code == 200
    for name in ("a.txt", "b.txt"):
        disk(platform, f"/in/{name}").write_text(name)
    assert sorted(listed(client, "demo:/in")) == ["a.txt", "b.txt", "sub"]
    assert sorted(listed(client, "/in")) == ["a.txt", "b.txt", "sub"]
    assert listed(client, "demo:/in", search_key="B.T") == ["b.txt"]
    assert listed(client, "demo:/in", sort_key="type", sort_dir="asc")[-1] == "sub"
    page = client.call("GET", f"{client.space}/datas", params={"path": "demo:/in", "limit": 2}).json()
    rest = listed(client, "demo:/in", limit=2, marker=page["next_marker"])
    assert (page["count"], len(rest), len({row["name"] for row in page["datas"]} | set(rest))) == (3, 1, 3)
    path = f"{client.space}/datas/demo%3A%7Cin%7Ca.txt"
    shown = client.call("GET", path).json()
    assert (shown["path"], shown["type"], shown["size"], "content" in shown) == ("demo:/in/a.txt", "FILE", 5, False)
    assert client.call("GET", path, headers={"X-Need-Content": "True"}).json()["content"] == "a.txt"
    assert client.call("GET", f"{client.space}/datas/demo%3A%7Cin").json()["type"] == "FOLDER"
    gone = client.call("POST", f"{client.space}/datas/batch-delete", {"paths": ["demo:/in/a.txt", "demo:/in/sub"]})
    assert gone.json()["id"]
    assert listed(client, "demo:/in") == ["b.txt"]
    assert client.call("GET", path).status_code == 404


def test_what_leads_out_is_refused(client: Client, platform: Platform, tmp_path: Path) -> None:
    """Neither dots nor links lead out of the space, in any call."""
    secret = tmp_path / "secret.txt"
    secret.write_text("canary")
    disk(platform, "/in").mkdir(parents=True)
    disk(platform, "/in").joinpath("link").symlink_to(secret)
    disk(platform, "/in").joinpath("up").symlink_to(tmp_path)
    for path in ("demo%3A%7Cin%7Clink", "demo%3A%7C..%7Csecret.txt", "demo%3A%7Cin%7Cup%7Csecret.txt"):
        answer = client.call("GET", f"{client.space}/datas/{path}", headers={"X-Need-Content": "True"})
        assert answer.status_code == 400
        assert "canary" not in answer.text
    for bad in ("demo:/in/up/secret.txt", "demo:/../secret.txt", "demo:/", "nowhere:/x"):
        assert client.call("POST", f"{client.space}/datas/batch-delete", {"paths": [bad]}).status_code == 400
    assert client.call("POST", f"{client.space}/datas", {"name": "..", "parent_folder": "demo:/in"}).status_code == 400
    assert client.call("POST", f"{client.space}/datas", {"name": "x\u0000", "parent_folder": ""}).status_code == 400
    assert client.call("POST", f"{client.space}/datas/batch-delete", {"paths": ["demo:/in"]}).status_code == 200
    assert secret.read_text() == "canary"


def test_copies_are_data_jobs(client: Client, platform: Platform) -> None:
    """Copying within and between spaces leaves records that can be listed, shown and forgotten."""
    other = client.call("POST", f"{client.root}/eihealth-projects", {"name": "second"}).json()["id"]
    disk(platform, "/in").mkdir()
    disk(platform, "/in/f").write_text("1")
    body = {"sub_paths": ["demo:/in"], "target_folder": "demo:/copy"}
    job = client.call("POST", f"{client.space}/datas/clone", body).json()["id"]
    assert disk(platform, "/copy/in/f").read_text() == "1"
    away = f"{client.root}/eihealth-projects/{other}"
    imported = {"source_project_id": client.space.rsplit("/", 1)[1], "sub_paths": ["/in"], "target_folder": "/got"}
    assert client.call("POST", f"{away}/datas/import", imported).status_code == 200
    assert platform.services.data.locate("second", "/got/in/f").read_text() == "1"
    disk(platform, "/in/f").write_text("2")
    client.call("POST", f"{client.space}/datas/clone", {**body, "overwrite": False})
    assert disk(platform, "/copy/in/f").read_text() == "1"
    for bad in ({"sub_paths": ["/none"]}, {"sub_paths": ["/in"], "target_folder": "/in/f/x"}, {"sub_paths": ["/"]}):
        answer = client.call("POST", f"{client.space}/datas/clone", {"target_folder": "/in", **bad})
        assert answer.status_code in {400, 404}
    records = client.call("GET", f"{client.space}/data-jobs", params={"type": "CLONE_DATA", "sort_dir": "asc"}).json()
    assert (records["count"], records["data_jobs"][0]["id"], records["data_jobs"][0]["status"]) == (2, job, "SUCCEED")
    shown = client.call("GET", f"{client.space}/data-jobs/{job}").json()
    assert (shown["sources"], shown["destinations"]) == (["demo:/in"], ["demo:/copy"])
    assert client.call("POST", f"{client.space}/data-jobs/{job}/cancel").status_code == 400
    assert client.call("DELETE", f"{client.space}/data-jobs/{job}").status_code == 202
    assert client.call("GET", f"{client.space}/data-jobs/{job}").status_code == 404


def test_a_file_in_the_way(client: Client, platform: Platform) -> None:
    """A folder cannot be where a file is: refused, not an error of the server."""
    disk(platform, "/f").write_text("x")
    assert client.call("POST", f"{client.space}/datas", {"name": "f", "parent_folder": "demo:/"}).status_code == 400
    assert client.call("POST", f"{client.space}/datas", {"name": "g", "parent_folder": "demo:/f"}).status_code == 400
    assert upload(client, b"x", target_folder="demo:/f", file_name="g").status_code == 400
    assert client.call("GET", f"{client.space}/datas", params={"path": "demo:/f"}).status_code == 404


def test_usage(client: Client, platform: Platform) -> None:
    """The bytes of a space, and its bucket."""
    samples = sum(file.stat().st_size for file in disk(platform, "/samples").iterdir())
    disk(platform, "/f").write_bytes(b"x" * 1000)
    assert client.call("GET", f"{client.space}/datas/bucket-storage").json() == {"size": 1000 + samples}
    assert client.call("GET", f"{client.space}/buckets").json()["buckets"][0]["type"] == "real"
