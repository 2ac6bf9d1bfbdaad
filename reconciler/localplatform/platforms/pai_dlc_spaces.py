"""Which workspace a call is about: where roles are told by workspaces, that decides who may make it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.localplatform.face import Refusal
from reconciler.localplatform.platforms.pai_dlc_jobs import DEFAULT_WORKSPACE
from reconciler.localplatform.platforms.pai_dlc_words import JOB, PLATFORM, ROOT, TENSORBOARD

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call

EVERY_WORKSPACE = "*"
_LISTS = (f"{ROOT}/jobs", f"{ROOT}/tensorboards")


def workspace_of(call: Call) -> str:
    """That of the object, else the one that is named; lists without one are about every workspace. "" where none
    matters. An object there is not is for the handler to tell.
    """
    store = call.services.store
    for argument, kind in (("job", JOB), ("board", TENSORBOARD)):
        if identifier := call.arguments.get(argument):
            found = store.get(PLATFORM, kind, identifier)
            return found.scope if found is not None else ""
    if call.request.path not in _LISTS:
        return ""
    if call.request.method == "GET":
        return call.request.args.get("WorkspaceId", "") or EVERY_WORKSPACE
    named = call.body_or_empty().get("WorkspaceId")
    if named is not None and not isinstance(named, str):
        raise Refusal(400, "InvalidParameter", "WorkspaceId is not a text")
    return named or DEFAULT_WORKSPACE
