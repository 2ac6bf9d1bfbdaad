"""What a command works on: the project, one of its environments, and what can be declared there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from reconciler.model.mark import Owner

if TYPE_CHECKING:
    from reconciler.manifests.schemas import Catalogue
    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.kind import Kind
    from reconciler.model.project import Environment, Project
    from reconciler.operations.settings import Settings
    from reconciler.providers.protocol import Provider

Say: TypeAlias = Callable[[str], None]
"""Tells the person one line along the way."""

WORK_FOLDER = ".reconciler"
"""Below the project's root: the memory, the local platform and exported schemas. Never committed."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a command line says about where and which, before anything is read.

    `start` is the folder the person stands in; `environment` "" means the project's default; `variables` are those of
    `--var`.
    """

    start: Path
    settings: Settings
    project_file: Path | None = None
    environment: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Workspace:
    """An opened project. `kinds` know their handlers' abilities; `diagnostics` are the project file's warnings."""

    call: Call
    project: Project
    environment: Environment
    catalogue: Catalogue
    providers: Mapping[str, Provider]
    kinds: Mapping[tuple[str, str], Kind]
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def owner(self) -> Owner:
        """Whose marks are ours here."""
        return Owner(self.project.name, self.environment.name)

    @property
    def root(self) -> Path:
        """The folder of the project file."""
        return Path(self.project.root)

    @property
    def folder(self) -> Path:
        """Where everything lives that is ours and not the team's."""
        return self.root / WORK_FOLDER

    @property
    def platforms(self) -> dict[str, str]:
        """The platform of each target of the environment."""
        return {name: target.platform for name, target in self.environment.targets.items()}
