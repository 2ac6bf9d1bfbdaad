"""Behaviours of the platforms which an administrator may turn, and which survive a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reconciler.localplatform.store import Store

Value = bool | int | str
_KEY = "switches"


class Switches:
    """Named values with defaults. Thread safe, as the store is."""

    def __init__(self, store: Store, defaults: Mapping[str, Value]) -> None:
        self._store = store
        self._defaults = dict(defaults)

    def __getitem__(self, name: str) -> Value:
        return self.all()[name]

    def all(self) -> dict[str, Value]:
        """Every switch as it stands."""
        stored = self._store.setting(_KEY) or {}
        return {name: stored.get(name, default) for name, default in self._defaults.items()}

    def turn(self, values: Mapping[str, object]) -> None:
        """Sets some of them. Raises ValueError, changing nothing, at an unknown name or a value of another type."""
        for name, value in values.items():
            if name not in self._defaults:
                raise ValueError(f"there is no switch {name!r}; there are {', '.join(sorted(self._defaults))}")
            if type(value) is not type(self._defaults[name]):
                raise ValueError(f"switch {name!r} takes a value like {self._defaults[name]!r}")
        self._store.save_setting(_KEY, {**(self._store.setting(_KEY) or {}), **values})
