"""Which files hold manifests."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reconciler.model.diagnostic import Diagnostic, Severity, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

PROJECT_FILES: Final = ("reconciler.yaml", "reconciler.yml")
_SUFFIXES: Final = frozenset({".yaml", ".yml"})
_WILD: Final = re.compile(r"[*?\[]")


@dataclass(slots=True)
class Found:
    """Files to read, each once, sorted; and what is to be said about the search."""

    base: Path
    files: dict[Path, Path] = field(default_factory=dict)
    """Real path -> the path it was found by."""
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def shown(self, path: Path) -> str:
        """The path as the user would type it: relative to `base` unless it lies in another part of the tree."""
        try:
            relative = os.path.relpath(path, self.base)
        except ValueError:
            return str(path)
        return relative if Path(relative).parts.count("..") <= _MOST_STEPS_UP else str(path)

    def say(self, severity: Severity, code: str, message: str, path: Path, hint: str = "") -> None:
        """A finding about a file or folder as a whole."""
        self.diagnostics.append(Diagnostic(severity, code, message, Source(self.shown(path)), hint=hint))


_MOST_STEPS_UP: Final = 2


def find(root: Path, patterns: Sequence[str], paths: Sequence[Path], base: Path) -> Found:
    """The manifest files of a project: those of `paths` when given (a selection by the user), else those of `patterns`,
    else every YAML file below `root`.
    """
    found = Found(base)
    root = root.resolve()
    if paths:
        for path in paths:
            _take_path(path if path.is_absolute() else base / path, root, found)
    elif patterns:
        for pattern in patterns:
            _take_pattern(pattern, root, found)
    else:
        _take_folder(root, (root,), found)
    return found


def _take_path(path: Path, root: Path, found: Found) -> None:
    """What a person typed is taken as it is, wherever it leads."""
    if path.is_dir():
        _take_folder(path, (root, path), found)
    elif path.exists():
        _take_file(path, found)
    else:
        found.say(Severity.ERROR, "file.missing", "there is no such file or folder", path, "check the spelling")


def _take_pattern(pattern: str, root: Path, found: Found) -> None:
    if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        hint = "name folders below the project file only"
        found.say(Severity.ERROR, "file.outside", f"`{pattern}` leads out of the project", root, hint)
        return
    if _WILD.search(pattern):
        _take_glob(pattern, root, found)
        return
    path = root / pattern
    if not path.exists():
        hint = "make it, or take it off `manifests` in the project file"
        found.say(Severity.ERROR, "file.missing", f"`{pattern}` is listed in the project file and missing", path, hint)
    elif path.is_dir() and not _escapes(path, root):
        _take_folder(path, (root,), found)
    else:
        _take_inside(path, (root,), found)


def _take_glob(pattern: str, root: Path, found: Found) -> None:
    """A glob whose last part ends in a suffix takes what it names; any other takes YAML files only."""
    named = bool(re.search(r"\.[A-Za-z0-9]+$", pattern))
    matches = [
        path
        for path in sorted(root.glob(pattern))
        if not _hidden(path.relative_to(root), pattern) and path.name not in PROJECT_FILES and not path.is_dir()
    ]
    taken = [path for path in matches if named or path.suffix in _SUFFIXES]
    for path in taken:
        _take_inside(path, (root,), found)
    if not taken:
        _say_empty(root / pattern, f"no file matches `{pattern}`", found)


def _hidden(path: Path, pattern: str) -> bool:
    """Hidden parts count only where the pattern does not itself name a hidden part."""
    return any(part.startswith(".") for part in path.parts) and not re.search(r"(?:^|/)\.[^./]", pattern)


def _take_folder(folder: Path, limits: tuple[Path, ...], found: Found) -> None:
    taken = list(_walk(folder, found))
    for path in taken:
        _take_inside(path, limits, found)
    if not taken:
        _say_empty(folder, "the folder holds no manifest", found)


def _take_inside(path: Path, limits: tuple[Path, ...], found: Found) -> None:
    if _escapes(path, *limits):
        _say_escape(path, found)
    else:
        _take_file(path, found)


def _walk(folder: Path, found: Found) -> Iterator[Path]:
    """YAML files below a folder in sorted order; hidden ones, project files and other projects are left out."""

    def say(error: OSError) -> None:
        path = Path(error.filename or folder)
        found.say(Severity.ERROR, "file.unreadable", f"cannot be read: {error.strerror}", path, "check its permissions")

    for where, folders, files in os.walk(folder, onerror=say):
        here = Path(where)
        folders[:] = sorted(_followed(here, folders, found))
        for name in sorted(files):
            if not name.startswith(".") and name not in PROJECT_FILES and Path(name).suffix in _SUFFIXES:
                yield here / name


def _followed(here: Path, folders: Iterable[str], found: Found) -> Iterator[str]:
    for name in folders:
        path = here / name
        if name.startswith("."):
            continue
        if path.is_symlink():
            hint = "list the folder it leads to under `manifests`, or copy the files"
            found.say(Severity.WARNING, "file.link", "a link to a folder is not followed", path, hint)
        elif any((path / project).is_file() for project in PROJECT_FILES):
            hint = "two projects must not own the same manifests; run the other one from its own folder"
            found.say(Severity.NOTE, "file.other-project", "this folder is a project of its own; left out", path, hint)
        else:
            yield name


def _take_file(path: Path, found: Found) -> None:
    """Regular files only: opening a pipe would wait for ever."""
    if path.is_file():
        found.files.setdefault(_real(path), path)
        return
    what = "a link leads nowhere" if path.is_symlink() else "this is no regular file"
    found.say(Severity.ERROR, "file.unreadable", what, path, "remove it, or give it another suffix")


def _escapes(path: Path, *limits: Path) -> bool:
    real = _real(path)
    return not any(real.is_relative_to(_real(limit)) for limit in limits)


def _real(path: Path) -> Path:
    """Without links. Unlike `Path.resolve` it does not raise for links that lead to themselves."""
    return Path(os.path.realpath(path))


def _say_escape(path: Path, found: Found) -> None:
    hint = "copy the file into the project, or name it on the command line"
    found.say(Severity.ERROR, "file.outside", "a link leads out of the project", path, hint)


def _say_empty(path: Path, message: str, found: Found) -> None:
    hint = "if this is the wrong folder, nothing was meant to be removed; nothing is deleted because of it"
    found.say(Severity.WARNING, "file.empty-folder", message, path, hint)
