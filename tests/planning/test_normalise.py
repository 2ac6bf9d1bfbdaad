"""One shape for one meaning."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.change import ABSENT
from reconciler.model.kind import FieldRule, Kind, Life, OnFieldChange, Reference
from reconciler.planning.normalise import default_of, key_of, normalise, same, shows, spec_digest
from reconciler.planning.rules import rules_of

FORM = "{name}::{version}::{scope}"


def _kind(*rules: FieldRule, life: Life = Life.STANDING) -> Kind:
    return Kind("acme", "Thing", life, "", ("name",), rules)


def _normal(spec: dict[str, Any], *rules: FieldRule, names: dict[str, str] | None = None) -> dict[str, Any]:
    return normalise(_kind(*rules), spec, scope="lab", names=names or {})


def _digest(spec: dict[str, Any], *rules: FieldRule, life: Life = Life.STANDING) -> str:
    kind = _kind(*rules, life=life)
    return spec_digest(kind, normalise(kind, spec, scope="lab"))


DEFAULT = FieldRule("cpu", "one core", has_server_default=True, server_default="1C", quantity="C")


def test_without_rules_nothing_is_touched() -> None:
    """Null, empties and order stay where no rule speaks of them."""
    spec = {"b": None, "a": "", "list": [3, 1, 2], "map": {}, "deep": [{"x": [None]}], "flag": False}
    assert _normal(spec) == spec


def test_defaults_are_filled_in_where_their_object_is() -> None:
    """An object that is absent stays absent: only the platform knows what its absence means."""
    rule = FieldRule("box.cpu", "", has_server_default=True, server_default="1C")
    assert _normal({}, DEFAULT) == {"cpu": "1C"}
    assert _normal({}, rule) == {}
    assert _normal({"box": {}}, rule) == {"box": {"cpu": "1C"}}
    assert _normal({"box": {"cpu": "2C"}}, rule) == {"box": {"cpu": "2C"}}


def test_defaults_are_filled_into_each_list_item() -> None:
    """The rule speaks of any item."""
    rule = FieldRule("tasks[].source", "", has_server_default=True, server_default="MANUAL")
    assert _normal({"tasks": [{}, {"source": "AUTO"}]}, rule) == {"tasks": [{"source": "MANUAL"}, {"source": "AUTO"}]}


def test_a_default_is_normal_itself() -> None:
    """However a schema spells it."""
    rule = FieldRule("cpu", "", has_server_default=True, server_default="1.0C", quantity="C")
    assert _normal({}, rule) == {"cpu": "1C"}
    assert default_of(rules_of(_kind(rule)).at("cpu")) == "1C"
    assert default_of(rules_of(_kind(rule)).at("other")) is ABSENT


@pytest.mark.parametrize("empty", ["", [], {}, None])
def test_empties_go_where_they_mean_absence(empty: Any) -> None:
    """And stay where no rule says that they do; a default takes the place of an empty."""
    rule = FieldRule("a", "", empty_is_absent=True)
    assert _normal({"a": empty, "b": empty}, rule) == {"b": empty}
    filled = FieldRule("a", "", empty_is_absent=True, has_server_default=True, server_default=7)
    assert _normal({"a": empty}, filled) == {"a": 7}


@pytest.mark.parametrize("value", [0, False, 0.5])
def test_zero_and_false_are_not_empty(value: Any) -> None:
    """They are values."""
    assert _normal({"a": value}, FieldRule("a", "", empty_is_absent=True)) == {"a": value}


def test_what_becomes_empty_goes_too() -> None:
    """Empties are dropped from the inside out."""
    rules = (FieldRule("a", "", empty_is_absent=True), FieldRule("a.b", "", empty_is_absent=True))
    assert _normal({"a": {"b": ""}}, *rules) == {}


def test_an_empty_variable_inside_of_a_map_stays() -> None:
    """`env: {}` may mean no variables; a variable with an empty value is one."""
    assert _normal({"env": {"A": ""}}, FieldRule("env", "", empty_is_absent=True)) == {"env": {"A": ""}}


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("1C", "1C"),
        ("1.0C", "1C"),
        ("01C", "1C"),
        ("+1C", "1C"),
        ("1.50C", "1.5C"),
        ("0.0C", "0C"),
        ("-0C", "0C"),
        ("-1.0C", "-1C"),
        ("000.10C", "0.1C"),
        ("12345678901234567890.123456789012345678901234567890C", "12345678901234567890.12345678901234567890123456789C"),
        ("1c", "1c"),
        ("C", "C"),
        ("1.C", "1.C"),
        ("1e3C", "1e3C"),
        ("1 C", "1 C"),
        ("٣C", "٣C"),
        ("1G", "1G"),
        ("05", "05"),
        ("", ""),
    ],
)
def test_quantities_lose_their_spelling_and_no_digit(written: str, normal: str) -> None:
    """Only plain numbers before the unit are touched; anything else stays as it is for validation to judge."""
    assert _normal({"cpu": written}, FieldRule("cpu", "", quantity="C")) == {"cpu": normal}


@pytest.mark.parametrize(
    ("written", "normal"),
    [(1.0, 1), (-0.0, 0), (1.5, 1.5), (1e300, 1e300), (2.0**53, 2.0**53), (True, True), (3, 3)],
)
def test_whole_numbers_are_integers(written: Any, normal: Any) -> None:
    """`1.0` and `1` are one number in JSON; where a float is not exact it is left alone."""
    found = _normal({"a": [written]})["a"][0]
    assert (found, type(found)) == (normal, type(normal))


def test_unordered_lists_are_sorted_sets() -> None:
    """Order and repetition mean nothing there."""
    assert _normal({"labels": ["b", "a", "b"]}, FieldRule("labels", "", unordered=True)) == {"labels": ["a", "b"]}


def test_keyed_lists_are_sorted_by_key() -> None:
    """The order of keyed items means nothing, their fields do."""
    rule = FieldRule("tasks", "", list_key="name")
    assert _normal({"tasks": [{"name": "b", "x": 1}, {"name": "a"}]}, rule) == {
        "tasks": [{"name": "a"}, {"name": "b", "x": 1}]
    }


def test_items_without_a_key_or_with_one_twice_leave_no_trace_of_their_order_either() -> None:
    """Something is wrong there, but the same every time."""
    rule = FieldRule("tasks", "", list_key="name")
    items = [{"name": "a", "x": 2}, {"name": "a", "x": 1}, {"y": 1}, "text", {"name": None}]
    forward = _normal({"tasks": items}, rule)
    assert forward == _normal({"tasks": items[::-1]}, rule)
    assert len(forward["tasks"]) == len(items)


def test_keys_may_be_numbers() -> None:
    """An item is known by the text of its key."""
    assert key_of({"id": 3}, "id") == "3"
    assert key_of({"id": None}, "id") is None
    assert key_of("text", "id") is None


def test_references_get_their_scope() -> None:
    """`name::version` means the own scope; ids stay ids."""
    rule = FieldRule("tool", "", refers_to=Reference("Tool", FORM))
    assert _normal({"tool": "qc::1"}, rule) == {"tool": "qc::1::lab"}
    assert _normal({"tool": "qc::1::other"}, rule) == {"tool": "qc::1::other"}
    assert _normal({"tool": "8a1c"}, rule) == {"tool": "8a1c"}


def test_known_ids_become_names() -> None:
    """The kind of the field decides, since ids of different kinds may be the same."""
    rule = FieldRule("tool", "", refers_to=Reference("Tool", FORM))
    names = {"Tool/5": "qc::1::lab", "Flow/5": "wf::1::lab", "7": "bare::1::lab"}
    assert _normal({"tool": "5"}, rule, names=names) == {"tool": "qc::1::lab"}
    assert _normal({"tool": "7"}, rule, names=names) == {"tool": "bare::1::lab"}
    assert _normal({"other": "5"}, rule, names=names) == {"other": "5"}
    bare = FieldRule("tool", "", refers_to=Reference("Tool"))
    assert _normal({"tool": "5"}, bare, names=names) == {"tool": "5"}


def test_expressions_have_one_spelling() -> None:
    """Space inside of the brackets means nothing; malformed ones are not ours to judge."""
    spec = {"a": "x $[[secrets.T]] $[[  ref.Tool/qc@1 ]]", "b": "$[[ nonsense ]]", "c": "${HOME} $(date)"}
    assert _normal(spec) == {
        "a": "x $[[ secrets.T ]] $[[ ref.Tool/qc@1 ]]",
        "b": "$[[ nonsense ]]",
        "c": "${HOME} $(date)",
    }


def test_expressions_in_reference_fields() -> None:
    """Without a name for it, an expression stays one, in fields with and without a form."""
    for form in (FORM, ""):
        rule = FieldRule("tool", "", refers_to=Reference("Tool", form))
        assert _normal({"tool": "$[[ref.Tool/qc@1]]"}, rule) == {"tool": "$[[ ref.Tool/qc@1 ]]"}


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        (1, 1, True),
        (1, True, False),
        ([1], [True], False),
        ({"a": 0}, {"a": False}, False),
        ("a", "a", True),
        ("1", 1, False),
        (None, None, True),
        (ABSENT, ABSENT, True),
        (ABSENT, "(absent)", False),
        (None, ABSENT, False),
        ({"a": [1]}, {"a": [1]}, True),
    ],
)
def test_equality_of_normal_forms(one: Any, other: Any, equal: bool) -> None:
    """Values of different types are different values."""
    assert same(one, other) is equal


@pytest.mark.parametrize(
    ("found", "wanted", "expected"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, True),
        ({}, {"a": 1}, False),
        ({"a": 1}, {"a": True}, False),
        ([1, 2], [1], False),
        ([{"a": 1, "b": 2}], [{"a": 1}], True),
        ([{"a": 1}], [{"a": 2}], False),
        ("a", ["a"], False),
    ],
)
def test_showing_what_is_wanted_and_more(found: Any, wanted: Any, expected: bool) -> None:
    """More members of objects, and nothing else: a list is wanted as a whole."""
    assert shows(found, wanted) is expected


# -- the digest --------------------------------------------------------------------------------------------------------


def test_the_digest_carries_its_version() -> None:
    """So that another way to make it can be told apart."""
    assert _digest({"a": 1}).startswith("v1:")


@pytest.mark.parametrize(
    ("rule", "one", "other"),
    [
        (FieldRule("note", "", cosmetic=True), {"a": 1, "note": "x"}, {"a": 1}),
        (FieldRule("note", "", computed=True), {"a": 1, "note": "x"}, {"a": 1}),
        (FieldRule("note", "", on_change=OnFieldChange.NOTHING), {"a": 1, "note": "x"}, {"a": 1}),
        (FieldRule("tasks[].title", "", cosmetic=True), {"tasks": [{"title": "x"}]}, {"tasks": [{"title": "y"}]}),
        (FieldRule("tasks[].title", "", cosmetic=True), {"tasks": [{"title": "x"}]}, {"tasks": [{}]}),
        (FieldRule("box.note", "", cosmetic=True), {"box": {"note": "x"}}, {}),
        (FieldRule("notes", "", cosmetic=True), {"notes": ["a", "b"]}, {"notes": ["c"]}),
        (FieldRule("notes", "", cosmetic=True), {"notes": ["a", "b"]}, {}),
        (DEFAULT, {"cpu": "1.0C"}, {}),
        (FieldRule("box.cpu", "", has_server_default=True, server_default="1C"), {"box": {"cpu": "1C"}}, {}),
        (FieldRule("labels", "", unordered=True), {"labels": ["b", "a"]}, {"labels": ["a", "b", "a"]}),
        (FieldRule("tasks", "", list_key="n"), {"tasks": [{"n": 2}, {"n": 1}]}, {"tasks": [{"n": 1}, {"n": 2}]}),
        (FieldRule("a", "", empty_is_absent=True), {"a": ""}, {}),
        (FieldRule("name", ""), {"name": "old", "a": 1}, {"name": "new", "a": 1}),
    ],
)
def test_what_the_digest_does_not_see(rule: FieldRule, one: dict[str, Any], other: dict[str, Any]) -> None:
    """Words for people, what the platform computes or fills in, order without meaning, and the identity."""
    assert _digest(one, rule) == _digest(other, rule)


@pytest.mark.parametrize(
    ("rule", "one", "other"),
    [
        (FieldRule("x", ""), {"a": 1}, {"a": 2}),
        (FieldRule("x", ""), {"a": 1}, {"a": True}),
        (FieldRule("x", ""), {"a": 1}, {"a": "1"}),
        (FieldRule("x", ""), {"a": None}, {}),
        (FieldRule("x", ""), {"a": []}, {}),
        (FieldRule("x", ""), {"a": {}}, {}),
        (FieldRule("x", ""), {"a": [1, 2]}, {"a": [2, 1]}),
        (FieldRule("tasks[].title", "", cosmetic=True), {"tasks": [{"title": "x"}]}, {"tasks": []}),
        (FieldRule("tasks", "", list_key="n"), {"tasks": [{"n": 1}]}, {"tasks": [{"n": 2}]}),
        (FieldRule("pw", "", secret=True), {"pw": "$[[ secrets.A ]]"}, {"pw": "$[[ secrets.B ]]"}),
        (FieldRule("pw", "", write_only=True), {"pw": "a"}, {"pw": "b"}),
        (DEFAULT, {"cpu": "2C"}, {}),
    ],
)
def test_what_the_digest_sees(rule: FieldRule, one: dict[str, Any], other: dict[str, Any]) -> None:
    """Everything else."""
    assert _digest(one, rule) != _digest(other, rule)


def test_fields_of_a_run_that_change_in_place_are_not_part_of_which_run_it_is() -> None:
    """A priority that was moved does not make another run; of a standing thing it is part of what it is."""
    rule = FieldRule("priority", "", on_change=OnFieldChange.UPDATE)
    assert _digest({"priority": 1}, rule, life=Life.RUN) == _digest({"priority": 2}, rule, life=Life.RUN)
    assert _digest({"priority": 1}, rule) != _digest({"priority": 2}, rule)


def test_something_semantic_below_something_cosmetic_counts() -> None:
    """Items that only say cosmetic things do not count in a cosmetic list."""
    rules = (FieldRule("notes", "", cosmetic=True), FieldRule("notes[].size", "", on_change=OnFieldChange.REPLACE))
    assert _digest({"notes": [{"size": 1, "t": "x"}]}, *rules) == _digest(
        {"notes": [{"size": 1}, {"t": "y"}, "z"]}, *rules
    )
    assert _digest({"notes": [{"size": 1}]}, *rules) != _digest({"notes": [{"size": 2}]}, *rules)


def test_the_order_of_a_set_is_that_of_its_meaning() -> None:
    """A cosmetic edit must not move items past each other."""
    rules = (FieldRule("nodes", "", unordered=True), FieldRule("nodes[].note", "", cosmetic=True))
    one = {"nodes": [{"id": 1, "note": "z"}, {"id": 2, "note": "a"}]}
    other = {"nodes": [{"id": 1, "note": "a"}, {"id": 2, "note": "z"}]}
    assert _digest(one, *rules) == _digest(other, *rules)
