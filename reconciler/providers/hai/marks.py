"""Our mark is a tag of the chain: it is put on with the create, filtered by the list, and survives restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.model.mark import Mark
from reconciler.providers.hai.place import part

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.model.manifest import Spec

BUILT_IN_SERVICES = frozenset({"jupyter", "ssh"})
RESERVED = "_"
"""Tags that begin so are the platform's own."""


def with_mark(spec: Spec, mark: Mark) -> dict[str, Any]:
    """The create body of `spec`, the mark among its tags."""
    options = dict(spec.get("options") or {})
    body = {**spec, "options": {**options, "tags": [*(options.get("tags") or ()), str(mark)]}}
    if spec.get("services"):
        body["services"] = [_service(service) for service in spec["services"]]
    return body


def _service(service: Mapping[str, Any]) -> dict[str, Any]:
    """A built-in one takes a name and nothing else, not even the defaults of the others."""
    name = service.get("name")
    return {"name": name} if name in BUILT_IN_SERVICES else dict(service)


def mark_of(row: Mapping[str, Any]) -> Mark | None:
    """The mark on a task. A crash of the server between inserting the row and its tags leaves the mark only in the
    body as it was submitted (contract, section 12), so that counts too.
    """
    for tag in (*texts(row.get("tags")), *texts(part(row, "config_json", "schema", "options", "tags"))):
        if is_mark(tag):
            return Mark.find(tag)
    return None


def authors(tags: Iterable[str]) -> list[str]:
    """The tags that an author may have written: neither marks nor the platform's own."""
    return [tag for tag in tags if not is_mark(tag) and not tag.startswith(RESERVED)]


def is_mark(tag: str) -> bool:
    """Whether the tag is a mark and nothing else."""
    found = Mark.find(tag)
    return found is not None and str(found) == tag


def texts(tags: Any) -> list[str]:  # noqa: ANN401 - any JSON value
    """Tags as a list: the platform takes one text with commas too."""
    if isinstance(tags, str):
        return [tag.strip() for tag in tags.split(",") if tag.strip()]
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
