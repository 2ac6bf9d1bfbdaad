"""How fast work goes: really, at once, a step each time somebody looks, or by the platform's clock.

Each pace is an engine of its own. A run keeps the one it was submitted to, so the pace may be changed at any time and
holds for what is submitted from then on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.localplatform.engines.simulated import Advance, SimulatedEngine

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.localplatform.clock import Clock
    from reconciler.localplatform.engines.protocol import Engine, Listener

SIMULATED = "simulated"
"""Short for the simulated engine whose work is over at once."""


def simulated_engines(listener: Listener, clock: Clock) -> Mapping[str, Engine]:
    """One simulated engine for each pace: `simulated`, `simulated-per-read`, `simulated-by-clock`."""
    names = {
        SIMULATED: Advance.AT_ONCE,
        f"{SIMULATED}-per-read": Advance.PER_READ,
        f"{SIMULATED}-by-clock": Advance.BY_CLOCK,
    }
    return {name: SimulatedEngine(listener, advance=pace, clock=clock.now) for name, pace in names.items()}
