"""Field rules as a tree."""

from __future__ import annotations

import pytest

from reconciler.model.kind import Ability, FieldRule, Kind, Life, OnFieldChange, Reference
from reconciler.planning.rules import Rules, able, forces, is_semantic, rules_of

EVERYTHING = frozenset(Ability)
NO_UPDATE = EVERYTHING - {Ability.UPDATE}
N, U, R, W = OnFieldChange.NOTHING, OnFieldChange.UPDATE, OnFieldChange.REPLACE, OnFieldChange.NEW_RUN


def _tree(*rules: FieldRule, life: Life = Life.STANDING) -> Rules:
    return rules_of(Kind("acme", "Thing", life, "", ("name",), rules))


@pytest.mark.parametrize(
    ("rule", "standing", "standing_cannot", "run", "run_cannot"),
    [
        (FieldRule("a", ""), U, R, W, W),
        (FieldRule("a", "", on_change=U), U, R, U, N),
        (FieldRule("a", "", on_change=R), R, R, W, W),
        (FieldRule("a", "", on_change=W), R, R, W, W),
        (FieldRule("a", "", on_change=N), N, N, N, N),
        (FieldRule("a", "", computed=True), N, N, N, N),
        (FieldRule("a", "", computed=True, on_change=R), N, N, N, N),
        (FieldRule("a", "", cosmetic=True), U, N, U, N),
        (FieldRule("a", "", cosmetic=True, on_change=N), U, N, U, N),
        (FieldRule("a", "", cosmetic=True, on_change=R), U, N, U, N),
    ],
)
def test_what_a_change_forces(
    rule: FieldRule,
    standing: OnFieldChange,
    standing_cannot: OnFieldChange,
    run: OnFieldChange,
    run_cannot: OnFieldChange,
) -> None:
    """The table in the docstring of `forces`, for platforms that can and cannot update."""
    assert forces(rule, Life.STANDING, EVERYTHING) is standing
    assert forces(rule, Life.STANDING, NO_UPDATE) is standing_cannot
    assert forces(rule, Life.RUN, EVERYTHING) is run
    assert forces(rule, Life.RUN, NO_UPDATE) is run_cannot


@pytest.mark.parametrize(
    ("rule", "standing", "run"),
    [
        (FieldRule("a", ""), True, True),
        (FieldRule("a", "", cosmetic=True), False, False),
        (FieldRule("a", "", computed=True), False, False),
        (FieldRule("a", "", on_change=N), False, False),
        (FieldRule("a", "", on_change=U), True, False),
        (FieldRule("a", "", on_change=R), True, True),
        (FieldRule("a", "", write_only=True, secret=True), True, True),
    ],
)
def test_what_the_digest_covers(rule: FieldRule, standing: bool, run: bool) -> None:
    """Meaning is what is neither cosmetic nor computed, and for a run what cannot change in place."""
    assert is_semantic(rule, Life.STANDING) is standing
    assert is_semantic(rule, Life.RUN) is run


def test_no_known_ability_rules_nothing_out() -> None:
    """Offline, before a handler is known, everything is possible."""
    assert able(frozenset(), Ability.DELETE)
    assert able(frozenset({Ability.DELETE}), Ability.DELETE)
    assert not able(frozenset({Ability.CREATE}), Ability.DELETE)


def test_rules_hold_below_their_path() -> None:
    """A rule holds for everything below, in lists and maps that the schema does not know, too."""
    tree = _tree(FieldRule("note", "for people", cosmetic=True))
    assert tree.at("note").at("any").items.at("thing").rule.cosmetic
    assert not tree.at("other").rule.cosmetic
    assert tree.at("other").items.at("deep") is tree.at("other")


def test_a_longer_path_says_otherwise() -> None:
    """What a longer path says wins; flags that it leaves unsaid stay."""
    tree = _tree(
        FieldRule("a", "", on_change=R, secret=True, write_only=True, computed=True, quantity="C"),
        FieldRule("a.b", "", on_change=U),
        FieldRule("a.c", "", cosmetic=True),
        FieldRule("a.d", "", quantity="G"),
        FieldRule("own", "", secret=True, write_only=True, computed=True),
        FieldRule("note", "", cosmetic=True),
        FieldRule("note.size", "", on_change=R),
    )
    assert tree.at("a").at("other").rule.on_change is R
    assert tree.at("a").at("b").rule.on_change is U
    for below in (tree.at("a").at("b").rule, tree.at("a").at("other").rule):
        assert (below.secret, below.write_only, below.computed, below.quantity) == (True, True, True, "C")
    assert tree.at("a").at("d").rule.quantity == "G"
    own = tree.at("own").rule
    assert (own.secret, own.write_only, own.computed, own.quantity) == (True, True, True, "")
    assert tree.at("a").at("c").rule.cosmetic
    assert tree.at("a").at("c").rule.on_change is None
    assert not tree.at("note").at("size").rule.cosmetic


def test_what_belongs_to_one_place_is_not_taken_over() -> None:
    """A key, an order, a default and the meaning of empties hold where they are written and not below."""
    tree = _tree(
        FieldRule(
            "a", "", list_key="k", unordered=True, has_server_default=True, server_default=1, empty_is_absent=True
        )
    )
    for below in (tree.at("a").at("x").rule, tree.at("a").items.rule):
        assert (below.list_key, below.unordered, below.has_server_default, below.empty_is_absent) == (
            "",
            False,
            False,
            False,
        )


def test_a_reference_holds_for_items_and_not_for_members() -> None:
    """A list of references is a list whose items refer; an object in a reference field does not by its members."""
    tree = _tree(FieldRule("uses", "", refers_to=Reference("Tool")))
    assert tree.at("uses").items.rule.refers_to == Reference("Tool")
    assert tree.at("uses").items.items.rule.refers_to == Reference("Tool")
    assert tree.at("uses").at("x").rule.refers_to is None
    assert tree.at("uses").items.at("x").rule.refers_to is None


def test_any_member_and_nested_lists() -> None:
    """`*` stands for any member of a map, `[]` for any item, also of a list in a list."""
    tree = _tree(FieldRule("env.*.value", "", secret=True), FieldRule("grid[][].cost", "", computed=True))
    assert tree.at("env").at("TOKEN").at("value").rule.secret
    assert tree.at("grid").items.items.at("cost").rule.computed
    assert tree.secrets
    assert not tree.at("grid").secrets


def test_references_are_found_in_the_order_of_the_schema() -> None:
    """Every place that names another resource, by path."""
    tree = _tree(
        FieldRule("tasks[].tool", "", refers_to=Reference("Tool")),
        FieldRule("base", "", refers_to=Reference("Flow")),
        FieldRule("other", ""),
    )
    found = [(path, rule.refers_to) for path, rule in tree.references()]
    assert found == [(("tasks", "[]", "tool"), Reference("Tool")), (("base",), Reference("Flow"))]


def test_meaning_is_known_for_the_whole_subtree() -> None:
    """Something semantic below something cosmetic keeps the whole in the digest."""
    tree = _tree(
        FieldRule("note", "", cosmetic=True),
        FieldRule("box", "", cosmetic=True),
        FieldRule("box.size", "", on_change=R),
        FieldRule("rank", "", on_change=U),
    )
    assert tree.at("note").meaning == frozenset()
    assert tree.at("box").meaning == frozenset(Life)
    assert tree.at("rank").meaning == frozenset({Life.STANDING})
