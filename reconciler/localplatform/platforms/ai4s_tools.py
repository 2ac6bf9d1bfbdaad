"""What apps and workflows have in common: identity by name and version, lists without definitions, references."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.localplatform.clock import utc_text
from reconciler.localplatform.face import Refusal, Reply
from reconciler.localplatform.platforms.ai4s_users import caller, spaces_of
from reconciler.localplatform.platforms.ai4s_words import (
    DUPLICATE,
    IN_USE,
    PLATFORM,
    UNKNOWN_REFERENCE,
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
from reconciler.localplatform.work import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.localplatform.face import Call
    from reconciler.localplatform.store import Store

FUZZY_NAMES = "fuzzy_name_filter"
"""Whether the name filter of a space's list matches part of a name; the contract does not know (trap 1)."""

REFUSE_REFERENCED = "refuse_delete_of_referenced"
"""Whether something that others use can be deleted; the contract does not know what the real platform does."""

_SORTS = {"create_time": "created", "update_time": "updated", "name": "name"}
_REFERENCE_PARTS = (2, 3)


def list_in_space(call: Call, kind: str) -> Reply:
    """The list of one space: filters `name` and `version` only, no paging (section 3)."""
    space = space_of(call)
    name = "name_part" if call.services.switches[FUZZY_NAMES] else "name"
    wanted = query(call, kind, scopes=(space.id,), version=text(call, "version"), **{name: text(call, "name")})
    page = call.services.store.find(wanted)
    return Reply({_plural(kind): [row(tool, space) for tool in page.entities], "count": page.count})


def list_across_spaces(call: Call, kind: str, sort_key: str) -> Reply:
    """The list over all my spaces, with filters, order and paging."""
    spaces = {space.id: space for space in spaces_of(call)}
    criteria: dict[str, Any] = {
        "scopes": scopes_named(spaces, texts(call, "eihealth_project_names")),
        "ids": texts(call, "id") or None,
        "name_part": text(call, "name"),
        "texts": {"summary": summary} if (summary := text(call, "summary")) else {},
        "members": {"labels": labels} if (labels := texts(call, "labels")) else {},
        "created": span(call, "start_create_time", "end_create_time"),
        "updated": span(call, "start_update_time", "end_update_time"),
        "owner": caller(call).name if text(call, "is_creator").lower() == "true" else "",
        **order(call, _SORTS, key=sort_key),
        **paging(call),
    }
    page = call.services.store.find(query(call, kind, **criteria))
    rows = [row(tool, spaces[tool.scope]) for tool in page.entities if tool.scope in spaces]
    return Reply({_plural(kind): rows, "count": page.count})


def scopes_named(spaces: dict[str, Entity], names: tuple[str, ...]) -> tuple[str, ...] | None:
    """The ids of the spaces with these names; None, which lets every space through, when there are no names."""
    return tuple(space.id for space in spaces.values() if space.name in names) if names else None


def row(tool: Entity, space: Entity) -> dict[str, Any]:
    """An app or workflow in a list: no definition (trap 1)."""
    shown = {
        "id": tool.id,
        "name": tool.name,
        "version": tool.version,
        "eihealth_project_id": space.id,
        "eihealth_project_name": space.name,
        **{name: tool.body[name] for name in ("summary", "description", "labels")},
        **origin(tool, space),
    }
    return {**shown, "icon": tool.body["icon"]} if "icon" in tool.body else shown


def origin(tool: Entity, space: Entity) -> dict[str, Any]:
    """Who made it, when, and where it was imported from."""
    return {
        "create_time": utc_text(tool.created),
        "update_time": utc_text(tool.updated),
        "user_name": tool.owner,
        "source_project_name": tool.body.get("source_project_name") or space.name,
        "source_resource_id": tool.body.get("source_resource_id", ""),
    }


def check_unique(store: Store, kind: str, space: Entity, name: str, version: str) -> None:
    """Raises Refusal 400 when the space has this name in this version already. Call inside the insert's transaction."""
    if store.first(Query(PLATFORM, kind, scopes=(space.id,), name=name, version=version)):
        raise Refusal(400, DUPLICATE, f"the {kind.lower()} {name} {version} exists already")


def redefine(call: Call, tool: Entity, body: Mapping[str, Any]) -> None:
    """Replaces a definition: what the body leaves out is cleared (trap 5), but for where it was imported from. Raises
    Refusal 400 when it has another name or version: both are immutable (trap 4).
    """
    if (tool.name, tool.version) != (body["name"], body["version"]):
        raise invalid("name and version cannot be changed")
    source = {name: tool.body[name] for name in ("source_project_name", "source_resource_id") if name in tool.body}
    call.services.store.update(replace(tool, body={**body, **source}, updated=call.now))


def delete_unused(call: Call, kind: str, argument: str) -> Reply:
    """Deletes the object whose id is the path's `argument`. Refused while something uses it; an ended job carries its
    own copy and does not count.
    """
    tool = in_space(call, kind, argument)
    with call.services.store.database.transaction():
        _check_unused(call, tool)
        call.services.store.delete(tool, call.now)
    return Reply()


def _check_unused(call: Call, tool: Entity) -> None:
    """Raises Refusal 409 when something uses it, unless the switch lets it go."""
    if not call.services.switches[REFUSE_REFERENCED]:
        return
    for kind, identifier in call.services.store.users_of(tool):
        user = call.services.store.get(PLATFORM, kind, identifier)
        if user is not None and not (user.run and Status(user.run).ended):
            raise Refusal(409, IN_USE, f"the {tool.kind.lower()} is used by {kind.lower()} {user.name} ({user.id})")


def resolve(call: Call, kind: str, space: Entity, reference: str) -> Entity:
    """The app or workflow a reference means: an id, or `name::version::source space` whose last part may be left out.

    Raises Refusal 400 when there is none in the space.
    """
    store = call.services.store
    tool = store.get(PLATFORM, kind, reference)
    if tool is not None and tool.scope == space.id:
        return tool
    parts = reference.split("::")
    if len(parts) in _REFERENCE_PARTS and all(parts[:2]):
        source = parts[2] if parts[2:] and parts[2] else space.name
        for tool in store.find(Query(PLATFORM, kind, scopes=(space.id,), name=parts[0], version=parts[1])).entities:
            if source == (tool.body.get("source_project_name") or space.name):
                return tool
    raise Refusal(400, UNKNOWN_REFERENCE, f"the {kind.lower()} {reference} does not exist in space {space.name}")


def _plural(kind: str) -> str:
    return f"{kind.lower()}s"
