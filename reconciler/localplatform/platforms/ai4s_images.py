"""Images (section 6): repositories of a space and their tags. What a registry would hold is not here: a tag is a name.

A tag is registered by a create call, which stands for the push that a person makes with docker.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.clock import utc_text
from reconciler.localplatform.face import Refusal, Reply, Route
from reconciler.localplatform.platforms.ai4s_apps import subscribe
from reconciler.localplatform.platforms.ai4s_checks import Fields
from reconciler.localplatform.platforms.ai4s_tools import scopes_named
from reconciler.localplatform.platforms.ai4s_users import caller, spaces_of, want_member
from reconciler.localplatform.platforms.ai4s_words import (
    DUPLICATE,
    PLATFORM,
    SPACE,
    SPACES,
    found,
    in_space,
    invalid,
    missing,
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
    from reconciler.localplatform.services import Services

TYPES = ("APP", "NOTEBOOK", "OTHER")
_CHIPS = ("X86", "ARM")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._/-]{0,126}[a-z0-9])?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_SORTS = {"create_time": "created", "update_time": "updated", "name": "name"}
_IMAGE = f"{SPACE}/images/<image_id>"
_PRELOADED = {"busybox": ("1.36", "latest"), "python": ("3.12-slim",)}


def preload(services: Services, space: str) -> None:
    """What the first space of a new account comes with, so that there is something to run."""
    now = services.clock.now()
    for name, tags in _PRELOADED.items():
        body = _body("APP", "X86", "", dict.fromkeys(tags, now))
        services.store.insert(_entity(space, name, body, services.account.user, now))


def list_images(call: Call) -> Reply:
    """The repositories of a space; those without tags only when asked for."""
    space = space_of(call)
    criteria: dict[str, Any] = {"scopes": (space.id,), "name_part": text(call, "name")}
    if kind := text(call, "type"):
        criteria["equals"] = {"type": kind}
    images = call.services.store.find(query(call, "Image", **criteria)).entities
    empty = text(call, "show_empty").lower() == "true"
    rows = [_row(image, space) for image in images if image.body["tags"] or empty]
    return Reply({"images": rows, "count": len(rows)})


def list_all_images(call: Call) -> Reply:
    """The repositories of all my spaces."""
    spaces = {space.id: space for space in spaces_of(call)}
    kinds = texts(call, "types")
    equals = {"source_project_name": source} if (source := text(call, "source_project_name")) else {}
    if len(kinds) == 1:
        equals["type"] = kinds[0]
    criteria: dict[str, Any] = {
        "scopes": scopes_named(spaces, texts(call, "eihealth_project_names")) or tuple(spaces),
        "ids": texts(call, "image_id") or None,
        "name_part": text(call, "image_name"),
        "texts": {"description": part} if (part := text(call, "description")) else {},
        "equals": equals,
        "created": span(call, "start_create_time", "end_create_time"),
        "updated": span(call, "start_update_time", "end_update_time"),
        "owner": caller(call).name if text(call, "is_creator").lower() == "true" else "",
        **order(call, _SORTS, key="sort_by"),
        **paging(call),
    }
    page = call.services.store.find(query(call, "Image", **criteria))
    rows = [_row(image, spaces[image.scope]) for image in page.entities if image.scope in spaces]
    return Reply({"images": rows, "count": page.count})


def create_image(call: Call) -> Reply:
    """Registers a tag, and its repository where that is new; 400 when the tag is there already."""
    space, fields = space_of(call), Fields(call.body())
    name = fields.text("name", 1, 128, required=True, pattern=_NAME)
    tag = fields.text("tag", 1, 128, required=True, pattern=_TAG)
    given = _given(fields)
    store = call.services.store
    with store.database.transaction():
        image = store.first(Query(PLATFORM, "Image", scopes=(space.id,), name=name))
        if image is None:
            body = _body(given["type"] or "OTHER", given["chip_type"], given["description"], {tag: call.now})
            image = _entity(space.id, name, body, caller(call).name, call.now)
            store.insert(image)
            return Reply({"id": image.id})
        if tag in image.body["tags"] or image.body["source_resource_id"]:
            raise Refusal(400, DUPLICATE, f"the image {name}:{tag} exists already")
        _change(call, image, {name: value for name, value in given.items() if value}, {tag: call.now})
    return Reply({"id": image.id})


def update_image(call: Call) -> Reply:
    """Type, architecture and description of a repository; what is absent keeps its value."""
    fields = Fields(call.body())
    given = _given(fields)
    if given["type"] == "OTHER":
        raise invalid("type must be one of APP, NOTEBOOK")
    with call.services.store.database.transaction():
        image = in_space(call, "Image", "image_id")
        _change(call, image, {name: given[name] for name in given if fields.members.get(name) is not None}, {})
    return Reply()


def delete_image(call: Call) -> Reply:
    """A repository with all its tags."""
    call.services.store.delete(in_space(call, "Image", "image_id"), call.now)
    return Reply()


def list_tags(call: Call) -> Reply:
    """The tags of a repository, with where docker finds them."""
    space, image = space_of(call), in_space(call, "Image", "image_id")
    source = image.body["source_project_name"] or space.name
    rows = [
        {
            "tag": tag,
            "size": 0,
            "create_time": utc_text(at),
            "update_time": utc_text(at),
            "path": f"localhost/local-{source}/{image.name}:{tag}",
        }
        for tag, at in sorted(image.body["tags"].items())
    ]
    return Reply({"tags": rows, "count": len(rows)})


def delete_tag(call: Call) -> Reply:
    """One tag. Of an imported image only the link goes."""
    tag = call.arguments["tag"]
    with call.services.store.database.transaction():
        image = in_space(call, "Image", "image_id")
        if tag not in image.body["tags"]:
            raise missing("tag", tag)
        kept = {name: at for name, at in image.body["tags"].items() if name != tag}
        call.services.store.update(replace(image, body={**image.body, "tags": kept}, updated=call.now))
    return Reply()


def import_image(call: Call) -> Reply:
    """Links a tag of another space's own image here."""
    space, fields = space_of(call), Fields(call.body())
    source = found(call, "Space", fields.text("source_project_id", 1, 128, required=True))
    want_member(call, source)
    original = found(call, "Image", fields.text("image_id", 1, 128, required=True), source)
    tag = fields.text("tag", 1, 128, required=True)
    if original.body["source_resource_id"]:
        raise Refusal(400, "eihealth.01040010", f"the image {original.name} is itself imported")
    if tag not in original.body["tags"]:
        raise missing("tag", f"{original.name}:{tag}")
    store = call.services.store
    with store.database.transaction():
        image = store.first(Query(PLATFORM, "Image", scopes=(space.id,), name=original.name))
        if image is not None and image.body["source_resource_id"] != original.id:
            raise Refusal(400, DUPLICATE, f"the image {original.name} exists already")
        if image is not None:
            _change(call, image, {}, {tag: call.now})
            return Reply({"id": image.id})
        origin = {"source_project_id": source.id, "source_project_name": source.name, "source_resource_id": original.id}
        body = {**original.body, **origin, "tags": {tag: call.now}}
        image = _entity(space.id, original.name, body, caller(call).name, call.now)
        store.insert(image)
    return Reply({"id": image.id})


def docker_login(call: Call) -> Reply:
    """The command that would let docker in, were there a registry."""
    space = space_of(call)
    return Reply({"login_cmd": f"docker login -u local@{space.name} -p no-registry localhost"})


def image_named(call: Call, space: Entity, source: str, reference: str) -> Entity | None:
    """The image that a space has under `repository:tag`, its own or one linked from the space named `source`."""
    name, _, tag = reference.rpartition(":")
    image = call.services.store.first(Query(PLATFORM, "Image", scopes=(space.id,), name=name))
    if image is None or tag not in image.body["tags"]:
        return None
    return image if source == (image.body["source_project_name"] or space.name) else None


def _given(fields: Fields) -> dict[str, str]:
    return {
        "type": fields.choice("type", TYPES),
        "chip_type": fields.choice("chip_type", _CHIPS),
        "description": fields.text("description", 0, 1024),
    }


def _change(call: Call, image: Entity, members: dict[str, str], tags: dict[str, float]) -> None:
    body = {**image.body, **members, "tags": {**image.body["tags"], **tags}}
    call.services.store.update(replace(image, body=body, updated=call.now))


def _body(kind: str, chip: str, description: str, tags: dict[str, float]) -> dict[str, Any]:
    return {
        "type": kind,
        "chip_type": chip,
        "description": description,
        "tags": tags,
        "source_project_id": "",
        "source_project_name": "",
        "source_resource_id": "",
    }


def _entity(space: str, name: str, body: dict[str, Any], owner: str, now: float) -> Entity:
    return Entity(PLATFORM, "Image", space, str(uuid.uuid4()), name, body, owner=owner, created=now, updated=now)


def _row(image: Entity, space: Entity) -> dict[str, Any]:
    return {
        "id": image.id,
        "name": image.name,
        "eihealth_project_id": space.id,
        "eihealth_project_name": space.name,
        **image.body,
        "tags": sorted(image.body["tags"]),
        "source_project_id": image.body["source_project_id"] or space.id,
        "source_project_name": image.body["source_project_name"] or space.name,
        "user_name": image.owner,
        "user_id": f"user-{image.owner}",
        "create_type": "PLATFORM_CREATED",
        "create_time": utc_text(image.created),
        "update_time": utc_text(image.updated),
    }


ROUTES = (
    Route("GET", f"{SPACE}/images", "ListImage", list_images),
    Route("POST", f"{SPACE}/images", "CreateImage", create_image),
    Route("POST", f"{SPACE}/images/import", "ImportImage", import_image),
    Route("POST", f"{SPACE}/images/subscribe", "SubscribeImage", subscribe),
    Route("GET", f"{SPACE}/images/docker-login-cmd", "ShowDockerLogin", docker_login),
    Route("PUT", _IMAGE, "UpdateImage", update_image),
    Route("DELETE", _IMAGE, "DeleteImage", delete_image),
    Route("GET", f"{_IMAGE}/tags", "ListImageTag", list_tags),
    Route("DELETE", f"{_IMAGE}/tags/<tag>", "DeleteTag", delete_tag),
    Route("GET", f"{SPACES}/images", "ListUserImage", list_all_images),
)
