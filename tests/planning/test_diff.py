"""Field by field, on three sides."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.change import ABSENT, FieldChange
from reconciler.model.kind import Ability, FieldRule, Kind, Life, OnFieldChange
from reconciler.planning.diff import Sides, Terms, differences, highest
from reconciler.planning.expressions import HIDDEN
from reconciler.planning.rules import rules_of
from tests.planning.samples import EVERYTHING, RUN, TOOL

N, U, R, W = OnFieldChange.NOTHING, OnFieldChange.UPDATE, OnFieldChange.REPLACE, OnFieldChange.NEW_RUN
_NONE = object()


def _diff(
    recorded: Any, desired: Any, live: Any, kind: Kind = TOOL, *rules: FieldRule, new: frozenset[str] = frozenset()
) -> list[FieldChange]:
    """Differences of normal forms; `_NONE` for a side that there is none of."""
    there = rules_of(Kind("acme", "Thing", kind.life, "", ("name",), rules) if rules else kind)
    terms = Terms(kind.life, kind.can, live is not _NONE, recorded is not _NONE, new)
    sides = Sides(*(ABSENT if side is _NONE else side for side in (recorded, desired, live)))
    return list(differences(there, sides, terms))


def _short(changes: list[FieldChange]) -> list[tuple[str, Any, Any, Any]]:
    return [(c.path, c.recorded, c.desired, c.live) for c in changes]


def test_what_is_as_declared_is_no_change() -> None:
    """Also when the platform shows more than was declared."""
    spec = {"image": "x", "inputs": [{"name": "a", "type": "FILE"}]}
    more = {"image": "x", "inputs": [{"name": "a", "type": "FILE", "id": 7}], "owner": "jo", "size": {"gb": 1}}
    assert _diff(spec, spec, more) == []


@pytest.mark.parametrize(
    ("recorded", "desired", "live", "why"),
    [
        ("a", "b", "a", "you edited it"),
        ("a", "a", "b", "it moved on the platform"),
        ("a", "b", "c", "you edited it, and it moved on the platform"),
        (_NONE, "b", "a", "differs on the platform"),
    ],
)
def test_each_change_says_who_moved(recorded: Any, desired: str, live: str, why: str) -> None:
    """Three sides tell whose doing it is."""
    memory = _NONE if recorded is _NONE else {"x": recorded}
    (change,) = _diff(memory, {"x": desired}, {"x": live})
    assert change.why == why
    assert (change.desired, change.live, change.forces) == (desired, live, U)


def test_a_reason_stands_beside_what_weighs() -> None:
    """A replacement says why it cannot be less."""
    (change,) = _diff({"image": "a"}, {"image": "b"}, {"image": "a"})
    assert (change.forces, change.why) == (R, "you edited it; baked in when created")


def test_both_edits_at_once_agree() -> None:
    """Where the platform was brought in line by hand there is nothing left to do."""
    assert _diff({"x": "a"}, {"x": "b"}, {"x": "b"}) == []


def test_what_the_manifest_never_named_is_the_platforms_business() -> None:
    """Whatever it does there."""
    assert _diff({"image": "x"}, {"image": "x"}, {"image": "x", "extra": 5, "box": {"a": 1}}) == []


def test_a_removed_field_goes_back_to_its_default() -> None:
    """In depth too: what its object held goes back one by one."""
    before = {"image": "x", "timeout": 60, "resources": {"cpu": "4C", "memory": "1G"}}
    changes = _diff(before, {"image": "x", "timeout": 1440}, before)
    assert _short(changes) == [("/resources/cpu", "4C", "1C", "4C"), ("/timeout", 60, 1440, 60)]
    assert changes[0].why == "no longer declared; you edited it"


def test_a_removed_field_without_a_default_goes_away() -> None:
    """Unless it is gone already."""
    (change,) = _diff({"x": 1}, {}, {"x": 1})
    assert (change.desired, change.live) == (ABSENT, 1)
    assert _diff({"x": 1}, {}, {}) == []
    assert _diff({"x": {}}, {}, {}) == []
    assert _short(_diff({"x": {}}, {}, {"x": {}})) == [("/x", {}, ABSENT, {})]
    assert _diff({"resources": {"cpu": "4C"}}, {}, {}) == []


def test_a_field_that_the_platform_does_not_show_differs_unless_it_is_the_default() -> None:
    """Absence in an answer means the default, where there is one."""
    assert _short(_diff({"x": 1}, {"x": 1}, {})) == [("/x", 1, 1, ABSENT)]
    assert _diff({"timeout": 1440}, {"timeout": 1440}, {}) == []
    assert _diff({"resources": {"cpu": "1C"}}, {"resources": {"cpu": "1C"}}, {}) == []


def test_objects_that_are_something_else_differ_by_field() -> None:
    """An object where the platform has a text, and the other way round."""
    assert _short(_diff({"x": 1}, {"x": {"a": 1}}, {"x": 1})) == [("/x/a", ABSENT, 1, ABSENT)]
    assert _short(_diff({"x": {"a": 1}}, {"x": 1}, {"x": {"a": 1}})) == [("/x", {"a": 1}, 1, {"a": 1})]
    assert _short(_diff({"x": 1}, {"x": {}}, {"x": 1})) == [("/x", 1, {}, 1)]
    assert _diff({"x": {}}, {"x": {}}, {"x": {}}) == []


def test_computed_fields_never_differ() -> None:
    """They are the platform's."""
    assert _diff({"created": 1}, {"created": 2}, {"created": 3}) == []


def test_write_only_fields_are_compared_with_memory() -> None:
    """The platform cannot be asked; without a memory nobody can."""
    assert _diff({"seed": 1}, {"seed": 1}, {}) == []
    assert _short(_diff({"seed": 1}, {"seed": 2}, {})) == [("/seed", 1, 2, ABSENT)]
    assert _short(_diff({}, {"seed": 2}, {})) == [("/seed", ABSENT, 2, ABSENT)]
    assert _short(_diff({"seed": 1}, {}, {})) == [("/seed", 1, ABSENT, ABSENT)]
    assert _diff(_NONE, {"seed": 2}, {}) == []


def test_a_secret_that_the_platform_shows_is_not_compared_with_it() -> None:
    """It shows a value, and a manifest holds a reference."""
    spec = {"inputs": [{"name": "a", "token": "$[[ secrets.T ]]"}]}
    plain = {"inputs": [{"name": "a", "token": "not-a-reference"}]}
    assert _diff(plain, plain, {"inputs": [{"name": "a", "token": "hunter2"}]}) == []
    assert _diff(spec, spec, {"inputs": [{"name": "a"}]}) == []
    assert _diff(_NONE, spec, {"inputs": [{"name": "a"}]}) == []


def test_secret_fields_are_compared_by_reference_and_never_shown() -> None:
    """What the platform shows of them is neither compared nor told."""
    one, two = "$[[ secrets.ONE ]]", "$[[ secrets.TWO ]]"
    assert _diff({"password": one}, {"password": one}, {"password": "hunter2"}) == []
    (change,) = _diff({"password": one}, {"password": two}, {"password": "hunter2"})
    assert (change.recorded, change.desired, change.live, change.secret) == (one, two, HIDDEN, True)
    (change,) = _diff({"password": "plain-old"}, {"password": "plain-new"}, {})
    assert (change.recorded, change.desired, change.live, change.secret) == (HIDDEN, HIDDEN, ABSENT, True)


def test_a_secret_inside_of_a_text_is_compared_around() -> None:
    """Live agrees when the rest agrees; where it does not, it is not shown."""
    spec = {"env": {"A": "token=$[[ secrets.T ]];", "B": "b"}}
    assert _diff(spec, spec, {"env": {"A": "token=hunter2;", "B": "b"}}) == []
    (change,) = _diff(spec, spec, {"env": {"A": "hunter2", "B": "b"}})
    assert (change.path, change.desired, change.live, change.secret) == (
        "/env/A",
        "token=$[[ secrets.T ]];",
        HIDDEN,
        True,
    )
    (beside,) = _diff(spec, spec, {"env": {"A": "token=x;", "B": "hunter2"}})
    assert (beside.path, beside.live, beside.secret) == ("/env/B", HIDDEN, True)


def test_a_secret_in_a_list_taints_all_of_it() -> None:
    """Positions move, and the secret with them."""
    spec = {"commands": ["export T=$[[ secrets.T ]]", "make"]}
    (change,) = _diff(spec, spec, {"commands": ["make", "export T=hunter2", "echo"]})
    assert change.live == ["make", HIDDEN, HIDDEN]
    assert change.secret


def test_what_stands_beside_a_secret_in_a_list_is_hidden_in_any_depth() -> None:
    """In objects and lists inside of it."""
    spec = {"steps": [{"run": "T=$[[ secrets.T ]]"}, {"run": "a", "args": [{"x": "b"}]}]}
    live = {"steps": [{"run": "T=hunter2"}, {"run": "hunter2", "args": [{"x": "hunter2"}]}]}
    changes = _diff(spec, spec, live)
    assert _short(changes) == [("/steps/1/args/0/x", "b", "b", HIDDEN), ("/steps/1/run", "a", "a", HIDDEN)]
    nested = {"m": [["T=$[[ secrets.T ]]"], ["a"]]}
    (change,) = _diff(nested, nested, {"m": [["T=hunter2"], ["hunter2"]]})
    assert (change.path, change.live) == ("/m/1", [HIDDEN])
    removed = {"m": ["a", {"x": "b"}]}
    (change,) = _diff({"m": ["T=$[[ secrets.T ]]", {"x": "c"}]}, removed, {"m": ["a", {"x": "hunter2"}]})
    assert (change.path, change.live) == ("/m/1/x", HIDDEN)


def test_what_stands_apart_from_a_secret_is_shown() -> None:
    """A secret in one member says nothing about its neighbours' neighbours."""
    spec = {"env": {"A": "$[[ secrets.T ]]"}, "x": "y"}
    (change,) = _diff(spec, spec, {"env": {"A": "hunter2"}, "x": "moved"})
    assert (change.path, change.live, change.secret) == ("/x", "moved", False)


def test_lists_that_are_something_else_differ_as_a_whole() -> None:
    """A text where a list is declared, and the other way round; a secret taints both."""
    spec = {"c": ["T=$[[ secrets.T ]]"]}
    (change,) = _diff({}, spec, {"c": "T=hunter2"})
    assert (change.desired, change.live, change.secret) == (["T=$[[ secrets.T ]]"], HIDDEN, True)
    assert _short(_diff({"c": "a"}, {"c": "a"}, {"c": ["a"]})) == [("/c", "a", "a", ["a"])]


def test_a_secret_below_an_item_is_not_shown_with_the_item() -> None:
    """An item that only the platform has may hold a secret field; one that is removed may have held an expression."""
    (change,) = _diff({}, {"inputs": []}, {"inputs": [{"name": "a", "token": "hunter2", "type": "FILE"}]})
    assert change.live == {"name": "a", "token": HIDDEN, "type": "FILE"}
    was = {"inputs": [{"name": "a", "cmd": "T=$[[ secrets.T ]]"}]}
    (gone,) = _diff(was, {"inputs": []}, {"inputs": [{"name": "a", "cmd": "T=hunter2"}]})
    assert gone.live == {"name": "a", "cmd": HIDDEN}
    assert gone.secret


# -- lists -------------------------------------------------------------------------------------------------------------


def test_keyed_items_are_matched_by_key() -> None:
    """Changed, added by us, added by the platform, removed by us."""
    before = {"inputs": [{"name": "a", "type": "FILE"}, {"name": "b", "type": "FILE"}]}
    desired = {"inputs": [{"name": "a", "type": "ENUM"}, {"name": "c", "type": "FILE"}]}
    live = {"inputs": [*before["inputs"], {"name": "d~/", "type": "X"}]}
    changes = _diff(before, desired, live)
    assert _short(changes) == [
        ("/inputs/[a]/type", "FILE", "ENUM", "FILE"),
        ("/inputs/[b]", {"name": "b", "type": "FILE"}, ABSENT, {"name": "b", "type": "FILE"}),
        ("/inputs/[c]", ABSENT, {"name": "c", "type": "FILE"}, ABSENT),
        ("/inputs/[d~0~1]", ABSENT, ABSENT, {"name": "d~/", "type": "X"}),
    ]
    assert [change.why for change in changes] == [
        "you edited it",
        "no longer declared; you edited it",
        "you edited it",
        "not declared; it moved on the platform",
    ]


def test_keyed_items_differ_by_their_own_fields_only() -> None:
    """A cosmetic field of an item stays cosmetic; what the platform adds to an item is its business."""
    before = {"inputs": [{"name": "a", "hint": "x"}]}
    (change,) = _diff(
        before, {"inputs": [{"name": "a", "hint": "y"}]}, {"inputs": [{"name": "a", "hint": "x", "id": 1}]}
    )
    assert (change.path, change.forces) == ("/inputs/[a]/hint", U)
    removed = _diff(before, {"inputs": [{"name": "a"}]}, before)
    assert _short(removed) == [("/inputs/[a]/hint", "x", ABSENT, "x")]


def test_a_keyed_list_that_is_not_there_yet() -> None:
    """It appears as a whole."""
    desired = {"inputs": [{"name": "a"}]}
    assert _short(_diff({}, desired, {})) == [("/inputs", ABSENT, [{"name": "a"}], ABSENT)]


def test_a_list_without_keys_is_matched_by_position() -> None:
    """Items of one length one by one, with what the platform adds left out."""
    spec = {"steps": [{"run": "a"}, {"run": "b"}]}
    live = {"steps": [{"run": "a", "id": 1}, {"run": "x", "id": 2}]}
    assert _short(_diff(spec, spec, live)) == [("/steps/1/run", "b", "b", "x")]
    assert _diff(spec, spec, {"steps": [{"run": "a", "id": 1}, {"run": "b", "id": 2}]}) == []
    shorter = {"steps": [{"run": "a"}]}
    assert _short(_diff(shorter, spec, live)) == [("/steps/1/run", ABSENT, "b", "x")]


def test_a_keyed_list_with_broken_keys_is_matched_by_position() -> None:
    """A key that is missing or there twice matches nothing."""
    spec = {"inputs": [{"name": "a", "x": 1}, {"name": "a", "x": 2}]}
    live = {"inputs": [{"name": "a", "x": 1}, {"name": "a", "x": 3}]}
    assert _short(_diff(spec, spec, live)) == [("/inputs/1/x", 2, 2, 3)]
    whole = {"inputs": [{"name": "a", "x": 1}, {"name": "b", "x": 2}]}
    assert [c.path for c in _diff(whole, whole, live)] == ["/inputs/1/name", "/inputs/1/x"]
    assert [c.path for c in _diff(spec, spec, whole)] == ["/inputs/1/name"]


def test_short_lists_are_shown_as_they_are() -> None:
    """All three sides of them."""
    assert _short(_diff({"c": ["a"]}, {"c": ["a", "b"]}, {"c": ["a"]})) == [("/c", ["a"], ["a", "b"], ["a"])]
    assert _short(_diff({"c": []}, {"c": []}, {"c": ["a"]})) == [("/c", [], [], ["a"])]
    assert _diff({"c": []}, {"c": []}, {"c": []}) == []
    eight = [f"line {n}" for n in range(8)]
    assert [c.path for c in _diff({"c": eight}, {"c": eight}, {"c": eight[:-1]})] == ["/c"]


def test_long_lists_are_shown_by_item() -> None:
    """Only what differs: an item in the middle does not move all that follow."""
    lines = [f"line {n}" for n in range(20)]
    edited = [*lines[:5], "new", *lines[5:10], "other", *lines[11:]]
    assert _short(_diff({"c": lines}, {"c": edited}, {"c": lines})) == [
        ("/c/5", ABSENT, "new", ABSENT),
        ("/c/10", "line 10", "other", "line 10"),
    ]


def test_long_lists_that_moved_on_the_platform() -> None:
    """The recorded side is what was declared."""
    lines = [f"line {n}" for n in range(12)]
    (change,) = _diff({"c": lines}, {"c": lines}, {"c": lines[:-1]})
    assert (change.path, change.recorded, change.desired, change.live) == ("/c/11", "line 11", "line 11", ABSENT)
    assert change.why == "it moved on the platform"


def test_lists_of_objects_of_different_lengths_are_shown_by_place() -> None:
    """With the rules of the place, and without what was left to the platform."""
    rules = (FieldRule("steps[].title", "", cosmetic=True), FieldRule("steps[].image", "", OnFieldChange.REPLACE))
    spec = {"steps": [{"title": "a", "image": "x"}, {"title": "b", "image": "y"}]}
    live = {"steps": [{"title": "z", "image": "w", "id": 1}]}
    changes = _diff(spec, spec, live, TOOL, *rules)
    assert [(c.path, c.forces) for c in changes] == [("/steps/0/image", R), ("/steps/0/title", U), ("/steps/1", U)]


def test_a_long_list_with_a_secret_is_veiled() -> None:
    """Item by item."""
    lines = ["export T=$[[ secrets.T ]]", *[f"line {n}" for n in range(10)]]
    shown = ["export T=hunter2", *[f"line {n}" for n in range(9)], "echo hunter2"]
    (change,) = _diff({"c": lines}, {"c": lines}, {"c": shown})
    assert (change.path, change.desired, change.live, change.secret) == ("/c/10", "line 9", HIDDEN, True)


def test_unordered_lists_differ_as_sets_do() -> None:
    """They come sorted, so what differs is what one side lacks."""
    names = [f"n{n:02}" for n in range(12)]
    (change,) = _diff({"nodes": names}, {"nodes": names}, {"nodes": names[1:]})
    assert (change.desired, change.live) == ("n00", ABSENT)


# -- runs, and what cannot be read -------------------------------------------------------------------------------------


def test_a_run_is_compared_with_what_was_submitted() -> None:
    """Whatever the platform makes of it."""
    before = {"flow": "a::1::lab", "description": "x"}
    assert _diff(before, before, {"flow": "b::1::lab"}, RUN) == []
    changes = _diff(before, {"flow": "b::1::lab", "description": "y"}, {"flow": "a::1::lab"}, RUN)
    assert [(c.path, c.forces, c.why) for c in changes] == [
        ("/description", U, "you edited it"),
        ("/flow", W, "you edited it"),
    ]


def test_a_removed_field_of_a_run() -> None:
    """It was submitted with it."""
    (change,) = _diff({"x": 1}, {}, {"x": 1}, RUN)
    assert (change.path, change.recorded, change.desired, change.forces) == ("/x", 1, ABSENT, W)


def test_items_of_a_run_are_those_that_were_submitted() -> None:
    """Items that only the platform shows are no difference."""
    kind = Kind("acme", "Run", Life.RUN, "", ("name",), can=EVERYTHING)
    before = {"parts": [{"n": "a"}]}
    rule = FieldRule("parts", "", list_key="n")
    assert _diff(before, before, {"parts": [{"n": "a"}, {"n": "b"}]}, kind, rule) == []
    changes = _diff(before, {"parts": []}, {"parts": [{"n": "a"}]}, kind, rule)
    assert _short(changes) == [("/parts/[a]", {"n": "a"}, ABSENT, {"n": "a"})]
    added = _diff(before, {"parts": [{"n": "a"}, {"n": "b"}]}, _NONE, kind, rule)
    assert _short(added) == [("/parts/[b]", ABSENT, {"n": "b"}, ABSENT)]


def test_a_long_list_of_a_run() -> None:
    """Recorded against desired, with what the platform shows at the same place beside."""
    lines = [f"line {n}" for n in range(12)]
    edited = [*lines[:-1], "other"]
    other = [f"live {n}" for n in range(12)]
    assert _short(_diff({"c": lines}, {"c": edited}, {"c": other}, RUN)) == [("/c/11", "line 11", "other", "live 11")]
    assert _short(_diff({"c": lines}, {"c": edited}, {"c": "text"}, RUN)) == [("/c/11", "line 11", "other", ABSENT)]


def test_another_secret_in_a_long_list_of_a_run() -> None:
    """References are compared as they are written."""
    lines = [f"line {n}" for n in range(12)]
    one, two = [*lines, "T=$[[ secrets.A ]]"], [*lines, "T=$[[ secrets.B ]]"]
    assert _short(_diff({"c": one}, {"c": two}, {"c": lines}, RUN)) == [("/c/12", one[-1], two[-1], ABSENT)]


def test_a_long_list_that_shows_an_expression_itself() -> None:
    """A platform that holds the very text of a reference which will have another value: the whole list is told."""
    lines = ["$[[ ref.Tool/qc@1 ]]", *[f"line {n}" for n in range(12)]]
    new = frozenset({"$[[ ref.Tool/qc@1 ]]"})
    assert [c.path for c in _diff({"c": lines}, {"c": lines}, {"c": lines}, TOOL, new=new)] == ["/c"]


def test_what_cannot_be_read_is_compared_with_memory() -> None:
    """And says so by its live side."""
    assert _short(_diff({"x": 1}, {"x": 2}, _NONE)) == [("/x", 1, 2, ABSENT)]
    assert _diff({"x": 1}, {"x": 1}, _NONE) == []


def test_a_reference_to_something_made_anew_is_known_after_apply() -> None:
    """The text stays the same while its value will not."""
    spec = {"x": "$[[ ref.Tool/qc@1 ]]"}
    (change,) = _diff(spec, spec, {"x": "id-old"}, new=frozenset({"$[[ ref.Tool/qc@1 ]]"}))
    assert change.desired == "$[[ ref.Tool/qc@1 ]]"
    assert change.why.startswith("known after apply")
    assert _diff(spec, spec, {"x": "id-old"}) == []


def test_platforms_that_cannot_update() -> None:
    """A cosmetic difference is told and does nothing; any other replaces."""
    kind = Kind("acme", "Tool", Life.STANDING, "", ("name",), TOOL.rules, EVERYTHING - {Ability.UPDATE})
    before = {"summary": "a", "nodes": ["x"]}
    changes = _diff(before, {"summary": "b", "nodes": ["y"]}, before, kind)
    assert [(c.path, c.forces) for c in changes] == [("/nodes", R), ("/summary", N)]
    assert highest(changes) is R
    assert highest([]) is N


def test_the_reason_is_that_of_what_is_forced() -> None:
    """What else is true of a field, such as how the platform shows it, explains nothing about a change."""
    shown = FieldRule("x", "kept when made; empties are left out", OnFieldChange.REPLACE, because="kept when made")
    (change,) = _diff({"x": 1}, {"x": 2}, {"x": 1}, TOOL, shown)
    assert change.why == "you edited it; kept when made"
    (change,) = _diff({"x": 1}, {"x": 2}, _NONE, RUN, FieldRule("x", "empties are left out", empty_is_absent=True))
    assert change.why == "you edited it"
