"""What platforms filled in: looked at once more when all is done, since answers to creates rarely show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.execution.pooling import workers
from reconciler.model.kind import Life
from reconciler.model.outcome import Result
from reconciler.model.plan import Verb
from reconciler.planning.defaults import filled_in
from reconciler.planning.fingerprint import Sight
from reconciler.planning.rules import rules_of
from reconciler.providers.protocol import Reads
from reconciler.state.journal import Observed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.execution.context import Context
    from reconciler.model.address import Address
    from reconciler.model.kind import Kind
    from reconciler.model.outcome import StepOutcome
    from reconciler.model.resource import Live, Reading, Recorded
    from reconciler.planning.rules import Rules
    from reconciler.state.protocol import State

_WRITES = frozenset({Verb.CREATE, Verb.UPDATE})


class Notes:
    """Makes notes of defaults, for things of some kinds, under one key. No key: no notes."""

    def __init__(self, kinds: Mapping[tuple[str, str], Kind], key: str) -> None:
        self._kinds = kinds
        self._key = key
        self._rules: dict[tuple[str, str], Rules] = {}

    def wanted(self, platform: str, address: Address) -> bool:
        """Whether there is anything to note: a run is what was submitted, and has no defaults that could drift."""
        kind = self._kinds.get((platform, address.kind))
        return bool(self._key) and kind is not None and kind.life is Life.STANDING

    def of(self, recorded: Recorded, live: Live, at: float) -> Observed | None:
        """The note on `live`, which is what was recorded."""
        if not self.wanted(recorded.platform, recorded.address) or recorded.remote_id != live.remote_id:
            return None
        name = recorded.platform, recorded.address.kind
        rules = self._rules.get(name) or self._rules.setdefault(name, rules_of(self._kinds[name]))
        sight = Sight(rules, recorded.address.scope, (recorded.spec,), self._key)
        found = filled_in(live.spec, recorded.spec, sight)
        return Observed(recorded.address, live.remote_id, live.phase, at, dict(live.outputs), found)


def note_defaults(outcomes: Iterable[StepOutcome], context: Context) -> None:
    """Reads what was created and updated, side by side, and notes what the platforms filled in. What cannot be read now
    is left to the next apply. Raises what the store raises.
    """
    notes = Notes(context.kinds, context.key)
    done = {outcome.step.address for outcome in outcomes if _is_write(outcome)}
    state = context.store.read(context.environment) if done else None
    written = [state.resources[address] for address in sorted(done & state.resources.keys())] if state else []
    written = [recorded for recorded in written if notes.wanted(recorded.platform, recorded.address)]
    if not written:
        return
    with workers(min(context.parallelism, len(written)), "note") as pool:
        seen = zip(written, pool.map(lambda each: _look(each, context), written), strict=True)
        found = [notes.of(recorded, live, context.clock()) for recorded, live in seen if live]
    context.store.append_all(context.environment, [note for note in found if note], context.lease)


def unnoted(state: State, reading: Reading, at: float, kinds: Mapping[tuple[str, str], Kind]) -> Iterable[Observed]:
    """Notes on what a refresh saw of things that nobody has looked at since our last write."""
    notes = Notes(kinds, state.key)
    for address, live in sorted(reading.live.items()):
        recorded = state.resources.get(address)
        if recorded is not None and not recorded.defaults and (found := notes.of(recorded, live, at)):
            yield found


def _is_write(outcome: StepOutcome) -> bool:
    return outcome.result is Result.DONE and outcome.step.verb in _WRITES


def _look(recorded: Recorded, context: Context) -> Live | None:
    connection = context.connections.get(recorded.address.target)
    if connection is None or context.stop.is_set():
        return None
    handler = connection.handler(recorded.address.kind)
    try:
        return handler.read(recorded.address, recorded.remote_id) if isinstance(handler, Reads) else None
    except Exception:  # noqa: BLE001 - whatever is wrong there costs a note, not an apply that is done
        return None
