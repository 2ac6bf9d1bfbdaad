"""How waiting for runs ended, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.kind import Ability
from reconciler.rendering.runs import render_runs
from reconciler.rendering.words import printable

if TYPE_CHECKING:
    from reconciler.cli.streams import Streams
    from reconciler.execution.waiting import Waited
    from reconciler.model.address import Address
    from reconciler.model.resource import Phase
    from reconciler.operations.workspace import Workspace

_ADVISED = 3


def rows(waited: Waited) -> list[tuple[Address, Phase | None, str]]:
    """Those that ended, those that did not yet, those that nobody knows any more: address, phase, reason."""
    return [
        *((live.address, live.phase, live.detail) for _, live in sorted(waited.ended.items())),
        *((address, phase, "") for address, phase in waited.pending.items()),
        *((address, None, "the platform does not know it any more") for address in waited.gone),
    ]


def render_ended(waited: Waited, *, colour: bool) -> str:
    """One line a run."""
    return render_runs(rows(waited), colour=colour)


def advise(waited: Waited, streams: Streams, opened: Workspace) -> None:
    """Where to look for the reason, for each run that did not end well: its output, where its platform keeps any.
    When somebody stopped waiting: that the runs did not stop with it.
    """
    if waited.interrupted and waited.pending:
        streams.say("what has not ended goes on: `reconciler wait` waits for it, `reconciler cancel` stops it")
    for address in waited.failed[:_ADVISED]:
        kind = opened.kinds.get((opened.platforms.get(address.target, ""), address.kind))
        told = kind is not None and Ability.LOGS in kind.can
        word = "its output: reconciler logs" if told else "more: reconciler status"
        streams.say(f"for {word} {printable(str(address))}")
