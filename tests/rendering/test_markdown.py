"""Comments: dangers first, counts, details folded, within the host's limit and honest about what is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reconciler.model.address import Address
from reconciler.model.change import Action, Change
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.kind import Life
from reconciler.model.plan import Plan, Step, Verb
from reconciler.planning.review import Seal, compare, differences, seal
from reconciler.rendering.annotations import render_change_annotations
from reconciler.rendering.comment import (
    Posted,
    Push,
    Record,
    compose,
    marker,
    render_for_comment,
    succeeded_by,
    take_apart,
)
from reconciler.rendering.html import render_plan_page
from reconciler.rendering.markdown import COMMENT_LIMIT, render_findings, render_plan, render_review
from reconciler.rendering.review import render_review_text, review_to_json
from reconciler.rendering.sides import Profile
from tests.rendering.plans import BASE, field, refusal, sample_plan
from tests.rendering.samples import sample_review

if TYPE_CHECKING:
    from collections.abc import Callable

_ACTIONS = (Action.CREATE, Action.UPDATE, Action.UPDATE, Action.DELETE)


def large_plan(size: int, actions: tuple[Action, ...] = _ACTIONS) -> Plan:
    """A plan of `size` changes of the given actions in turn, with steps."""
    changes = []
    for number in range(size):
        address = Address("cluster", "Job", "genomics", f"sample-{number:05d}-align")
        fields = tuple(field(f"/resources/part-{n}", "8G", "16G", "8G") for n in range(3))
        action = actions[number % len(actions)]
        changes.append(Change(address, "p", Life.RUN, action, "edited in this change", fields))
    steps = tuple(Step(n, c.address, "p", Verb.UPDATE, digest=str(n)) for n, c in enumerate(changes, start=1))
    return Plan(BASE, tuple(changes), steps)


@pytest.mark.parametrize("profile", Profile)
def test_a_review_is_as_it_was(profile: Profile, golden: Callable[[str, str], None]) -> None:
    """A change of the comment is a decision."""
    golden(f"review-{profile}.md", render_review(sample_review(), profile=profile))


def test_other_renderings_are_as_they_were(golden: Callable[[str, str], None]) -> None:
    """The plan in Markdown, the review as text and JSON, findings, annotations."""
    review = sample_review()
    golden("plan.md", render_plan(sample_plan(diagnostics=(refusal(),))))
    golden("review.txt", render_review_text(review))
    golden("review.json", review_to_json(review))
    golden("findings.md", render_findings(review.findings))
    golden("annotations.txt", render_change_annotations(review.plan, review.mine))


def test_an_address_is_told_once() -> None:
    """A finding without a place in a file stands at its address, which its message does not repeat."""
    address = Address("t", "Job", "s", "gone")
    found = Diagnostic(Severity.ERROR, "decide.active-removed", f"{address}: the run is running", address=address)
    plan = Plan(BASE, (), (), (found,))
    assert render_plan(plan).count(str(address)) == 1
    assert render_plan_page(plan).count(str(address)) == 1


def test_dangers_come_first() -> None:
    """Before any detail."""
    text = render_review(sample_review())
    assert text.index("stops an active run") < text.index("<details")
    assert text.index("deletes") < text.index("<details")


@pytest.mark.parametrize("actions", [_ACTIONS, (Action.DELETE,), (Action.REPLACE, Action.CREATE)])
def test_two_thousand_changes_fit(actions: tuple[Action, ...]) -> None:
    """60,000 characters hold the summary and every danger; what is left out is counted."""
    plan = large_plan(2_000, actions)
    text = render_review(compare(Plan(BASE, (), ()), plan, bound=seal(plan, {}), commits=("a", "b")))
    assert len(text) <= COMMENT_LIMIT
    dangerous = [c for c in plan.changes if c.action in {Action.DELETE, Action.REPLACE}]
    assert f"{len(dangerous)} dangers" in text
    alarm = text[: text.index("<details")]
    assert all(f"`{change.address.name}`" in alarm for change in dangerous)
    assert "not shown here for want of room" in text
    shown = text.count("- `")
    missing = int(text.split("**And ")[1].split(" more")[0])
    assert shown + missing == 2_000


def test_more_dangers_than_room_are_counted() -> None:
    """Where not even their names fit."""
    plan = large_plan(6_000, (Action.DELETE,))
    text = render_plan(plan)
    assert len(text) <= COMMENT_LIMIT
    alarm = text[: text.index("<details")]
    missing = int(alarm.split("**And ")[1].split(" more")[0])
    assert alarm.count("`sample-") + missing == 6_000


def test_a_record_of_two_thousand_fits_too() -> None:
    """With the whole comment around it the host's limit holds, and what was reviewed can be read back."""
    plan = large_plan(2_000)
    sealed = seal(plan, {})
    mark = marker("p", "e")
    body = render_review(compare(Plan(BASE, (), ()), plan, bound=sealed, commits=("a", "b")), limit=38_500)
    assert "for want of room" not in body[: body.index("<details")]
    earlier = tuple(Push("c" * 40, "d" * 24) for _ in range(10))
    text = compose(mark, Posted(Record("b" * 40, sealed, "m" * 40, earlier), "status " * 500, body))
    assert len(text) <= 65_536
    found = take_apart(text, mark)
    assert found is not None
    assert found.record.seal is not None
    assert found.record.seal.id == sealed.id
    assert found.body == body.rstrip("\n")


def test_dangers_go_before_the_record() -> None:
    """Where both do not fit into one comment, every danger stays, and the record keeps the id."""
    plan = large_plan(2_000, (Action.DELETE,))
    sealed = seal(plan, {})
    review = compare(Plan(BASE, (), ()), plan, bound=sealed, commits=("a", "b"))
    body = render_for_comment(review, profile=Profile.FULL)
    assert all(f"`{change.address.name}`" in body for change in plan.changes)
    text = compose(marker("p", "e"), Posted(Record("b" * 40, sealed, "", ()), "status " * 500, body))
    assert len(text) <= COMMENT_LIMIT
    found = take_apart(text, marker("p", "e"))
    assert found is not None
    assert found.record.seal == Seal(sealed.id, sealed.terms, ())


def test_a_comment_comes_apart_as_it_was_put_together() -> None:
    """Record, status and body; not for another environment, and not when somebody edited the record."""
    mark = marker("p", "prod")
    record = Record("b" * 40, seal(sample_plan(), {}), "", (Push("a" * 40, "1" * 24),))
    posted = Posted(record, "**Applied.**", "### Plan\n\nbody")
    text = compose(mark, posted)
    assert take_apart(text, mark) == posted
    assert take_apart(text.replace("\n", "\r\n"), mark) == posted
    assert take_apart(text, marker("p", "dev")) is None
    assert take_apart(text.replace("record:", "record:AAAA"), mark) is None
    assert take_apart("x\n" + text, mark) is None


def test_pushes_are_remembered_once() -> None:
    """Another commit moves the former one into history; the same commit again does not; ten are kept."""
    record = Record("0", Seal("r0", "", ()))
    for number in range(1, 15):
        record = succeeded_by(record, str(number), Seal(f"r{number}", "", ()))
        record = succeeded_by(record, str(number), Seal(f"r{number}", "", ()))
    assert [push.commit for push in record.earlier] == [str(number) for number in range(13, 3, -1)]


def test_an_id_stands_for_what_would_be_done() -> None:
    """Not for commit, serial, lineage, lines or reasons; for everything that is sent, met, allowed and where."""
    plan = sample_plan()
    same = replace(
        plan,
        base=replace(plan.base, commit="f" * 40, serial=99, lineage="other"),
        changes=tuple(replace(c, why="other", source=None) for c in plan.changes),
    )
    assert seal(same, {}).id == seal(plan, {}).id
    others = [
        replace(plan, base=replace(plan.base, policy_digest="v1:other")),
        replace(plan, base=replace(plan.base, environment="prod")),
        replace(plan, base=replace(plan.base, tool_version="9")),
        replace(plan, steps=(replace(plan.steps[0], desired={"name": "other"}), *plan.steps[1:])),
        replace(plan, steps=(*plan.steps[:-1], replace(plan.steps[-1], seen="f-2"))),
        replace(plan, steps=(*plan.steps[:-1], replace(plan.steps[-1], remote_id="r-2"))),
        replace(plan, steps=plan.steps[:-1]),
        replace(plan, changes=plan.changes[1:]),
    ]
    ids = {seal(each, {}).id for each in others}
    assert len(ids) == len(others)
    assert seal(plan, {}).id not in ids
    for each in others:
        assert differences(seal(plan, {}), seal(each, {}))
    assert differences(seal(plan, {}), seal(same, {})) == ()
