"""Shared by the tests of this folder: an environment, a catalogue, and shortcuts from text to what is read."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reconciler.manifests.loading import Loaded, load
from reconciler.manifests.reader import Read, Reader
from reconciler.manifests.schemas import Catalogue, load_catalogue
from reconciler.model.project import Environment, Project
from reconciler.model.target import Target

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.manifest import Manifest

DEV = Environment("dev", {"ai4s": Target("ai4s", "ai4s", endpoint="local", scope="demo")})


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """Read once a test process."""
    return load_catalogue()


def project(root: Path, *manifests: str, environment: Environment = DEV) -> Project:
    """A project at `root` with one environment."""
    return Project("test", str(root), environment.name, {environment.name: environment}, manifests)


def read(text: str | bytes) -> Read:
    """What a file with this content holds."""
    return Reader().read(text.encode() if isinstance(text, str) else text, "file.yaml")


def value(text: str) -> Any:
    """The value of the only document, which must have no finding."""
    result = read(text)
    assert result.diagnostics == ()
    (document,) = result.documents
    return document.value


def load_text(
    folder: Path,
    text: str,
    *,
    environment: Environment = DEV,
    variables: Mapping[str, str] | None = None,
    known: Catalogue | None = None,
) -> Loaded:
    """What a project with one manifest file of this content loads."""
    (folder / "m.yaml").write_text(text, encoding="utf-8")
    return load(
        project(folder, environment=environment),
        environment,
        known or catalogue(),
        variables=variables or {},
        base=folder,
    )


def only(loaded: Loaded) -> Manifest:
    """The only manifest, which must have no finding."""
    assert loaded.diagnostics == ()
    (manifest,) = loaded.manifests
    return manifest


def brief(diagnostics: tuple[Diagnostic, ...]) -> list[tuple[str, str]]:
    """Place and code of each finding."""
    return [(str(d.source), d.code) for d in diagnostics]
