"""Reading what callers of AIHub send: bodies and queries, each member checked, one complaint at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.localplatform.platforms.aihub_words import WRONG, no

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.localplatform.face import Call

_LARGEST = 2**63 - 1
_DIGITS = 19


class Wrong(Exception):
    """A value is not what its member takes; the text goes on from the name of the member."""


def text(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """A text. Raises Wrong."""
    if isinstance(value, str):
        return value
    raise Wrong("must be a text")


def name(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """A text that is not blank. Raises Wrong."""
    if text(value).strip():
        return str(value)
    raise Wrong("must not be empty")


def whole(value: Any) -> int:  # noqa: ANN401 - any JSON value
    """A whole number that a database holds; JSON does not tell 1.0 from 1. Raises Wrong."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1 or abs(value) > _LARGEST:
        raise Wrong("must be a whole number")
    return int(value)


def truth(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Yes or no. Raises Wrong."""
    if isinstance(value, bool):
        return value
    raise Wrong("must be true or false")


def at_least(least: int, most: int = _LARGEST) -> Callable[[Any], int]:
    """A check for a whole number between two, both included."""

    def check(value: Any) -> int:  # noqa: ANN401 - any JSON value
        number = whole(value)
        if not least <= number <= most:
            raise Wrong(f"must be from {least} to {most}")
        return number

    return check


def one_of(*words: int | str) -> Callable[[Any], int | str]:
    """A check for one of some values."""

    def check(value: Any) -> int | str:  # noqa: ANN401 - any JSON value
        if isinstance(value, bool) or value not in words:
            raise Wrong(f"must be one of {', '.join(map(str, words))}")
        return next(word for word in words if word == value)

    return check


def listed(each: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    """A check for a list of what `each` takes."""

    def check(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON value
        if not isinstance(value, list):
            raise Wrong("must be a list")
        return [each(item) for item in value]

    return check


def record(required: Mapping[str, Callable[[Any], Any]]) -> Callable[[Any], dict[str, Any]]:
    """A check for an object with these members, each of which must be there."""

    def check(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
        if not isinstance(value, dict):
            raise Wrong("must be an object")
        missing = [member for member in required if member not in value]
        if missing:
            raise Wrong(f"lacks {missing[0]}")
        return {member: each(value[member]) for member, each in required.items()}

    return check


def anything(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Takes every value: the document does not say what it is."""
    return value


def taken(call: Call, fields: Mapping[str, Callable[[Any], Any]], required: tuple[str, ...]) -> dict[str, Any]:
    """The body of a call, each known member checked, unknown ones and nulls left out. Raises Refusal, Rejected."""
    body = call.body()
    values = {}
    for member, check in fields.items():
        if body.get(member) is None:
            if member in required:
                raise no(call, WRONG, f"{member} is required")
            continue
        try:
            values[member] = check(body[member])
        except Wrong as error:
            raise no(call, WRONG, f"{member} {error}") from error
    return values


def asked(call: Call, member: str, check: Callable[[Any], int], default: int | None = None) -> int:
    """A whole number in the query. Raises Refusal."""
    raw = call.request.args.get(member)
    if raw is None and default is not None:
        return default
    digits = (raw or "").removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS):
        raise no(call, WRONG, f"{member} must be a whole number")
    try:
        return check(int(raw or ""))
    except Wrong as error:
        raise no(call, WRONG, f"{member} {error}") from error
