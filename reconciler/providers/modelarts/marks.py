"""Where our mark stands: at the end of the description, the one text of the author's that every answer shows.

A version of a v1 job has no text of its own, so the description of its job names the newest submission and the version
it was derived from: `... [rc-<owner>-<key> after 12345]`. Any other bracket is the author's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from reconciler.errors import Refused
from reconciler.model.mark import Mark

LONGEST = 256
"""Characters of a description, on every kind."""
_FOOTER = re.compile(r"(?:^| )\[(?P<mark>rc-[0-9a-f]{8}-[0-9a-f]{20})(?: after (?P<after>\d{1,20}))?\]$")


@dataclass(frozen=True, slots=True)
class Stamped:
    """A description taken apart. `after` is the id of the version a submission was derived from, "" for the first."""

    description: str = ""
    mark: Mark | None = None
    after: str = ""


def stamp(description: str, mark: Mark, after: str = "") -> str:
    """`description` with the mark behind it. Raises Refused, nothing being sent, when there is no room."""
    footer = f"[{mark} after {after}]" if after else f"[{mark}]"
    stamped = f"{description} {footer}" if description else footer
    if len(stamped) > LONGEST:
        msg = f"no room for our mark: the description has {len(description)} characters"
        raise Refused(msg, hint=f"use at most {LONGEST - len(footer) - 1} characters")
    return stamped


def taken_apart(text: Any) -> Stamped:  # noqa: ANN401 - any JSON value
    """The inverse of `stamp`."""
    if not isinstance(text, str):
        return Stamped()
    found = _FOOTER.search(text)
    if found is None:
        return Stamped(text)
    return Stamped(text[: found.start()], Mark.find(found["mark"]), found["after"] or "")
