"""Laws of planning, over invented worlds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reconciler.model.canonical import canonical_json
from reconciler.model.change import Action
from reconciler.model.kind import Life
from reconciler.model.plan import Verb
from reconciler.model.resource import Phase
from reconciler.planning.normalise import normalise, spec_digest
from tests.planning.samples import KINDS, PLATFORM, SCOPE, TOOL, tool
from tests.planning.worlds import ANYTHING, PLAIN_LIFECYCLES, TOOL_SPECS, World, declared

if TYPE_CHECKING:
    from reconciler.model.change import Change
    from reconciler.model.manifest import Manifest

LAW = settings(deadline=None, max_examples=60)
ENDED = [Phase.SUCCEEDED, Phase.FAILED, Phase.CANCELLED]


def _applied(manifests: list[Manifest]) -> World:
    world = World()
    world.apply(world.plan(manifests))
    return world


def _digest(spec: dict[str, Any]) -> str:
    return spec_digest(TOOL, normalise(TOOL, spec, scope=SCOPE))


def _shuffled(value: Any, draw: st.DrawFn) -> Any:
    """The same value with its members in another order."""
    if isinstance(value, dict):
        return {name: _shuffled(value[name], draw) for name in draw(st.permutations(sorted(value)))}
    return [_shuffled(item, draw) for item in value] if isinstance(value, list) else value


# -- normal forms ------------------------------------------------------------------------------------------------------


@LAW
@given(TOOL_SPECS)
def test_a_normal_form_is_its_own(spec: dict[str, Any]) -> None:
    """Normalising twice is normalising once."""
    once = normalise(TOOL, spec, scope=SCOPE)
    assert canonical_json(normalise(TOOL, once, scope=SCOPE)) == canonical_json(once)


@LAW
@given(TOOL_SPECS, st.data())
def test_order_without_meaning_leaves_no_trace(spec: dict[str, Any], data: st.DataObject) -> None:
    """Of members, of sets, of keyed lists."""
    other = data.draw(st.composite(lambda draw: _shuffled(spec, draw))())
    for name in ("labels", "nodes", "inputs"):
        if name in other:
            other[name] = data.draw(st.permutations(other[name]))
    assert canonical_json(normalise(TOOL, other, scope=SCOPE)) == canonical_json(normalise(TOOL, spec, scope=SCOPE))


@LAW
@given(TOOL_SPECS, st.text(max_size=5), st.lists(st.text(max_size=3), max_size=3), ANYTHING)
def test_cosmetic_edits_keep_the_digest(spec: dict[str, Any], summary: str, labels: list[str], created: Any) -> None:
    """In any combination, with what is computed."""
    edited = {**spec, "summary": summary, "labels": labels, "created": created}
    edited["inputs"] = [{**item, "hint": summary} for item in spec.get("inputs", [])]
    assert _digest(edited) == _digest(spec)


@LAW
@given(
    TOOL_SPECS,
    st.sampled_from(["image", "seed", "password", "free", "new", "timeout"]),
    st.text(min_size=1, max_size=3),
)
def test_semantic_edits_change_the_digest(spec: dict[str, Any], name: str, text: str) -> None:
    """Any other value of any field that means something."""
    edited = {**spec, name: f"$[[ secrets.{text} ]]" if name == "password" else f"other {text}"}
    assume(canonical_json(normalise(TOOL, edited, scope=SCOPE)) != canonical_json(normalise(TOOL, spec, scope=SCOPE)))
    assert _digest(edited) != _digest(spec)


@LAW
@given(TOOL_SPECS)
def test_removing_an_input_changes_the_digest(spec: dict[str, Any]) -> None:
    """Items of lists mean something, though their order does not."""
    assume(spec.get("inputs"))
    assert _digest({**spec, "inputs": spec["inputs"][1:]}) != _digest(spec)


# -- plans -------------------------------------------------------------------------------------------------------------


@LAW
@given(declared(), st.randoms(use_true_random=False))
def test_a_plan_does_not_know_the_order_of_its_inputs(manifests: list[Manifest], chance: Any) -> None:
    """Byte for byte."""
    world = _applied(manifests[: len(manifests) // 2])
    world.pass_time(Phase.RUNNING)
    first = str(world.plan(manifests))
    shuffled = list(manifests)
    chance.shuffle(shuffled)
    for side in (world.memory, world.platform):
        entries = list(side.items())
        chance.shuffle(entries)
        side.clear()
        side.update(entries)  # type: ignore[arg-type] # each gets its own entries back
    assert str(world.plan(shuffled)) == first


@LAW
@given(declared())
def test_what_was_applied_is_planned_no_more(manifests: list[Manifest]) -> None:
    """Apply, then plan: no changes, whatever the platform adds, answers with or does not show."""
    world = _applied(manifests)
    assert world.plan(manifests).is_empty
    for phase in (Phase.RUNNING, Phase.SUCCEEDED):
        world.pass_time(phase)
        again = world.plan(manifests)
        assert again.is_empty, [change for change in again.changes if change.action is not Action.NO_OP]


@LAW
@given(declared(PLAIN_LIFECYCLES), declared(PLAIN_LIFECYCLES), st.sampled_from(ENDED))
def test_any_world_converges_to_any_other(before: list[Manifest], after: list[Manifest], phase: Phase) -> None:
    """One apply, and nothing is left to do; a run that failed may be retried, a bounded number of times."""
    world = _applied(before)
    world.pass_time(phase)
    first = world.plan(after)
    assume(not first.is_blocked)
    world.apply(first)
    world.pass_time(Phase.SUCCEEDED)
    second = world.plan(after)
    assert second.is_empty, second.steps
    assert not [c for c in second.changes if c.action is Action.REFUSE]


@LAW
@given(declared(), declared(), st.sampled_from(list(Phase)))
def test_steps_are_in_a_valid_order(before: list[Manifest], after: list[Manifest], phase: Phase) -> None:
    """Needs point back; what is built comes after what it refers to; what goes, after its users that go."""
    world = _applied(before)
    world.pass_time(phase)
    made = world.plan(after)
    ids = {step.id for step in made.steps}
    assert [step.id for step in made.steps] == sorted(ids)
    assert all(need in ids and need < step.id for step in made.steps for need in step.needs)
    built = {s.address: s.id for s in made.steps if s.verb in {Verb.CREATE, Verb.UPDATE, Verb.ADOPT}}
    gone = {s.address: s.id for s in made.steps if s.verb in {Verb.DELETE, Verb.FORGET}}
    for step in made.steps:
        if step.address in built and built[step.address] == step.id:
            assert all(built[need] < step.id for need in step.depends_on if need in built)
    for address, remembered in world.memory.items():
        if address in gone and address not in built:
            assert all(
                gone[address] < gone[need] for need in remembered.depends_on if need in gone and need not in built
            )


@LAW
@given(declared(), declared(), st.data())
def test_a_selection_never_prunes(before: list[Manifest], after: list[Manifest], data: st.DataObject) -> None:
    """Whatever is selected; and all that is done is within the selection and what it needs."""
    world = _applied(before)
    world.pass_time(Phase.SUCCEEDED)
    everything = sorted({*world.memory, *(m.address for m in after)})
    selected = frozenset(data.draw(st.sets(st.sampled_from(everything)))) if everything else frozenset()
    made = world.plan(after, selected=selected)
    declared_now = {m.address for m in after}
    assert {change.address for change in made.changes} <= declared_now
    assert not [c for c in made.changes if c.action in {Action.DELETE, Action.FORGET}]
    complete = {change.address: change for change in world.plan(after).changes}
    for change in made.changes if complete else ():
        # What looks like a rename is refused beside the removal that it belongs to, and a selection has no removals.
        whole = complete[change.address]
        assert whole.action is Action.REFUSE or _meant(whole) == _meant(change)


def _meant(change: Change) -> tuple[Action, list[tuple[str, Any]]]:
    """What a change does. What a live id is called may depend on the rest of the plan."""
    return change.action, [(field.path, field.desired) for field in change.fields]


@LAW
@given(declared(), declared(), st.sampled_from(list(Phase)))
def test_no_secret_of_the_platform_is_in_a_plan(before: list[Manifest], after: list[Manifest], phase: Phase) -> None:
    """The platform shows values; a plan holds references."""
    world = _applied(before)
    world.pass_time(phase)
    assert "not-a-real-secret" not in str(world.plan(after))


@LAW
@given(declared(), declared(), st.sampled_from(list(Phase)))
def test_deleting_has_two_witnesses(before: list[Manifest], after: list[Manifest], phase: Phase) -> None:
    """What goes was recorded, and is declared no more or has to be made anew; what is protected stays."""
    world = _applied(before)
    world.pass_time(phase)
    made = world.plan(after)
    now = {m.address: m for m in after}
    for step in made.steps:
        if step.verb is Verb.DELETE:
            assert step.address in world.memory
            lifecycle = now[step.address].lifecycle if step.address in now else world.memory[step.address].lifecycle
            assert not lifecycle.protect
    if not after:
        assert made.is_empty


@LAW
@given(declared(), TOOL_SPECS)
def test_a_moved_platform_comes_back(manifests: list[Manifest], moved: dict[str, Any]) -> None:
    """Whatever a person does to what is declared there, one apply undoes it; what is not declared is left alone."""
    world = _applied([*manifests, tool("own@1", free="x", timeout=60, nodes=["n"])])
    for address, thing in list(world.platform.items()):
        if address.kind == "Tool":
            spec = {**thing.spec, **{name: value for name, value in moved.items() if "secrets" not in str(value)}}
            spec.pop("password", None)
            world.platform[address] = type(thing)(address, thing.remote_id, spec, thing.phase, thing.mark)
    every = [*manifests, tool("own@1", free="x", timeout=60, nodes=["n"])]
    first = world.plan(every)
    assume(not first.is_blocked)
    world.apply(first)
    world.pass_time(Phase.SUCCEEDED)
    assert world.plan(every).is_empty


@LAW
@given(declared(PLAIN_LIFECYCLES))
def test_destroying_leaves_nothing(manifests: list[Manifest]) -> None:
    """Once no run is active, everything recorded goes."""
    world = _applied(manifests)
    world.pass_time(Phase.SUCCEEDED)
    world.apply(world.plan(manifests, destroy=True))
    assert not world.memory
    kinds = {KINDS[PLATFORM, address.kind].life for address in world.platform}
    assert kinds <= {Life.RUN}
