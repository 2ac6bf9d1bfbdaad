"""Plans, reports and findings of every shape, for the laws of rendering."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from reconciler.model.address import Address
from reconciler.model.change import ABSENT, Action, Change, FieldChange
from reconciler.model.diagnostic import Diagnostic, Severity, Source
from reconciler.model.kind import Life, OnFieldChange
from reconciler.model.manifest import Lifecycle, OnChange, OnFailure, OnRemove
from reconciler.model.mark import Mark
from reconciler.model.outcome import Report, Result, StepOutcome
from reconciler.model.plan import Base, Plan, Step, Verb
from reconciler.model.resource import Phase

ANY_TEXT = st.text(st.characters(codec=None), max_size=12)
PART = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)
SPEC = st.dictionaries(ANY_TEXT, JSON, max_size=3)
ADDRESSES = st.builds(Address, PART, PART, PART, PART)
SOURCES = st.builds(Source, ANY_TEXT, st.integers(0, 99), st.integers(0, 99), st.integers(0, 3))
HEX = st.text("0123456789abcdef", min_size=1)
MARKS = st.builds(
    Mark,
    st.text("0123456789abcdef", min_size=8, max_size=8),
    st.text("0123456789abcdef", min_size=20, max_size=20),
)
LIFECYCLES = st.builds(
    Lifecycle,
    st.sampled_from(OnFailure),
    st.sampled_from(OnChange),
    st.none() | st.sampled_from(OnRemove),
    st.booleans(),
    st.integers(1, 9),
)
DIAGNOSTICS = st.builds(
    Diagnostic,
    st.sampled_from(Severity),
    PART,
    ANY_TEXT,
    st.none() | SOURCES,
    ANY_TEXT,
    ANY_TEXT,
    st.none() | ADDRESSES,
)
SIDE = st.just(ABSENT) | JSON
FIELDS = st.builds(FieldChange, ANY_TEXT, SIDE, SIDE, SIDE, st.sampled_from(OnFieldChange), ANY_TEXT, st.booleans())
CHANGES = st.builds(
    Change,
    ADDRESSES,
    PART,
    st.sampled_from(Life),
    st.sampled_from(Action),
    ANY_TEXT,
    st.lists(FIELDS, max_size=3).map(tuple),
    st.none() | st.sampled_from(Phase),
    ANY_TEXT,
    st.none() | SOURCES,
)
BASES = st.builds(Base, ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT, ANY_TEXT, st.integers(0), ANY_TEXT)


@st.composite
def steps(draw: Any) -> tuple[Step, ...]:
    """Steps whose needs point to lower ids, as a planner makes them."""
    found: list[Step] = []
    for position in range(1, draw(st.integers(0, 4)) + 1):
        needs = draw(st.sets(st.integers(1, max(position - 1, 1)), max_size=2)) if position > 1 else set()
        found.append(
            Step(
                position,
                draw(ADDRESSES),
                draw(PART),
                draw(st.sampled_from(Verb)),
                tuple(sorted(needs)),
                draw(st.none() | SPEC),
                draw(ANY_TEXT),
                draw(st.none() | MARKS),
                draw(st.integers(1, 9)),
                draw(ANY_TEXT),
                draw(ANY_TEXT),
                draw(st.none() | LIFECYCLES),
                tuple(draw(st.lists(ADDRESSES, max_size=2))),
                draw(st.booleans()),
                draw(st.none() | ADDRESSES),
                tuple(draw(st.lists(ADDRESSES, max_size=2))),
            )
        )
    return tuple(found)


PLANS = st.builds(
    Plan, BASES, st.lists(CHANGES, max_size=3).map(tuple), steps(), st.lists(DIAGNOSTICS, max_size=2).map(tuple)
)


@st.composite
def reports(draw: Any) -> Report:
    """A report over some steps, with every kind of ending."""
    outcomes = [
        StepOutcome(
            step,
            draw(st.sampled_from(Result)),
            draw(ANY_TEXT),
            draw(ANY_TEXT),
            draw(st.floats(0, 100_000)),
            draw(st.integers(0, 4)),
            draw(ANY_TEXT),
            draw(st.booleans()),
        )
        for step in draw(steps())
    ]
    return Report(tuple(outcomes), draw(st.booleans()))
