"""Specs that still hold expressions, beside live values: comparing them, and showing them without a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconciler.model.change import ABSENT
from reconciler.model.expression import PATTERN
from reconciler.planning.normalise import same

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

    from reconciler.planning.rules import Rules

HIDDEN = "(secret)"
_SECRET = "$[[ secrets."  # noqa: S105 - how a reference to one begins


def holds_secret(value: Any) -> bool:  # noqa: ANN401 - any JSON value, or ABSENT
    """Whether an expression somewhere in `value`, a normal form, stands for a secret."""
    return _SECRET in str(value)


def filled(value: Any, values: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON value
    """`value`, a normal form, with the expressions that `values` knows by their text replaced."""
    if isinstance(value, dict):
        return {name: filled(item, values) for name, item in value.items()}
    if isinstance(value, list):
        return [filled(item, values) for item in value]
    if isinstance(value, str) and "$[[" in value:
        return PATTERN.sub(lambda match: values.get(match.group(), match.group()), value)
    return value


def agrees(written: Any, live: Any, new: AbstractSet[str]) -> bool:  # noqa: ANN401 - any JSON values, or ABSENT
    """Whether `live` may be what `written` turned into. Both are normal forms.

    An expression stands for any text, so that a secret is compared without being known; those in `new`, whose values
    will be other ones, stand for none.
    """
    if written is ABSENT or live is ABSENT:
        return written is live
    if isinstance(written, str) and "$[[" in written:
        return isinstance(live, str) and _fits(written, live, new)
    if isinstance(written, dict) and isinstance(live, dict):
        return written.keys() == live.keys() and all(agrees(written[name], live[name], new) for name in written)
    if isinstance(written, list) and isinstance(live, list):
        return len(written) == len(live) and all(agrees(w, v, new) for w, v in zip(written, live, strict=True))
    return same(written, live)


def _fits(written: str, live: str, new: AbstractSet[str]) -> bool:
    """Finds the fixed pieces of `written` in `live` in their order, the first of each: linear in both."""
    matches = list(PATTERN.finditer(written))
    if any(match.group() in new for match in matches):
        return False
    if not matches:
        return written == live
    ends = [0, *(match.end() for match in matches)]
    starts = [*(match.start() for match in matches), len(written)]
    first, *middle, last = (written[end:start] for end, start in zip(ends, starts, strict=True))
    if not live.startswith(first) or not live.endswith(last):
        return False
    at, limit = len(first), len(live) - len(last)
    for piece in middle:
        found = live.find(piece, at, limit)
        if found < 0:
            return False
        at = found + len(piece)
    return at <= limit


def veiled(value: Any, authored: AbstractSet[str]) -> Any:  # noqa: ANN401 - any JSON value, or ABSENT
    """`value` with every text hidden that no author wrote: beside a secret, any other text may hold one."""
    if isinstance(value, dict):
        return {name: veiled(item, authored) for name, item in value.items()}
    if isinstance(value, list):
        return [veiled(item, authored) for item in value]
    return HIDDEN if isinstance(value, str) and value is not ABSENT and value not in authored else value


def masked(value: Any, rules: Rules) -> Any:  # noqa: ANN401 - any JSON value, or ABSENT
    """`value` with every secret field hidden. An expression stays: it tells which secret, and not what it is."""
    if value is ABSENT or not rules.secrets:
        return value
    if isinstance(value, dict):
        return {name: masked(item, rules.at(name)) for name, item in value.items()}
    if isinstance(value, list):
        return [masked(item, rules.items) for item in value]
    if not rules.rule.secret or value is None or isinstance(value, bool):
        return value
    return value if isinstance(value, str) and PATTERN.fullmatch(value) else HIDDEN


def texts(value: Any) -> set[str]:  # noqa: ANN401 - any JSON value, or ABSENT
    """Every text in `value`."""
    if isinstance(value, dict):
        return set().union(*(texts(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(texts(item) for item in value))
    return {value} if isinstance(value, str) else set()
