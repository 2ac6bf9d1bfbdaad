"""Who wrote this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.repository.provenance import last_change
from tests.support.git_repository import Repository

if TYPE_CHECKING:
    from pathlib import Path


def test_a_line_leads_to_the_commit_that_wrote_it(tmp_path: Path) -> None:
    """Each line has its own last change."""
    repository = Repository.fresh(tmp_path)
    file = repository.write("a.yaml", "one: 1\ntwo: 2\n")
    first = repository.commit("Declare one and two")
    repository.write("a.yaml", "one: 1\ntwo: 22\n")
    second = repository.commit("Raise two")
    one, two = last_change(file, 1), last_change(file, 2)
    assert one is not None
    assert two is not None
    assert (one.commit, one.summary) == (first, "Declare one and two")
    assert (two.commit, two.author, two.summary) == (second, "Ada", "Raise two")
    assert two.at.endswith("Z")


def test_a_file_leads_to_its_last_commit(tmp_path: Path) -> None:
    """Without a line, the whole file is asked about."""
    repository = Repository.fresh(tmp_path)
    file = repository.write("a.yaml", "one: 1\n")
    repository.commit("Declare one")
    repository.write("b.yaml", "two: 2\n")
    repository.commit("Declare two")
    found = last_change(file)
    assert found is not None
    assert found.summary == "Declare one"


def test_what_is_not_committed_has_no_author(tmp_path: Path) -> None:
    """Edited lines, new files, missing lines, and folders without git."""
    repository = Repository.fresh(tmp_path / "work")
    file = repository.write("a.yaml", "one: 1\n")
    repository.commit("Declare one")
    file.write_text("one: 2\n")
    assert last_change(file, 1) is None
    assert last_change(file, 99) is None
    assert last_change(repository.write("new.yaml", "x: 1\n"), 1) is None
    assert last_change(repository.write("new.yaml", "x: 1\n")) is None
    assert last_change(tmp_path / "elsewhere.yaml", 1) is None
