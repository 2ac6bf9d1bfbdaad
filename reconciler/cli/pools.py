"""`reconciler pools`."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from reconciler.cli.listing import listing

if TYPE_CHECKING:
    from reconciler.operations.workspace import Say, Workspace


def _rows(opened: "Workspace", target: str, say: "Say") -> Iterator[Sequence[str]]:
    from reconciler.operations.cluster import pools

    for place, told in pools(opened, target, say).items():
        for each in told:
            machines = ", ".join(f"{count} x {flavor}" for flavor, count in each.machines)
            yield [place, each.name, each.status, ", ".join(each.scope), machines]


app = listing(
    "pools",
    "List the pools of machines of the account: what they are for, and what is in them.",
    ("target", "name", "status", "scope", "machines"),
    _rows,
)
