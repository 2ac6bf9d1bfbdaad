"""A fault schedule from a seed: which kind, which lag, what goes wrong at which boundary. The same seed is the same
schedule on every machine; a failure names its seed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.state.memory import MemoryStore
from tests.laws.story import Ending, check_memory, tell, undisturbed
from tests.support.crashing import Fault, Faults, fits

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS_OF_RUN = ("SearchJob", "NamedJob", "ActiveJob", "TokenJob", "BlindJob")
LAGS = (0.0, 5.0, 45.0)
_WEIGHTS = {Fault.KILL: 5, Fault.LOST: 5, Fault.THROTTLED: 1, Fault.UNREACHABLE: 1, Fault.DEFECT: 1}


@dataclass(frozen=True)
class Weather:
    """One schedule. `faults` by the number of the crossing, counted over all lives of all processes."""

    seed: int
    kind: str
    lag: float
    faults: Mapping[int, Fault]

    def __str__(self) -> str:
        told = ", ".join(f"{fault.value} at {crossing}" for crossing, fault in sorted(self.faults.items()))
        return f"seed {self.seed}: {self.kind}, lists {self.lag:g} s behind, {told or 'no faults'}"


def weather(seed: int) -> Weather:
    """One to six faults, more often few than many: anywhere in the story, most of them where it matters, some in the
    lives that the others add to it.
    """
    dice = random.Random(seed)  # noqa: S311 - schedules must repeat
    kind, lag = dice.choice(KINDS_OF_RUN), dice.choice(LAGS)
    seen = calm(kind, lag)[1]
    importance = [_importance(boundary) for boundary in seen]
    faults = {}
    for _ in range(min(1 + int(dice.expovariate(0.7)), 6)):
        crossing = dice.choices(range(len(seen)), importance)[0]
        fitting = [fault for fault in _WEIGHTS if fits(fault, seen[crossing])]
        fault = dice.choices(fitting, [_WEIGHTS[each] for each in fitting])[0]
        # Some come later: in the lives that the others add to the story.
        faults[crossing + dice.choice((0, 0, 0, dice.randrange(len(seen))))] = fault
    return Weather(seed, kind, lag, faults)


def _importance(boundary: str) -> int:
    """Most where something becomes true on one side before the other knows."""
    call = boundary.rpartition(":")[2]
    return {"create": 12, "append": 3, "commit": 3, "update": 5, "stop": 5, "delete": 5}.get(call, 1)


_CALM: dict[tuple[str, float], tuple[list[Ending], list[str]]] = {}


def calm(kind: str, lag: float) -> tuple[list[Ending], list[str]]:
    """The endings and the boundaries of the undisturbed story."""
    if (kind, lag) not in _CALM:
        _CALM[kind, lag] = undisturbed(kind, lag, MemoryStore)
    return _CALM[kind, lag]


def hold(under: Weather) -> None:
    """Tells the story under this weather; it must end like the undisturbed one, generation by generation."""
    expected, _ = calm(under.kind, under.lag)
    bench, endings = tell(under.kind, under.lag, Faults(under.faults), MemoryStore)
    check_memory(bench)
    assert endings == expected, f"{under}: {endings} is not {expected}"


def check(seeds: range) -> None:
    """Every seed of the range; the first that fails is named, with how to repeat it."""
    for seed in seeds:
        under = weather(seed)
        try:
            hold(under)
        except Exception as error:
            again = f"python -c 'from tests.laws.schedules import check; check(range({seed}, {seed + 1}))'"
            msg = f"{under}\nrepeat with: {again}\n{error}"
            raise AssertionError(msg) from error
