"""Our ownership text on a live object, and the key that at most one live run may ever carry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.model.canonical import short_digest

if TYPE_CHECKING:
    from reconciler.model.address import Address

_OWNER_LENGTH = 8
_KEY_LENGTH = 20
_MARK = re.compile(r"rc-(?P<owner>[0-9a-f]{8})-(?P<key>[0-9a-f]{20})")
_FOOTER = re.compile(rf"\[{_MARK.pattern}(?: after \d+)?\]")


@dataclass(frozen=True, slots=True)
class Owner:
    """A project in an environment: the unit that owns live objects."""

    project: str
    environment: str

    @property
    def digest(self) -> str:
        """8 hex digits that stand for this owner in marks."""
        return short_digest(self.project, self.environment, length=_OWNER_LENGTH)


@dataclass(frozen=True, slots=True)
class Mark:
    """`rc-<owner 8 hex>-<key 20 hex>`: 32 characters of `[a-z0-9-]`, so that it fits every platform's label.

    `owner` tells ours from foreign; `key` is the submission key: project + environment + address + spec digest +
    attempt. For a standing kind the spec digest is left out (the object outlives its edits).
    """

    owner: str
    key: str

    def __str__(self) -> str:
        return f"rc-{self.owner}-{self.key}"

    @classmethod
    def of_run(cls, owner: Owner, address: Address, spec_digest: str, attempt: int) -> Mark:
        """The mark of one submission."""
        key = short_digest(
            owner.project, owner.environment, str(address), spec_digest, str(attempt), length=_KEY_LENGTH
        )
        return cls(owner.digest, key)

    @classmethod
    def of_standing(cls, owner: Owner, address: Address) -> Mark:
        """The mark of a thing that outlives its edits."""
        return cls(owner.digest, short_digest(owner.project, owner.environment, str(address), length=_KEY_LENGTH))

    @classmethod
    def find(cls, *texts: str) -> Mark | None:
        """The first mark in any of `texts` (labels, tags, a description), or None."""
        for text in texts:
            if match := _MARK.search(text):
                return cls(match["owner"], match["key"])
        return None

    @classmethod
    def stands_in(cls, text: str) -> bool:
        """Whether `text` is a mark, as a label is, or holds one in brackets, as the end of a description does."""
        return bool(_MARK.fullmatch(text) or _FOOTER.search(text))

    @classmethod
    def strip(cls, text: str) -> str:
        """`text` without any mark and without the bracket that a footer puts around it."""
        return re.sub(rf"\s*\[{_MARK.pattern}\]", "", text)
