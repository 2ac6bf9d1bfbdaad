"""Our text on live objects."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.address import Address
from reconciler.model.mark import Mark, Owner

OWNER = Owner("genomics", "prod")
ADDRESS = Address("prod", "Run", "lab", "r1")
MARKS = st.builds(
    Mark,
    st.text("0123456789abcdef", min_size=8, max_size=8),
    st.text("0123456789abcdef", min_size=20, max_size=20),
)


@settings(deadline=None)
@given(MARKS, st.text(max_size=10), st.text(max_size=10))
def test_a_mark_is_found_wherever_it_stands(mark: Mark, before: str, after: str) -> None:
    """In any text, and taken out of it with its bracket."""
    assert len(str(mark)) == 32
    assert Mark.find("nothing", f"{before} [{mark}]") == mark
    assert Mark.strip(f"{before}[{mark}]") == before.rstrip()
    assert Mark.find(before, after) is None or "rc-" in before + after


def test_nothing_marked_has_no_mark() -> None:
    """Not even nearly."""
    assert Mark.find() is None
    assert Mark.find("rc-12345678-123", "RC-00000000-00000000000000000000") is None


def test_the_key_of_a_submission_holds_all_that_makes_it() -> None:
    """Project, environment, address, digest and attempt."""
    base = Mark.of_run(OWNER, ADDRESS, "v1:a", 1)
    others = {
        Mark.of_run(Owner("physics", "prod"), ADDRESS, "v1:a", 1).key,
        Mark.of_run(Owner("genomics", "dev"), ADDRESS, "v1:a", 1).key,
        Mark.of_run(OWNER, replace(ADDRESS, name="r2"), "v1:a", 1).key,
        Mark.of_run(OWNER, ADDRESS, "v1:b", 1).key,
        Mark.of_run(OWNER, ADDRESS, "v1:a", 2).key,
        Mark.of_standing(OWNER, ADDRESS).key,
    }
    assert base.key not in others
    assert len(others) == 6
    assert base == Mark.of_run(OWNER, ADDRESS, "v1:a", 1)


def test_the_owner_is_the_project_in_its_environment() -> None:
    """Told apart in every mark."""
    assert Mark.of_standing(OWNER, ADDRESS).owner == OWNER.digest
    assert OWNER.digest != Owner("genomics", "dev").digest
    assert Owner("a", "bc").digest != Owner("ab", "c").digest
