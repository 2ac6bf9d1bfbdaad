"""At most one live task per submission key on the real wire, whatever dies or gets lost, at any request of an apply."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.localplatform.store import Query
from tests.providers.hai.opened import OWNER, at, opened, spec
from tests.support.submitting import (
    SINGLE_FAULTS,
    Submission,
    check_each_boundary,
    check_misfortunes_in_a_row,
    check_seeds,
)

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform
    from tests.support.crashing import Fault


def _chains(platform: Platform) -> list[tuple[str, list[str]]]:
    chains = platform.services.store.find(Query("hai", "Chain")).entities
    return [(chain.id, chain.body["tags"]) for chain in chains]


SUBMISSION = Submission(at("t"), spec("t"), OWNER, opened, _chains)


@pytest.mark.parametrize("fault", SINGLE_FAULTS)
def test_one_fault_anywhere_makes_one_task(tmp_path: Path, fault: Fault) -> None:
    """At every boundary of an undisturbed apply."""
    check_each_boundary(SUBMISSION, tmp_path, fault)


def test_misfortunes_in_a_row_make_one_task(tmp_path: Path) -> None:
    """A lost answer and a death after it, beginning at every boundary."""
    check_misfortunes_in_a_row(SUBMISSION, tmp_path)


def test_schedules_of_several_faults_make_one_task(tmp_path: Path) -> None:
    """Sixty of them, from seeds."""
    check_seeds(SUBMISSION, tmp_path, range(60))
