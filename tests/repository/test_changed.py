"""What a change touches, and how things stood before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.errors import UsageError
from reconciler.repository.changed import ChangedFile, Touch, changed_since, files_at
from tests.support.git_repository import Repository

if TYPE_CHECKING:
    from pathlib import Path


def test_every_kind_of_change_is_found(tmp_path: Path) -> None:
    """Changed, added, deleted, renamed, staged or not, tracked or not; odd names survive."""
    repository = Repository.fresh(tmp_path)
    for name in ("changed", "deleted", "renamed", "same"):
        repository.write(f"{name}.yaml", f"name: {name}\n" * 20)
    base = repository.commit("first")
    repository.write("changed.yaml", "name: other\n")
    repository.git("rm", "--quiet", "deleted.yaml")
    repository.git("mv", "renamed.yaml", "moved.yaml")
    repository.write("odd\tname \u00e9\n.yaml", "x: 1\n")
    assert changed_since(tmp_path, base) == (
        ChangedFile("changed.yaml", Touch.CHANGED),
        ChangedFile("deleted.yaml", Touch.DELETED),
        ChangedFile("moved.yaml", Touch.RENAMED, "renamed.yaml"),
        ChangedFile("odd\tname \u00e9\n.yaml", Touch.ADDED),
    )


def test_ignored_files_are_no_change(tmp_path: Path) -> None:
    """What git is told to ignore is not part of a change."""
    repository = Repository.fresh(tmp_path)
    repository.write(".gitignore", ".reconciler/\n")
    base = repository.commit("first")
    repository.write(".reconciler/state/x", "x")
    assert changed_since(tmp_path, base) == ()


def test_files_are_read_as_they_were_without_touching_the_work_tree(tmp_path: Path) -> None:
    """Every byte, empty files and files without a last newline included; links are not files."""
    repository = Repository.fresh(tmp_path)
    contents = {"a.yaml": "a: 1\n", "deep/b \u00e9.yaml": "no newline", "empty.yaml": "", "c.txt": "not wanted\n"}
    for path, text in contents.items():
        repository.write(path, text)
    (tmp_path / "link.yaml").symlink_to("a.yaml")
    base = repository.commit("first")
    repository.write("a.yaml", "a: 2\n")
    repository.commit("second")
    found = files_at(tmp_path / "deep", base, lambda path: path.endswith(".yaml"))
    assert found == {path: text.encode() for path, text in contents.items() if path.endswith(".yaml")}
    assert (tmp_path / "a.yaml").read_text() == "a: 2\n"
    assert files_at(tmp_path, base, lambda _: False) == {}


@pytest.mark.parametrize("revision", ["nowhere", "--upload-pack=x", "-h", "", "HEAD:a.yaml"])
def test_a_revision_git_does_not_know_is_a_usage_error(tmp_path: Path, revision: str) -> None:
    """Whatever it looks like, it never becomes an option of git."""
    repository = Repository.fresh(tmp_path)
    repository.write("a.yaml", "a: 1\n")
    repository.commit("first")
    with pytest.raises(UsageError, match="git knows no commit"):
        changed_since(tmp_path, revision)


def test_outside_of_git_it_is_a_usage_error(tmp_path: Path) -> None:
    """There is nothing to compare with."""
    with pytest.raises(UsageError, match="not in a git work tree"):
        changed_since(tmp_path, "HEAD")
