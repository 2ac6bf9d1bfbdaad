"""Keeping secrets out of everything people and files get to see. The one redaction of this package."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from urllib.parse import quote

REDACTED = "***"
_SHORTEST = 4


@dataclass(frozen=True, slots=True)
class Redactor:
    """Replaces every known secret, in each spelling it may travel in, by `***`.

    `values` are the secrets. Values shorter than four characters are not masked: they would shred ordinary text
    and are refused where secrets are read.
    """

    values: frozenset[str] = frozenset()

    def with_values(self, *values: str) -> Redactor:
        """A redactor that knows `values` too."""
        return Redactor(self.values | {value for value in values if value})

    def redact(self, text: str) -> str:
        """`text` with every secret masked; the longest spelling first, so that no tail survives."""
        spellings = {s for value in self.values if len(value) >= _SHORTEST for s in _spellings(value)}
        for spelling in sorted(spellings, key=len, reverse=True):
            text = text.replace(spelling, REDACTED)
        return text


def _spellings(value: str) -> set[str]:
    escaped = json.dumps(value)[1:-1]
    raw = _bytes(value)
    found = {value, quote(raw, safe=""), quote(raw), escaped, json.dumps(value, ensure_ascii=False)[1:-1]}
    found.add(base64.b64encode(raw).decode())
    found.add(base64.urlsafe_b64encode(raw).decode())
    found.update(line for line in value.splitlines() if len(line) >= _SHORTEST * 2)
    return found


def _bytes(value: str) -> bytes:
    """The secret as this process got it: of what is no UTF-8 Python makes halves of characters, a byte each."""
    try:
        return value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")
