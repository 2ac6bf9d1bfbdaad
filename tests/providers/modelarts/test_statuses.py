"""Every status of both APIs is mapped, and what a later release may bring is shown and concludes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.resource import Phase
from reconciler.providers.modelarts.phases import V1, V2, of_v1, of_v2

TABLE = {
    Phase.UNKNOWN: (0, 20),
    Phase.PENDING: (1, 2, 4, 7, 18),
    Phase.RUNNING: (8, 15, 19),
    Phase.STOPPING: (9,),
    Phase.SUCCEEDED: (10,),
    Phase.FAILED: (3, 5, 6, 11, 14, 16, 17, 21, 22),
    Phase.CANCELLED: (12, 13),
}
TERMINAL = {3, 5, 6, 10, 11, 12, 13, 14, 16, 17, 21, 22}


def test_the_table_has_every_number_once() -> None:
    """0 to 22, none left out."""
    assert sorted(number for numbers in TABLE.values() for number in numbers) == list(range(23)) == sorted(V1)


@pytest.mark.parametrize("number", range(23))
@pytest.mark.parametrize("write", [int, str])
def test_each_number(number: int, write: Any) -> None:
    """As a number or as a text it means the same phase, and whether it is an end is right."""
    phase, name = of_v1(write(number))
    assert number in TABLE[phase]
    assert phase.ended == (number in TERMINAL)
    assert name.isupper()


def test_each_word() -> None:
    """The eight phases of v2: four are ends."""
    assert {word for word, phase in V2.items() if phase.ended} == {"Completed", "Failed", "Terminated", "Abnormal"}
    assert {word: of_v2(word)[0] for word in V2} == dict(V2)
    assert of_v2("Terminating")[0] is Phase.STOPPING
    assert of_v2("Creating")[0] is of_v2("Pending")[0] is Phase.PENDING


@pytest.mark.parametrize(
    ("value", "shown"), [(23, "23"), (-1, "-1"), ("99", "99"), ("odd", "odd"), (None, ""), ([], "[]"), (1.5, "1.5")]
)
def test_what_nobody_knows(value: Any, shown: str) -> None:
    """An unknown status is unknown, treated as going on, and shown as it came."""
    assert of_v1(value) == (Phase.UNKNOWN, shown)
    assert of_v2(value) == (Phase.UNKNOWN, shown)
    assert Phase.UNKNOWN.active
