"""What was copied from a platform together with a manifest, and is not its author's: marks of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.manifests.findings import Finding
from reconciler.model.expression import strings
from reconciler.model.mark import Mark

if TYPE_CHECKING:
    from collections.abc import Iterator


def marks(spec: Any) -> Iterator[Finding]:  # noqa: ANN401 - any JSON value
    """Findings, with pointers into the spec, for marks among labels, tags and descriptions. Of two marks on one object
    nobody can tell which is its own, and what is not found by its mark is submitted a second time.
    """
    for pointer, text in strings(spec):
        if Mark.stands_in(text):
            message = "a mark stands here by which reconciler knows what it has made"
            hint = "take it out: it came along from the platform, and what this declares gets one of its own"
            yield Finding("manifest.mark", message, hint, pointer)
