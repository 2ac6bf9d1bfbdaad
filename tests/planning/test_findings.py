"""What a plan has to say besides its changes."""

from __future__ import annotations

from reconciler.model.diagnostic import Diagnostic, Severity, Source
from reconciler.planning.findings import in_reading_order, of_selection
from tests.planning.samples import at


def _note(brought: int, left_out: int) -> str:
    """The note about a selection of one that brought some and left some out."""
    own = at("Tool", "own@1")
    more = {at("Tool", f"b{n}@1") for n in range(brought)}
    rest = {at("Tool", f"c{n}@1") for n in range(left_out)}
    found = list(of_selection({own, *more}, {own}, {own, *more, *rest}))
    return found[0].message if found else ""


def test_a_selection_tells_what_it_brought_and_what_it_left_out() -> None:
    """Either, both, or nothing at all."""
    assert _note(0, 0) == ""
    assert _note(1, 0) == "a selection of 2 resource(s), 1 of them because others need them (prod/Tool/lab/b0@1)"
    assert _note(0, 1) == "a selection of 1 resource(s); 1 left out (prod/Tool/lab/c0@1)"
    assert "because others need them" in _note(2, 2)
    assert "2 left out" in _note(2, 2)


def test_names_end_after_five() -> None:
    """With the number of those that are not told, if there are any."""
    assert "more" not in _note(0, 5)
    assert _note(0, 6).endswith("c4@1 and 1 more)")


def test_findings_are_read_by_place() -> None:
    """And stand in the same order, however they were found."""
    one = Diagnostic(Severity.NOTE, "x.y", "m", Source("a.yaml", 2))
    two = Diagnostic(Severity.NOTE, "x.y", "m", Source("a.yaml", 10))
    three = Diagnostic(Severity.NOTE, "x.y", "m", address=at("Tool", "a@1"))
    four = Diagnostic(Severity.NOTE, "x.y", "m", address=at("Tool", "b@1"))
    wanted = (three, four, one, two)
    assert in_reading_order([two, four, one, three]) == wanted
    assert in_reading_order([one, three, two, four]) == wanted
