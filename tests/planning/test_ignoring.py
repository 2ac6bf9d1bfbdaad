"""Fields that are left to others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.address import Address
from reconciler.model.plan import Verb
from reconciler.model.project import Ignore
from reconciler.planning.ignoring import Ignored
from tests.planning.samples import live, plan, reading, recorded, run, tool

TIMEOUT = Ignore("/timeout", "the operators tune it")


def test_an_ignored_field_is_neither_shown_nor_undone() -> None:
    """Whoever moved it, on either side."""
    was = recorded(tool(timeout=5))
    moved = reading(live(was, {"timeout": 9}))
    assert not plan([tool(timeout=5)], [was], moved).is_empty
    assert plan([tool(timeout=5)], [was], moved, ignore=(TIMEOUT,)).is_empty


def test_an_update_leaves_it_as_it_is() -> None:
    """What is sent holds the live value, and that is remembered as done."""
    was = recorded(tool(timeout=5))
    seen = reading(live(was, {"timeout": 9}))
    made = plan([tool(timeout=5, summary="new")], [was], seen, ignore=(TIMEOUT,))
    (step,) = made.steps
    assert step.verb is Verb.UPDATE
    assert step.desired is not None
    assert (step.desired["timeout"], step.desired["summary"]) == (9, "new")
    assert [field.path for field in made.changes[0].fields] == ["/summary"]
    now = replace(was, spec=step.desired, digest=step.digest)
    assert plan([tool(timeout=5, summary="new")], [now], reading(live(now)), ignore=(TIMEOUT,)).is_empty


def test_a_new_thing_is_made_as_declared() -> None:
    """There is nothing to leave alone yet."""
    (step,) = plan([tool(timeout=5)], ignore=(TIMEOUT,)).steps
    assert step.desired is not None
    assert step.desired["timeout"] == 5


@pytest.mark.parametrize(
    ("rule", "empty"),
    [
        (Ignore("/inputs/[a]/size", "r"), True),
        (Ignore("/inputs/*/size", "r"), True),
        (Ignore("/inputs", "r"), True),
        (Ignore("/inputs/[b]/size", "r"), False),
        (Ignore("/inputs", "r", kind="Flow"), False),
        (Ignore("/inputs", "r", kind="Tool"), True),
        (Ignore("/inputs", "r", address="prod/Tool/lab/*"), True),
        (Ignore("/inputs", "r", address="prod/Tool/other/*"), False),
    ],
)
def test_rules_name_kind_address_and_path(rule: Ignore, *, empty: bool) -> None:
    """Only where all of them fit; brackets are no wild cards."""
    declared = tool(inputs=[{"name": "a", "size": 1}])
    was = recorded(declared)
    seen = reading(live(was, {"inputs": [{"name": "a", "size": 2}]}))
    assert plan([declared], [was], seen, ignore=(rule,)).is_empty is empty


def test_a_run_is_what_was_submitted() -> None:
    """Its meaning counts, whatever is ignored."""
    was = recorded(run(timeout=1))
    assert not plan([run(timeout=2)], [was], reading(), ignore=(TIMEOUT,)).is_empty


def test_a_rule_names_an_address_as_it_is_written_and_as_it_is_called() -> None:
    """Addresses are written in ASCII, and the author of a rule types what is in the manifest."""
    address = Address("ai4s", "Label", "demo", "\u591c\u95f4")
    for glob in (str(address), "ai4s/Label/*/\u591c*"):
        assert Ignored.at(address, [Ignore("/x", "because", glob)]).paths == ("/x",)
    assert Ignored.at(address, [Ignore("/x", "because", "ai4s/Label/*/\u767d*")]) == Ignored()
