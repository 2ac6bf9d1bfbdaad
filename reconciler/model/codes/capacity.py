"""Codes of what a platform can tell of tasks before they are submitted."""

from __future__ import annotations

from typing import Final

CAPACITY: Final[dict[str, tuple[str, str]]] = {
    "capacity.unknown-group": (
        "The cluster has no group of nodes with that name.",
        "Use one of the groups the finding names.",
    ),
    "capacity.too-few-nodes": (
        "More nodes are asked for than the group has ready: the run would wait until there are enough.",
        "Ask for fewer nodes, or for another group.",
    ),
    "capacity.over-quota": (
        "More nodes are asked for than the quota of the account allows at that priority: the run would wait for ever.",
        "Ask for fewer nodes, for another priority, or for more quota.",
    ),
    "capacity.unread": (
        "What is about to be submitted could not be compared with what the platform has room for.",
        "Nothing is wrong with the manifests; plan again when the platform answers.",
    ),
}
