"""Plans in which every string tries to get out of its cell."""

# ruff: noqa: E501 - a table of short pieces

from __future__ import annotations

from hypothesis import strategies as st

from reconciler.model.address import Address
from reconciler.model.change import ABSENT, Action, Change, FieldChange
from reconciler.model.diagnostic import Diagnostic, Severity, Source
from reconciler.model.kind import Life, OnFieldChange
from reconciler.model.plan import Base, Plan, Step, Verb
from reconciler.model.resource import Phase

PIECES = [
    "`", "```", "````\n", "~~~\n", "\n```\n", "</details>", "<details>", "<script>alert(1)</script>", "<img src=x onerror=1>",
    "<!-- reconciler:review -->", "-->", "@everyone", "@octocat", "#1", "octo/cat#12", "GH-7", "!3", "%4", "~bug", "/close\n",
    "https://evil.example/", "www.evil.example", "http://a", "mailto:a@b.c", "[x](https://evil.example)", "![x](https://e/x.png)",
    "\x1b[31m", "\x1b]8;;https://evil.example\x07", "\u202e", "\u200b", "\u2066", "\ufeff", "\u2028", "\r\n", "\n", "\t", "\x00", "\x07", "\ud800",
    "::set-output name=x::y", "\n::error::x", "##[error]x", "::add-mask::x", "${{ secrets.X }}", "$(id)", "`id`", "|", "||", "\\", "\\`",
    "$`x`$", "$$", ":smile:", "&lt;", "&#60;", "&amp;", "<", ">", '"', "'", "*", "**", "_", "__", "# x", "\n# x\n", "\n> x", "\n- x",
    "\n---\n", "1. x", " ", "  ", "", "deadbeef", "JIRA-1", "]]>", "</style>", "</title>", "<a href=javascript:1>", "plain words", "数据",
]  # fmt: skip
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(st.characters(codec=None), max_size=4), max_size=6).map("".join)
PART = HOSTILE.map(lambda text: text.encode(errors="ignore").decode() or "x")
"""A name: an address holds no half of a character."""
ADDRESSES = st.builds(Address, PART, PART, PART, PART)
SIDE = (
    st.just(ABSENT)
    | HOSTILE
    | st.dictionaries(HOSTILE, HOSTILE, max_size=2)
    | st.lists(HOSTILE, max_size=2)
    | st.none()
)
FIELDS = st.builds(FieldChange, HOSTILE, SIDE, SIDE, SIDE, st.sampled_from(OnFieldChange), HOSTILE, st.booleans())
SOURCES = st.builds(Source, HOSTILE, st.integers(0, 9), st.integers(0, 9))
CHANGES = st.builds(
    Change,
    ADDRESSES,
    HOSTILE,
    st.sampled_from(Life),
    st.sampled_from(Action),
    HOSTILE,
    st.lists(FIELDS, max_size=3).map(tuple),
    st.none() | st.sampled_from(Phase),
    HOSTILE,
    st.none() | SOURCES,
)
DIAGNOSTICS = st.builds(
    Diagnostic,
    st.sampled_from(Severity),
    HOSTILE,
    HOSTILE,
    st.none() | SOURCES,
    HOSTILE,
    HOSTILE,
    st.none() | ADDRESSES,
)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A plan whose changes, fields, findings, names and steps are all hostile."""
    changes = tuple(draw(st.lists(CHANGES, max_size=3)))
    steps = tuple(
        Step(number, change.address, "p", draw(st.sampled_from(Verb)), remote_id=draw(HOSTILE), seen=draw(HOSTILE))
        for number, change in enumerate(changes, start=1)
    )
    base = Base(draw(HOSTILE), draw(HOSTILE), draw(HOSTILE), draw(HOSTILE))
    return Plan(base, changes, steps, tuple(draw(st.lists(DIAGNOSTICS, max_size=2))))
