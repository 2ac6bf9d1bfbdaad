"""A finding about one document before its place in the file is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.spelling import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.manifests.positions import Places
    from reconciler.model.address import Address


@dataclass(frozen=True, slots=True)
class Finding:
    """`pointer` is in the author's words. `on_key`: the key is what is wrong, not the value."""

    code: str
    message: str
    hint: str = ""
    pointer: str = ""
    on_key: bool = False
    severity: Severity = Severity.ERROR

    def placed(self, places: Places, address: Address | None = None) -> Diagnostic:
        """The finding at its place in the file."""
        source = places.key(self.pointer) if self.on_key else places.value(self.pointer)
        return Diagnostic(
            self.severity, self.code, self.message, source, pointer=self.pointer, hint=self.hint, address=address
        )


def suggestion(word: str, known: Iterable[str]) -> str:
    """A hint: the most likely word, or all of them when nothing is close."""
    choices = sorted(known)
    if close := did_you_mean(word, choices):
        return f"did you mean `{close}`?"
    return f"choose from {listed(choices)}" if choices else ""


def listed(words: Iterable[str], last: str = "and") -> str:
    """`a`, `b` and `c`."""
    quoted = [f"`{word}`" for word in words]
    return f"{', '.join(quoted[:-1])} {last} {quoted[-1]}" if len(quoted) > 1 else "".join(quoted)
