"""Whether images and their tags are there, and how they would get there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from reconciler.providers.ai4s.foreseen.world import unknown_space
from reconciler.providers.ai4s.meaning.findings import Site, closest
from reconciler.providers.ai4s.shapes import imported

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.diagnostic import Diagnostic
    from reconciler.model.manifest import Manifest
    from reconciler.providers.ai4s.foreseen.world import World

_REFERENCE = re.compile(r"(?P<source>[^/]+)/(?P<name>.+):(?P<tag>[^:/]+)")


class _Wanted(NamedTuple):
    """An image as it is named: where it comes from, its repository, its tag."""

    source: str
    name: str
    tag: str

    def __str__(self) -> str:
        return f"{self.source}/{self.name}:{self.tag}"


def of_app(app: Manifest, world: World) -> Iterator[Diagnostic]:
    """An image that nobody has pushed yet is a warning: that may still happen before a run needs it."""
    match = _REFERENCE.fullmatch(str(app.spec.get("image") or ""))
    if match is None or "$[[" in match[0]:
        return
    wanted = _Wanted(match["source"], match["name"], match["tag"])
    if message := _missing(wanted, app.address.scope, world):
        site, hint = Site(app.address), _how(wanted, app.address.scope, world)
        yield site.warning("preflight.no-image", "/image", message, hint)


def of_notebook(notebook: Manifest, world: World) -> Iterator[Diagnostic]:
    """A notebook starts at once, so its image must be there."""
    info = (notebook.spec.get("image") or {}).get("image_info") or {}
    if not info.get("image_name"):
        return
    wanted = _Wanted(str(info.get("source_project_name")), str(info["image_name"]), str(info.get("image_tag")))
    if message := _missing(wanted, notebook.address.scope, world):
        hint = _how(wanted, notebook.address.scope, world)
        yield Site(notebook.address).error("preflight.no-image", "/image/image_info", message, hint)


def source(image: Manifest, world: World) -> Iterator[Diagnostic]:
    """What an image is to be imported from."""
    origin, name = image.spec.get("from"), image.address.name
    if not origin or not origin.get("tag") or world.made("Image", origin["space"], name):
        return
    yield from unknown_space(image, world)
    rows = world.listed(origin["space"], "images")
    if rows is None:
        return
    found = next((row for row in rows if row["name"] == name), None)
    wanted = _Wanted(origin["space"], name, origin["tag"])
    if found is not None and imported(found, origin["space"]):
        message = f"{wanted} is itself imported, and cannot be imported"
        hint = f"import it from {found.get('source_project_name')}"
        yield Site(image.address).error("preflight.not-importable", "/from", message, hint)
    elif found is None or origin["tag"] not in found["tags"]:
        message = f"the space {origin['space']} has no image {name}:{origin['tag']}"
        yield Site(image.address).error("preflight.no-image", "/from", message, _near(wanted, rows))


def removed(image: Manifest, world: World) -> Iterator[Diagnostic]:
    """A tag that goes for good: refused while an app of this project uses it, told in any case."""
    tags = image.spec.get("removed_tags") or ()
    rows = world.listed(image.address.scope, "images") or ()
    there = next((row for row in rows if row["name"] == image.address.name), None)
    for index, tag in enumerate(tags):
        pointer, reference = f"/removed_tags/{index}", f"{image.address.scope}/{image.address.name}:{tag}"
        if users := [str(app.address.name) for app in world.of_kind("App") if app.spec.get("image") == reference]:
            message = f"the tag {tag} is to be removed, and the app {users[0]} uses it"
            hint = "give the app another image, or keep the tag"
            yield Site(image.address).error("preflight.tag-in-use", pointer, message, hint)
        elif there is not None and tag in there["tags"] and not imported(there, image.address.scope):
            message = f"{reference} is removed from the registry, for everybody and for good"
            yield Site(image.address).warning(
                "preflight.tag-destroyed", pointer, message, "take it out to keep the tag"
            )


def _missing(wanted: _Wanted, scope: str, world: World) -> str:
    """What is wrong with an image that something in the space `scope` wants; "" when nothing is, or nobody can tell."""
    declared = world.made("Image", scope, wanted.name)
    origin = (declared.spec.get("from") or {}) if declared else {}
    tags = {declared.spec.get("tag"), origin.get("tag")} if declared else set()
    if wanted.source == origin.get("space", scope) and wanted.tag in tags:
        return ""
    rows = world.listed(scope, "images")
    if rows is None:
        return ""
    there = _there(wanted, rows, scope)
    if there is None:
        return f"the space {scope} has no image {wanted}"
    return "" if wanted.tag in there["tags"] else f"the image {wanted.source}/{wanted.name} has no tag {wanted.tag}"


def _there(wanted: _Wanted, rows: list[dict[str, Any]], scope: str) -> Mapping[str, Any] | None:
    named = (row for row in rows if row["name"] == wanted.name)
    return next((row for row in named if (row.get("source_project_name") or scope) == wanted.source), None)


def _near(wanted: _Wanted, rows: list[dict[str, Any]]) -> str:
    tags = next((list(row["tags"] or ()) for row in rows if row["name"] == wanted.name), None)
    if tags is not None:
        return f"its tags are {', '.join(sorted(tags)) or 'none'}"
    near = closest(wanted.name, [str(row["name"]) for row in rows])
    return f"did you mean {near!r}?" if near else ""


def _how(wanted: _Wanted, scope: str, world: World) -> str:
    near = _near(wanted, world.listed(scope, "images") or [])
    if wanted.source != scope:
        how = f"import it: an Image {wanted.name} with `from: {{ space: {wanted.source}, tag: {wanted.tag} }}`"
    else:
        place = f"{world.registry(scope)}/{wanted.name}:{wanted.tag}"
        how = (
            f"push it: docker tag {wanted.name}:{wanted.tag} {place} && docker push {place}, "
            f"and register it: an Image {wanted.name} with `tag: {wanted.tag}`"
        )
    return f"{near}{'' if near.endswith('?') or not near else ';'} {how}".strip()
