"""How fast work goes: really, at once, a step each time somebody looks, or by the platform's clock.

Each pace is an engine of its own. A run keeps the one it was submitted to, so the pace may be changed at any time and
holds for what is submitted from then on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.localplatform.engines.process import process_engine
from reconciler.localplatform.engines.simulated import Advance, SimulatedEngine
from reconciler.localplatform.engines.slurm.engine import slurm_engine
from reconciler.localplatform.engines.slurm.site import FILE, read_site

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from reconciler.localplatform.clock import Clock
    from reconciler.localplatform.engines.protocol import Engine, Listener

PROCESS = "process"
SLURM = "slurm"
SIMULATED = "simulated"
"""Short for the simulated engine whose work is over at once."""


def every_engine(folder: Path, listener: Listener, clock: Clock) -> Mapping[str, Engine]:
    """All there are, by the names people give them; `folder` is for the one that runs processes. The one of a cluster
    is there when `slurm.toml` beside that folder describes it. Raises LocalPlatformError when that cannot be read.

    Another engine is a file in `engines/` and a line here.
    """
    engines: dict[str, Engine] = {PROCESS: process_engine(folder, listener, clock=clock.now)}
    if (site_file := folder.parent / FILE).exists():
        site = read_site(site_file)
        engines[SLURM] = slurm_engine(site.shared / "engine", listener, site, clock=clock.now)
    return {**engines, **simulated_engines(listener, clock)}


def data_folder(root: Path) -> Path:
    """Where the files of the platforms' spaces are: on the disk every node sees, where a cluster runs the work.

    Raises LocalPlatformError when the description of the cluster cannot be read.
    """
    site_file = root / FILE
    return read_site(site_file).data if site_file.exists() else root / "data"


def simulated_engines(listener: Listener, clock: Clock) -> Mapping[str, Engine]:
    """One simulated engine for each pace: `simulated`, `simulated-per-read`, `simulated-by-clock`."""
    names = {
        SIMULATED: Advance.AT_ONCE,
        f"{SIMULATED}-per-read": Advance.PER_READ,
        f"{SIMULATED}-by-clock": Advance.BY_CLOCK,
    }
    return {name: SimulatedEngine(listener, advance=pace, clock=clock.now) for name, pace in names.items()}
