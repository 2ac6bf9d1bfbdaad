"""Folders that a platform mounts into containers, where there are no containers: paths are rewritten instead."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def placed(value: str, mounts: Mapping[str, str]) -> str:
    """`value` with every path below a mount replaced by the path it has here. `mounts` are folders by mount path, the
    longest path first.
    """
    for path, folder in mounts.items():
        pattern = rf"(?<![A-Za-z0-9_./-]){re.escape(path)}(?![A-Za-z0-9_.-])"
        value = re.sub(pattern, folder.replace("\\", "\\\\"), value)
    return value
