"""What was let go of lately, kept for a while: bounded in time and number, and pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.model.resource import Former

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.resource import Recorded

SECONDS: Final = 7 * 86_400.0
"""Lists that lag for longer than a week are not lists."""
MOST: Final = 5000
"""About a megabyte. Beyond it the oldest go first."""


def former_of(recorded: Recorded, at: float) -> Former:
    """`recorded` as let go of at that time."""
    return Former(recorded.address, recorded.mark, recorded.remote_id, at)


def kept(found: Iterable[Former], now: float) -> tuple[Former, ...]:
    """Those of `found` that are young enough, the newest when they are too many, sorted."""
    young = [each for each in found if now - each.at <= SECONDS]
    newest = sorted(young, key=lambda each: (-each.at, *_order(each)))[:MOST]
    return tuple(sorted(newest, key=_order))


def ordered(found: Iterable[Former]) -> tuple[Former, ...]:
    """`found` as State holds it: sorted, each object at each mark once, as it was let go of last."""
    latest: dict[tuple[str, str, str], Former] = {}
    for each in sorted(found, key=lambda each: each.at):
        latest[_order(each)] = each
    return tuple(latest[key] for key in sorted(latest))


def _order(former: Former) -> tuple[str, str, str]:
    return str(former.address), str(former.mark), former.remote_id
