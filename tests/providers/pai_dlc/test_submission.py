"""At most one job per submission key on the real wire, where only a search tells, whatever dies or gets lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.localplatform.store import Query
from reconciler.providers.pai_dlc.marks import TAG
from tests.providers.pai_dlc.opened import OWNER, at, opened, spec
from tests.support.submitting import OneSubmission, Submission

if TYPE_CHECKING:
    from reconciler.localplatform.assembly import Platform


def _jobs(platform: Platform) -> list[tuple[str, list[str]]]:
    jobs = platform.services.store.find(Query("pai-dlc", "Job")).entities
    return [(job.id, [job.body["Settings"]["Tags"][TAG]]) for job in jobs]


class TestJob(OneSubmission):
    """By its tag, which only a search tells."""

    submission = Submission(at("t"), spec("t"), OWNER, opened, _jobs)
