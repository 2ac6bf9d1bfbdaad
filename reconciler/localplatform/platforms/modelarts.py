"""ModelArts: training jobs of the legacy and of the current API (platform contract: that of ModelArts)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.localplatform.face import Face, Problem
from reconciler.localplatform.platforms import (
    modelarts_configs,
    modelarts_jobs_v1,
    modelarts_jobs_v2,
    modelarts_lists_v2,
    modelarts_offers,
    modelarts_runtime_v1,
    modelarts_runtime_v2,
)
from reconciler.localplatform.platforms.modelarts_words import (
    DELETE_SECONDS,
    DRIFT,
    FAILURES_AS_400,
    INVALID,
    PLATFORM,
    V1_PATHS,
    VERSION,
    render,
    sign_in,
)
from reconciler.localplatform.platforms.modelarts_work import job_v1, job_v2, work_of

if TYPE_CHECKING:
    from reconciler.localplatform.services import Services
    from reconciler.localplatform.store import Entity
    from reconciler.localplatform.work import Run


def _owns(path: str) -> bool:
    """Everything of v2, and of v1 what another service of the cloud has not got."""
    _, version, _, rest = (*path.split("/", 3), "", "", "")[:4]
    return version == "v2" or (version == "v1" and rest.startswith(V1_PATHS))


def _translate(services: Services, job: Entity) -> Run:
    """The work of a run, from what is stored alone."""
    read = job_v1(job.id, job.name, job.body["config"]) if job.kind == VERSION else job_v2(job.id, job.name, job.body)
    return work_of(services.data, read)


FACE = Face(
    name=PLATFORM,
    routes=(
        *modelarts_jobs_v1.ROUTES,
        *modelarts_configs.ROUTES,
        *modelarts_runtime_v1.ROUTES,
        *modelarts_jobs_v2.ROUTES,
        *modelarts_lists_v2.ROUTES,
        *modelarts_runtime_v2.ROUTES,
        *modelarts_offers.ROUTES,
    ),
    owns=_owns,
    sign_in=sign_in,
    problems={
        Problem.UNKNOWN_PATH: (404, "APIGW.0101"),
        Problem.UNKNOWN_METHOD: (404, "APIGW.0101"),
        Problem.BAD_BODY: (400, INVALID),
        Problem.TOO_LARGE: (413, "APIGW.0201"),
        Problem.THROTTLED: (429, "ModelArts.2799"),
        Problem.BROKEN: (503, "ModelArts.2950"),
    },
    render=render,
    work=_translate,
    switches={
        DELETE_SECONDS: 0,
        DRIFT: True,
        FAILURES_AS_400: False,
        modelarts_runtime_v2.EVENT_OFFSET: "pages",
    },
)
