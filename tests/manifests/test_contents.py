"""Local files count by their content: the digest stands in the spec, and only files of the project are looked at."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from reconciler.model.project import Environment
from reconciler.model.target import Target
from tests.manifests.declared import load_text

if TYPE_CHECKING:
    from pathlib import Path

HUB = Environment("dev", {"aihub": Target("aihub", "aihub", endpoint="local")}, {"file": "data.bin"})
UPLOAD = "apiVersion: aihub/v1\nkind: Upload\nmetadata: { name: u }\nspec: { bucket: b, file: %s }\n"
DIGEST = hashlib.sha256(b"content").hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with a file in it, and one beside it."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "data.bin").write_bytes(b"content")
    (tmp_path / "outside").write_bytes(b"content")
    (root / "link").symlink_to(tmp_path / "outside")
    return root


@pytest.mark.parametrize("written", ["data.bin", "./data.bin", "'$[[ vars.file ]]'"])
def test_the_digest_is_taken_from_the_file(folder: Path, written: str) -> None:
    """However the path is written."""
    (made,) = load_text(folder, UPLOAD % f"{{ path: {written} }}", environment=HUB).manifests
    assert made.spec["file"]["sha256"] == DIGEST


def test_a_digest_that_is_given_must_be_right(folder: Path) -> None:
    """A file that was exchanged is told at its line."""
    fine = UPLOAD % f"{{ path: data.bin, sha256: {DIGEST} }}"
    assert load_text(folder, fine, environment=HUB).diagnostics == ()
    wrong = load_text(folder, UPLOAD % f"{{ path: data.bin, sha256: {'0' * 64} }}", environment=HUB)
    (finding,) = wrong.diagnostics
    assert (finding.code, finding.source and finding.source.line) == ("file.digest", 4)
    assert DIGEST in finding.hint
    assert wrong.manifests == ()


def test_with_its_digest_a_file_need_not_be_here(folder: Path) -> None:
    """Large ones may be elsewhere while one plans; without a digest nobody knows what would be sent."""
    given = UPLOAD % f"{{ path: elsewhere.bin, sha256: {DIGEST} }}"
    (made,) = load_text(folder, given, environment=HUB).manifests
    assert made.spec["file"]["sha256"] == DIGEST
    (finding,) = load_text(folder, UPLOAD % "{ path: elsewhere.bin }", environment=HUB).diagnostics
    assert finding.code == "file.missing"
    assert "`sha256`" in finding.hint


@pytest.mark.parametrize("path", ["../outside", "/etc/hostname", "link", "a/../../outside"])
def test_no_file_outside_the_project_is_read(folder: Path, path: str) -> None:
    """A manifest comes from a pull request, and what it names is sent away: not even a digest tells what is there."""
    loaded = load_text(folder, UPLOAD % f"{{ path: {path}, sha256: {DIGEST} }}", environment=HUB)
    (finding,) = loaded.diagnostics
    assert finding.code == "file.outside"
    assert loaded.manifests == ()


def test_a_folder_or_a_reference_is_no_file(folder: Path) -> None:
    """Both are told before anything is sent."""
    (folder / "sub").mkdir()
    for written in ("sub", "'$[[ ref.Upload/x.path ]]'", "'$[[ secrets.x ]]'"):
        (finding,) = load_text(folder, UPLOAD % f"{{ path: {written} }}", environment=HUB).diagnostics
        assert finding.code == "file.missing"
