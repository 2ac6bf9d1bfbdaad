"""`reconciler storages`."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from reconciler.cli.listing import listing

if TYPE_CHECKING:
    from reconciler.operations.workspace import Say, Workspace


def _rows(opened: "Workspace", target: str, say: "Say") -> Iterator[Sequence[str]]:
    from reconciler.operations.cluster import storages

    for place, told in storages(opened, target, say).items():
        yield from ([place, each.name, each.id, each.path, each.access, each.server, each.note] for each in told)


app = listing(
    "storages",
    "List what can be mounted into a run: its name, and the path it gets there.",
    ("target", "name", "id", "path", "access", "server", "note"),
    _rows,
)
