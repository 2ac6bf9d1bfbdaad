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
    "capacity.images-ignored": (
        "The server runs commands directly, not inside the images that they name.",
        "Have what the commands need on that machine; or let its administrator say what runs images there.",
    ),
    "capacity.unknown-machine": (
        "The platform offers no instance type of that name.",
        "Check the spelling; `reconciler specs` lists what there is.",
    ),
    "capacity.out-of-stock": (
        "The instance type is not available at the moment.",
        "The run waits for it, or take another one.",
    ),
    "capacity.no-spot": (
        "The instance type is not offered as a spot instance.",
        "Take another one, or pay the regular price.",
    ),
    "capacity.spot-price": (
        "Spot instances cost more now than the limit allows.",
        "Raise the limit, or let the run wait.",
    ),
    "capacity.unknown-driver": (
        "The instance type does not come with the driver that the run asks for.",
        "Take one of those that the message lists.",
    ),
    "capacity.resources": (
        "What the run will use, and be paid for.",
        "Nothing is wrong: it is there to be reviewed.",
    ),
    "capacity.fixed-priority": (
        "The platform would accept the new priority of a run and not act on it.",
        "Put the former one back, or submit the run again.",
    ),
    "capacity.unknown-flavor": (
        "The platform does not offer this flavor.",
        "Choose one that `reconciler specs` shows.",
    ),
    "capacity.further-version": (
        "A further version of a run cannot have what its first one had.",
        "Take it away, or submit under another name.",
    ),
    "capacity.not-settable": (
        "Something on the platform holds what this interface cannot set, so an update may take it away.",
        "Change it where it was set, or set it again afterwards.",
    ),
    "capacity.unknown-engine": (
        "The platform does not offer this engine.",
        "Choose one that `reconciler engines` shows.",
    ),
    "capacity.unknown-pool": ("The account has no such pool.", "Choose one that `reconciler pools` shows."),
    "capacity.pool-not-ready": ("The pool is not for training, or not running.", "Name another, or have it changed."),
    "capacity.too-many-machines": ("One job may not have so many machines.", "Ask for fewer, or for larger ones."),
}
