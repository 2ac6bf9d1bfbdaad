"""How findings are put: who speaks, and what may have been meant."""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.model.diagnostic import Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reconciler.model.address import Address

_MOST_NAMED = 8
CLOSE = 0.6
VERY_CLOSE = 0.8


@dataclass(frozen=True, slots=True)
class Site:
    """The manifest that findings are about."""

    address: Address

    def error(self, code: str, pointer: str, message: str, hint: str = "") -> Diagnostic:
        """It cannot work."""
        return Diagnostic(Severity.ERROR, code, message, pointer=pointer, hint=hint, address=self.address)

    def warning(self, code: str, pointer: str, message: str, hint: str = "") -> Diagnostic:
        """It may work, and is hardly meant."""
        return Diagnostic(Severity.WARNING, code, message, pointer=pointer, hint=hint, address=self.address)


def closest(name: str, names: Iterable[str], cutoff: float = CLOSE) -> str:
    """The one of `names` that `name` most resembles, or ""; upper and lower case count as the same letter."""
    spelt = {known.lower(): known for known in names}
    found = difflib.get_close_matches(name.lower(), sorted(spelt), n=1, cutoff=cutoff)
    return spelt[found[0]] if found else ""


def instead(name: str, names: Iterable[str]) -> str:
    """A hint for an unknown name: the nearest one, else what there is to choose from."""
    known = list(names)
    if near := closest(name, known):
        return f"did you mean {near!r}?"
    if not known:
        return "it has none"
    more = f" and {len(known) - _MOST_NAMED} more" if len(known) > _MOST_NAMED else ""
    return f"there is {', '.join(known[:_MOST_NAMED])}{more}"


def duplicates(site: Site, code: str, what: str, named: Sequence[tuple[str, str]]) -> Iterator[Diagnostic]:
    """One finding at every occurrence after the first. `named` holds (name, pointer)."""
    counts: Counter[str] = Counter()
    for name, pointer in named:
        counts[name] += 1
        if counts[name] > 1:
            yield site.error(code, pointer, f"a second {what} is called {name!r}", "names are unique here: rename one")
