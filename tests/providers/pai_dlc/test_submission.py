"""At most one job per submission key on the real wire, where only a search tells, whatever dies or gets lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reconciler.localplatform.store import Query
from reconciler.providers.pai_dlc.marks import TAG
from tests.providers.pai_dlc.opened import OWNER, at, opened, spec
from tests.support.crashing import Fault
from tests.support.submitting import Submission, check

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.localplatform.assembly import Platform


def _jobs(platform: Platform) -> list[tuple[str, list[str]]]:
    jobs = platform.services.store.find(Query("pai-dlc", "Job")).entities
    return [(job.id, [job.body["Settings"]["Tags"][TAG]]) for job in jobs]


SUBMISSION = Submission(at("t"), spec("t"), OWNER, opened, _jobs)


@pytest.mark.parametrize("fault", [Fault.KILL, Fault.LOST, Fault.THROTTLED, Fault.UNREACHABLE])
def test_one_fault_anywhere_makes_one_job(tmp_path: Path, fault: Fault) -> None:
    """Every request and every durable write of an undisturbed apply is hit in turn."""
    crossings = check(SUBMISSION, tmp_path / "calm", {})
    assert crossings > 6
    for crossing in range(crossings):
        check(SUBMISSION, tmp_path / f"at-{crossing}", {crossing: fault})


def test_a_lost_answer_and_a_death_after_it_make_one_job(tmp_path: Path) -> None:
    """Two misfortunes in a row, at every pair of boundaries around the create."""
    crossings = check(SUBMISSION, tmp_path / "calm", {})
    for first in range(crossings):
        check(SUBMISSION, tmp_path / f"pair-{first}", {first: Fault.LOST, first + 1: Fault.KILL, first + 3: Fault.LOST})
