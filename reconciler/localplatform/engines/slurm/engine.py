"""The engine for clusters, put together."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from reconciler.localplatform.engines.durable import DurableEngine
from reconciler.localplatform.engines.slurm.commands import RealCommands
from reconciler.localplatform.engines.slurm.dispatch import SlurmDispatch
from reconciler.localplatform.engines.slurm.site import Images

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.localplatform.engines.outbox import Outbox
    from reconciler.localplatform.engines.protocol import Listener
    from reconciler.localplatform.engines.slurm.commands import Commands
    from reconciler.localplatform.engines.slurm.site import Site


def slurm_engine(
    folder: Path,
    listener: Listener | None,
    site: Site,
    *,
    clock: Callable[[], float] = time.time,
    commands: Commands | None = None,
) -> DurableEngine:
    """An engine whose instances are jobs of a cluster. `folder` lies below `site.shared`; `commands` None: those of
    this machine. See `DurableEngine` for the rest.
    """

    def make(place: Path, outbox: Outbox) -> SlurmDispatch:
        if site.images is not Images.NONE:  # what is not there cannot be seen inside them
            site.data.mkdir(parents=True, exist_ok=True)
        return SlurmDispatch(place, site, clock, outbox, commands or RealCommands(site))

    return DurableEngine(folder, listener, make, clock=clock, images=site.images is not Images.NONE)
