"""Our mark: a tag of a job, the end of the name of a TensorBoard, which has no tags (traps 8 and 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.model.mark import Mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.model.manifest import Spec

TAG = "reconciler-mark"
_JOINT = "--"


def with_tag(spec: Spec, mark: Mark) -> dict[str, Any]:
    """The create body of a job, the mark among its tags."""
    settings = dict(spec.get("Settings") or {})
    return {**spec, "Settings": {**settings, "Tags": {**(settings.get("Tags") or {}), TAG: str(mark)}}}


def mark_of(row: Mapping[str, Any]) -> Mark | None:
    """The mark on a job."""
    settings = row.get("Settings")
    tags = settings.get("Tags") if isinstance(settings, dict) else None
    text = str(tags.get(TAG) or "") if isinstance(tags, dict) else ""
    found = Mark.find(text)
    return found if found is not None and str(found) == text else None


def named(name: str, mark: Mark) -> str:
    """The name of a TensorBoard of ours."""
    return f"{name}{_JOINT}{mark}"


def split(name: str) -> tuple[str, Mark | None]:
    """The author's part of a TensorBoard's name, and the mark behind it."""
    own, joint, text = name.rpartition(_JOINT)
    found = Mark.find(text) if joint else None
    return (own, found) if found is not None and str(found) == text else (name, None)
