"""Meaning, checked offline over all manifests of the platform: whether apps, workflows and jobs fit together.

The schema has spoken before; here stands what it cannot say. Every finding at once, each one once, at the side that
made the mistake: what an app gets wrong is not repeated at the workflows that use it. An app or workflow that is not
declared here (a bare id, or one that lives on the platform only) is passed over in silence; planning warns about it.

    apps        names unique, choices and defaults right, `${param}` in commands spelt as declared
    workflows   task -> app: inputs exist, values fit, wiring exists and fits, no circle, accelerator counts
    jobs        job -> workflow -> app: the same over what the job overrides, and required inputs have a value
    merging     what a task really gets, for these checks, for reviews and for guards
    reading     whether a run waits for the data it reads
    usage       what the runs may use up
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.unsound import sound
from reconciler.providers.ai4s.meaning.apps import app_findings
from reconciler.providers.ai4s.meaning.interface import APP, JOB, WORKFLOW, Declared
from reconciler.providers.ai4s.meaning.jobs import job_findings
from reconciler.providers.ai4s.meaning.reading import reading_findings
from reconciler.providers.ai4s.meaning.workflows import workflow_findings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.manifest import Manifest

__all__ = ["check"]


def check(manifests: tuple[Manifest, ...]) -> Iterator[Diagnostic]:
    """Every finding, in the order of `manifests`: about each of them, then about what they are to each other. Pure.
    Each carries an address and a JSON pointer into the spec.
    """
    declared = Declared(manifests)
    for manifest in manifests:
        if manifest.address.kind == APP:
            yield from sound(app_findings(manifest))
        elif manifest.address.kind == WORKFLOW:
            yield from sound(workflow_findings(manifest, declared))
        elif manifest.address.kind == JOB:
            yield from sound(job_findings(manifest, declared))
    yield from sound(reading_findings(manifests))
