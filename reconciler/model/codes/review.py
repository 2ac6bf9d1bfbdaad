"""Codes of what is said in a review of a change."""

from __future__ import annotations

from typing import Final

REVIEW: Final[dict[str, tuple[str, str]]] = {
    "forge": (
        "The host of the pull request refused a request, or did not answer.",
        "Check the token and its permissions; docs/review.md lists what each command needs.",
    ),
    "review.no-base": (
        "The base of the change has no such project or environment, so nothing says where to look.",
        "Merge the project file first; the next review reads the platforms.",
    ),
    "review.base-invalid": (
        "The manifests of the base are not valid, so what would happen without the change is not known.",
        "Review it as if everything was this change's doing.",
    ),
    "review.targets-changed": (
        "The change gives the environment other targets. The review looked at those of the base.",
        "Change targets on their own, and review what follows from it afterwards.",
    ),
    "review.policy-changed": (
        "The change sets other limits, or keeps the memory elsewhere. The review went by those of the base.",
        "Change limits on their own; they count once they are merged.",
    ),
    "review.allowances-changed": (
        "The change adds or removes allowances.",
        "Make sure that what they allow is meant.",
    ),
    "review.renamed": (
        "The change renames the project, whose name is part of every ownership mark.",
        "Keep the name, or let go of everything first.",
    ),
}
