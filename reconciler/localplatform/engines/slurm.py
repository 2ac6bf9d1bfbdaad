"""The engine that runs on a cluster: runs become chains of Slurm jobs, and Slurm does the scheduling.

    slurm_site      what a site says about its cluster
    slurm_chain     which jobs a run becomes
    slurm_script    what is said to sbatch
    slurm_orders    what a node is told
    slurm_step      what a job does on its node; slurm_gang leads those with several members
    slurm_desk      who talks to Slurm, in errands (slurm_errands) done by its commands (slurm_commands)
    slurm_reading   what Slurm's answers say
    slurm_mapping   what Slurm's words mean for an instance
    slurm_records   chains on the shared disk, slurm_state the same in memory
    slurm_watch     what became of instances
    slurm_dispatch  one turn of the engine

The folder lies on the shared file system of the cluster. A run is written down there before anything is submitted, each
job carries a key of ours, and a job must own its place in the chain before it does anything: whatever dies when, no
instance begins twice. A chain goes on by itself while no server runs.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from reconciler.localplatform.engines.durable import DurableEngine
from reconciler.localplatform.engines.slurm_commands import RealCommands
from reconciler.localplatform.engines.slurm_dispatch import SlurmDispatch
from reconciler.localplatform.engines.slurm_site import Images

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.localplatform.engines.outbox import Outbox
    from reconciler.localplatform.engines.protocol import Listener
    from reconciler.localplatform.engines.slurm_commands import Commands
    from reconciler.localplatform.engines.slurm_site import Site


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
        return SlurmDispatch(place, site, clock, outbox, commands or RealCommands(site))

    return DurableEngine(folder, listener, make, clock=clock, images=site.images is not Images.NONE)
