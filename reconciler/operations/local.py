"""The local platform: started by itself when a target needs it, and by hand."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any, Final

from reconciler.errors import LocalPlatformError, UsageError
from reconciler.operations.workspace import WORK_FOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reconciler.localplatform.control import Instance, Status
    from reconciler.operations.workspace import Say


_TEXTS: Final = frozenset({"when", "method", "path", "operation"})
"""Members of a fault rule that are texts, whatever they look like."""


def folder_of(start: Path, project_file: Path | None) -> Path:
    """Where the local platform of a project keeps everything; works without reading the project file."""
    from reconciler.manifests.project import find_project

    found = project_file or find_project(start)
    return (found.parent if found else start) / WORK_FOLDER / "local"


def serve(folder: Path, say: Say) -> Instance:
    """A running local platform whose data is in `folder`; says so when it had to be started."""
    from reconciler.localplatform import control

    before = control.status(folder)
    instance = control.ensure_running(folder)
    if before is None:
        say(f"started the local platform at {instance.url} (stop it with `reconciler local stop`)")
    return instance


def start(folder: Path, engine: str, port: int) -> Instance:
    """The local platform, started when it was not running. Raises LocalPlatformError when it runs otherwise."""
    from reconciler.localplatform import control

    return control.start(folder, engine=engine, port=port)


def would_end(folder: Path) -> int:
    """How many runs end with the server of a folder: those that are processes of it. 0 where it cannot be asked."""
    try:
        found = status(folder)
    except LocalPlatformError:
        return 0
    return found.active_runs if found is not None and found.engine == "process" else 0


def stop(folder: Path) -> bool:
    """Whether there was one to stop."""
    from reconciler.localplatform import control

    return control.stop(folder)


def status(folder: Path) -> Status | None:
    """How it is, or None when it does not run."""
    from reconciler.localplatform import control

    return control.status(folder)


def reset(folder: Path) -> None:
    """Stops it and deletes all its data."""
    from reconciler.localplatform import control

    control.reset(folder)


def faults(folder: Path) -> list[dict[str, Any]]:
    """The fault rules in force. Raises LocalPlatformError when no local platform runs."""
    from reconciler.localplatform import control

    return control.faults(folder)


def add_fault(folder: Path, words: Sequence[str]) -> list[dict[str, Any]]:
    """Puts a rule in force: one JSON object, or a fault followed by NAME=VALUE. All rules in force.

    Raises UsageError when it is not a rule, LocalPlatformError when no local platform runs.
    """
    from reconciler.localplatform import control

    try:
        return control.add_fault(folder, _rule(words))
    except (ValueError, TypeError) as error:
        hint = "Such as: reconciler local faults add lost method=POST"
        msg = f"not a fault rule: {error}"
        raise UsageError(msg, hint=hint) from error


def clear_faults(folder: Path) -> None:
    """Fair weather again. Raises LocalPlatformError when no local platform runs."""
    from reconciler.localplatform import control

    control.clear_faults(folder)


def _rule(words: Sequence[str]) -> dict[str, Any]:
    """The rule that somebody typed; a value that is no JSON is a text."""
    if words[0].startswith("{"):
        rule = json.loads(" ".join(words))
        return rule if isinstance(rule, dict) else {}
    found: dict[str, Any] = {"fault": words[0]}
    for word in words[1:]:
        name, separator, value = word.partition("=")
        if not separator:
            msg = f"{word!r} is not NAME=VALUE"
            raise ValueError(msg)
        found[name] = value if name in _TEXTS else _value(value)
    return found


def _value(text: str) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(text)
    except ValueError:
        return text


def upload(folder: Path, source: Path, place: str) -> int:
    """Copies a file, or what is in a folder, to `area:/path` of the local platform, and returns how many files.

    Raises UsageError for a place or source that cannot be, LocalPlatformError when copying fails.
    """
    from reconciler.localplatform.data import DataFolder, OutsideData
    from reconciler.localplatform.folder import Folder
    from reconciler.localplatform.phases import data_folder

    area, separator, path = place.partition(":")
    if not separator or not area:
        msg = f"not a place on the local platform: {place!r}"
        raise UsageError(msg, hint="Write SPACE:/PATH, such as demo:/data.")
    if not source.exists():
        msg = f"there is no {source}"
        raise UsageError(msg)
    try:
        destination = DataFolder(data_folder(Folder.claim(folder).root)).locate(area, path)
        return _copy(source, destination)
    except OutsideData as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        msg = f"cannot copy {source}: {error.strerror}"
        raise LocalPlatformError(msg) from error


def place_of(folder: Path, area: str, path: str) -> Path | None:
    """Where `path` of an area lies on this machine, None when there is nothing."""
    from reconciler.localplatform.data import DataFolder, OutsideData
    from reconciler.localplatform.phases import data_folder

    root = data_folder(folder)
    if not (root / area).is_dir():
        return None
    try:
        place = DataFolder(root).locate(area, path)
    except OutsideData:
        return None
    return place if place.exists() else None


def _copy(source: Path, destination: Path) -> int:
    """Copies contents, never links: what a link points to may be anything."""
    files = [source] if source.is_file() else sorted(path for path in source.rglob("*") if path.is_file())
    for file in files:
        inside = file.name if file == source else str(file.relative_to(source))
        place = destination / inside
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
    return len(files)
