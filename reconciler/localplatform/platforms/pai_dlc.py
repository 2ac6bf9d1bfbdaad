"""PAI-DLC of Alibaba Cloud: jobs of pods, TensorBoards, instance types (platform contract: that of PAI-DLC)."""

from __future__ import annotations

from reconciler.localplatform.face import Face, Problem
from reconciler.localplatform.platforms import pai_dlc_jobs, pai_dlc_runtime, pai_dlc_specs, pai_dlc_tensorboards
from reconciler.localplatform.platforms.pai_dlc_auth import WINDOW_SWITCH, sign_in
from reconciler.localplatform.platforms.pai_dlc_spaces import workspace_of
from reconciler.localplatform.platforms.pai_dlc_words import INVALID, PLATFORM, ROOT, render
from reconciler.localplatform.platforms.pai_dlc_work import translate

FACE = Face(
    name=PLATFORM,
    routes=(
        *pai_dlc_jobs.ROUTES,
        *pai_dlc_runtime.ROUTES,
        *pai_dlc_tensorboards.ROUTES,
        *pai_dlc_specs.ROUTES,
    ),
    owns=lambda path: path.startswith(f"{ROOT}/"),
    sign_in=sign_in,
    problems={
        Problem.UNKNOWN_PATH: (404, "InvalidAction.NotFound"),
        Problem.UNKNOWN_METHOD: (405, "InvalidAction.NotFound"),
        Problem.BAD_BODY: (400, INVALID),
        Problem.TOO_LARGE: (413, INVALID),
        Problem.THROTTLED: (429, "Throttling"),
        Problem.BROKEN: (503, "ServiceUnavailable"),
    },
    render=render,
    work=translate,
    switches={WINDOW_SWITCH: True},
    space=workspace_of,
)
