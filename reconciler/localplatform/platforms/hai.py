"""HAI Platform of HFAiLab: tasks on a cluster shared by time slices (platform contract: that of HAI)."""

from __future__ import annotations

from reconciler.localplatform.face import Face, Problem
from reconciler.localplatform.platforms import hai_lists, hai_logs, hai_nodes, hai_tasks, hai_users
from reconciler.localplatform.platforms.hai_words import PLATFORM, owner_of_token, render, sign_in
from reconciler.localplatform.platforms.hai_work import translate

_PREFIXES = ("/operating/", "/query/", "/ugc/", "/monitor/", "/api_server_status")

FACE = Face(
    name=PLATFORM,
    routes=(*hai_tasks.ROUTES, *hai_lists.ROUTES, *hai_logs.ROUTES, *hai_users.ROUTES, *hai_nodes.ROUTES),
    owns=lambda path: path.startswith(_PREFIXES),
    sign_in=sign_in,
    signatures=False,
    owner_of_token=owner_of_token,
    problems={
        Problem.UNKNOWN_PATH: (404, "Not Found"),
        Problem.UNKNOWN_METHOD: (405, "Method Not Allowed"),
        Problem.BAD_BODY: (422, ""),
        Problem.TOO_LARGE: (413, "Request Entity Too Large"),
        Problem.THROTTLED: (429, ""),
        Problem.BROKEN: (500, ""),
    },
    render=render,
    first_start=hai_nodes.first_start,
    work=translate,
)
