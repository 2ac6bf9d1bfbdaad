"""From what waits to a chain on disk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from reconciler.localplatform.engines.sandbox import SYSTEM_PATH
from reconciler.localplatform.engines.slurm.chain import chain, mark
from reconciler.localplatform.engines.slurm.orders import Places, job_order, order_template
from reconciler.localplatform.engines.slurm.records import next_chain
from reconciler.localplatform.engines.storage import folder_name

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.localplatform.engines.slurm.chain import BatchJob
    from reconciler.localplatform.engines.slurm.records import ChainFolder
    from reconciler.localplatform.engines.slurm.site import Site
    from reconciler.localplatform.engines.slurm.state import RunJobs


class Planner:
    """Writes chains below an engine's folder; `engine` tells it from others on the cluster."""

    def __init__(self, folder: Path, site: Site, engine: str) -> None:
        self._wake = str(folder / "wake")
        self._site = site
        self._engine = engine
        self._path = f"{os.path.dirname(site.python)}:{SYSTEM_PATH}"  # noqa: PTH120 - a path of the nodes

    def plan(self, jobs: RunJobs, array_limit: int) -> None:
        """Makes a chain of whatever waits and is in none, if there is such, and writes it down. Raises OSError."""
        tracked, ledger = jobs.tracked, jobs.tracked.life.ledger
        waiting = {
            name: [index for index in record.waiting if (name, index) not in jobs.where]
            for name, record in ledger.tasks.items()
            if not record.shown.status.ended
        }
        if not any(waiting.values()):
            return
        place = next_chain(tracked.folder.folder)
        prefix = f"{mark(self._engine, tracked.run_id)}-{place.number}"
        planned = chain(ledger.run, waiting, prefix, array_limit=array_limit)
        for job in planned:
            self._write(jobs, job, place)
        place.write_plan(planned, ledger.sequence)
        for job in planned:
            jobs.add(job, place)

    def _write(self, jobs: RunJobs, job: BatchJob, place: ChainFolder) -> None:
        ledger, site = jobs.tracked.life.ledger, self._site
        run, task = ledger.run, ledger.definition(job.task)
        folder = jobs.tracked.folder.folder / folder_name(job.task)
        places = Places(str(folder), self._wake, self._path)
        nexts = {index: ledger.instance(job.task, index).shown.attempt + 1 for index in job.indexes}
        orders = (order_template(run, task, index, nexts[index], site, places) for index in job.indexes)
        place.write_job(job, job_order(run, task, job, site, places), orders)
