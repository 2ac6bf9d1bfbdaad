"""Engines and specifications of the legacy API by name. On the wire they are numbers, and those differ between regions.

manifest                          sent
--------------------------------  -----------------------------------------------
engine_id: 2                      engine_id: 2
engine_version: PyTorch-1.0.0     the engine_id of that version, looked up
both                              the same, when they agree; else nothing is sent
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from reconciler.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from reconciler.providers.modelarts.offers import Offers

NUMBER_OF = {"engine_version": "engine_id", "spec_code": "spec_id"}
"""The number that each name stands for."""


def numbered(config: Mapping[str, Any], offers: Offers) -> dict[str, Any]:
    """`config` as it is sent. Raises Refused, nothing having been changed, for a name without exactly one number."""
    for _, message, hint in wrong_names(config, offers):
        raise Refused(message, hint=hint)
    sent = {name: value for name, value in config.items() if name not in NUMBER_OF}
    for name, number in NUMBER_OF.items():
        if config.get(name):
            sent.setdefault(number, offers.numbers(name)[config[name]][0])
    return sent


def wrong_names(config: Mapping[str, Any], offers: Offers) -> Iterator[tuple[str, str, str]]:
    """Field, message and hint of each name that has no number here, several, or another than is given beside it."""
    for name, number in NUMBER_OF.items():
        wanted = str(config.get(name) or "")
        if not wanted or "$[[" in wanted:
            continue
        known = offers.numbers(name)
        found, given = known.get(wanted, ()), config.get(number)
        if not found:
            near = difflib.get_close_matches(wanted, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(sorted(known)[:8]) or 'none'}"
            yield name, f"the platform has no `{name}` {wanted!r}", hint
        elif given is not None and given not in found:
            hint = f"keep `{name}` alone: numbers differ between regions"
            yield name, f"`{name}` {wanted} has the number {found[0]} here, and `{number}` says {given}", hint
        elif given is None and len(found) > 1:
            several = ", ".join(map(str, found))
            yield name, f"`{name}` {wanted} has several numbers here: {several}", f"say which with `{number}`"
