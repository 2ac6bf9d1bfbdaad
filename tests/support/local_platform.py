"""A whole local platform in this process, for any test that needs one: no server, no waiting, no real work."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from reconciler.localplatform.assembly import Platform, assemble
from reconciler.localplatform.face import Account
from reconciler.localplatform.phases import SIMULATED, simulated_engines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from reconciler.localplatform.clock import Clock

ACCOUNT = Account(
    access_key="FAKEACCESSKEYEXAMPLE",
    secret_key="FAKESECRETKEYEXAMPLEDONOTUSE0000000000",
    project_id="0fakeproject0000000000000000000a",
    admin_token="fake-admin-token",
    password="fake-password",
)
"""The customer of every platform made here."""


@contextmanager
def local_platform(folder: Path, *, engine: str = SIMULATED, clock: Clock | None = None) -> Iterator[Platform]:
    """A platform below `folder`. `engine` is `simulated` (work is over at once), `simulated-per-read` (a step each time
    somebody looks) or `simulated-by-clock` (as fast as `clock` goes).
    """
    platform = assemble(folder, ACCOUNT, simulated_engines, engine, clock=clock)
    try:
        yield platform
    finally:
        platform.close()
