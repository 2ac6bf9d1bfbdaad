"""From three sides to a plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.model.address import Address
from reconciler.model.change import ABSENT, Action
from reconciler.model.diagnostic import Severity, Source
from reconciler.model.kind import Ability, FieldRule, Life, OnFieldChange
from reconciler.model.manifest import Lifecycle, Manifest, OnChange, OnFailure, OnRemove
from reconciler.model.mark import Mark
from reconciler.model.plan import Verb
from reconciler.model.project import Allowance, Allowed
from reconciler.model.resource import Listed, Live, Phase, Recorded
from tests.planning.samples import (
    OWNER,
    PLATFORM,
    RUN,
    TARGET,
    TOOL,
    actions,
    at,
    codes,
    flow,
    foreign_mark,
    live,
    manifest,
    plan,
    reading,
    recorded,
    run,
    saw,
    steps,
    tool,
    with_kind,
    without,
)

PROTECTED = Lifecycle(protect=True)


# -- building up -------------------------------------------------------------------------------------------------------


def test_new_things_are_created_after_what_they_need() -> None:
    """Each step says what it needs; specs are in normal form, marks and digests are there."""
    made = plan([run(flow="wf::1"), flow("wf@1", "qc::1"), tool("qc@1")])
    assert steps(made) == ["1 create Tool/qc@1", "2 create Flow/wf@1 after 1", "3 create Run/r1 after 2"]
    assert actions(made) == {"Flow/wf@1": "create", "Run/r1": "create", "Tool/qc@1": "create"}
    assert made.diagnostics == ()
    first, second, third = made.steps
    assert first.desired == {"name": "qc", "version": "1", "image": "lab/align:1", "timeout": 1440}
    assert first.mark == Mark.of_standing(OWNER, first.address)
    assert second.depends_on == (first.address,)
    assert third.mark == Mark.of_run(OWNER, third.address, third.digest, 1)
    assert (third.seen, third.remote_id, third.after_end) == ("", "", False)


def test_what_was_applied_is_no_change() -> None:
    """Neither for people nor for the executor."""
    manifests = [tool("qc@1"), flow("wf@1", "qc::1"), run(flow="wf::1")]
    memory = [recorded(m, *manifests) for m in manifests]
    made = plan(manifests, memory, reading(*(live(m, phase=Phase.RUNNING) for m in memory)))
    assert set(actions(made).values()) == {"no-op"}
    assert made.is_empty
    assert not made.is_blocked


def test_an_update_carries_all_that_is_declared_and_what_was_seen() -> None:
    """The platform replaces the whole object; the executor compares before it writes."""
    memory = recorded(tool())
    seen = live(memory)
    made = plan([tool(nodes=["a"])], [memory], reading(seen))
    (step,) = made.steps
    assert (step.verb, step.remote_id) == (Verb.UPDATE, memory.remote_id)
    assert saw(step, seen, memory)
    assert step.desired is not None
    assert step.desired["nodes"] == ["a"]
    assert step.mark == memory.mark
    (change,) = made.changes
    assert [(f.path, f.recorded, f.desired, f.live) for f in change.fields] == [("/nodes", ABSENT, ["a"], ABSENT)]
    assert change.source == Source("tool-align@1.yaml", 1, 1)


def test_a_replacement_deletes_what_was_seen_and_then_creates() -> None:
    """Two calls, one after the other."""
    memory = recorded(tool())
    made = plan([tool(image="lab/align:2")], [memory], reading(live(memory)))
    assert steps(made) == ["1 delete Tool/align@1", "2 create Tool/align@1 after 1"]
    delete, create = made.steps
    assert saw(delete, live(memory), memory)
    assert (create.seen, create.remote_id) == ("", "")


def test_drift_goes_back_to_what_is_declared() -> None:
    """And says that it moved on the platform."""
    memory = recorded(tool(timeout=60))
    made = plan([tool(timeout=60)], [memory], reading(live(memory, {"timeout": 90})))
    assert actions(made) == {"Tool/align@1": "update"}
    assert made.changes[0].fields[0].why == "it moved on the platform"


def test_a_field_that_is_declared_no_more_goes_back() -> None:
    """Though all that is declared is as it should be."""
    memory = recorded(tool(x=1))
    made = plan([tool()], [memory], reading(live(memory)))
    assert actions(made) == {"Tool/align@1": "update"}
    assert [(f.path, f.desired) for f in made.changes[0].fields] == [("/x", ABSENT)]


def test_a_standing_thing_that_is_gone_is_made_again() -> None:
    """Recorded, but missing."""
    made = plan([tool()], [recorded(tool())])
    assert steps(made) == ["1 create Tool/align@1"]
    assert "missing" in made.changes[0].why


def test_an_unreadable_thing_is_compared_with_memory() -> None:
    """With a warning that has the reason, and without a step."""
    memory = recorded(tool())
    seen = reading(unreadable=[memory.address])
    same, edited = plan([tool()], [memory], seen), plan([tool(nodes=["a"])], [memory], seen)
    assert actions(same) == {"Tool/align@1": "no-op"}
    assert actions(edited) == {"Tool/align@1": "hold"}
    assert [f.path for f in edited.changes[0].fields] == ["/nodes"]
    for made in (same, edited):
        assert made.is_empty
        assert codes(made) == ["decide.unreadable"]
        assert "the platform is busy" in made.diagnostics[0].message
        assert made.diagnostics[0].severity is Severity.WARNING


def test_nothing_is_created_blindly() -> None:
    """What could not be looked for may exist."""
    made = plan([tool(), run()], seen=reading(unreadable=[at("Tool", "align@1"), at("Run", "r1")]))
    assert actions(made) == {"Run/r1": "hold", "Tool/align@1": "hold"}
    assert made.is_empty


def test_a_target_that_is_not_there_makes_things_unreadable() -> None:
    """And never missing."""
    memory = recorded(tool())
    made = plan([flow("wf@1")], [memory], platforms={"other": PLATFORM})
    assert actions(made) == {"Flow/wf@1": "hold", "Tool/align@1": "hold"}
    assert "not part of this environment" in made.diagnostics[0].message


def test_a_kind_that_is_not_known_is_left_alone() -> None:
    """Recorded by another release, or declared past validation."""
    memory = replace(recorded(tool()), address=at("Old", "x"), remote_id="id-9")
    odd = Manifest(Address(TARGET, "Odd", "lab", "y"), PLATFORM, {}, Source("y.yaml"))
    made = plan([odd, tool()], [memory, recorded(tool())], reading(live(recorded(tool()))))
    assert actions(made) == {"Odd/y": "hold", "Old/x": "hold", "Tool/align@1": "no-op"}
    assert codes(made) == ["plan.unknown-kind", "plan.unknown-kind"]
    assert made.is_empty
    assert [c.remote_id for c in made.changes] == ["", "id-9", "id-align@1"]


# -- taking over -------------------------------------------------------------------------------------------------------


def test_something_with_our_mark_is_adopted() -> None:
    """Memory is the only thing that changes where nothing differs."""
    seen = live(recorded(tool(), remote_id="id-7"))
    made = plan([tool()], seen=reading(seen))
    (step,) = made.steps
    assert (step.verb, step.remote_id) == (Verb.ADOPT, "id-7")
    assert saw(step, seen)
    assert made.changes[0].remote_id == "id-7"
    assert step.mark == seen.mark


def test_something_with_our_mark_that_differs_is_adopted_and_updated() -> None:
    """In this order."""
    made = plan([tool(timeout=5)], seen=reading(live(recorded(tool()))))
    assert steps(made) == ["1 adopt Tool/align@1", "2 update Tool/align@1 after 1"]
    assert made.changes[0].fields[0].why == "differs on the platform"


@pytest.mark.parametrize(
    "mark", [None, foreign_mark(at("Tool", "align@1")), Mark.of_standing(OWNER, at("Tool", "x@1"))]
)
def test_something_without_our_mark_is_a_conflict(mark: Mark | None) -> None:
    """Without a mark, with that of another owner, and with that of another address of ours."""
    made = plan([tool()], seen=reading(live(recorded(tool()), mark=mark)))
    assert actions(made) == {"Tool/align@1": "refuse"}
    assert made.is_blocked
    assert codes(made) == ["decide.conflict"]
    assert made.diagnostics[0].severity is Severity.ERROR
    assert made.diagnostics[0].source == Source("tool-align@1.yaml", 1, 1)


def test_a_declared_adoption_takes_what_has_no_mark() -> None:
    """And never what another owner marked."""
    address = at("Tool", "align@1")
    bare = live(recorded(tool()), mark=None)
    assert steps(plan([tool()], seen=reading(bare), adopt=frozenset({address}))) == ["1 adopt Tool/align@1"]
    taken = replace(bare, mark=foreign_mark(address))
    assert codes(plan([tool()], seen=reading(taken), adopt=frozenset({address}))) == ["decide.conflict"]


def test_a_run_with_the_mark_of_this_submission_is_adopted() -> None:
    """Losing the memory does not submit twice."""
    seen = live(recorded(run()), phase=Phase.SUCCEEDED)
    made = plan([run()], seen=reading(seen))
    assert steps(made) == ["1 adopt Run/r1"]
    assert made.steps[0].mark == seen.mark


def test_what_the_platform_made_of_an_adopted_run_is_no_difference() -> None:
    """It carries the mark of this very spec; how it is shown tells nothing."""
    seen = live(recorded(run()), {"flow": "flattened", "more": [1]}, phase=Phase.RUNNING)
    made = plan([run()], seen=reading(seen))
    assert [(c.action, c.fields) for c in made.changes] == [(Action.ADOPT, ())]


def test_a_run_of_our_name_with_another_mark_is_none_of_ours() -> None:
    """Names of runs are not unique."""
    seen = live(recorded(run(flow="other::1")), phase=Phase.RUNNING)
    assert steps(plan([run()], seen=reading(seen))) == ["1 create Run/r1"]


def test_another_owners_mark_on_what_we_recorded() -> None:
    """Nothing is written; where nothing would be, it is told."""
    memory = recorded(tool())
    taken = live(memory, mark=foreign_mark(memory.address))
    quiet = plan([tool()], [memory], reading(taken))
    assert (actions(quiet), codes(quiet)) == ({"Tool/align@1": "no-op"}, ["decide.foreign"])
    for manifests in ([tool(timeout=5)], [flow("wf@1")]):
        loud = plan(manifests, [memory], reading(taken))
        assert actions(loud)["Tool/align@1"] == "refuse"
        assert "decide.foreign" in codes(loud)


def test_what_we_recorded_needs_no_mark() -> None:
    """Some platforms cannot hold one; memory is the witness."""
    memory = recorded(tool())
    bare = reading(live(memory, mark=None))
    assert plan([tool()], [memory], bare).is_empty
    assert actions(plan([tool(timeout=5)], [memory], bare)) == {"Tool/align@1": "update"}
    assert actions(plan([flow("wf@1")], [memory], bare))["Tool/align@1"] == "delete"


def test_a_memory_without_an_id_is_no_memory_of_what_is_live() -> None:
    """Only its mark can tell whose it is."""
    memory = replace(recorded(tool()), remote_id="")
    marked = live(memory, remote_id="id-7")
    assert steps(plan([tool()], [memory], reading(marked))) == ["1 adopt Tool/align@1"]
    assert codes(plan([tool()], [memory], reading(replace(marked, mark=None)))) == ["decide.conflict"]
    assert steps(plan([run()], [replace(recorded(run()), remote_id="")])) == ["1 create Run/r1"]


def test_an_object_that_took_the_place_of_ours() -> None:
    """Another id: without our mark a conflict, with it the same thing come back."""
    memory = recorded(tool())
    bare = live(memory, mark=None, remote_id="id-new")
    assert codes(plan([tool()], [memory], reading(bare))) == ["decide.conflict"]
    marked = live(memory, remote_id="id-new")
    made = plan([tool()], [memory], reading(marked))
    assert [(s.verb, s.remote_id) for s in made.steps] == [(Verb.ADOPT, "id-new")]
    removed = plan([flow("wf@1")], [memory], reading(bare))
    assert [s.verb for s in removed.steps if s.address == memory.address] == [Verb.FORGET]
    removed = plan([flow("wf@1")], [memory], reading(marked))
    assert [(s.verb, s.remote_id) for s in removed.steps if s.address == memory.address] == [(Verb.DELETE, "id-new")]


def test_a_run_that_took_the_place_of_ours() -> None:
    """Another id without the mark: ours is no longer kept, which is no reason to submit it again."""
    memory = recorded(run())
    other = live(memory, mark=None, remote_id="id-new", phase=Phase.RUNNING)
    assert actions(plan([run()], [memory], reading(other))) == {"Run/r1": "no-op"}
    same = live(memory, remote_id="id-new", phase=Phase.RUNNING)
    assert [(s.verb, s.remote_id) for s in plan([run()], [memory], reading(same)).steps] == [(Verb.ADOPT, "id-new")]


# -- memory only -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lifecycle", [Lifecycle(on_remove=OnRemove.KEEP), PROTECTED])
def test_policies_that_must_outlive_their_file_are_remembered(lifecycle: Lifecycle) -> None:
    """With a step that only changes memory, for standing things and for runs."""
    for before, after in ((tool(), tool("align@1", lifecycle)), (run(), run("r1", lifecycle))):
        memory = recorded(before)
        made = plan([after], [memory], reading(live(memory, phase=Phase.SUCCEEDED)))
        (step,) = made.steps
        assert (step.verb, step.lifecycle, step.mark) == (Verb.ADOPT, lifecycle, memory.mark)
        again = replace(memory, lifecycle=lifecycle)
        assert plan([after], [again], reading(live(again, phase=Phase.SUCCEEDED))).is_empty


def test_policies_that_need_their_file_are_not() -> None:
    """They are read from it each time."""
    memory = recorded(run())
    after = run("r1", Lifecycle(on_failure=OnFailure.RETRY, on_change=OnChange.QUEUE))
    assert plan([after], [memory], reading(live(memory, phase=Phase.SUCCEEDED))).is_empty


def test_a_platform_brought_in_line_by_hand_is_remembered() -> None:
    """Edited here and there alike: nothing to call, but to know what was declared."""
    memory = recorded(tool(timeout=60))
    made = plan([tool(timeout=90)], [memory], reading(live(memory, {"timeout": 90})))
    assert steps(made) == ["1 adopt Tool/align@1"]


def test_a_dependency_that_came_to_be_declared_is_remembered() -> None:
    """So that it is removed in the right order one day."""
    memory = recorded(flow("wf@1", "qc::1"))
    one = recorded(tool("qc@1"))
    assert memory.depends_on == ()
    made = plan([flow("wf@1", "qc::1"), tool("qc@1")], [memory, one], reading(live(memory), live(one)))
    assert steps(made) == ["1 adopt Flow/wf@1"]
    assert made.steps[0].depends_on == (at("Tool", "qc@1"),)


def test_rules_that_grew_are_no_change() -> None:
    """A default that a release learns of is filled into what an older one recorded; digests are taken anew."""
    older = replace(TOOL, rules=tuple(rule for rule in TOOL.rules if rule.path != "timeout"))
    bare = replace(recorded(tool()), spec={"name": "align", "version": "1", "image": "lab/align:1"}, digest="v0:old")
    assert plan([tool()], [bare], reading(live(bare, {"timeout": 1440}))).is_empty
    assert older.rules != TOOL.rules
    submitted = replace(recorded(run()), digest="v0:old")
    assert plan([run()], [submitted], reading(live(submitted, phase=Phase.RUNNING))).is_empty
    assert plan([run()], [submitted]).is_empty


# -- runs --------------------------------------------------------------------------------------------------------------


def test_a_run_is_submitted_once_and_for_ever() -> None:
    """Running, ended, and after the platform has forgotten it."""
    memory = recorded(run(), phase=Phase.RUNNING)
    for phase in (Phase.PENDING, Phase.RUNNING, Phase.SUCCEEDED, Phase.STOPPING):
        made = plan([run()], [memory], reading(live(memory, phase=phase)))
        assert made.is_empty
        assert made.changes[0].phase is phase
    gone = plan([run()], [memory])
    assert gone.is_empty
    assert (gone.changes[0].phase, gone.changes[0].remote_id) == (None, "id-r1")


def test_a_run_that_failed_is_held_or_retried() -> None:
    """With the next attempt number and its own mark."""
    memory = recorded(run())
    seen = reading(live(memory, phase=Phase.FAILED))
    assert actions(plan([run()], [memory], seen)) == {"Run/r1": "hold"}
    (step,) = plan([run("r1", Lifecycle(on_failure=OnFailure.RETRY))], [memory], seen).steps
    assert (step.verb, step.attempt) == (Verb.CREATE, 2)
    assert step.mark == Mark.of_run(OWNER, step.address, memory.digest, 2)


def test_a_cosmetic_edit_of_a_run() -> None:
    """An update where the platform can, keeping mark and attempt; else nothing, and told."""
    memory = recorded(run(), attempt=2)
    seen = reading(live(memory, phase=Phase.RUNNING))
    edited = [run("r1", Lifecycle(attempt=2), description="for the paper")]
    (step,) = plan(edited, [memory], seen).steps
    assert (step.verb, step.attempt, step.mark) == (Verb.UPDATE, 2, memory.mark)
    cannot = plan(edited, [memory], seen, kinds=with_kind(without(RUN, Ability.UPDATE)))
    assert cannot.is_empty
    assert [(f.path, f.forces) for f in cannot.changes[0].fields] == [("/description", OnFieldChange.NOTHING)]


def test_an_edit_of_an_ended_run_submits_anew() -> None:
    """The old one stays as history."""
    memory = recorded(run())
    made = plan([run(flow="wf::2")], [memory], reading(live(memory, phase=Phase.SUCCEEDED)))
    assert steps(made) == ["1 create Run/r1"]
    assert [(f.path, f.forces) for f in made.changes[0].fields] == [("/flow", OnFieldChange.NEW_RUN)]
    assert made.changes[0].remote_id == "id-r1"


def test_an_edit_of_an_active_run_by_policy() -> None:
    """Refused; stopped first; queued behind it; beside it."""
    memory = recorded(run())
    seen = reading(live(memory, phase=Phase.RUNNING))

    def edited(policy: OnChange) -> Any:
        return plan([run("r1", Lifecycle(on_change=policy), flow="wf::2")], [memory], seen)

    refused = edited(OnChange.REFUSE_IF_RUNNING)
    assert (refused.is_blocked, refused.is_empty, codes(refused)) == (
        True,
        True,
        ["references.undeclared", "decide.active-changed"],
    )
    replaced = edited(OnChange.REPLACE)
    assert steps(replaced) == ["1 stop Run/r1", "2 create Run/r1 after 1"]
    assert [(s.remote_id, bool(s.seen), s.after_end) for s in replaced.steps] == [
        ("id-r1", True, False),
        ("id-r1", False, True),
    ]
    queued = edited(OnChange.QUEUE)
    assert [(s.verb, s.remote_id, s.seen, s.after_end) for s in queued.steps] == [(Verb.CREATE, "id-r1", "", True)]
    beside = edited(OnChange.PARALLEL)
    assert [(s.verb, s.remote_id, s.after_end) for s in beside.steps] == [(Verb.CREATE, "", False)]


def test_a_run_that_differs_by_name_only_is_the_same_run() -> None:
    """The identity is the address; a field of it cannot make another run of what is recorded there."""
    memory = recorded(run())
    moved = replace(memory, spec={**memory.spec, "name": "old"})
    made = plan([run()], [moved], reading(live(moved, phase=Phase.RUNNING)))
    assert made.is_empty
    assert made.changes[0].fields == ()


def test_both_spellings_of_a_reference_are_one_run() -> None:
    """A name in the platform's form and an expression: the digest does not tell them apart."""
    wf, qc = flow("wf@1"), tool()
    by_name, by_expression = run(flow="wf::1"), run(flow="$[[ref.Flow/wf@1]]")
    memory = [recorded(wf), recorded(by_name, wf)]
    seen = reading(live(memory[0]), live(memory[1], phase=Phase.RUNNING))
    assert plan([wf, by_expression], memory, seen).is_empty
    other = run(flow="x $[[ ref.Flow/wf@1 ]]")
    assert not plan([wf, other], memory, seen).is_empty or plan([wf, other], memory, seen).is_blocked
    assert qc.address not in [m.address for m in memory]


# -- taking down -------------------------------------------------------------------------------------------------------


def test_removals_go_in_reverse() -> None:
    """What depended on something goes before it."""
    manifests = [tool("qc@1"), flow("wf@1", "qc::1"), run(flow="wf::1"), tool("other@1")]
    memory = [recorded(m, *manifests) for m in manifests]
    seen = reading(*(live(m, phase=Phase.SUCCEEDED) for m in memory))
    made = plan([tool("other@1")], memory, seen)
    assert steps(made) == ["1 forget Run/r1", "2 delete Flow/wf@1 after 1", "3 delete Tool/qc@1 after 2"]
    assert saw(made.steps[1], live(memory[1], phase=Phase.SUCCEEDED), memory[1])


def test_a_new_version_takes_the_place_of_the_old_one() -> None:
    """Create the new one, move to it, then delete the old one."""
    before = [tool("qc@1"), flow("wf@1", "qc::1")]
    memory = [recorded(m, *before) for m in before]
    made = plan([tool("qc@2"), flow("wf@1", "qc::2")], memory, reading(*map(live, memory)))
    assert steps(made) == ["1 create Tool/qc@2", "2 update Flow/wf@1 after 1", "3 delete Tool/qc@1 after 2"]


def test_what_a_manifest_still_needs_is_not_deleted() -> None:
    """The reference by name would break."""
    manifests = [tool("qc@1"), flow("wf@1", "qc::1")]
    memory = [recorded(m, *manifests) for m in manifests]
    made = plan([manifests[1]], memory, reading(*map(live, memory)))
    assert actions(made)["Tool/qc@1"] == "refuse"
    assert "decide.still-used" in codes(made)
    assert made.is_blocked


def test_removal_follows_the_recorded_policy() -> None:
    """The file that could say so is gone."""
    keep = recorded(tool("a@1", Lifecycle(on_remove=OnRemove.KEEP)))
    protected = recorded(tool("b@1", PROTECTED))
    cancel = recorded(run("c", Lifecycle(on_remove=OnRemove.CANCEL)))
    delete = recorded(run("d", Lifecycle(on_remove=OnRemove.DELETE)))
    active = recorded(run("e"))
    memory = [keep, protected, cancel, delete, active]
    made = plan([flow("wf@1")], memory, reading(*(live(m, phase=Phase.RUNNING) for m in memory)))
    assert actions(made) == {
        "Flow/wf@1": "create",
        "Run/c": "delete",
        "Run/d": "delete",
        "Run/e": "refuse",
        "Tool/a@1": "forget",
        "Tool/b@1": "refuse",
    }
    assert steps(made) == [
        "1 create Flow/wf@1",
        "2 stop Run/c",
        "3 forget Run/c after 2",
        "4 stop Run/d",
        "5 delete Run/d after 4",
        "6 forget Tool/a@1",
    ]
    assert [s.after_end for s in made.steps] == [False, False, False, False, True, False]
    assert sorted(codes(made)) == ["decide.active-removed", "decide.protected"]


def test_an_allowance_names_an_active_run() -> None:
    """Then it is cancelled, and nothing else is."""
    memory = [recorded(run("a")), recorded(run("b"))]
    seen = reading(*(live(m, phase=Phase.RUNNING) for m in memory))
    allowance = Allowance(Allowed.CANCEL, frozenset({at("Run", "a")}), "2026-07-31", "given up")
    made = plan([flow("wf@1")], memory, seen, allow=(allowance,), today="2026-07-31")
    assert actions(made) == {"Flow/wf@1": "create", "Run/a": "delete", "Run/b": "refuse"}


def test_nothing_declared_removes_nothing() -> None:
    """A wrong folder must not take everything down."""
    memory = recorded(tool())
    made = plan([], [memory], reading(live(memory)))
    assert (made.changes, made.steps) == ((), ())
    assert made.is_blocked
    assert codes(made) == ["guard.nothing-declared"]
    assert plan([], []).diagnostics == ()


def test_destroy_removes_all_that_is_recorded() -> None:
    """Whatever is declared, in reverse order, and as each policy says."""
    manifests = [tool("qc@1"), flow("wf@1", "qc::1"), run(flow="wf::1"), tool("safe@1", PROTECTED)]
    memory = [recorded(m, *manifests) for m in manifests]
    seen = reading(*(live(m, phase=Phase.SUCCEEDED) for m in memory))
    for declared in ([], manifests):
        made = plan(declared, memory, seen, destroy=True)
        assert steps(made) == ["1 forget Run/r1", "2 delete Flow/wf@1 after 1", "3 delete Tool/qc@1 after 2"]
        assert codes(made) == ["decide.protected"]
        told = [*(change.why for change in made.changes), *(d.message + d.hint for d in made.diagnostics)]
        assert not [text for text in told if "no longer declared" in text or "manifest back" in text]
        assert "succeeded; its outputs and logs stay" in told
        assert "to be destroyed" in told


def test_orphans_are_told_and_left_alone() -> None:
    """One witness is not enough to delete."""
    stranger = Listed(at("Tool", "lost@1"), "id-9", Mark.of_standing(OWNER, at("Tool", "lost@1")))
    made = plan([tool()], seen=reading(strangers=[stranger]))
    assert steps(made) == ["1 create Tool/align@1"]
    assert [(d.code, d.severity, d.address) for d in made.diagnostics] == [
        ("plan.orphan", Severity.WARNING, stranger.address)
    ]
    assert "id-9" in made.diagnostics[0].message


# -- selections --------------------------------------------------------------------------------------------------------


def test_a_selection_brings_what_it_needs_and_removes_nothing() -> None:
    """And tells what was left out."""
    old = recorded(tool("old@1"))
    manifests = [tool("qc@1"), flow("wf@1", "qc::1"), tool("other@1")]
    made = plan(manifests, [old], reading(live(old)), selected=frozenset({at("Flow", "wf@1"), old.address}))
    assert steps(made) == ["1 create Tool/qc@1", "2 create Flow/wf@1 after 1"]
    (note,) = made.diagnostics
    assert (note.code, note.severity) == ("plan.selection", Severity.NOTE)
    assert "prod/Tool/lab/qc@1" in note.message
    assert "prod/Tool/lab/old@1, prod/Tool/lab/other@1" in note.message


def test_a_selection_of_everything_says_nothing() -> None:
    """Nothing was left out."""
    assert plan([tool()], selected=frozenset({at("Tool", "align@1")})).diagnostics == ()


def test_a_selection_of_much_is_told_in_short() -> None:
    """Names end somewhere."""
    manifests = [tool(f"t{n}@1") for n in range(9)]
    (note,) = plan(manifests, selected=frozenset({manifests[0].address})).diagnostics
    assert "8 left out" in note.message
    assert note.message.endswith("and 3 more)")


def test_a_selection_of_nothing_does_nothing() -> None:
    """Also without manifests."""
    memory = recorded(tool())
    made = plan([], [memory], reading(live(memory)), selected=frozenset({memory.address}))
    assert made.is_empty
    assert not made.is_blocked


def test_a_selection_cannot_destroy() -> None:
    """The two words contradict each other."""
    memory = recorded(tool())
    made = plan([], [memory], reading(live(memory)), selected=frozenset({memory.address}), destroy=True)
    assert (made.steps, codes(made)) == ((), ["plan.selection-destroys"])
    assert made.is_blocked


# -- references and their values ---------------------------------------------------------------------------------------


def test_a_platform_that_answers_with_ids_is_no_drift() -> None:
    """Ids of what we know are names."""
    manifests = [tool("qc@1"), flow("wf@1", "qc::1")]
    memory = [recorded(m, *manifests) for m in manifests]
    seen = live(memory[1], {"tasks": [{"task": "t0", "tool": "id-qc@1"}]})
    assert plan(manifests, memory, reading(live(memory[0]), seen)).is_empty
    fresh = plan(manifests, [memory[1]], reading(live(memory[0]), seen))
    assert steps(fresh) == ["1 adopt Tool/qc@1"]


def test_an_id_in_a_manifest_is_the_name_of_what_has_it() -> None:
    """Where the platform answers with names."""
    qc = recorded(tool("qc@1"))
    memory = recorded(flow("wf@1", "id-qc@1"))
    seen = live(memory, {"tasks": [{"task": "t0", "tool": "qc::1::lab"}]})
    assert plan([tool("qc@1"), flow("wf@1", "id-qc@1")], [qc, memory], reading(live(qc), seen)).is_empty


def test_an_expression_in_a_kind_without_references_is_compared_too() -> None:
    """By the value of what it refers to."""
    manifests = [tool("a@1"), tool("b@1", x="$[[ ref.Tool/a@1 ]]")]
    memory = [recorded(m, *manifests) for m in manifests]
    same, moved = (reading(live(memory[0]), live(memory[1], {"x": shown})) for shown in ("id-a@1", "id-other"))
    assert plan(manifests, memory, same).is_empty
    assert actions(plan(manifests, memory, moved)) == {"Tool/a@1": "no-op", "Tool/b@1": "update"}


def test_a_replaced_dependency_moves_those_that_hold_its_id() -> None:
    """The id that the platform shows will be that of something deleted."""
    manifests = [tool("qc@1"), flow("wf@1", "qc::1")]
    memory = [recorded(m, *manifests) for m in manifests]
    by_id = live(memory[1], {"tasks": [{"task": "t0", "tool": "id-qc@1"}]})
    edited = [tool("qc@1", image="lab/qc:2"), manifests[1]]
    made = plan(edited, memory, reading(live(memory[0]), by_id))
    assert steps(made) == ["1 delete Tool/qc@1", "2 create Tool/qc@1 after 1", "3 update Flow/wf@1 after 2"]
    (change,) = [c for c in made.changes if c.action is Action.UPDATE]
    assert [(f.recorded, f.desired, f.live) for f in change.fields] == [("qc::1::lab", "qc::1::lab", "id-qc@1")]
    assert change.fields[0].why.startswith("known after apply")
    by_name = plan(edited, memory, reading(live(memory[0]), live(memory[1])))
    assert actions(by_name) == {"Flow/wf@1": "no-op", "Tool/qc@1": "replace"}


def test_expressions_are_compared_as_what_they_stand_for() -> None:
    """Ids and outputs of what is known; a value that moves is a change."""
    user = flow("wf@1", x="$[[ ref.Tool/qc@1 ]]", y="at $[[ref.Tool/qc@1.url]]", z="$[[ ref.Tool/qc@1.none ]]")
    manifests = [tool("qc@1"), user]
    memory = [recorded(m, *manifests) for m in manifests]
    source = replace(live(memory[0]), outputs={"url": "http://u"})
    shown = live(memory[1], {"x": "id-qc@1", "y": "at http://u", "z": "whatever it was"})
    assert plan(manifests, memory, reading(source, shown)).is_empty
    moved = plan(manifests, memory, reading(source, live(memory[1], {"x": "id-other", "y": "at http://u", "z": "w"})))
    (change,) = [c for c in moved.changes if c.action is Action.UPDATE]
    assert [(f.path, f.recorded, f.desired, f.live) for f in change.fields] == [
        ("/x", "id-qc@1", "id-qc@1", "id-other")
    ]
    assert moved.steps[0].desired is not None
    assert moved.steps[0].desired["x"] == "$[[ ref.Tool/qc@1 ]]"


def test_what_will_be_made_anew_is_known_after_apply() -> None:
    """Its user is updated after it, though nothing of it was edited."""
    user = flow("wf@1", x="$[[ ref.Tool/qc@1 ]]")
    manifests = [tool("qc@1"), user]
    memory = [recorded(m, *manifests) for m in manifests]
    shown = live(memory[1], {"x": "id-qc@1"})
    made = plan(manifests, memory, reading(shown))
    assert steps(made) == ["1 create Tool/qc@1", "2 update Flow/wf@1 after 1"]
    (change,) = [c for c in made.changes if c.action is Action.UPDATE]
    assert change.fields[0].why.startswith("known after apply")


def test_a_reference_whose_target_cannot_be_read_is_compared_by_its_text() -> None:
    """Nobody can tell its value now, which is no reason to write."""
    user = flow("wf@1", x="$[[ ref.Tool/qc@1 ]]")
    manifests = [tool("qc@1"), user]
    memory = recorded(user, *manifests)
    shown = live(memory, {"x": "id-qc@1"})
    made = plan(manifests, [memory], reading(shown, unreadable=[at("Tool", "qc@1")]))
    assert actions(made) == {"Flow/wf@1": "no-op", "Tool/qc@1": "hold"}


def test_wrong_references_leave_nothing_to_plan() -> None:
    """Duplicates, cycles and unknown names are errors about the files."""
    made = plan([tool(), tool(), run(flow="8a1c", x="$[[ ref.Tool/none ]]")], [recorded(tool())])
    assert (made.changes, made.steps) == ((), ())
    assert sorted(codes(made)) == ["references.duplicate", "references.unknown"]


def test_an_undeclared_name_is_a_warning_and_no_obstacle() -> None:
    """It may exist on the platform."""
    made = plan([flow("wf@1", "qc::1")])
    assert steps(made) == ["1 create Flow/wf@1"]
    assert codes(made) == ["references.undeclared"]
    assert not made.is_blocked


def test_a_name_that_cannot_be_written_in_its_form_stays_an_id() -> None:
    """A recorded thing without a version has no name in a form with one."""
    odd = Recorded(at("Tool", "odd"), PLATFORM, "id-odd", {}, "v1:x", Mark.of_standing(OWNER, at("Tool", "odd")))
    memory = recorded(flow("wf@1", "id-odd"))
    made = plan([flow("wf@1", "id-odd")], [odd, memory], reading(live(memory)))
    assert actions(made) == {"Flow/wf@1": "no-op", "Tool/odd": "forget"}


# -- secrets -----------------------------------------------------------------------------------------------------------


def test_no_secret_reaches_a_plan() -> None:
    """Neither from the platform nor from memory, in any field of it."""
    canary = "canary-not-a-real-secret"
    before = tool(password="$[[ secrets.OLD ]]", commands=["export T=$[[ secrets.T ]]", "make"])
    memory = recorded(before)
    shown = Live(
        memory.address,
        memory.remote_id,
        {
            **memory.spec,
            "password": canary,
            "commands": ["make", f"export T={canary}"],
            "inputs": [{"name": "a", "token": canary}],
        },
        Phase.READY,
        memory.mark,
    )
    after = tool(
        password="$[[ secrets.NEW ]]", commands=["export T=$[[ secrets.T ]]", "make all"], inputs=[{"name": "b"}]
    )
    made = plan([after], [memory], reading(shown))
    assert [f.path for f in made.changes[0].fields] == ["/commands", "/inputs/[a]", "/inputs/[b]", "/password"]
    assert canary not in str(made)
    assert "$[[ secrets.NEW ]]" in str(made.steps)


def test_a_secret_field_of_a_run_is_compared_by_reference() -> None:
    """Another secret is another meaning."""
    kind = replace(RUN, rules=(*RUN.rules, FieldRule("token", "a key", secret=True, write_only=True)))
    memory = recorded(run(token="$[[ secrets.A ]]"))
    made = plan(
        [run(token="$[[ secrets.B ]]")],
        [memory],
        reading(live(memory, {"token": ...}, phase=Phase.SUCCEEDED)),
        kinds=with_kind(kind),
    )
    assert kind.life is Life.RUN
    assert steps(made) == ["1 create Run/r1"]
    assert made.changes[0].fields[0].secret


def test_manifests_of_two_targets_do_not_meet() -> None:
    """The same name at another target is another thing."""
    one, two = tool("qc@1"), manifest("Tool", "qc@1", {"image": "x"}, target="dev")
    made = plan([one, two], platforms={TARGET: PLATFORM, "dev": PLATFORM})
    assert [str(s.address) for s in made.steps] == ["dev/Tool/lab/qc@1", "prod/Tool/lab/qc@1"]
