"""From what was written down to what is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import StateUnreadable
from reconciler.model.manifest import Lifecycle
from reconciler.model.plan import Verb
from reconciler.model.resource import Former, Phase, Recorded
from reconciler.state.journal import Done, Failed, Header, Intent, Observed, Record, Unknown
from reconciler.state.protocol import Applied, State
from reconciler.state.recovery import carried, fold, unsettled
from tests.state.records import FEW_ADDRESSES, address_of, create, done, mark_of, recorded, records

EMPTY = State("lineage", 3)
A = address_of("a")
CREATE = create("a")


def after(*some: Record, state: State = EMPTY) -> Recorded | None:
    """What is recorded at `A`."""
    return fold(state, some).resources.get(A)


def act(verb: Verb, remote_id: str = "id-1", **more: object) -> Intent:
    """The intent of something done to what is there."""
    return replace(CREATE, key=f"1.2.{verb}", verb=verb, remote_id=remote_id, spec=None, **more)  # type: ignore[arg-type]


def consistent(some: list[Record]) -> list[Record]:
    """Without the outcomes that no intent announced, and with marks where a create needs one."""
    keys: set[str] = set()
    kept: list[Record] = []
    for record in some:
        if isinstance(record, Intent):
            keys.add(record.key)
            kept.append(replace(record, mark=record.mark or mark_of("a")))
        elif isinstance(record, Header | Observed) or record.key in keys:
            kept.append(record)
    return kept


def written(known: list[Recorded], some: list[Record]) -> list[Record]:
    """Without what was seen of objects that memory had not: nobody writes that down."""
    had = {(entry.address, entry.remote_id) for entry in known}
    kept: list[Record] = []
    for record in some:
        if isinstance(record, Done):
            had.add((record.address, record.remote_id))
        if not isinstance(record, Observed) or (record.address, record.remote_id) in had:
            kept.append(record)
    return kept


def test_an_answered_create_is_recorded_with_all_it_was() -> None:
    """Spec, digest, mark, dependencies from the intent; id, phase, outputs from the answer."""
    found = after(CREATE, done(CREATE))
    assert found == Recorded(
        address=A,
        platform="memory",
        remote_id="id-1",
        spec={"n": 1},
        digest="v1:0",
        mark=mark_of("a"),
        phase=Phase.RUNNING,
        depends_on=(address_of("base"),),
        outputs={"url": "https://example.org"},
    )


def test_neither_intents_nor_failures_change_what_is_recorded() -> None:
    """What may have happened is not recorded as if it had."""
    unknown = Unknown(CREATE.key, A, "?", "x", 2.0)
    assert fold(EMPTY, [CREATE]) == EMPTY
    assert fold(EMPTY, [CREATE, unknown]) == EMPTY
    assert fold(EMPTY, [CREATE, unknown, Failed(CREATE.key, A, "no", "x", 2.0)]).resources == {}


def test_the_last_plan_and_how_far_it_came_are_known() -> None:
    """A plan counts from its first outcome on; another one's outcome takes its place."""
    other, failing = replace(create("b"), plan="q", step=2, key="1.2.q"), replace(create("c"), step=7, key="1.7.p")
    first = fold(EMPTY, [CREATE, done(CREATE), failing, Failed(failing.key, failing.address, "", "x", 2.0)])
    assert first.applied == Applied(CREATE.plan, (CREATE.step,))
    assert fold(first, [other]).applied == first.applied
    assert fold(first, [other, done(other)]).applied == Applied("q", (2,))


def test_a_moment_of_the_memory_has_a_name() -> None:
    """It moves with every record but the headers of writers, and is empty after a commit that carries nothing."""
    header = Header("dev", "lineage", 3, 1, "somebody", 1.0)
    names = [fold(EMPTY, some).journal for some in ([], [header], [CREATE], [header, CREATE], [CREATE, done(CREATE)])]
    assert names[0] == names[1] == ""
    assert names[2] == names[3] != names[4]


def test_a_new_submission_keeps_the_former_one_as_history() -> None:
    """Oldest first."""
    second, third = replace(CREATE, key="1.5.p", attempt=2), replace(CREATE, key="1.6.p", attempt=3)
    found = after(CREATE, done(CREATE), second, done(second, "id-2"), third, done(third, "id-3"))
    assert found is not None
    assert (found.remote_id, found.attempt, found.history) == ("id-3", 3, ("id-1", "id-2"))


def test_what_was_let_go_of_is_known_for_a_while() -> None:
    """Forgotten, deleted or succeeded by another submission: who declares it again can look for it by its id."""
    second, forget = replace(CREATE, key="1.5.p", attempt=2, mark=mark_of("2nd")), act(Verb.FORGET, "id-2")
    journal = [CREATE, done(CREATE), second, done(second, "id-2"), forget, Done(forget.key, A, "id-2", 9.0)]
    found = fold(EMPTY, journal)
    first, last = Former(A, mark_of("a"), "id-1", 2.5), Former(A, mark_of("2nd"), "id-2", 9.0)
    assert sorted(found.former, key=lambda each: each.at) == [first, last]
    delete = act(Verb.DELETE)
    gone = fold(EMPTY, [CREATE, done(CREATE), delete, Done(delete.key, A, "id-1", 8.0)])
    assert gone.former == (Former(A, mark_of("a"), "id-1", 8.0),)


def test_what_is_recorded_again_was_not_let_go_of() -> None:
    """Forgotten, and taken over again."""
    forget, adopt = act(Verb.FORGET), replace(CREATE, key="1.9.p", verb=Verb.ADOPT)
    journal = [CREATE, done(CREATE), forget, Done(forget.key, A, "id-1", 9.0)]
    assert fold(EMPTY, [*journal, adopt, done(adopt)]).former == ()


def test_what_moved_was_not_let_go_of() -> None:
    """It is recorded, elsewhere."""
    move = replace(act(Verb.MOVE), address=address_of("b"), moved_from=A)
    found = fold(EMPTY, [CREATE, done(CREATE), move, Done(move.key, address_of("b"), "id-1", 3.0)])
    assert (list(found.resources), found.former) == ([address_of("b")], ())


def test_defaults_are_those_after_our_last_write() -> None:
    """An update makes the former ones worthless; an adoption of the same object does not."""
    answer = replace(done(CREATE), defaults={"/cpu": "1"})
    update, adopt = act(Verb.UPDATE), replace(act(Verb.ADOPT), spec={"n": 1})
    known = [after(CREATE, answer), after(CREATE, answer, adopt, Done(adopt.key, A, "id-1", 3.0))]
    assert [found.defaults for found in known if found] == [{"/cpu": "1"}, {"/cpu": "1"}]
    changed = [CREATE, answer, update, Done(update.key, A, "id-1", 3.0)]
    lost = after(*changed)
    assert lost is not None
    assert lost.defaults == {}
    seen = Observed(A, "id-1", Phase.UNKNOWN, 4.0, defaults={"/cpu": "2"})
    found = after(*changed, seen, Observed(A, "id-0", Phase.READY, 4.0, defaults={"/cpu": "3"}))
    assert found is not None
    assert (found.defaults, found.phase) == ({"/cpu": "2"}, Phase.RUNNING)


def test_an_update_keeps_identity_and_takes_over_the_wish() -> None:
    """Id, mark and attempt stay; spec, digest, lifecycle and dependencies are the new ones."""
    update = replace(act(Verb.UPDATE), spec={"n": 2}, digest="v1:1", lifecycle=Lifecycle(protect=True), depends_on=())
    found = after(CREATE, done(CREATE), update, Done(update.key, A, "id-1", 3.0))
    assert found is not None
    assert (found.remote_id, found.spec, found.digest) == ("id-1", {"n": 2}, "v1:1")
    assert (found.mark, found.phase, found.depends_on) == (mark_of("a"), Phase.RUNNING, ())
    assert found.lifecycle.protect


def test_a_stop_changes_the_phase_of_the_recorded_run_only() -> None:
    """Stopping a former run says nothing about the present one."""
    this, other = act(Verb.STOP), act(Verb.STOP, "id-0")
    stopped = after(CREATE, done(CREATE), this, Done(this.key, A, "id-1", 3.0, Phase.STOPPING))
    untouched = after(CREATE, done(CREATE), other, Done(other.key, A, "id-0", 3.0, Phase.STOPPING))
    assert stopped is not None
    assert untouched is not None
    assert (stopped.phase, untouched.phase) == (Phase.STOPPING, Phase.RUNNING)


def test_what_was_seen_outlives_the_platforms_memory() -> None:
    """A run that was seen to succeed has succeeded; "unknown" teaches nothing."""
    seen = Observed(A, "id-1", Phase.SUCCEEDED, 3.0, {"result": "s3://x"})
    found = after(
        CREATE, done(CREATE), seen, Observed(A, "id-1", Phase.UNKNOWN, 4.0), Observed(A, "id-9", Phase.FAILED, 5.0)
    )
    assert found is not None
    assert found.phase is Phase.SUCCEEDED
    assert found.outputs == {"url": "https://example.org", "result": "s3://x"}


def test_deleting_the_recorded_object_forgets_it() -> None:
    """And deleting it again is nothing."""
    delete = act(Verb.DELETE)
    ended = Done(delete.key, A, "id-1", 3.0)
    assert after(CREATE, done(CREATE), delete, ended) is None
    assert after(delete, ended) is None


def test_deleting_a_former_object_leaves_the_recorded_one() -> None:
    """The new one was made first, then the old one removed."""
    second, delete = replace(CREATE, key="1.5.p"), act(Verb.DELETE)
    found = after(CREATE, done(CREATE), second, done(second, "id-2"), delete, Done(delete.key, A, "id-1", 3.0))
    assert found is not None
    assert (found.remote_id, found.history) == ("id-2", ())


def test_forgetting_changes_memory_alone() -> None:
    """Whatever its id."""
    forget = act(Verb.FORGET, "")
    assert after(CREATE, done(CREATE), forget, Done(forget.key, A, "", 3.0)) is None


def test_a_move_folded_twice_is_a_move() -> None:
    """Also after the records that had made what was moved, and for those that refer to it."""
    user = replace(create("user"), depends_on=(A,))
    moved = replace(create("new"), key="1.9.p", verb=Verb.MOVE, moved_from=A, spec=None)
    journal = [CREATE, done(CREATE), user, done(user, "id-2"), moved, Done(moved.key, moved.address, "id-1", 3.0)]
    once = fold(EMPTY, journal)
    assert [(a.name, r.remote_id) for a, r in sorted(once.resources.items())] == [("new", "id-1"), ("user", "id-2")]
    assert once.resources[user.address].depends_on == (moved.address,)
    assert fold(once, journal).resources == once.resources


def test_a_move_does_not_write_over_another_object() -> None:
    """What stands at the new address stays."""
    there = create("new")
    moved = replace(create("new"), key="1.9.p", verb=Verb.MOVE, moved_from=A, spec=None)
    journal = [CREATE, done(CREATE), there, done(there, "id-2"), moved, Done(moved.key, moved.address, "id-1", 3.0)]
    resources = fold(EMPTY, journal).resources
    assert {a.name: r.remote_id for a, r in resources.items()} == {"a": "id-1", "new": "id-2"}


def test_an_outcome_without_its_intent_is_damage() -> None:
    """Nobody writes one."""
    with pytest.raises(StateUnreadable, match="outcome without its intent"):
        fold(EMPTY, [done(CREATE)])


def test_a_create_without_a_mark_is_damage() -> None:
    """A submission without a key could never be settled."""
    bare = replace(CREATE, mark=None)
    with pytest.raises(StateUnreadable, match="without a mark"):
        fold(EMPTY, [bare, done(bare)])


def test_unsettled_are_intents_without_outcome_and_unknowns() -> None:
    """In the order they were written; a later outcome settles either."""
    other = create("b")
    unknown = Unknown(CREATE.key, A, "?", "x", 2.0)
    found = unsettled([CREATE, other, unknown])
    assert [(entry.intent, entry.unknown) for entry in found] == [(CREATE, unknown), (other, None)]
    assert unsettled([CREATE, other, unknown, done(CREATE), Failed(other.key, other.address, "", "", 1.0)]) == ()


def test_what_is_carried_over_is_unsettled_again() -> None:
    """A commit in between settles nothing."""
    unknown = Unknown(CREATE.key, A, "?", "x", 2.0)
    ended = create("b")
    journal = [CREATE, ended, unknown, done(ended)]
    assert unsettled(carried(journal)) == unsettled(journal)
    assert fold(EMPTY, carried(journal)) == EMPTY


def test_an_update_of_a_former_object_is_nothing_to_the_one_that_took_its_place() -> None:
    """As a reader sees it who folds what was folded already."""
    update, adopt = act(Verb.UPDATE), replace(act(Verb.ADOPT), spec={"n": 2}, key="1.9.p")
    about = Done(update.key, A, "id-1", 3.0, defaults={"n": "1"})
    journal = [update, about, adopt, Done(adopt.key, A, "id-2", 4.0)]
    once = fold(fold(EMPTY, [CREATE, done(CREATE)]), journal)
    assert once.resources[A].history == ("id-1",)
    assert fold(once, journal) == once


@given(st.lists(recorded(FEW_ADDRESSES), max_size=2), st.lists(records(FEW_ADDRESSES), max_size=12).map(consistent))
@settings(max_examples=150)
def test_folding_twice_is_folding_once(known: list[Recorded], some: list[Record]) -> None:
    """A reader who folds what was folded already sees the same."""
    state = State("lineage", 1, {entry.address: replace(entry, history=()) for entry in known})
    journal = written(known, some)
    once = fold(state, journal)
    assert fold(once, journal) == once
    assert (once.lineage, once.serial) == ("lineage", 1)


@given(st.lists(records(FEW_ADDRESSES), max_size=12).map(consistent), st.integers(0, 12))
def test_folding_in_two_parts_with_a_commit_between_is_folding_once(some: list[Record], cut: int) -> None:
    """What a commit carries over is enough to understand what comes after it."""
    first, second = some[:cut], some[cut:]
    open_keys = {entry.intent.key for entry in unsettled(first)}
    late = [r for r in second if isinstance(r, Header | Observed | Intent) or r.key in open_keys | _begun(second, r)]
    whole = fold(EMPTY, [*first, *late])
    assert fold(fold(EMPTY, first), [*carried(first), *late]) == whole


def _begun(some: list[Record], outcome: Record) -> set[str]:
    before = some[: some.index(outcome)]
    return {record.key for record in before if isinstance(record, Intent)}
