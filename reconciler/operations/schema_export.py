"""What can be declared, for people and for editors."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from reconciler.errors import ReconcilerError, UsageError
from reconciler.model.spelling import did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.manifests.schemas import Catalogue

PROJECT = "Project"


def kind_rows() -> list[dict[str, Any]]:
    """One row per kind, sorted: names, life, native key and abilities."""
    from reconciler.operations.wiring import able_kinds, open_catalogue
    from reconciler.providers.discovery import providers

    able = able_kinds(open_catalogue(providers()).kinds, providers())
    return [
        {
            "platform": platform,
            "api_version": f"{platform}/{kind.api_version}",
            "kind": name,
            "life": kind.life.value,
            "native_key": kind.native_key,
            "abilities": sorted(ability.value for ability in kind.can),
            "create_class": kind.create_class.value,
            "identity": list(kind.identity),
            "schema": kind.schema_id,
        }
        for (platform, name), kind in sorted(able.items())
    ]


def schema_text(name: str) -> str:
    """The schema of `Kind`, `platform/Kind` or `Project` as JSON. Raises UsageError when it is unknown or unclear."""
    from reconciler.manifests.schemas import load_project_schema

    if name == PROJECT:
        return _text(load_project_schema())
    catalogue = _catalogue()
    return _text(catalogue.schema(*_meant(catalogue, name)))


def sample_text(name: str) -> str:
    """A manifest of `Kind` or `platform/Kind` to fill in. Raises UsageError when it is unknown or unclear."""
    from reconciler.operations.samples import sample

    catalogue = _catalogue()
    key = _meant(catalogue, name)
    return sample(catalogue.kinds[key], catalogue.schema(*key))


def _catalogue() -> Catalogue:
    from reconciler.operations.wiring import open_catalogue
    from reconciler.providers.discovery import providers

    return open_catalogue(providers())


def _meant(catalogue: Catalogue, name: str) -> tuple[str, str]:
    found = [key for key in sorted(catalogue.kinds) if name in {key[1], "/".join(key)}]
    if not found:
        whole = sorted("/".join(key) for key in catalogue.kinds)
        near = did_you_mean(name, (PROJECT, *whole, *(kind for _, kind in catalogue.kinds)))
        msg = f"there is no kind {name!r}"
        raise UsageError(msg, hint=f"Did you mean {near}?" if near else f"One of: {', '.join(whole)}.")
    if len(found) > 1:
        msg = f"there are several kinds {name!r}"
        raise UsageError(msg, hint=f"One of: {', '.join('/'.join(key) for key in found)}.")
    return found[0]


def export_schemas(folder: Path) -> tuple[Path, ...]:
    """Writes one schema per kind and that of the project file, and returns the files. Raises ReconcilerError."""
    catalogue = _catalogue()
    try:
        return tuple(_write(folder, name, text) for name, text in _files(catalogue))
    except OSError as error:
        msg = f"cannot write schemas to {folder}: {error.strerror}"
        raise ReconcilerError(msg) from error


def _files(catalogue: Catalogue) -> list[tuple[str, str]]:
    from reconciler.manifests.schemas import load_project_schema

    files = [(schema_file(*key), _text(catalogue.schema(*key))) for key in sorted(catalogue.kinds)]
    return [("project.schema.json", _text(load_project_schema())), *files]


def schema_file(platform: str, kind: str) -> str:
    """The name of an exported schema, below the folder they are exported to."""
    return f"{platform}/{kind.lower()}.schema.json"


def _write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
