"""Steps, and the order of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import TYPE_CHECKING

from reconciler.model.kind import Ability, FieldRule
from reconciler.model.manifest import Lifecycle, OnChange, OnRemove
from reconciler.model.plan import Verb
from reconciler.model.resource import Phase
from tests.planning.samples import (
    TOOL,
    at,
    flow,
    live,
    manifest,
    plan,
    reading,
    recorded,
    run,
    steps,
    tool,
    with_kind,
)

if TYPE_CHECKING:
    from reconciler.model.plan import Plan

_RULE = FieldRule("late", "a new one has none", has_server_default=True, server_default="no", after_create=True)
LATE = with_kind(replace(TOOL, rules=(*TOOL.rules, _RULE)))


def _in_order(made: Plan) -> bool:
    return [s.id for s in made.steps] == list(range(1, len(made.steps) + 1)) and all(
        need < step.id for step in made.steps for need in step.needs
    )


def test_things_that_are_replaced_together() -> None:
    """The user goes before what it uses, and comes back after it."""
    before = [
        manifest("Tool", "a@1", {"image": "1"}),
        manifest("Tool", "b@1", {"image": "1", "x": "$[[ ref.Tool/a@1 ]]"}),
    ]
    after = [
        manifest("Tool", "a@1", {"image": "2"}),
        manifest("Tool", "b@1", {"image": "2", "x": "$[[ ref.Tool/a@1 ]]"}),
    ]
    memory = [recorded(m, *before) for m in before]
    seen = reading(live(memory[0]), live(memory[1], {"x": "id-a@1"}))
    assert steps(plan(after, memory, seen)) == [
        "1 delete Tool/b@1",
        "2 delete Tool/a@1 after 1",
        "3 create Tool/a@1 after 2",
        "4 create Tool/b@1 after 1, 3",
    ]


def test_a_thing_is_not_deleted_before_what_its_successor_needs_is_there() -> None:
    """If that cannot be created, the old one still stands."""
    before = manifest("Tool", "a@1", {"image": "1"})
    after = manifest("Tool", "a@1", {"image": "2", "x": "$[[ ref.Tool/new@1 ]]"})
    memory = recorded(before)
    made = plan([after, tool("new@1")], [memory], reading(live(memory)))
    assert steps(made) == ["1 create Tool/new@1", "2 delete Tool/a@1 after 1", "3 create Tool/a@1 after 1, 2"]


def test_a_run_is_not_stopped_before_what_its_successor_needs_is_there() -> None:
    """The same for work that would be lost."""
    memory = recorded(run())
    after = run("r1", Lifecycle(on_change=OnChange.REPLACE), flow="new::1")
    made = plan([after, flow("new@1")], [memory], reading(live(memory, phase=Phase.RUNNING)))
    assert steps(made) == ["1 create Flow/new@1", "2 stop Run/r1 after 1", "3 create Run/r1 after 1, 2"]


def test_what_is_sent_stands_in_the_order_of_the_author() -> None:
    """Inputs are matched by name, and a platform shows them to people in the order it got them."""
    declared = tool(inputs=[{"name": "z"}, {"name": "a"}], labels=["two", "one"])
    made = plan([declared], [], reading())
    sent = made.steps[0].desired
    assert sent is not None
    assert sent["inputs"] == [{"name": "z"}, {"name": "a"}]
    assert sent["labels"] == ["two", "one"]
    memory = replace(recorded(declared), spec=sent)
    for later in (declared, tool(inputs=[{"name": "a"}, {"name": "z"}], labels=["one", "two"])):
        assert plan([later], [memory], reading(live(memory))).is_empty


def test_what_stands_between_unchanged_passes_the_order_on() -> None:
    """A run of a workflow that stays as it is still waits for the tool below it that changes: it would use the old."""
    before = [tool("a@1", timeout=5), flow("wf@1", "a::1")]
    memory = [recorded(m, *before) for m in before]
    made = plan([tool("a@1", timeout=9), before[1], run()], memory, reading(*map(live, memory)))
    assert steps(made) == ["1 update Tool/a@1", "2 create Run/r1 after 1"]


def test_a_circle_gives_way() -> None:
    """Z used X, X used W. Now Z uses W, X goes and W is replaced: Z cannot move before X goes, since W cannot come back
    before X is gone. Only there: beside the circle, what is moved off comes before what goes.
    """
    before = [
        manifest("Tool", "w@1", {"image": "1"}),
        manifest("Tool", "x@1", {"image": "1", "a": "$[[ ref.Tool/w@1 ]]"}),
        manifest("Tool", "z@1", {"image": "1", "a": "$[[ ref.Tool/x@1 ]]"}),
    ]
    after = [
        manifest("Tool", "w@1", {"image": "2"}),
        manifest("Tool", "z@1", {"image": "1", "a": "$[[ ref.Tool/w@1 ]]"}),
    ]
    beside = [tool("p@1"), flow("q@1", "p::1")]
    memory = [recorded(m, *before, *beside) for m in (*before, *beside)]
    seen = reading(
        live(memory[0]), live(memory[1], {"a": "id-w@1"}), live(memory[2], {"a": "id-x@1"}), *map(live, memory[3:])
    )
    made = plan([*after, flow("q@1")], memory, seen)
    assert _in_order(made)
    assert steps(made) == [
        "1 update Flow/q@1",
        "2 delete Tool/p@1 after 1",
        "3 delete Tool/x@1",
        "4 delete Tool/w@1 after 3",
        "5 create Tool/w@1 after 4",
        "6 update Tool/z@1 after 5",
    ]


def test_dependencies_that_swapped_sides() -> None:
    """Memory may hold a circle when an apply was cut short; both go all the same."""
    one, two = recorded(tool("a@1")), recorded(tool("b@1"))
    memory = [replace(one, depends_on=(two.address,)), replace(two, depends_on=(one.address,))]
    made = plan([flow("wf@1")], memory, reading(*map(live, memory)))
    assert sorted(step.split(" ", 1)[1] for step in steps(made)) == [
        "create Flow/wf@1",
        "delete Tool/a@1",
        "delete Tool/b@1",
    ]


def test_a_run_is_not_stopped_before_its_users_are_gone() -> None:
    """Everything that takes something away waits, not only the last of it."""
    cancel = Lifecycle(on_remove=OnRemove.CANCEL)
    manifests = [run("a", cancel, flow="x"), run("b", cancel, flow="$[[ ref.Run/a ]]")]
    memory = [recorded(m, *manifests) for m in manifests]
    made = plan([tool()], memory, reading(*(live(m, phase=Phase.RUNNING) for m in memory)))
    assert steps(made) == [
        "1 create Tool/align@1",
        "2 stop Run/b",
        "3 forget Run/b after 2",
        "4 stop Run/a after 3",
        "5 forget Run/a after 4",
    ]


def test_steps_that_take_away_hold_only_what_is_taken() -> None:
    """An id and what was seen of it; nothing of what comes after it, or of what is gone already."""
    memory = [recorded(tool("a@1")), recorded(tool("b@1"))]
    made = plan([tool("a@1", image="2")], memory, reading(live(memory[0])))
    delete, create, forget = made.steps
    assert (delete.verb, delete.desired, delete.mark, delete.remote_id) == (Verb.DELETE, None, None, "id-a@1")
    assert (create.verb, create.remote_id) == (Verb.CREATE, "")
    assert (forget.verb, forget.desired, forget.remote_id, forget.seen) == (Verb.FORGET, None, "id-b@1", "")


def test_what_is_built_comes_before_what_goes() -> None:
    """Of orders that are equally right, this one reads well; ids are those of the order."""
    memory = [recorded(tool("a@1", image="lab/other:1"))]
    made = plan([tool("z@1"), tool("b@1")], memory, reading(live(memory[0])))
    assert steps(made) == ["1 create Tool/b@1", "2 create Tool/z@1", "3 delete Tool/a@1"]


def test_the_order_of_the_input_leaves_no_trace() -> None:
    """Every order gives the same plan."""
    manifests = [tool("a@1"), flow("w@1", "a::1"), run(flow="w::1"), tool("b@1", x="$[[ ref.Tool/a@1 ]]")]
    plans = {str(plan(order)) for order in permutations(manifests)}
    assert len(plans) == 1


def test_what_is_not_touched_holds_nothing_up() -> None:
    """A dependency without a step needs no waiting for."""
    manifests = [tool("a@1"), flow("w@1", "a::1")]
    memory = recorded(manifests[0])
    assert steps(plan(manifests, [memory], reading(live(memory)))) == ["1 create Flow/w@1"]
    assert plan(manifests, [memory], reading(live(memory))).steps[0].depends_on == (at("Tool", "a@1"),)


def test_what_no_create_brings_about() -> None:
    """An update follows it, which is about whatever the create makes; what a new one has anyway takes none."""
    made = plan([tool("a@1", late="yes")], [], reading(), kinds=LATE)
    assert steps(made) == ["1 create Tool/a@1", "2 update Tool/a@1 after 1"]
    for declared in (tool("a@1", late="no"), tool("a@1")):
        assert steps(plan([declared], [], reading(), kinds=LATE)) == ["1 create Tool/a@1"]


def test_what_cannot_be_updated_is_not() -> None:
    """The create is all there is."""
    never = with_kind(replace(LATE["acme", "Tool"], can=frozenset({Ability.CREATE, Ability.READ})))
    assert steps(plan([tool("a@1", late="yes")], [], reading(), kinds=never)) == ["1 create Tool/a@1"]


def test_what_no_create_brings_about_of_one_made_anew() -> None:
    """The update is not about the one that goes; and what needs it comes after the update."""
    before, after = tool("a@1", image="1", late="yes"), tool("a@1", image="2", late="yes")
    memory = recorded(before)
    made = plan([after, flow("wf@1", "a::1")], [memory], reading(live(memory)), kinds=LATE)
    assert steps(made) == [
        "1 delete Tool/a@1",
        "2 create Tool/a@1 after 1",
        "3 update Tool/a@1 after 2",
        "4 create Flow/wf@1 after 3",
    ]
    assert [(step.remote_id, step.seen) for step in made.steps[1:3]] == [("", ""), ("", "")]
