"""What the platform can tell of manifests before they are applied: whether what they name is there, and what is near.

    app          its image and tag are in the space; nodes carry its label
    workflow     the apps it runs are in the space
    job          its workflow is in the space, nodes carry its labels, its accelerator has room, its data is there
    notebook     its image is there, and it names what it mounts
    image        an image to be imported is there; no declared app uses a tag that is to be removed
    space        whoever is to own it next can
    accelerator  it is there: it is never bought

What the platform refuses is an error. What may still be there when it is needed is a warning: an image is pushed, and
data is uploaded, until the moment a run starts. What this project itself makes is taken to be there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from reconciler.providers.ai4s.foreseen import data, images, jobs, standing, tools
from reconciler.providers.ai4s.foreseen.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.manifest import Manifest
    from reconciler.providers.ai4s.connection import Ai4sConnection
    from reconciler.providers.protocol import Connection

_ASKED: Mapping[str, tuple[Callable[[Manifest, World], Iterator[Diagnostic]], ...]] = {
    "App": (images.of_app, jobs.node_labels_of_app, tools.source),
    "Workflow": (tools.apps_of_workflow, tools.source),
    "Job": (tools.tool_of_job, jobs.node_labels_of_job, jobs.accelerator, data.of_job),
    "Image": (images.source, images.removed),
    "Notebook": (images.of_notebook, standing.mounts, data.of_notebook),
    "Space": (standing.transfer,),
    "PerformanceResource": (standing.bought,),
    "DataJob": (data.of_data_job,),
}


def foresee(connection: Connection, manifests: tuple[Manifest, ...]) -> Iterator[Diagnostic]:
    """Findings about what is about to be applied. Only reads. Raises PlatformError."""
    world = World(cast("Ai4sConnection", connection).place, manifests)
    for manifest in manifests:
        if world.has_space(manifest.address.scope):
            for ask in _ASKED.get(manifest.address.kind, ()):
                yield from ask(manifest, world)
