"""At most one job per submission key on the real wire, where only a search tells, whatever dies or gets lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.localplatform.store import Query
from reconciler.providers.pai_dlc.marks import TAG
from tests.providers.pai_dlc.opened import OWNER, at, opened, spec
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


def _jobs(platform: Platform) -> list[tuple[str, list[str]]]:
    jobs = platform.services.store.find(Query("pai-dlc", "Job")).entities
    return [(job.id, [job.body["Settings"]["Tags"][TAG]]) for job in jobs]


SUBMISSION = Submission(at("t"), spec("t"), OWNER, opened, _jobs)


@pytest.mark.parametrize("fault", SINGLE_FAULTS)
def test_one_fault_anywhere_makes_one_job(tmp_path: Path, fault: Fault) -> None:
    """At every boundary of an undisturbed apply."""
    check_each_boundary(SUBMISSION, tmp_path, fault)


def test_misfortunes_in_a_row_make_one_job(tmp_path: Path) -> None:
    """A lost answer and a death after it, beginning at every boundary."""
    check_misfortunes_in_a_row(SUBMISSION, tmp_path)


def test_schedules_of_several_faults_make_one_job(tmp_path: Path) -> None:
    """Sixty of them, from seeds."""
    check_seeds(SUBMISSION, tmp_path, range(60))
