"""One mutating call, carried through to a verdict: it had its effect, it had none, or nobody can tell.

    create ended in       token      unique_name           unique_among_active   search_only    blind
    --------------------  ---------  --------------------  --------------------  -------------  --------
    an answer             effect     effect                effect                effect         effect
    throttled, not sent   repeat     repeat                repeat                repeat         repeat
    refused               no effect  no effect             no effect             no effect      no effect
    refused: it exists    search     search                search                search         no effect
    no answer             repeat     search, then repeat   search                search         unsure

A search that finds our mark is an effect. One that does not, made late enough, means: not submitted. Only where the
platform itself keeps a second one out (a token, a unique name) is the create then sent again at once; elsewhere the
next apply does it, after one more look at the world.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, assert_never

from reconciler.errors import (
    Busy,
    Conflict,
    CredentialsMissing,
    Interrupted,
    PlatformError,
    Refused,
    StateLocked,
    Throttled,
    Unanswered,
    Unreachable,
)
from reconciler.execution.searching import Hit, Nothing, Several, Unclear, can_search, search
from reconciler.model.kind import CreateClass, Life
from reconciler.model.resource import Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from reconciler.execution.context import Context, Pauses
    from reconciler.execution.searching import Verdict as Search
    from reconciler.model.kind import Kind
    from reconciler.model.mark import Mark
    from reconciler.model.resource import Desired, Live
    from reconciler.providers.protocol import Creates
    from reconciler.state.protocol import Lease

_HARMLESS_REPEATS = 3


@dataclass(frozen=True, slots=True)
class Effect:
    """The call had its effect, on this object. `phase` UNKNOWN where nothing was learnt of it; `defaults` as in
    Recorded, empty where nothing was.
    """

    remote_id: str
    phase: Phase = Phase.UNKNOWN
    outputs: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NoEffect:
    """The call had no effect. It may be planned again."""

    error: str
    code: str


@dataclass(frozen=True, slots=True)
class Unsure:
    """The call may have had its effect."""

    error: str
    code: str


Verdict: TypeAlias = Effect | NoEffect | Unsure


def effect_of(live: Live) -> Effect:
    """What a live object says about the call that made it."""
    return Effect(live.remote_id, live.phase, dict(live.outputs))


class Gate:
    """What every mutating request of a step passes on its way out."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._lock = threading.Lock()
        self._is_shut = False
        self._out = 0

    @property
    def passed(self) -> bool:
        """Whether any request may have left."""
        return self._out > 0

    def _open(self) -> None:
        """Raises StateLocked when the lease was lost: a holder that was suspended must not send what its successor
        has settled already. Raises Interrupted once it is shut.
        """
        self._lease.check()
        with self._lock:
            if self._is_shut:
                msg = "asked to stop before it was sent"
                raise Interrupted(msg)
            self._out += 1

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Opens it for the one request sent inside. When the lease is found lost on the way out, it did not leave."""
        self._open()
        try:
            yield
        except StateLocked:
            with self._lock:
                self._out -= 1
            raise

    def shut(self) -> bool:
        """Lets nothing more out. Whether any request may have left."""
        with self._lock:
            self._is_shut = True
            return self.passed


class Creation:
    """One create."""

    def __init__(self, handler: Creates, desired: Desired, gate: Gate, context: Context) -> None:
        self._handler = handler
        self._desired = desired
        self._gate = gate
        self._context = context
        self._pauses = context.patience.pauses()
        self._open: PlatformError | None = None
        """An answer that never came and is not settled yet."""
        self._lost: PlatformError | None = None
        """The last answer that never came, settled or not."""

    def run(self, kind: Kind) -> Verdict:
        """Sends it, and again where that is certain to be harmless. Raises StateLocked when the lease was lost."""
        last: Verdict = NoEffect("it was never sent", "execution.not-sent")
        for _ in range(self._context.patience.attempts):
            last, final = self._send(kind)
            if final:
                break
        # No later answer takes back a request whose own answer never came.
        return self._searched(self._open) if isinstance(last, NoEffect) and self._open is not None else last

    def resume(self, kind: Kind, left: PlatformError) -> Verdict:
        """The same for a create that an earlier process sent and never saw answered."""
        self._open = self._lost = left
        return self.run(kind)

    def _send(self, kind: Kind) -> tuple[Verdict, bool]:
        """The verdict so far, and whether it is final."""
        try:
            with self._gate.sending():
                live = self._handler.create(self._desired)
        except (Throttled, Unreachable) as error:
            return no_effect(error), not _go_on(error, self._pauses, self._context)
        except Conflict as error:
            return self._exists(error, kind), True
        except (Refused, CredentialsMissing) as error:
            return no_effect(error), True
        except PlatformError as error:
            return self._unanswered(error, kind)
        if not live.remote_id:
            return self._unanswered(Unanswered("the answer to the create names no id"), kind)
        return effect_of(live), True

    def _unanswered(self, error: PlatformError, kind: Kind) -> tuple[Verdict, bool]:
        self._open = self._lost = error
        match kind.create_class:
            case CreateClass.TOKEN:
                return unsure(error), self._context.wait(self._pauses.next())
            case CreateClass.UNIQUE_NAME:
                verdict = self._searched(error)
                return verdict, not isinstance(verdict, NoEffect)
            case CreateClass.UNIQUE_AMONG_ACTIVE | CreateClass.SEARCH_ONLY:
                return self._searched(error), True
            case CreateClass.BLIND:
                return Unsure(f"{error.message}; {look_for(self._desired.mark)}", error.code), True
            case _ as unreachable:
                assert_never(unreachable)

    def _exists(self, error: Conflict, kind: Kind) -> Verdict:
        """The platform says that it is there. Ours, when it carries our mark: of a run that says everything, of a
        standing thing only that it is ours, so that the plan, which saw none, is out of date.
        """
        if kind.create_class is CreateClass.BLIND or not can_search(self._handler):
            return no_effect(error) if self._lost is None else unsure(self._lost)
        if self._lost is not None:
            # Nothing had the name when it was planned: most likely the lost one has it, and lists lag far behind.
            verdict = self._searched(self._lost)
            return unsure(self._lost) if isinstance(verdict, NoEffect) else verdict
        found = self._search(self._context.clock())
        if isinstance(found, Hit) and kind.life is Life.RUN:
            return effect_of(found.live)
        return no_effect(error)

    def _searched(self, error: PlatformError) -> Verdict:
        """The verdict of a search that waits out the platform's lag, for the create that ended in `error`."""
        until = self._context.clock() + self._context.patience.horizon
        verdict = judged(self._search(until), error.message, error.code)
        if isinstance(verdict, NoEffect):
            self._open = None
        return verdict

    def _search(self, until: float) -> Search:
        return search(self._handler, self._desired.address, self._desired.mark, until, self._context)


def judged(found: Search, what: str, code: str) -> Verdict:
    """What a search says about the create that ended with `what`."""
    match found:
        case Hit(live):
            return effect_of(live)
        case Several(remote_ids):
            return Unsure(f"{what}; {len(remote_ids)} objects carry its mark: {', '.join(remote_ids)}", code)
        case Nothing():
            return NoEffect(f"{what}; it was searched for and is not there: it was not submitted", code)
        case Unclear(reason):
            return Unsure(f"{what}; {reason}", code)
        case _ as unreachable:
            assert_never(unreachable)


def repeat(send: Callable[[], None], remote_id: str, gate: Gate, context: Context) -> Verdict:
    """Sends an idempotent call until it is answered, a few times; what is on its way to another state is waited for.
    Raises StateLocked when the lease was lost.
    """
    pauses = context.patience.pauses()
    open_error: PlatformError | None = None
    last: Verdict = NoEffect("it was never sent", "execution.not-sent")
    for _ in range(_HARMLESS_REPEATS):
        try:
            _when_it_has_arrived(send, gate, context)
        except (Throttled, Unreachable) as error:
            last = no_effect(error)
            if not _go_on(error, pauses, context):
                break
        except (Refused, CredentialsMissing) as error:
            last = no_effect(error)
            break
        except PlatformError as error:
            open_error = error
            if context.wait(pauses.next()):
                break
        else:
            return Effect(remote_id)
    return last if open_error is None else unsure(open_error)


def _when_it_has_arrived(send: Callable[[], None], gate: Gate, context: Context) -> None:
    """Sends it, again and again while the platform is at it. Raises Busy when that takes longer than we wait, or we are
    asked to stop.
    """
    pauses, until = context.patience.pauses(), context.clock() + context.patience.ending
    while True:
        try:
            with gate.sending():
                return send()
        except Busy:
            if context.clock() >= until or context.wait(pauses.next()):
                raise


def look_for(mark: Mark) -> str:
    """What a person has to do where no search can tell."""
    return f"nothing can look for it but you: it carries {mark} in its name or description"


def no_effect(error: PlatformError) -> NoEffect:
    """The platform said so, or was never reached."""
    return NoEffect(error.message, error.code)


def unsure(error: PlatformError) -> Unsure:
    """No trustworthy answer came."""
    return Unsure(error.message, error.code)


def _go_on(error: Throttled | Unreachable, pauses: Pauses, context: Context) -> bool:
    """Waits as long as the platform asks, or a growing while. False: it is not worth, or not allowed, to go on."""
    asked = error.retry_after if isinstance(error, Throttled) else None
    if asked is not None and asked > context.patience.longest_retry_after:
        return False
    return not context.wait(pauses.next() if asked is None else asked)
