"""What clients sent, in order: the raw material of golden requests."""

from __future__ import annotations

import re
import threading
from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any

CAPACITY = 10_000
"""Requests kept; the oldest go first. In memory only: what a client sent is never written to disk."""

BODY_LIMIT = 256 * 1024
"""Bytes of a body that are kept."""

_HIDDEN = {"x-auth-token", "x-subject-token", "x-security-token", "token", "cookie"}
_SIGNATURE = re.compile(r"(?i)(signature=)[0-9a-f]+|^(bearer) .+|^(basic) .+")


@dataclass(frozen=True, slots=True)
class Logged:
    """One request and how it was answered. `query` is as sent; `body` is text, at most `BODY_LIMIT` bytes of it;
    header names are lower case, and what signs a caller in is left out. `fault` names the rule that struck, or "".
    `status` is 0 when the connection was dropped.
    """

    number: int
    at: float
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: str
    operation: str
    status: int
    request_id: str
    fault: str = ""


class RequestLog:
    """The last requests. Thread safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Logged] = deque(maxlen=CAPACITY)
        self._total = 0
        self._statuses: Counter[int] = Counter()

    def add(self, **entry: Any) -> None:  # noqa: ANN401 - the members of Logged
        """Appends one; `number` is given here."""
        with self._lock:
            self._total += 1
            self._statuses[int(entry["status"])] += 1
            self._entries.append(Logged(number=self._total, **entry))

    def report(self, *, operation: str = "", after: int = 0) -> list[dict[str, Any]]:
        """The requests as JSON values, oldest first: all, or of one operation, or only those after a number."""
        with self._lock:
            entries = list(self._entries)
        return [asdict(e) for e in entries if e.number > after and operation in {"", e.operation}]

    @property
    def statuses(self) -> dict[int, int]:
        """How many requests were answered with each status since the start, forgotten ones included."""
        with self._lock:
            return dict(self._statuses)

    def clear(self) -> None:
        """Forgets all. Numbers go on."""
        with self._lock:
            self._entries.clear()


def shown_headers(headers: list[tuple[str, str]]) -> dict[str, str]:
    """Headers with lower-case names, fit to be shown: tokens and signatures are replaced by `***`."""
    shown = {}
    for name, value in headers:
        key = name.lower()
        shown[key] = "***" if key in _HIDDEN else _SIGNATURE.sub(_hide, value) if key == "authorization" else value
    return shown


def _hide(match: re.Match[str]) -> str:
    return f"{next(group for group in match.groups() if group)}***".replace("Bearer***", "Bearer ***")
