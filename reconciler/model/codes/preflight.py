"""Codes of what a platform can tell of names in manifests before they are applied."""

from __future__ import annotations

from typing import Final

PREFLIGHT: Final[dict[str, tuple[str, str]]] = {
    "preflight.no-image": (
        "An image, or its tag, is not in the space.",
        "Push it with docker as the finding says, import it, or correct the name.",
    ),
    "preflight.tag-in-use": (
        "A tag is to be removed that an app of this project uses.",
        "Give the app another image, or keep the tag.",
    ),
    "preflight.tag-destroyed": (
        "A tag of an own image is removed from the registry, for everybody and for good.",
        "Make sure that it is meant; take the tag out of `removed_tags` to keep it.",
    ),
    "preflight.not-importable": (
        "What is to be imported is itself imported.",
        "Import it from where it comes from, which the finding names.",
    ),
    "preflight.no-app": ("The app is not in the space.", "Make it, import it, or correct its name or version."),
    "preflight.no-workflow": (
        "The workflow is not in the space.",
        "Make it, import it, or correct its name or version.",
    ),
    "preflight.no-space": (
        "There is no such space in which we have a role.",
        "Correct its name, or have its owner add us to it.",
    ),
    "preflight.no-node": ("No node carries the label.", "Use one of the labels the finding names."),
    "preflight.no-accelerator": (
        "The account has no such accelerator, and none is bought by an apply.",
        "Use one of those the finding names, or buy one in the console.",
    ),
    "preflight.accelerator-full": (
        "The accelerator takes no more jobs at the moment.",
        "Raise its quota, let it be scheduled on, or take another one.",
    ),
    "preflight.no-data": (
        "Data that is to be read is not there yet.",
        "Upload it before it is read, or correct the path.",
    ),
    "preflight.no-storage": ("A notebook mounts nothing.", "Name at least one folder in `storages`."),
    "preflight.transfer": (
        "A space belongs to somebody else than declared, and is not given away by that alone.",
        "Name the present owner as `former_owner`, or declare that owner.",
    ),
    "preflight.transferred": (
        "A space goes to another owner, and only that owner can give it back.",
        "Make sure that it is meant.",
    ),
}
