"""`reconciler engines`."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from reconciler.cli.listing import listing

if TYPE_CHECKING:
    from reconciler.operations.workspace import Say, Workspace


def _rows(opened: "Workspace", target: str, say: "Say") -> Iterator[Sequence[str]]:
    from reconciler.operations.cluster import engines

    for place, told in engines(opened, target, say).items():
        yield from ([place, each.name, each.version, each.id, each.note] for each in told)


app = listing(
    "engines",
    "List the frameworks that a platform brings along to run code with.",
    ("target", "name", "version", "id", "note"),
    _rows,
)
