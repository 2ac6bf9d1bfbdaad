"""What a platform filled in where nobody asked for anything: noted after our own write, so that a default which
changes later is known for what it is, and is nobody's edit.

The places are written as field changes write them (`/tasks/[align]/cpu`). Texts are not noted, but a digest of them
under the key of the memory; fields that take a secret, and texts beside one, are not noted at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from reconciler.model.canonical import canonical_json
from reconciler.model.change import ABSENT
from reconciler.planning.expressions import HIDDEN, texts
from reconciler.planning.fingerprint import sealed, shown
from reconciler.planning.normalise import Place, default_of, key_of, normalise_by, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.model.manifest import Spec
    from reconciler.planning.fingerprint import Sight
    from reconciler.planning.rules import Rules

LOOKED: Final = ""
"""The place that is always noted."""
_LONGEST: Final = 256


def filled_in(live: Spec, asked: Spec, sight: Sight) -> dict[str, str]:
    """What `live` has where `asked` (as it was sent, in normal form) says nothing, by place: canonical JSON, or a keyed
    digest of it where it holds a text or is long. Empty where there is no key; else the place "" is always there, so
    that nothing filled in is told from never looked at.

    Where the schema knows a default, only another value than that one is noted.
    """
    if not sight.key:
        return {}
    wanted = normalise_by(sight.rules, asked, Place(sight.scope))
    found = _object("", wanted, shown(live, sight), sight.rules)
    return {LOOKED: "{}"} | {path: _told(value, sight.key) for path, value in found}


def told(value: Any, sight: Sight) -> str:  # noqa: ANN401 - any JSON value
    """How `value`, of a normal form, would stand in `Recorded.defaults`: equal texts are equal values."""
    return _told(value, sight.key)


def _told(value: Any, key: str) -> str:  # noqa: ANN401 - any JSON value
    text = canonical_json(value)
    return sealed(value, key) if len(text) > _LONGEST or texts(value) else text


def _object(path: str, asked: Mapping[str, Any], live: Mapping[str, Any], rules: Rules) -> Iterator[tuple[str, Any]]:
    for name in sorted(live):
        step = name.replace("~", "~0").replace("/", "~1")
        yield from _any(f"{path}/{step}", asked.get(name, ABSENT), live[name], rules.at(name))


def _any(path: str, asked: Any, live: Any, rules: Rules) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - JSON values
    if rules.rule.computed or rules.rule.secret:
        return
    if isinstance(live, dict) and live and (asked is ABSENT or isinstance(asked, dict)):
        yield from _object(path, {} if asked is ABSENT else asked, live, rules)
    elif isinstance(live, list) and isinstance(asked, list):
        yield from _list(path, asked, live, rules)
    elif HIDDEN not in texts(live) and (asked is ABSENT or (same(asked, default_of(rules)) and not same(asked, live))):
        yield path, live


def _list(path: str, asked: list[Any], live: list[Any], rules: Rules) -> Iterator[tuple[str, Any]]:
    """Only below items that were asked for: a list that is asked for is asked for as a whole."""
    if key := rules.rule.list_key:
        wanted = {key_of(item, key): item for item in asked}
        for item in live:
            name = key_of(item, key)
            if name is not None and name in wanted:
                yield from _any(f"{path}/[{name}]", wanted[name], item, rules.items)
    elif not rules.rule.unordered and len(asked) == len(live):
        for index, (mine, theirs) in enumerate(zip(asked, live, strict=True)):
            yield from _any(f"{path}/{index}", mine, theirs, rules.items)
