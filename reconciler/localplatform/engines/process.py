"""The engine that really runs commands, as processes of this machine, bounded by what the machine has.

Every instance has a supervisor process (supervise.py) which outlives this one. A launch is written down before it is
made, and a claim file decides who runs it: nothing is started twice.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from reconciler.localplatform.engines.dispatch import Dispatcher, Settings
from reconciler.localplatform.engines.durable import DurableEngine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from reconciler.localplatform.engines.outbox import Outbox
    from reconciler.localplatform.engines.protocol import Listener


def process_engine(
    folder: Path,
    listener: Listener | None = None,
    *,
    settings: Settings | None = None,
    clock: Callable[[], float] = time.time,
) -> DurableEngine:
    """An engine whose instances are processes of this machine. See `DurableEngine` for the arguments."""

    def make(place: Path, outbox: Outbox) -> Dispatcher:
        return Dispatcher(place, settings or Settings(), clock, outbox)

    return DurableEngine(folder, listener, make, clock=clock)
