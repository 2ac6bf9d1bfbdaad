"""AI4S, formerly eiHealth: spaces, apps, workflows, jobs, data (platform contract: ai4s.md; choices in its 15.3)."""

from __future__ import annotations

from reconciler.localplatform.face import Face, Problem, Refusal, Reply
from reconciler.localplatform.platforms import (
    ai4s_apps,
    ai4s_data,
    ai4s_data_jobs,
    ai4s_data_sources,
    ai4s_downloads,
    ai4s_images,
    ai4s_jobs,
    ai4s_members,
    ai4s_notebooks,
    ai4s_resources,
    ai4s_runtime,
    ai4s_spaces,
    ai4s_system,
    ai4s_workflows,
)
from reconciler.localplatform.platforms.ai4s_network import FETCH_BYTES, USUAL_BYTES
from reconciler.localplatform.platforms.ai4s_retention import RETENTION
from reconciler.localplatform.platforms.ai4s_tools import FUZZY_NAMES, REFUSE_REFERENCED
from reconciler.localplatform.platforms.ai4s_users import USERS, guarded, sign_in_user
from reconciler.localplatform.platforms.ai4s_words import INVALID, PLATFORM
from reconciler.localplatform.platforms.ai4s_work import translate
from reconciler.localplatform.platforms.huawei_auth import WINDOW_SWITCH


def _render(refusal: Refusal, request_id: str) -> Reply:
    """The error shape of section 15.1; the gateway's own errors repeat the request id in the body."""
    body = {"error_code": refusal.code, "error_msg": refusal.message}
    if refusal.code.startswith("APIGW"):
        body["request_id"] = request_id
    return Reply(body, refusal.status, refusal.headers)


FACE = Face(
    name=PLATFORM,
    routes=tuple(
        guarded(route)
        for part in (
            ai4s_spaces,
            ai4s_members,
            ai4s_apps,
            ai4s_workflows,
            ai4s_jobs,
            ai4s_runtime,
            ai4s_images,
            ai4s_notebooks,
            ai4s_data,
            ai4s_data_sources,
            ai4s_data_jobs,
            ai4s_downloads,
            ai4s_system,
            ai4s_resources,
        )
        for route in part.ROUTES
    ),
    owns=lambda path: path.startswith("/v1/"),
    sign_in=sign_in_user,
    problems={
        Problem.UNKNOWN_PATH: (404, "APIGW.0101"),
        Problem.UNKNOWN_METHOD: (404, "APIGW.0101"),
        Problem.BAD_BODY: (400, INVALID),
        Problem.TOO_LARGE: (413, "APIGW.0201"),
        Problem.THROTTLED: (429, "APIGW.0308"),
        Problem.BROKEN: (503, "eihealth.03009999"),
    },
    render=_render,
    first_start=ai4s_spaces.first_start,
    work=translate,
    switches={
        WINDOW_SWITCH: True,
        REFUSE_REFERENCED: True,
        FUZZY_NAMES: False,
        ai4s_jobs.REFUSE_DELETE_OF_ACTIVE: True,
        ai4s_jobs.NODE_LABELS: "local,ai4s.label",
        USERS: "ada,grace",
        RETENTION: -1,
        ai4s_data_jobs.DATA_JOB_SECONDS: 0,
        ai4s_notebooks.NOTEBOOK_SECONDS: 0,
        FETCH_BYTES: USUAL_BYTES,
    },
)
