"""Our mark goes in and comes out, to the letter, wherever there is room for it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import Refused
from reconciler.model.mark import Mark
from reconciler.providers.ai4s.marks import mark_of, with_mark, without_mark

MARK = Mark("0123abcd", "0123456789abcdef0123")
labels = st.lists(st.text(min_size=1, max_size=32), max_size=5, unique=True)
specs = st.fixed_dictionaries({"name": st.just("x")}, optional={"labels": labels, "description": st.text(max_size=80)})


def plain(spec: dict[str, Any]) -> dict[str, Any]:
    """`spec` with empty text and list as good as absent (contract, trap 7)."""
    return {key: value for key, value in spec.items() if value not in ("", [])}


@given(specs)
def test_in_and_out_again(spec: dict[str, Any]) -> None:
    """What the author wrote comes back unchanged, trailing blanks and brackets included."""
    marked = with_mark(spec, MARK, longest_description=255)
    assert mark_of(marked) == MARK
    assert plain(without_mark(marked)) == plain(spec)
    assert len(marked["labels"]) <= 5
    assert len(marked.get("description", "")) <= 255


def test_label_while_there_is_room() -> None:
    """Up to four labels of the author's, ours is the last one."""
    assert with_mark({"labels": list("abcd")}, MARK, longest_description=255)["labels"] == [*"abcd", str(MARK)]


def test_footer_when_labels_are_full() -> None:
    """With five labels, the description ends with ours."""
    marked = with_mark({"labels": list("abcde"), "description": "d "}, MARK, longest_description=255)
    assert marked == {"labels": list("abcde"), "description": f"d  [{MARK}]"}
    assert with_mark({"labels": list("abcde")}, MARK, longest_description=255)["description"] == f"[{MARK}]"


def test_no_room_at_all() -> None:
    """Five labels and a full description: nothing is sent, and the hint says what to shorten."""
    with pytest.raises(Refused, match="no room") as caught:
        with_mark({"labels": list("abcde"), "description": "x" * 230}, MARK, longest_description=255)
    assert "at most 4 labels" in caught.value.hint


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"labels": None, "description": None},
        {"labels": ["rc-xyz", 7, f"{MARK}x", f"x{MARK}"], "description": f"[{MARK}] was its mark"},
        {"description": str(MARK)},
        {"labels": str(MARK)},
    ],
)
def test_what_only_looks_like_a_mark(item: dict[str, Any]) -> None:
    """Text that mentions a mark does not make an object ours."""
    assert mark_of(item) is None
    assert without_mark(item) == item
