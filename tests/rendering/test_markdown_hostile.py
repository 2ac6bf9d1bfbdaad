"""Nothing a manifest, a platform or a name says can act in a comment: read back with a real Markdown parser."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reconciler.model.address import Address
from reconciler.model.resource import Phase
from reconciler.planning.review import compare, seal
from reconciler.rendering.comment import Posted, Record, compose, marker, take_apart
from reconciler.rendering.markdown import COMMENT_LIMIT, render_plan, render_review
from reconciler.rendering.markdown_text import code, fenced, prose
from reconciler.rendering.progress import RunProgress, render_refusal, render_runs_status
from reconciler.rendering.sides import Line, Profile
from tests.rendering.hostile import HOSTILE, PIECES, plans

if TYPE_CHECKING:
    from markdown_it.token import Token

    from reconciler.model.plan import Plan

_SOME = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
_OURS = re.compile(r"(<details( open)?><summary>[A-Za-z0-9 ]*</summary>|</details>)\n?")
_ACTIVE = re.compile(r"[@#<>`|$&\[\]]|://|www\.|GH-\d|:[a-z]+:|(?<!\w)!\d")
_OUR_TEXT = "[!CAUTION]"


def parsed(text: str) -> list[Token]:
    """Every token, those inside of lines included."""
    found = []
    for token in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text):
        found += [token, *(token.children or ())]
    return found


def refuse_active(text: str) -> None:
    """Fails when anything in `text` is not a code span, a fenced block, plain words or one of our own elements."""
    for token in parsed(text):
        assert token.type not in {"link_open", "image", "table_open", "s_open", "hr", "code_block"}, token
        if token.type in {"html_block", "html_inline"}:
            assert _OURS.fullmatch(token.content), token.content
        elif token.type == "text":
            assert not _ACTIVE.search(token.content.replace(_OUR_TEXT, "")), token.content
        elif token.type == "heading_open":
            assert token.markup == "###"
    for line in text.split("\n"):
        assert all(c.isprintable() or unicodedata.category(c) == "Zs" for c in line), ascii(line)
        assert not line.startswith(("/", "<!--", "::", "##["))


@_SOME
@given(plans(), st.sampled_from(Profile))
def test_a_plan_holds_whatever_it_shows(plan: Plan, profile: Profile) -> None:
    """No element, link, mention, command or control character comes from a plan's strings."""
    text = render_plan(plan, profile=profile)
    refuse_active(text)
    assert sum(token.type == "html_block" and token.content.startswith("<details") for token in parsed(text)) == sum(
        [any(change.action != "no-op" for change in plan.changes), bool(plan.diagnostics)]
    )


@_SOME
@given(plans(), plans(), st.sampled_from(Profile))
def test_a_review_holds_whatever_it_shows(base: Plan, head: Plan, profile: Profile) -> None:
    """The same for what is shown of two revisions."""
    review = compare(base, head, bound=seal(head, {}), commits=("a" * 40, "b" * 40))
    refuse_active(render_review(review, profile=profile))


@_SOME
@given(plans(), st.lists(st.tuples(HOSTILE, st.sampled_from(Phase)), max_size=3))
def test_nobody_forges_a_mark(plan: Plan, runs: list[tuple[str, Phase]]) -> None:
    """A whole comment comes apart into exactly the parts it was put together from."""
    told = [RunProgress(Address("t", "Job", "s", "n"), phase, 1.0, text, (text,)) for text, phase in runs]
    status = render_runs_status(told, Profile.FULL)
    refuse_active(status)
    refuse_active(render_refusal([text for text, _ in runs], ""))
    posted = Posted(Record("c", seal(plan, {}), "", ()), status.strip("\n"), render_plan(plan).strip("\n"))
    mark = marker(plan.base.project, plan.base.environment)
    assert take_apart(compose(mark, posted), mark) == posted


@given(HOSTILE)
def test_a_span_holds_its_text(text: str) -> None:
    """Whatever stands in a code span stays in it, and nothing follows it inside."""
    tokens = [token for token in parsed(f"a {code(text)} z") if token.type in {"text", "code_inline"}]
    assert [token.type for token in tokens] == ["text", "code_inline", "text"]
    assert tokens[-1].content == " z"


@given(st.lists(st.builds(Line, st.sampled_from(" +-@"), HOSTILE.map(lambda text: text.replace("\n", " ")))))
def test_a_block_holds_its_lines(lines: list[Line]) -> None:
    """A fence ends where we end it."""
    printable = [Line(line.sign, "".join(c for c in line.text if c.isprintable())) for line in lines]
    blocks = [token for token in parsed(fenced(printable) + "\nafter\n") if token.type in {"fence", "text"}]
    assert [block.type for block in blocks] == ["fence", "text"]
    assert blocks[0].content.count("\n") == len(lines)


@pytest.mark.parametrize("piece", PIECES)
def test_prose_is_plain_or_caged(piece: str) -> None:
    """Words stay words; everything else goes into a code span."""
    refuse_active(f"- {prose(f'word {piece} word')}\n")


def test_the_checker_can_fail() -> None:
    """The same check finds what it is there to find."""
    for bad in ("@octocat", "[x](https://evil.example)", "<img src=x>", "a\n/close", "#1", "https://evil.example"):
        with pytest.raises(AssertionError):
            refuse_active(bad)


@_SOME
@given(plans(), st.integers(1_500, 4_000))
def test_a_limit_is_kept(plan: Plan, limit: int) -> None:
    """However long the strings are."""
    small = plan.base.project[:20] == plan.base.project and plan.base.environment[:20] == plan.base.environment
    if small:
        assert len(render_plan(plan, limit=limit)) <= limit
    assert len(render_plan(plan)) <= COMMENT_LIMIT
