from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from reconciler.manifests.files import find
from reconciler.model.codes import CODES
from reconciler.model.diagnostic import Severity

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.manifests.files import Found


def tree(root: Path, *names: str) -> None:
    """Makes empty files."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")


def search(root: Path, *patterns: str, paths: tuple[Path, ...] = ()) -> Found:
    """What is found below a root."""
    found = find(root, patterns, paths, root.resolve())
    assert all(d.code in CODES and d.message and d.hint and d.source for d in found.diagnostics)
    return found


def names(found: Found) -> list[str]:
    """The files found, as they are shown, sorted."""
    return sorted(found.shown(path) for path in found.files.values())


def told(found: Found) -> list[tuple[str, str, Severity]]:
    """Place, code and severity of the findings."""
    return [(str(d.source), d.code, d.severity) for d in found.diagnostics]


FILES = (
    *("a.yaml", "b.yml", "c.txt", "d.json", "README.md", "reconciler.yaml", ".hidden.yaml"),
    *("apps/x.yaml", "apps/deep/y.yml", "apps/z.txt", "jobs/j.txt", "jobs/.git/k.yaml", ".github/workflows/ci.yml"),
)


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ((), ["a.yaml", "apps/deep/y.yml", "apps/x.yaml", "b.yml"]),
        (("apps",), ["apps/deep/y.yml", "apps/x.yaml"]),
        (("apps/",), ["apps/deep/y.yml", "apps/x.yaml"]),
        ((".",), ["a.yaml", "apps/deep/y.yml", "apps/x.yaml", "b.yml"]),
        (("apps/x.yaml",), ["apps/x.yaml"]),
        (("jobs/j.txt",), ["jobs/j.txt"]),
        (("*.yaml",), ["a.yaml"]),
        (("**/*.yaml",), ["a.yaml", "apps/x.yaml"]),
        (("apps/*",), ["apps/x.yaml"]),
        (("**/*.txt",), ["apps/z.txt", "c.txt", "jobs/j.txt"]),
        (("[ab].y*",), ["a.yaml", "b.yml"]),
        (("?.json",), ["d.json"]),
        (("apps", "apps/*.yaml", "."), ["a.yaml", "apps/deep/y.yml", "apps/x.yaml", "b.yml"]),
        ((".github/workflows/*.yml",), [".github/workflows/ci.yml"]),
    ],
)
def test_which_files_are_manifests(tmp_path: Path, patterns: tuple[str, ...], expected: list[str]) -> None:
    """YAML below the project but hidden files and project files; other suffixes where a name or glob says so."""
    tree(tmp_path, *FILES)
    found = search(tmp_path, *patterns)
    assert names(found) == expected
    assert told(found) == []


def test_paths_of_the_user_take_the_place_of_the_project_s(tmp_path: Path) -> None:
    """Files of any suffix, folders, relative or not, inside the project or not."""
    root, other = tmp_path / "project", tmp_path / "other"
    tree(root, *FILES)
    tree(other, "o.yaml", "p.txt")
    assert names(search(root, "apps", paths=(root / "c.txt", root / "jobs" / "j.txt"))) == ["c.txt", "jobs/j.txt"]
    assert names(search(root, paths=(other,))) == ["../other/o.yaml"]
    assert names(search(root, paths=(other / "p.txt",))) == ["../other/p.txt"]
    assert names(search(root, paths=(root / "apps",))) == ["apps/deep/y.yml", "apps/x.yaml"]


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    """A misspelt folder must not look like an empty one."""
    tree(tmp_path, "a.yaml")
    assert told(search(tmp_path, "aps")) == [("aps", "file.missing", Severity.ERROR)]
    assert told(search(tmp_path, paths=(tmp_path / "b.yaml",))) == [("b.yaml", "file.missing", Severity.ERROR)]


def test_what_is_empty_is_said(tmp_path: Path) -> None:
    """An empty folder is a warning that guards against deletion can use."""
    tree(tmp_path, "apps/words.md", "a.yaml")
    (tmp_path / "jobs").mkdir()
    warning = Severity.WARNING
    assert told(search(tmp_path, "apps", "jobs", "a.yaml")) == [
        ("apps", "file.empty-folder", warning),
        ("jobs", "file.empty-folder", warning),
    ]
    assert told(search(tmp_path, "jobs/*.txt")) == [("jobs/*.txt", "file.empty-folder", warning)]
    assert told(search(tmp_path / "jobs")) == [(".", "file.empty-folder", warning)]
    assert told(search(tmp_path, paths=(tmp_path / "jobs",))) == [("jobs", "file.empty-folder", warning)]


def test_a_folder_whose_files_came_by_another_name_is_not_empty(tmp_path: Path) -> None:
    """The same file named twice is read once, and neither name is called empty."""
    tree(tmp_path, "apps/x.yaml")
    assert told(search(tmp_path, "apps", "apps/*.yaml", ".")) == []


@pytest.mark.parametrize("pattern", ["../other", "apps/../../other", "/etc", "../*.yaml"])
def test_patterns_stay_inside_the_project(tmp_path: Path, pattern: str) -> None:
    """A project file cannot reach into its neighbours."""
    tree(tmp_path, "project/apps/x.yaml", "other/o.yaml", "o.yaml")
    found = search(tmp_path / "project", pattern)
    assert names(found) == []
    assert [code for _, code, _ in told(found)] == ["file.outside"]


def test_links_do_not_lead_out_of_the_project(tmp_path: Path) -> None:
    """Neither by a linked file, nor by a linked folder, nor by a link that is listed."""
    root = tmp_path / "project"
    tree(root, "apps/x.yaml")
    tree(tmp_path, "other/o.yaml")
    (root / "apps/o.yaml").symlink_to(tmp_path / "other/o.yaml")
    (root / "linked").symlink_to(tmp_path / "other")
    assert names(search(root)) == ["apps/x.yaml"]
    assert sorted(told(search(root))) == [
        ("apps/o.yaml", "file.outside", Severity.ERROR),
        ("linked", "file.link", Severity.WARNING),
    ]
    assert told(search(root, "linked")) == [("linked", "file.outside", Severity.ERROR)]
    assert told(search(root, "linked/*.yaml")) == [("linked/o.yaml", "file.outside", Severity.ERROR)]
    assert ("apps/o.yaml", "file.outside", Severity.ERROR) in told(search(root, "apps/*.yaml"))


def test_links_inside_the_project(tmp_path: Path) -> None:
    """They are followed for files, and a file is read once."""
    tree(tmp_path, "apps/x.yaml")
    (tmp_path / "apps/again.yaml").symlink_to(tmp_path / "apps/x.yaml")
    found = search(tmp_path, "apps")
    assert len(found.files) == 1
    assert told(found) == []


def test_links_in_circles_end(tmp_path: Path) -> None:
    """A folder that links to itself is not walked for ever."""
    tree(tmp_path, "apps/x.yaml")
    (tmp_path / "apps/loop").symlink_to(tmp_path / "apps")
    (tmp_path / "self.yaml").symlink_to(tmp_path / "self.yaml")
    found = search(tmp_path)
    assert names(found) == ["apps/x.yaml"]
    assert sorted(code for _, code, _ in told(found)) == ["file.link", "file.unreadable"]


def test_pipes_and_dead_links_are_not_opened(tmp_path: Path) -> None:
    """Opening a pipe would wait for ever."""
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "dead.yaml").symlink_to(tmp_path / "nowhere")
    found = search(tmp_path)
    assert found.files == {}
    assert sorted(told(found)) == [
        ("dead.yaml", "file.unreadable", Severity.ERROR),
        ("pipe.yaml", "file.unreadable", Severity.ERROR),
    ]
    assert told(search(tmp_path, paths=(tmp_path / "pipe.yaml",)))[0][1] == "file.unreadable"


def test_a_project_inside_the_project_is_left_out(tmp_path: Path) -> None:
    """Two projects must not own the same manifests; it is said, not done silently."""
    tree(tmp_path, "a.yaml", "inner/reconciler.yaml", "inner/b.yaml", "inner/deep/c.yaml")
    found = search(tmp_path)
    assert names(found) == ["a.yaml"]
    assert told(found) == [("inner", "file.other-project", Severity.NOTE)]


def test_a_link_at_the_root_itself(tmp_path: Path) -> None:
    """A checkout that is reached through a link is still inside itself."""
    tree(tmp_path, "real/apps/x.yaml")
    (tmp_path / "checkout").symlink_to(tmp_path / "real")
    found = find(tmp_path / "checkout", (), (), (tmp_path / "checkout").resolve())
    assert names(found) == ["apps/x.yaml"]


def test_far_away_files_are_shown_in_full(tmp_path: Path) -> None:
    """A long row of dots helps nobody."""
    base = tmp_path / "a/b/c/d"
    tree(tmp_path, "x.yaml", "a/b/c/d/y.yaml")
    found = find(base, (), (tmp_path / "x.yaml",), base)
    assert names(found) == [str(tmp_path / "x.yaml")]
