"""Findings about what a target knows by name, and where its services are; and about what can be told of lost runs."""

from __future__ import annotations

from typing import Final

LOOKUPS: Final[dict[str, tuple[str, str]]] = {
    "lookup.no-address": (
        "A manifest needs a service of the platform, and the target does not say where that is.",
        "Add the address to the target in the project file.",
    ),
    "lookup.unknown-name": (
        "A manifest names something that the platform does not have, or has several of.",
        "Correct the name; the ones there are stand in the message. An id may be written instead.",
    ),
    "meaning.dataset-name": (
        "A dataset version is made in one dataset, and would be looked for in another.",
        "Let the name of the version and the reference to its dataset name the same dataset.",
    ),
    "meaning.not-vip": ("A field counts for VIP trainings only.", "Take it out, or make the training a VIP."),
    "meaning.other-search": ("A field does not belong to this type of search.", "Take it out."),
    "plan.unknowable": (
        "This memory has never held anything, and the platform lets nobody look what was submitted before.",
        "If this is the first apply, go on. Else bring the memory back, or take over by its id what carries the mark.",
    ),
    "execution.awaiting": (
        "A run is still going on, and another resource needs what it finds.",
        "Apply again when it has ended; RECONCILER_RESULTS says how many seconds an apply waits.",
    ),
    "execution.no-result": (
        "A run that another one works on the result of did not succeed.",
        "See why: `reconciler logs`. `attempt` in its manifest runs it again, and then the other one.",
    ),
    "decide.no-result": (
        "A run works on the result of another one that did not succeed, so that it is not submitted.",
        "See why that one did not succeed; `attempt` in its manifest runs it again, and then this one follows.",
    ),
}
