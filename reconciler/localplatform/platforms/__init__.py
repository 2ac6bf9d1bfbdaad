"""The faces: one module for each platform, with a constant `FACE`. Other modules here are parts of one.

Adding a platform is adding its file. Nothing is registered at import; `faces` looks when it is called.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reconciler.localplatform.face import Face


def faces() -> tuple[Face, ...]:
    """Every platform this program can play, by the name of its module."""
    found = []
    for name in sorted(module.name for module in pkgutil.iter_modules(__path__)):
        face = getattr(import_module(f"{__name__}.{name}"), "FACE", None)
        if face is not None:
            found.append(face)
    return tuple(found)
