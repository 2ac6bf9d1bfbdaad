"""All that walking a plan needs from outside, handed in once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from reconciler.model.address import Address
    from reconciler.model.kind import Kind
    from reconciler.model.outcome import StepOutcome
    from reconciler.model.plan import Step
    from reconciler.model.resource import Former, Phase, Recorded
    from reconciler.model.secret import Redactor
    from reconciler.providers.protocol import Connection
    from reconciler.state.protocol import Lease, StateStore


class Progress(Protocol):
    """Hears what happens while it happens. Calls come one at a time, from any thread."""

    def started(self, step: Step) -> None:
        """A step has begun."""

    def ended(self, outcome: StepOutcome) -> None:
        """A step has ended, or was skipped."""

    def waiting(self, address: Address, phase: Phase) -> None:
        """A run is being waited for and was seen in `phase`."""


class Silence:
    """A progress nobody listens to."""

    def started(self, step: Step) -> None:
        """See Progress."""

    def ended(self, outcome: StepOutcome) -> None:
        """See Progress."""

    def waiting(self, address: Address, phase: Phase) -> None:
        """See Progress."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on, in seconds, and how often.

    `horizon`: an accepted create is visible to searches this long after its call ended, at the latest; only a
    search made later than that can say "it was not submitted". Lengthen it for a platform with slower lists.
    `first`, `factor`, `longest`: pauses between searches, repeats and reads.
    `attempts`: how often one call is sent that is known to have had no effect, or that is harmless to repeat.
    `longest_retry_after`: a platform that asks for a longer pause than that has refused.
    `ending`: for a stopped run to end, and a deleted object to be gone, before what needs it.
    `queued`: for the former run to end where a new one is queued behind it. 0: look once.
    `results`: for a run to succeed, or to tell, what another resource works on, such as the file it has found.
    `doubt`: what an earlier process began longer ago than that has ended one way or the other and shows in lists, even
    if the machine's clock was set by hours since.
    `token`: a platform that takes idempotency tokens remembers them at least this long.
    `fresh`: creates planned longer ago than this are searched for again before the first is sent.
    `grace`: for calls under way to end when asked to stop; then they are left to be settled by the next apply. Runners
    kill some ten seconds after they ask.
    """

    horizon: float = 60.0
    first: float = 0.5
    factor: float = 2.0
    longest: float = 10.0
    attempts: int = 5
    longest_retry_after: float = 120.0
    ending: float = 300.0
    queued: float = 0.0
    results: float = 3600.0
    doubt: float = 86_400.0
    token: float = 600.0
    fresh: float = 15.0
    grace: float = 6.0

    def pauses(self) -> Pauses:
        """A new series of growing pauses."""
        return Pauses(self.first, self.factor, self.longest)


class Pauses:
    """Growing pauses: `next()` gives the length of the next one."""

    def __init__(self, first: float, factor: float, longest: float) -> None:
        self._following = first
        self._factor = factor
        self._longest = longest

    def next(self) -> float:
        """Seconds."""
        found = min(self._following, self._longest)
        self._following = found * self._factor
        return found


@dataclass(frozen=True, slots=True)
class Context:
    """What `execute`, `settle` and `wait_for` act through.

    `connections` by target name; `recorded` what the plan was made from; `secrets` gives the value of a secret by name
    (KeyError: not set); `redactor` knows every secret read so far; `clock` gives UNIX time; `stop` asks to end early.
    `former` and `key` are those of the memory (see State).
    `plan_id` names the plan in the journal. `read_at` is when the plan's refresh ended (UNIX time), None when that is
    not known. `pause` replaces waiting in real time (it returns whether to stop); tests advance their clock in it.
    """

    store: StateStore
    lease: Lease
    environment: str
    connections: Mapping[str, Connection]
    kinds: Mapping[tuple[str, str], Kind]
    recorded: Mapping[Address, Recorded]
    secrets: Callable[[str], str]
    redactor: Redactor
    parallelism: int
    progress: Progress
    clock: Callable[[], float]
    stop: threading.Event
    former: tuple[Former, ...] = ()
    key: str = field(default="", repr=False)
    plan_id: str = ""
    read_at: float | None = None
    patience: Patience = Patience()
    pause: Callable[[float], bool] | None = None

    def wait(self, seconds: float) -> bool:
        """Lets time pass. True when asked to stop, at once."""
        if self.stop.is_set():
            return True
        return self.pause(seconds) if self.pause is not None else self.stop.wait(seconds)
