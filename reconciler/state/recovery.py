"""From what was written down to what is: pure, so that any crash can be replayed in a test.

    record            effect of folding it (id: remote id)
    ----------------  ---------------------------------------------------------------------------------
    done create       recorded := the intent, id of the answer; the former id goes to the history, and is let go of
    done adopt        the same; of an object recorded already, what was learnt of it stays
    done update       spec, digest, lifecycle, dependencies := the intent's; id, mark, attempt stay; nothing where
                      another object has taken the place of the one it was about
    done stop         phase, if it is still the recorded run
    done delete       let go of if it is still the recorded object, else taken out of the history
    done forget       let go of
    done move         what was recorded at the former address stands at the new one, also for those that need it
    observed          phase, outputs and defaults, if it is still the recorded object
    failed, unknown   nothing; an unknown leaves its intent unsettled

A done or failed step makes its plan the one applied last, and a done one counts as done of it.

Folding twice is folding once.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from reconciler.errors import StateUnreadable
from reconciler.model.manifest import DEFAULT_LIFECYCLE
from reconciler.model.plan import Verb
from reconciler.model.resource import Phase, Recorded
from reconciler.state.former import former_of, ordered
from reconciler.state.journal import Done, Failed, Header, Intent, Observed, Unknown
from reconciler.state.protocol import Applied, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.address import Address
    from reconciler.model.resource import Former
    from reconciler.state.journal import Record

_Resources = dict["Address", Recorded]


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A call that may have happened. `unknown` says what was tried, None when the writer died before it could."""

    intent: Intent
    unknown: Unknown | None = None


def fold(state: State, records: Iterable[Record]) -> State:
    """`state` with every recorded outcome in it; lineage and serial stay. Raises StateUnreadable when an outcome
    has no intent.
    """
    intents: dict[str, Intent] = {}
    resources = dict(state.resources)
    users = _Users(resources)
    gone: list[Former] = []
    progress = _Progress(state.applied.plan, set(state.applied.done))
    moment = hashlib.sha256()
    begun = False
    for record in records:
        match record:
            case Intent():
                intents[record.key] = record
            case Done():
                intent = _intent_of(intents, record)
                former = None if intent.verb is Verb.MOVE else resources.get(intent.address)
                _apply(resources, intent, record, users)
                if former is not None and former.remote_id and not _holds(resources, former):
                    gone.append(former_of(former, record.at))
                progress.of(intent.plan).add(intent.step)
            case Failed():
                progress.of(_intent_of(intents, record).plan)
            case Observed():
                _observe(resources, record)
            case Header() | Unknown():
                pass
            case _ as unreachable:
                assert_never(unreachable)
        if not isinstance(record, Header):
            begun = True
            moment.update(repr(_called(record)).encode("utf-8", "surrogatepass"))
    return replace(
        state,
        resources=resources,
        applied=progress.applied(),
        journal=moment.hexdigest()[:16] if begun else "",
        former=ordered(each for each in (*state.former, *gone) if not _holds(resources, each)),
    )


@dataclass(slots=True)
class _Progress:
    """How far the last plan has come, while records are gone through."""

    plan: str
    done: set[int]

    def of(self, plan: str) -> set[int]:
        """The steps done of `plan`, which is the last one from now on."""
        if plan != self.plan:
            self.plan, self.done = plan, set()
        return self.done

    def applied(self) -> Applied:
        """The same, for good."""
        return Applied(self.plan, tuple(sorted(self.done)))


class _Users:
    """Who needs whom, for moves: made when the first one comes, and told of whatever is recorded after that. A move of
    a whole scope is thousands.
    """

    def __init__(self, resources: _Resources) -> None:
        self._resources = resources
        self._of: dict[Address, set[Address]] | None = None

    def of(self, need: Address) -> list[Recorded]:
        """What is recorded and needs it."""
        if self._of is None:
            self._of = {}
            for recorded in self._resources.values():
                self.note(recorded)
        found = (self._resources.get(address) for address in self._of.get(need, ()))
        return [recorded for recorded in found if recorded is not None and need in recorded.depends_on]

    def note(self, recorded: Recorded) -> None:
        """Takes note of what is recorded now."""
        if self._of is not None:
            for need in recorded.depends_on:
                self._of.setdefault(need, set()).add(recorded.address)


def unsettled(records: Iterable[Record]) -> tuple[Unsettled, ...]:
    """Intents without an outcome, and those whose outcome is unknown, in the order they were written."""
    intents: dict[str, Intent] = {}
    pending: dict[str, Unsettled] = {}
    for record in records:
        match record:
            case Intent():
                intents[record.key] = record
                pending[record.key] = Unsettled(record)
            case Done() | Failed():
                pending.pop(record.key, None)
            case Unknown():
                pending[record.key] = Unsettled(_intent_of(intents, record), record)
            case Header() | Observed():
                pass
            case _ as unreachable:
                assert_never(unreachable)
    return tuple(pending.values())


def carried(records: Iterable[Record]) -> tuple[Record, ...]:
    """What the journal of the next serial must begin with: the unsettled intents, so that no commit loses one."""
    return tuple(r for u in unsettled(records) for r in (u.intent, u.unknown) if r is not None)


def _called(record: Intent | Done | Failed | Unknown | Observed) -> tuple[str, ...]:
    """What tells a record from all others of its journal."""
    key = "" if isinstance(record, Observed) else record.key
    which = "" if isinstance(record, Intent | Failed | Unknown) else f"{record.remote_id} {record.phase}"
    address = record.address
    place = (address.target, address.kind, address.scope, address.name)
    return type(record).__name__, *place, repr(record.at), key, which


def _holds(resources: _Resources, former: Former | Recorded) -> bool:
    """Our memory has that very object at its address."""
    recorded = resources.get(former.address)
    return recorded is not None and recorded.remote_id == former.remote_id


def _intent_of(intents: dict[str, Intent], record: Done | Failed | Unknown) -> Intent:
    if record.key not in intents:
        msg = f"the journal has an outcome without its intent: {record.address} ({record.key})"
        raise StateUnreadable(msg)
    return intents[record.key]


def _apply(resources: _Resources, intent: Intent, done: Done, users: _Users) -> None:
    match intent.verb:
        case Verb.CREATE | Verb.ADOPT:
            resources[intent.address] = _submitted(resources.get(intent.address), intent, done)
            users.note(resources[intent.address])
        case Verb.UPDATE:
            resources[intent.address] = _updated(resources.get(intent.address), intent, done)
            users.note(resources[intent.address])
        case Verb.STOP:
            _observe(resources, Observed(done.address, done.remote_id, done.phase, done.at))
        case Verb.DELETE:
            _delete(resources, intent)
        case Verb.FORGET:
            resources.pop(intent.address, None)
        case Verb.MOVE:
            _move(resources, intent, users)
        case _ as unreachable:
            assert_never(unreachable)


def _move(resources: _Resources, intent: Intent, users: _Users) -> None:
    former = intent.moved_from
    if former is None or former not in resources:
        return
    present = resources.get(intent.address)
    if present is not None and present.remote_id != resources[former].remote_id:
        return
    # The same object at both: the move was folded before, and then the records that had made it where it was.
    moved = resources.pop(former)
    resources[intent.address] = present or replace(moved, address=intent.address)
    users.note(resources[intent.address])
    for recorded in users.of(former):
        needs = {intent.address if need == former else need for need in recorded.depends_on}
        resources[recorded.address] = replace(recorded, depends_on=tuple(sorted(needs)))
        users.note(resources[recorded.address])


def _submitted(former: Recorded | None, intent: Intent, done: Done) -> Recorded:
    if intent.mark is None:
        msg = f"the journal has a {intent.verb.value} without a mark: {intent.address} ({intent.key})"
        raise StateUnreadable(msg)
    same = former if former is not None and former.remote_id == done.remote_id else None
    history: tuple[str, ...] = ()
    if former is not None:
        # An ordered set without the new id: folding the same records again ends with the same history.
        earlier = former.history if same is not None else (*former.history, former.remote_id)
        history = tuple(dict.fromkeys(i for i in earlier if i != done.remote_id))
    return Recorded(
        address=intent.address,
        platform=intent.platform,
        remote_id=done.remote_id,
        spec=intent.spec if intent.spec is not None else {},
        digest=intent.digest,
        mark=intent.mark,
        attempt=intent.attempt,
        phase=same.phase if same is not None and done.phase is Phase.UNKNOWN else done.phase,
        depends_on=intent.depends_on,
        lifecycle=intent.lifecycle or DEFAULT_LIFECYCLE,
        outputs={**(same.outputs if same is not None else {}), **done.outputs},
        history=history,
        defaults=done.defaults or (same.defaults if same is not None and intent.verb is Verb.ADOPT else {}),
    )


def _updated(former: Recorded | None, intent: Intent, done: Done) -> Recorded:
    fresh = _submitted(former, intent, done)
    if former is None:
        return fresh
    if done.remote_id in former.history:
        return former
    return replace(
        fresh,
        remote_id=former.remote_id,
        mark=former.mark,
        attempt=former.attempt,
        phase=former.phase if done.phase is Phase.UNKNOWN else done.phase,
        outputs={**former.outputs, **done.outputs},
        history=former.history,
        defaults=done.defaults,
    )


def _observe(resources: _Resources, seen: Observed) -> None:
    recorded = resources.get(seen.address)
    if recorded is None or recorded.remote_id != seen.remote_id:
        return
    if seen.defaults:
        recorded = replace(recorded, defaults=seen.defaults)
    if seen.phase is not Phase.UNKNOWN:
        recorded = replace(recorded, phase=seen.phase, outputs={**recorded.outputs, **seen.outputs})
    resources[seen.address] = recorded


def _delete(resources: _Resources, intent: Intent) -> None:
    recorded = resources.get(intent.address)
    if recorded is None:
        return
    if recorded.remote_id == intent.remote_id:
        del resources[intent.address]
    elif intent.remote_id in recorded.history:
        history = tuple(i for i in recorded.history if i != intent.remote_id)
        resources[intent.address] = replace(recorded, history=history)
