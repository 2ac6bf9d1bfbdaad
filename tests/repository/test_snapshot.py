"""A revision in a folder of its own: regular files only, and never outside of the folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from reconciler.errors import UsageError
from reconciler.repository.opening import RepositoryError
from reconciler.repository.snapshot import commit_id, parted, snapshot
from tests.support.git_repository import Repository

if TYPE_CHECKING:
    from pathlib import Path


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


def test_a_revision_is_there_and_gone_again(tmp_path: Path) -> None:
    """The files of that revision that are wanted, whatever the work tree says; afterwards nothing."""
    git = Repository.fresh(tmp_path / "r")
    git.write("a/x.yaml", "old")
    git.write("b.bin", "no")
    first = git.commit("first")
    git.write("a/x.yaml", "new")
    with snapshot(git.root, first, lambda path: path.endswith(".yaml")) as folder:
        assert _files(folder) == {"a/x.yaml"}
        assert (folder / "a/x.yaml").read_text() == "old"
    assert not folder.exists()
    assert (git.root / "a/x.yaml").read_text() == "new"


def test_links_are_not_written(tmp_path: Path) -> None:
    """A revision is anybody's: a link in it may lead anywhere."""
    git = Repository.fresh(tmp_path / "r")
    git.write("real.yaml", "x")
    (git.root / "link.yaml").symlink_to("/etc/passwd")
    commit = git.commit("link")
    with snapshot(git.root, commit, lambda _: True) as folder:
        assert _files(folder) == {"real.yaml"}


@pytest.mark.parametrize("name", ["..", ".git", ".GIT"])
def test_a_made_up_tree_cannot_lead_out(tmp_path: Path, name: str) -> None:
    """Git itself can be told to store such a path."""
    git = Repository.fresh(tmp_path / "r")
    git.write("a.yaml", "x")
    git.commit("first")
    blob = git.git("rev-parse", "HEAD:a.yaml")
    inner = _tree(git, f"100644 blob {blob}\tpwned.yaml\n")
    outer = _tree(git, f"040000 tree {inner}\t{name}\n100644 blob {blob}\ta.yaml\n")
    commit = git.git("commit-tree", outer, "-m", "evil")
    with snapshot(git.root, commit, lambda _: True) as folder:
        assert _files(folder) == {"a.yaml"}
        assert not (folder.parent / "pwned.yaml").exists()


def _tree(git: Repository, listing: str) -> str:
    """A tree with any names at all, written as an object."""
    import subprocess

    raw = b""
    for row in sorted(listing.splitlines(), key=lambda row: row.split("\t")[1]):
        facts, name = row.split("\t")
        mode, _, id_ = facts.split(" ")
        raw += mode.lstrip("0").encode() + b" " + os.fsencode(name) + b"\0" + bytes.fromhex(id_)
    command = ["git", "hash-object", "-t", "tree", "-w", "--stdin", "--literally"]
    done = subprocess.run(command, cwd=git.root, input=raw, capture_output=True, check=True)
    return done.stdout.decode().strip()


def test_where_a_change_parted(tmp_path: Path) -> None:
    """The common commit, also when the base has moved on; refusals name what is missing."""
    git = Repository.fresh(tmp_path / "r")
    git.write("a", "1")
    first = git.commit("first")
    git.git("checkout", "--quiet", "-b", "change")
    git.write("b", "1")
    git.commit("change")
    git.git("checkout", "--quiet", "main")
    git.write("c", "1")
    git.commit("main")
    assert parted(git.root, "main", "change") == first
    assert commit_id(git.root, "main~1") == first
    with pytest.raises(UsageError):
        parted(git.root, "nowhere", "change")
    with pytest.raises(UsageError):
        commit_id(git.root, "--help")
    git.git("checkout", "--quiet", "--orphan", "alone")
    git.commit("alone")
    with pytest.raises(RepositoryError, match="main and alone have no common history") as caught:
        parted(git.root, "main", "alone")
    assert "fetch-depth: 0" in caught.value.hint
