"""The platforms' own ways to name a resource in text: `name::version::scope`, trailing parts left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from reconciler.model.address import Address

SCOPE = "scope"
_PART = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Form:
    """A parsed template such as `{name}::{version}::{scope}`. The part called `scope` may be left out and then means
    the scope of the resource that refers; the other parts make up the name of an address, joined by `@`.
    """

    parts: tuple[str, ...]
    glue: tuple[str, ...]
    pattern: re.Pattern[str]

    def read(self, text: str, target: str, kind: str, scope: str) -> Address | None:
        """The address that `text` names, seen from `scope`; None when it is no full name, hence a remote id."""
        match = self.pattern.fullmatch(text)
        if match is None:
            return None
        found = dict(zip(self.parts, match.groups(), strict=True))
        names = [found[part] for part in self.parts if part != SCOPE]
        if not all(names):
            return None
        return Address(target, kind, found.get(SCOPE) or scope, "@".join(names))

    def write(self, address: Address) -> str | None:
        """The one full spelling of `address`; None when its name does not have the parts of this form."""
        wanted = [part for part in self.parts if part != SCOPE]
        names = address.name.rsplit("@", len(wanted) - 1)
        if len(names) != len(wanted):
            return None
        values = dict(zip(wanted, names, strict=True)) | {SCOPE: address.scope}
        return "".join(glue + values[part] for glue, part in zip(self.glue, self.parts, strict=True))


@lru_cache(maxsize=256)
def form_of(template: str) -> Form | None:
    """The form of a template, None for the empty one. Raises ValueError for a template that nothing could be read
    by: two parts with nothing between them, text after the last part, or no part but the scope.
    """
    if not template:
        return None
    pieces = _PART.split(template)
    glue, parts, rest = pieces[0:-1:2], pieces[1::2], pieces[-1]
    if rest or not all(glue[1:]) or not set(parts) - {SCOPE}:
        msg = f"not a reference form: {template!r}"
        raise ValueError(msg)
    pattern = ""
    for opening, closing in zip(reversed(glue), [True, *[False] * (len(parts) - 1)], strict=True):
        text = "(.+)" if closing else "(.+?)"
        pattern = f"{re.escape(opening)}{text}{f'(?:{pattern})?' if pattern else ''}"
    return Form(tuple(parts), tuple(glue), re.compile(pattern, re.DOTALL))
