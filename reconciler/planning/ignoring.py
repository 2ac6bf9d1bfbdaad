"""Fields of standing things that are left to others: neither compared nor undone, and kept as they are by updates."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from reconciler.model.change import ABSENT
from reconciler.planning.normalise import key_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.model.address import Address
    from reconciler.model.change import FieldChange
    from reconciler.model.project import Ignore
    from reconciler.planning.rules import Rules


@lru_cache(maxsize=1024)
def _pattern(glob: str) -> re.Pattern[str]:
    """`*` stands for any text; every other character for itself, since list items are written in brackets."""
    return re.compile(".*".join(map(re.escape, glob.split("*"))), re.DOTALL)


@dataclass(frozen=True, slots=True)
class Ignored:
    """The paths that are ignored at one address: globs over JSON pointers as in `FieldChange.path`."""

    paths: tuple[str, ...] = ()

    @classmethod
    def at(cls, address: Address, rules: Iterable[Ignore]) -> Ignored:
        """What `rules` ignore at `address`, as that is written or, in another alphabet, as it is called."""
        texts = (str(address), f"{address.target}/{address.kind}/{address.scope}/{address.name}")
        those = (rule for rule in rules if rule.kind in {"", address.kind})
        return cls(tuple(rule.path for rule in those if any(map(_pattern(rule.address).fullmatch, texts))))

    def covers(self, path: str) -> bool:
        """Whether the field at `path` is one of them or below one."""
        return any(_pattern(each).fullmatch(path) or _pattern(f"{each}/*").fullmatch(path) for each in self.paths)

    def without(self, fields: Iterable[FieldChange]) -> tuple[FieldChange, ...]:
        """`fields` without those that are ignored."""
        return tuple(change for change in fields if not self.covers(change.path))

    def kept(self, spec: Any, other: Any, rules: Rules, path: str = "") -> Any:  # noqa: ANN401 - any JSON values
        """`spec` with the values of `other` at every ignored path; both are normal forms."""
        if not self.paths:
            return spec
        if isinstance(spec, dict) and isinstance(other, dict):
            return self._object(spec, other, rules, path)
        if isinstance(spec, list) and isinstance(other, list):
            return self._list(spec, other, rules, path)
        return spec

    def _object(self, spec: dict[str, Any], other: dict[str, Any], rules: Rules, path: str) -> dict[str, Any]:
        result = {}
        for name in dict.fromkeys((*spec, *other)):
            below = f"{path}/{name.replace('~', '~0').replace('/', '~1')}"
            theirs = other.get(name, ABSENT)
            if self.covers(below):
                value = theirs
            else:
                value = self.kept(spec[name], theirs, rules.at(name), below) if name in spec else ABSENT
            if value is not ABSENT:
                result[name] = value
        return result

    def _list(self, spec: list[Any], other: list[Any], rules: Rules, path: str) -> list[Any]:
        key = rules.rule.list_key
        if key:
            theirs = {key_of(item, key): item for item in other}
            return [
                self.kept(item, theirs.get(key_of(item, key)), rules.items, f"{path}/[{key_of(item, key)}]")
                for item in spec
            ]
        if len(spec) != len(other):
            return spec
        pairs = enumerate(zip(spec, other, strict=True))
        return [self.kept(mine, theirs, rules.items, f"{path}/{index}") for index, (mine, theirs) in pairs]
