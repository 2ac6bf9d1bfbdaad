"""Records of jobs that have ended are kept up to a number, over all spaces (section 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.localplatform.platforms.ai4s_words import PLATFORM
from reconciler.localplatform.store import Query
from reconciler.localplatform.work import Status

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call

RETENTION = "job_retention"
"""Switch: how many ended jobs are kept, the youngest; -1 keeps all."""
_ENDED = tuple(str(status) for status in Status if status.ended)


def expire(call: Call) -> None:
    """Forgets the ended jobs beyond the number; their files stay."""
    keep = int(call.services.switches[RETENTION])
    if keep < 0:
        return
    store, runs = call.services.store, call.services.runs
    ended = store.find(Query(PLATFORM, "Job", states=_ENDED, sort="finished", descending=True)).entities
    for job in ended[keep:]:
        with store.database.transaction():
            store.delete(job, call.now)
            runs.drop(job.id)
