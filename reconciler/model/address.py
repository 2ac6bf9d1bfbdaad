"""Which thing we talk about, independent of the file that declares it and of the id the platform gave it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

_SAFE = "@.:+=,~ "
NO_SCOPE = "-"


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """`target/Kind/scope/name`, for instance `cluster/App/genomics/fastqc@1.0.0`.

    `name` holds the version as `name@version` where the platform has versions. `scope` is `-` on platforms
    without one. `Address.parse(str(a)) == a` for every address; parts may hold any text, a slash included.
    """

    target: str
    kind: str
    scope: str
    name: str

    def __str__(self) -> str:
        return "/".join(quote(part, safe=_SAFE) for part in (self.target, self.kind, self.scope, self.name))

    @classmethod
    def parse(cls, text: str) -> Address:
        """The inverse of `str`. Raises ValueError when `text` has not exactly four non-empty parts."""
        parts = [unquote(part) for part in text.split("/")]
        if len(parts) != 4 or not all(parts):  # noqa: PLR2004 - the four parts named above
            msg = f"not an address: {text!r} (want target/Kind/scope/name)"
            raise ValueError(msg)
        return cls(*parts)
