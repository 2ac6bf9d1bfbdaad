"""Where we are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.repository.checkout import find_checkout
from tests.support.git_repository import Repository

if TYPE_CHECKING:
    from pathlib import Path


def test_outside_of_git_there_is_no_checkout(tmp_path: Path) -> None:
    """A folder without a repository is simply that."""
    assert find_checkout(tmp_path) is None


def test_a_folder_that_does_not_exist_is_no_checkout(tmp_path: Path) -> None:
    """Asking about a missing folder is no crash."""
    assert find_checkout(tmp_path / "nowhere") is None


def test_a_bare_repository_has_no_checkout(tmp_path: Path) -> None:
    """Without a work tree there is nothing to plan from."""
    repository = Repository.fresh(tmp_path / "work")
    repository.git("clone", "--quiet", "--bare", str(repository.root), str(tmp_path / "bare.git"))
    assert find_checkout(tmp_path / "bare.git") is None


def test_before_the_first_commit_the_commit_is_empty(tmp_path: Path) -> None:
    """A new repository has a branch and no commit."""
    Repository.fresh(tmp_path)
    found = find_checkout(tmp_path)
    assert found is not None
    assert (found.commit, found.branch) == ("", "main")


def test_root_commit_and_branch_are_found_from_below(tmp_path: Path) -> None:
    """Any folder of the work tree leads to its root."""
    repository = Repository.fresh(tmp_path)
    repository.write("apps/a.yaml", "a: 1\n")
    commit = repository.commit("first")
    found = find_checkout(tmp_path / "apps")
    assert found is not None
    assert (found.root, found.commit, found.branch) == (tmp_path, commit, "main")


def test_a_detached_head_has_no_branch(tmp_path: Path) -> None:
    """CI checks out commits."""
    repository = Repository.fresh(tmp_path)
    repository.write("a.yaml", "a: 1\n")
    repository.git("checkout", "--quiet", repository.commit("first"))
    found = find_checkout(tmp_path)
    assert found is not None
    assert found.branch == ""


def test_looking_does_not_touch_the_index(tmp_path: Path) -> None:
    """A plan writes nothing, not even git's own cache."""
    repository = Repository.fresh(tmp_path)
    file = repository.write("a.yaml", "a: 1\n")
    repository.commit("first")
    index = tmp_path / ".git" / "index"
    before = (index.read_bytes(), index.stat().st_mtime_ns)
    file.write_text("a: 1\n")
    find_checkout(tmp_path)
    assert (index.read_bytes(), index.stat().st_mtime_ns) == before
