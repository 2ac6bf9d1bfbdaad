"""A new project: the project file, first manifests that run as they are, schemas for the editor."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError, UsageError
from reconciler.operations.schema_export import export_schemas, schema_file
from reconciler.operations.workspace import WORK_FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PROJECT_FILE = "reconciler.yaml"
MANIFESTS = "manifests"
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_NAME = 63


@dataclass(frozen=True, slots=True)
class Started:
    """What was written, in the order a reader should look at it."""

    files: tuple[Path, ...]


def initialise(folder: Path, *, name: str = "", platform: str = "", live: Mapping[str, str] | None = None) -> Started:
    """Writes a project into `folder`, the local platform as its only target. Overwrites nothing.

    With `live`, the settings of a target as in the project file, that one is the target and no first manifests are
    written: they are to be imported. Raises UsageError when there is a project already, no project can have that name,
    the platform has no starter or no such settings, ReconcilerError when the folder cannot be written.
    """
    from reconciler.providers.discovery import providers

    starters = _starters()
    known = starters if live is None else {name: {} for name in providers()}
    chosen = platform or next(iter(starters), "")
    if chosen not in known:
        msg = f"there is no starter for the platform {platform!r}" if live is None else f"no platform {platform!r}"
        raise UsageError(msg, hint=f"One of: {', '.join(known)}.")
    scope_key = providers()[chosen].scope_key
    target = {"endpoint": "local", scope_key: "demo"} if live is None else live
    if unknown := sorted(set(target) - {"endpoint", "region", scope_key, *providers()[chosen].settings}):
        msg = f"targets of platform {chosen} have no key {unknown[0]!r}"
        raise UsageError(msg, hint=f"Such as endpoint, region and {scope_key}.")
    files = _files(folder, _checked(name) or _name_of(folder), chosen, target, known[chosen])
    standing = [file for file in files if file.exists()]
    if standing:
        msg = f"{standing[0]} is there already: nothing was written"
        raise UsageError(msg, hint="Start in another folder, or edit what is there.")
    try:
        (folder / MANIFESTS).mkdir(parents=True, exist_ok=True)
        export_schemas(folder / WORK_FOLDER / "schemas")
        for file, text in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        ignore = _ignore(folder / ".gitignore")
    except OSError as error:
        msg = f"cannot write into {folder}: {error.strerror}"
        raise ReconcilerError(msg) from error
    return Started((*files, ignore))


def _starters() -> dict[str, dict[str, str]]:
    """The first manifests of each platform that has some: file name to text."""
    from reconciler.manifests.schemas import schema_folder

    found: dict[str, dict[str, str]] = {}
    for file in sorted(schema_folder().glob("*/starter/*.yaml")):
        found.setdefault(file.parent.parent.name, {})[file.name] = file.read_text(encoding="utf-8")
    return found


def _checked(name: str) -> str:
    """`name`, by the rule of the project file. Raises UsageError."""
    from reconciler.manifests.schemas import load_project_schema

    rule = load_project_schema()["$defs"]["name"]
    if name and not re.fullmatch(rule["pattern"], name):
        msg = f"the name of a project {rule['patternErrorMessage']}"
        raise UsageError(msg, hint="Say another --name.")
    return name


def _name_of(folder: Path) -> str:
    return _NO_NAME.sub("-", folder.resolve().name).lower()[:_LONGEST_NAME].strip("-_") or "project"


def _files(
    folder: Path, name: str, platform: str, target: Mapping[str, str], starter: Mapping[str, str]
) -> dict[Path, str]:
    """Every file to write with its text, the project file first."""
    schemas = f"{WORK_FOLDER}/schemas"
    files = {folder / PROJECT_FILE: _modeline(f"./{schemas}/project.schema.json") + _project(name, platform, target)}
    for file, text in starter.items():
        schema = schema_file(platform, file.partition(".")[0])
        files[folder / MANIFESTS / file] = _modeline(f"../{schemas}/{schema}") + text
    return files


def _project(name: str, platform: str, target: Mapping[str, str]) -> str:
    from reconciler.manifests.writing import dump_flow

    local = target.get("endpoint") == "local"
    note = "    # the embedded local platform: no account, no secret\n" if local else ""
    settings = ", ".join(f"{key}: {dump_flow(text)}" for key, text in target.items())
    return (
        "apiVersion: reconciler/v1\n"
        "kind: Project\n"
        f"name: {dump_flow(name)}   # part of every ownership mark: keep it\n"
        f"manifests: [{MANIFESTS}]\n"
        "default: dev\n"
        "environments:\n"
        "  dev:\n"
        f"{note}    {platform}: {{ {settings} }}\n"
    )


def _modeline(schema: str) -> str:
    """What makes editors check and complete the file."""
    return f"# yaml-language-server: $schema={schema}\n"


def _ignore(file: Path) -> Path:
    """Keeps our own folder out of git; adds a line to a file that is there."""
    line = f"{WORK_FOLDER}/"
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    if line not in text.splitlines():
        gap = "" if not text or text.endswith("\n") else "\n"
        file.write_text(f"{text}{gap}{line}\n", encoding="utf-8")
    return file
