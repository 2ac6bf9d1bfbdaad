"""`reconciler nodes`."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from reconciler.cli.listing import listing

if TYPE_CHECKING:
    from reconciler.operations.workspace import Say, Workspace

_STATES = {True: "free", False: "busy", None: ""}


def _rows(opened: "Workspace", target: str, say: "Say") -> Iterator[Sequence[str]]:
    from reconciler.operations.cluster import nodes

    for place, told in nodes(opened, target, say).items():
        for node in told:
            size = (str(node.cpu), str(node.gpu), node.memory)
            yield [place, node.group, node.name, node.status, _STATES[node.free], node.user, *size]


app = listing(
    "nodes",
    "List the machines of a cluster: group, whether they are ready, and who works on them.",
    ("target", "group", "name", "status", "use", "user", "cpu", "gpu", "memory"),
    _rows,
)
