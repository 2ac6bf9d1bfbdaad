"""What runs may use up, told before they are submitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.providers.ai4s.meaning.interface import DATA_JOB, JOB, Declared
from reconciler.providers.ai4s.meaning.merging import merged_tasks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.address import Address
    from reconciler.model.manifest import Manifest
    from reconciler.providers.ai4s.meaning.merging import Merged

_DEFAULT_TIMEOUT = 1440
"""Minutes the platform gives a job that names no limit (contract section 9)."""


def gpu_hours(manifests: Sequence[Manifest]) -> dict[Address, float]:
    """The most accelerator hours that each job can take: accelerators of all its instances times its time limit.

    A job is missing when nobody can tell from the manifests: its workflow, or an app that decides, is not among them.
    """
    declared = Declared(manifests)
    found: dict[Address, float] = {}
    for manifest in manifests:
        if manifest.address.kind == DATA_JOB:
            found[manifest.address] = 0.0  # data is copied without accelerators
        elif manifest.address.kind == JOB:
            counts = [_accelerators(task) for task in merged_tasks(manifest, declared)]
            known = [count for count in counts if count is not None]
            if counts and len(known) == len(counts):
                found[manifest.address] = sum(known) * _minutes(manifest) / 60
    return found


def _accelerators(task: Merged) -> int | None:
    count = task.resources.get("gpu", "")
    if not count.isdecimal() or (task.app is None and count != "0"):
        return None
    return int(count) * task.instances


def _minutes(job: Manifest) -> int:
    timeout = job.spec.get("timeout")
    return timeout if isinstance(timeout, int) and not isinstance(timeout, bool) else _DEFAULT_TIMEOUT
