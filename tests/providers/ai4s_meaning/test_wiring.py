from __future__ import annotations

import pytest

from reconciler.providers.ai4s.meaning.wiring import Wire, wire


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("${t.out}", Wire("t", "out")),
        ("${Trim_1-b.out-2}", Wire("Trim_1-b", "out-2")),
        ("${t}", None),
        ("${t.Out}", None),
        ("${1t.out}", None),
        ("x${t.out}", None),
        ("${t.out}\n", None),
        ("${a.b.c}", None),
        ("$[[ ref.a/b.c ]]", None),
        ("", None),
    ],
)
def test_what_is_wiring(value: str, expected: Wire | None) -> None:
    """A value is an edge only as a whole, with a task and an output in their own grammars."""
    assert wire(value) == expected
