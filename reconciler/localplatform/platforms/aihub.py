"""AIHub: datasets, searches, runs of pipelines, trainings, quota tasks, evaluations (platform contract: that of AIHub).

The real platform has an address for each service; here all of them are served at one, below their own paths.
"""

from __future__ import annotations

from reconciler.localplatform.face import Face, Problem
from reconciler.localplatform.platforms import (
    aihub_account,
    aihub_datasets,
    aihub_files,
    aihub_runs,
    aihub_searches,
    aihub_trainings,
)
from reconciler.localplatform.platforms.aihub_words import PLATFORM, SWITCHES, render, sign_in
from reconciler.localplatform.platforms.aihub_work import translate

_PREFIXES = (
    "/api/v1/auth/",
    "/api/v2/tasks/",
    "/data-warehouse/",
    "/dataset-mng/",
    "/workflow-center/",
    "/model-training-platform/",
    "/quota-schedule-management/",
    "/tag-resource-management/",
    "/upload",
)

FACE = Face(
    name=PLATFORM,
    routes=(
        *aihub_account.ROUTES,
        *aihub_searches.ROUTES,
        *aihub_datasets.ROUTES,
        *aihub_runs.ROUTES,
        *aihub_trainings.ROUTES,
        *aihub_files.ROUTES,
    ),
    owns=lambda path: path.startswith(_PREFIXES),
    sign_in=sign_in,
    signatures=False,
    problems={
        Problem.UNKNOWN_PATH: (404, "404"),
        Problem.UNKNOWN_METHOD: (405, "405"),
        Problem.BAD_BODY: (200, "400"),
        Problem.TOO_LARGE: (413, "413"),
        Problem.THROTTLED: (429, "429"),
        Problem.BROKEN: (503, "503"),
    },
    render=render,
    first_start=aihub_account.first_start,
    work=translate,
    switches=SWITCHES,
)
