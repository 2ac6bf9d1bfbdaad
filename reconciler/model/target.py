"""One account on one platform."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Target:
    """`scope` is the default one (a space, a workspace), `settings` the remaining keys of the project file.

    `endpoint` is a URL, `local` for the embedded platform, or "" for the platform's own default of `region`.
    """

    name: str
    platform: str
    endpoint: str = ""
    region: str = ""
    scope: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_local(self) -> bool:
        """Served by the embedded local platform."""
        return self.endpoint == "local"
