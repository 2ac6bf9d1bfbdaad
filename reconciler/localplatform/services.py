"""What a handler of any platform has at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.localplatform.clock import Clock
    from reconciler.localplatform.data import DataFolder
    from reconciler.localplatform.face import Account
    from reconciler.localplatform.runs import Runs
    from reconciler.localplatform.store import Store
    from reconciler.localplatform.switches import Switches


@dataclass(frozen=True, slots=True)
class Services:
    """Shared by all faces; each part is thread safe. `shared`: it serves several persons, who need not trust each
    other with this machine.
    """

    store: Store
    runs: Runs
    data: DataFolder
    clock: Clock
    account: Account
    switches: Switches
    granted: Callable[[str], Mapping[str, str]]
    """Which users, by id, have which role in a space of this name from its first moment."""
    shared: bool = False
