"""Notebooks (section 11): what was asked for, and a state that follows start and stop. The URL leads nowhere."""

from __future__ import annotations

import re
import secrets
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.clock import utc_text
from reconciler.localplatform.face import Refusal, Reply, Route
from reconciler.localplatform.platforms.ai4s_checks import Fields
from reconciler.localplatform.platforms.ai4s_data import place_of
from reconciler.localplatform.platforms.ai4s_images import image_named
from reconciler.localplatform.platforms.ai4s_tools import scopes_named
from reconciler.localplatform.platforms.ai4s_users import caller, spaces_of
from reconciler.localplatform.platforms.ai4s_words import (
    DUPLICATE,
    PLATFORM,
    SPACE,
    SPACES,
    UNKNOWN_REFERENCE,
    WRONG_STATE,
    in_space,
    invalid,
    order,
    paging,
    query,
    space_of,
    span,
    text,
    texts,
)
from reconciler.localplatform.store import Entity, Query

if TYPE_CHECKING:
    from reconciler.localplatform.face import Call

NOTEBOOK_SECONDS = "notebook_seconds"
"""Switch: how long a notebook takes to start or stop."""
PROFILE = "PY3"
_NAME = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NOTEBOOK = f"{SPACE}/notebooks/<notebook_id>"
_SORTS = {"create_time": "created", "update_time": "updated", "name": "name"}
_MOUNTS_MOST = 6
_BOUNDS = {"cpu": (1, 128), "gpu": (0, 16), "memory": (2, 512)}
_STATES = (
    "Running", "Abnormal", "Hibernate", "Succeeded", "Creating", "Deleting", "Updating", "CreatedFailed",
    "DeletedFailed", "UpdatedFailed", "Unknown",
)  # fmt: skip
_HOME = "/home/ai4s-user/work"


def create_notebook(call: Call) -> Reply:
    """A new notebook, which starts. Its name is unique in its space here: the contract does not say."""
    space, fields = space_of(call), Fields(call.body())
    name = fields.text("name", 1, 63, required=True, pattern=_NAME)
    body = {
        "description": fields.text("description", 0, 1024),
        "flavor": _flavor(fields.object("flavor")),
        "image": _image(call, space, fields.object("image")),
        "storages": _storages(call, space, fields),
        "wanted": "Running",
        "since": call.now,
        "fresh": True,
    }
    notebook = Entity(
        PLATFORM,
        "Notebook",
        space.id,
        str(uuid.uuid4()),
        name,
        body,
        owner=caller(call).name,
        created=call.now,
        updated=call.now,
    )
    store = call.services.store
    with store.database.transaction():
        if store.first(Query(PLATFORM, "Notebook", scopes=(space.id,), name=name)):
            raise Refusal(400, DUPLICATE, f"the notebook {name} exists already")
        store.insert(notebook)
    return Reply({"id": notebook.id})


def _flavor(fields: Fields) -> dict[str, Any]:
    flavor: dict[str, Any] = {"cpu_type": fields.choice("cpu_type", ("X86", "ARM"), "X86")}
    for name, (low, high) in _BOUNDS.items():
        value = fields.members.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise invalid(f"{fields.where}{name} must be a number from {low} to {high}")
        flavor[name] = float(value)
    if kind := fields.choice("gpu_type", ("GPU", "Snt9")):
        flavor["gpu_type"] = kind
    return flavor


def _image(call: Call, space: Entity, fields: Fields) -> dict[str, Any]:
    kind = fields.choice("image_type", ("SYSTEM", "CUSTOMER"), required=True)
    given = fields.object("image_info")
    if kind == "SYSTEM":
        profile = given.choice("profile", (PROFILE,), required=True)
        info = {"source_project_name": "", "image_name": "local-notebook", "image_tag": "1.0", "profile": profile}
        return {"image_type": kind, "image_info": info}
    source = given.text("source_project_name", 1, 64, required=True)
    name, tag = given.text("image_name", 1, 128, required=True), given.text("image_tag", 1, 128, required=True)
    if not image_named(call, space, source, f"{name}:{tag}"):
        raise Refusal(400, UNKNOWN_REFERENCE, f"the image {source}/{name}:{tag} does not exist in space {space.name}")
    return {"image_type": kind, "image_info": {"source_project_name": source, "image_name": name, "image_tag": tag}}


def _storages(call: Call, space: Entity, fields: Fields) -> list[dict[str, str]]:
    given = fields.objects("storages", _MOUNTS_MOST, least=1)
    places = [place_of(call, item.text("path", 1, 1024, required=True), space) for item in given]
    if len(places) == _MOUNTS_MOST and all(place.space != space.name for place in places):
        raise invalid(f"storages may have {_MOUNTS_MOST} entries only when one is in the own space")
    return [{"path": f"{_HOME}/{place.space}"} for place in places]


def list_notebooks(call: Call) -> Reply:
    """The notebooks of a space."""
    space = space_of(call)
    statuses = texts(call, "status")
    found = call.services.store.find(query(call, "Notebook", scopes=(space.id,), name_part=text(call, "name")))
    return _page(call, found.entities, {space.id: space}, statuses)


def list_all_notebooks(call: Call) -> Reply:
    """The notebooks of all my spaces."""
    spaces = {space.id: space for space in spaces_of(call)}
    criteria: dict[str, Any] = {
        "scopes": scopes_named(spaces, texts(call, "eihealth_project_names")) or tuple(spaces),
        "name_part": text(call, "notebook_name"),
        "texts": {
            path: part
            for path, name in (("description", "description"), ("image.image_info.image_name", "image_name"))
            if (part := text(call, name))
        },
        "created": span(call, "start_create_time", "end_create_time"),
        "updated": span(call, "start_update_time", "end_update_time"),
        "owner": caller(call).name if text(call, "is_creator").lower() == "true" else "",
        **order(call, _SORTS, key="sort_by"),
    }
    found = call.services.store.find(query(call, "Notebook", **criteria))
    return _page(call, found.entities, spaces, texts(call, "statuses"))


def _page(call: Call, notebooks: tuple[Entity, ...], spaces: dict[str, Entity], statuses: tuple[str, ...]) -> Reply:
    if unknown := [word for word in statuses if word not in _STATES]:
        raise invalid(f"status has an unknown value: {unknown[0]}")
    rows = [_row(call, notebook, spaces[notebook.scope]) for notebook in notebooks if notebook.scope in spaces]
    rows = [row for row in rows if not statuses or row["status"] in statuses]
    page = paging(call)
    return Reply({"notebooks": rows[page["offset"] :][: page["limit"]], "count": len(rows)})


def show_notebook(call: Call) -> Reply:
    """One notebook."""
    return Reply({**_row(call, in_space(call, "Notebook", "notebook_id"), space_of(call)), "events": []})


def update_notebook(call: Call) -> Reply:
    """The description; everything else is fixed."""
    notebook = in_space(call, "Notebook", "notebook_id")
    description = Fields(call.body()).text("description", 0, 1024, required=True)
    body = {**notebook.body, "description": description}
    call.services.store.update(replace(notebook, body=body, updated=call.now))
    return Reply()


def change_notebook(call: Call) -> Reply:
    """Starts or stops; refused while it is on its way, or there already."""
    notebook = in_space(call, "Notebook", "notebook_id")
    action = Fields(call.body()).choice("action", ("start", "stop"), required=True)
    wanted = "Running" if action == "start" else "Hibernate"
    if (state := _state(call, notebook)) != ("Hibernate" if action == "start" else "Running"):
        raise Refusal(400, WRONG_STATE, f"cannot {action} while the notebook is {state}")
    body = {**notebook.body, "wanted": wanted, "since": call.now, "fresh": False}
    call.services.store.update(replace(notebook, body=body, updated=call.now))
    return Reply()


def delete_notebook(call: Call) -> Reply:
    """Removes it at once."""
    call.services.store.delete(in_space(call, "Notebook", "notebook_id"), call.now)
    return Reply()


def show_token(call: Call) -> Reply:
    """A token to open it with, only while it runs."""
    notebook = in_space(call, "Notebook", "notebook_id")
    if (state := _state(call, notebook)) != "Running":
        raise Refusal(400, WRONG_STATE, f"the notebook is {state}")
    return Reply({"token": secrets.token_urlsafe(24)})


def list_tools(_call: Call) -> Reply:
    """The images the platform brings along."""
    return Reply({"tools": [{"display_name": "Python 3", "profile": PROFILE}], "count": 1})


def _state(call: Call, notebook: Entity) -> str:
    body = notebook.body
    if call.now - body["since"] >= int(call.services.switches[NOTEBOOK_SECONDS]):
        return str(body["wanted"])
    return "Creating" if body["fresh"] else "Updating"


def _row(call: Call, notebook: Entity, space: Entity) -> dict[str, Any]:
    body = notebook.body
    return {
        "id": notebook.id,
        "name": notebook.name,
        "eihealth_project_id": space.id,
        "eihealth_project_name": space.name,
        "description": body["description"],
        "creator": notebook.owner,
        "url": f"{call.request.host_url}v1/notebooks/{notebook.id}/services/notebook",
        "flavor": body["flavor"],
        "status": _state(call, notebook),
        "image": body["image"],
        "storages": body["storages"],
        "create_time": utc_text(notebook.created),
        "update_time": utc_text(notebook.updated),
        "failed_message": "",
    }


ROUTES = (
    Route("GET", f"{SPACE}/notebooks", "ListNotebook", list_notebooks),
    Route("POST", f"{SPACE}/notebooks", "CreateNotebook", create_notebook),
    Route("GET", f"{SPACE}/notebooks/tools", "ListNotebookTool", list_tools),
    Route("GET", _NOTEBOOK, "ShowNotebook", show_notebook),
    Route("PUT", _NOTEBOOK, "UpdateNotebook", update_notebook),
    Route("DELETE", _NOTEBOOK, "DeleteNotebook", delete_notebook),
    Route("POST", f"{_NOTEBOOK}/action", "StopOrStartNotebook", change_notebook),
    Route("GET", f"{_NOTEBOOK}/token", "ShowNotebookToken", show_token),
    Route("GET", f"{SPACES}/notebooks", "ListUserNotebook", list_all_notebooks),
)
