"""Where our mark stands on an AI4S object: among its labels, or at the end of its description when those are full or
there are none.

Both come back in list answers, so ownership can be seen without reading each object. What is put in by `with_mark`
is taken out again by `without_mark`, to the letter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.errors import Refused
from reconciler.model.mark import Mark

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_LABELS = 5


def with_mark(spec: Mapping[str, Any], mark: Mark, *, longest_description: int) -> dict[str, Any]:
    """`spec` with the mark in it. Raises Refused, nothing being sent, when it fits neither place."""
    labels = list(spec.get("labels") or ())
    if len(labels) < MOST_LABELS:
        return {**spec, "labels": [*labels, str(mark)]}
    try:
        return with_footer(spec, mark, longest_description=longest_description)
    except Refused as error:
        msg = f"no room for our mark: {len(labels)} labels, and a description of more than {longest_description}"
        raise Refused(msg, hint=f"use at most {MOST_LABELS - 1} labels, or a shorter description") from error


def with_footer(spec: Mapping[str, Any], mark: Mark, *, longest_description: int) -> dict[str, Any]:
    """`spec` with the mark at the end of its description. Raises Refused, nothing being sent, when it does not fit."""
    description = str(spec.get("description") or "") + _footer(spec.get("description"), mark)
    if len(description) > longest_description:
        most = longest_description - len(_footer("x", mark))
        raise Refused("no room for our mark in the description", hint=f"write at most {most} characters there")
    return {**spec, "description": description}


def mark_of(item: Mapping[str, Any]) -> Mark | None:
    """The mark on a listed or shown object."""
    for text in (*_labels(item), _last_line(item)):
        found = Mark.find(text)
        if found is not None and text in {str(found), f"[{found}]"}:
            return found
    return None


def without_mark(item: Mapping[str, Any]) -> dict[str, Any]:
    """`item` as its author wrote it. A description that was only our footer is absent again."""
    mark = mark_of(item)
    if mark is None:
        return dict(item)
    plain = dict(item)
    if isinstance(plain.get("labels"), list):
        plain["labels"] = [label for label in plain["labels"] if label != str(mark)]
    description = plain.get("description")
    if isinstance(description, str) and description == f"[{mark}]":
        del plain["description"]
    elif isinstance(description, str):
        plain["description"] = description.removesuffix(f" [{mark}]")
    return plain


def _footer(description: object, mark: Mark) -> str:
    return f" [{mark}]" if description else f"[{mark}]"


def _labels(item: Mapping[str, Any]) -> list[str]:
    labels = item.get("labels")
    return [label for label in labels if isinstance(label, str)] if isinstance(labels, list) else []


def _last_line(item: Mapping[str, Any]) -> str:
    """The footer of a description, if it has one: everything from the last bracket on."""
    description = item.get("description")
    return description[description.rfind("[") :] if isinstance(description, str) and "[" in description else ""
