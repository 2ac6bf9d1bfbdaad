"""Bad weather on purpose: what a network and a busy platform do to their clients.

A rule is a JSON object; every member but `fault` may be left out:

    {"fault": "latency" | "throttle" | "error" | "lost" | "reset" | "truncate" | "stale" | "skew",
     "when": "before" | "after",      error, reset: before the handler, or after its effect (default before)
     "method": "POST",                which calls: all given criteria must hold
     "path": "/jobs$",                a regular expression, searched in the path
     "operation": "CreateJob",        the platform's name of the call
     "skip": 0,                       let that many matches pass first
     "count": 1,                      then strike that often; null: for ever (default 1)
     "probability": 1.0, "seed": 0,   strike by chance, the same chances every time
     "seconds": 0.1,                  latency: how long; stale: how old; skew: how far the clock is off
     "status": 503,                   error: which status (500..599)
     "retry_after": 1}                throttle: what the answer advises, in seconds

`lost` does the work and drops the connection without an answer; `reset` tears the connection down; `truncate` does
the work and sends half of the answer. The first rule that strikes wins.
"""

from __future__ import annotations

import random
import re
import threading
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class FaultKind(StrEnum):
    """What goes wrong."""

    LATENCY = "latency"
    THROTTLE = "throttle"
    ERROR = "error"
    LOST = "lost"
    RESET = "reset"
    TRUNCATE = "truncate"
    STALE = "stale"
    SKEW = "skew"


class When(StrEnum):
    """Before the handler saw the call, or after it had its effect."""

    BEFORE = "before"
    AFTER = "after"


class ConnectionDropped(Exception):
    """Not an error: the server must close this connection without a word. `reset`: as rudely as TCP can."""

    def __init__(self, *, reset: bool) -> None:
        super().__init__("connection dropped by a fault rule")
        self.reset = reset


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One rule, as in the module's text."""

    fault: FaultKind
    when: When = When.BEFORE
    method: str = ""
    path: str = ""
    operation: str = ""
    skip: int = 0
    count: int | None = 1
    probability: float = 1.0
    seed: int = 0
    seconds: float = 0.1
    status: int = 503
    retry_after: float = 1.0

    @classmethod
    def parse(cls, value: object) -> FaultRule:
        """A rule from JSON. Raises ValueError with a sentence when it is none."""
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            raise ValueError("a fault rule is a JSON object")
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(value) - known):
            raise ValueError(f"a fault rule has no member {unknown[0]!r}; it has {', '.join(sorted(known))}")
        if value.get("fault") not in set(FaultKind):
            raise ValueError(f"fault must be one of {', '.join(FaultKind)}")
        if value.get("when", When.BEFORE) not in set(When):
            raise ValueError("when must be before or after")
        rule = cls(**{**value, "fault": FaultKind(value["fault"]), "when": When(value.get("when", When.BEFORE))})
        rule._check()
        return rule

    def _check(self) -> None:
        if not all(isinstance(text, str) for text in (self.method, self.path, self.operation)):
            raise ValueError("method, path and operation are texts")
        try:
            re.compile(self.path)
        except re.error as error:
            raise ValueError(f"path is not a regular expression: {error}") from error
        whole = (self.skip, self.seed, self.status, *([] if self.count is None else [self.count]))
        if not all(_is_number(n, int) and n >= 0 for n in whole):
            raise ValueError("skip, count, seed and status are whole numbers from 0")
        if not all(_is_number(n, (int, float)) for n in (self.probability, self.seconds, self.retry_after)):
            raise ValueError("probability, seconds and retry_after are numbers")
        if not 500 <= self.status <= 599:  # noqa: PLR2004 - the 5xx range
            raise ValueError("status must be from 500 to 599")
        if not 0 <= self.probability <= 1:
            raise ValueError("probability must be from 0 to 1")
        if self.fault is FaultKind.LATENCY and not 0 <= self.seconds <= 600:  # noqa: PLR2004 - ten minutes
            raise ValueError("a latency is from 0 to 600 seconds")

    def fits(self, method: str, path: str, operation: str) -> bool:
        """Whether this rule is about such a call."""
        return (
            self.method.upper() in {"", method}
            and self.operation in {"", operation}
            and re.search(self.path, path) is not None
        )


@dataclass(slots=True)
class _Armed:
    """A rule and how often it has matched and struck."""

    rule: FaultRule
    chance: random.Random
    matched: int = 0
    struck: int = 0

    def strikes(self) -> bool:
        """Counts one more match, and says whether the rule acts on it."""
        self.matched += 1
        if self.matched <= self.rule.skip or (self.rule.count is not None and self.struck >= self.rule.count):
            return False
        if self.chance.random() >= self.rule.probability:
            return False
        self.struck += 1
        return True


class Faults:
    """The rules in force. Thread safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []

    def replace(self, rules: Iterable[FaultRule]) -> None:
        """Puts these rules in force, with fresh counters, in place of all others."""
        armed = [_Armed(rule, random.Random(rule.seed)) for rule in rules]  # noqa: S311 - chances, not secrets
        with self._lock:
            self._armed = armed

    def add(self, rule: FaultRule) -> None:
        """Puts one more rule in force, behind the others."""
        with self._lock:
            self._armed.append(_Armed(rule, random.Random(rule.seed)))  # noqa: S311 - chances, not secrets

    def strike(self, method: str, path: str, operation: str) -> FaultRule | None:
        """What happens to this call: the first rule that strikes, or None."""
        with self._lock:
            for armed in self._armed:
                if armed.rule.fits(method, path, operation) and armed.strikes():
                    return armed.rule
        return None

    def report(self) -> list[Mapping[str, Any]]:
        """The rules in force with their counters, as JSON values."""
        with self._lock:
            return [{**asdict(a.rule), "matched": a.matched, "struck": a.struck} for a in self._armed]


def _is_number(value: object, kinds: type | tuple[type, ...]) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)
