"""Renames: declared ones cost nothing, likely ones are not carried out behind anybody's back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.manifest import Lifecycle, OnRemove
from reconciler.model.plan import Verb
from reconciler.model.project import Allowance, Allowed, Move
from reconciler.model.resource import Phase, Recorded
from reconciler.planning.moves import moved
from reconciler.state.journal import Done, Intent, decode, encode
from reconciler.state.protocol import State
from reconciler.state.recovery import fold
from tests.planning.samples import actions, at, codes, flow, live, plan, reading, recorded, run, steps, tool

OLD, NEW = at("Tool", "old@1"), at("Tool", "new@1")
MOVE = Move(OLD, NEW)


def test_a_declared_rename_only_moves_memory() -> None:
    """Nothing is sent, though the platform still calls it by its old name; after that there is nothing to do."""
    was = recorded(tool("old@1"))
    made = plan([tool("new@1")], [was], reading(replace(live(was), address=NEW)), moves=(MOVE,))
    assert steps(made) == ["1 move Tool/new@1"]
    assert not [step for step in made.steps if step.verb.calls_platform]
    assert made.steps[0].moved_from == OLD
    assert actions(made) == {"Tool/new@1": "adopt"}
    now = replace(was, address=NEW)
    seen = reading(replace(live(was), address=NEW))
    for moves in ((), (MOVE,)):
        assert plan([tool("new@1")], [now], seen, moves=moves).is_empty


def test_what_refers_to_a_renamed_thing_is_unchanged_too() -> None:
    """It is declared under the new name and stands on the platform under the old one: the same thing."""
    before = [tool("old@1"), flow("wf@1", "old::1")]
    memory = [recorded(m, *before) for m in before]
    seen = reading(replace(live(memory[0]), address=NEW), live(memory[1]))
    after = [tool("new@1"), flow("wf@1", "new::1")]
    made = plan(after, memory, seen, moves=(MOVE,))
    assert not [step for step in made.steps if step.verb.calls_platform]
    changed = plan([after[0], flow("wf@1", "new::1", x=1)], memory, seen, moves=(MOVE,))
    (update,) = [step for step in changed.steps if step.verb is Verb.UPDATE]
    assert update.desired is not None
    assert update.desired["tasks"] == [{"task": "t0", "tool": "old::1::lab"}]


def test_an_edit_of_a_renamed_thing_keeps_its_name_there() -> None:
    """The platform cannot rename: what is sent says the name it knows."""
    was = recorded(tool("old@1", timeout=5))
    seen = reading(replace(live(was), address=NEW))
    made = plan([tool("new@1", timeout=6)], [was], seen, moves=(MOVE,))
    assert [step.verb for step in made.steps] == [Verb.MOVE, Verb.UPDATE]
    desired = made.steps[1].desired
    assert desired is not None
    assert (desired["name"], desired["timeout"]) == ("old", 6)
    now = replace(was, address=NEW, spec=desired, digest=made.steps[1].digest)
    again = plan([tool("new@1", timeout=6)], [now], reading(replace(live(now), address=NEW)))
    assert again.is_empty, steps(again)


@pytest.mark.parametrize("phase", [Phase.RUNNING, Phase.SUCCEEDED, Phase.FAILED])
def test_a_moved_run_is_not_submitted_again(phase: Phase) -> None:
    """The same digest: nothing, whether or not the platform still keeps it."""
    was = recorded(run("before"), phase=phase)
    move = Move(at("Run", "before"), at("Run", "after"))
    for seen in (reading(replace(live(was, phase=phase), address=move.address)), reading()):
        made = plan([run("after")], [was], seen, moves=(move,))
        assert steps(made) == ["1 move Run/after"]
        assert not made.is_blocked


def test_moves_that_are_not_due_change_nothing() -> None:
    """Nothing there, nothing declared, or made before."""
    was = recorded(tool("old@1"))
    memory = {was.address: was}
    assert moved({}, [MOVE], {NEW}) == ({}, {})
    assert moved(memory, [MOVE], {OLD}) == (memory, {})
    assert moved(memory, [MOVE], set()) == (memory, {})
    both = {**memory, NEW: replace(was, address=NEW)}
    assert moved(both, [MOVE], {NEW}) == (both, {})


def test_chains_and_circles_of_moves_end() -> None:
    """A thing that moved twice is found where it went in the end; a circle is left."""
    third = at("Tool", "third@1")
    was = recorded(tool("old@1"))
    chain = [MOVE, Move(NEW, third)]
    assert moved({OLD: was}, chain, {third}).came_from == {third: OLD}
    assert moved({OLD: was}, [MOVE, Move(NEW, OLD)], {NEW}).came_from in ({}, {NEW: OLD})


def test_both_ends_declared_is_an_error() -> None:
    """It cannot be two things."""
    made = plan([tool("old@1"), tool("new@1")], moves=(MOVE,))
    assert codes(made) == ["moved.still-declared"]
    assert made.is_blocked


def test_a_likely_rename_is_proposed_and_not_carried_out() -> None:
    """Neither deleted nor created: the entry to declare it is spelled out, an allowance says otherwise."""
    was = recorded(tool("old@1"))
    made = plan([tool("new@1")], [was], reading(live(was)))
    assert made.is_blocked
    assert made.is_empty
    assert actions(made) == {"Tool/new@1": "refuse", "Tool/old@1": "hold"}
    (finding,) = made.diagnostics
    assert finding.code == "plan.likely-rename"
    assert f'from: "{OLD}", to: "{NEW}"' in finding.hint
    meant = Allowance(Allowed.RENAME, frozenset({NEW}), "2026-07-31", "two tools")
    allowed = plan([tool("new@1")], [was], reading(live(was)), allow=(meant,), today="2026-07-31")
    assert steps(allowed) == ["1 create Tool/new@1", "2 delete Tool/old@1"]
    assert plan([tool("new@1")], [was], reading(live(was)), allow=(meant,), today="2026-08-01").is_blocked


def test_a_renamed_run_is_not_paid_for_twice() -> None:
    """An ended run under a new name would be submitted again."""
    was = recorded(run("before"), phase=Phase.SUCCEEDED)
    assert "plan.likely-rename" in codes(plan([run("after")], [was], reading()))
    assert not plan([run("after", flow="wf::2")], [was], reading()).is_blocked


def test_an_object_that_two_addresses_hold_is_never_deleted() -> None:
    """Whatever a crash or a hand left in the memory."""
    was = recorded(tool("old@1"))
    now = replace(recorded(tool("new@1")), remote_id=was.remote_id, mark=was.mark)
    made = plan([tool("new@1")], [was, now], reading(live(was), replace(live(now), address=NEW)))
    assert steps(made) == ["1 forget Tool/old@1"]


def test_a_move_is_folded_whole_and_twice_as_once() -> None:
    """History, outputs and phase go along; those that need it follow; the journal keeps it."""
    was = replace(recorded(tool("old@1")), history=("x",), outputs={"a": "b"}, phase=Phase.READY)
    user = replace(recorded(flow("wf@1")), depends_on=(OLD,))
    intent = Intent("1.1.p", "p", 1, NEW, was.platform, Verb.MOVE, 1.0, remote_id=was.remote_id, moved_from=OLD)
    done = Done("1.1.p", NEW, was.remote_id, 2.0)
    assert decode(encode(intent, 1) + encode(done, 1), "journal") == (intent, done)
    once = fold(State("l", 1, {OLD: was, user.address: user}), [intent, done])
    assert once.resources == {NEW: replace(was, address=NEW), user.address: replace(user, depends_on=(NEW,))}
    assert fold(once, [intent, done]) == once
    assert isinstance(once.resources[NEW], Recorded)


def test_a_removed_active_run_may_be_cancelled_by_name() -> None:
    """An allowance names it, until it expires; protection is stronger."""
    was = recorded(run("nightly"))
    seen = reading(live(was, phase=Phase.RUNNING))
    named = Allowance(Allowed.CANCEL, frozenset({was.address}), "2026-07-31", "wrong input")
    others = [tool()]
    assert plan(others, [was], seen, allow=(named,), today="2026-08-01").is_blocked
    made = plan(others, [was], seen, allow=(named,), today="2026-07-31")
    assert [step for step in steps(made) if "Run" in step] == ["2 stop Run/nightly", "3 forget Run/nightly after 2"]
    protected = replace(was, lifecycle=Lifecycle(on_remove=OnRemove.CANCEL, protect=True))
    assert plan(others, [protected], seen, allow=(named,)).is_blocked
